"""The protocol's events with those of Playwright, which see every socket and carry no instants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from analyzer.formats.har.own_fields import SERVICE_WORKER, SHARED_WORKER, STARTED_LATE
from analyzer.formats.har.writer import Json
from analyzer.model import Instant
from analyzer.recorder.cdp import TABS, Cdp
from analyzer.recorder.older import CLOSED, CONNECTING, OPEN
from analyzer.recorder.recording import Recording


class MixedCdp(Cdp):
    """What joins both."""

    def attach(self, session: str, info: Json, parent: str = "") -> None:
        """Shared workers run before anybody can ask them."""
        super().attach(session, info, parent)
        if info["type"] == "shared_worker":
            self.recording.caveat(SHARED_WORKER)

    def add_older(
        self, session: str, sockets: Sequence[tuple[str, int]], since: Instant, at: Instant, number: int | None = None
    ) -> None:
        """All sockets of a target, as it answered at `at`: URL and readyState. Those that the protocol did not report
        are older than the listening, but not older than `since`. `number`: how many sockets there were in the recording
        at the answer; what came later is not among the answer's."""
        here = [it for it in self.recording.sockets.values() if it.owner == session]
        reported = Counter(it.url for it in here if number is None or it.number <= number)
        target = self._targets[session]
        for url, state in sockets:
            reported[url] -= 1
            if reported[url] < 0:
                unheard = next((it for it in self.unknown if it.startswith(f"{session}/")), None)
                if unheard is not None:  # this one
                    self.unknown.discard(unheard)
                id = f"{session}/older/{len(self._older.setdefault(session, [])) + 1}"
                self.recording.request(id, url, since, by=at, tab=target.tab, owner=session)
                self.recording.sockets[id].older = True
                if state != CONNECTING:
                    self.recording.open_without_answer(id)
                if state != CLOSED:  # its close will be reported
                    self._older[session].append(id)
                if state not in (CONNECTING, OPEN):
                    self.recording.end(id, at, since)

    def miss_service_worker(self) -> None:
        """A service worker may have opened sockets, and closed them, before anybody could ask it."""
        self.recording.caveat(SERVICE_WORKER)

    def match(self, tab: str, supplement: Recording, others: Collection[str]) -> str | None:
        """Find the target that is this tab of `supplement`, for a tab that closed before it could be asked: one that is
        none of the `others` and began with the same address."""
        begun = [page.url for page in supplement.pages if page.tab == tab][:1]
        for target in self._targets.values():
            first = [page.url for page in self.recording.pages if page.tab == target.id][:1]
            if target.kind in TABS and target.id not in others and first == begun:
                return target.id
        return None

    def finish(self, supplement: Recording) -> Recording:
        """Everything, with what only the browser's other protocol saw."""
        adopted = self.recording.adopt(supplement, self.keeps_pages)
        if len(self.unknown) > adopted:
            self.recording.caveat(STARTED_LATE)
        return self.recording

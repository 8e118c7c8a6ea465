"""Sockets that a target had before it was heard: it lists them when it is first heard, and is asked again when the
protocol reports the close of a socket that it never reported before.

The protocol gives them no address then, and the page does not know the protocol's ids: which one closed, the page says
by the states of all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from analyzer.formats.har.own_fields import STARTED_LATE
from analyzer.model import Duration, Instant
from analyzer.recorder.recording import Recording
from analyzer.recorder.targets import Target

CONNECTING, OPEN, CLOSED = 0, 1, 3  # readyState (WHATWG)
WORLD_GONE = 4  # its document went: with a frame it closes, and that is reported; in the back/forward cache it does not


class OlderSockets:
    """Adds them to a Recording, and their ends."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.lag: Duration = 0  # by which the events of a browser that has another clock may be stamped too late
        self._listed: dict[str, list[str]] = {}  # session -> ids, in its order; "" for what the protocol reported, too
        self._closes: dict[str, list[tuple[Instant, Instant]]] = {}  # session -> bounds, of sockets it never reported

    def add(
        self, session: str, target: Target, sockets: Sequence[tuple[str, int, Instant]], question: Instant, at: Instant
    ) -> None:
        """All sockets of a target, as they were between a question and its answer at `at`: URL, readyState, and since
        when there may have been one. What the protocol reported is among them."""
        here = (socket for socket in self._recording.sockets.values() if socket.owner == session)
        reported = Counter(socket.url for socket in here)
        listed = self._listed.setdefault(session, [])
        for url, state, since in sockets:
            reported[url] -= 1
            id = "" if reported[url] >= 0 else f"{session}/older/{len(listed) + 1}"
            listed.append(id)
            if not id or state not in (CONNECTING, OPEN):  # what had ended before is no part of the recording
                continue
            earliest = min(since, at)
            by = at + self.lag
            self._recording.request(id, url, earliest, by=by, tab=target.tab, owner=session, context=target.context)
            self._recording.sockets[id].older = True
            if state == OPEN:
                self._recording.see_open(id, question, by)

    def allow_lag(self, lag: Duration) -> None:
        """The browser has another clock: what was read before an instant of ours is before that and this lag."""
        self.lag = lag
        for closes in self._closes.values():
            closes[:] = [(earliest, latest + lag) for earliest, latest in closes]
        for socket in self._recording.sockets.values():
            socket.put_off(lag)

    def has(self, session: str, id: str) -> bool:
        """Is this, which the protocol reports, one of a target's older sockets?"""
        return session in self._listed and id not in self._recording.sockets

    def close(self, session: str, earliest: Instant, latest: Instant) -> None:
        """One of them closed."""
        self._closes.setdefault(session, []).append((earliest, latest))

    def waits(self, session: str) -> bool:
        """Is it to be asked which one closed?"""
        return session in self._closes

    def check(self, session: str, states: Sequence[int | None], question: Instant, at: Instant) -> bool:
        """Their states in the order of `add`, between a question and its answer at `at`; None: it has none. False: a
        close was reported, and none of them says that it is closed."""
        sockets = [self._recording.sockets.get(id) for id in self._listed.get(session, ())]
        pairs = [(socket, state) for socket, state in zip(sockets, states, strict=True) if socket and not socket.ended]
        for socket, state in pairs:
            if state == OPEN and not socket.opened:
                self._recording.see_open(socket.id, question, at + self.lag)
        closes = self._closes.pop(session, [])
        ended = [socket for socket, state in pairs if state == CLOSED or (state == WORLD_GONE and closes)]
        exact = len(closes) >= len(ended)  # of several that closed meanwhile nobody knows which one when
        for socket in ended:
            earliest = min(close[0] for close in closes) if exact else socket.last_sign
            self._recording.end(socket.id, max(close[1] for close in closes) if exact else at + self.lag, earliest)
        if closes and not ended:
            self._closes[session] = closes
        return bool(ended) or not closes

    def give_up(self, session: str) -> None:
        """Closes were reported of sockets that nobody listed."""
        if self._closes.pop(session, None):
            self._recording.caveat(STARTED_LATE)

    def miss(self) -> None:
        """A target did not list them."""
        self._recording.caveat(STARTED_LATE)

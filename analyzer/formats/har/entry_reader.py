"""Read raw entries one by one: a socket with all that its entry shows, any other request by what is needed of it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from analyzer.callstacks import of_extension
from analyzer.formats.devtools import initiator, scripts, shorten
from analyzer.formats.har.entry import CloseRecord, Request, Socket, chrome_version, read_request
from analyzer.formats.har.fields import (
    LONGEST_DURATION,
    RECEIVE_THRESHOLD,
    Headers,
    Ticks,
    answer_delay,
    attribution,
    by_extension,
    close_bounds,
    close_code,
    context,
    duration,
    endpoint,
    epoch_of,
    epoch_seconds,
    instant,
    is_extended_connect,
    is_socket,
    json_of,
    protocols,
    stated_of,
    ticks,
    user_context,
)
from analyzer.formats.har.raw import RawEntry, RawMessage
from analyzer.formats.har.side_file import read_attachment
from analyzer.formats.source import Attachment
from analyzer.model import SECOND, Evidence, Initiator, Skipped, SkipReason

MOST_STACKS = 100_000  # that are decoded once; as many as there are sockets at most
LONGEST_SOCKET_URL = 1 << 16  # characters


class Opener(msgspec.Struct, frozen=True):
    """What opened a socket, and what follows from that."""

    code: Initiator | None
    is_script: bool
    scripts: tuple[str, ...]
    is_extension: bool


class EntryReader:
    """Reads the entries of one file; call stacks that repeat are decoded once.

    `is_sampled`: were the headers of enough requests of this page looked at?
    """

    def __init__(self, attachment: Attachment, is_sampled: Callable[[str | None], bool]) -> None:
        self.attachment = attachment
        self.is_sampled = is_sampled
        self._openers: dict[bytes, Opener] = {}

    def read(self, index: int, raw: RawEntry, peeled: Ticks | None = None) -> Socket | Request:
        """Read one entry. `peeled`: its messages, where there were too many to be read at once."""
        if is_socket(raw) or (peeled is not None and peeled.any):
            return self._socket(index, raw, peeled)
        return read_request(index, raw, self.is_sampled(raw.pageref))

    def _socket(self, index: int, raw: RawEntry, peeled: Ticks | None) -> Socket:
        request, timings, blocked = raw.request, raw.timings, raw.timings.blocked
        messages, skipped = self._messages(index, raw)
        opener = self._opener(bytes(raw.initiator))
        sent, answered = Headers(request.headers), Headers(raw.response.headers)
        extracted = json_of(raw.attribution)
        url = request.url or ""
        is_blocked = blocked is not None and -LONGEST_DURATION < blocked < -1001
        return Socket(
            index=index,
            url=url if len(url) <= LONGEST_SOCKET_URL else shorten(url),
            pageref=raw.pageref,
            frame=raw.frame,
            started=instant(raw.startedDateTime),
            kind=(raw.resource_type or "").lower(),
            chrome=chrome_version(index, request),
            endpoint=endpoint(url if len(url) <= LONGEST_SOCKET_URL else shorten(url), sent),
            wait=duration(timings.wait),
            receive=duration(timings.receive),
            total=duration(raw.time),
            milliseconds_waited=timings.wait,
            is_sentinel=(raw.startedDateTime or "").startswith("1969-12-31"),
            is_unending=raw.time == -1,
            has_receive=(timings.receive or 0) > RECEIVE_THRESHOLD,
            answer_delay=answer_delay(timings),
            monotonic_start=round((blocked / 1000 + 1) * SECOND) if blocked is not None and is_blocked else None,
            requested_by=epoch_seconds(raw.requested_by),
            opened_by=epoch_seconds(raw.opened_by),
            is_opened_by_unknown=raw.opened_by == -1,
            alive=epoch_seconds(raw.alive),
            status=raw.response.status or 0,
            is_extended_connect=is_extended_connect(raw),
            failure=raw.response.failure,
            initiator=opener.code,
            by_script=opener.is_script,
            scripts=opener.scripts,
            protocols=protocols(sent, answered),
            attribution=attribution(extracted),
            close=_close(raw),
            ticks=peeled if peeled is not None else None if messages is None else ticks(messages),
            context=context(extracted),
            user_context=user_context(raw.user_context),
            key=sent.get("sec-websocket-key") or None,
            has_list=messages is not None or peeled is not None,
            extension=by_extension(opener.code is not None, opener.is_extension, sent, extracted),
            stated=stated_of(extracted),
            skipped=skipped,
        )

    def _opener(self, raw: bytes) -> Opener:
        """What opened the socket; a client that reconnects has the same stack each time."""
        same = self._openers.get(raw)
        if same is None:
            value = json_of(msgspec.Raw(raw))
            code, is_script = initiator(value), isinstance(value, dict) and value.get("type") == "script"
            same = Opener(code, is_script, scripts(code), of_extension(code))
            if len(self._openers) < MOST_STACKS:
                self._openers[raw] = same
        return same

    def _messages(self, index: int, raw: RawEntry) -> tuple[list[RawMessage] | None, tuple[Skipped, ...]]:
        """The messages of an entry, or those of its side file, with what is wrong there."""
        if raw.messages is not None or raw.response.content is None or not raw.response.content.side_file:
            return raw.messages, ()
        messages, problems = read_attachment(self.attachment, raw.response.content.side_file)
        pointer = f"/log/entries/{index}/response/content/_file"
        return messages, tuple(Skipped(pointer, None, problem, SkipReason.SIDE_FILE) for problem in problems)


def _close(raw: RawEntry) -> CloseRecord | None:
    record = json_of(raw.close)
    if record is None:
        return None
    at = epoch_of(record)
    earliest, evidence = (None, Evidence.CLOSE_RECORD) if at is None else close_bounds(record)
    return CloseRecord(at, earliest, evidence, *close_code(record))

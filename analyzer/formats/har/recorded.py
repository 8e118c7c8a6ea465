"""Write the masked entries of an extract from what was concluded of sockets, in the form of our recorder.

It takes a capture of any format: what the reader of that format saw, the sessions hold.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.formats.har import own_fields, writer
from analyzer.formats.har.masked import Masker, SmallHar
from analyzer.formats.har.writer import NOT_KNOWN, Json
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Bounds,
    Evidence,
    Instant,
    Outcome,
    Page,
    Report,
    Session,
)

ENDED_BY = {  # as the recorder writes what ended a socket
    Evidence.PAGE_RELOADED: "reload",
    Evidence.PAGE_LEFT: "navigation",
    Evidence.PAGE_RESTORED: "navigation",
    Evidence.PAGE_CLOSED: "page-closed",
    Evidence.PAGE_GONE: "page-gone",
    Evidence.CONNECTION_END: "connection-end",
    Evidence.CLOSE_ON_RETURN: "return",
}
OPENED, FAILED = 101, 0  # status of the handshake


def from_sessions(report: Report, masker: Masker) -> SmallHar:
    """Write an extract in the order in which the sockets were requested."""
    observed = report.capture.observed
    end = observed.end if observed is not None else None
    sessions = sorted(report.sessions, key=request_start)
    pages = list(_pages(report.capture.pages, masker))
    return SmallHar(
        masker=masker,
        creator=writer.CREATOR,
        browser=None,
        pages=pages,
        entries=[_socket(session, masker) for session in sessions],
        until=None if end is None else writer.date(end),
        records_messages=all(session.messages.recorded for session in sessions),
        parts={"sockets": len(sessions)},
    )


def request_start(session: Session) -> Instant:
    """When the handshake of a socket was requested, at the earliest; else when it opened; 0: nobody knows."""
    bounds = [it for it in (session.created, session.opened) if it is not None and it.earliest is not None]
    return bounds[0].earliest or 0 if bounds else 0


def _pages(pages: tuple[Page, ...], masker: Masker) -> Iterator[Json]:
    """Write the pages; those of one tab follow each other."""
    tabs: dict[str, str] = {}  # by page
    for number, page in enumerate(pages, 1):
        tab = tabs.setdefault(page.id, f"tab_{number}")
        if page.end is not None:
            tabs.setdefault(page.end.successor, tab)
        started = "" if page.started is None else writer.date(page.started)
        yield writer.page(masker.name(page.id) or "", started, masker.title(page.url), {}, tab, page.kind.value)


def _socket(session: Session, masker: Masker) -> Json:
    created, url, page = session.created, masker.url(session.url), masker.name(session.page)
    start = created.earliest if created is not None else None
    key = [] if session.key is None else [("sec-websocket-key", session.key)]
    has_opened = session.outcome not in (Outcome.FAILED, Outcome.CONNECTING)
    response = writer.response(OPENED if has_opened else FAILED, [], "x-unknown")
    if session.outcome is Outcome.FAILED:
        response["_failureText"] = masker.text(session.problem or "no reason recorded")
    return writer.entry(
        {
            **({} if page is None else {"pageref": page}),
            "_resourceType": "websocket",
            "startedDateTime": "" if start is None else writer.date(start),
            "time": _length(session, start),
            "_initiator": masker.initiator(writer.initiator(session.initiator)),
        },
        writer.request(url, writer.pairs(masker.headers(dict(key)))),
        response,
        {"send": 0, "wait": _wait(session.opened, start), "receive": 0},
        _own_fields(session, masker),
    )


def _own_fields(session: Session, masker: Masker) -> Json:
    opened, closed = session.opened, session.closed
    is_lost = session.outcome is Outcome.UNKNOWN and opened is not None and opened.latest is not None
    alive = closed.earliest if is_lost and closed is not None else None
    return {
        **({"_webSocketMessages": list(_messages(session))} if session.messages.recorded else {}),
        **({"_webSocketClose": _close(session, masker)} if session.outcome is Outcome.CLOSED else {}),
        **_not_after("_requestedBy", session.created),
        **_not_after("_openedBy", session.opened),
        **({} if alive is None else {"_aliveAt": alive / SECOND}),
        **own_fields.user_context_of(session.user_context),
        "_harSockets": masker.attribution(session),
    }


def _close(session: Session, masker: Masker) -> Json:
    """Write the close. It is exact only if both bounds say so; the end of what is possible may bound it, too."""
    closed, possible = session.closed, session.possible
    reason = None if session.close_reason is None else masker.text(session.close_reason)
    code = {} if session.close_code is None else {"code": session.close_code}
    latest = [closed.latest if closed is not None else None, possible.end if possible is not None else None]
    earliest = [closed.earliest if closed is not None else None, possible.start if possible is not None else None]
    return {
        **code,
        **({} if reason is None else {"reason": reason}),
        **own_fields.close_record(
            min((at for at in latest if at is not None), default=None),
            next((at for at in earliest if at is not None), None),
            _ended_by(session),
        ),
    }


def _ended_by(session: Session) -> str | None:
    """Name what ended a socket. Of one whose last messages prove nothing of its page the network saw the end."""
    if session.closed is None:
        return None
    word = ENDED_BY.get(session.closed.evidence)
    proven, last = session.proven, session.messages.last
    if word is None and proven is not None and proven.end is not None and last is not None and proven.end <= last:
        return ENDED_BY[Evidence.CONNECTION_END]
    return word


def _not_after(name: str, bounds: Bounds | None) -> Json:
    """Write by when it happened, where it may have happened earlier; -1: it has no upper bound."""
    if bounds is None or bounds.earliest == bounds.latest:
        return {}
    return {name: NOT_KNOWN if bounds.latest is None else bounds.latest / SECOND}


def _messages(session: Session) -> Iterator[Json]:
    """Time, type, opcode and length of each message; -1: nobody knows when it passed."""
    messages = session.messages
    for number, length in enumerate(messages.lengths):
        yield {
            "type": "send" if messages.directions[number] else "receive",
            "time": messages.times[number] / SECOND if len(messages.times) else NOT_KNOWN,
            "opcode": messages.opcodes[number],
            "data": "",
            "_length": length,
        }


def _wait(opened: Bounds | None, start: Instant | None) -> float:
    """Milliseconds from the request to the handshake's answer, at least."""
    if opened is None or start is None:
        return NOT_KNOWN
    return (max(start, opened.earliest or start) - start) / MILLISECOND


def _length(session: Session, start: Instant | None) -> float | None:
    """Milliseconds from the request to the end; -1: it has not ended; to the last sign of life: that is not known.

    None where there is nothing of it: -1 would say that it was open at the end of the recording.
    """
    if session.outcome in (Outcome.OPEN, Outcome.CONNECTING):
        return NOT_KNOWN
    closed = session.closed
    if start is None or closed is None:
        return None
    end = closed.earliest if session.outcome is Outcome.UNKNOWN else closed.latest
    return None if end is None else (end - start) / MILLISECOND

"""Name the code that opened the sockets, and group the sockets by it."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer import callstacks
from analyzer.model import Frame, Initiator, Report, Session, join_some, plural
from analyzer.services import paths

NAMED = 8  # sockets per place that are named one by one
DOUBT = "possibly a library's code: its names are minified"


def describe_opener(session: Session) -> str:
    """Name the code that opened a socket: `connect(), <Chat>, https://h/app.js:12:3`, and whose it is."""
    code = session.initiator
    if code is None:
        return "a browser extension" if session.extension else ""
    whose = " (code of a library)"
    if session.extension:
        whose = " (a browser extension)"
    elif code.is_own:
        whose = _doubt(session)
    return ", ".join(part for part in (*_names(code), code.opener.place) if part) + whose


def short(code: Initiator | Frame) -> str:
    """Name code in short: `<Widget>, app.js:47186`; with the column where a minifier left one line."""
    return ", ".join(part for part in (*_names(code), _line(code)) if part) or (
        "" if isinstance(code, Initiator) else "(anonymous)"
    )


def _line(code: Initiator | Frame) -> str:
    frame = code.opener if isinstance(code, Initiator) else code
    place = frame if frame.source is None else frame.source
    minified = place.line is not None and place.line < 100 and (place.column or 0) > 500
    name = file(place.url)
    numbers = [str(it) for it in (place.line, place.column if minified else None) if it is not None]
    return ":".join([name, *numbers]) if name else f"line {':'.join(numbers)}" if numbers else ""


def file(url: str | None) -> str:
    """Return the last part of a path: `app.js`; of a folder or a host `name/`."""
    folder, slash, name = (url or "").partition("?")[0].partition("#")[0].rpartition("/")
    return name or folder.rpartition("/")[2] + slash


def sentences(report: Report) -> list[str]:
    """Write one line per place, most sockets first: `connectUser() < <Widget>, app.js:47186: 4 sockets (#1, #2)`."""
    by_place: dict[str, list[Session]] = {}
    for session in report.sessions:
        if place := short_stack(session):
            by_place.setdefault(place, []).append(session)
    places = sorted(by_place.items(), key=lambda item: -len(item[1]))
    return [f"{place}: {plural(len(members), 'socket')} ({_ids(members)})" for place, members in places]


def short_stack(session: Session) -> str:
    """Name the frames that matter, innermost first: the library's function that the application called, and the code
    that called it; or the library that opened a socket by itself."""
    place = place_of(session)
    if session.extension or session.initiator is None or not place:
        return place
    if not session.initiator.is_own:
        library = callstacks.find_library(session)
        return f"{library.name}, {short(session.initiator)}" if library is not None else place
    return name_call(session) + place


def name_call(session: Session) -> str:
    """Name the library's function that the application called, to stand before its own: `connectUser() < `."""
    call = callstacks.call(session) if session.initiator is not None and session.initiator.is_own else None
    return f"{call.function}() < " if call is not None and not paths.is_nameless(call.function) else ""


def place_of(session: Session) -> str:
    """Name the code that opened a socket in short, and whose it is; empty where nothing is known of it."""
    code = session.initiator
    place = short(code) if code is not None else ""
    if session.extension:
        return f"a browser extension{', ' if place else ''}{place}"
    if code is None or not place:
        return place
    return place + _doubt(session) if code.is_own else f"a library, {place}"


def brief(session: Session) -> str:
    """Name the component (or the function) and the line: `<ChatPage> ChatPage.tsx:31`, for a label in a picture."""
    code = session.initiator
    names = [] if code is None else [next(filter(None, _names(code)), ""), _line(code)]
    words = " ".join(filter(None, names))
    if session.extension:
        return f"a browser extension {words}".rstrip()
    if code is None or not words or (code.is_own and not callstacks.is_doubtful(session)):
        return words
    return f"{'possibly ' if code.is_own else ''}a library, {words}"


def _doubt(session: Session) -> str:
    """Say that the code may be a library's, where a minifier left nothing that shows whose it is."""
    return f" ({DOUBT})" if callstacks.is_doubtful(session) else ""


def _names(code: Initiator | Frame) -> list[str]:
    component = code.component if isinstance(code, Initiator) else None
    function = (code.opener if isinstance(code, Initiator) else code).function
    return [component or "", f"{function}()" if function else ""]


def _ids(members: Sequence[Session]) -> str:
    return join_some([f"#{it.id[1:]}" for it in members], NAMED)

"""Say what the browser's console showed, and beside which socket: a place in time, never a cause."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.model import ConsoleLine, Nearness, Report, Session, Value, format_duration, plural
from analyzer.timeline import Axis, axis_of
from analyzer.wording import instants, origins

TITLE = "Browser console"


class Entry(Value, frozen=True):
    """Hold a line for people; text of the capture is not yet harmless."""

    at: str
    words: str  # `warning: Consecutive calls ...`
    details: tuple[str, ...]  # when in the life of which socket, by what code, how many times more

    @property
    def account(self) -> str:
        return f"{self.words} ({'; '.join(self.details)})" if self.details else self.words

    @property
    def sentence(self) -> str:
        return f"{self.at} {self.account}"


def list_entries(report: Report, session: Session | None = None) -> list[Entry]:
    """List the lines of the console, each text once, with the first time that it came; of one socket, or all."""
    lines = [it for it in report.capture.console if session is None or is_about(it, session)]
    return _group(lines, axis_of(report), session)


def is_about(line: ConsoleLine, session: Session) -> bool:
    return line.about is not None and line.about.session == session.id


def describe_dropped(report: Report) -> str:
    """Say how many lines the recording does not hold; empty if it holds all."""
    dropped = report.capture.console_dropped
    return f"and {plural(dropped, 'later line')} that the recording did not keep" if dropped else ""


def _group(lines: Iterable[ConsoleLine], axis: Axis, session: Session | None) -> list[Entry]:
    groups: dict[tuple[str, str, str], list[ConsoleLine]] = {}
    for line in lines:
        groups.setdefault((line.level, line.text, line.about.session if line.about else ""), []).append(line)
    return [_entry(group, axis, session) for group in groups.values()]


def _entry(group: list[ConsoleLine], axis: Axis, session: Session | None) -> Entry:
    line = group[0]
    code = origins.short(line.code) if line.code is not None else ""
    details = [
        describe_nearness(line.about, "it" if session is not None else None) if line.about is not None else "",
        f"by {code}" if code else "",
        f"and {plural(len(group) - 1, 'time')} more" if len(group) > 1 else "",
    ]
    return Entry(instants.since(line.at, axis), f"{line.level}: {line.text}", tuple(filter(None, details)))


def describe_nearness(about: Nearness, name: str | None = None) -> str:
    """Write `3 ms before socket #2 was requested`; `names it` where the address is in the line."""
    socket = name or f"socket #{about.session[1:]}"
    length = format_duration(abs(about.after))
    least = "" if about.exact else "at least "
    if about.after:
        place = f"{least}{length} {'after' if about.after > 0 else 'before'} {socket} {about.step}"
    else:
        place = f"{'when' if about.exact else 'about when'} {socket} {about.step}"
    return f"names {socket}, {place.replace(socket, 'it', 1)}" if about.named else place

"""Describe the findings of a capture for QA: where in the file one can see them, why it happened, what to do.

Text that may come from a capture is harmless here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo

from analyzer import callstacks, gate
from analyzer.model import (
    Confidence,
    Finding,
    Instant,
    Report,
    Rule,
    Session,
    Severity,
    Value,
    count_rest,
)
from analyzer.model.sentence import Sentence, term
from analyzer.patterns import Pattern
from analyzer.timeline import Axis, axis_of
from analyzer.version import HOME, PUBLISHED
from analyzer.wording import instants, lifetimes, origins, proof, socket
from analyzer.wording.harmless import safe, safe_sentence

PLACES = 6  # pointers that are named one by one
OPENERS = 3  # places in the code per finding
PLAIN = Pattern(r"https://[\w.-]+(:\d+)?/[\w./~%@+-]{1,200}", re.ASCII)  # an address that needs no escaping


class Place(Value, frozen=True):
    """Hold where in the file one socket can be seen."""

    session: Session
    words: str  # its pointer, and when it was certainly open: dates
    brief: str  # its user, pointer, and when it was open since the start of the capture

    def __str__(self) -> str:
        return f"{self.session.name}: {self.words}"


class Opener(Value, frozen=True):
    """Hold a place in the code that opened some sockets."""

    words: str  # `connectUser() < <Widget>, app.js:47186`
    sessions: tuple[Session, ...]
    calls: tuple[socket.Line, ...]  # the whole stack of the first of them; not yet harmless
    note: str  # how to open the line that counts
    file: str | None  # the https address of the loaded file that the line is in
    number: int  # of the finding with which the stack stands: the first one that has it


class FindingWords(Value, frozen=True):
    """Hold a finding in words: where in the file it can be seen, why it happened, what to do."""

    severity: Severity
    certain: bool
    in_baseline: bool  # so it passes
    rule: str
    message: Sentence
    sessions: tuple[Session, ...]
    matters: str | None  # why; only with the first finding of a rule
    page: str | None  # address of the rule's manual; none until the project has one
    evidence: tuple[str, ...]  # of the cause
    places: tuple[Place, ...]
    rest: tuple[str, ...]  # how many more places there are, or where the finding is if it has no socket
    openers: tuple[Opener, ...]
    cause_label: str | None
    reason: Sentence | None  # the cause, or why none is named
    remedy: str | None
    link: str | None

    @property
    def cause(self) -> str | None:
        return None if self.reason is None else f"{self.cause_label}: {self.reason}"

    @property
    def proof(self) -> tuple[str, ...]:
        return (*self.evidence, *map(str, self.places), *self.rest)


def sort(report: Report) -> list[Finding]:
    """List the findings, the gravest first, then by rule."""
    ranks = {severity: -rank for rank, severity in enumerate(Severity)}
    places = {rule: n for n, rule in enumerate(dict.fromkeys(finding.rule for finding in report.findings))}
    return sorted(report.findings, key=lambda finding: (ranks[finding.severity], places[finding.rule]))


def number_by_session(report: Report) -> dict[str, list[int]]:
    """List the numbers of the findings about each socket, by its id."""
    numbers: dict[str, list[int]] = {}
    for number, finding in enumerate(sort(report), 1):
        for id in finding.sessions:
            numbers.setdefault(id, []).append(number)
    return numbers


def describe_findings(report: Report, zone: tzinfo = UTC, rules: Sequence[Rule] = ()) -> list[FindingWords]:
    """Describe the findings in their order. A remedy stands once, as do a call stack and why a rule matters.

    `rules`: for why they matter.
    """
    importance = {rule.id: rule.importance for rule in rules}
    axis = axis_of(report)
    remedies: set[str | None] = set()
    stacks: dict[tuple[socket.Line, ...], int] = {}
    words = []
    for number, finding in enumerate(sort(report), 1):
        repeated = finding.remedy in remedies
        remedies.add(finding.remedy)
        openers = tuple(_openers(report.named(finding.sessions), number, stacks))
        words.append(_describe(finding, report, axis, zone, importance.pop(finding.rule, ""), repeated, openers))
    return words


def _describe(
    finding: Finding,
    report: Report,
    axis: Axis,
    zone: tzinfo,
    matters: str,
    repeated: bool,
    openers: tuple[Opener, ...],
) -> FindingWords:
    sessions = report.named(finding.sessions)
    more = count_rest(len(sessions) - PLACES, "socket")
    pointers = () if sessions else filter(None, finding.pointers[:PLACES])
    return FindingWords(
        severity=finding.severity,
        certain=finding.confidence is Confidence.PROVEN,
        in_baseline=gate.is_in_baseline(finding, report.policy),
        rule=finding.rule,
        message=safe_sentence(finding.message, 600),
        sessions=tuple(sessions),
        matters=matters or None,
        page=f"{HOME}/blob/HEAD/docs/rules/{finding.rule}.md" if PUBLISHED else None,
        evidence=tuple(safe(line, 600) for line in proof.lines(finding.proof)),
        places=tuple(_place(it, report, axis, zone) for it in sessions[:PLACES]),
        rest=(*([more] if more else []), *(safe(pointer, 120) for pointer in pointers)),
        openers=openers,
        cause_label=finding.cause_label,
        reason=_write_reason(finding),
        remedy=None if finding.remedy is None or repeated else safe(finding.remedy, 600),
        link=finding.link if finding.link and finding.link.startswith("https://") else None,
    )


def _write_reason(finding: Finding) -> Sentence | None:
    if finding.why is None:
        return None if finding.cause_unknown is None else safe_sentence(finding.cause_unknown, 600)
    return Sentence("{} ({})", safe_sentence(finding.why, 600), term(finding.cause or ""))


def _place(session: Session, report: Report, axis: Axis, zone: tzinfo) -> Place:
    """Say where in the file one can see a socket, and when it was certainly open."""

    def write(at: Instant) -> str:
        return instants.write_date(report.capture, "", at, zone) or instants.since(at, axis)

    ends = " to " + write(session.proven.end) if session.proven and session.proven.end else ""
    open_at = f", certainly open from {write(session.proven.start)}{ends}" if session.proven else ""
    pointer = safe(session.pointer, 120)
    who = safe(session.user[2], 40) if session.user else ""
    parts = (who, pointer, lifetimes.span(session, axis))
    return Place(session, f"{pointer}{open_at}", " · ".join(filter(None, parts)))


def _openers(sessions: Iterable[Session], number: int, stacks: dict[tuple[socket.Line, ...], int]) -> Iterable[Opener]:
    """List the places that opened the sockets, each with the stack of its first one. `stacks`: where each stands."""
    by_place: dict[str, list[Session]] = {}
    for session in sessions:
        if place := origins.short_stack(session):
            by_place.setdefault(place, []).append(session)
    for place, members in list(by_place.items())[:OPENERS]:
        first = members[0]
        calls = socket.list_calls(first)
        note = "" if callstacks.is_doubtful(first) else socket.describe_place(first.initiator)
        yield Opener(
            safe(place, 300), tuple(members), calls, safe(note, 300), _file(first), stacks.setdefault(calls, number)
        )


def _file(session: Session) -> str | None:
    """Return the address of the file that opened a socket, where it can be opened: no mask and no query is in it."""
    url = session.initiator.opener.url if session.initiator is not None else None
    return url if url is not None and PLAIN.fullmatch(url) else None

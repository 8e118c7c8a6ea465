"""Suggest the one command that helps most after an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from analyzer.advice import NO_ACTION
from analyzer.cli.receipt import can_open
from analyzer.fleet import STANDARD_INPUT
from analyzer.installation import is_typeable, name_program, quote
from analyzer.model import Finding, Instant, Report, Run, name_source, plural
from analyzer.pairs import SAME_KEY
from analyzer.patterns import Pattern

PLAIN_URL = Pattern(r"https?://[\w.:/~-]+")  # nothing masked, nothing that a shell would read
IN_FULL = 5  # captures that `analyze` shows in full
DETAILED = 100  # captures of which a report has the details
MOST_REMEMBERED = 20_000  # sockets of captures that come one by one
CROWDED = 12  # sockets; above that a picture shows more than a list


def suggest_next(run: Run, captures: Sequence[str]) -> str | None:
    """Suggest the next command after `analyze` of these captures; None where there is none."""
    sources = [report.capture.source for report in run.reports]
    if STANDARD_INPUT in captures or not run.reports or not all(map(is_typeable, (*captures, *sources))):
        return None
    if len(run.reports) > 1:
        return _after_many(run, captures)
    return _after_one(run.reports[0], run)


def _after_one(report: Report, run: Run) -> str | None:
    """Suggest what decides, explains or documents one verdict."""
    from analyzer.wording.captures import write_arguments
    from analyzer.wording.results import Kind, kind

    if _is_settled(report):
        return None
    source = write_arguments(report.capture)
    match kind(report, run.policy):
        case Kind.POSSIBLE_OVERLAP | Kind.INCONCLUSIVE:
            return _command("Record again with exact closes, so that it is decided", _record(report))
        case Kind.NO_SOCKETS:
            return _command("Record the page in a browser of its own", _record(report))
        case Kind.NONE_OPENED:
            return _command(f"See why {report.sessions[0].name} failed", f"show {source} 1")
        case Kind.OVERLAP if len(report.sessions) > CROWDED:
            return _command("See it as a picture", f"timeline {source} --open")
        case Kind.OVERLAP if (number := _find_socket(report)) is not None:
            return _command(f"See the code that opened socket #{number}", f"show {source} {number}")
    return _command("Write a report for a ticket", f"report {source} --open")


def _after_many(run: Run, captures: Sequence[str]) -> str:
    """Suggest the worst of many captures; a report of a few."""
    from analyzer import triage
    from analyzer.wording.results import Kind, kind

    overlapping = [report for report in run.reports if kind(report, run.policy) is Kind.OVERLAP]
    if len(run.reports) > IN_FULL and overlapping:
        worst = min(overlapping, key=lambda report: triage.row(report, run.policy).urgency)
        return _command("See the worst capture", quote(worst.capture.source))
    if len(run.reports) > DETAILED:
        return _command("See the worst ones", f"{' '.join(map(quote, captures))} --top 20")
    return _command("Write a report of all", f"report {' '.join(map(quote, captures))} --open")


def _command(purpose: str, arguments: str) -> str:
    arguments = arguments if can_open() else arguments.removesuffix(" --open")
    return f"{purpose}: {name_program()} {arguments}"


def _record(report: Report) -> str:
    url = next((it.url for it in report.capture.pages if PLAIN_URL.fullmatch(it.url) and not _is_local(it.url)), "URL")
    return f"record {url}"


def _is_local(url: str) -> bool:
    """Is this an address of the machine that made the capture?"""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host.endswith(".localhost") or host.startswith("127.") or host in ("::1", "0.0.0.0")  # noqa: S104 - compared only


def _is_settled(report: Report) -> bool:
    """Do the findings of overlaps say that no action is needed?"""
    remedies = [it.remedy or "" for it in report.findings if len(it.sessions) > 1]
    return bool(remedies) and all(it.startswith(NO_ACTION) for it in remedies)


def _find_socket(report: Report) -> int | None:
    """Find the socket that made the worst overlap, where the capture shows the code that opened it."""
    worst = max(
        (it for it in report.findings if _is_overlap(it)), key=lambda finding: finding.severity.rank, default=None
    )
    if worst is None:
        return None
    later = report.named(worst.sessions)[1]
    return report.sessions.index(later) + 1 if later.initiator is not None and later.initiator.is_own else None


def _is_overlap(finding: Finding) -> bool:
    return len(finding.sessions) > 1 and finding.confidence == "proven"


class _Opening(NamedTuple):
    """When a socket was requested, and the capture that has it."""

    at: Instant
    number: int  # of the capture, in the order in which they came
    source: str
    content: str | None  # SHA-256


class CommonSockets:
    """The sockets that captures have in common: the same key, address and time. Captures come one by one.

    A file that is given twice is no other capture of the run. Only the last sockets are remembered, so that memory does
    not grow with the number of captures: those of one run mostly come one after the other.
    """

    def __init__(self) -> None:
        self._openings: dict[tuple[str, str], _Opening] = {}
        self._pairs: dict[tuple[str, str], int] = {}  # sockets in common, by the names of two captures
        self._captures = 0

    def add(self, report: Report) -> None:
        """Look at the sockets of one more capture."""
        capture = report.capture
        self._captures += 1
        for session in report.sessions:
            if session.key is None or session.created is None or session.created.earliest is None:
                continue
            own = _Opening(session.created.earliest, self._captures, capture.source, capture.content_sha256)
            first = self._openings.setdefault((session.key, session.endpoint), own)
            if len(self._openings) > MOST_REMEMBERED:
                del self._openings[next(iter(self._openings))]
            names = name_source(first.source), name_source(own.source)
            is_known = names in self._pairs or len(self._pairs) < MOST_REMEMBERED
            if is_known and _is_other(own, first) and abs(first.at - own.at) <= SAME_KEY:
                self._pairs[names] = self._pairs.get(names, 0) + 1

    def suggest(self) -> str | None:
        """Suggest `--together`, if captures have sockets in common."""
        if not self._pairs:
            return None
        (one, another), sockets = next(iter(self._pairs.items()))
        more = f" (and {plural(len(self._pairs) - 1, 'more pair')} of captures)" if len(self._pairs) > 1 else ""
        have = f"have {plural(sockets, 'socket')} in common{more}"
        return f"{one} and {another} {have}: --together analyses captures of one run as one"


def suggest_together(reports: Sequence[Report]) -> str | None:
    """Suggest `--together` for captures that have a socket in common."""
    common = CommonSockets()
    for report in reports:
        common.add(report)
    return common.suggest()


def _is_other(one: _Opening, other: _Opening) -> bool:
    """Are these of two captures, and not of one file twice?"""
    return one.number != other.number and (one.content is None or one.content != other.content)

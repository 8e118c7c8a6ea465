"""The verdict in plain words: sentences that are true whatever the rest of the file hides. Every output for people
says the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

from analyzer import advice as advices
from analyzer import openings, unknowns
from analyzer.intervals import peak
from analyzer.model import Confidence, Duration, Outcome, Overlap, Policy, Report, Session, Verdict, spoken
from analyzer.overlaps import covered

PROBLEMS = 3  # that are told one by one
STATUS = re.compile(r"(?:status|Unexpected response code:) (\d{3})")  # ours; Chrome's


class Kind(StrEnum):
    """A verdict as it is told at a glance: what is none of the application's, and what shows nothing, told apart."""

    OVERLAP = "overlap"
    POSSIBLE_OVERLAP = "possible-overlap"
    INCONCLUSIVE = "inconclusive"
    FOREIGN_OVERLAP = "dev-server-overlap"  # only together with sockets that the policy does not count
    NO_OVERLAP = "no-overlap"
    NONE_OPENED = "no-socket-opened"
    NO_SOCKETS = "no-sockets"


def kind(report: Report, policy: Policy) -> Kind:
    """How a verdict is told at a glance."""
    counted = [session for session in report.sessions if policy.counts(session)]
    if report.verdict is Verdict.OVERLAP and not _several(counted):
        sure = not sockets_hidden(report) and peak(s.possible for s in counted if s.possible) < 2
        return Kind.FOREIGN_OVERLAP if sure else Kind.POSSIBLE_OVERLAP
    if report.verdict is Verdict.NO_OVERLAP and not report.opened:
        return Kind.NONE_OPENED
    return Kind(report.verdict)


def _several(sessions: Iterable[Session]) -> bool:
    """Were several of these certainly open at once?"""
    by_clock: dict[int, list[Session]] = {}
    for session in sessions:
        by_clock.setdefault(session.clock, []).append(session)
    return any(peak(s.proven for s in alike if s.proven) > 1 for alike in by_clock.values())


def verdict_sentences(report: Report, policy: Policy) -> list[str]:
    """The verdict in plain words: what it is, then what belongs to it."""
    match report.verdict:
        case Verdict.OVERLAP:
            return _overlap(report, policy)
        case Verdict.POSSIBLE_OVERLAP:
            return _possible_overlap(report)
        case Verdict.INCONCLUSIVE:
            reasons = [caveat.message for caveat in report.capture.caveats if caveat.hides_sockets]
            return [
                f"Cannot tell: {reasons[0] if reasons else 'sockets may be missing from this file.'}",
                _in_this_file(report),
            ]
        case Verdict.NO_OVERLAP:
            return _no_overlap(report)
        case Verdict.NO_SOCKETS:
            return ["No WebSocket in this recording."]


def _overlap(report: Report, policy: Policy) -> list[str]:
    proven = [overlap for overlap in report.overlaps if overlap.confidence is Confidence.PROVEN]
    ids = tuple(dict.fromkeys(id for overlap in proven for id in overlap.sessions))
    brief = all(overlap.brief(policy.tolerance) for overlap in proven)
    moment = ", for a moment" if brief else ""
    said = [f"Several sockets open at once{moment}{_among(report, policy, ids)}: {_sockets(report, ids)}"]
    said.append(f"{_lasted(proven)}{_afterwards(report, proven)}.")
    if brief:
        said.append(f"Less than the {spoken(policy.tolerance)} that a hand-over may take.")
    if report.concurrency.possible_peak > report.concurrency.proven_peak:
        said.append(f"Cannot rule out that up to {report.concurrency.possible_peak:,} were open at once.")
    if not sockets_hidden(report) and _one_of_each(report):
        said.append("They go to different addresses: of each, never more than one was open.")
    return said


def _sockets(report: Report, ids: Sequence[str]) -> str:
    return f"{len(ids):,} sockets of {report.endpoints(ids)}"


def _among(report: Report, policy: Policy, ids: Sequence[str]) -> str:
    """Where that is all there is: between what sockets they were open at once."""
    if kind(report, policy) is not Kind.OVERLAP:
        others = [session for session in report.named(ids) if not policy.counts(session)]
        whose = ["a development server's"] if any(not session.extension for session in others) else []
        whose += ["a browser extension's"] if any(session.extension for session in others) else []
        sure = "" if kind(report, policy) is Kind.FOREIGN_OVERLAP else "for certain "
        return f", but {sure}only together with {' and '.join(whose)}"
    hosts = {session.endpoint.partition("://")[2].partition("/")[0] for session in report.named(ids)}
    if sockets_hidden(report) or not _one_of_each(report):
        return ""
    return ", each of a different host" if len(hosts) == len(ids) else ", each of a different address"


def _lasted(overlaps: Sequence[Overlap]) -> str:
    """For how long. Never the peak for the length of a whole stretch, and "at least" where an end is not known."""
    peak, n = max(overlap.peak for overlap in overlaps), len({id for overlap in overlaps for id in overlap.sessions})
    bounded = any(overlap.duration_is_lower_bound for overlap in overlaps) and _limit(overlaps) is None
    total, longest = covered(overlaps), max(overlap.duration for overlap in overlaps)
    most = f", up to {peak:,} at once" if peak > 2 else ""
    many = "Both open" if n == 2 else "2 or more open" if peak > 2 else "2 open at a time"
    if len(overlaps) == 1:
        return f"{many} {_length(total, bounded)}{most}"
    together = f"{_length(total, bounded)} together, the longest {_length(longest, bounded)}"
    return f"{many} in {len(overlaps):,} stretches, {together}{most}"


def _limit(overlaps: Sequence[Overlap]) -> str | None:
    """How long they lasted at most, where that is no more than the length that is known."""
    limits = [overlap.at_most for overlap in overlaps]
    most = sum(limit or 0 for limit in limits)
    return spoken(most) if None not in limits and spoken(most) == spoken(covered(overlaps)) else None


def _length(duration: Duration, bounded: bool) -> str:
    if not duration:
        return "for an instant at least"
    return f"for {'at least ' if bounded else ''}{spoken(duration)}"


def _afterwards(report: Report, proven: Sequence[Overlap]) -> str:
    """How the last of the stretches ended, as far as the file says."""
    last = max(proven, key=lambda overlap: overlap.interval.start)
    members = report.named(last.sessions)
    still = sum(session.outcome is Outcome.OPEN for session in members)
    if last.interval.end is None:
        whole = len(proven) == 1 and still == len(members)
        of_all = ("both" if still == 2 else f"all {still}") if whole else f"{still} of them"
        return f"; {of_all} still open {saved(report)}"
    if any(overlap.duration_is_lower_bound for overlap in proven):
        limits = [overlap.at_most for overlap in proven]
        if _limit(proven) is not None:
            return ""
        if None not in limits:
            return f", at most {spoken(sum(limit or 0 for limit in limits))}"
        return "; how much longer, this file cannot tell"
    return ""


def _one_of_each(report: Report) -> bool:
    by_address: dict[str, list[Session]] = {}
    for session in report.sessions:
        by_address.setdefault(session.endpoint, []).append(session)
    return all(peak(s.possible for s in sessions if s.possible) < 2 for sessions in by_address.values())


def _possible_overlap(report: Report) -> list[str]:
    ids = tuple(dict.fromkeys(id for overlap in report.overlaps for id in overlap.sessions))
    bounds = [overlap.at_most for overlap in report.overlaps]
    limits = [bound for bound in bounds if bound is not None]
    limit = f", for {spoken(sum(limits))} at most" if len(limits) == len(bounds) else ""
    most = f"Up to {report.concurrency.possible_peak:,} sockets of {report.endpoints(ids)} may have been open at once"
    hidden = [caveat.message for caveat in report.capture.caveats if caveat.hides_sockets]
    return [f"Cannot tell: {_why(report)}.", f"{most}{limit}.", *hidden]


def _why(report: Report) -> str:
    """Which instants are not known; of several stretches all of those."""
    found = [unknowns.find(report.named(overlap.sessions)) for overlap in report.overlaps]
    closes = dict.fromkeys(session.id for unknown in found for session in unknown.closes)
    openings = dict.fromkeys(session.id for unknown in found for session in unknown.openings)
    return unknowns.sentence(unknowns.Unknown(report.named(closes), report.named(openings)))


def _in_this_file(report: Report) -> str:
    opened = sum(session.possible is not None for session in report.sessions)
    if not report.sessions:
        return "No socket is in this file."
    if not opened:
        return none_opened(report)
    if opened == 1:
        return f"Only one socket in this file {'opened' if len(report.sessions) > 1 else 'is shown'}{_fate(report)}."
    return f"The {opened} sockets in this file that opened were never open at once."


def none_opened(report: Report) -> str:
    """`No socket opened: 3 x HTTP 503.`"""
    tally = Counter(map(_never, report.sessions))
    shown = [f"{many:,} x {what}" for what, many in tally.most_common(PROBLEMS)]
    more = f" and {len(tally) - PROBLEMS:,} other problems" if len(tally) > PROBLEMS else ""
    return f"No socket opened: {', '.join(shown)}{more}."


def _never(session: Session) -> str:
    """Why it never opened."""
    if session.outcome is not Outcome.FAILED:
        return "not answered when this was saved" if session.outcome is Outcome.CONNECTING else "not seen to open"
    if openings.abandoned(session):
        return "closed by the page itself while connecting"
    status = STATUS.fullmatch(session.problem or "")
    return f"HTTP {status[1]}" if status else (session.problem or "no reason recorded").rstrip(".")


def _no_overlap(report: Report) -> list[str]:
    opened = sum(session.possible is not None for session in report.sessions)
    if not opened:
        return [none_opened(report)]
    said = "Never more than one open. Each socket was gone before the next one opened."
    if any(caveat.id == "filtered" for caveat in report.capture.caveats):
        said = f"Of the sockets in this file, {said[0].lower()}{said[1:]}"
    if opened == 1:
        said = f"Only one socket{' opened' if len(report.sessions) > 1 else ''}{_fate(report)}."
    tally = Counter(session.outcome for session in report.sessions)
    failed, waiting = tally[Outcome.FAILED], tally[Outcome.CONNECTING]
    more = [f"{failed:,} more never opened"] if failed else []
    more += [f"{waiting:,} more {'was' if waiting == 1 else 'were'} not seen to open"] if waiting else []
    return [said, f"{', '.join(more)}."] if more else [said]


def _fate(report: Report) -> str:
    """Of the only socket that opened."""
    session = next(session for session in report.sessions if session.possible is not None)
    match session.outcome:
        case Outcome.OPEN:
            return f", still open {saved(report)}"
        case Outcome.CLOSED:
            if session.problem:
                return ", closed by an error"
            left = session.closed is not None and session.closed.evidence.startswith("page-")
            return ", and gone with its page" if left else ", and closed again"
        case _:
            return "; whether it closed, this file cannot tell"


def sockets_hidden(report: Report) -> bool:
    return any(caveat.hides_sockets for caveat in report.capture.caveats)


def saved(report: Report) -> str:
    return "when the HAR was saved" if report.capture.format == "har" else "when the recording ended"


# -- how to record so that it can be told ------------------------------------------------------------------------

WHOLE = "Export the HAR again, and give the file as it was written."
ADVICE = {  # by caveat that is not the exporter's; for the others its row says (analyzer/advice.py)
    "cut-off": WHOLE,
    "trailing-data": WHOLE,
    "entries-skipped": WHOLE,
    "edited": WHOLE,
    "merged": "Give each recording as its own file, as it was exported.",
    "export-behind": "Record again, and wait some seconds after the last socket before the export.",
    "clock-stepped": "Record again, in one go, and give the file as it was exported.",
}


def advice(report: Report) -> str:
    """What to do so that a capture that cannot tell, or in which no socket opened, tells next time."""
    remedies = [finding.remedy for finding in report.findings if finding.remedy and finding.confidence != "proven"]
    remedies += [
        ADVICE.get(c.id, advices.to_see_all(report.capture)) for c in report.capture.caveats if c.hides_sockets
    ]
    remedies += [finding.remedy for finding in report.findings if finding.remedy and not report.opened]
    return remedies[0] if remedies else advices.to_decide(report.capture)

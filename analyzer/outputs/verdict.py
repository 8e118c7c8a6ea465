"""The verdict in plain words: sentences that are true whatever the rest of the file hides. Every output for people
says the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from analyzer.intervals import peak
from analyzer.model import Confidence, Duration, Outcome, Overlap, Policy, Report, Session, Verdict, spoken


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
    said = [f"Several sockets open at once{moment}: {len(ids):,} sockets of {report.endpoints(ids)}"]
    said.append(f"{_lasted(proven)}{_afterwards(report, proven)}.")
    if brief:
        said.append(f"Less than the {spoken(policy.tolerance)} that a hand-over may take.")
    if report.concurrency.possible_peak > report.concurrency.proven_peak:
        said.append(f"Cannot rule out that up to {report.concurrency.possible_peak:,} were open at once.")
    if not sockets_hidden(report) and _one_of_each(report):
        said.append("They go to different addresses: of each, never more than one was open.")
    return said


def _lasted(overlaps: Sequence[Overlap]) -> str:
    """For how long. Never the peak for the length of a whole stretch, and "at least" where an end is not known."""
    peak, n = max(overlap.peak for overlap in overlaps), len({id for overlap in overlaps for id in overlap.sessions})
    bounded = any(overlap.duration_is_lower_bound for overlap in overlaps)
    total, longest = sum(overlap.duration for overlap in overlaps), max(overlap.duration for overlap in overlaps)
    most = f", up to {peak:,} at once" if peak > 2 else ""
    many = "Both open" if n == 2 else "2 or more open" if peak > 2 else "2 open at a time"
    if len(overlaps) == 1:
        return f"{many} {_length(total, bounded)}{most}"
    together = f"{_length(total, bounded)} together, the longest {_length(longest, bounded)}"
    return f"{many} in {len(overlaps):,} stretches, {together}{most}"


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
    return [f"Cannot tell: {_why(report, ids)}.", f"{most}{limit}.", *hidden]


def _why(report: Report, ids: Sequence[str]) -> str:
    """What is not known: of the sockets that another one followed, when they closed."""
    members = [session for session in report.named(ids) if session.possible is not None]
    latest = max((session.possible.start for session in members if session.possible), default=0)
    open_ended = [s for s in members if s.possible and s.possible.end is None and s.outcome is not Outcome.OPEN]
    unknown = [s for s in open_ended if s.possible and s.possible.start < latest] or open_ended
    if not unknown:
        return "this file does not say whether one socket had closed when the next one opened"
    names = [session.name for session in unknown]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    listed = listed if len(names) < 5 else f"{', '.join(names[:3])} and {len(names) - 3} others"
    return f"when {listed} closed is not known"


def _in_this_file(report: Report) -> str:
    opened = sum(session.possible is not None for session in report.sessions)
    if not report.sessions:
        return "No socket is in this file."
    if not opened:
        return _none_of(report)
    if opened == 1:
        return f"Only one socket in this file {'opened' if len(report.sessions) > 1 else 'is shown'}{_fate(report)}."
    return f"The {opened} sockets in this file that opened were never open at once."


def _none_of(report: Report) -> str:
    many = len(report.sessions)
    return (
        "Only one socket, and it was not seen to open."
        if many == 1
        else f"None of the {many:,} sockets was seen to open."
    )


def _no_overlap(report: Report) -> list[str]:
    opened = sum(session.possible is not None for session in report.sessions)
    if not opened:
        return [_none_of(report)]
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

ELSEWHERE = "Record with Chrome DevTools (opened first, Preserve log on, no filter) or with HTTP Toolkit."
WHOLE = "Export the HAR again, and give the file as it was written."
ADVICE = {  # by caveat; docs/capturing.md says more
    "sockets-not-exported": "Record with Chrome DevTools or HTTP Toolkit, or with Playwright 1.61 or later.",
    "open-sockets-not-exported": ELSEWHERE,
    "exporter-unknown": ELSEWHERE,
    "filtered": "Open DevTools first, clear every filter, reload the page, use it, and export again.",
    "cut-off": WHOLE,
    "trailing-data": WHOLE,
    "entries-skipped": WHOLE,
    "edited": WHOLE,
    "merged": "Give each recording as its own file, as it was exported.",
    "clock-stepped": "Record again, in one go, and give the file as it was exported.",
}


def advice(report: Report) -> str:
    """What to do so that a capture that cannot tell, or holds no socket, tells next time."""
    remedies = [finding.remedy for finding in report.findings if finding.remedy and finding.confidence != "proven"]
    remedies += [ADVICE[c.id] for c in report.capture.caveats if c.hides_sockets and c.id in ADVICE]
    remedies += [finding.remedy for finding in report.findings if finding.remedy and not report.sessions]
    return remedies[0] if remedies else ELSEWHERE

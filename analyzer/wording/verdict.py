"""Write the verdict in plain words: each sentence stays true whatever the capture does not show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from analyzer import advice as advices, openings, unknowns
from analyzer.intervals import peak
from analyzer.model import (
    CaveatKind,
    Confidence,
    Duration,
    Outcome,
    Overlap,
    Policy,
    Report,
    Scope,
    Session,
    Severity,
    Verdict,
    Where,
    format_duration,
    join_words,
    plural,
)
from analyzer.overlaps import add_up
from analyzer.patterns import Pattern
from analyzer.wording.results import Kind, describe_some, is_of_other_tab, kind

PROBLEMS = 3  # that are named one by one
STATUS = Pattern(r"(?:status|Unexpected response code:) (\d{3})")  # ours; Chrome's


def verdict_sentences(report: Report, policy: Policy) -> list[str]:
    """Write the verdict in plain words: the answer first, then what belongs to it."""
    answer, *rest = _sentences(report, policy)
    return [answer, *_harmless(report), *rest, *_by_scope(report)]


def _by_scope(report: Report) -> list[str]:
    """Say what holds in the tab, and what elsewhere in the browser, where captures of both are together."""
    lots: dict[Where | None, list[Session]] = {}
    for session in report.sessions:
        lots.setdefault(session.where, []).append(session)
    if not {Where.BROWSER, Where.UNKNOWN} & lots.keys():
        return []
    names = {
        Where.TAB: "In this tab",
        Where.BROWSER: "Elsewhere in this browser",
        Where.UNKNOWN: "In this tab or another",
    }
    parts = [f"{names[where]}: {describe_some(lots[where])}." for where in names if where in lots]
    return [" ".join(parts)]


def _harmless(report: Report) -> list[str]:
    """Say that the overlaps do no harm, where a finding says so of each of them and nothing is worse than a note."""
    fine = [it for it in report.findings if it.why and (it.remedy or "").startswith(advices.NO_ACTION)]
    explained = all(any(set(o.sessions) <= set(it.sessions) for it in fine) for o in report.overlaps)
    grave = any(it.severity is not Severity.NOTE for it in report.findings)
    if not fine or not explained or grave or report.capture.hides_sockets:
        return []
    return [f"Likely harmless: {fine[0].why}"]


def _sentences(report: Report, policy: Policy) -> list[str]:
    match report.verdict:
        case Verdict.OVERLAP:
            return _overlap(report, policy)
        case Verdict.POSSIBLE_OVERLAP:
            return _possible_overlap(report)
        case Verdict.INCONCLUSIVE:
            return [f"Undecided: {_missing(report)}", _in_this_file(report)]
        case Verdict.NO_OVERLAP:
            return _no_overlap(report)
        case Verdict.NO_SOCKETS:
            return ["No WebSocket in this capture."]


def _missing(report: Report) -> str:
    """Say why sockets may be missing, in the words of the first caveat that says so."""
    reasons = [caveat.message for caveat in report.capture.caveats if caveat.hides_sockets]
    return reasons[0] if reasons else "sockets may be missing from this file."


def headline(report: Report, policy: Policy) -> str:
    """Name an overlap in a few words: `Overlap`, `Brief overlap`, `Overlap only with a development server's socket`."""
    word = "Brief overlap" if all(overlap.brief(policy.tolerance) for overlap in _proven(report)) else "Overlap"
    glance = kind(report, policy)
    ignored = [session for session in report.named(_members(report)) if not policy.counts(session)]
    if glance is Kind.OVERLAP or not ignored:
        return word
    owners = [whose for whose, is_owned in OWNERS.items() if any(map(is_owned, ignored))]
    certain = "" if glance is Kind.FOREIGN_OVERLAP else ", certain"
    return f"{word}{certain} only with {join_words(owners)} socket"


OWNERS: dict[str, Callable[[Session], bool]] = {
    "a development server's": lambda session: session.dev_only,
    "a browser extension's": lambda session: bool(session.extension),
    "another tab's": is_of_other_tab,
    "an unknown tab's": lambda session: session.where is Where.UNKNOWN,
}


def _proven(report: Report) -> list[Overlap]:
    return [overlap for overlap in report.overlaps if overlap.confidence is Confidence.PROVEN]


def _members(report: Report) -> tuple[str, ...]:
    """List the sockets that certainly overlapped."""
    return tuple(dict.fromkeys(id for overlap in _proven(report) for id in overlap.sessions))


def _overlap(report: Report, policy: Policy) -> list[str]:
    proven, ids = _proven(report), _members(report)
    certain_peak, possible_peak = report.concurrency.proven_peak, report.concurrency.possible_peak
    apart = not report.capture.hides_sockets and _one_of_each(report)
    some = f"{certain_peak:,} of " if certain_peak < len(ids) else ""
    sentences = [
        f"{headline(report, policy)}: {some}{plural(len(ids), 'socket')} of {report.endpoints(ids)} were open at the "
        f"same time{_each(report, ids) if apart else ''}.",
        f"{_describe_length(proven)}{_afterwards(report, proven)}",
    ]
    if all(overlap.brief(policy.tolerance) for overlap in proven):
        sentences.append(
            f"That is shorter than the tolerance of {format_duration(policy.tolerance)}, as in a reconnect."
        )
    if possible_peak > certain_peak:
        sentences.append(f"Possible: up to {possible_peak:,} were open at the same time.")
    if apart and policy.per is not Scope.ENDPOINT and kind(report, policy) is not Kind.FOREIGN_OVERLAP:
        sentences.append("Each address had at most one open socket: --per endpoint accepts that.")
    return sentences


def _each(report: Report, ids: Sequence[str]) -> str:
    """Name what sets the sockets apart, where each address had at most one open socket."""
    hosts = {session.endpoint.partition("://")[2].partition("/")[0] for session in report.named(ids)}
    return f", each to a different {'host' if len(hosts) == len(ids) else 'address'}"


def _describe_length(overlaps: Sequence[Overlap]) -> str:
    """Say for how long: never the peak for a whole period, and "at least" where an end is not known."""
    peak, n = max(overlap.peak for overlap in overlaps), len({id for overlap in overlaps for id in overlap.sessions})
    bounded = any(overlap.duration_is_lower_bound for overlap in overlaps) and _limit(overlaps) is None
    total, longest = add_up(overlaps), max(overlap.duration for overlap in overlaps)
    most = f", peak {peak:,}" if peak > 2 else ""
    many = "Both were open" if n == 2 else "2 or more were open" if peak > 2 else "2 at a time were open"
    if len(overlaps) == 1:
        return f"{many} {_length(total, bounded)}{most}"
    longest_length = _length(longest, bounded).removeprefix("for ")
    return f"{many} {_length(total, bounded)} in {len(overlaps):,} periods, the longest {longest_length}{most}"


def _limit(overlaps: Sequence[Overlap]) -> str | None:
    """Write how long they lasted at most, where that equals the certain length."""
    limits = [overlap.at_most for overlap in overlaps]
    most = sum(limit or 0 for limit in limits)
    return (
        format_duration(most)
        if None not in limits and format_duration(most) == format_duration(add_up(overlaps))
        else None
    )


def _length(duration: Duration, bounded: bool) -> str:
    if not duration:
        return "for at least an instant"
    return f"for {'at least ' if bounded else ''}{format_duration(duration)}"


def _afterwards(report: Report, proven: Sequence[Overlap]) -> str:
    """Say how the last of the periods ended, if the file shows it; with the full stop."""
    last = max(proven, key=lambda overlap: overlap.interval.start)
    members = report.named(last.sessions)
    still = sum(session.outcome is Outcome.OPEN for session in members)
    if last.interval.end is None:
        whole = len(proven) == 1 and still == len(members)
        who = ("Both" if still == 2 else f"All {still}") if whole else f"{still} of them"
        return f". {who} {'was' if still == 1 else 'were'} still open {when_saved(report)}."
    if any(overlap.duration_is_lower_bound for overlap in proven):
        limits = [overlap.at_most for overlap in proven]
        if _limit(proven) is not None:
            return "."
        if None not in limits:
            return f", at most {format_duration(sum(limit or 0 for limit in limits))}."
        return ". The file does not show how much longer."
    return "."


def _one_of_each(report: Report) -> bool:
    by_address: dict[str, list[Session]] = {}
    for session in report.sessions:
        by_address.setdefault(session.endpoint, []).append(session)
    return all(peak(s.possible for s in sessions if s.possible) < 2 for sessions in by_address.values())


def _possible_overlap(report: Report) -> list[str]:
    ids = tuple(dict.fromkeys(id for overlap in report.overlaps for id in overlap.sessions))
    bounds = [overlap.at_most for overlap in report.overlaps]
    limits = [bound for bound in bounds if bound is not None]
    limit = f", {format_duration(sum(limits))} at most" if len(limits) == len(bounds) else ""
    most = f"Possible overlap: up to {report.concurrency.possible_peak:,} sockets of {report.endpoints(ids)}{limit}."
    hidden = [caveat.message for caveat in report.capture.caveats if caveat.hides_sockets]
    return [f"Undecided: {unknowns.of_overlaps(report)}.", most, *hidden]


def _in_this_file(report: Report) -> str:
    opened = sum(session.possible is not None for session in report.sessions)
    if not report.sessions:
        return "The file shows no socket."
    if not opened:
        return none_opened(report)
    if opened == 1:
        return f"The file shows only one socket{' that opened' if len(report.sessions) > 1 else ''}. {_fate(report)}."
    return f"The {opened} sockets that opened in this file did not overlap."


def none_opened(report: Report) -> str:
    """Say why no socket opened: `No socket opened: 3 × HTTP 503.`"""
    tally = Counter(map(_never, report.sessions))
    counts = [f"{many:,} × {what}" for what, many in tally.most_common(PROBLEMS)]
    more = f" and {plural(len(tally) - PROBLEMS, 'other problem')}" if len(tally) > PROBLEMS else ""
    return f"No socket opened: {', '.join(counts)}{more}."


def _never(session: Session) -> str:
    """Say why a socket never opened."""
    if session.outcome is not Outcome.FAILED:
        connecting = session.outcome is Outcome.CONNECTING
        return "still connecting when this was saved" if connecting else "no opening recorded"
    if openings.is_abandoned(session):
        return "closed by the page itself while connecting"
    status = STATUS.fullmatch(session.problem or "")
    return f"HTTP {status[1]}" if status else (session.problem or "no reason recorded").rstrip(".")


def _no_overlap(report: Report) -> list[str]:
    opened = sum(session.possible is not None for session in report.sessions)
    if not opened:
        return [none_opened(report)]
    filtered = any(caveat.id == "filtered" for caveat in report.capture.caveats)
    among = " among the sockets in this file" if filtered else ""
    sentences = [f"No overlap{among}: each socket had closed before the next one opened."]
    if opened == 1:
        sentences = [f"No overlap{among}: only one socket opened.", f"{_fate(report)}."]
    tally = Counter(session.outcome for session in report.sessions)
    failed, waiting = tally[Outcome.FAILED], tally[Outcome.CONNECTING]
    more = [f"{failed:,} more never opened"] if failed else []
    more += (
        [f"{waiting:,} more {'was' if waiting == 1 else 'were'} still connecting {when_saved(report)}"]
        if waiting
        else []
    )
    return [*sentences, f"{', '.join(more)}."] if more else sentences


def _fate(report: Report) -> str:
    """Say what became of the only socket that opened."""
    session = next(session for session in report.sessions if session.possible is not None)
    match session.outcome:
        case Outcome.OPEN:
            return f"It was still open {when_saved(report)}"
        case Outcome.CLOSED:
            if session.problem:
                return "An error closed it"
            left = session.closed is not None and session.closed.evidence.of_page
            return "It closed with its page" if left else "It closed"
        case _:
            return "The file does not show whether it closed"


def when_saved(report: Report) -> str:
    label = report.capture.saved_as
    return f"when the {label} was saved" if label else "when the recording ended"


# -- how to record so that the next capture is decided --------------------------------------------------------------

WHOLE = "Export the HAR again, and give the file as it was written."
UNBLOCKED = "Record again without calls that block the test (`time.sleep`), so that the recorder can listen to each"
ADVICE = {  # by caveat that is not the exporter's; for the others its row says (analyzer/advice.py)
    "cut-off": WHOLE,
    "trailing-data": WHOLE,
    "damaged": WHOLE,
    "entries-skipped": WHOLE,
    "edited": WHOLE,
    "merged": "Give each recording as its own file, as it was exported.",
    "export-behind": "Record again, and wait some seconds after the last socket before the export.",
    "clock-stepped": "Record again, in one go, and give the file as it was exported.",
    "not-of-one-run": "Give captures of one run, which were recorded at the same time.",
    "tab-unknown": "Close other tabs before the recording, or count every socket of the browser: --scope browser.",
    "beginning-lost": "Record again with a larger limit of the file's size, or for a shorter time.",
    "pages-only": f"Record workers and iframes as well (`Target.setAutoAttach`), or record with {advices.OURS}.",
    "recording-started-late": "Record again: start the recording before the page opens its first socket.",
    "recording-cut-short": "Record again, and end the recording before the browser or the test ends.",
    "shared-worker": "Record a Chrome NetLog (`chrome://net-export`), which has the sockets of shared workers, too.",
    "service-worker": f"{UNBLOCKED} service worker when it starts.",
    "page-heard-late": "Record again, and open each window or tab empty before it goes to its page.",
    "workers-not-heard": "Record in Chromium, which reports the sockets of workers.",
}


def advice(report: Report) -> str:
    """Name what to do so that the next capture is decided, and has sockets."""
    remedies = [finding.remedy for finding in report.findings if finding.remedy and finding.confidence != "proven"]
    remedies += [
        ADVICE.get(c.id, advices.to_see_all(report.capture)) for c in report.capture.caveats if c.hides_sockets
    ]
    if report.unsure:
        remedies += [ADVICE[c.id] for c in report.capture.caveats if c.id == CaveatKind.TAB_UNKNOWN]
    remedies += [finding.remedy for finding in report.findings if finding.remedy and not report.opened]
    return remedies[0] if remedies else advices.to_decide(report.capture)

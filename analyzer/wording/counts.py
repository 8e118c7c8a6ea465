"""Count captures in sentences: by result, the same file again, which are shown; and the sockets of one, by scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.model import Policy, Report, Run, Selection, Where, join_words, plural

IN_JSON, IN_CSV = "--format json has them all", "--format csv has them all"
NAMED = 3  # services or users of one capture
WORST_FIRST = (
    "Worst first: overlaps (those with an error before those with a warning, then the longest, then the highest peak), "
    "then undecided captures, then the rest."
)


def total_sentence(counts: Iterable[tuple[str, int]]) -> str:
    """Write the counts: `16 captures: 8 overlap, 3 possible overlap, 5 no overlap.`"""
    counts = list(counts)
    total = plural(sum(number for _, number in counts), "capture")
    return f"{total}: {', '.join(f'{number:,} {words}' for words, number in counts)}." if counts else f"{total}."


def repeats_sentence(repeated: int) -> str:
    """Say how many captures are the same file as another one."""
    if not repeated:
        return ""
    if repeated == 1:
        return " 1 of them is the same file as another one, under another name."
    return f" {repeated:,} of them are the same file as another one, under other names."


def no_match(run: Run) -> str | None:
    """Say that no capture of a run is among those that were asked for; None where one is."""
    if run.selection is None or run.selection.matching:
        return None
    total = sum(number for _, number in run.selection.totals)
    none = f"none of {total:,} captures matches" if total > 1 else "the capture does not match"
    return f"{none} --only {','.join(run.selection.only)}"


def selection_sentence(selection: Selection, number: int) -> str:
    """Say what of a run is shown, so many captures: `Shown: the 5 worst with overlap; 7 more match.`"""
    what = f" with {join_words(selection.only)}" if selection.only else ""
    left = selection.matching - number
    if not selection.matching:
        return f"No capture{what}."
    if left > 0:
        return f"Shown: the {number:,} worst{what}; {left:,} more{' match' if what else ''}."
    return f"Shown: {plural(number, 'capture')}{what}."


def count_sockets(report: Report, policy: Policy) -> str:
    """Count the sockets; where only those of the tab decide, the others apart."""
    counted = sum(policy.reaches(session.where) for session in report.sessions)
    if counted == len(report.sessions):
        return plural(counted, "socket")
    unknown = sum(session.where is Where.UNKNOWN for session in report.sessions)
    elsewhere = len(report.sessions) - counted - unknown
    parts = [f"{plural(counted, 'socket')} in this tab"]
    parts += [f"{elsewhere:,} elsewhere in this browser"] if elsewhere else []
    parts += [f"{unknown:,} of this tab or another"] if unknown else []
    return ", ".join(parts)


def name_some(names: Sequence[str]) -> str:
    """Name the first few, and count the others."""
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" +{rest:,}" if rest > 0 else "")

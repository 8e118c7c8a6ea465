"""Write what changed between two captures, or two folders of captures, where both prove it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from analyzer.compare import Change, Comparison, Paired, Result, Side
from analyzer.model import Finding, Group, Run, Scope, Value, describe_peak, format_duration, join_words, plural
from analyzer.wording import facts, harmless, services
from analyzer.wording.coverage import describe_coverage, describe_unchecked
from analyzer.wording.medium import BAD, GOOD, STRONG, UNSURE, Medium

GROUPS = 200  # that are shown
MISSING = 3  # services without a socket that are named
PARTS = (("Gone", "gone"), ("New", "added"), ("Still there", "same"))
UNPROVEN = "Not proven gone"
SIGNS = {
    Result.MORE: "✗",
    Result.NOT_OPENED: "?",
    Result.UNDECIDED: "?",
    Result.SAME: "=",
    Result.REDUCED: "✗",
    Result.POSSIBLY_RESOLVED: "?",
    Result.RESOLVED: "✓",
}
STYLES = {"✗": BAD, "?": UNSURE, "=": STRONG, "✓": GOOD}
TONES = {"✗": "bad", "?": "unsure", "=": "unsure", "✓": "good"}


def sentence(comparison: Comparison) -> str:
    """Say what changed, as far as both captures prove it."""
    was, is_now = comparison.whole.before, comparison.whole.after
    peaks = f"peak {_peak(is_now)}, before {_peak(was)}"
    match comparison.result:
        case Result.RESOLVED:
            rest = " The policy allows the overlap that remains." if is_now.proven_peak > 1 else ""
            return f"Fewer sockets open at the same time: {peaks}.{rest}"
        case Result.REDUCED:
            return f"Fewer, but {comparison.remaining:,} sockets are still open at the same time: {peaks}."
        case Result.POSSIBLY_RESOLVED:
            return f"Fewer, but {_remaining(comparison)}: {peaks}."
        case Result.MORE:
            return f"More sockets open at the same time: {peaks}."
        case Result.SAME:
            return f"As many sockets open at the same time as before: peak {_peak(is_now)}."
        case Result.NOT_OPENED:
            return f"{_missing(comparison)} opened no socket in the capture after: nothing is proven."
        case Result.UNDECIDED:
            return f"Undecided whether more or fewer sockets were open at the same time: {peaks}{_why(comparison)}."


def _remaining(comparison: Comparison) -> str:
    """Describe an overlap after that is only possible, or brief."""
    if comparison.remaining:
        tolerance = format_duration(comparison.after.policy.tolerance)
        return f"{comparison.remaining:,} sockets are still open at the same time for less than {tolerance}"
    return f"up to {comparison.whole.after.possible_peak:,} sockets are possibly still open at the same time"


def _missing(comparison: Comparison) -> str:
    """Name the services or addresses that opened no socket after."""
    names = [_name(change) for change in comparison.missing]
    more = [f"{len(names) - MISSING:,} more"] if len(names) > MISSING else []
    return join_words([*names[:MISSING], *more])


def steps(comparison: Comparison) -> str:
    """Ask for captures of the same steps, where the two captures show a difference; empty where they show none."""
    before, after = comparison.before, comparison.after
    counts = (
        ("socket", len(before.sessions), len(after.sessions)),
        ("page", len(before.capture.pages), len(after.capture.pages)),
    )
    different = [f"{plural(old, what)} before, {new:,} after" for what, old, new in counts if old != new]
    if different:
        return f"{'; '.join(different)}: compare captures of the same steps."
    return "" if describe_coverage(before) == describe_coverage(after) else "Compare captures of the same steps."


def _why(comparison: Comparison) -> str:
    """Name the captures that may not show every socket."""
    named = (("before", comparison.before), ("after", comparison.after))
    hidden = [word for word, report in named if report.capture.hides_sockets]
    return f"; the capture {' and the one '.join(hidden)} may not show every socket" if hidden else ""


class Row(Value, frozen=True):
    """Hold a group as the cells of a table, each `before → after`."""

    name: str
    cells: tuple[str, ...]


def list_groups(comparison: Comparison) -> list[Row]:
    several = len(comparison.groups) > 1
    whole = [Row("all sockets", _cells(comparison.whole))] if several or not comparison.groups else []
    return whole + [Row(_name(change), _cells(change)) for change in comparison.groups[:GROUPS]]


def _name(change: Change) -> str:
    per = Scope.USER if any(name == "user" for name, _ in change.key) else Scope.ENDPOINT
    group = Group(per, change.key, (), 0, 0, change.provider, ())
    return harmless.safe_middle(services.title(group), 120)


def _cells(change: Change) -> tuple[str, ...]:
    was, is_now = change.before, change.after
    pairs = (
        (f"{was.sessions:,}", f"{is_now.sessions:,}"),
        (_peak(was), _peak(is_now)),
        (_length(was), _length(is_now)),
    )
    return tuple(before if before == after else f"{before} → {after}" for before, after in pairs)


def _peak(side: Side) -> str:
    return describe_peak(side.proven_peak, side.possible_peak if side.whole else None)


def _length(side: Side) -> str:
    if side.proven_peak < 2:
        return "possible" if side.possible_peak > 1 else "none"
    return ("≥ " if side.overlap_is_lower_bound else "") + (
        format_duration(side.proven_overlap) if side.proven_overlap else "0 s"
    )


def finding_parts(comparison: Comparison) -> Iterable[tuple[str, tuple[Finding, ...]]]:
    unproven = comparison.result in (Result.NOT_OPENED, Result.UNDECIDED)
    for title, name in PARTS:
        findings: tuple[Finding, ...] = getattr(comparison, name)
        changed = count_change(comparison, findings[0]) if name == "same" and len(findings) == 1 else ""
        words = UNPROVEN if name == "gone" and unproven else title
        yield f"{words}: {len(findings):,}{in_brackets(changed)}", findings
    yield from _list_unchecked(comparison)


def _list_unchecked(comparison: Comparison) -> Iterable[tuple[str, tuple[Finding, ...]]]:
    """Title the findings of one capture that the other one cannot show, with what the other one lacks."""
    for title, other, findings in (
        ("Not checked after", comparison.after, comparison.unchecked_after),
        ("Not checked before", comparison.before, comparison.unchecked_before),
    ):
        if findings:
            rules = {it.rule for it in findings}
            reasons = describe_unchecked(it for it in other.not_checked if it.rule in rules)
            yield f"{title}: {len(findings):,}, {reasons}", findings


def count_change(comparison: Comparison, finding: Finding) -> str:
    """Count the sockets of a finding that is still there, before and after: `4 → 2 sockets`; empty where equal."""
    pairs = zip(comparison.same_before, comparison.same, strict=True)
    old = next((len(was.sessions) for was, is_now in pairs if is_now is finding), len(finding.sessions))
    return "" if old == len(finding.sessions) else f"{old:,} → {plural(len(finding.sessions), 'socket')}"


def ids_of(comparison: Comparison, finding: Finding) -> str:
    """Name the rule of a finding, and what changed in it."""
    changed = count_change(comparison, finding) if len(comparison.same) > 1 else ""
    return "; ".join(filter(None, (finding.rule, changed)))


def describe_sides(comparison: Comparison, run: Run) -> list[tuple[str, str, str]]:
    """Name each capture with its verdict and the steps that it covers."""
    named = (("before", comparison.before), ("after", comparison.after))
    return [
        (
            word,
            harmless.safe_middle(report.capture.source, 200),
            f"{facts.sentences(report, run.policy)[0]} {describe_coverage(report)}",
        )
        for word, report in named
    ]


def in_brackets(words: str) -> str:
    return f" ({words})" if words else ""


RESULTS = {
    Result.MORE: "more open at the same time",
    Result.NOT_OPENED: "without a socket of the service after",
    Result.UNDECIDED: "undecided",
    Result.SAME: "as many as before",
    Result.REDUCED: "fewer but still overlapping",
    Result.POSSIBLY_RESOLVED: "fewer but possibly still overlapping",
    Result.RESOLVED: "fewer",
}


def pairs_sentence(paired: Paired) -> str:
    """Count the pairs: `12 pairs of captures: 1 more open at the same time, 3 fewer.`"""
    tally = Counter(it.result for _, it in paired.pairs)
    counts = [f"{tally[result]:,} {words}" for result, words in RESULTS.items() if tally[result]]
    total = plural(len(paired.pairs), "pair", "pairs")
    return f"{total} of captures{': ' if counts else ''}{', '.join(counts)}."


def pair_cells(name: str, comparison: Comparison) -> tuple[str, ...]:
    unchecked = (*comparison.unchecked_after, *comparison.unchecked_before)
    findings = (("+", comparison.added), ("−", comparison.gone), ("=", comparison.same), ("?", unchecked))
    return (
        *_cells(comparison.whole),
        " ".join(f"{sign}{len(group):,}" for sign, group in findings if group) or "none",
        name,
    )


def list_unpaired(paired: Paired) -> Iterable[tuple[str, tuple[str, ...]]]:
    named = (("Only before", paired.only_before), ("Only after", paired.only_after))
    return ((title, names) for title, names in named if names)


MARKS = "Findings: + new, − gone, = still there, ? not checked in one of the two."


def sign_of(result: Result, medium: Medium) -> str:
    sign = SIGNS[result]
    return sign if medium.unicode else {"✓": "[OK]", "✗": "[X]", "=": "[=]", "?": "[?]"}[sign]

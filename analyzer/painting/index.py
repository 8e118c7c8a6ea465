"""List the captures of a run for the index of a page, the most urgent first, each with a small picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from analyzer import gate, triage
from analyzer.gate import Result
from analyzer.model import Report, Run, Value
from analyzer.timeline import Axis, Steps, axis_of, possible_steps, proven_steps
from analyzer.triage import Row
from analyzer.wording import counts, harmless, results
from analyzer.wording.harmless import safe
from analyzer.wording.results import Headline

WIDE, HIGH = 100, 14  # of the small picture


class Entry(Value, frozen=True):
    """Hold one line of the index: captures with the same content have one together."""

    id: str  # of the article: `c3` for the third capture; none for one that is unreadable
    row: Row
    report: Report | None
    name: str
    folder: str
    judged: Result
    levels: str  # how many were certainly open, as a path, and where two or more were
    overlaps: str
    possible: str  # where an overlap is possible

    @property
    def headline(self) -> Headline:
        sign, tone = results.mark(self.row.result)
        return Headline(sign, self.row.words[0].upper() + self.row.words[1:], tone)

    @property
    def findings(self) -> int:
        return len(self.report.findings) if self.report is not None else 0

    @property
    def services(self) -> str:
        return safe(counts.name_some(self.row.targets), 120)

    @property
    def users(self) -> str:
        return safe(counts.name_some(self.row.user_names), 120)

    @property
    def causes(self) -> str:
        return ", ".join(self.row.causes)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of its facets: `overlap`, `FAIL`, `rule:limit-exceeded`."""
        return (str(self.row.result), str(self.judged), *(f"rule:{rule}" for rule in sorted(self.row.rules)))


class Facet(Value, frozen=True):
    """Hold what the index can be reduced to: a result, what the gate says, or a rule that has findings."""

    kind: str
    key: str  # in the address of the page: `#?only=overlap,rule:limit-exceeded`
    words: str
    captures: int


class Index(Value, frozen=True):
    """Hold all lines, and what they can be reduced to."""

    entries: tuple[Entry, ...]
    facets: tuple[Facet, ...]

    @property
    def folders(self) -> set[str]:
        return {entry.folder for entry in self.entries}


def make_index(run: Run) -> Index:
    """List the captures, the most urgent first."""
    numbers = {report.capture.source: n for n, report in enumerate(run.reports, 1)}
    names, rows = harmless.names(run), triage.worst_first(triage.distinct(triage.rows(run)))
    folders = [row.source.replace("\\", "/").rpartition("/")[0] for row in rows]
    common = _measure_common(folders)
    entries = []
    for row, folder in zip(rows, folders, strict=True):
        number = numbers.get(row.source, 0)
        report = run.reports[number - 1] if number else None
        judged = Result.UNDECIDED if report is None else gate.judge(report, run.policy).result
        picture = _draw(report) if report is not None and row.peak != "0" else ("", "", "")
        name, within = names[row.source], safe(folder[common:], 200)
        entries.append(Entry(f"c{number}" if number else "", row, report, name, within, judged, *picture))
    return Index(tuple(entries), _list_facets(entries))


def _measure_common(folders: Sequence[str]) -> int:
    """Count the letters of the folder that all of these are in."""
    first, last = min(folders, default="").split("/"), max(folders, default="").split("/")
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    return sum(len(name) + 1 for name in first[:same])


def _draw(report: Report) -> tuple[str, str, str]:
    """Draw how many were certainly open, where two or more were, and behind that where two or more possibly were."""
    axis = axis_of(report)
    certain, possible = (_levels(count(report.sessions), axis) for count in (proven_steps, possible_steps))
    uncertain = [min(level, 2) if level > max(1, sure) else 0 for level, sure in zip(possible, certain, strict=True)]
    return _area(certain, 1), _area(certain, 2), _area(uncertain, 2)


def _levels(steps: Steps, axis: Axis) -> list[int]:
    """Find the most that were open in each column; an overlap, however brief, takes two of them."""
    columns, span = [0] * WIDE, axis.span
    places = [min(WIDE, max(0, (at - axis.start) * WIDE // span)) for at, _ in (*steps, (axis.end, 0))]
    for (_, level), first, last in zip(steps, places, places[1:], strict=False):
        least = 2 if level > 1 else 1
        for column in range(min(first, WIDE - least), max(last, min(first + least, WIDE))):
            columns[column] = max(columns[column], level)
    return columns


def _area(columns: Sequence[int], least: int) -> str:
    path, at, peak = "", 0, max(2, *columns)
    for level, alike in groupby(columns):
        start, at = at, at + len(list(alike))
        if level >= least:
            high = level * HIGH // peak
            path += f"M{start} {HIGH}v-{high}h{at - start}v{high}"
    return path


def _list_facets(entries: Iterable[Entry]) -> tuple[Facet, ...]:
    """Count what some captures have: results, the most urgent first, what the gate says, and the commonest rules."""
    tally = Counter[str]()
    for entry in entries:
        tally.update(dict.fromkeys(entry.keys, entry.row.repeats))
    facets = [("Result", key, words) for key, words in results.RESULTS.items()]
    facets += [("Policy", result, result) for result in (Result.FAIL, Result.UNDECIDED, Result.PASS)]
    rules = [key for key, _ in tally.most_common() if key.startswith("rule:")]
    facets += [("Finding", key, key.removeprefix("rule:")) for key in rules]
    return tuple(Facet(kind, key, words, tally[key]) for kind, key, words in facets if tally[key])

"""The answers for several captures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, tzinfo
from typing import overload

from analyzer import arguments
from analyzer.model.policy import Policy
from analyzer.model.report import Report
from analyzer.model.rule import Rule
from analyzer.model.text import file_name, plural
from analyzer.model.value import Value
from analyzer.views import Maskable, Viewable


class Unreadable(Maskable, Value, frozen=True):
    """Hold why a capture cannot be read."""

    source: str
    problem: str

    def __repr__(self) -> str:
        return f"<Unreadable {file_name(self.source)}: {self._mask(self.problem)}>"


class Selection(Value, frozen=True):
    """Which captures of a run are shown (`--only`, `--top`), and what the whole run shows."""

    own_words = frozenset({"only"})

    only: tuple[str, ...]  # results, rules, causes; none: all
    top: int | None  # so many, the worst first; None: all
    matching: int  # captures that `only` asks for, each content once
    totals: tuple[tuple[str, int], ...]  # captures of the whole run by result, in words
    repeated: int = 0  # captures of the whole run that are the same file as another one

    def __len__(self) -> int:
        """How many captures the whole run has."""
        return sum(number for _, number in self.totals)


class Run(Viewable, Value, frozen=True):
    """Hold the reports of several captures. In a notebook it shows a table of them, the worst first.

    reports: one per capture that could be read, in the order in which they were asked for.
    unreadable: the others, each with `source` and `problem`.
    policy: by which the findings were made.

    `len(run)` and `for report in run` count and list the reports. `run[0]` is the first one, `run["chat.har"]` the one
    with this name: the whole path, or as much of its end as no other has (KeyError for none and for several).
    """

    reports: tuple[Report, ...]
    unreadable: tuple[Unreadable, ...]
    policy: Policy
    title: str | None = None  # of the report, as whoever asks for it has it
    meta: tuple[tuple[str, str], ...] = ()  # release, build: shown at the head of a report
    rules: tuple[Rule, ...] = ()  # all that were applied, for outputs that list them
    selection: Selection | None = None  # None: all captures are shown
    zone: tzinfo = UTC  # in which people read instants; programs get UTC
    sign_off: bool = False  # whether a report ends with a block to sign

    def __len__(self) -> int:
        return len(self.reports)

    def __iter__(self) -> Iterator[Report]:
        return iter(self.reports)

    @overload
    def __getitem__(self, key: int | str) -> Report: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Report, ...]: ...

    def __getitem__(self, key: int | str | slice) -> Report | tuple[Report, ...]:
        """Return a report by its position, or by the name of its capture."""
        return self._by_name(key) if isinstance(key, str) else self.reports[key]

    def _by_name(self, name: str) -> Report:
        sources = [report.capture.source for report in self.reports]
        end = "/" + name.replace("\\", "/").removeprefix("./")
        places = [n for n, source in enumerate(sources) if source == name]
        places = places or [n for n, it in enumerate(sources) if f"/{it}".replace("\\", "/").endswith(end)]
        if len(places) == 1:
            return self.reports[places[0]]
        if places:
            raise KeyError(f"{len(places):,} captures have the name {name!r}: give more of the path, or a number")
        raise KeyError(f"no capture has the name {name!r}{arguments.hint(name, map(file_name, sources))}")

    def __repr__(self) -> str:
        return f"<Run of {plural(len(self.reports), 'report')}, {len(self.unreadable):,} unreadable>"

"""No capture is slow out of proportion: four times as many of anything take at most six times the CPU time.

Each step of each command is measured by itself, in this process. A command or an output that no step covers fails.
"""

from __future__ import annotations

import gc
import io
import json
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import pytest
from shapes import SHAPES

from analyzer import compare, extract, masking, outputs, pipeline
from analyzer.cli import COMMANDS
from analyzer.formats import read
from analyzer.merge import merge
from analyzer.model import Policy, Report, Run
from analyzer.outputs import check, comparison, show, timeline, totals
from analyzer.rules import RULES
from analyzer.totals.results import read_results

FACTOR = 6  # of four times as many: n log n, what caches no longer hold, and a busy machine; quadratic is 16
FLOOR = 0.06  # seconds: what takes less is lost in the noise
TRIES = 3  # the fastest of so many counts: others use the machine, too
# What a command does beside reading, analysing and masking: the steps below that measure it.
OF_COMMAND = {
    "analyze": outputs.STREAMED,
    "check": ("check", "junit", "sarif", "github"),
    "show": ("show",),
    "timeline": ("svg",),
    "report": outputs.OUTPUTS,
    "extract": ("extract",),
    "compare": ("compare", "comparison text", "comparison json", "comparison markdown", "comparison html"),
    "summary": ("summary",),
    "watch": ("text", "html"),
}
WITHOUT_CAPTURE = {"rules", "record"}


class Case:
    """One capture of a size, and what each step makes of it."""

    def __init__(self, data: bytes, path: Path) -> None:
        self.data = data
        self.path = path
        self.path.write_bytes(self.data)
        self.policy = Policy()
        self.capture = read(io.BytesIO(self.data), path.name)
        self.report = pipeline.analyze(self.capture, self.policy)
        self.run = Run((self.report,), (), self.policy, rules=RULES)
        self.masked = masking.mask(self.run)

    @cached_property
    def line(self) -> bytes:
        return outputs.render("ndjson", self.masked)

    @cached_property
    def compared(self) -> compare.Comparison:
        return compare.compare(*self.masked.reports, *self.masked.reports)

    @cached_property
    def pair(self) -> Run:
        return Run((*self.masked.reports, *self.masked.reports), (), self.policy, rules=RULES)

    def shown(self) -> Report:
        (report,) = self.masked.reports
        return report


def output(name: str) -> Callable[[Case], object]:
    return lambda case: outputs.render(name, case.masked)


STEPS: dict[str, Callable[[Case], object]] = {
    "read": lambda case: read(io.BytesIO(case.data), case.path.name),
    "analysis": lambda case: pipeline.analyze(case.capture, case.policy),
    "together": lambda case: pipeline.analyze(merge([case.report.capture] * 2), case.policy),
    "masks": lambda case: masking.mask(case.run),
    **{name: output(name) for name in outputs.OUTPUTS},
    "check": lambda case: check.render(case.masked),
    "show": lambda case: show.render(case.shown(), case.shown().sessions[0]),
    "svg": lambda case: timeline.render(case.masked, "svg"),
    "extract": lambda case: extract.extract(str(case.path)),
    "compare": lambda case: compare.compare(case.shown(), case.shown()),
    **{
        f"comparison {name}": lambda case, render=render: render(case.compared, case.pair)
        for name, render in comparison.RENDERERS.items()
    },
    "summary": lambda case: totals.text(read_results([("made.ndjson", case.line)])),
}

# Those that were quadratic once, or cost most: `make test` has time for these, `make test-all` tries every shape.
TELLING = (
    "a chain of overlaps",
    "one user, all open",
    "many addresses",
)
ALSO_TELLING = ("pairs", "a tab with many documents", "reloads beside an iframe")  # `make test-all` alone
# These steps take seconds for each shape: `make test` measures them for one.
DEAR = {"csv", "html", "parquet", "svg", "together", "extract", "compare", "summary"} | {
    f"comparison {name}" for name in comparison.RENDERERS
}


@contextmanager
def no_collector() -> Iterator[None]:
    """As the command runs; what was there before is not looked through again and again."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def seconds(step: Callable[[Case], object], case: Case) -> float:
    with no_collector():
        began = time.process_time()
        step(case)
        return time.process_time() - began


def out_of_proportion(step: Callable[[Case], object], small: Case, large: Case) -> str:
    """What it took, where that is too much; once more where it may be the machine."""
    after = seconds(step, large)
    if after <= FLOOR:
        return ""
    before = seconds(step, small)
    for _ in range(TRIES):
        if in_proportion(before, after):
            return ""
        after, again = min(after, seconds(step, large)), [seconds(step, small) for _ in range(3)]
        before = min(after, sorted([before, *again])[1])
    return "" if in_proportion(before, after) else f"{before * 1000:.0f} -> {after * 1000:.0f} ms"


def in_proportion(before: float, after: float) -> bool:
    return after <= FLOOR or after <= FACTOR * before


def assert_in_proportion(shape: str, small: int, large: int, tmp_path: Path, without: Collection[str] = ()) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "large").mkdir()
    one, many = (
        Case(json.dumps(SHAPES[shape](size)).encode(), tmp_path / name / "made.har")
        for size, name in ((small, "small"), (large, "large"))
    )
    steps = {name: step for name, step in STEPS.items() if name not in without}
    slow = {name: problem for name, step in steps.items() if (problem := out_of_proportion(step, one, many))}
    assert slow == {}


@pytest.mark.parametrize("shape", [*TELLING, *(pytest.param(it, marks=pytest.mark.slow) for it in ALSO_TELLING)])
def test_four_times_as_many_take_four_times_as_long(shape: str, tmp_path: Path) -> None:
    if shape == "many addresses":
        assert_in_proportion(shape, 500, 2_000, tmp_path)
    else:
        assert_in_proportion(shape, 500, 2_000, tmp_path, without=DEAR)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_so_do_very_many(shape: str, tmp_path: Path) -> None:
    assert_in_proportion(shape, 5_000, 20_000, tmp_path)


def test_what_is_quadratic_is_found_out() -> None:
    def quadratic(case: Case) -> int:
        return sum(len(case.data[n:]) for n, _ in enumerate(case.data) for _ in range(0, len(case.data), 9))

    def made(size: int) -> Case:
        case = Case.__new__(Case)
        case.data = bytes(size)
        return case

    assert out_of_proportion(quadratic, made(1_200), made(4_800)) != ""


def test_every_command_has_steps_that_are_measured() -> None:
    assert set(COMMANDS) == set(OF_COMMAND) | WITHOUT_CAPTURE
    assert {step for steps in OF_COMMAND.values() for step in steps} <= set(STEPS)


def test_every_output_is_measured() -> None:
    assert set(outputs.OUTPUTS) <= set(STEPS)
    assert {f"comparison {name}" for name in comparison.RENDERERS} <= set(STEPS)

"""How time grows with a capture: `python benchmarks/growth.py [SHAPE...] [--sizes 5000 20000]`.

For each shape of tests/shapes.py (the same thing n times) and each step of tests/test_growth.py: CPU seconds at both
sizes, and the exponent of n between them. A command
takes reading, analysis, masks and one output together. Each shape
has a process of its own, so that none pays for the memory of another.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests")]

from shapes import SHAPES  # noqa: E402 - the line above is for this one
from test_growth import ALSO_TELLING, STEPS, TELLING, Case, seconds  # noqa: E402

SIZES = (5_000, 20_000)
WORST = (*TELLING, *ALSO_TELLING)  # shapes that were quadratic once, or cost most
BEFORE_OUTPUT = ("read", "analysis", "masks")
ALONE = ("extract", "summary")  # these read for themselves
LEAST = 0.1  # seconds: the exponent of what takes less is noise
LINEAR = 1.15  # exponent: n log n, and caches that no longer hold all


class Growth(NamedTuple):
    """One step over one shape."""

    shape: str
    step: str
    small: float  # seconds
    large: float
    times: float  # as many in the large one

    @property
    def exponent(self) -> float:
        return math.log(self.large / max(self.small, 1e-6)) / math.log(self.times)


def measure(shape: str, sizes: Sequence[int] = SIZES) -> Iterator[Growth]:
    """Measure every step over one shape, in this process."""
    small, large = sizes
    with tempfile.TemporaryDirectory() as folder:
        cases = []
        for size in sizes:
            (Path(folder) / str(size)).mkdir()
            cases.append(Case(json.dumps(SHAPES[shape](size)).encode(), Path(folder) / str(size) / "made.har"))
        for name, step in STEPS.items():
            growth = Growth(shape, name, *(seconds(step, case) for case in cases), large / small)
            if growth.large >= LEAST and growth.exponent > LINEAR:  # or the machine was busy
                few, many = (seconds(step, case) for case in cases)
                growth = growth._replace(small=max(few, growth.small), large=min(many, growth.large))
            yield growth


def measure_apart(shapes: Sequence[str], sizes: Sequence[int] = SIZES) -> Iterator[Growth]:
    """Measure every step over each shape, each shape in a process of its own."""
    for shape in shapes:
        command = [sys.executable, __file__, shape, "--lines", "--sizes", *map(str, sizes)]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        yield from (Growth(**json.loads(line)) for line in lines)


def worst(growths: Sequence[Growth]) -> tuple[Growth, tuple[str, str, float]]:
    """Return the step that grows most, and the command that takes longest: its shape, its output and its seconds."""
    most = max((growth for growth in growths if growth.large >= LEAST), key=lambda growth: growth.exponent)
    commands = []
    for shape in {growth.shape for growth in growths}:
        steps = {growth.step: growth.large for growth in growths if growth.shape == shape}
        common = sum(steps.pop(name) for name in BEFORE_OUTPUT)
        took = {step: seconds if step in ALONE else common + seconds for step, seconds in steps.items()}
        slowest = max(took, key=lambda step: took[step])
        commands.append((shape, slowest, took[slowest]))
    return most, max(commands, key=lambda command: command[2])


def main(arguments: argparse.Namespace) -> None:
    shapes = arguments.shapes or list(SHAPES)
    if arguments.lines:
        for growth in measure(shapes[0], arguments.sizes):
            print(json.dumps(growth._asdict()), flush=True)
        return
    growths = []
    for shape in shapes:
        growths += (each := list(measure_apart([shape], arguments.sizes)))
        steps = (f"{it.step} {it.large:.2f} s (^{it.exponent:.2f})" for it in each if it.large >= LEAST)
        print(f"{shape}: {', '.join(steps)}", flush=True)
    growth, (shape, output, took) = worst(growths)
    print(f"grows most: {growth.step} of {growth.shape}, exponent {growth.exponent:.2f}")
    print(f"takes longest: {output} of {shape}, {took:.1f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", nargs="*", metavar="SHAPE")
    parser.add_argument("--sizes", type=int, nargs=2, default=SIZES)
    parser.add_argument("--lines", action="store_true", help=argparse.SUPPRESS)
    main(parser.parse_args())

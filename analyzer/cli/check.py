"""`har-sockets check`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from analyzer import gate
from analyzer.cli.delivery import Delivery
from analyzer.cli.help import POLICY
from analyzer.cli.options import Allowed, Captures, Masking, Reading, Spread, command_with
from analyzer.cli.running import Text, complain, deliver, make_run
from analyzer.cli.screen import one_place, say, terminal, write
from analyzer.model import Run


@command_with(
    hidden=("resume",),
    without=("top", "only"),
    meanings={"output": "Write to this file as well; its suffix selects the format."},
)
def check(
    captures: Captures,
    delivery: Delivery,
    allowed: Allowed,
    reading: Reading,
    masking: Masking,
    spread: Spread,
    write_baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=POLICY,
            help="Write the findings that fail now, for --baseline; exit with 0.",
        ),
    ] = None,
) -> None:
    """Check captures against a policy (for CI).

    Prints PASS, FAIL or UNDECIDED per capture, with the reason. `analyze` and
    `report` take the same options: their JUnit, SARIF and JSON depend on them.

    Example: har-sockets check captures/ --per user --out junit:sockets.xml

    \b
    Exit status:
      0  every capture passes
      1  a capture violates the policy
      2  wrong usage, such as an unknown option
      3  a capture could not be read
      4  a capture is undecided (--allow-undecided accepts it)
      5  no socket opened in a capture (--allow-empty accepts it)
    """
    from analyzer.outputs.check import render
    from analyzer.wording.judgements import first_problem

    delivery.check()
    delivery = delivery.with_printing()
    accept = write_baseline is not None
    run = make_run(
        captures, reading, masking, allowed, delivery, spread, output=write_baseline, with_baseline=not accept
    )
    if write_baseline is not None:
        complain(run)
        _accept(run, delivery, write_baseline)
        raise typer.Exit(gate.UNREADABLE if run.unreadable else 0)
    status = gate.exit_status(run)
    lines = partial(_lines, verbose=delivery.verbose)
    deliver(run, delivery, "text", Text(lines, partial(render, verbose=delivery.verbose)))
    complain(run, delivery)
    is_on_screen = delivery.format in (None, "text") and delivery.prints
    if status not in (0, gate.UNREADABLE) and not (is_on_screen and one_place()):
        say(first_problem(run, status))
    raise typer.Exit(status)


def _lines(run: Run, verbose: bool) -> bytes:
    from analyzer.outputs.check import render

    shape = terminal()
    width = shape["width"] if sys.stdout.isatty() else None  # logs are searched by the line
    return render(run, width=width, color=shape["color"], unicode=shape["unicode"], verbose=verbose)


def _accept(run: Run, delivery: Delivery, path: Path) -> None:
    """Write what fails as known; what else is asked for shows it as such."""
    from analyzer import policy
    from analyzer.outputs.check import render_accepted
    from analyzer.wording import harmless

    judged = [(gate.judge(report, run.policy), harmless.name(report.capture.source)) for report in run.reports]
    baseline = policy.accept((finding, name) for judgement, name in judged for finding in judgement.failing)
    write(path, policy.baseline(baseline))
    accepting = msgspec.structs.replace(
        run.policy,
        baseline=frozenset(it.fingerprint for it in baseline),
        baseline_peaks=tuple((it.fingerprint, it.peak) for it in baseline if it.peak is not None),
    )
    run = msgspec.structs.replace(run, policy=accepting)
    accepted = partial(render_accepted, path=str(path))
    deliver(run, delivery, "text", Text(accepted, accepted))

"""Run `har-sockets compare`."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
import typer

from analyzer import gate
from analyzer.cli.delivery import Delivery
from analyzer.cli.options import GATE, Allowed, Masking, Reading, Spread, Together, command_with
from analyzer.cli.running import analyze_all, choose, complain, finish, make_masks, refuse_overwrite, sources
from analyzer.cli.screen import refuse, show, terminal, write
from analyzer.model import Run

Rendered: TypeAlias = dict[str, Callable[[], bytes]]  # by format


@command_with(
    hidden=(*GATE, "any_", "title", "meta"),
    meanings={
        "format": "Print as text, json, markdown or html.",
        "verbose": "Show every finding, with its cause and advice.",
    },
)
def compare(
    before: Annotated[
        str, typer.Argument(metavar="BEFORE", help="The capture before the change, or a folder of captures.")
    ],
    after: Annotated[
        str,
        typer.Argument(
            metavar="AFTER", help="The capture of the same steps after it, or a folder with files of the same names."
        ),
    ],
    together: Together = False,
    *,
    delivery: Delivery,
    allowed: Allowed,
    reading: Reading,
    masking: Masking,
) -> None:
    """Compare two captures, before and after a change.

    Sockets, peak, overlap time, and findings that are gone, new or still there.
    Of two folders, captures of the same name are compared; with --together the
    captures of each folder are one run.

    Example: har-sockets compare before.har after.har -o change.md
    """
    from analyzer.outputs import comparison as outputs

    allowed.refuse_gate("compare", "har-sockets check AFTER --baseline FILE")
    delivery.refuse_pictures(before, after)
    formats = tuple(outputs.RENDERERS)
    files = delivery.choose_files(formats)
    are_folders = os.path.isdir(before) and os.path.isdir(after) and not together
    named = [sources([it]) if are_folders else choose([it], "compare", together) for it in (before, after)]
    several = are_folders and any(len(names) > 1 for names in named)
    refuse_overwrite([*named[0], *named[1]], [path for _, path in files])
    masks, spread = make_masks(masking), Spread(together=together)
    lots = named if together else [[*named[0], *named[1]]]
    runs = [analyze_all(names, reading, masking, allowed, delivery, spread, masks=masks) for names in lots]
    run = _join(runs)
    if several:
        renderers, text = _pairs(run, [before, after], named)
        complain(run)
    else:
        finish(run)
        from analyzer.compare import compare as compared

        comparison = compared(*run.reports)
        renderers = {name: partial(render, comparison, run) for name, render in outputs.RENDERERS.items()}
        text = partial(outputs.text, comparison, run, verbose=delivery.verbose)
    for name, path in files:
        write(path, renderers[name]())
    if delivery.prints:
        name = delivery.format or "text"
        show(text(**terminal()) if name == "text" else renderers[name]())
    if run.unreadable:
        raise typer.Exit(gate.UNREADABLE)


def _join(runs: list[Run]) -> Run:
    """Join runs of the same policy."""
    reports, unreadable = ([it for run in runs for it in getattr(run, name)] for name in ("reports", "unreadable"))
    return msgspec.structs.replace(runs[0], reports=tuple(reports), unreadable=tuple(unreadable))


def _pairs(run: Run, folders: list[str], named: list[list[str]]) -> tuple[Rendered, Callable[..., bytes]]:
    """Pair the captures of two folders by their names within them, and return how to render that."""
    from analyzer.compare import pair
    from analyzer.outputs import comparison_pairs

    reports = {report.capture.source: report for report in run.reports}
    before, after = (
        {Path(name).relative_to(folder).as_posix(): reports.get(name) for name in names}
        for folder, names in zip(folders, named, strict=True)
    )
    paired = pair(before, after)
    if not paired.pairs and not run.unreadable:
        refuse(f"{folders[0]} and {folders[1]} have no captures of the same name")
    renderers: Rendered = {name: partial(render, paired, run) for name, render in comparison_pairs.RENDERERS.items()}
    return renderers, partial(comparison_pairs.text, paired, run)

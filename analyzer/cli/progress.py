"""How far reading or writing is, on standard error: what is done, time left. Only on a terminal, after a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from analyzer.cli.screen import can_redraw
from analyzer.model import Run

AFTER = 1.0  # seconds
Done = Callable[[int], None]  # takes how many more bytes were read, or captures written


@contextmanager
def show_progress(total: int, quiet: bool = False, writes: bool = False) -> Iterator[Done | None]:
    """What to call with the bytes that are read, of a total (0: nobody can say); None where nobody would see it.

    writes: captures that are written, in place of bytes.

    rich is imported when there is something to show: most captures are read in less than that takes.
    """
    if quiet or not can_redraw():
        yield None
        return
    bar = _Bar(total, writes)
    try:
        yield bar.advance
    finally:
        bar.stop()


def render_page(run: Run) -> bytes:
    """Render a page, and show how many captures are done: thousands take seconds."""
    from analyzer.outputs import html

    with show_progress(len(run.reports), writes=True) as done:
        return html.render(run, done)


class _Bar:
    def __init__(self, total: int, writes: bool = False) -> None:
        self.total = total
        self.writes = writes
        self.done = 0
        self.due = time.monotonic() + AFTER
        self.progress: Any = None
        self.task: Any = None

    def advance(self, count: int) -> None:
        self.done += count
        if self.progress is not None:
            self.progress.update(self.task, completed=self.done)
        elif time.monotonic() > self.due:
            self._start()

    def _start(self) -> None:
        from rich import progress
        from rich.console import Console

        bytes_done = (progress.DownloadColumn(), progress.TransferSpeedColumn())
        done = (progress.MofNCompleteColumn(),) if self.writes else bytes_done
        columns = "Writing" if self.writes else "Reading", progress.BarColumn(), *done, progress.TimeRemainingColumn()
        self.progress = progress.Progress(*columns, console=Console(stderr=True), transient=True)
        self.task = self.progress.add_task("", total=max(self.total, self.done) if self.total else None)
        self.progress.start()
        self.progress.update(self.task, completed=self.done)

    def stop(self) -> None:
        if self.progress is not None:
            self.progress.stop()

"""How far reading is, on standard error: bytes done, rate, time left. Only on a terminal, and only after a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from analyzer.cli.screen import can_redraw

AFTER = 1.0  # seconds
Done = Callable[[int], None]  # so many more bytes are


@contextmanager
def show_progress(total: int, quiet: bool = False) -> Iterator[Done | None]:
    """What to call with the bytes that are done, of so many (0: not known); None where nobody would see it.

    rich is imported when there is something to show: most captures are read in less than that takes.
    """
    if quiet or not can_redraw():
        yield None
        return
    bar = _Bar(total)
    try:
        yield bar.advance
    finally:
        bar.stop()


class _Bar:
    def __init__(self, total: int) -> None:
        self.total = total
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
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self.progress = Progress("Reading", *columns, console=Console(stderr=True), transient=True)
        self.task = self.progress.add_task("", total=max(self.total, self.done) if self.total else None)
        self.progress.start()
        self.progress.update(self.task, completed=self.done)

    def stop(self) -> None:
        if self.progress is not None:
            self.progress.stop()

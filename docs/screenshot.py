"""Draws docs/screenshot.svg: what the terminal shows for one of the samples (`make screenshot`)."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console
from rich.text import Text

from analyzer import Policy, Run, analyze, masking, read
from analyzer.outputs import text

HERE = Path(__file__).parent
SAMPLE = "sample_hars/stream-chat-connect-on-every-mount.har"
WIDTH = 100

report = analyze(read(HERE.parent / SAMPLE, source=SAMPLE))
run = masking.mask(Run((report,), (), Policy()))
console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
console.print(Text(f"$ har-sockets {SAMPLE}\n", style="bold"))
console.print(Text.from_ansi(text.render(run, width=WIDTH, color=True).decode()))
(HERE / "screenshot.svg").write_text(console.export_svg(title="har-sockets", unique_id="har-sockets"), "utf-8")

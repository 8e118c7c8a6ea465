"""`har-sockets record`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from analyzer import gate, loading, masking
from analyzer.cli import words
from analyzer.cli.help import OUTPUT, RECORDING
from analyzer.cli.options import command
from analyzer.cli.running import find_unused
from analyzer.cli.screen import refuse, say, tell, write
from analyzer.formats.har.own_fields import CUT_SHORT
from analyzer.installation import name_program, quote
from analyzer.model import CaptureError, Policy, Run, plural


@command
def record(
    url: Annotated[str, typer.Argument(metavar="URL", help="The page to open first.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.har",
            rich_help_panel=OUTPUT,
            help="Write the recording here, not to recording.har.",
        ),
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", rich_help_panel=RECORDING, help="Show no window; end with --for or Ctrl-C.")
    ] = False,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--for",
            parser=words.seconds,
            metavar="DURATION",
            rich_help_panel=RECORDING,
            help="End the recording after this time: 30s.",
        ),
    ] = None,
) -> None:
    """Open a browser and record its sockets exactly.

    The recording ends when you close the window or press Ctrl-C. It has every
    open and close, so that its verdict is certain.

    Example: har-sockets record https://chat.example -o chat.har
    """
    from analyzer.recorder.browser import RecordingError, record as run

    output = output or find_unused(Path("recording.har"))
    if not output.absolute().parent.is_dir():
        refuse(f"{output}: there is no such folder")
    try:
        har = run(url, headless, seconds, tell)
    except RecordingError as problem:
        refuse(str(problem))
    write(output, json.dumps(har, indent=1).encode() + b"\n")
    sockets = sum(entry["_resourceType"] == "websocket" for entry in har["log"]["entries"])
    tell(f"{output}: {plural(sockets, 'socket')}. {_answer(output)}")
    if sockets:
        tell("The times above count from the start of the recording; those of the analysis from its first page.")
    if not sys.stderr.isatty():  # on a terminal, the receipt says so
        tell(f"Next: {name_program()} {quote(str(output))}")
    if CUT_SHORT.id in har["log"]["_harSockets"].get("caveats", ()):
        say(f"{output}: the browser, or the program that controls it, ended: the recording ends there")
        raise typer.Exit(gate.UNREADABLE)


def _answer(path: Path) -> str:
    """The verdict of a recording, in one sentence."""
    from analyzer.wording.verdict import verdict_sentences

    policy = Policy()
    try:
        run = masking.mask(Run((loading.load([path], policy).reports[0],), (), policy))
    except (CaptureError, IndexError):
        return ""
    return verdict_sentences(run.reports[0], policy)[0]

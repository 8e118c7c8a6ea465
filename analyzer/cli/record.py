"""`har-sockets record`."""

import io
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer import gate, masking
from analyzer.cli import words
from analyzer.cli.help import INPUT, OUTPUT, POLICY, PRIVACY, RECORDING
from analyzer.cli.options import command
from analyzer.cli.saving import Output, choose_output
from analyzer.cli.screen import USAGE, refuse, say, tell
from analyzer.formats import read
from analyzer.formats.har.own_fields import CUT_SHORT
from analyzer.installation import install_hint, name_program, quote
from analyzer.intervals import peak
from analyzer.model import Policy, Report, Run, plural
from analyzer.pipeline import analyze

INTERRUPTED = 128 + signal.SIGINT  # as a shell has it
STATUSES = (USAGE, gate.VIOLATED, gate.UNREADABLE, INTERRUPTED)  # where several hold, the first of these

if TYPE_CHECKING:
    from analyzer.recorder.browser import Outcome, Request
    from analyzer.recorder.document import Recorded
    from analyzer.recorder.recording import Recording


@command
def record(
    url: Annotated[str | None, typer.Argument(metavar="[URL]", help="The page to open first.")] = None,
    attach: Annotated[
        str | None,
        typer.Option(
            "--attach",
            metavar="BROWSER",
            rich_help_panel=INPUT,
            help="Record in a running browser: auto, a port, or an address such as http://127.0.0.1:9222.",
        ),
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option(
            "--profile",
            metavar="FOLDER",
            file_okay=False,
            rich_help_panel=INPUT,
            help="Keep logins in this profile, not in an empty one that is removed at the end.",
        ),
    ] = None,
    ignore_https_errors: Annotated[
        bool, typer.Option("--ignore-https-errors", rich_help_panel=INPUT, help="Accept self-signed certificates.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.har",
            rich_help_panel=OUTPUT,
            help="Write the recording here, not to recording.har: .har, .har.gz or .har.zst.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", rich_help_panel=OUTPUT, help="Replace an earlier file of this name.")
    ] = False,
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
    no_messages: Annotated[
        bool, typer.Option("--no-messages", rich_help_panel=RECORDING, help="Keep of messages only times and sizes.")
    ] = False,
    max_open: Annotated[
        int | None,
        typer.Option(
            "--max-open",
            parser=words.whole(1),
            metavar="N",
            rich_help_panel=POLICY,
            help="End with status 1 if more than N sockets were open at the same time.",
        ),
    ] = None,
    masked: Annotated[
        bool,
        typer.Option(
            "--masked", rich_help_panel=PRIVACY, help="Write an extract: secrets masked, message data removed."
        ),
    ] = False,
) -> None:
    """Open a browser and record its sockets exactly.

    The recording ends when you close the window or press Ctrl-C. It has every
    open and close, so that its verdict is certain. With --attach it records in
    a running browser, and leaves that as it is.

    Example: har-sockets record https://chat.example -o chat.har
    """
    try:
        from analyzer.recorder.browser import Request
        from analyzer.recorder.launch import Settings
    except ImportError:
        refuse(f"recording needs websockets: {install_hint('record')}")
    if attach is not None and (headless or profile is not None or ignore_https_errors):
        refuse("--headless, --profile and --ignore-https-errors are for a browser that is started, not for --attach")
    file = Output(choose_output(output, overwrite), masked)
    request = Request(url, attach, Settings(headless, profile, ignore_https_errors), seconds, not no_messages)
    outcome = _run(request, file, max_open)
    place = _rescue(outcome, file) if outcome.problem else file.path
    report = _analyze(outcome.recorded, str(place or file.path))
    statuses = {USAGE if outcome.problem else 0, _describe(report, max_open)}
    if place is not None and place.is_file():
        _advise(place, () if file.masked else _secrets(outcome.recorded.recording, not no_messages))
    if outcome.is_hurried:
        say(f"{report.capture.source}: saved before the browser had reported everything")
        statuses.add(INTERRUPTED)
    elif CUT_SHORT.id in outcome.recorded.recording.caveats:
        say(f"{report.capture.source}: the browser, or the connection to it, ended: the recording ends there")
        statuses.add(gate.UNREADABLE)
    elif outcome.has_crashed:
        say(f"{report.capture.source}: the browser crashed or was killed: the recording ends there, and is complete")
        statuses.add(gate.UNREADABLE)
    raise typer.Exit(next((status for status in STATUSES if status in statuses), 0))


def _run(request: "Request", file: Output, max_open: int | None) -> "Outcome":
    """Record, and show what is recorded."""
    from analyzer.cli.live import LiveView
    from analyzer.recorder import browser
    from analyzer.recorder.errors import RecordingError

    try:
        with LiveView(max_open or 1) as view:
            screen = browser.Screen(_tell, view.set_hint, view.observe, view.say_console)
            return browser.record(request, file.save, screen)
    except RecordingError as problem:
        refuse(str(problem))
    except browser.Interrupted as interruption:
        raise typer.Exit(128 + interruption.number) from None


def _tell(line: str) -> None:
    with suppress(OSError):  # the terminal was closed: the recording goes on
        tell(line)


def _rescue(outcome: "Outcome", file: Output) -> Path | None:
    """Write what could not be written to its place to another one, and say so."""
    say(outcome.problem)
    place = file.rescue(outcome.recorded)
    if place is not None:
        say(f"the recording is in {place} instead")
    elif file.path.is_file():
        say(f"{file.path} holds the recording as it was when it could be written last")
    return place


def _describe(report: Report, max_open: int | None) -> int:
    """Say what a recording shows; give the exit status that it asks for."""
    from analyzer.wording.verdict import verdict_sentences

    sockets = plural(len(report.sessions), "socket")
    _tell(f"{report.capture.source}: {sockets}. {verdict_sentences(report, Policy())[0]}")
    if report.sessions:
        _tell("The times above count from the start of the recording; those of the analysis from its first page.")
    return 0 if max_open is None else _judge(report, max_open)


def _secrets(recording: "Recording", has_messages: bool) -> tuple[str, ...]:
    """Name what a recording holds that is nobody else's business."""
    if not recording.sockets:
        return ("the tokens in addresses of pages",) if recording.pages else ()
    messages = ("the first messages of each socket",) if has_messages else ()
    console = ("lines of the console",) if recording.console else ()
    return ("the tokens in addresses and handshakes", *messages, *console)


def _advise(path: Path, secrets: Sequence[str]) -> None:
    """Say which secrets a recording holds, and what to do next."""
    name = quote(str(path))
    if secrets:
        *others, last = secrets
        _tell(f"It holds secrets: {', '.join(others)}, and {last}." if others else f"It holds secrets: {last}.")
        _tell(f"To share it: {name_program()} extract {name}")
    if not sys.stderr.isatty():  # on a terminal, the receipt says so
        _tell(f"Next: {name_program()} {name}")


def _judge(report: Report, max_open: int) -> int:
    """Say whether more sockets were open than allowed, as the live view counts them; give the exit status."""
    policy = Policy(max_open=max_open)
    counted = [session for session in report.sessions if policy.counts(session)]
    most = peak(session.proven for session in counted if session.proven is not None)
    if most > max_open:
        _tell(f"Too many: {plural(most, 'socket')} were open at the same time, and --max-open allows {max_open:,}.")
        return gate.VIOLATED
    if report.capture.hides_sockets or peak(it.possible for it in counted if it.possible is not None) > max_open:
        _tell(f"Undecided: it is possible that more than {max_open:,} were open at the same time.")
    return 0


def _analyze(recorded: "Recorded", source: str) -> Report:
    """Analyse a recording, masked."""
    capture = read(io.BytesIO(b"".join(recorded.chunks())), source)
    return masking.mask(Run((analyze(capture),), (), Policy())).reports[0]

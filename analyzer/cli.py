"""The command line: options in, library called, bytes written, exit status chosen. It has no opinions."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn, TypedDict

import msgspec
import typer
from typer.core import TyperGroup

from analyzer import fleet, outputs, redaction
from analyzer.model import MILLISECOND, SECOND, CaptureError, Instant, Policy, Report, Run, Scope, Session, Unreadable
from analyzer.providers import CatalogueError, Row, load
from analyzer.version import VERSION

if TYPE_CHECKING:
    from datetime import timedelta

USAGE, UNREADABLE = 2, 3
APP_MODES = ("development", "production")
PICTURES = (".png", ".svg", ".pdf")

EXAMPLES = """\b
Examples:
  har-sockets chat.har                         who was open when, and every overlap
  har-sockets captures/ 'more/*.har.gz'        many captures, a line each
  har-sockets chat.har --format json           the same for programs
  har-sockets show chat.har 2                  all about socket #2
  har-sockets timeline chat.har -o chart.png   the picture
  har-sockets report chat.har -o report.html   a page to sign and to share
  har-sockets extract chat.har -o small.har    only the sockets, masked, for a ticket

\b
Exit status: 0 done, 2 wrong usage, 3 a capture could not be read."""


class DefaultCommand(TyperGroup):
    """`har-sockets CAPTURE...` is `har-sockets analyze CAPTURE...`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = ("--help", "--version", "--install-completion", "--show-completion")
        if args and args[0] not in self.commands and not args[0].startswith(own):
            args = ["analyze", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=DefaultCommand, rich_markup_mode=None, no_args_is_help=True, pretty_exceptions_enable=False)

Captures = Annotated[
    list[str],
    typer.Argument(
        metavar="CAPTURE...", help="HAR files, folders, globs, or - for standard input.", show_default=False
    ),
]
ShowSecrets = Annotated[bool, typer.Option("--show-secrets", help="Do not mask tokens and other values in URLs.")]
Title = Annotated[str | None, typer.Option("--title", metavar="TEXT", help="The title of a report.")]
Meta = Annotated[
    list[str] | None,
    typer.Option("--meta", metavar="KEY=VALUE", help="Shown at the head of a report: release, build; repeatable."),
]
ShowUsers = Annotated[bool, typer.Option("--show-users", help="Do not mask the users of known services.")]
RedactionKey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        help="Masks are a hash with this key: equal for equal values in every run.",
    ),
]
Providers = Annotated[
    Path | None, typer.Option(metavar="FILE.toml", help="Services of your own, tried before the known ones.")
]
Per = Annotated[
    str, typer.Option(metavar="SCOPE", help="Count sockets together per capture, page, endpoint, service or user.")
]
MaxOpen = Annotated[int, typer.Option(min=1, metavar="N", help="How many may be open at once.")]
Tolerance = Annotated[int, typer.Option(min=0, metavar="MS", help="An overlap that ended sooner is told as brief.")]
AppMode = Annotated[
    str | None,
    typer.Option(metavar="MODE", help="development or production: fail above the service's limit for a user."),
]
CountDevServers = Annotated[
    bool, typer.Option("--count-dev-servers", help="Sockets of dev servers count in the overlap rules, too.")
]
Assume = Annotated[
    str | None, typer.Option(metavar="no-bfcache", help="What the capture cannot tell: the back/forward cache was off.")
]


def _version(asked: bool) -> None:
    if asked:
        print(f"har-sockets {VERSION}")
        raise typer.Exit


@app.callback(epilog=EXAMPLES)
def root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """WebSockets in a HAR: who was open when, every moment with more than one open, and how sure that is.

    `har-sockets CAPTURE...` is short for `har-sockets analyze CAPTURE...`.
    """


@app.command(epilog=EXAMPLES)
def analyze(
    captures: Captures,
    format: Annotated[
        str, typer.Option(metavar="NAME", help="text, json, ndjson, csv or markdown, to standard output.")
    ] = "text",
    out: Annotated[
        list[str] | None, typer.Option(metavar="NAME:PATH", help="Write a format to a file as well; repeatable.")
    ] = None,
    per: Per = "capture",
    max_open: MaxOpen = 1,
    tolerance: Tolerance = 250,
    app_mode: AppMode = None,
    count_dev_servers: CountDevServers = False,
    assume: Assume = None,
    providers: Providers = None,
    show_secrets: ShowSecrets = False,
    title: Title = None,
    meta: Meta = None,
    show_users: ShowUsers = False,
    redaction_key: RedactionKey = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard output.")] = False,
) -> None:
    """Who was open when, every overlap, every finding."""
    wanted = [_output(spec) for spec in out or ()]
    _known(format)
    policy = _policy(per, max_open, tolerance, app_mode, count_dev_servers, assume)
    run = _headed(_run(captures, policy, providers, _Masking(show_secrets, show_users, redaction_key)), title, meta)
    for name, path in wanted:
        _write(path, outputs.render(name, run))
    if not quiet:
        _print(_text(run) if format == "text" else outputs.render(format, run))
    _finish(run)


@app.command()
def show(
    capture: Annotated[str, typer.Argument(metavar="CAPTURE", help="A HAR file, or - for standard input.")],
    socket: Annotated[str, typer.Argument(metavar="SOCKET", help="Its number: 2 or s2.")],
    assume: Assume = None,
    providers: Providers = None,
    show_secrets: ShowSecrets = False,
    show_users: ShowUsers = False,
    redaction_key: RedactionKey = None,
) -> None:
    """All that the capture says about one socket: handshake, page, who opened it, rhythm of messages (never data).

    Example: har-sockets show chat.har 2
    """
    policy = Policy(assume_no_bfcache=_no_bfcache(assume))
    run = _run([capture], policy, providers, _Masking(show_secrets, show_users, redaction_key))
    _finish(run)
    if len(run.reports) != 1:
        _refuse(f"{capture}: `show` takes one capture, this is {len(run.reports)}")
    report = run.reports[0]
    from analyzer.outputs import show as screen

    _print(screen.render(report, _session(report, socket), **_terminal()))


@app.command()
def timeline(
    captures: Captures,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The picture: .png, .svg or .pdf.")],
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Seconds from a capture's start, or ISO 8601.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Likewise.")] = None,
    width: Annotated[float, typer.Option(min=6, max=60, metavar="INCHES", help="How wide the picture is.")] = 12.0,
    dpi: Annotated[int, typer.Option(min=50, max=600, metavar="N", help="Pixels an inch.")] = 150,
    assume: Assume = None,
    providers: Providers = None,
    show_secrets: ShowSecrets = False,
    show_users: ShowUsers = False,
    redaction_key: RedactionKey = None,
) -> None:
    """The timeline as a picture: a lane a socket, certain solid, possible hatched, overlaps shaded.

    Several captures are drawn one below the other, at most 8.

    Example: har-sockets timeline chat.har -o chart.png --from 1.5 --to 4
    """
    if output.suffix.lower() not in PICTURES:
        _refuse(f"{output}: a picture is one of {', '.join(PICTURES)}")
    policy = Policy(assume_no_bfcache=_no_bfcache(assume))
    run = _run(captures, policy, providers, _Masking(show_secrets, show_users, redaction_key))
    if run.reports:
        from analyzer.outputs import timeline as chart

        kind = output.suffix.lower()[1:]
        try:
            drawn = chart.render(run, kind, width=width, dpi=dpi, start=_when(start), end=_when(end))
        except ValueError as problem:
            _refuse(f"--from {start or 'the start'} --to {end or 'the end'}: {problem}")
        _write(output, drawn)
    _finish(run)


@app.command()
def report(
    captures: Captures,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The report; its suffix says the format, .html first."),
    ],
    title: Title = None,
    meta: Meta = None,
    per: Per = "capture",
    max_open: MaxOpen = 1,
    tolerance: Tolerance = 250,
    app_mode: AppMode = None,
    count_dev_servers: CountDevServers = False,
    assume: Assume = None,
    providers: Providers = None,
    show_secrets: ShowSecrets = False,
    show_users: ShowUsers = False,
    redaction_key: RedactionKey = None,
) -> None:
    """A report to sign or to attach: one HTML page (.html), .md for a pull request, .txt, .json, .ndjson or .csv.

    Example: har-sockets report chat.har -o report.html --title "Release 4.2" --meta build=1234
    """
    name = outputs.SUFFIXES.get(output.suffix.lower())
    if name is None:
        _refuse(f"{output}: a report is one of {', '.join(outputs.SUFFIXES)}")
    policy = _policy(per, max_open, tolerance, app_mode, count_dev_servers, assume)
    run = _headed(_run(captures, policy, providers, _Masking(show_secrets, show_users, redaction_key)), title, meta)
    _write(output, outputs.render(name, run))
    _finish(run)


@app.command()
def extract(
    capture: Annotated[str, typer.Argument(metavar="CAPTURE", help="A HAR file.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.har", help="The small HAR.")],
    providers: Providers = None,
    redaction_key: RedactionKey = None,
) -> None:
    """A small, masked HAR with only the sockets, to attach to a ticket: it gives the same answer.

    Example: har-sockets extract chat.har -o sockets.har
    """
    from analyzer.extract import extract as make

    (source, *others) = _captures([capture])
    if others:
        _refuse(f"{capture}: `extract` takes one capture, this is {len(others) + 1}")
    try:
        made = make(source, _rows(providers), redaction_key)
    except CaptureError as error:
        _say(str(error))
        raise typer.Exit(UNREADABLE) from None
    _write(output, made.data)
    for label, counts in (("kept", made.kept), ("removed", made.removed), ("dropped", (("entries", made.dropped),))):
        told = ", ".join(f"{what} {number:,}" for what, number in counts)
        _print(f"{label + ':':<9}{told or 'nothing'}\n".encode())


@app.command()
def record(
    url: Annotated[str, typer.Argument(metavar="URL", help="The page to begin with.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.har", help="The recording.")],
    headless: Annotated[bool, typer.Option("--headless", help="Without a window; ends with --for or Ctrl-C.")] = False,
    seconds: Annotated[
        float | None, typer.Option("--for", min=0.1, metavar="SECONDS", help="End the recording after so long.")
    ] = None,
) -> None:
    """Open a browser and record when each socket opens and closes, until its window is closed or Ctrl-C.

    Example: har-sockets record https://chat.example -o chat.har
    """
    import json

    from analyzer.testing.command import RecordingError
    from analyzer.testing.command import record as run

    if not output.absolute().parent.is_dir():
        _refuse(f"{output}: there is no such folder")
    try:
        har = run(url, headless, seconds, _say)
    except RecordingError as problem:
        _refuse(str(problem))
    _write(output, json.dumps(har, indent=1).encode() + b"\n")
    sockets = sum(entry["_resourceType"] == "websocket" for entry in har["log"]["entries"])
    _say(f"{output}: {sockets:,} sockets; har-sockets {output} tells more")


# -- from words to values --------------------------------------------------------------------------------------


def _known(name: str) -> None:
    if name not in outputs.OUTPUTS:
        _refuse(f"--format {name}: not one of {', '.join(outputs.OUTPUTS)}")


def _output(spec: str) -> tuple[str, Path]:
    name, colon, path = spec.partition(":")
    if not colon or not path or name not in outputs.OUTPUTS:
        _refuse(f"--out {spec}: give NAME:PATH with NAME one of {', '.join(outputs.OUTPUTS)}")
    return name, Path(path)


def _headed(run: Run, title: str | None, meta: list[str] | None) -> Run:
    """The run with what whoever asks for a report says of it."""
    pairs = [it.partition("=") for it in meta or ()]
    wrong = next((key + equals + value for key, equals, value in pairs if not key or not equals), None)
    if wrong is not None:
        _refuse(f"--meta {wrong}: give KEY=VALUE")
    return msgspec.structs.replace(run, title=title, meta=tuple((key, value) for key, _, value in pairs))


def _policy(
    per: str, max_open: int, tolerance: int, app_mode: str | None, count_dev_servers: bool, assume: str | None
) -> Policy:
    if per not in tuple(Scope):
        _refuse(f"--per {per}: not one of {', '.join(Scope)}")
    if app_mode not in (None, *APP_MODES):
        _refuse(f"--app-mode {app_mode}: not one of {', '.join(APP_MODES)}")
    return Policy(
        per=Scope(per),
        max_open=max_open,
        tolerance=tolerance * MILLISECOND,
        app_mode=app_mode,
        count_dev_servers=count_dev_servers,
        assume_no_bfcache=_no_bfcache(assume),
    )


def _no_bfcache(assume: str | None) -> bool:
    if assume not in (None, "no-bfcache"):
        _refuse(f"--assume {assume}: the only assumption is no-bfcache")
    return assume is not None


def _session(report: Report, name: str) -> Session:
    number = name.lower().removeprefix("s").removeprefix("#")
    if not number.isascii() or not number.isdigit() or not 1 <= int(number[:9]) <= len(report.sessions):
        have = f"it has #1 to #{len(report.sessions)}" if report.sessions else "it has none"
        _refuse(f"{report.capture.source}: no socket {name}: {have}")
    return report.sessions[int(number) - 1]


def _when(text: str | None) -> Instant | timedelta | None:
    """Seconds from the first instant of each capture, or a date."""
    if text is None:
        return None
    from datetime import UTC, datetime, timedelta

    try:
        return timedelta(seconds=float(text))
    except (ValueError, OverflowError):
        pass
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        _refuse(f"{text}: neither seconds nor a date like 2026-11-23T18:00:00Z")
    return round((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() * SECOND)


# -- doing it --------------------------------------------------------------------------------------------------


class _Masking(NamedTuple):
    show_secrets: bool
    show_users: bool
    key: str | None


def _run(captures: list[str], policy: Policy, providers: Path | None, masking: _Masking) -> Run:
    results = list(fleet.results(_captures(captures), policy, _rows(providers)))
    run = Run(
        tuple(result for result in results if isinstance(result, Report)),
        tuple(result for result in results if isinstance(result, Unreadable)),
        policy,
    )
    return redaction.masked(run, secrets=not masking.show_secrets, users=not masking.show_users, key=masking.key)


def _captures(asked: list[str]) -> list[str]:
    try:
        return fleet.expand(asked)
    except fleet.NothingToRead as problem:
        _refuse(str(problem))


def _rows(providers: Path | None) -> tuple[Row, ...]:
    """The user's own services."""
    try:
        return () if providers is None else load(providers)
    except CatalogueError as problem:
        _refuse(f"{providers}: {problem}")


def _text(run: Run) -> bytes:
    from analyzer.outputs import text

    return text.render(run, **_terminal())


class _Terminal(TypedDict):
    width: int
    color: bool
    unicode: bool


def _terminal() -> _Terminal:
    """What standard output can show (https://no-color.org, FORCE_COLOR)."""
    import shutil

    able = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    color = bool(os.environ.get("FORCE_COLOR")) or (able and not os.environ.get("NO_COLOR"))
    unicode = (sys.stdout.encoding or "").lower().startswith("utf") and os.environ.get("TERM") != "dumb"
    return {"width": max(40, shutil.get_terminal_size((80, 24)).columns), "color": color, "unicode": unicode}


def _print(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # `| head`: nobody wants the rest
            _refuse(f"standard output cannot be written: {error.strerror}")


def _write(path: Path, data: bytes) -> None:
    """Atomically: a report that fails leaves no half file."""
    import tempfile

    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            file.write(data)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(file.name, 0o666 & ~umask)  # a temporary file is its owner's alone
        os.replace(file.name, path)
    except OSError as error:
        _refuse(f"{path}: cannot be written: {error.strerror}")


def _finish(run: Run) -> None:
    for it in run.unreadable:
        _say(f"{it.source}: {it.problem}")
    if run.unreadable:
        raise typer.Exit(UNREADABLE)


def _refuse(problem: str) -> NoReturn:
    _say(problem)
    raise typer.Exit(USAGE)


def _say(problem: str) -> None:
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in problem)
    print(f"har-sockets: {shown}".encode(errors="backslashreplace").decode(), file=sys.stderr)


def main() -> NoReturn:
    """The entry point. Never returns; the process ends with the status of the contract."""
    status: object = 0
    try:
        app()
    except SystemExit as leaving:
        status = leaving.code
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status if isinstance(status, int) else 1)  # what the operating system frees needs no tidying up

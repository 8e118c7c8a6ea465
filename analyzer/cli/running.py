"""Read and analyse captures, and deliver the run: what the commands on captures have in common."""

from __future__ import annotations

import glob
import os
import re
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
import typer

from analyzer import fleet, gate, outputs
from analyzer.cli import progress, settings
from analyzer.cli.delivery import Delivery, refuse_same_file
from analyzer.cli.options import Allowed, Masking, Reading, Spread
from analyzer.cli.screen import append, one_place, refuse, say, show, tell, terminal, write
from analyzer.formats import join_parts
from analyzer.formats.registry import NAMES
from analyzer.masking import Masks, mask_result
from analyzer.masking.names import digest
from analyzer.model import Capture, Policy, Report, Run, Unreadable, name_source, plural
from analyzer.patterns import Pattern
from analyzer.pipeline import analyze
from analyzer.rules import RULES
from analyzer.services import loading
from analyzer.version import VERSION

if TYPE_CHECKING:
    from analyzer.cli.streaming import Lines, Sink

Render = Callable[[Run], bytes]
Result = Report | Unreadable
NAMED = 5  # unreadable captures that a terminal names one by one
NAMED_AFTER = "|".join(re.escape(suffix) for suffix in sorted(NAMES, key=len, reverse=True))
CAPTURE_SUFFIX = Pattern(rf"(?:{NAMED_AFTER})?(?:\.gz|\.zst|\.zip)?$|\.json$|\.txt$", re.IGNORECASE)


def make_run(
    captures: list[str],
    reading: Reading,
    masking: Masking,
    allowed: Allowed = Allowed(),  # noqa: B008 - frozen
    delivery: Delivery = Delivery(),  # noqa: B008
    spread: Spread = Spread(),  # noqa: B008
    *,
    output: Path | None = None,
    with_baseline: bool = True,
) -> Run:
    """The captures, analysed and masked, with what whoever asks says of them. `output`: is written, too."""
    if spread.resume:
        way = "`har-sockets analyze CAPTURE... -q --resume --out ndjson:FILE`"
        refuse(f"--resume continues a file with one line per capture: {way}")
    names = resolve(captures, reading, delivery, output)
    return analyze_all(names, reading, masking, allowed, delivery, spread, with_baseline)


def resolve(captures: list[str], reading: Reading, delivery: Delivery, output: Path | None = None) -> list[str]:
    """List the captures that are meant, once all that was asked for is known to be possible."""
    delivery.check()
    written = [path for _, path in delivery.files()] + ([] if output is None else [output])
    refuse_same_file(written)
    for path in set(written) - set(delivery.datasets()):
        if not path.absolute().parent.is_dir():
            refuse(f"{path}: cannot be written: there is no folder {path.parent}")
    names = sources(captures, reading.any_)
    refuse_overwrite(names, written)
    return names


def analyze_all(
    names: list[str],
    reading: Reading,
    masking: Masking,
    allowed: Allowed,
    delivery: Delivery,
    spread: Spread = Spread(),  # noqa: B008
    with_baseline: bool = True,
    masks: Masks | None = None,
) -> Run:
    """Analyse and mask these files; one that is named twice is analysed twice. `masks`: continue with these."""
    terms = settings.terms(reading, allowed, with_baseline)
    with progress.show_progress(sum(map(fleet.size, names))) as done:
        try:
            analysis = (
                analyze_together(names, terms, done) if spread.together else analyze_each(names, terms, spread, done)
            )
            results = list(analysis)
        except fleet.NoWorkers as problem:
            refuse(str(problem))
    masks = masks or make_masks(masking)
    return _run([mask_result(result, masks) for result in results], terms.policy, delivery)


def make_masks(masking: Masking, ordinal: Callable[[str, str], int] | None = None) -> Masks:
    """Make what names secrets and users of a run."""
    return Masks(not masking.show_secrets, not masking.show_users, masking.redaction_key, ordinal)


def analyze_each(
    names: list[str], terms: settings.Terms, spread: Spread, done: progress.Done | None = None
) -> Generator[Result]:
    """Results as they come, by whoever is asked to work; `done` is told of the bytes. Raises NoWorkers."""
    return fleet.results(names, *terms, jobs=spread.processes(), scheduler=spread.scheduler, progress=done)


def analyze_together(names: list[str], terms: settings.Terms, done: progress.Done | None = None) -> Generator[Result]:
    """Yield one result for all captures that can be read, and one for each of the others."""
    captures: list[Capture] = []
    unreadable: list[Unreadable] = []
    for one in fleet.read_each(names, done):
        if isinstance(one, Unreadable):
            unreadable.append(one)
        else:
            captures.append(one)
    captures = join_parts(captures)
    if captures:
        from analyzer.merge import merge

        yield analyze(merge(captures) if len(captures) > 1 else captures[0], *terms)
    yield from unreadable


def stream(
    captures: list[str], reading: Reading, masking: Masking, allowed: Allowed, delivery: Delivery, spread: Spread
) -> NoReturn:
    """Write lines, and rows of a Parquet dataset, as results come; name what cannot be read immediately."""
    from analyzer.cli.next_step import CommonSockets
    from analyzer.cli.streaming import Lines, Stream

    names = resolve(captures, reading, delivery)
    terms = settings.terms(reading, allowed)
    if spread.resume and delivery.datasets():
        refuse(
            "--resume continues a file of lines, but a Parquet folder is always written from the start: leave one out"
        )
    options = _digest_options(terms, reading, masking)
    lines = next((Lines(path, options, spread.resume) for path in delivery.lines()), None)
    if lines is not None and (others := lines.count_others(names)):
        earlier = plural(others, "earlier result")
        say(f"--resume: {earlier} of captures that are not among these {len(names):,}: left out")
    ordinal = None
    if lines is not None and lines.names is not None and masking.redaction_key is None:
        ordinal = lines.names.ordinal
    masks = make_masks(masking, ordinal)
    streaming = Stream(_sinks(lines, terms.policy, delivery), lines, masks, delivery.prints)
    common = CommonSockets()
    is_silent = delivery.prints and sys.stdout.isatty()  # the lines themselves show how far it is
    try:
        with progress.show_progress(sum(map(fleet.size, names)), is_silent) as advance:
            finished = _find_finished(names, lines, advance)
            new = [name for name in names if name not in finished]
            with closing(analyze_each(new, terms, spread, advance)) as results:
                for name in names:
                    if name in finished:
                        streaming.repeat(name)
                    else:
                        result = next(results)
                        streaming.add(result)
                        if isinstance(result, Report):
                            common.add(result)
    except (SystemExit, fleet.NoWorkers) as problem:  # Ctrl-C (`main`); a scheduler that is not there, or no longer
        streaming.explain_interruption(problem, len(names))
        raise
    streaming.finish()
    if suggestion := common.suggest():
        say(suggestion)
    raise typer.Exit(gate.UNREADABLE if streaming.unreadable else 0)


def _digest_options(terms: settings.Terms, reading: Reading, masking: Masking) -> str:
    """Digest everything that changes a line, so that `--resume` continues no file with other options."""
    key = masking.redaction_key
    options: tuple[object, ...] = (
        reading.any_,
        *terms,
        loading.builtin(),
        masking.show_secrets,
        masking.show_users,
        VERSION,
        None if key is None else digest(key, "options", ""),
    )
    encoded = msgspec.json.encode(options, enc_hook=int, order="deterministic")  # int: of Microseconds
    return digest("", "options", encoded.decode())


def _sinks(lines: Lines | None, policy: Policy, delivery: Delivery) -> list[Sink]:
    """List where results go: Parquet folders, a file of lines, standard output."""
    from analyzer.cli.streaming import Dataset, Printed

    part = _run([], policy, delivery)
    sinks: list[Sink] = [Dataset(folder, part, partial(render, "parquet")) for folder in delivery.datasets()]
    if lines is not None:
        sinks.append(lines)
    if delivery.prints:
        sinks.append(Printed())
    return sinks


def _find_finished(names: Iterable[str], lines: Lines | None, advance: progress.Done | None) -> set[str]:
    """Find the captures whose result of an earlier run still holds: each is read for that."""
    finished: set[str] = set()
    if lines is not None:
        for name in filter(lines.has, names):
            finished.add(name)
            if advance is not None:
                advance(fleet.size(name))
    return finished


def _run(results: list[Result], policy: Policy, delivery: Delivery) -> Run:
    return Run(
        tuple(result for result in results if isinstance(result, Report)),
        tuple(result for result in results if isinstance(result, Unreadable)),
        policy,
        delivery.title,
        delivery.pairs(),
        RULES,
        zone=delivery.zone(),
    )


def sources(captures: list[str], any_name: bool | None = None) -> list[str]:
    """List the captures that are meant; say which other files were passed over. None: the command has no `--any`."""
    try:
        selection = fleet.find(captures, bool(any_name))
    except fleet.NothingToRead as problem:
        refuse(str(problem))
    if selection.passed_over:
        suffixes = ", ".join(fleet.list_suffixes(selection.passed_over))
        passed = f"{plural(selection.passed_over.total(), 'other file')} passed over ({suffixes})"
        if any_name:
            tell(f"--any: {plural(len(selection.captures), 'capture')}; {passed}")
        else:
            tell(passed + (": --any reads those that are captures" if any_name is not None else ""))
    return selection.captures


def choose(captures: list[str], command: str, together: bool = False) -> list[str]:
    """List the captures that are meant, where a command gives one answer: one of them, or several of one run."""
    names = sources(captures)
    if len(names) > 1 and not together:
        source = f"{captures[0]}: " if len(captures) == 1 else ""
        have = "this has" if source else "these are"
        refuse(
            f"{source}`{command}` takes one capture, and {have} {len(names)}. Name one of them: {names[0]}; "
            "or give --together for captures of one run"
        )
    return names


def default_output(captures: Sequence[str], ending: str) -> Path:
    """Name a file in the current folder after the captures: `chat.har` and `report.html` give `chat.report.html`."""
    name = captures[0] if len(captures) == 1 else "captures"
    if fleet.STANDARD_INPUT in captures:
        name = "capture"
    last = os.path.basename(os.path.abspath(name)) if "://" not in name else name.partition("?")[0].rpartition("/")[2]
    several = glob.has_magic(last) and not os.path.lexists(name)
    stem = CAPTURE_SUFFIX.sub("", "captures" if several else last)
    return Path(f"{stem or 'capture'}.{ending}")


def find_unused(path: Path) -> Path:
    """Number a name that is taken: what is there may be a capture."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return next(it for it in chain([path], numbered) if not it.exists())


def with_default_output(delivery: Delivery, captures: Sequence[str], ending: str) -> Delivery:
    """Name the file that is written where no name was given."""
    if delivery.output is None:
        return delivery._replace(output=default_output(captures, ending))
    return delivery._replace(output=in_folder(delivery.output, captures, ending))


def in_folder(output: Path, captures: Sequence[str], ending: str) -> Path:
    """Name a file in the folder that was given in place of a file."""
    return output / default_output(captures, ending) if output.is_dir() else output


class Text(msgspec.Struct, frozen=True):
    """What stands in place of the format `text`: as this terminal shows it, and as a file holds it."""

    on_screen: Render
    in_file: Render


def refuse_overwrite(names: Iterable[str], written: Iterable[Path]) -> None:
    """Refuse to write over a capture."""
    places = {(at.st_dev, at.st_ino): path for path in written if path.exists() and (at := path.stat())}
    for name in names if places else ():
        file = fleet.file_of(name)
        if os.path.exists(file) and (path := places.get(((at := os.stat(file)).st_dev, at.st_ino))) is not None:
            refuse(f"{path}: this is a capture that is read: write to another file")


def deliver(run: Run, delivery: Delivery, format: str | None = None, text: Text | None = None) -> None:
    """Deliver a run: files first, then standard output as `--format` says, else as `format`, else nothing."""
    folders = delivery.datasets()
    for name, path in delivery.files():
        if path in folders:
            _dataset(path, run)
        elif name in outputs.PICTURES:
            write_picture(path, run, name)
        elif name == "markdown":
            write(path, _markdown(run, path, delivery))
        else:
            write(path, text.in_file(run) if text and name == "text" else render(name, run))
    printed_format = delivery.format or format
    if printed_format == "github" and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        _step_summary(Path(summary), run)
    if printed_format and delivery.prints:
        as_text = text.on_screen if text else partial(_text, verbose=delivery.verbose)
        show(as_text(run) if printed_format == "text" else render(printed_format, run))


def _markdown(run: Run, path: Path, delivery: Delivery) -> bytes:
    """Render a page that shows the picture of the same run, where that is written beside it or in a folder there."""
    from analyzer.outputs import markdown

    folder = path.absolute().parent
    pictures = [it.absolute() for name, it in delivery.files() if name in ("svg", "png")]
    beside = [it.relative_to(folder).as_posix() for it in pictures if it.is_relative_to(folder)]
    return markdown.render(run, next(iter(beside), None))


def write_picture(path: Path, run: Run, format: str, **options: Any) -> None:
    """Draw the timeline; without a capture there is nothing to draw. Raises ValueError for a stretch that is empty."""
    if not run.reports:
        return
    from analyzer.outputs import timeline
    from analyzer.outputs.chart import PANELS

    write(path, timeline.render(run, format, **options))
    if len(run.reports) > PANELS:
        say(f"{path}: the worst {PANELS} of {len(run.reports):,} captures are drawn")


def _dataset(folder: Path, run: Run) -> None:
    from analyzer.cli.streaming import Dataset

    sink = Dataset(folder, run, partial(render, "parquet"))
    for report in run.reports:
        sink.take(report)
    sink.finish()


def render(name: str, run: Run) -> bytes:
    """The bytes of a run in the named format."""
    try:
        return progress.render_page(run) if name == "html" else outputs.render(name, run)
    except outputs.NotInstalled as problem:
        refuse(str(problem))


def _text(run: Run, verbose: bool) -> bytes:
    from analyzer.outputs import text

    return text.render(run, **terminal(), cut=sys.stdout.isatty(), verbose=verbose)


def _step_summary(path: Path, run: Run) -> None:
    """The page that GitHub shows of a step; other commands of the step write to the same file."""
    from analyzer.outputs import github

    if not append(path, github.step_summary(run), github.SUMMARY):
        say(f"{path}: the step's summary would be larger than GitHub takes ({github.SUMMARY:,} bytes): not written")


def select(run: Run, spread: Spread, delivery: Delivery | None = None) -> Run:
    """Return the captures that `--only` and `--top` ask for; the exit status goes by the whole run.

    Say that there are none, unless the text that is printed says so.
    """
    if not spread.selects:
        return run
    from analyzer import triage
    from analyzer.wording import counts

    selection = triage.select(run, spread.only or (), spread.top)
    is_text = delivery is not None and delivery.prints and delivery.format in (None, "text")
    if (nothing := counts.no_match(selection)) and not is_text:
        say(nothing)
    return selection


def complain(run: Run, delivery: Delivery | None = None, selection: Run | None = None) -> None:
    """Suggest `--together` for captures of one run, and name what could not be read, one line per capture; not again
    on a terminal that shows it among the results.

    `selection`: what the terminal shows of the run.
    """
    if len(run.reports) > 1:
        from analyzer.cli.next_step import suggest_together

        if suggestion := suggest_together(run.reports):
            say(suggestion)
    unread = run.unreadable
    if delivery is not None and delivery.format in (None, "text") and delivery.prints and one_place():
        unread = tuple(it for it in unread if it not in (selection or run).unreadable)
    most = NAMED if sys.stderr.isatty() else len(unread)
    for capture in unread[:most]:
        say(f"{name_source(capture.source)}: {capture.problem}")
    if len(unread) > most:
        say(f"{plural(len(unread) - most, 'more capture')} cannot be read: --only unreadable")


def finish(run: Run, delivery: Delivery | None = None, selection: Run | None = None) -> None:
    """What could not be read, and the status for it."""
    complain(run, delivery, selection)
    if run.unreadable:
        raise typer.Exit(gate.UNREADABLE)

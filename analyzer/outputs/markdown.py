"""The report for a pull request or a ticket: verdict, table, findings, services and limits, in GitHub's Markdown.

Never above `LARGEST` bytes, whatever the run: rows are left out, and how many is said. Text from a capture is text:
no HTML, no link, no mention, no reference to an issue, no broken table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from analyzer.model import Report, Run, Value
from analyzer.outputs import origins, services, summary, terminal
from analyzer.outputs.summary import TITLE
from analyzer.outputs.text import tried_sentence
from analyzer.version import VERSION

SUFFIX = ".md"
LARGEST = 60_000  # bytes; GitHub takes 65 536 characters
JOINER = "\u2060"  # a word joiner: shown as nothing, and GitHub finds no link, mention or number of an issue across it
MARKS = re.compile(r"([\\`*_{}\[\]<>#!|~$^])")
START = re.compile(r"^(\d+(?=[.)])|(?=[-+=]))")  # what at the start of a line begins a list or underlines a heading
# What GitHub makes a link of by itself: www., a mail address or mention, the number of an issue, a commit, an address;
# and an emoji of a word.
LINKS = re.compile(
    r"(?i)(?<=www)(?=\.)|(?<=@)|(?<=#)(?=\d)|(?<=gh)(?=-\d)|(?<=\b[\da-f]{3})(?=[\da-f]{4,37}\b)|(?<=:)(?=/)"
    r"|(?<=:)(?=[\d_+\\-]*[a-z][\w+\\-]*:)"
)
ALL, JSON = "`--format csv` has them all", "`--format json` has them all"


class Size(Value, frozen=True):
    """How much of a run is shown."""

    captures: int
    index: int  # captures with a line
    sockets: int
    findings: int
    lines: int  # of any other list
    letters: int  # of any one text


SIZES = (
    Size(100, 400, 100, 40, 20, 600),
    Size(50, 400, 40, 20, 10, 400),
    Size(20, 400, 20, 10, 5, 300),
    Size(10, 300, 8, 5, 3, 200),
    Size(4, 200, 3, 3, 2, 80),
)


def render(run: Run) -> bytes:
    for size in SIZES:
        page = "\n".join(_page(run, size)).encode("utf-8")
        if len(page) <= LARGEST:
            break
    return page


def escaped(text: str, most: int = 600) -> str:
    """Text of a capture as plain text of Markdown, also within a table."""
    shown = START.sub(r"\1\\", MARKS.sub(r"\\\1", summary.safe(text, most).strip()))
    return LINKS.sub(JOINER, shown.replace("&", "&amp;").replace(r"\<", "&lt;").replace(r"\>", "&gt;"))


def _page(run: Run, size: Size) -> Iterable[str]:
    yield f"# {_text(run.title or TITLE, size)}"
    yield ""
    for key, value in run.meta[: size.lines]:
        yield f"- {_text(key, size)}: {_text(value, size)}"
    yield from _more(len(run.meta) - size.lines, "more", "")
    yield f"- Policy: {summary.allowed(run.policy)} It decides on findings; the verdict counts every socket."
    yield ""
    if len(run.reports) + len(run.unreadable) > 1:
        yield from _index(run, size)
    names = summary.names(run)
    for report in summary.worst_first(run)[: size.captures]:
        yield from _capture(report, names[report.capture.source], run, size)
    if len(run.reports) > size.captures:
        yield from (*_more(len(run.reports) - size.captures, "capture without details", JSON), "")
    if run.unreadable:
        yield from ("## Could not be read", "")
        yield from (f"- {_text(it.source, size)}: {_text(it.problem, size)}" for it in run.unreadable[: size.lines])
        yield from _more(len(run.unreadable) - size.lines, "more", JSON)
        yield ""
    yield f"Made by har-sockets {VERSION}."
    yield ""


def _index(run: Run, size: Size) -> Iterable[str]:
    names = summary.names(run)
    rows = [
        [
            _headline(report, run),
            _text(names[report.capture.source], size),
            f"{len(report.sessions):,}",
            f"{report.concurrency.proven_peak:,}",
            f"{report.concurrency.possible_peak:,}",
        ]
        for report in summary.worst_first(run)[: size.index]
    ]
    yield from (f"**{summary.totals(run)}.**", "")
    if rows:
        yield from (*table(("Verdict", "Capture", "Sockets", "At once, certain", "Not ruled out"), rows), "")
    if len(run.reports) > size.index:
        yield from (*_more(len(run.reports) - size.index, "more capture", JSON), "")


def _headline(report: Report, run: Run) -> str:
    headline = summary.headline(report, run.policy)
    return f"{headline.sign} {headline.words}"


def _capture(report: Report, name: str, run: Run, size: Size) -> Iterable[str]:
    said, *more = summary.sentences(report, run.policy)
    yield f"## {_text(name, size)}"
    yield ""
    yield f"**{summary.headline(report, run.policy).sign} {_text(said, size)}**"
    yield ""
    yield from (f"{_text(it, size)}  " for it in more)
    yield _text(tried_sentence(report), size)
    yield ""
    yield " · ".join(f"**{number}** {words}" for words, number in summary.figures(report))
    yield ""
    yield from _sockets(report, size)
    yield from _findings(report, run, size)
    yield from _services(report, run, size)
    yield from _list("Opened by", origins.sentences(report), size)
    yield from _list("What this file cannot show", [it.message for it in report.capture.caveats], size)
    skipped = [f"{it.pointer or '/'}: {it.problem}" for it in report.capture.skipped]
    yield from _list("What could not be read", skipped, size)


def _sockets(report: Report, size: Size) -> Iterable[str]:
    if not report.sessions:
        return
    axis = terminal.axis_of(report, 1)
    pages = {page.id: page for page in report.capture.pages}
    rows = []
    for session in report.sessions[: size.sockets]:
        identity = session.identity
        whose = [session.provider.name if session.provider else "", (identity.user if identity else None) or ""]
        told = [
            session.endpoint.partition("://")[2],
            ", ".join(filter(None, whose)),
            terminal.when(session.opened, axis),
        ]
        told += [terminal.ending(session, pages, axis), summary.length(session.proven, axis), session.pointer]
        rows.append([session.id[1:], *(_text(it, size) for it in told)])
    heads = ("Socket", "Address", "Service, user", "Opened", "How it ended", "Certainly open", "In the file")
    yield from table(heads, rows)
    yield ""
    yield from _more(len(report.sessions) - size.sockets, "more socket", ALL)


def _findings(report: Report, run: Run, size: Size) -> Iterable[str]:
    told = summary.findings(report, run.zone)
    if not told:
        return
    yield from ("### Findings", "")
    for it in told[: size.findings]:
        sure = "" if it.certain else " · not certain"
        yield f"- **{it.severity}** {_text(it.message, size)} `{it.rule}`{sure}"
        if it.cause:
            yield f"  - {_text(it.cause, size)}"
        link = f" <{it.link}>" if it.link else ""
        if it.remedy or link:
            yield f"  - What to do: {_text(it.remedy or '', size)}{link}"
        if it.proof:
            yield f"  - Where: {'; '.join(_text(line, size) for line in it.proof)}"
    yield from _more(len(told) - size.findings, "more finding", JSON)
    yield ""


def _services(report: Report, run: Run, size: Size) -> Iterable[str]:
    known = services.told(report, run.policy)
    if not known:
        return
    yield from ("### Services and their limits", "")
    for it in known[: size.lines]:
        sources = ", ".join(f"[documented]({url}), as of {checked}" for url, checked in it.sources)
        yield f"- **{_text(it.name, size)}**: {_text(it.sentences, size)}{f' Limits {sources}.' if sources else ''}"
    yield from _more(len(known) - size.lines, "more service", JSON)
    yield ""


def _list(title: str, told: Sequence[str], size: Size) -> Iterable[str]:
    if not told:
        return
    yield from (f"### {title}", "")
    yield from (f"- {_text(it, size)}" for it in told[: size.lines])
    yield from _more(len(told) - size.lines, "more", JSON)
    yield ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _text(text: str, size: Size) -> str:
    return escaped(text, size.letters)


def _more(number: int, what: str, where: str) -> list[str]:
    first, space, rest = what.partition(" without ")
    many = "more" if what == "more" else f"{first}s{space}{rest}"
    return [f"- and {terminal.count(number, what, many)}{f': {where}' if where else ''}"] if number > 0 else []

"""Write the report in Markdown, for a pull request or a ticket: the answer, the timeline, findings, then the details.

It shows on GitHub and GitLab, and reads well where it is only text (Jira, Slack, a mail). Characters are escaped only
where Markdown would act on them, and what a site would make a link, a mention or the number of an issue stands as code:
no backslash in a number, no invisible character, so that a search finds what is shown.

Never above `LARGEST` bytes, whatever the run: rows are left out, and their number is given. Text of a capture stays
text: no HTML, no link, no mention, no reference to an issue, no broken table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from analyzer import triage
from analyzer.model import Report, Run, Value, count_rest
from analyzer.painting import markdown
from analyzer.painting.text_timeline import draw_timeline
from analyzer.timeline import axis_of
from analyzer.version import VERSION
from analyzer.wording import console, facts, harmless, instants, lifetimes, origins, results, services, sign_off, titles
from analyzer.wording.coverage import list_coverage
from analyzer.wording.facts import TITLE
from analyzer.wording.findings import describe_findings
from analyzer.wording.sign_off import describe_sign_off

LARGEST = 60_000  # bytes; GitHub takes 65 536 characters

# -- the page --------------------------------------------------------------------------------------------------


class Size(Value, frozen=True):
    """Hold how much of a run is shown."""

    captures: int
    index: int  # captures with a line
    sockets: int
    findings: int
    lines: int  # of any other list
    letters: int  # of any one text
    with_timeline: bool  # of each capture


SIZES = (
    Size(100, 400, 100, 40, 20, 600, True),
    Size(50, 400, 40, 20, 10, 400, True),
    Size(20, 400, 20, 10, 5, 300, True),
    Size(10, 300, 8, 5, 3, 200, False),
    Size(4, 200, 3, 3, 2, 80, False),
)


def render(run: Run, picture: str | None = None) -> bytes:
    """Render the page. `picture`: the chart as a file beside it (`chat.svg`), which GitHub and GitLab show."""
    for size in SIZES:
        page = "\n".join(_page(run, size, picture)).encode("utf-8")
        if len(page) <= LARGEST:
            break
    return page


def _page(run: Run, size: Size, picture: str | None) -> Iterable[str]:
    yield f"# {_text(run.title or TITLE, size)}"
    yield ""
    several = len(run.reports) + len(run.unreadable) != 1
    if several:
        yield from _index(run, size)
    yield from _head(run, size)
    if picture is not None:
        yield from (f"![Timeline]({quote(picture)})", "")
    names = harmless.names(run)
    reports = triage.worst_reports(run)
    for report in reports[: size.captures]:
        yield from _capture(report, names[report.capture.source], run, size)
    if len(reports) > size.captures:
        rest = count_rest(len(reports) - size.captures, "capture")
        yield from (f"- {rest} without details: {markdown.IN_JSON}", "")
    if run.unreadable:
        yield from (f"## {titles.UNREADABLE}", "")
        yield from (f"- {_text(it.source, size)}: {_text(it.problem, size)}" for it in run.unreadable[: size.lines])
        yield from _more(len(run.unreadable) - size.lines)
        yield ""
    if run.sign_off:
        yield from _sign_off(run, size)
    yield from ("---", "")
    yield f"Policy: {_text(facts.describe_policy(run.policy), size)}"
    yield "The policy decides on findings; the verdict counts every socket."
    yield ""
    yield f"har-sockets {VERSION}. *Certain* is what the capture proves, *possible* is what it does not exclude."
    yield ""


def _sign_off(run: Run, size: Size) -> Iterable[str]:
    block = describe_sign_off(run, triage.worst_reports(run))
    yield from (f"## {sign_off.TITLE}", "")
    yield from (f"- {_text(name, size)}: {_text(value, size)}" for name, value in block.facts)
    yield ""
    yield from markdown.table(sign_off.HEADS, [[_text(cell, size) for cell in row] for row in block.rows])
    yield from ("", *([f"- {block.rest}"] if block.rest else []))
    yield from (f"- [ ] {words}" for words in sign_off.DECISIONS)
    yield ""
    yield from markdown.table(sign_off.BLANKS, [[""] * len(sign_off.BLANKS)])
    yield ""


def _head(run: Run, size: Size) -> Iterable[str]:
    """List what was given with `--meta`."""
    if run.meta:
        yield from (f"- {_text(key, size)}: {_text(value, size)}" for key, value in run.meta[: size.lines])
        yield from (*_more(len(run.meta) - size.lines, where=""), "")


def _index(run: Run, size: Size) -> Iterable[str]:
    names, repeats = harmless.names(run), triage.repeats(run)
    reports = triage.worst_reports(run)
    rows = [
        [
            _headline(report, run),
            _text(names[report.capture.source], size) + repeats.get(report.capture.source, ""),
            f"{len(report.sessions):,}",
            report.peak,
        ]
        for report in reports[: size.index]
    ]
    yield from (f"**{triage.page_total(run)}.**", "")
    if rows:
        yield from (*markdown.table(("Verdict", "Capture", "Sockets", "Peak"), rows), "")
    if len(reports) > size.index:
        yield from (*_more(len(reports) - size.index, "capture"), "")


def _headline(report: Report, run: Run) -> str:
    headline = results.headline(report, run.policy)
    return f"{headline.sign} {headline.words}"


def _capture(report: Report, name: str, run: Run, size: Size) -> Iterable[str]:
    answer, *more = facts.sentences(report, run.policy)
    yield f"## {_text(name, size)}"
    yield ""
    yield f"**{results.headline(report, run.policy).sign} {_text(answer, size)}**"
    yield ""
    yield from (f"{_text(it, size)}  " for it in more)
    yield " · ".join(f"**{number}** {words}" for words, number in facts.figures(report))
    yield ""
    yield from _timeline(report, size)
    yield from _findings(report, run, size)
    entries = [*(entry.sentence for entry in console.list_entries(report)), console.describe_dropped(report)]
    yield from _list(console.TITLE, list(filter(None, entries)), size)
    yield from _list(titles.OPENED_BY, origins.sentences(report), size)
    yield from _services(report, run, size)
    yield from _sockets(report, size)
    for sentence in list_coverage(report):
        yield from (_text(sentence, size), "")
    yield from _list(titles.LIMITS, [it.message for it in report.capture.caveats], size)
    skipped = [f"{it.pointer or '/'}: {it.problem}" for it in report.capture.skipped]
    yield from _list(titles.SKIPPED, skipped, size)


def _timeline(report: Report, size: Size) -> Iterable[str]:
    if size.with_timeline and report.sessions:
        yield from (*markdown.code_block(draw_timeline(report, markdown.DRAWING)), "")


def _sockets(report: Report, size: Size) -> Iterable[str]:
    if not report.sessions:
        return
    axis = axis_of(report)
    pages = {page.id: page for page in report.capture.pages}
    rows = []
    for session in report.sessions[: size.sockets]:
        identity = session.identity
        whose = [session.provider.name if session.provider else "", (identity.user if identity else None) or ""]
        cells = [
            session.endpoint.partition("://")[2],
            ", ".join(filter(None, whose)),
            instants.when(session.opened, axis, sign=True),
        ]
        cells += [lifetimes.ending(session, pages, axis), facts.length(session.proven, axis), session.pointer]
        rows.append([session.id[1:], *(_text(cell, size) for cell in cells)])
    heads = ("Socket", "Address", "Service, user", "Opened", "How it ended", "Certainly open", "In the file")
    yield from ("### Sockets", "")
    yield from markdown.table(heads, rows)
    yield ""
    left = _more(len(report.sessions) - size.sockets, "socket", markdown.IN_CSV)
    yield from (*left, "") if left else ()


def _findings(report: Report, run: Run, size: Size) -> Iterable[str]:
    findings = describe_findings(report, run.zone, run.rules)
    if not findings:
        return
    yield from (f"### {titles.FINDINGS}", "")
    for finding in findings[: size.findings]:
        confidence, baseline = (
            "" if finding.certain else " · possible",
            " · in the baseline" if finding.in_baseline else "",
        )
        named = f"[`{finding.rule}`]({finding.page})" if finding.page else f"`{finding.rule}`"
        yield f"- **{finding.severity}** {_text(finding.message, size)} {named}{confidence}{baseline}"
        if finding.cause:
            yield f"  - {_text(finding.cause, size)}"
        if finding.matters:
            yield f"  - Why it matters: {_text(finding.matters, size)}"
        link = f" <{finding.link}>" if finding.link else ""
        if finding.remedy or link:
            yield f"  - What to do: {_text(finding.remedy or '', size)}{link}"
        if finding.proof:
            yield f"  - Where: {'; '.join(_text(line, size) for line in finding.proof)}"
    yield from _more(len(findings) - size.findings, "finding")
    yield ""


def _services(report: Report, run: Run, size: Size) -> Iterable[str]:
    entries = services.list_services(report, run.policy)
    if not entries:
        return
    yield from ("### Services and their limits", "")
    for service in entries[: size.lines]:
        sources = ", ".join(f"[documented]({url}), as of {checked}" for url, checked in service.sources)
        limits = f" Limits {sources}." if sources else ""
        yield f"- **{_text(service.name, size)}**: {_text(service.sentences, size)}{limits}"
    yield from _more(len(entries) - size.lines, "service")
    yield ""


def _list(title: str, items: Sequence[str], size: Size) -> Iterable[str]:
    if not items:
        return
    yield from (f"### {title}", "")
    yield from (f"- {_text(item, size)}" for item in items[: size.lines])
    yield from _more(len(items) - size.lines)
    yield ""


def _text(text: str, size: Size) -> str:
    return markdown.escape(text, size.letters)


def _more(left: int, what: str = "", where: str = markdown.IN_JSON) -> list[str]:
    return [f"- {rest}"] if (rest := count_rest(left, what, where)) else []

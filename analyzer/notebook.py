"""Show a report in a notebook as verdict, chart and findings, and a run as a table of captures.

Secrets and users are masked, and no message data is in it. Styles are inline and without colours of the background,
so that light and dark notebooks can show them.
"""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Iterator
from html import escape

import msgspec
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analyzer import triage
from analyzer.masking import Texts, mask
from analyzer.memo import memoize_last
from analyzer.model import Report, Run, plural
from analyzer.outputs import timeline
from analyzer.outputs.chart import PANELS, picture
from analyzer.rules import RULES
from analyzer.wording import facts, harmless, results
from analyzer.wording.findings import describe_findings

WIDTH, DPI, COLORS = 10.0, 100, 32  # of the picture: inches, pixels per inch, colours
FINDINGS, CAPTURES = 8, 40  # that are shown; frames have the others
LETTERS = 600  # of one text
TONES = {"bad": "#d1432b", "unsure": "#b07d00", "good": "#1a8f6e"}  # read on white and on black
FAINT, CELL = "opacity:.75", 'style="text-align:left;padding:.1em 1em .1em 0"'


def html(value: Report | Run) -> str:
    """Show a report as verdict, chart and findings, a run as a table of its captures, the worst first."""
    lines = _run(_mask(value)) if isinstance(value, Run) else _report(value)
    return f'<div style="max-width:75em;line-height:1.45;text-align:left">{"".join(lines)}</div>'


def png(value: Report | Run) -> bytes:
    """Draw the timeline as a small PNG, with the verdict in it."""
    return _png(_mask(value), headed=True)


def plot(value: Report | Run, ax: Axes | None, figsize: tuple[float, float] | None) -> Axes:
    """Draw the timeline on Axes; without any, on those of a new figure, which a notebook shows."""
    if ax is not None and not isinstance(ax, Axes):
        raise TypeError(f"plot takes matplotlib Axes, not {type(ax).__name__}. To save: plot().figure.savefig('a.png')")
    if ax is not None and figsize is not None:
        raise ValueError("figsize is the size of a new figure: give it without ax")
    run, heading = _worst(_mask(value))
    if ax is None:
        ax = _figure(run, heading, figsize).add_axes((0, 0, 1, 1))
    timeline.draw_on(ax, run, heading)
    return ax


def text(text: str) -> str:
    """Mask a text, and make it harmless."""
    return harmless.safe(Texts().text(text), LETTERS)


def _worst(run: Run) -> tuple[Run, str]:
    """Cut a run to what is drawn, the most urgent first, and say how many are not drawn."""
    reports, total = tuple(triage.worst_reports(run)[:PANELS]), len(run.reports)
    heading = ""
    if left := total - len(reports):
        heading = (
            f"The {len(reports)} most urgent of {total:,} captures; {left:,} {'is' if left == 1 else 'are'} not drawn."
        )
    return msgspec.structs.replace(run, reports=reports), heading


def _figure(run: Run, heading: str, size: tuple[float, float] | None) -> Figure:
    """Make a figure: one of pyplot in IPython, which shows it below the cell, and in a script that uses pyplot."""
    shell = sys.modules.get("IPython")
    in_notebook = shell is not None and shell.get_ipython() is not None
    if in_notebook or "matplotlib.pyplot" in sys.modules:
        from matplotlib import pyplot  # noqa: TID251 - what a notebook shows by itself

        if size is None and pyplot.get_fignums() and not (current := pyplot.gcf()).get_children()[1:]:
            return current  # new and empty: it was made for this chart
        return pyplot.figure(figsize=size or _size(run, heading))
    return Figure(figsize=size or _size(run, heading))


def _size(run: Run, heading: str) -> tuple[float, float]:
    placed = picture(run, timeline.WIDTH, heading=heading)
    return placed.width, placed.height


@memoize_last  # a notebook asks for HTML and PNG, one after the other
def _mask(value: Report | Run) -> Run:
    return mask(value if isinstance(value, Run) else Run((value,), (), value.policy, rules=RULES))


def _png(run: Run, headed: bool) -> bytes:
    """Draw a PNG with few colours, which has a third of the size."""
    from PIL import Image

    data = timeline.draw(picture(run, WIDTH, headed=headed), "png", DPI)
    small = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.convert("RGB").quantize(COLORS).save(small, "png", optimize=True)
    return small.getvalue()


# -- a report ------------------------------------------------------------------------------------------------------


def _report(value: Report) -> Iterator[str]:
    run = _mask(value)
    (report,) = run.reports
    first, *others = facts.sentences(report, run.policy)
    headline = results.headline(report, run.policy)
    yield _line(f'<strong style="font-size:1.15em">{_sign(headline)} {_text(first)}</strong>')
    if others:
        yield _line(_text(" ".join(others)))
    if report.sessions:
        data = base64.b64encode(_png(run, headed=False)).decode("ascii")
        alt = f"Timeline of {plural(len(report.sessions), 'socket')}. {_text(first)}"
        yield f'<img style="max-width:100%;height:auto" alt="{alt}" src="data:image/png;base64,{data}">'
    yield from _findings(report)
    origin = [harmless.name(report.capture.source), f"recorded with {report.capture.exporter.label}"]
    yield _line(_text(" · ".join(origin)), FAINT)


def _findings(report: Report) -> Iterator[str]:
    findings = describe_findings(report)
    if not findings:
        return
    yield '<ul style="margin:.4em 0;padding-left:1.4em">'
    for finding in findings[:FINDINGS]:
        parts = [f"<strong>{finding.severity}</strong>: {_text(finding.message)} <code>{_text(finding.rule)}</code>"]
        if finding.cause:
            parts.append(_text(finding.cause))
        if finding.remedy:
            parts.append(f"What to do: {_text(finding.remedy)}")
        yield f"<li>{'<br>'.join(parts)}</li>"
    yield "</ul>"
    if len(findings) > FINDINGS:
        yield _line(f"{plural(len(findings) - FINDINGS, 'more finding')}: <code>findings_frame(report)</code>", FAINT)


# -- a run ---------------------------------------------------------------------------------------------------------


def _run(run: Run) -> Iterator[str]:
    names = harmless.names(run)
    reports = triage.worst_reports(run)[:CAPTURES]
    yield _line(f"<strong>{_text(triage.page_total(run))}</strong>")
    if reports:
        heads = ("Result", "Capture", "Sockets", "Peak", "Overlap", "Service", "Likely cause")
        yield '<table style="text-align:left"><thead><tr>'
        yield "".join(f"<th {CELL}>{head}</th>" for head in heads)
        yield "</tr></thead><tbody>"
        for report in reports:
            cells = "".join(f"<td {CELL}>{cell}</td>" for cell in _cells(report, run, names))
            yield f"<tr>{cells}</tr>"
        yield "</tbody></table>"
    if more := len(run.reports) - len(reports):
        yield _line(f"{plural(more, 'more capture')}: <code>captures_frame(run)</code>", FAINT)
    for file in run.unreadable[:FINDINGS]:
        yield _line(f"{_sign(results.UNREADABLE_HEADLINE)} {_text(harmless.name(file.source))}: {_text(file.problem)}")
    if (more := len(run.unreadable) - FINDINGS) > 0:
        yield _line(f"{more:,} more cannot be read: <code>run.unreadable</code>", FAINT)


def _cells(report: Report, run: Run, names: dict[str, str]) -> Iterator[str]:
    headline = results.headline(report, run.policy)
    row = triage.row(report, run.policy)
    yield f"{_sign(headline)} {_text(headline.words)}"
    yield _text(names[report.capture.source])
    yield f"{row.sockets:,}"
    yield _text(row.peak).replace(" ", "&nbsp;")
    yield _text(row.length or "–").replace(" ", "&nbsp;")
    yield _text(", ".join(row.services))
    yield _text(", ".join(row.causes))


# -- pieces --------------------------------------------------------------------------------------------------------


def _line(inner: str, style: str = "") -> str:
    return f'<p style="margin:.2em 0;{style}">{inner}</p>'


def _sign(headline: results.Headline) -> str:
    return f'<span style="color:{TONES[headline.tone]}">{_text(headline.sign)}</span>'


def _text(text: str) -> str:
    """Escape text of a capture."""
    return escape(harmless.safe(text, LETTERS))

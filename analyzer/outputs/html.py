"""Write one HTML page that needs no network and no library, and without JavaScript shows its picture and tables.

Static are the first `STATIC` sockets; all of them come along as JSON (painting/page_data.py), which report/*.js reads.
Text from a capture passes `harmless.safe`, jinja2's escaping, and in JavaScript only ever `textContent`; the page's
policy lets no script run but the one whose hash it names.
"""

from __future__ import annotations

import json

from markupsafe import Markup

from analyzer import triage
from analyzer.model import Run
from analyzer.painting import page_data, templates
from analyzer.painting.part import Part, part_of
from analyzer.timeline.ticks import STEPS, UNITS
from analyzer.totals import tables
from analyzer.totals.results import collect_results
from analyzer.wording import counts, facts, harmless
from analyzer.wording.harmless import safe

DETAILED = 100  # captures in full, the worst ones: with thousands no browser opens the page in time
STATIC = 1_000  # sockets with a lane and a row that need no JavaScript
COUNTED = 6  # captures from which on they are also told in numbers
SCRIPTS = ("time.js", "chart.js", "pane.js", "table.js", "save.js", "page.js")


def render(run: Run) -> bytes:
    ticks = json.dumps({"steps": STEPS, "units": UNITS})
    script = f"(() => {{\n'use strict';\nconst TICKS = {ticks};\n{''.join(map(templates.read_asset, SCRIPTS))}}})();\n"
    early = templates.read_asset("early.js")
    parts = _parts(run)
    names = harmless.names(run)
    return templates.render(
        "page.html",
        scripts=(early, script),
        run=run,
        title=safe(run.title, 200) if run.title else facts.TITLE,
        parts=parts,
        names=names,
        links={safe(it.report.capture.source, 4_000): (it.id, names[it.report.capture.source]) for it in parts},
        meanings=tables.MEANINGS,
        index=triage.worst_reports(run),
        details={it.report.capture.source: it.id for it in parts},
        repeats=triage.repeats(run),
        order=counts.WORST_FIRST,
        numbers=tables.tables(collect_results(run)) if len(run.reports) >= COUNTED else (),
        early=Markup(early),  # noqa: S704 - ours
        script=Markup(script),  # noqa: S704
        data_of=lambda part: Markup(page_data.encode(part)),  # noqa: S704 - `<` is escaped in it
        nothing=(counts.no_match(run) or "").capitalize(),
    )


def _parts(run: Run) -> list[Part]:
    """Lay out the captures that have details, worst first: each content once, 100 unless `--top` says how many."""
    most = DETAILED if run.selection is None or run.selection.top is None else None
    numbers = {id(report): number for number, report in enumerate(run.reports, 1)}
    left, parts = STATIC, []
    reports = triage.worst_reports(run)[:most]
    for report in reports:
        name = f"c{numbers[id(report)]}"
        parts.append(part_of(report, run.policy, name, left, f"{name}-" if len(reports) > 1 else ""))
        left -= parts[-1].static_sockets
    return parts

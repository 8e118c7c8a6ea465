"""Write one HTML page that needs no network and no library, and without JavaScript shows its pictures and tables.

The worst captures stand in the page itself, the first `STATIC` of their sockets drawn; all of their sockets come along
as JSON (painting/page_data.py). Captures beyond `IN_FULL` are packed (painting/packing.py) until one is opened.
Text from a capture passes `harmless.safe`, jinja2's escaping, and in JavaScript only ever `textContent`, but for those
articles, which jinja2 made; the page's policy lets no script run but those whose hashes it names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from markupsafe import Markup

from analyzer.model import Report, Run
from analyzer.painting import page_data, small_charts, templates
from analyzer.painting.index import make_index
from analyzer.painting.packing import Chunk, pack, pack_articles
from analyzer.painting.part import part_of
from analyzer.timeline.ticks import STEPS, UNITS
from analyzer.totals import tables
from analyzer.totals.results import collect_results
from analyzer.wording import counts, facts, harmless
from analyzer.wording.harmless import safe

IN_FULL = 24  # captures that need no JavaScript, the worst ones
STATIC, PACKED_STATIC = 1_000, 200  # sockets with a lane and a row that need none: of all these, and of a packed one
LARGE = 256 * 1024  # letters of JSON; above that it is packed
ROOM, LINE = 3_600_000, 500  # bytes of a page of many captures, and of each in the index
COUNTED = 6  # captures from which on they are also told in numbers
SCRIPTS = (
    "time.js",
    "chart.js",
    "pane.js",
    "table.js",
    "save.js",
    "index.js",
    "page.js",
)  # packed, and run by the loader
LOADER = ("unpack.js", "start.js")


def render(run: Run) -> bytes:
    ticks = json.dumps({"steps": STEPS, "units": UNITS})
    script = f"(() => {{\n'use strict';\nconst TICKS = {ticks};\n{''.join(map(templates.read_asset, SCRIPTS))}}})();\n"
    early, loader = templates.read_asset("early.js"), "".join(map(templates.read_asset, LOADER))
    index = make_index(run)
    readable = {entry.id: entry.report for entry in index.entries if entry.report is not None}
    articles = _articles(run, readable)
    in_full = dict(islice(articles, IN_FULL))
    chunks = tuple(_pack(articles, run, ROOM - LINE * len(index.entries) - sum(map(len, in_full.values()))))
    opened = {*in_full, *(id for chunk in chunks for id in chunk.ids)}
    return templates.render(
        "page.html",
        scripts=(early, loader, script),
        run=run,
        title=safe(run.title, 200) if run.title else facts.TITLE,
        articles=in_full.values(),
        chunks=chunks,
        names=harmless.names(run),
        links={safe(it.row.source, 4_000): (it.id, it.name) for it in index.entries if it.id in opened},
        meanings=tables.MEANINGS,
        index=index,
        split=small_charts.split_results(index.facets),
        peaks=small_charts.count_peaks(index.entries) if readable else (),
        opened=opened,
        several=len(readable) > 1,
        left=len(readable) - len(opened),
        order=counts.WORST_FIRST,
        numbers=tables.tables(collect_results(run)) if len(run.reports) >= COUNTED else (),
        early=Markup(early),  # noqa: S704 - ours
        loader=Markup(loader),  # noqa: S704
        script=pack(script),
        nothing=(counts.no_match(run) or "").capitalize(),
    )


def _articles(run: Run, reports: Mapping[str, Report]) -> Iterator[tuple[str, Markup]]:
    """Write the article of each capture, with its id."""
    names, left = harmless.names(run), STATIC
    for number, (id, report) in enumerate(reports.items()):
        static = left if number < IN_FULL else PACKED_STATIC
        part = part_of(report, run.policy, id, static, f"{id}-" if len(reports) > 1 else "")
        data = page_data.encode(part)
        packed = number < IN_FULL and len(data) > LARGE
        left -= part.static_sockets
        data = Markup(pack(data) if packed else data)  # noqa: S704 - `<` is escaped in it
        yield id, templates.fragment("capture.html", part=part, run=run, names=names, data=data, packed=packed)


def _pack(articles: Iterable[tuple[str, str]], run: Run, room: int) -> Iterator[Chunk]:
    """Pack articles, the worst first, as many as there is room for; all of them where `--top` says how many."""
    wanted = run.selection is not None and run.selection.top is not None
    for chunk in pack_articles(articles):
        room -= len(chunk.content)
        if room < 0 and not wanted:
            return
        yield chunk

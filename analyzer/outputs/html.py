"""Write one HTML page that needs no network and no library, and without JavaScript shows its pictures and tables.

The worst captures stand in the page itself, `STATIC` of their sockets drawn, a fair share of each; all of their sockets
come along as JSON (painting/page_data.py). Captures beyond `IN_FULL` are packed (painting/packing.py) until opened.
Text from a capture passes `harmless.safe`, jinja2's escaping, and in JavaScript only ever `textContent`, but for those
articles, which jinja2 made; the page's policy lets no script run but those whose hashes it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from markupsafe import Markup

from analyzer.model import Report, Run
from analyzer.painting import page_data, small_charts, templates
from analyzer.painting.index import Index, make_index
from analyzer.painting.packing import Chunk, pack, pack_articles
from analyzer.painting.part import part_of
from analyzer.painting.script import make_early, make_script
from analyzer.wording import counts, facts, harmless
from analyzer.wording.harmless import safe

IN_FULL = 24  # captures that need no JavaScript, the worst ones
STATIC, PACKED_STATIC = 1_000, 200  # sockets with a lane and a row that need none: of all these, and of a packed one
LARGE = 256 * 1024  # letters of JSON; above that it is packed
ROOM = 3_950_000  # bytes of a page, unless `--top` says how many captures have details
COUNTED = 6  # captures; from here on a page also shows numbers about them


def render(run: Run, advance: Callable[[int], None] | None = None) -> bytes:
    """Write the page of a run. `advance`: what to call as captures are done, with how many."""
    run = harmless.hide_folders(run)
    index = make_index(run)
    readable = {entry.id: entry.report for entry in index.entries if entry.report is not None}
    articles = _articles(run, readable, advance)
    in_full = dict(islice(articles, IN_FULL))
    wanted = run.selection is not None and run.selection.top is not None
    chunks = list(pack_articles(articles) if wanted else _take(pack_articles(articles), ROOM))
    values = {
        "run": run,
        "title": safe(run.title, 200) if run.title else facts.TITLE,
        "articles": in_full,
        "names": harmless.names(run),
        "index": index,
        "split": small_charts.split_results(index.facets),
        "readable": len(readable),
        "order": counts.WORST_FIRST,
        "nothing": (counts.no_match(run) or "").capitalize(),
        **(_count(run, index) if len(run.reports) >= COUNTED else {"numbers": ()}),
    }
    page = _write(chunks, values)
    if len(page) > ROOM and not wanted:
        size = sum(len(chunk.content) for chunk in chunks)
        page = _write(list(_take(chunks, size - len(page) + ROOM)), values)
    return page


def _write(chunks: Sequence[Chunk], values: Mapping[str, Any]) -> bytes:
    early, script = make_early(), make_script()
    scripts = {"early": Markup(early), "script": Markup(script)}  # noqa: S704 - ours
    opened = {*values["articles"], *(id for chunk in chunks for id in chunk.ids)}
    return templates.render("page.html", (early, script), chunks=chunks, opened=opened, **scripts, **values)


def _count(run: Run, index: Index) -> dict[str, Any]:
    """Count the captures. A page of few has no numbers, and need not import what counts them."""
    from analyzer.totals import tables
    from analyzer.totals.results import collect_results

    numbers, peaks = tables.tables(collect_results(run)), small_charts.count_peaks(index.entries)
    links = {safe(entry.row.source, 4_000): (entry.id, entry.name) for entry in index.entries}
    return {"numbers": numbers, "peaks": peaks, "links": links, "meanings": tables.MEANINGS}


def _articles(
    run: Run, reports: Mapping[str, Report], advance: Callable[[int], None] | None
) -> Iterator[tuple[str, Markup]]:
    """Write the article of each capture, with its id."""
    names = harmless.names(run)
    shares = _share([len(report.sessions) for report in islice(reports.values(), IN_FULL)], STATIC)
    for number, (id, report) in enumerate(reports.items()):
        static = shares[number] if number < IN_FULL else PACKED_STATIC
        part = part_of(report, run.policy, id, static, f"{id}-" if len(reports) > 1 else "")
        data = page_data.encode(part)
        packed = number < IN_FULL and len(data) > LARGE
        data = Markup(pack(data) if packed else data)  # noqa: S704 - `<` is escaped in it
        yield id, templates.fragment("capture.html", part=part, run=run, names=names, data=data, packed=packed)
        if advance is not None:
            advance(1)


def _share(sizes: Sequence[int], room: int) -> list[int]:
    """Share the room: what small captures leave is for the large ones."""
    shares, left = list(sizes), len(sizes)
    for n in sorted(range(left), key=lambda n: sizes[n]):
        shares[n] = min(sizes[n], room // left)
        room, left = room - shares[n], left - 1
    return shares


def _take(chunks: Iterable[Chunk], room: int) -> Iterator[Chunk]:
    """Take the first chunks, as many as there is room for."""
    for chunk in chunks:
        room -= len(chunk.content)
        if room < 0:
            return
        yield chunk

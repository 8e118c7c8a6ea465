"""What a page of many captures packs, and what it leaves out."""

from __future__ import annotations

import base64
import json
import re
import zlib
from pathlib import Path

import msgspec
import pytest

from analyzer import masking
from analyzer.formats import read
from analyzer.model import Policy, Run
from analyzer.outputs import html
from analyzer.painting import packing
from analyzer.painting.index import make_index
from analyzer.pipeline import analyze
from tests.test_text import report, socket

SAMPLES = sorted((Path(__file__).parent.parent / "sample_hars").glob("*.har"))


def unpack(text: str) -> str:
    return zlib.decompress(base64.b64decode(text), wbits=-zlib.MAX_WBITS).decode()


def articles(page: str) -> dict[str, str]:
    """All articles of a page by id, in their order, packed or not."""
    ids = re.findall(r'<article class="capture" id="(c\d+)"', page)
    in_full = dict(zip(ids, re.findall(r"<article.*?</article>", page, re.DOTALL), strict=True))
    for ids, content in re.findall(r'class="packed" data-ids="(.*?)">(.*?)</script>', page):
        chunk = json.loads(unpack(content))
        assert list(chunk) == ids.split()
        in_full |= chunk
    return in_full


@pytest.fixture(scope="module")
def run() -> Run:
    return masking.mask(Run(tuple(analyze(read(path)) for path in SAMPLES), (), Policy()))


def test_packing_gives_back_the_same_text_and_the_same_bytes() -> None:
    text = "open ‘ⓐ’ " * 5_000
    assert unpack(packing.pack(text)) == text
    assert packing.pack(text) == packing.pack(text)
    assert len(packing.pack(text)) < len(text) / 50


def test_articles_are_packed_in_chunks_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "CHUNK", 10)
    chunks = list(packing.pack_articles((f"c{n}", "word " * n) for n in range(6)))
    assert [chunk.ids for chunk in chunks] == [("c0", "c1", "c2"), ("c3",), ("c4",), ("c5",)]
    assert json.loads(unpack(chunks[0].content))["c2"] == "word word "
    assert list(packing.pack_articles([])) == []


def test_a_packed_article_says_the_same_as_one_in_full(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = articles(html.render(run).decode())
    monkeypatch.setattr(html, "IN_FULL", 2)
    page = html.render(run).decode()
    assert page.count("<article") == 2
    assert articles(page) == whole
    assert len(whole) == len(run.reports)
    assert len(page) < len(html.render(run)) or len(SAMPLES) < 3


def test_no_room_leaves_out_the_least_urgent(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(articles(html.render(run).decode()))
    monkeypatch.setattr(html, "IN_FULL", 2)
    monkeypatch.setattr(packing, "CHUNK", 1)
    whole_page = html.render(run)
    monkeypatch.setattr(html, "ROOM", len(whole_page) - 20_000)
    page = html.render(run).decode()
    assert len(page.encode()) <= html.ROOM
    some = list(articles(page))
    assert some == whole[: len(some)]
    assert 2 < len(some) < len(whole)
    assert f"Details are in this page for the {len(some)} worst captures" in page
    assert set(re.findall(r'href="#(c\d+)"', page.partition("</nav>")[0])) == set(some)


def test_the_numbers_of_a_large_capture_are_packed() -> None:
    large = report(*(socket(n * 0.01, n * 0.01 + 0.5, url=f"wss://h{n % 30}.example/{n}", n=n) for n in range(4_000)))
    page = html.render(Run((large,), (), Policy())).decode()
    content = re.search(r'class="data" data-packed>(.*?)</script>', page)
    assert content
    assert len(json.loads(unpack(content[1]))["sockets"]) == 4_000
    assert len(content[1]) < 200_000
    assert html.render(Run((large,), (), Policy())).decode() == page


@pytest.mark.parametrize(
    ("spans", "levels", "overlaps"),
    [
        pytest.param([(0, 5), (5, 10)], "M0 14v-7h100v7", "", id="one after the other"),
        pytest.param([(0, 10), (5, 10)], "M0 14v-7h50v7M50 14v-14h50v14", "M50 14v-14h50v14", id="side by side"),
        pytest.param(
            [(0, 10), (5, 5.001)], "M0 14v-7h50v7M50 14v-14h2v14M52 14v-7h48v7", "M50 14v-14h2v14", id="brief"
        ),
        pytest.param([(0, 10), (9.999, 10)], "M0 14v-7h98v7M98 14v-14h2v14", "M98 14v-14h2v14", id="at the end"),
    ],
)
def test_a_line_of_the_index_draws_how_many_were_open(
    spans: list[tuple[float, float]], levels: str, overlaps: str
) -> None:
    one = report(*(socket(start, end, n=n) for n, (start, end) in enumerate(spans)))
    (entry,) = make_index(Run((one,), (), Policy())).entries
    assert (entry.levels, entry.overlaps) == (levels, overlaps)


def test_lines_of_the_index_name_their_facets(run: Run) -> None:
    page = html.render(run).decode()
    facets = re.findall(r'data-key="([\w:-]+)".*?<b>([\d,]+)</b>', page)
    lines = [line.split() for line in re.findall(r'<tr data-k="(.*?)"', page)]
    assert re.search(r"<details><summary>More filters.*?<legend>Policy.*?<legend>Finding.*?</details>", page, re.DOTALL)
    assert len(lines) == len(run.reports)
    assert {"overlap", "FAIL", "rule:duplicate-connection"} <= {key for key, _ in facets}
    for key, many in facets:
        assert sum(key in line for line in lines) == int(many), key


def test_a_line_of_the_index_marks_where_an_overlap_is_only_possible() -> None:
    one = analyze(read(SAMPLES[0].with_name("stream-chat-strictmode-leak.har")))
    (entry,) = make_index(Run((one,), (), Policy())).entries
    assert entry.overlaps == "M98 14v-14h2v14", "an overlap of an instant is wide enough to be seen"
    assert entry.possible.startswith("M90 ")


def test_every_capture_has_a_fair_share_of_what_needs_no_javascript(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "STATIC", 100)
    many = report(*(socket(n, n + 2, n=n) for n in range(300)))
    few = [report(*(socket(n, n + 2, n=n) for n in range(size))) for size in (3, 5)]
    reports = [
        msgspec.structs.replace(one, capture=one.capture.with_file(source=f"{n}.har", sha256=f"{n:064}"))
        for n, one in enumerate([many, *few])
    ]
    page = html.render(Run(tuple(reports), (), Policy())).decode()
    assert [len(set(re.findall(rf'id="c{n}-s\d+"', page))) for n in (1, 2, 3)] == [92, 3, 5]


def test_counts_of_the_index_are_of_captures_not_of_lines(run: Run) -> None:
    first = run.reports[0]
    again = msgspec.structs.replace(first, capture=first.capture.with_file(source="copy.har"))
    twice = msgspec.structs.replace(run, reports=(*run.reports, again))
    index = make_index(twice)
    assert len(index.entries) == len(run.reports)
    assert sum(facet.captures for facet in index.facets if facet.kind == "Result") == len(run.reports) + 1
    assert sum(facet.captures for facet in index.facets if facet.kind == "Policy") == len(run.reports) + 1

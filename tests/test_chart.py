"""What the chart's parts promise by themselves: words that fit, and are harmless."""

from __future__ import annotations

import colorsys
import io
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from hypothesis import given, strategies as st
from PIL import Image

from analyzer.intervals import Interval
from analyzer.model import (
    SECOND,
    Attribution,
    Identity,
    Initiator,
    Page,
    PageKind,
    Policy,
    Run,
    Session,
    Verdict,
)
from analyzer.outputs import timeline as renderer
from analyzer.outputs.chart import lettering, picture
from analyzer.outputs.chart.legend import LOOKS, MEANINGS
from analyzer.outputs.chart.marks import Box, Boxes, Curve, Mark, Words
from analyzer.outputs.chart.panel import MARGIN
from analyzer.wording import timeline
from tests.test_timeline import NOON, report, run, session


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("plain $x$ <b>", "plain $x$ <b>", id="what is harmless stays"),
        pytest.param("a\0\n\x1bb", "a\ufffd\ufffd\ufffdb", id="control characters"),
        pytest.param("a\u202eb\u2066", "a\ufffdb\ufffd", id="bidi overrides"),
        pytest.param("\ud800", "\ufffd", id="lone surrogates"),
        pytest.param("e\u0301\u0301\u0301\u0301!", "e\u0301\u0301!", id="marks piled up on a letter"),
    ],
)
def test_text_of_a_capture_is_made_harmless(text: str, words: str) -> None:
    assert lettering.clean(text) == words


@given(st.text(), st.floats(0, 5), st.sampled_from([7.0, 13.0]), st.booleans())
def test_what_is_shortened_fits(text: str, room: float, size: float, bold: bool) -> None:
    assert lettering.inches(lettering.short(text, room, size, bold), size, bold) <= room


@given(st.text(), st.floats(0, 5), st.integers(1, 4))
def test_what_is_wrapped_fits(text: str, room: float, lines: int) -> None:
    wrapped = lettering.wrap(text, room, 9, lines)
    assert len(wrapped) <= lines
    assert all(lettering.inches(line, 9) <= room for line in wrapped)


def test_the_middle_of_a_long_address_gives_way() -> None:
    assert re.fullmatch(
        r"wss://chat\.ex.*….*/socket", lettering.short("wss://chat.example/" + "x" * 99 + "/socket", 2, 8)
    )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x.example/app/?q=1#f", "/app/"),
        ("https://x.example", "x.example"),
        ("about:blank", "about:blank"),
        ("A title", "A title"),
    ],
)
def test_a_page_goes_by_its_path(url: str, name: str) -> None:
    assert timeline.page_name(Page("p", url, None, PageKind.LOAD)) == name


# -- what the picture says at a glance, and to those who do not see it ---------------------------------------------


CLOSED = [session(1, 1, 3), session(2, 4, 5)]
OVERLAPPING = [session(1, 1, 5), session(2, 2, 4), session(3, 6, 7)]
POSSIBLE = [session(1, 1, None), session(2, 3, 4)]


@pytest.mark.parametrize(
    ("sessions", "verdict", "hues"),
    [
        pytest.param(OVERLAPPING, None, range(-15, 16), id="red"),
        pytest.param(POSSIBLE, Verdict.POSSIBLE_OVERLAP, range(30, 50), id="amber"),
        pytest.param(CLOSED, None, range(140, 180), id="green"),
    ],
)
def test_a_thumbnail_shows_the_answer_by_its_colour(
    sessions: list[Session], verdict: Verdict | None, hues: range
) -> None:
    wide = 160
    with Image.open(io.BytesIO(renderer.render(run(report(sessions, verdict)), dpi=100))) as image:
        small = image.convert("RGB").resize((wide, round(wide * image.height / image.width)), Image.Resampling.BOX)
    at = round((MARGIN + 0.2) * wide / renderer.WIDTH)  # in the left part of the block: the sign is in its middle
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255 for part in small.getpixel((at, at + 2))))
    assert ((round(hue * 360) + 180) % 360 - 180) in hues
    assert saturation > 0.6
    assert value > 0.3


def marks_of(sessions: list[Session], width: float = 12.0, **options: Any) -> list[Mark]:
    return picture(run(report(sessions)), width, **options).marks


def boxes(marks: list[Mark], name: str) -> list[Box]:
    return next((mark.boxes for mark in marks if isinstance(mark, Boxes) and mark.name == name), [])


def words(marks: list[Mark]) -> list[str]:
    return [mark.text for mark in marks if isinstance(mark, Words)]


def test_bars_are_marked_where_another_socket_was_certainly_open() -> None:
    marks = marks_of(OVERLAPPING)
    first, second = boxes(marks, "overlapping-0")
    bars = boxes(marks, "proven-0")
    assert (first[0], first[2]) == (second[0], second[2])  # at the same time
    assert second in bars  # the second socket overlaps all its life
    assert [bar[3] for bar in bars[:2]] == [first[3], second[3]]
    assert LOOKS["overlapping"].hatch  # also in grey print
    assert not boxes(marks_of(POSSIBLE), "overlapping-0")


def test_what_overlaps_to_the_end_of_the_capture_runs_out_into_a_point() -> None:
    endless = [session(n, n, None, proven=Interval(NOON + n * SECOND, None)) for n in (1, 2)]
    assert len(boxes(marks_of(endless), "overlapping-endless-0")) == 2


@pytest.mark.parametrize(("many", "lines"), [(4, 2), (40, 1)])
def test_each_row_says_who_opened_it_and_when(many: int, lines: int) -> None:
    code = Initiator("connect", "<Chat>", "https://app.example/src/Chat.tsx", 31, 5)
    own = {"initiator": code, "attribution": Attribution(identity=Identity(None, "alice"))}
    labels = words(marks_of([session(n, n, n + 0.5, **own) for n in range(1, many + 1)], 14))
    for number in range(1, many + 1):
        row = next(n for n, text in enumerate(labels) if text.split(" ")[0] == f"#{number}")
        label = " ".join(labels[row : row + lines])
        for part in ("<Chat> Chat.tsx:31", "alice", f"{number}.00 s – {number}.50 s"):
            assert part in label


def test_long_names_give_way_so_that_the_times_stay() -> None:
    code = Initiator("connect", "<" + "Long" * 40 + ">", "https://app.example/" + "long" * 40 + ".tsx", 31, 5)
    rows = [session(n, n / 10, n / 10 + 1, initiator=code) for n in range(1, 50)]
    for width in (6.0, 12.0, 20.0):
        labels = [text for text in words(marks_of(rows, width)) if text.startswith("#")]
        assert all(re.search(r" s – \d\.\d\d s$", text) for text in labels)


def test_the_legend_is_one_line() -> None:
    marks = marks_of(OVERLAPPING)
    meanings = {mark.y for mark in marks if isinstance(mark, Words) and mark.text in MEANINGS.values()}
    assert len(meanings) == 1


def test_a_certain_number_stays_legible_beside_a_possible_one_many_times_as_high() -> None:
    ever = Interval(NOON, None)
    many = [session(n, 1 + n / 100, 9, possible=ever) for n in range(20)]
    many += [session(n, n, None, proven=None, possible=ever) for n in range(20, 500)]
    marks = marks_of(many)
    certain, possible = (
        next(mark.points for mark in marks if isinstance(mark, Curve) and mark.name == f"count-{name}-0")
        for name in ("proven", "possible")
    )
    heights = [max(y for _, y in points) - min(y for _, y in points) for points in (certain, possible)]
    assert min(heights) > 0.4  # inches, each of them
    texts = words(marks)
    assert texts[texts.index("certain") + 1] == "peak 20"
    assert texts[texts.index("possible") + 1] == "peak 500"


def test_of_many_captures_the_worst_are_drawn_and_that_is_noted() -> None:
    fine = [report(CLOSED, source=f"fine-{number}.har") for number in range(15)]
    placed = picture(Run((*fine, report(OVERLAPPING, source="bad.har")), (), Policy()), 12.0)
    texts = words(placed.marks)
    assert texts[0].startswith("Overlap: ")
    assert "Drawn: 8 of 16 captures, the worst first." in texts
    assert placed.title == "Timelines of 8 captures"
    assert placed.description.startswith("bad.har: Overlap: 2 sockets")


def test_an_svg_is_one_image_with_a_name_and_a_description() -> None:
    root = ElementTree.fromstring(renderer.render(run(report(OVERLAPPING)), "svg"))
    names = {element.get("id"): element.text for element in root if element.tag.endswith(("}title", "}desc"))}
    assert root.get("role") == "img"
    assert [root.get("aria-labelledby"), root.get("aria-describedby")] == list(names)
    title, description = names.values()
    assert title == "Overlap: 2 sockets of chat.example/ws were open at the same time."
    assert description == (
        f"{title} Both were open for 2.00 s. The timeline shows 3 sockets: at most 2 certainly open at the same time, "
        "and 2 possibly. Certain overlap: 2.00 s to 4.00 s."
    )


def test_the_description_of_a_part_names_only_what_is_in_it() -> None:
    two = run(report([*OVERLAPPING, session(4, 8, 9), session(5, 8.5, 9.5)]))
    description = picture(two, 12.0, NOON + 7 * SECOND, NOON + 9 * SECOND).description
    assert description.endswith(
        "The timeline shows 3 sockets: at most 2 certainly open at the same time in the whole capture, and 2 possibly. "
        "Certain overlap: 8.50 s to 9.00 s."
    )


@pytest.mark.parametrize("format", ["png", "pdf"])
def test_a_file_has_a_title_and_no_date(format: str) -> None:
    data = renderer.render(run(report(OVERLAPPING)), format)
    assert b"Overlap: 2 sockets of chat.example/ws were open at the same time." in data
    assert b"CreationDate" not in data
    assert b"Software" not in data


@pytest.mark.parametrize("format", ["png", "svg", "pdf"])
def test_a_title_may_be_long_and_hostile(format: str) -> None:
    evil = Run((report(CLOSED),), (), Policy(), title="]]><script>\0\x1b\u202e\ud800&--" + "x" * 9_000)
    data = renderer.render(evil, format)
    assert len(data) < 200_000
    if format == "svg":
        assert b"<script" not in data
        ElementTree.fromstring(data)

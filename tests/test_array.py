"""The stream of entries against `json.loads` of the same bytes, whatever the layout, the window and the damage."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from analyzer.formats.har.raw import LAYOUT, RawEntry, RawMessage
from analyzer.formats.json_stream import array, batches, elide, indented, window as window_module
from analyzer.formats.json_stream.array import Document, Element
from analyzer.model import CaptureError

Json = dict[str, Any]


# -- layouts -----------------------------------------------------------------------------------------------


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


LAYOUTS = {
    "indented by 2": lambda d: json.dumps(d, indent=2),
    "indented by 1": lambda d: json.dumps(d, indent=1),
    "indented by 0": lambda d: json.dumps(d, indent=0),
    "indented by 4": lambda d: json.dumps(d, indent=4),
    "indented by tabs": lambda d: json.dumps(d, indent="\t"),
    "CRLF": lambda d: crlf(json.dumps(d, indent=2)),
    "compact": lambda d: json.dumps(d, separators=(",", ":")),
    "as Python writes by default": json.dumps,
    "compact, not ASCII": lambda d: json.dumps(d, separators=(",", ":"), ensure_ascii=False),
    "one entry a line": lambda d: lines(d),  # noqa: PLW0108 - it is defined below
    "spaced out": lambda d: json.dumps(d, separators=(" ,\n\t ", " : ")),
}
layouts = pytest.mark.parametrize("layout", [pytest.param(render, id=name) for name, render in LAYOUTS.items()])


def lines(document: Json) -> str:
    """Each entry compact on a line of its own."""
    log = document["log"]
    marked = json.dumps({"log": {**log, "entries": "@"}})
    return marked.replace(
        '"@"', "[\n" + ",\n".join(json.dumps(e, separators=(",", ":")) for e in log["entries"]) + "\n]"
    )


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def document(elements: list[Any], **others: Any) -> Json:
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "WebInspector", "version": "537.36"},
            "pages": [],
            "entries": elements,
            **others,
        }
    }


def entry(n: int, **others: Any) -> Json:
    url = f"wss://host.example/{n}"
    return {
        "startedDateTime": "2026-11-23T18:47:39.844Z",
        "time": n,
        "request": {"method": "GET", "url": url, "headers": []},
        **others,
    }


# -- reading -----------------------------------------------------------------------------------------------


class Dribble:
    """A pipe: never more than a few bytes at once."""

    def __init__(self, data: bytes, most: int) -> None:
        self.stream = io.BytesIO(data)
        self.most = most

    def readinto(self, buffer: memoryview) -> int:
        return self.stream.readinto(buffer[: self.most])


ELIDERS = ("quotes", "lines")
eliders = pytest.mark.parametrize("tight", ELIDERS)


class Kept:
    """A collector that keeps the messages as they come."""

    def __init__(self) -> None:
        self.messages: list[RawMessage] = []

    def add(self, messages: list[RawMessage]) -> None:
        self.messages += messages


def streamed(
    data: bytes, window: int | None = None, most: int = 1 << 30, tight: str = ""
) -> tuple[list[Element[RawEntry]], Document[RawEntry]]:
    """Every element of the document; raises CaptureError as the document does.

    `tight`: bodies are cut out from the first byte on, by their quotes or by the lines of the document, and messages
    peeled off an entry of two windows.
    """
    with pytest.MonkeyPatch.context() as patch:
        if window is not None:
            patch.setattr(window_module, "WINDOW", window)
            patch.setattr(batches, "WINDOW", window)
            large = 2 * window if tight else 16 * window
            patch.setattr(batches, "LARGE", large)
            patch.setattr(array, "LARGE", large)
        if tight:
            patch.setattr(window_module, "BLOCK", 61)
            patch.setattr(window_module, "ELIDE_FROM", -2 if tight == "quotes" else 1 << 60)
            patch.setattr(window_module, "INDENTED_FROM", -2)
            patch.setattr(indented, "FEWEST", 1 << 60 if tight == "quotes" else 1)
            patch.setattr(window_module, "SAMPLE", 300)
            patch.setattr(indented, "SHORTEST", 2)
            patch.setattr(indented, "EDGE", 8)
            patch.setattr(elide, "SHORTEST", 2)
            patch.setattr(elide, "STRIDE", 3)
            patch.setattr(elide, "STEP", 7)
        read = Document(Dribble(data, most), "test.har", LAYOUT, RawEntry, collector=Kept if tight else None)
        return list(read.elements()), read


def whole(element: Element[RawEntry]) -> RawEntry | None:
    """The entry with its messages, though these were peeled off."""
    if isinstance(element.collector, Kept) and element.value is not None and not element.value.messages:
        element.value.messages = element.collector.messages
    return element.value


def urls(elements: list[Element[RawEntry]]) -> list[str | None]:
    return [element.value.request.url for element in elements if element.value is not None]


def seen(raw: RawEntry | None) -> Any:
    """What we take from an entry, as plain values."""
    if raw is None:
        return None
    messages = None if raw.messages is None else [(m.type, m.time, m.opcode, m.data) for m in raw.messages]
    return (
        raw.startedDateTime,
        raw.time,
        raw.pageref,
        raw.request.method,
        raw.request.url,
        raw.response.status,
        raw.timings.wait,
        raw.resource_type,
        messages,
    )


def expected(value: Any) -> Any:
    """The same, taken from what `json.loads` gives."""
    if not isinstance(value, dict):
        return None
    request, response, timings = value.get("request", {}), value.get("response", {}), value.get("timings", {})
    listed = value.get("_webSocketMessages")
    messages = (
        None if listed is None else [(m.get("type"), m.get("time"), m.get("opcode"), m.get("data")) for m in listed]
    )
    return (
        value.get("startedDateTime"), value.get("time"), value.get("pageref"), request.get("method"), request.get("url"),
        response.get("status"), timings.get("wait"), value.get("_resourceType"), messages,
    )  # fmt: skip


def witness(data: bytes) -> list[Any]:
    """By the standard library alone."""
    return [expected(value) for value in loaded(data)["entries"]]


def loaded(data: bytes) -> Json:
    return printable(json.loads(data.decode("utf-8-sig"), parse_constant=lambda _: None)["log"])


def printable(value: Any) -> Any:
    """A lone surrogate is no character: `?` stands for it."""
    if isinstance(value, dict):
        return {printable(k): printable(v) for k, v in value.items()}
    if isinstance(value, list):
        return [printable(v) for v in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


# -- arbitrary documents -----------------------------------------------------------------------------------

TRAPS = [
    "},\n      {", "},\r\n      {", "},\n{", "}, {", '},{"startedDateTime":"', '}, {"startedDateTime": "', '},{"', "}]}}", "]", "}", "{", "[", ",",
    '"_webSocketMessages": [', '"entries": [', '"log": {', "\\", "\\\\", '"', '\\"', '\\\\"', '"},\n      {"', "\ud800", "\udc00\ud800", "\x7f", "\0",
    "é", "\U0001f600", "\u2028", "~~", " ", "\n", "\t", "//", "NaN",
]  # fmt: skip
texts = st.lists(st.sampled_from(TRAPS) | st.text(max_size=4), max_size=6).map("".join)
ascii_texts = st.lists(st.sampled_from([t for t in TRAPS if t.isascii()]), max_size=6).map("".join)
runs = st.builds(lambda c, n: c * n, st.sampled_from(["\\", '"', '\\"', "}", "},{", "[", " "]), st.integers(0, 90))
trapped = texts | runs
long_texts = st.builds(
    lambda text, n: text * n, st.sampled_from([*TRAPS, "abc", '"text": "', '\\\\"']), st.integers(0, 200)
)
numbers = st.integers(-2, 10**12) | st.floats(allow_nan=True, allow_infinity=True, width=32) | st.none()
anything = st.recursive(
    st.none() | st.booleans() | numbers | trapped,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(trapped, inner, max_size=3),
    max_leaves=6,
)
message = st.fixed_dictionaries({}, optional={"type": trapped, "time": numbers, "opcode": numbers, "data": trapped})
fields: dict[str, st.SearchStrategy[Any]] = {
    "startedDateTime": trapped,
    "time": numbers,
    "pageref": trapped,
    "request": st.fixed_dictionaries(
        {},
        optional={
            "method": trapped,
            "url": trapped,
            "headers": st.lists(st.fixed_dictionaries({"name": trapped, "value": trapped}), max_size=2),
        },
    ),
    "response": st.fixed_dictionaries(
        {},
        optional={
            "status": numbers,
            "content": st.fixed_dictionaries({"text": trapped | long_texts}, optional={"mimeType": trapped}),
        },
    ),
    "timings": st.fixed_dictionaries({}, optional={"wait": numbers, "receive": numbers}),
    "_resourceType": trapped,
    "_webSocketMessages": st.none() | st.lists(message, max_size=3) | st.lists(message, min_size=20, max_size=40),
    "x": anything,
    "},{": anything,
    "cache": st.just({}),
}
objects = st.fixed_dictionaries({}, optional=fields).flatmap(lambda e: st.permutations(list(e.items())).map(dict))
values = st.lists(objects | objects | objects | anything, max_size=7)


@st.composite
def documents(draw: st.DrawFn) -> Json:
    """The order of the members is free, on each level."""
    log = {
        "version": "1.2",
        "creator": {"name": draw(trapped)},
        "pages": draw(st.lists(anything, max_size=2)),
        "entries": draw(values),
        "browser": draw(anything),
        "comment": draw(anything),
    }
    outer: dict[str, Any] = {"log": dict(draw(st.permutations(list(log.items()))))}
    if draw(st.booleans()):
        outer["extra"] = draw(anything)
    return dict(draw(st.permutations(list(outer.items()))))


@pytest.mark.parametrize("window", [290, 295, 300, 325])
def test_a_walk_goes_on_where_it_was_though_a_text_is_cut_out_of_what_it_passed(window: int) -> None:
    first = {"request": {"method": "", "headers": []}, "response": {"content": {"text": ""}}, "time": 0}
    for escapes in (32, 64):
        headers = [{"name": "", "value": ""}, {"name": "", "value": "\\" * escapes}]
        second = {
            "timings": {"wait": None, "receive": None},
            "pageref": "",
            "startedDateTime": "",
            "},{": False,
            "request": {"method": "", "headers": headers},
            "_webSocketMessages": [],
            "response": {"content": {"text": "},\n      {},\n      {},\n      {"}},
            "time": 0,
        }
        data = json.dumps(document([first, second]), indent=2).encode()
        elements, _ = streamed(data, window, 7, "lines")
        assert [seen(whole(element)) for element in elements] == witness(data)


@pytest.mark.spread(3)
@layouts
@given(
    document=documents(),
    window=st.sampled_from([64, 128, 300, 4096, None]),
    most=st.sampled_from([1, 7, 1 << 30]),
    bom=st.booleans(),
    tight=st.sampled_from(["", *ELIDERS]),
)
def test_the_entries_are_those_that_json_loads_gives(
    layout: Any, document: Json, window: int | None, most: int, bom: bool, tight: str
) -> None:
    data = (b"\xef\xbb\xbf" if bom else b"") + encoded(
        layout(document).replace("\ud800", "\ufffd").replace("\udc00", "\ufffd")
    )
    elements, _ = streamed(data, window, most, tight)
    assert [seen(whole(element)) for element in elements] == witness(data)


@pytest.mark.spread(3)
@layouts
@given(document=documents(), window=st.sampled_from([64, 4096]))
@settings(max_examples=15)
def test_the_other_members_of_log_are_those_that_json_loads_gives(layout: Any, document: Json, window: int) -> None:
    data = encoded(layout(document).replace("\ud800", "\ufffd").replace("\udc00", "\ufffd"))
    _, read = streamed(data, window)
    log = loaded(data)
    assert printable(read.members) == {name: log[name] for name in LAYOUT.members if name in log}


@given(document=documents(), window=st.sampled_from([64, 4096]))
def test_what_is_no_object_among_the_entries_is_skipped_with_its_pointer(document: Json, window: int) -> None:
    elements, _ = streamed(encoded(json.dumps(document)), window)
    problems = [element.skipped[0].pointer for element in elements if element.value is None]
    assert problems == [
        f"/log/entries/{n}" for n, value in enumerate(document["log"]["entries"]) if not isinstance(value, dict)
    ]


@given(documents())
def test_elements_are_numbered_from_zero_without_a_gap(document: Json) -> None:
    elements, read = streamed(encoded(json.dumps(document)), 64)
    assert (
        [element.index for element in elements]
        == list(range(read.count))
        == list(range(len(document["log"]["entries"])))
    )


@given(documents(), st.sampled_from([64, 4096]))
def test_a_whole_document_is_not_marked_as_cut_off(document: Json, window: int) -> None:
    _, read = streamed(encoded(json.dumps(document)), window)
    assert (read.cut_off, read.trailing) == (None, None)


@layouts
@pytest.mark.parametrize("size", [0, 1, 2, 9, 400])
def test_any_number_of_entries_is_read(layout: Any, size: int) -> None:
    data = encoded(layout(document([entry(n) for n in range(size)])))
    assert urls(streamed(data, 512)[0]) == [f"wss://host.example/{n}" for n in range(size)]


@layouts
def test_entries_whose_first_key_varies_are_read(layout: Any) -> None:
    elements = [{f"key{n % 7}": n, **entry(n)} for n in range(200)]
    assert urls(streamed(encoded(layout(document(elements))), 1024)[0]) == [
        f"wss://host.example/{n}" for n in range(200)
    ]


@layouts
def test_an_entry_larger_than_any_window_is_read_whole(layout: Any) -> None:
    big = entry(1, response={"status": 200, "content": {"text": '},\n      {"a": "\\"' * 5000}})
    data = encoded(layout(document([entry(0), big, entry(2)])))
    assert urls(streamed(data, 256)[0]) == [f"wss://host.example/{n}" for n in range(3)]


@pytest.mark.parametrize("run", [pytest.param(c * n, id=f"{n} of {c}") for n in (1, 2, 3, 8) for c in '\\"'])
def test_a_window_may_end_anywhere_in_a_run_of_escapes(run: str) -> None:
    data = encoded(json.dumps(document([entry(0, comment=run), entry(1, comment="x" + run)])))
    for window in range(64, 96):
        assert urls(streamed(data, window)[0]) == ["wss://host.example/0", "wss://host.example/1"]


def test_entries_may_stand_before_the_creator() -> None:
    text = json.dumps({"log": {"entries": [entry(0)], "creator": {"name": "late"}}})
    elements, read = streamed(encoded(text))
    assert (urls(elements), read.members["creator"]) == (["wss://host.example/0"], {"name": "late"})


def test_invalid_utf8_in_a_body_costs_no_entry() -> None:
    data = encoded(json.dumps(document([entry(0), entry(1, comment="@@@"), entry(2)]))).replace(
        b"@@@", b"\xff\xed\xa0\x80\xc3"
    )
    assert len(urls(streamed(data)[0])) == 3


def test_raw_control_characters_in_a_string_cost_no_entry() -> None:
    data = encoded(json.dumps(document([entry(0), entry(1, comment="@@@"), entry(2)]))).replace(b"@@@", b"\x01\t\n")
    assert len(urls(streamed(data)[0])) == 3


@pytest.mark.parametrize("tail", [b"\n", b"\0\0\0", b" \r\n\0"])
def test_white_space_and_nuls_after_the_document_are_nothing(tail: bytes) -> None:
    _, read = streamed(encoded(json.dumps(document([entry(0)]))) + tail)
    assert read.trailing is None


def test_what_follows_the_document_is_told_with_its_offset() -> None:
    data = encoded(json.dumps(document([entry(0)])))
    _, read = streamed(data + b'\n{"log": {}}')
    assert read.trailing == len(data) + 1


# -- wrong types -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "pointer"),
    [
        pytest.param({"time": "12"}, "/log/entries/0/time", id="a number as text"),
        pytest.param({"timings": {"wait": {}}}, "/log/entries/0/timings/wait", id="an object for a number"),
        pytest.param({"response": []}, "/log/entries/0/response", id="an array for an object"),
        pytest.param({"response": {"status": "101"}}, "/log/entries/0/response/status", id="a status as text"),
        pytest.param({"_webSocketMessages": {}}, "/log/entries/0/_webSocketMessages", id="an object for the messages"),
        pytest.param(
            {"_webSocketMessages": [{"type": "send"}, 7]},
            "/log/entries/0/_webSocketMessages/1",
            id="a number for a message",
        ),
        pytest.param(
            {"_webSocketMessages": [{"time": "soon"}]},
            "/log/entries/0/_webSocketMessages/0",
            id="a time as text in a message",
        ),
    ],
)
def test_a_member_of_the_wrong_type_is_left_out_and_told(damage: Json, pointer: str) -> None:
    (elements,), _ = streamed(encoded(json.dumps(document([{**entry(0), **damage}]))))
    assert (elements.value is not None and elements.value.request.url, [s.pointer for s in elements.skipped]) == (
        "wss://host.example/0",
        [pointer],
    )


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([*fields, "_initiator", "_webSocketClose", "_frameref"]),
            anything
            | st.dictionaries(st.sampled_from(["url", "status", "wait", "headers", "content", "_file"]), anything),
        ),
        max_size=4,
    )
)
def test_no_entry_is_lost_to_members_of_any_type(entries: list[Json]) -> None:
    elements, _ = streamed(encoded(json.dumps(document(entries))))
    assert [element.value is not None for element in elements] == [True] * len(entries)


# -- large entries -----------------------------------------------------------------------------------------


def talk(count: int, data: str = "x") -> list[Json]:
    return [{"type": "send", "time": 1795459660.5 + n, "opcode": 1, "data": f"{data}{n}"} for n in range(count)]


def peeled(element: Element[RawEntry]) -> list[str | None]:
    """The data of the messages that were peeled off."""
    assert isinstance(element.collector, Kept)
    return [message.data for message in element.collector.messages]


@eliders
@layouts
@pytest.mark.parametrize("first", [True, False], ids=["before the rest", "after the rest"])
def test_the_messages_of_a_huge_socket_are_streamed(layout: Any, first: bool, tight: str) -> None:
    messages, rest = {"_webSocketMessages": talk(200, '},{"type":"')}, entry(1, comment="y" * 50)
    huge = {**messages, **rest} if first else {**rest, **messages}
    elements, _ = streamed(encoded(layout(document([entry(0), huge, entry(2)]))), 512, tight=tight)
    assert urls(elements) == [f"wss://host.example/{n}" for n in range(3)]
    assert peeled(elements[1]) == [message["data"] for message in messages["_webSocketMessages"]]


@eliders
@layouts
def test_a_text_that_only_looks_like_messages_is_not_peeled(layout: Any, tight: str) -> None:
    trap = '"_webSocketMessages": [{"type": "send"}, ' * 100
    elements, _ = streamed(encoded(layout(document([entry(0, comment=trap), entry(1)]))), 512, tight=tight)
    assert [(e.collector, e.skipped) for e in elements] == [(None, ())] * 2
    assert urls(elements) == ["wss://host.example/0", "wss://host.example/1"]


@eliders
def test_a_peeled_message_of_the_wrong_type_is_told_with_its_pointer(tight: str) -> None:
    messages: list[Any] = talk(200)
    messages[150], messages[160] = 7, {"time": "soon"}
    (elements,), _ = streamed(encoded(json.dumps(document([entry(0, _webSocketMessages=messages)]))), 512, tight=tight)
    assert [s.pointer for s in elements.skipped] == [f"/log/entries/0/_webSocketMessages/{n}" for n in (150, 160)]
    assert len(peeled(elements)) == 198


@eliders
@pytest.mark.parametrize("name", ["indented by 2", "compact", "as Python writes by default", "CRLF"])
@pytest.mark.parametrize("where", [b"x17", b"x199", b'"comment"'])
def test_damage_within_or_behind_peeled_messages_costs_no_other_entry_and_is_told(
    name: str, where: bytes, tight: str
) -> None:
    huge = {"startedDateTime": "", "_webSocketMessages": talk(200), "comment": "behind"}
    data = encoded(LAYOUTS[name](document([entry(0), huge, *(entry(n) for n in range(2, 9))])))
    at = data.index(where)
    offset = data.index(b"{", data.index(b"wss://host.example/0") + 40)
    elements, _ = streamed(data[: at + 3] + b'"' + data[at + 3 :], 512, tight=tight)
    assert [url for url in urls(elements) if url] == [f"wss://host.example/{n}" for n in (0, *range(2, 9))]
    assert any(
        s.problem.startswith("damaged") and s.offset is not None and s.offset <= at for e in elements for s in e.skipped
    )
    assert offset <= at


@eliders
@layouts
@given(cut=st.data(), window=st.sampled_from([64, 512]))
@settings(max_examples=20)
def test_a_peeled_and_elided_file_cut_off_anywhere_keeps_every_complete_entry(
    layout: Any, cut: Any, window: int, tight: str
) -> None:
    body = {"status": 200, "content": {"text": '\\"a\\' * 40}}
    entries = [
        entry(0, response=body),
        entry(1, _webSocketMessages=talk(40), response=body),
        entry(2, response=body),
        entry(3),
    ]
    data = encoded(layout(document(entries)).rstrip())
    at = cut.draw(st.integers(data.index(b"[", data.index(b'"entries"')) + 1, len(data) - 1))
    elements, read = streamed(data[:at], window, tight=tight)
    assert read.cut_off == at
    assert urls(elements) == [f"wss://host.example/{n}" for n, end in enumerate(ends(data)) if end <= at]


@eliders
@layouts
def test_offsets_are_those_of_the_document_though_bodies_were_cut_out(layout: Any, tight: str) -> None:
    body = {"content": {"text": '\\"abc\\' * 400}}
    data = encoded(layout(document([*(entry(n, response=body) for n in range(9)), 7, entry(9, response=body)])))
    elements, _ = streamed(data, 4096, tight=tight)
    ((offset, problem),) = [(s.offset, s.problem) for e in elements for s in e.skipped]
    assert problem == "not an object but a number"
    assert offset is None or data[offset : offset + 1] == b"7"


@eliders
@pytest.mark.parametrize("name", ["indented by 2", "compact"])
def test_an_entry_beyond_measure_is_passed_over_and_told(name: str, tight: str) -> None:
    huge = entry(1, comment=[{"a": n} for n in range(20_000)])
    data = encoded(LAYOUTS[name](document([entry(0), huge, entry(2)])))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "LARGEST", 1 << 16)
        patch.setattr(array, "LARGEST", 1 << 16)
        elements, read = streamed(data, 4096, tight=tight)
    assert len(read.window.buffer) < 1 << 19
    problems = [s.problem for s in elements[1].skipped] if name == "compact" else []
    assert urls(elements)[0] == "wss://host.example/0" and urls(elements)[-1] == "wss://host.example/2"
    assert len(elements) == 3 and problems in ([], ["larger than 0 MiB"])


def test_a_member_of_log_beyond_measure_is_passed_over_and_told() -> None:
    data = encoded(json.dumps(document([entry(0)], pages="x" * 5000)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[__name__], "LAYOUT", LAYOUT._replace(members={"pages": 1000}))
        elements, read = streamed(data, 256)
    assert (urls(elements), [s.pointer for s in read.skipped]) == (["wss://host.example/0"], ["/log"])


# -- cut-off files -----------------------------------------------------------------------------------------


def ends(data: bytes) -> list[int]:
    """Where each entry ends, by the standard library's decoder."""
    text, decoder, elements = data.decode("ascii"), json.JSONDecoder(), []
    at = text.index("[", text.index('"entries"')) + 1
    while True:
        while text[at] in " \t\r\n,":
            at += 1
        if text[at] == "]":
            return elements
        at = decoder.raw_decode(text, at)[1]
        elements.append(at)


SMALL = [
    entry(
        n,
        comment=trap,
        response={"status": 101},
        _webSocketMessages=[{"type": "send", "time": 1.5, "opcode": 1, "data": trap}],
    )
    for n, trap in enumerate(['},\n      {"', '\\"},{"startedDateTime":"', "}]}}", ""])
]


@pytest.mark.spread(4)
@layouts
@pytest.mark.parametrize("window", [64, 1 << 20])
@pytest.mark.parametrize("last", ["entries", "pages"])
def test_a_file_cut_off_anywhere_keeps_every_complete_entry_and_is_marked(layout: Any, window: int, last: str) -> None:
    whole = document(SMALL)
    if last == "pages":
        whole["log"]["pages"] = whole["log"].pop("pages")
    data = encoded(layout(whole).rstrip())
    stops, begins = ends(data), data.index(b"[", data.index(b'"entries"')) + 1
    for cut in range(begins, len(data)):
        elements, read = streamed(data[:cut], window)
        assert read.cut_off == cut
        assert urls(elements) == [f"wss://host.example/{n}" for n, end in enumerate(stops) if end <= cut]


@layouts
def test_a_file_cut_off_before_its_entries_is_useless(layout: Any) -> None:
    data = encoded(layout(document(SMALL)))
    for cut in range(data.index(b'"entries"')):
        with pytest.raises(CaptureError):
            streamed(data[:cut])


# -- damage ------------------------------------------------------------------------------------------------

DAMAGE = {
    "an unbalanced quote": lambda t: t.replace('"time"', '"time', 1),
    "a quote within a string": lambda t: t.replace("host.example", 'host"example', 1),
    "a missing closing brace": lambda t: t.rstrip()[:-1],
    "a missing opening brace": lambda t: t.replace("{", "", 1),
    "an extra closing brace": lambda t: t.rstrip() + "}",
    "an extra closing bracket": lambda t: t.replace('"request"', '] "request"', 1),
    "an extra opening bracket": lambda t: t.replace('"headers"', '[[{ "headers"', 1),
    "a missing colon": lambda t: t.replace('"time":', '"time"', 1),
    "garbage in between": lambda t: t.replace('"request"', "\x00\x01<html>", 1),
    "a literal that is none": lambda t: t.replace('"GET"', "undefined", 1),
    "its second half lost": lambda t: t[: len(t) // 2],
    "a bad escape": lambda t: t.replace("host.example", "host\\example", 1),
}  # fmt: skip
RESYNCHRONISABLE = [
    "indented by 2",
    "indented by 1",
    "indented by 4",
    "indented by tabs",
    "CRLF",
    "compact",
    "as Python writes by default",
    "one entry a line",
]


def broken(layout: Any, count: int, damaged: set[int], damage: Any) -> tuple[bytes, list[tuple[int, int]]]:
    """A document with some of its entries damaged, and from where to where each of these reaches."""
    data = encoded(layout(document([entry(n, comment=f"<{n}>", response={"status": 200}) for n in range(count)])))
    stops = ends(data)
    spans, out, last = [], b"", 0
    for n in range(count):
        start = data.index(b"{", last) if n == 0 else data.index(b"{", stops[n - 1])
        if n == 0:
            start = data.index(b"{", data.index(b"[", data.index(b'"entries"')))
        if n in damaged:
            out += data[last:start]
            begun = len(out)
            out += damage(data[start : stops[n]].decode()).encode()
            spans.append((begun, len(out)))
            last = stops[n]
    return out + data[last:], spans


@pytest.mark.spread(4)
@pytest.mark.parametrize("window", [200, 4096, 1 << 20])
@pytest.mark.parametrize("name", RESYNCHRONISABLE)
@pytest.mark.parametrize("damage", [pytest.param(how, id=what) for what, how in DAMAGE.items()])
def test_a_damaged_entry_costs_no_other(name: str, damage: Any, window: int) -> None:
    data, _ = broken(LAYOUTS[name], 30, {11, 12, 20}, damage)
    survivors = [url for url in urls(streamed(data, window)[0]) if url is not None and "host.example" in url]
    assert [u for u in survivors if u.rpartition("/")[2] not in ("11", "12", "20")] == [
        f"wss://host.example/{n}" for n in range(30) if n not in (11, 12, 20)
    ]


@pytest.mark.spread(3)
@pytest.mark.parametrize("name", RESYNCHRONISABLE)
@pytest.mark.parametrize(
    "damage", [pytest.param(how, id=what) for what, how in DAMAGE.items() if "bad escape" not in what]
)
def test_a_damaged_entry_is_told_with_its_byte_offset(name: str, damage: Any) -> None:
    data, ((start, end),) = broken(LAYOUTS[name], 30, {11}, damage)
    offsets = [s.offset for element in streamed(data)[0] for s in element.skipped]
    assert offsets and all(offset is not None and start <= offset <= end for offset in offsets)


@pytest.mark.spread(4)
@pytest.mark.parametrize("name", RESYNCHRONISABLE)
@pytest.mark.parametrize("where", [0, 29])
@pytest.mark.parametrize("damage", [pytest.param(how, id=what) for what, how in DAMAGE.items()])
def test_damage_in_the_first_or_last_entry_costs_no_other(name: str, damage: Any, where: int) -> None:
    data, _ = broken(LAYOUTS[name], 30, {where}, damage)
    survivors = [url for url in urls(streamed(data, 512)[0]) if url is not None and "host.example" in url]
    assert [u for u in survivors if u.rpartition("/")[2] != str(where)] == [
        f"wss://host.example/{n}" for n in range(30) if n != where
    ]


@given(data=st.data(), name=st.sampled_from(RESYNCHRONISABLE), window=st.sampled_from([256, 1 << 20]))
def test_bytes_overwritten_at_random_are_never_passed_over_in_silence(data: Any, name: str, window: int) -> None:
    """Either every entry is there, or something is told: skipped, cut off, what follows, or that it is no HAR."""
    whole = bytearray(encoded(LAYOUTS[name](document([entry(n) for n in range(12)]))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + 1] = bytes(data.draw(st.lists(st.sampled_from(b'"\\{}[],:x \n\x00'), max_size=3)))
    try:
        elements, read = streamed(bytes(whole), window)
    except CaptureError:
        return
    problems = any(element.skipped for element in elements) or read.cut_off is not None or read.trailing is not None
    assert (
        problems
        or len(elements) == 12
        or len(elements) == len(json.loads(whole.decode(), strict=False)["log"]["entries"])
    )


# -- what is no HAR ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"   ", id="white space"),
        pytest.param(b"\xef\xbb\xbf", id="a BOM alone"),
        pytest.param(b"[]", id="an array"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b'{"log": 7}', id="a log that is no object"),
        pytest.param(b'{"log": {}}', id="a log without entries"),
        pytest.param(b'{"log": {"entries": {}}}', id="entries that are no array"),
        pytest.param(b'{"log": {"entries": null}}', id="entries that are null"),
        pytest.param(b'{"log" {"entries": []}}', id="no colon"),
        pytest.param(b'{7: {"entries": []}}', id="a key that is no string"),
        pytest.param(b'{"a": tru, "log": {"entries": []}}', id="a literal that is none"),
        pytest.param('{"log": {"entries": []}}'.encode("utf-16"), id="UTF-16"),
        pytest.param('{"log": {"entries": []}}'.encode("utf-16-le"), id="UTF-16 without a BOM"),
        pytest.param('{"log": {"entries": []}}'.encode("utf-32"), id="UTF-32"),
        pytest.param(b'callback({"log": {"entries": []}})', id="JSONP"),
        pytest.param(b"<html>", id="HTML"),
        pytest.param(b"[" * 100_000, id="brackets without end"),
        pytest.param(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="nesting beyond reason"),
    ],
)
def test_what_is_no_har_is_a_capture_error(data: bytes) -> None:
    with pytest.raises(CaptureError):
        streamed(data)


def test_nesting_beyond_reason_in_one_entry_costs_no_other() -> None:
    text = json.dumps(document([entry(0), entry(1, comment="@"), entry(2)])).replace(
        '"@"', "[" * 100_000 + "]" * 100_000
    )
    assert {"wss://host.example/0", "wss://host.example/2"} <= set(urls(streamed(encoded(text))[0]))


@pytest.mark.parametrize("after", ["", "x", "xxxxx", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"])
def test_a_lone_surrogate_at_the_end_is_not_taken_for_the_end_of_the_file(after: str) -> None:
    """msgspec misses its other half, and says that the data was truncated."""
    data = f'{{"log":{{"entries":[{{"a":1}},{{"a":"\\ud83d{after}"}}]}}}}'.encode()
    elements, read = streamed(data)
    assert [element.value is not None for element in elements] == [True, True]
    assert read.cut_off is None


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda b: b'{"log": {"entries": [' + b))
@example(b'{"log": {"entries": [')
@example(b'{"log":{"entries":[{}')
def test_any_bytes_give_elements_or_a_capture_error(data: bytes) -> None:
    try:
        streamed(data, 64)
    except CaptureError as error:
        assert error.source == "test.har"


# -- time --------------------------------------------------------------------------------------------------


def varied(size: int) -> Iterator[str]:
    """Compact entries that all begin with another key: no separator can be learnt."""
    body = '{\\"a\\":[1,2,{}]},{' * 60
    for n in range(size // 1200):
        yield f'{{"k{n}":{n},"request":{{"method":"GET","url":"wss://h/{n}"}},"response":{{"content":{{"text":"{body}"}}}}}}'


def damaged(elements: Iterator[str], every: int, how: Any) -> Iterator[str]:
    for n, text in enumerate(elements):
        yield how(text) if n % every == every - 1 else text


def alike(size: int) -> Iterator[str]:
    body = '{\\"a\\":[1,2,{}]},{' * 60
    for n in range(size // 1200):
        yield f'{{"_id":{n},"request":{{"method":"GET","url":"wss://h/{n}"}},"response":{{"content":{{"text":"{body}"}}}}}}'


def unbalanced(text: str) -> str:
    return text.replace('"method"', '"method', 1)


def unclosed(text: str) -> str:
    return text[:-1]


SLOW = {
    "keys that all differ": lambda size: ",".join(varied(size)),
    "keys that all differ, a quote missing in every 50th": lambda size: ",".join(damaged(varied(size), 50, unbalanced)),
    "keys that all differ, a brace missing in every 50th": lambda size: ",".join(damaged(varied(size), 50, unclosed)),
    "a quote missing in every 50th": lambda size: ",".join(damaged(alike(size), 50, unbalanced)),
    "a quote missing in every one": lambda size: ",".join(damaged(alike(size), 1, unbalanced)),
    "a brace missing in every second": lambda size: ",".join(damaged(alike(size), 2, unclosed)),
    "a brace missing in every second, indented": lambda size: ",\n      ".join(damaged(alike(size), 2, unclosed)),
    "a quote missing in every 50th, indented": lambda size: ",\n      ".join(damaged(alike(size), 50, unbalanced)),
    "a lone surrogate in every one": lambda size: ",".join(t.replace("wss:", "\\ud800", 1) for t in alike(size)),
    "empty objects": lambda size: ",".join(["{}"] * (size // 3)),
    "nulls": lambda size: ",".join(["null"] * (size // 5)),
    "numbers": lambda size: ",".join(["1"] * (size // 4)),
    "one string of quotes": lambda size: '{"a":"' + '\\"' * (size // 2) + '"}',
    "one string of braces": lambda size: '{"a":"' + '},{\\"a\\"' * (size // 8) + '"}',
    "one string of backslashes": lambda size: '{"a":"' + "\\\\" * (size // 2) + '"}',
    "one deep nest": lambda size: '{"a":' + "[" * (size // 2) + "]" * (size // 2) + "}",
    "one quote that never closes": lambda size: '{"a":"' + "},{ 'a' " * (size // 8),
    "braces that never close": lambda size: '{"a":' * (size // 5),
    "commas": lambda size: "," * size,
    "closing braces": lambda size: "{}" + "}" * size,
    "one huge list of messages": lambda size: (
        '{"_webSocketMessages":[' + ",".join(['{"type":"send","time":1,"opcode":1,"data":"x"}'] * (size // 45)) + "]}"
    ),
    "white space": lambda size: "{}," + " " * size + "{}",
    "nests with a bracket missing": lambda size: ",".join(
        ['{"name":1,"z":[' + "[" * 3000 + "]" * 2999 + "}"] * (size // 6000)
    ),
    "a first key that inner objects have, too": lambda size: ",".join(
        ['{"name":"e","request":{"headers":[' + ",".join(['{"name":"h","value":"v"}'] * 20) + "]}}"] * (size // 540)
    ),
}


def seconds(data: bytes) -> float:
    """CPU; without the collector, whose cost grows with what Hypothesis and pytest hold."""
    gc.disable()
    begun = time.process_time()
    try:
        with contextlib.suppress(CaptureError):
            streamed(data)
        return time.process_time() - begun
    finally:
        gc.enable()


@pytest.mark.spread(8)
@pytest.mark.parametrize("shape", [pytest.param(make, id=name) for name, make in SLOW.items()])
def test_reading_stays_linear(shape: Any) -> None:
    """Four times the bytes take about four times as long (sixteen would be quadratic), or no time to speak of."""
    small, large = (f'{{"log":{{"entries":[{shape(size)}]}}}}'.encode() for size in (1 << 18, 1 << 20))
    took = seconds(large)
    assert took < 1.0 or took < 10 * max(seconds(small), seconds(small), 0.01)


def test_a_large_file_without_separators_and_with_damage_takes_seconds() -> None:
    data = f'{{"log":{{"entries":[{",".join(damaged(varied(3 << 20), 200, unbalanced))}]}}}}'.encode()
    assert seconds(data) < 6  # it was a minute when each damage was searched to the end

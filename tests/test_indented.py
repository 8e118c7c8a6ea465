"""Bodies cut out of indented documents by their lines, against what `json` reads of the whole."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from shapes import document, one_page, socket

from analyzer.formats import read
from analyzer.formats.har.raw import LAYOUT, RawEntry
from analyzer.formats.json_stream import batches, indented, window
from analyzer.formats.json_stream.array import Document
from analyzer.formats.json_stream.elide import MARK
from analyzer.formats.json_stream.indented import IndentedElider, learn_opening

TRAPS = [
    '"',
    "\\",
    '\\"',
    '", "x": 1, "y": "',
    '"},\n{"text": "',
    '"text": "',
    '",',
    "é",
    "\U0001f600",
    "~~",
    "\n",
    "abc",
    "\t",
]
bodies = st.lists(
    st.tuples(st.sampled_from(TRAPS), st.integers(1, 40)).map(lambda item: item[0] * item[1]), max_size=6
).map("".join)
values = st.recursive(
    st.none() | st.integers() | bodies,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", 'x"text', "time", "encoding"]), inner, max_size=4)
    ),
    max_leaves=12,
)
styles = st.tuples(st.sampled_from([1, 2, "\t"]), st.sampled_from([": ", ":", " : "]), st.sampled_from(["\n", "\r\n"]))


def write(value: Any, style: tuple[int | str, str, str], ascii: bool) -> bytes:
    indent, colon, end = style
    return json.dumps(value, indent=indent, separators=(",", colon), ensure_ascii=ascii).replace("\n", end).encode()


def cut(data: bytes, blocks: list[int], opening: bytes, shortest: int, edge: int) -> bytes:
    """What is kept of the data when it comes in blocks of these sizes, over and over."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indented, "SHORTEST", shortest)
        patch.setattr(indented, "EDGE", edge)
        patch.setattr(indented, "PROBE", 1 << 30)
        elider = IndentedElider(opening)
        buffer = bytearray(len(data) + max(blocks) + 8)
        view = memoryview(buffer)
        at, end, gone, n = 0, 1, 0, 0
        while at < len(data):
            block = data[at : at + blocks[n % len(blocks)]]
            view[end : end + len(block)] = block
            end, cuts = elider.cut(buffer, view, end, end + len(block))
            gone += sum(count for _, count in cuts)
            at, n = at + len(block), n + 1
        assert end - 1 + gone == len(data)
        return bytes(view[1:end])


def without_texts(value: Any, cuts: list[str]) -> Any:
    """The same without texts, which are added to a list."""
    if isinstance(value, list):
        return [without_texts(item, cuts) for item in value]
    if not isinstance(value, dict):
        return value
    cuts += [item for key, item in value.items() if key == "text" and isinstance(item, str)]
    return {
        key: "" if key == "text" and isinstance(item, str) else without_texts(item, cuts) for key, item in value.items()
    }


blocks = st.lists(st.integers(1, 400), min_size=1, max_size=4)


@given(values, styles, st.booleans(), blocks, st.sampled_from([2, 3, 20]), st.sampled_from([8, 16]))
def test_only_texts_are_cut_and_each_to_a_mark_or_not_at_all(
    value: Any, style: tuple[int | str, str, str], ascii: bool, blocks: list[int], shortest: int, edge: int
) -> None:
    rest = json.loads(cut(write(value, style, ascii), blocks, f'"text"{style[1]}"'.encode(), shortest, edge))
    before: list[str] = []
    after: list[str] = []
    assert without_texts(rest, after) == without_texts(value, before)
    assert all(now in (was, "~~") for was, now in zip(before, after, strict=True))


@given(st.lists(st.tuples(bodies, st.lists(bodies, max_size=3)), min_size=1, max_size=4), blocks, st.booleans())
def test_members_behind_a_text_in_its_line_are_kept_or_the_document_is_refused(
    lines: list[tuple[str, list[str]]], blocks: list[int], closes: bool
) -> None:
    """Each text and what follows it is shorter than what is looked at; `closes`: a bracket, too, is in the line."""
    members = []
    for n, (text, others) in enumerate(lines):
        inner = "".join(f', "{m}": {json.dumps(other[:20])}' for m, other in enumerate(others))
        inner += f'}}, "open{n}": {{"x": "y"' if closes else ""
        members.append(f'"object{n}": {{\n"text": {json.dumps(text[:90])}{inner}\n}}')
    data = ("{\n" + ",\n".join(members) + "\n}").encode()
    rest = cut(data, blocks, b'"text": "', 2, 600)
    try:
        value = json.loads(rest)
    except ValueError:
        assert any(others for _, others in lines) or closes
        return
    assert without_texts(value, []) == without_texts(json.loads(data), [])


def test_a_long_body_is_cut_wherever_blocks_end() -> None:
    body = '\\"ab\\\\é' * 5000
    data = f'{{\n  "text": "{body}",\n  "x": 1\n}}'.encode()
    for size in (*range(3100, 3120), 4096, 1 << 20):
        assert cut(data, [size], b'"text": "', indented.SHORTEST, indented.EDGE) == b'{\n  "text": "~~",\n  "x": 1\n}'


def test_a_body_is_cut_wherever_the_first_block_ends() -> None:
    data = f'{{\r\n  "text": "{"abc" * 20}",\r\n  "x": "y"\r\n}}'.encode()
    for size in range(1, len(data)):
        rest = cut(data, [size, len(data)], b'"text": "', 20, 8)
        assert rest == b'{\r\n  "text": "~~",\r\n  "x": "y"\r\n}'


@pytest.mark.parametrize("ending", ['", "x": [1, 2]', "", '", "x": "y" ', '\\"', '", "x": "y"'])
def test_a_line_of_another_style_leaves_nothing_that_is_read(ending: str) -> None:
    """A part of the text is gone before its line ends otherwise than it should."""
    data = f'{{\n  "text": "{"ab" * 9000}{ending}\n}}'.encode()
    rest = cut(data, [4096], b'"text": "', indented.SHORTEST, indented.EDGE)
    assert MARK not in rest and len(rest) < len(data)
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(rest)


def test_nothing_is_cut_behind_a_line_of_another_style() -> None:
    body = "x" * 5000
    data = f'{{"a": {{"text": "{body}"}},\n "text": "{body}"\n}}'.encode()
    assert cut(data, [1 << 20], b'"text": "', indented.SHORTEST, indented.EDGE) == data


@given(
    st.binary(max_size=300) | st.text(max_size=100).map(lambda text: b'\n"text":"' + text.encode("utf-8", "replace")),
    blocks,
)
def test_any_bytes_raise_nothing(data: bytes, blocks: list[int]) -> None:
    cut(data, blocks, b'"text":"', 2, 8)


def test_few_bodies_stop_the_search_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indented, "PROBE", 20_000)
    monkeypatch.setattr(window, "PAUSE", 300_000)
    monkeypatch.setattr(window, "BLOCK", 4096)
    for module in (window, batches):
        monkeypatch.setattr(module, "WINDOW", 4096)
    monkeypatch.setattr(window, "INDENTED_FROM", 0)

    def count(texts: list[str]) -> list[int]:
        """How many bytes are gone after each entry."""
        entries = [{"request": {"postData": {"text": text}}, "x": ["y" * 40] * 20} for text in texts]
        data = json.dumps({"log": {"entries": entries}}, indent=2).encode()
        document = Document(io.BytesIO(data), "x", LAYOUT, RawEntry, size=len(data))
        gone = []
        for element in document.elements():
            here = document.window
            gone.append(here.offset(here.at) - here.place(here.at))
            assert element.value is not None and not element.skipped
        return gone

    few, many = [""] * 100, ["x" * 5000] * 100
    gone = count(few + many)
    assert gone[100] == gone[110] == 0 < gone[-1]
    assert count(many)[10] > 10_000
    assert count(few)[-1] == 0


@pytest.mark.parametrize("size", [100, 70_000, 200_000, 5_000_000])
def test_a_text_that_the_parser_passes_by_is_given_up(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member of `log` that nobody reads is let go of on the way, so what goes on is no longer in the window."""
    monkeypatch.setattr(window, "BLOCK", 4096)
    monkeypatch.setattr(window, "INDENTED_FROM", 0)
    for module in (window, batches):
        monkeypatch.setattr(module, "WINDOW", 4096)
    entries = [{"request": {"url": f"wss://a.example/{n}"}, "x": ["y"] * 20} for n in range(9)]
    log = {"entries": entries, "other": {"text": "\\" * size, "more": 1}, "creator": {"name": "\\"}}
    data = json.dumps({"log": log}, indent=2).encode()
    document = Document(io.BytesIO(data), "x", LAYOUT, RawEntry, size=len(data))
    assert sum(element.value is not None for element in document.elements()) == 9
    assert document.members == {"creator": {"name": "\\"}} and document.cut_off is None


@pytest.mark.parametrize("style", [(2, ": ", "\n"), ("\t", " : ", "\r\n"), (1, ":", "\n")])
def test_the_style_is_learnt(style: tuple[int | str, str, str]) -> None:
    data = write([{"a": [1, -2.5e3, None, True, 'x"{,'], "b": {}, "c": {"d": [], "text": "x"}}] * 3, style, ascii=False)
    assert learn_opening(data, "text") == f'"text"{style[1]}"'.encode()


@pytest.mark.parametrize(
    "line", ['"a": 1, "b": 2,', '{"a": 1},', '"a": [1, 2],', '"a":1,', "1, 2,", '"a": "x" "y",', '"a": "x', "},{"]
)
def test_another_style_is_none(line: str) -> None:
    lines = ['    "a": 1,'] * 20
    assert learn_opening("\n".join(lines).encode(), "text") is not None
    assert learn_opening("\n".join([*lines, f"    {line}", *lines]).encode(), "text") is None


def test_few_lines_show_no_style() -> None:
    assert learn_opening(b'{\n"a": 1,\n"b": 2\n}', "text") is None
    assert learn_opening(b"", "text") is None


def test_a_quote_that_nothing_escapes() -> None:
    for text in (b"", b"abc", b'\\"', b'\\\\\\"', b'a\\"b\\"c', b"\\\\", b"\\" * 9):
        assert not indented._has_bare(bytearray(text), 0, len(text))
    for text in (b'"', b'\\\\"', b'\\"\\\\\\\\"', b'a\\"b"c'):
        assert indented._has_bare(bytearray(text), 0, len(text))
        assert re.search(rb'(?<!\\)(?:\\\\)*"', text)


def test_an_entry_between_two_texts_of_one_line_is_read(tmp_path: Path) -> None:
    """A line that begins with one text and ends with another, as no program writes it: both ends look like a body's."""

    def entry(n: int, size: int) -> dict[str, Any]:
        return document(n) | {"response": {"status": 200, "headers": [], "content": {"text": "w" * size}}}

    har = one_page([socket(50), *(entry(n, 400_000) for n in range(8)), {"here": 1}])
    first, last = (json.dumps(entry(n, 3_000)) for n in (8, 9))
    end = last.index('"w') + 3_002
    line = (
        first.replace('"text"', f'\n{" " * 12}"text"')
        + ", "
        + json.dumps(socket(90))
        + ", "
        + last[:end]
        + "\n"
        + last[end:]
    )
    data = re.sub(r'\{\s*"here": 1\s*\}', lambda _: line, json.dumps(har, indent=2)).encode()
    assert len(json.loads(data)["log"]["entries"]) == 13

    (tmp_path / "joined.har").write_bytes(data)
    capture = read(tmp_path / "joined.har")

    assert (len(capture.traces), capture.files[0].records) == (2, 13)

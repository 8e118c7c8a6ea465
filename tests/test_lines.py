"""Elements at any path of a document, and one per line, against `json.loads` of the same bytes."""

from __future__ import annotations

import io
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from analyzer.formats.json_stream.array import Document, Element
from analyzer.formats.json_stream.layout import Inner, Layout, NoElement
from tests.test_array import Dribble


class Part(msgspec.Struct):
    n: int


class Event(msgspec.Struct):
    parts: list[Part] = []


ALONE = Layout((), "a log", "export one", "events")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('{}[]",\\\n\r aé'), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "}\n{"]), inner, max_size=3),
    max_leaves=8,
)
events = st.lists(st.dictionaries(st.sampled_from(["method", "params", "}\n{"]), values, max_size=3), min_size=1)


def read(data: bytes, layout: Layout = ALONE, most: int = 1 << 30) -> tuple[list[Element[Any]], Document[Any]]:
    document = Document(Dribble(data, most), "test.json", layout, dict)
    return list(document.elements()), document


@given(
    expected=events,
    between=st.sampled_from(["\n", "\r\n", "\n\n", " \n ", "\n\t\r\n"]),
    indent=st.sampled_from([None, 0, 2]),
    most=st.sampled_from([1, 7, 1 << 30]),
    end=st.sampled_from(["", "\n", "    \n\0\0"]),
)
def test_one_value_per_line_is_read_as_the_elements_of_an_array(
    expected: list[Any], between: str, indent: int | None, most: int, end: str
) -> None:
    data = (between.join(json.dumps(value, indent=indent) for value in expected) + end).encode()
    elements, document = read(data, most=most)
    assert [element.value for element in elements] == expected
    assert [element.skipped for element in elements] == [()] * len(expected)
    assert (document.cut_off, document.trailing) == (None, None)


@given(expected=events, most=st.sampled_from([1, 7, 1 << 30]))
def test_a_bare_array_and_its_values_per_line_are_the_same(expected: list[Any], most: int) -> None:
    array = read(json.dumps(expected).encode(), most=most)[0]
    lines = read("\n".join(map(json.dumps, expected)).encode(), most=most)[0]
    assert [(it.index, it.value) for it in array] == [(it.index, it.value) for it in lines]


@given(expected=events, data=st.data())
def test_lines_that_are_cut_off_anywhere_keep_every_complete_value(expected: list[Any], data: Any) -> None:
    # The first key is none of an inner object's, as in every log: it shows where the next value begins after damage.
    lines = [json.dumps({"n": n, **value}) for n, value in enumerate(expected)]
    text = "\n".join(lines).encode()
    stop = data.draw(st.integers(1, len(text)))
    try:
        elements, document = read(text[:stop])
    except NoElement:
        elements, document = [], None
    whole = next((n for n in range(len(lines)) if len("\n".join(lines[: n + 1])) > stop), len(lines))
    assert [it.value for it in elements if it.value is not None] == [json.loads(line) for line in lines[:whole]]
    complete = "\n".join(lines[:whole]).encode()
    if document is not None and text[:stop].rstrip() != complete:
        assert document.cut_off is not None or any(it.skipped for it in elements)


def test_damage_is_reported_at_its_offset_in_the_file() -> None:
    text = b'{"a":1}\n{"a":"x{\n{"a":3}\n{"a":4}\n'
    elements, _ = read(text)
    assert [it.value for it in elements] == [{"a": 1}, None, {"a": 4}]
    assert [(it.pointer, it.offset) for it in elements[1].skipped] == [("/1", text.index(b'{"a":"x'))]


@pytest.mark.parametrize(
    ("path", "render"),
    [
        pytest.param(
            ("events",), lambda expected: {"constants": {"a": 1}, "events": expected, "more": 2}, id="a NetLog"
        ),
        pytest.param(("traceEvents",), lambda expected: {"traceEvents": expected, "metadata": {}}, id="a trace"),
        pytest.param(
            ("a", "b", "c"), lambda expected: {"x": 1, "a": {"b": {"constants": {"a": 1}, "c": expected}}}, id="deep"
        ),
        pytest.param((), lambda expected: expected, id="the array alone"),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_is_read_at_its_path(path: tuple[str, ...], render: Any, indent: int | None) -> None:
    expected = [{"n": n, "events": [n], "c": {}} for n in range(300)]
    layout = Layout(path, "a log", "export one", "events", {"constants": 1000})
    elements, document = read(json.dumps(render(expected), indent=indent).encode(), layout, 97)
    assert [it.value for it in elements] == expected
    assert document.members == ({"constants": {"a": 1}} if path in (("events",), ("a", "b", "c")) else {})


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b'{"constants":{}}', "no events: this is JSON, but not a log: export one"),
        (b"{}", "no events: this is JSON, but not a log: export one"),
        (b"[]", "not JSON, so not a log: export one"),
        (b'{"events":{}}', "not an array but an object"),
        (b'{"constants":', "the file ends before its events begin"),
    ],
)
def test_a_document_without_the_array_is_an_error_that_says_so(data: bytes, problem: str) -> None:
    with pytest.raises(NoElement) as error:
        read(data, Layout(("events",), "a log", "export one", "events"))
    assert error.value.problem == problem


def test_an_array_of_the_wrong_type_is_left_out_whole_or_in_part() -> None:
    """Where a format names its inner array, one wrong element costs only itself."""
    data = b'[{"parts":[{"n":1},{"n":"x"}]},{"parts":[{"n":2}]}]'
    for inner, decoded, pointer in ((None, [[], [2]], "/0/parts"), (Inner("parts", Part), [[1], [2]], "/0/parts/1")):
        document = Document(io.BytesIO(data), "test.json", ALONE._replace(inner=inner), Event)
        elements = list(document.elements())
        assert [[part.n for part in it.value.parts] for it in elements if it.value] == decoded
        assert [it.pointer for it in elements[0].skipped] == [pointer]

"""Paths over a call stack: the small language in which rows describe client libraries."""

from __future__ import annotations

import pytest

from analyzer.services import clients, paths


def count(path: str, names: list[str | None], inside: str = "") -> int:
    """How many of the names the path fits, from the innermost."""
    marked = list(map(paths.mark, names))
    number = paths.count(path, inside, marked) or 0
    assert not number or any(fits(marked[0]) for fits in paths.list_beginnings(path, inside))
    return number


@pytest.mark.parametrize(
    ("path", "names", "frames"),
    [
        pytest.param("open < add", ["open", "add", "mine"], 2, id="names in order"),
        pytest.param("open < add", ["open", "mine", "add"], 0, id="nothing between them"),
        pytest.param("open < add", ["Client.open", "async e.add"], 2, id="classes do not count"),
        pytest.param("open < add", ["open2", "add$1"], 2, id="a bundler's digits do not count"),
        pytest.param("open < add?", ["open", "mine"], 1, id="a part that may be missing"),
        pytest.param("open|start < add", ["start", "add"], 2, id="one of several names"),
        pytest.param("open < Client~", ["open", "Client"], 2, id="with its name"),
        pytest.param("open < Client~", ["open", "t"], 2, id="its name taken by a minifier"),
        pytest.param("open < Client~", ["open", None], 2, id="anonymous"),
        pytest.param("open < Client~", ["open", "Server"], 0, id="with another name"),
        pytest.param("open < ()", ["open", "t"], 0, id="one that never had a name, but a minifier's"),
        pytest.param("open < ~", ["open", "mine"], 0, id="a function with a name is not nameless"),
        pytest.param(
            "open < ... < join", ["open", "poll", None, "x", "join", "join"], 5, id="the innermost behind a gap"
        ),
        pytest.param("open < ... < join", ["open", "mine", "join"], 0, id="a gap holds the library's functions alone"),
        pytest.param("_callee < go", ["_callee12$", "go"], 2, id="as Babel names it"),
        pytest.param("connect", ["reconnect"], 0, id="the whole name"),
    ],
)
def test_a_path_fits_the_innermost_frames(path: str, names: list[str | None], frames: int) -> None:
    assert count(path, names, inside="poll") == frames


def test_a_name_of_a_capture_is_no_part_of_the_language() -> None:
    assert count("open < add", ["open\nadd"]) == 0
    assert count("open", ["o" * 201]) == 0


def test_every_path_has_a_name_that_survives_a_minifier() -> None:
    """A path of nameless functions alone would fit any minified code, but where the service is known."""
    for row in clients.libraries():
        for path in (*row.paths.calls, *row.paths.retries, *row.paths.hooks, *row.paths.wraps):
            parts = path.split(" < ")
            assert any(part.rstrip("?")[-1] not in "~." for part in parts), (row.id, path)


def test_a_long_stack_does_not_take_long() -> None:
    """As one regular expression such a path takes minutes: each of its gaps may end anywhere."""
    assert count("open < ... < ~ < ... < ~ < ... < ~ < ... < add", ["open", *[None] * 5_000]) == 0
    assert count("open < .... < ~ < .... < ~ < .... < ~ < .... < add", ["open", *[None] * 5_000]) == 0

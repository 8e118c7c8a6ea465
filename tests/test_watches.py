"""How long a close would have been recorded: until the document's last sign of life, where another one followed."""

from __future__ import annotations

import pytest

from analyzer.formats.har.watches import Code, in_other_processes, watches
from analyzer.model import Closes, Coverage

WHILE = Closes.WHILE_PAGE_LIVES
PAGE = {"page_1": Coverage(WHILE, 100, True)}


def code(
    socket: int | None, first: int, last: int, *scripts: tuple[str, str], page: str = "page_1", unseen: bool = False
) -> Code:
    return Code(page, scripts, first, last, socket, unseen)


@pytest.mark.parametrize(
    ("codes", "until"),
    [
        pytest.param([code(0, 1, 9, ("a.js", "7")), code(1, 20, 30, ("a.js", "7"))], {}, id="one document"),
        pytest.param([code(0, 1, 9, ("a.js", "7")), code(1, 20, 30, ("a.js", "18"))], {0: 9}, id="recording was paused over a reload"),
        pytest.param([code(0, 1, 25, ("a.js", "7")), code(1, 20, 30, ("a.js", "18"))], {}, id="both at once: an iframe"),
        pytest.param([code(0, 1, 9, ("a.js", "7")), code(1, 20, 30, ("b.js", "18"))], {}, id="scripts that cannot be compared"),
        pytest.param(
            [code(0, 1, 9, ("lib.js", "5"), ("a.js", "7")), code(1, 20, 30, ("lib.js", "15"), ("b.js", "18"))], {0: 9},
            id="the library that they share",
        ),
        pytest.param(
            [code(0, 1, 9, ("a.js", "7")), code(1, 2, 12, ("a.js", "7"), ("b.js", "8")), code(2, 20, 30, ("b.js", "18"))],
            {0: 12, 1: 12}, id="what one socket of a document shows holds for all",
        ),
        pytest.param([code(0, 1, 9, ("a.js", "7")), code(None, 40, 50, ("a.js", "18"))], {0: 9}, id="a request of the later document"),
        pytest.param(
            [code(0, 1, 9, ("a.js", "7")), code(None, 30, 35, ("a.js", "7")), code(1, 40, 50, ("a.js", "18"))], {0: 35},
            id="a request of the earlier one",
        ),
        pytest.param([code(0, 1, 9), code(1, 20, 30, ("a.js", "18"))], {}, id="no stack"),
        pytest.param(
            [code(0, 1, 9, ("a.js", "7")), code(1, 20, 30, ("b.js", "18"), unseen=True)], {0: 9},
            id="recording was paused over a link to a page with other scripts",
        ),
        pytest.param(
            [code(0, 1, 25, ("a.js", "7")), code(1, 20, 30, ("b.js", "18"), unseen=True)], {}, id="both at once, one unseen",
        ),
        pytest.param(
            [code(0, 1, 9, ("b.js", "18"), unseen=True), code(1, 20, 30, ("b.js", "18"), unseen=True)], {},
            id="one document, unseen",
        ),
        pytest.param(
            [code(0, 1, 9, ("a.js", "7")), code(1, 20, 30, ("a.js", "18"), page="page_2")], {}, id="another page's",
        ),
    ],
)  # fmt: skip
def test_watches(codes: list[Code], until: dict[int, int]) -> None:
    expected = watches(codes, PAGE, 0)
    sockets = {it.socket for it in codes if it.socket is not None and it.page == "page_1"}
    assert expected == {
        number: Coverage(WHILE, until[number]) if number in until else PAGE["page_1"] for number in sockets
    }


def test_of_a_page_that_is_not_watched_nothing_is_told() -> None:
    assert watches([code(0, 1, 9, ("a.js", "7"))], {}, 0) == {}


@pytest.mark.parametrize(
    ("first", "until"),
    [
        pytest.param(5, {0: 9}, id="the later document may have come after the last sign"),
        pytest.param(4, {}, id="it came before"),
    ],
)
def test_instants_that_may_be_early(first: int, until: dict[int, int]) -> None:
    codes = [code(0, 1, 9, ("a.js", "7")), code(None, first, first, ("a.js", "18"))]
    assert watches(codes, PAGE, 5) == {0: Coverage(WHILE, until[0]) if until else PAGE["page_1"]}


def test_a_document_does_not_follow_itself() -> None:
    assert watches([code(0, 1, 2, ("a.js", "7"), unseen=True)], PAGE, 5) == {0: PAGE["page_1"]}


@pytest.mark.parametrize(("second", "expected"), [("9", set()), ("7", set()), ("5", {"page_2"})])
def test_ids_that_fall_are_of_another_process(second: str, expected: set[str]) -> None:
    codes = [code(0, 1, 9, ("a.js", "7")), code(1, 20, 30, ("a.js", second), page="page_2")]
    assert in_other_processes(codes, ["page_1", "page_2"]) == expected

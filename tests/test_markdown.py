"""Markdown for a pull request: within GitHub's limit, and no verdict hidden."""

from __future__ import annotations

import msgspec

from analyzer.model import Policy, Report, Run, Unreadable
from analyzer.outputs import markdown, summary
from tests.test_text import report, socket


def named(source: str, *lives: tuple[float, float | None]) -> Report:
    it = report(*(socket(start, end, n=n) for n, (start, end) in enumerate(lives)))
    return msgspec.structs.replace(it, capture=msgspec.structs.replace(it.capture, source=source))


def test_of_many_captures_the_index_has_all_the_worst_first_and_their_totals() -> None:
    good = [named(f"good/{n}.har", (0, 1)) for n in range(150)]
    bad = [named(f"bad/{n}.har", (0, 2), (1, 3)) for n in range(50)]
    page = markdown.render(Run((*good, *bad), (Unreadable("x.har", "no HAR"),), Policy()))
    shown = page.decode()
    assert len(page) <= markdown.LARGEST
    assert "**201 captures: 50 overlap, 150 no overlap, 1 unreadable.**" in shown
    rows = [line for line in shown.splitlines() if line.startswith(("| ✗", "| ✓"))]
    assert [row[2] for row in rows] == ["✗"] * 50 + ["✓"] * 150


def test_what_the_index_leaves_out_is_told_below_it() -> None:
    shown = markdown.render(Run(tuple(named(f"{n}.har", (0, 1)) for n in range(1_000)), (), Policy())).decode()
    rows = sum(line.startswith("| ✓") for line in shown.splitlines())
    assert f"\n- and {1_000 - rows:,} more captures: " in shown.partition("## ")[0]
    assert len(shown.encode()) <= markdown.LARGEST


def test_captures_of_one_name_are_told_apart() -> None:
    sources = ("firefox/A.har", "webkit/A.har", "other/B.har", "C:\\x\\one\\D.har", "C:\\x\\two\\D.har", "-")
    told = summary.names(Run(tuple(named(it, (0, 1)) for it in sources), (), Policy()))
    assert list(told.values()) == ["firefox/A.har", "webkit/A.har", "B.har", "one/D.har", "two/D.har", "standard input"]

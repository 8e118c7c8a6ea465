"""Write where a capture shows a cause, for people: one line for all sockets that show the same."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.model import Frame, Proof
from analyzer.wording import origins

MOST = 12  # sockets that are named one by one


def lines(proof: Iterable[Proof], whole: bool = False) -> list[str]:
    """Write the lines: `sockets #1, #2, /log/entries/4, 5: connectUser() called by: useChat(), app.js:42`.

    `whole`: with the whole address of the code, and its column.
    """
    alike: dict[tuple[str, Frame | None], list[Proof]] = {}
    for exhibit in proof:
        alike.setdefault((exhibit.statement, exhibit.frame), []).append(exhibit)
    return [_line(group, whole) for group in alike.values()]


def _line(alike: list[Proof], whole: bool) -> str:
    first, *others = alike
    code = "" if first.frame is None else f": {first.frame.named if whole else origins.short(first.frame)}"
    if not others:
        return f"socket #{first.session[1:]}, {first.pointer}: {first.statement}{code}"
    members, more = alike[:MOST], f" and {len(alike) - MOST:,} more" if len(alike) > MOST else ""
    sockets = ", ".join(f"#{it.session[1:]}" for it in members)
    return f"sockets {sockets}{more}, {_places([it.pointer for it in members])}{more}: {first.statement}{code}"


def _places(pointers: list[str]) -> str:
    """Write the elements of one array as `/log/entries/4, 5, 6`; other pointers whole."""
    parts = [pointer.rpartition("/") for pointer in pointers]
    arrays, numbers = {array for array, _, _ in parts}, [number for _, _, number in parts]
    if len(arrays) > 1 or not all(map(str.isdigit, numbers)):
        return ", ".join(pointers)
    return f"{arrays.pop()}/{', '.join(numbers)}"

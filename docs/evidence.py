"""Write the tables of evidence and caveats in docs/json.md from their rows in the model (`make evidence`)."""

from __future__ import annotations

import re
from pathlib import Path

from analyzer.model import About, CaveatKind, Effect, Evidence

PAGE = Path(__file__).parent / "json.md"
HIDES = {Effect.HIDES_SOCKETS: "yes", Effect.NONE: "no"}


def tables() -> dict[str, list[tuple[str, ...]]]:
    """List the rows of each table, by the line that heads it."""
    limits = [row for row in CaveatKind if row.effect is not Effect.ASSUMED]
    assumptions = [row for row in CaveatKind if row.effect is Effect.ASSUMED]
    return {
        "| evidence | of | what it means |": [(f"`{row}`", _of(row), row.meaning) for row in Evidence],
        "| caveat | may hide sockets | what it means |": [
            (f"`{row}`", HIDES[row.effect], row.meaning) for row in limits
        ],
        "| assumption | what is assumed | how to withdraw it |": [
            (f"`{row}`", row.meaning, f"`{row.withdrawal}`" if row.withdrawal else "") for row in assumptions
        ],
    }


def page(text: str) -> str:
    """Put today's rows into the page."""
    for head, rows in tables().items():
        body = "".join(f"| {' | '.join(cells)} |\n" for cells in rows)
        table = re.compile(rf"(?<={re.escape(head)}\n)(\|[-|]+\|\n)(?:\|.*\n)*")
        text, count = table.subn(lambda found: found[1] + body, text)  # noqa: B023 - it is called at once
        assert count == 1, head
    return text


def _of(row: Evidence) -> str:
    """Name the field that the evidence stands in; a sign of life stands in none."""
    return row.about if row.about is About.SIGN else f"`{row.about}`"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")

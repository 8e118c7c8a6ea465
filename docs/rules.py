"""Writes docs/rules/: the manual page of every rule, from its docstring (`make rules`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analyzer.model import Rule
from analyzer.outputs.manual import markdown
from analyzer.rules import RULES

FOLDER = Path(__file__).parent / "rules"
HEAD = """\
# The rules

What `har-sockets rules RULE` tells. A severity can be set by rule, or a rule turned off:
[testing-and-ci.md](../testing-and-ci.md#the-policy).

| rule | severity | what it tells |
|---|---|---|
"""


def pages(rules: Sequence[Rule]) -> dict[str, str]:
    """The pages by file name, with the list of all."""
    rows = "".join(f"| [{rule.id}]({rule.id}.md) | {rule.severity} | {rule.title} |\n" for rule in rules)
    return {"README.md": HEAD + rows, **{f"{rule.id}.md": markdown(rule) for rule in rules}}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.md"):
        path.unlink()
    for name, page in pages(RULES).items():
        (FOLDER / name).write_text(page, "utf-8")

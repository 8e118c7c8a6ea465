"""Write docs/rules/: the manual page of every rule, from its docstring (`make rules`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analyzer.model import Rule
from analyzer.rules import RULES
from analyzer.wording.manual import markdown

FOLDER = Path(__file__).parent / "rules"
HEAD = """\
# The rules

The same pages as `har-sockets rules RULE`. You can set the severity of each rule, or turn a rule off:
[ci.md](../ci.md#the-policy).

| rule | severity | what it reports |
|---|---|---|
"""


def pages(rules: Sequence[Rule]) -> dict[str, str]:
    """Write every page: its text by its file name, with the list of all."""
    rows = "".join(f"| [{rule.id}]({rule.id}.md) | {rule.severity} | {rule.title} |\n" for rule in rules)
    return {"README.md": HEAD + rows, **{f"{rule.id}.md": markdown(rule) for rule in rules}}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.md"):
        path.unlink()
    for name, page in pages(RULES).items():
        (FOLDER / name).write_text(page, "utf-8")

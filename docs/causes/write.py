"""Writes docs/causes/*.md: each cause's manual page from its module's docstring, with a finding of a golden answer."""

from __future__ import annotations

import importlib
import json
import textwrap
from pathlib import Path
from typing import Any

from analyzer.causes import CAUSES
from analyzer.model import Cause

HERE = Path(__file__).parent
ANSWERS = HERE.parent.parent / "tests" / "captures"
MADE = "<!-- docs/causes/write.py writes this page from the docstrings in analyzer/causes/ -->"
INDEX = f"""\
# Causes

{MADE}

Why several sockets were open at once. A cause is named where the call stacks and messages of a capture show its
fingerprint, and only then: with the cause stand its proof (which function at which place of which socket, and what
passed over it) and what to do. Where no call stack was recorded (Firefox, Playwright, proxies) or a minifier took the
names away, less is said, or nothing. The most specific comes first; the first that fits is the cause. "Probably" stands
where another cause that looks the same in a capture is not ruled out.

| cause | what happened | only in development | at most |
|---|---|---|---|
"""


def pages() -> dict[str, str]:
    """Name -> text of every page."""
    rows = [
        f"| [`{cause.id}`]({cause.id}.md) | {cause.title} | {'yes' if cause.dev_only else 'no'} "
        f"| {cause.at_most or 'as the rule says'} |"
        for cause in CAUSES
    ]
    return {"README.md": INDEX + "\n".join(rows) + "\n", **{f"{cause.id}.md": _page(cause) for cause in CAUSES}}


def _page(cause: Cause) -> str:
    manual = importlib.import_module(f"analyzer.causes.{cause.id.replace('-', '_')}").__doc__
    name, finding = sample(cause)
    told = [f"{finding['severity']}: {finding['message']}", *finding["proof"], f"What to do: {finding['remedy']}"]
    lines = "\n".join(
        textwrap.fill(line, 116, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
        for line in told
    )
    return (
        f"# {cause.title}\n\n{MADE}\n\n`{cause.id}`. {(manual or '').strip()}\n\n"
        f"## As it is told\n\nOf `tests/captures/{name}`:\n\n```text\n{lines}\n```\n"
    )


def sample(cause: Cause) -> tuple[str, dict[str, Any]]:
    """The first golden answer that names the cause, surely if there is one, and its finding."""
    found = []
    for path in sorted(ANSWERS.glob("*.json")):
        answer = json.loads(path.read_text("utf-8"))
        for finding in answer.get("findings", ()):
            if finding["cause"] == cause.id:
                found.append((finding["cause_confidence"] == "likely", path.stem + ".har", finding))
    if not found:
        raise LookupError(f"no capture shows {cause.id}")
    _, name, finding = min(found, key=lambda it: it[:2])
    return name, finding


if __name__ == "__main__":
    for name, text in pages().items():
        (HERE / name).write_text(text, "utf-8")

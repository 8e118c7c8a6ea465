"""Write docs/causes/*.md: each cause's manual page from its module's docstring, with a finding of a golden answer."""

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

Why sockets overlapped. A cause is named only where the call stacks and messages of a capture show its pattern. Beside
the cause stand its proof (which function opened which socket, and which messages it sent and received) and what to do.
Where the capture has no call stacks (Firefox, Playwright, proxies), or a minifier removed the names, har-sockets names
fewer causes or none. The most specific cause comes first, and the first that fits is named. Sockets whose URLs
differ in a readable parameter (`?room=1`) have different purposes: none is taken for the successor of another.
"Likely cause" means that another cause can look the same in this capture; "Cause" means that none can.

| cause | what happened | only in development | highest severity |
|---|---|---|---|
"""


def pages() -> dict[str, str]:
    """Write every page: its text by its name."""
    rows = [
        f"| [`{cause.id}`]({cause.id}.md) | {cause.title} | {'yes' if cause.dev_only else 'no'} "
        f"| {cause.at_most or 'that of the rule'} |"
        for cause in CAUSES
    ]
    return {"README.md": INDEX + "\n".join(rows) + "\n", **{f"{cause.id}.md": _page(cause) for cause in CAUSES}}


def _page(cause: Cause) -> str:
    manual = importlib.import_module(f"analyzer.causes.{cause.id.replace('-', '_')}").__doc__ or ""
    name, finding = sample(cause)
    told = [f"{finding['severity']}: {finding['message']}", *finding["proof"], f"What to do: {finding['remedy']}"]
    lines = "\n".join(
        textwrap.fill(line, 116, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
        for line in told
    )
    return (
        f"# {cause.title}\n\n{MADE}\n\n`{cause.id}`. {_fenced(manual.strip())}\n\n"
        f"## Example\n\nFrom `tests/captures/{name}`:\n\n```text\n{lines}\n```\n"
    )


def _fenced(manual: str) -> str:
    """Put each indented paragraph of code into a fence."""
    paragraphs = manual.split("\n\n")
    for n, code in enumerate(paragraphs):
        if code.startswith("    "):
            language = "jsx" if "</" in code or "/>" in code else "js"
            paragraphs[n] = f"```{language}\n{textwrap.dedent(code)}\n```"
    return "\n\n".join(paragraphs)


def sample(cause: Cause) -> tuple[str, dict[str, Any]]:
    """Find the first golden answer that names the cause, a certain one if there is one, and its finding."""
    found = []
    for path in sorted(ANSWERS.glob("*.json")):
        if not path.with_suffix(".har").exists():  # the truth about a capture, or a capture of another format
            continue
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

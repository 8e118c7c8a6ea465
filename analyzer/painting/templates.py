"""Make a page in the looks of the report: its templates, its style, and the parts that several pages have.

Text from a capture passes `harmless.safe` and jinja2's escaping.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import DictLoader, Environment, FileSystemBytecodeCache, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from analyzer import triage
from analyzer.model import Messages, Run, count_rest, plural
from analyzer.painting import drawing, links
from analyzer.version import VERSION
from analyzer.wording import (
    console,
    facts,
    harmless,
    judgements,
    origins,
    results,
    services,
    sign_off,
    timeline,
    titles,
)
from analyzer.wording.coverage import list_coverage
from analyzer.wording.findings import describe_findings
from analyzer.wording.harmless import safe, safe_middle
from analyzer.wording.socket import OWN

FOLD = 200  # rows that are laid out at once where there is JavaScript: a table of a thousand costs a third of a second
SHOWN = 40  # findings, caveats, parts that were skipped
TEMPLATES = (
    "base.html",
    "page.html",
    "index.html",
    "capture.html",
    "parts.html",
    "comparison.html",
    "pairs.html",
    "socket.html",
    "sockets.html",
    "sign_off.html",
)
STYLES = ("timeline.css", "picture.css", "index.css", "narrow.css", "print.css")
HEAD, WORD = 90, 30  # letters at the top of a printed page, and of a word there
COLUMNS = (
    "#",
    "Address",
    "Service",
    "User",
    "Opened",
    "How it ended",
    "Certainly open",
    "Possibly open",
    "Messages sent, received",
    "In the file",
    "Findings",
)


def render(template: str, scripts: Sequence[str] = (), **values: Any) -> bytes:
    """Write a page whose policy lets nothing in, and no script run but these."""
    style = _write_style(values["title"], values.get("run"))
    policy = f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src {_hash(style)}"
    if scripts:
        policy += f"; script-src {' '.join(map(_hash, scripts))}"
    css = Markup(style)  # noqa: S704 - ours
    page = _environment().get_template(template)
    return page.render(version=VERSION, policy=policy, style=css, **values).encode("utf-8")


def fragment(template: str, **values: Any) -> Markup:
    """Write a part of a page."""
    return Markup(_environment().get_template(template).render(version=VERSION, **values))  # noqa: S704 - jinja2 escaped what it holds


def _write_style(title: str, run: Run | None) -> str:
    """Write the style of a page: for light and dark, and for paper with its title and what `--meta` says at the top."""
    meta = " · ".join(f"{key} {value}" for key, value in facts.head(run)) if run is not None else ""
    corners = {"top-left": title, "top-right": meta, "bottom-left": f"har-sockets {VERSION}"}
    boxes = " ".join(f"@{corner} {{ content: {_quote(_shorten(words))}; }}" for corner, words in corners.items())
    names = " ".join(
        f".sockets td:nth-child({n}):before {{ content: {_quote(column)}; }}" for n, column in enumerate(COLUMNS, 1)
    )
    dark = read_asset("dark.css")
    return "\n".join(
        (
            read_asset("base.css"),
            f"@media screen and (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {{\n{dark}}} }}",
            f"@media screen {{ :root[data-theme=dark] {{\n{dark}}} }}",
            *map(read_asset, STYLES),
            f"@media screen {{ @container rows (max-width: 900px) {{ {names} }} }}",
            f"@page {{ {boxes} }}",
        )
    )


def _shorten(text: str) -> str:
    """Shorten a line at the top of paper, and each word of it: there a browser breaks no words."""
    return " ".join(safe_middle(word, WORD) for word in safe(text, HEAD).split(" "))


def _quote(text: str) -> str:
    """Write text as a string of CSS. Each character but letters and digits of ASCII is written as its number."""
    return '"' + "".join(it if it.isascii() and it.isalnum() else rf"\{ord(it):x} " for it in text) + '"'


class _Compiled(FileSystemBytecodeCache):
    """Keep compiled templates where Python keeps compiled modules; where it may not write, compile them each time."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


@cache
def _environment() -> Environment:
    templates = DictLoader({name: read_asset(name) for name in TEMPLATES})
    environment = Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        loader=templates,
        bytecode_cache=_Compiled(str(Path(__file__).parent / "__pycache__")),
    )
    environment.globals |= {
        "console": console,
        "drawing": drawing,
        "facts": facts,
        "harmless": harmless,
        "results": results,
        "triage": triage,
        "describe_findings": describe_findings,
        "origins": origins,
        "services": services,
        "timeline": timeline,
        "titles": titles,
        "sign_off": sign_off,
        "link": links.link,
        "link_to": links.link_to,
        "own": OWN,
        "safe": safe,
        "safe_middle": safe_middle,
    }
    environment.globals |= {
        "coverage": list_coverage,
        "messages": _messages,
        "columns": COLUMNS,
        "fold": FOLD,
        "most": SHOWN,
    }
    environment.globals |= {
        "count": plural,
        "rest": count_rest,
        "judged": judgements.name_result,
        "gated": judgements.total_sentence,
    }
    return environment


def compile_templates() -> None:
    """Compile every template, so that no page has to."""
    for template in TEMPLATES:
        _environment().get_template(template)


def read_asset(name: str) -> str:
    return (Path(__file__).parent / "report" / name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _messages(messages: Messages) -> str:
    return "not recorded" if messages.sent is None else f"{messages.sent:,}, {messages.received:,}"


if __name__ == "__main__":
    compile_templates()

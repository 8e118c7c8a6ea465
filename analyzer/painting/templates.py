"""Make a page in the looks of the report: its templates, its style, and the parts that several pages have.

Text from a capture passes `harmless.safe` and jinja2's escaping.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from analyzer import gate, triage
from analyzer.model import Messages, Policy, Report, Value, count_rest, plural
from analyzer.painting import drawing
from analyzer.painting.scene import Lane, Scene, Section, scene
from analyzer.version import VERSION
from analyzer.wording import console, facts, harmless, judgements, origins, results, services
from analyzer.wording.coverage import list_coverage
from analyzer.wording.findings import describe_findings
from analyzer.wording.harmless import safe, safe_middle

FOLD = 200  # rows that are laid out at once where there is JavaScript: a table of a thousand costs a third of a second
SHOWN = 40  # findings, caveats, parts that were skipped
TEMPLATES = ("base.html", "page.html", "parts.html", "comparison.html", "pairs.html", "socket.html", "sockets.html")
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
)


class Part(Value, frozen=True):
    """Hold one capture on the page."""

    id: str
    report: Report
    scene: Scene
    static_sockets: int

    @property
    def sections(self) -> list[tuple[Section, list[drawing.Strip]]]:
        """List the groups, with the lanes that are static."""
        sections: list[tuple[Section, list[drawing.Strip]]] = []
        left, ticked = self.static_sockets, len(self.report.sessions) <= drawing.TICKED
        for section in self.scene.sections:
            if left > 0:
                sections.append((section, drawing.strips(section.lanes[:left], self.scene.axis, ticked)))
            left -= len(section.lanes)
        return sections

    @property
    def rows(self) -> list[Lane]:
        return sorted(self.scene.lanes, key=lambda lane: int(lane.session.id[1:]))[: self.static_sockets]


def part(report: Report, policy: Policy, id: str, most: int) -> Part:
    """Lay out one capture for a page, with at most so many lanes."""
    return Part(id, report, scene(report, policy), min(most, len(report.sessions)))


def render(template: str, scripts: Sequence[str] = (), **values: Any) -> bytes:
    """Write a page whose policy lets nothing in, and no script run but these."""
    style = read_asset("page.css")
    policy = f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src {_hash(style)}"
    if scripts:
        policy += f"; script-src {' '.join(map(_hash, scripts))}"
    css = Markup(style)  # noqa: S704 - ours
    page = _environment().get_template(template)
    return page.render(version=VERSION, policy=policy, style=css, shown=SHOWN, **values).encode("utf-8")


def _environment() -> Environment:
    templates = DictLoader({name: read_asset(name) for name in TEMPLATES})
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, loader=templates
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
        "safe": safe,
        "safe_middle": safe_middle,
    }
    environment.globals |= {"coverage": list_coverage, "messages": _messages, "columns": COLUMNS, "fold": FOLD}
    environment.globals |= {"count": plural, "rest": count_rest, "judged": _judge, "gated": judgements.total_sentence}
    return environment


def read_asset(name: str) -> str:
    return (files("analyzer.painting") / "report" / name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _judge(report: Report, policy: Policy) -> str:
    """Say how `check` judges a capture: `FAIL: duplicate-connection, limit-exceeded.`"""
    judgement = gate.judge(report, policy)
    rules = ", ".join(dict.fromkeys(finding.rule for finding in judgement.failing))
    return f"{judgement.result}{f': {rules}' if rules else ''}."


def _messages(messages: Messages) -> str:
    return "not recorded" if messages.sent is None else f"{messages.sent:,}, {messages.received:,}"

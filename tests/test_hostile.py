"""One corpus of hostile text through every output: nothing executes, nothing breaks out, every file still parses."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from functools import cache
from html.parser import HTMLParser

import msgspec
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from analyzer import outputs
from analyzer.model import Calls, Caveat, Frame, Initiator, Page, PageKind, Policy, Report, Run, Skipped, Unreadable
from analyzer.model.sentence import quote
from analyzer.outputs import html, markdown, show, text, timeline
from tests.test_text import START, report, socket

HOSTILE = {
    "terminal escapes": "\x1b[31mred\x1b]0;title\x07\x9b2J",
    "a script": "<script>window.hacked = 1; alert(1)</script>",
    "an image": "<img src=x onerror=alert(1)>\"'><svg onload=alert(1)>",
    "the end of the data": "</script><script>alert(1)</script><!--",
    "the end of a style": "</style></title></textarea><script>alert(1)</script>",
    "the end of CDATA": "]]><x/><![CDATA[",
    "a template": "{{ 7 * 7 }}{% raw %}${7 * 7}",
    "a formula": "=cmd|'/C calc'!A0",
    "mathematics": r"$\frac{1}{2}$ $$x$$",
    "NUL": "a\x00b",
    "right to left": "\u202egnp.exe\u2066",
    "lone surrogates": "\ud800 \udfff",
    "an emoji and letters beyond the first plane": "\U0001f600 \U00020000",
    "100 000 characters": "wss://long.example/" + "x" * 100_000,
    "newlines": "a\r\nb\u2028c\u2029d\ne",
    "a table": "| a | b |\n|---|---|\n`code` *bold* [link](https://evil.example)",
    "mentions": "@octocat #1 GH-12 deadbeef12 owner/repo#3 www.evil.example https://evil.example me@evil.example :tada:",
    "the start of a line": "1. # - + > ===\n---",
    "quotes": "a\"b'c\\d`e",
    "marks piled up": "e" + "\u0301" * 500,
}
SIGNS = ("\x1b", "\x07", "\x9b", "\x00", "\u202e", "\u2066", "\u2028", "\u2029", "\r")


def hostile(content: str) -> Report:
    """Where a capture can put text."""
    calls = Calls((Frame(content, content, 1, 1), Frame(None, f"https://a.example/{content}", 2, 2)), content)
    code = Initiator(content, content, content, 1, 1, stack=(calls, calls))
    analysis = report(
        msgspec.structs.replace(socket(0, 2, url=f"wss://{content}/ws", n=0), initiator=code),
        msgspec.structs.replace(socket(1, 3, url=f"wss://b.example/{content}", n=1), initiator=code),
        socket(None, url=content, n=2),
        source=f"{content}.har",
        caveats=[Caveat("x", content)],
        pages=[Page(content, f"https://a.example/{content}", START, PageKind.LOAD)],
        skipped=[Skipped(content, None, content)],
    )
    proof = (analysis.sessions[0].proves("{}", quote(content), frame=Frame(content, content, 1, 1)),)
    findings = (
        msgspec.structs.replace(item, cause="missing-cleanup", why=content, proof=proof) for item in analysis.findings
    )
    sessions = (msgspec.structs.replace(it, initiator=code if it.initiator else None) for it in analysis.sessions)
    return msgspec.structs.replace(analysis, findings=tuple(findings), sessions=tuple(sessions))


@cache
def run(content: str) -> Run:
    return Run((hostile(content),), (Unreadable(content, content),), Policy(), content, ((content, content),))


@pytest.fixture(params=HOSTILE.values(), ids=HOSTILE.keys())
def content(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.spread(3)
@pytest.mark.parametrize("name", [name for name in outputs.OUTPUTS if name != "parquet"])  # which is no text
def test_every_output_is_utf8_without_what_acts(name: str, content: str) -> None:
    text = outputs.render(name, run(content)).decode("utf-8")
    ours = text.replace("\r\n", "\n") if name in ("csv", "captures") else text
    assert [sign for sign in SIGNS if sign in ours] == []


def test_json_and_csv_parse_and_hold_it(content: str) -> None:
    answer = json.loads(outputs.render("json", run(content)))
    assert answer["captures"][0]["skipped"][0]["problem"] == content
    assert json.loads(outputs.render("ndjson", run(content)).splitlines()[0])["source"] == f"{content}.har"
    rows = list(csv.reader(io.StringIO(outputs.render("csv", run(content)).decode(), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) == 4
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)


@cache
def page(content: str) -> bytes:
    return html.render(run(content))


class Elements(HTMLParser):
    """What a parser makes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.data = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1] == ("script", {"type": "application/json", "class": "data"}):
            self.data += data


def elements(page: bytes) -> Elements:
    details = Elements()
    details.feed(page.decode("utf-8"))
    return details


def test_no_element_and_no_attribute_comes_of_it(content: str) -> None:
    harmless, before_and_after = elements(page("a")), elements(page(content))
    tags = [tag for tag, _ in before_and_after.found]
    assert tags.count("script") == 3  # data, and our two
    assert set(tags) <= {tag for tag, _ in harmless.found} | {"path"}
    assert {name for _, attributes in before_and_after.found for name in attributes} <= {
        name for _, each in harmless.found for name in each
    }
    assert not any(
        value and value.startswith("javascript:")
        for _, attributes in before_and_after.found
        for value in attributes.values()
    )
    assert len(json.loads(before_and_after.data)["sockets"]) == 3


def test_a_page_with_it_is_not_much_longer(content: str) -> None:
    assert len(page(content)) < len(page("a")) + 20_000


def tokens(document: str) -> list[Token]:
    items = []
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough").parse(document):
        items += [token, *(token.children or ())]
    return items


def kinds(document: str) -> Counter[str]:
    """The tokens of each type, without text and with code as text: what is shown as code is a matter of its content."""
    return Counter(token.type for token in tokens(document) if token.type not in ("text", "code_inline"))


def shown(document: str) -> str:
    """The text that a site looks through for mentions and links: what is no code."""
    return " ".join(token.content for token in tokens(document) if token.type == "text")


LINKS = r"(?i)@\w|#\d|\bwww\.|://|\bGH-\d|:tada:|\bdeadbeef12\b"


def test_markdown_shows_it_as_text(content: str) -> None:
    document = markdown.render(run(content)).decode("utf-8")
    assert len(document.encode()) <= markdown.LARGEST
    assert kinds(document) == kinds(markdown.render(run("a")).decode())
    assert re.findall(LINKS, shown(document)) == []


def test_markdown_holds_nothing_that_cannot_be_seen(content: str) -> None:
    document = markdown.render(run(content)).decode("utf-8")
    assert [sign for sign in document if not sign.isprintable() and sign != "\n"] == []
    assert not {"\u2060", "\u200b", "\ufeff"} & set(document)


def test_a_terminal_shows_it_as_text(content: str) -> None:
    analysis = hostile(content)
    for each in (text.render(run(content)), *(show.render(analysis, session) for session in analysis.sessions)):
        assert all(line.isprintable() for line in each.decode("utf-8").split("\n"))


@pytest.mark.spread(2)
def test_the_picture_is_xml(content: str) -> None:
    tree = ElementTree.fromstring(timeline.render(run(content), "svg"))
    assert [node.tag for node in tree.iter() if "script" in node.tag] == []

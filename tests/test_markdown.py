"""Markdown for a pull request: within GitHub's limit, the answer first, every verdict, text that a search finds."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from typer.testing import CliRunner

from analyzer import masking
from analyzer.cli import app
from analyzer.formats import read
from analyzer.model import Policy, Report, Run, Unreadable
from analyzer.outputs import html, markdown
from analyzer.painting.markdown import DRAWING, code_block, escape
from analyzer.pipeline import analyze
from analyzer.rules import RULES
from analyzer.version import HOME
from analyzer.wording import findings, harmless
from tests.test_hostile import LINKS
from tests.test_text import report, socket

SAMPLES = Path(__file__).parent.parent / "sample_hars"
READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def report_named(source: str, *lives: tuple[float, float | None]) -> Report:
    result = report(*(socket(start, end, n=n) for n, (start, end) in enumerate(lives)))
    return msgspec.structs.replace(result, capture=result.capture.with_file(source=source))


def test_of_many_captures_the_index_has_all_the_worst_first_and_their_totals() -> None:
    good = [report_named(f"good/{n}.har", (0, 1)) for n in range(150)]
    bad = [report_named(f"bad/{n}.har", (0, 2), (1, 3)) for n in range(50)]
    page = markdown.render(Run((*good, *bad), (Unreadable("x.har", "no HAR"),), Policy()))
    output = page.decode()
    assert len(page) <= markdown.LARGEST
    assert "**201 captures: 50 overlap, 150 no overlap, 1 unreadable.**" in output
    rows = [line for line in output.splitlines() if line.startswith(("| ✗", "| ✓"))]
    assert [row[2] for row in rows] == ["✗"] * 50 + ["✓"] * 150


def test_what_the_index_leaves_out_is_told_below_it() -> None:
    output = markdown.render(Run(tuple(report_named(f"{n}.har", (0, 1)) for n in range(1_000)), (), Policy())).decode()
    rows = sum(line.startswith("| ✓") for line in output.splitlines())
    assert f"\n- and {1_000 - rows:,} more captures: " in output.partition("## ")[0]
    assert len(output.encode()) <= markdown.LARGEST


def test_captures_of_one_name_are_told_apart() -> None:
    sources = ("firefox/A.har", "webkit/A.har", "other/B.har", "C:\\x\\one\\D.har", "C:\\x\\two\\D.har", "-")
    result = harmless.names(Run(tuple(report_named(it, (0, 1)) for it in sources), (), Policy()))
    assert list(result.values()) == [
        "firefox/A.har",
        "webkit/A.har",
        "B.har",
        "one/D.har",
        "two/D.har",
        "standard input",
    ]


# -- text as Markdown ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        pytest.param("3.25 s, goes on", "3.25 s, goes on", id="a number"),
        pytest.param("≥ 3.25 s - 4 s (a + b = c)", "≥ 3.25 s - 4 s (a + b = c)", id="signs between words"),
        pytest.param("sockets #1, #2.", "sockets `#1`, `#2`.", id="what would be an issue is code"),
        pytest.param("wss://a.example/x_y.", "`wss://a.example/x_y`.", id="an address is code"),
        pytest.param("at (https://a.example/x.js:42:7)", "at (`https://a.example/x.js:42:7`)", id="in brackets"),
        pytest.param("ask me@a.example", "ask `me@a.example`", id="a mail address is code"),
        pytest.param("from <Widget>, app.js:1", "from `<Widget>`, app.js:1", id="a component is code"),
        pytest.param("?v=<token 1>", "?v=`<token 1>`", id="a mask is code"),
        pytest.param("run `har-sockets record URL`", "run `har-sockets record URL`", id="a command stays code"),
        pytest.param("sample_hars/my_file.har", "sample_hars/my_file.har", id="underscores within words"),
        pytest.param("_a_ *b* ~c~ [d](e)", r"\_a\_ \*b\* \~c\~ \[d](e)", id="emphasis and links"),
        pytest.param("a | b", r"a \| b", id="a cell"),
        pytest.param("1. # - x", r"1\. # - x", id="a list"),
        pytest.param("> x", r"\> x", id="a quotation"),
        pytest.param("a < 5 & b", "a < 5 & b", id="signs that act on nothing"),
        pytest.param("&lt; <b", "&amp;lt; &lt;b", id="an entity and a tag"),
        pytest.param(r"C:\x\*", r"C:\x\\\*", id="backslashes"),
    ],
)
def test_only_what_acts_is_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def inline(document: str) -> list[Token]:
    """The tokens that hold text, and those of blocks."""
    return [it for token in READER.parse(document) for it in (token.children or [token])]


PIECES = [*"ab1 23.`*_~[]()<>&#@!|\\-+=:/w;'\"$^{}\n", "www.", "://", "@x", "#1", "``", "&amp;", "<b>", "<token 1>"]
PIECES += ["[x](y)", "deadbeef12", ":tada:", "gh-1", "- ", "1. "]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_text_is_shown_as_it_is_and_acts_on_nothing(text: str) -> None:
    output = escape(text)
    for document in (output, f"- {output}", f"| a |\n|---|\n| {output} |") if output else ():
        plain = inline(document.replace(output, "x"))
        result = [token for token in inline(document) if token.type in ("text", "code_inline")]
        others = [token.type for token in inline(document) if token.type not in ("text", "code_inline")]
        assert others == [token.type for token in plain if token.type != "text"]
        assert re.findall(LINKS, " ".join(token.content for token in result if token.type == "text")) == []
    content = "".join(token.content for token in inline(output) if token.type in ("text", "code_inline"))
    assert re.sub(r"[\s`]", "", content) == re.sub(r"[\s`]", "", harmless.safe(text, 600))


def test_a_block_of_code_ends_where_it_should() -> None:
    (token,) = READER.parse("\n".join(code_block("```\n<b>\n````")))
    assert (token.type, token.content) == ("fence", "```\n<b>\n````\n")


# -- the order of the page -------------------------------------------------------------------------------------


def page(*names: str) -> str:
    reports = tuple(analyze(read(SAMPLES / name, source=name)) for name in names)
    run = Run(reports, (), Policy(), "Release 4.2", (("build", "12"),))
    return markdown.render(masking.mask(run)).decode()


OVERUSE = "stream-chat-connect-on-every-mount.har"


def test_the_answer_comes_first_and_the_policy_last() -> None:
    output = page(OVERUSE)
    parts = [
        "**✗ ",
        "```text",
        "### Findings",
        "### Opened by",
        "### Sockets",
        "### Limits of this capture",
        "\nPolicy: ",
    ]
    places = [output.index(part) for part in parts]
    assert places == sorted(places)


def test_the_timeline_is_a_block_of_code() -> None:
    (fence,) = [token for token in READER.parse(page(OVERUSE)) if token.type == "fence"]
    assert sum(line.startswith("socket #") for line in fence.content.splitlines()) == 4
    assert max(map(len, fence.content.splitlines())) <= DRAWING.width


def test_what_people_look_for_is_found() -> None:
    output = page(OVERUSE)
    assert "2.23 s" in output
    assert "chat.stream-io-api.com/connect" in output
    assert "stream-chat-connect-on-every-mount.har" in output
    assert "\\" not in output


def test_a_picture_beside_the_page_is_shown_by_its_name() -> None:
    run = Run((report_named("a.har", (0, 1)),), (), Policy())
    (image,) = [token for token in inline(markdown.render(run, "my (chat).svg").decode()) if token.type == "image"]
    assert (image.attrGet("src"), image.content) == ("my%20%28chat%29.svg", "Timeline")
    assert b"![" not in markdown.render(run)


@pytest.mark.parametrize(
    ("picture", "picture_line"),
    [("chat.svg", "![Timeline](chat.svg)"), ("pictures/chat.png", "![Timeline](pictures/chat.png)"), (None, None)],
)
def test_a_picture_that_the_same_run_writes_is_shown(
    picture: str | None, picture_line: str | None, tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    options = ["--out", f"{picture[-3:]}:{tmp_path / picture}"] if picture else []
    done = CliRunner().invoke(app, ["report", str(SAMPLES / OVERUSE), "-o", str(tmp_path / "chat.md"), *options])
    assert done.exit_code == 0, done.output
    document = (tmp_path / "chat.md").read_text("utf-8")
    assert re.findall(r"!\[.*", document) == ([picture_line] if picture_line else [])
    assert picture is None or (tmp_path / picture).stat().st_size > 1_000


def test_a_rule_says_once_why_it_matters(captures: Path) -> None:
    report = analyze(read(captures / "chrome-S2-overuse.har"))
    page = markdown.render(Run((report,), (), Policy(), rules=RULES)).decode()
    assert page.count("Why it matters: Chat and realtime services") == 1


@pytest.mark.parametrize("published", [True, False])
def test_a_rule_links_to_its_manual_once_the_project_has_an_address(
    published: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "PUBLISHED", published)
    run = Run((analyze(read(SAMPLES / "stream-chat-connect-on-every-mount.har")),), (), Policy())
    pages = (markdown.render(run).decode(), html.render(run).decode())
    assert [f"{HOME}/blob/HEAD/docs/rules/duplicate-connection.md" in page for page in pages] == [published] * 2
    assert all("duplicate-connection" in page for page in pages)

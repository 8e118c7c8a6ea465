"""Everything that a capture says about one socket, but never the data of its messages."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from analyzer.cli import app
from analyzer.formats import read
from analyzer.masking import mask
from analyzer.model import Initiator, Policy, Report, Run
from analyzer.outputs import show, show_list
from analyzer.pipeline import analyze
from tests.kinds import of_the_lab
from tests.test_hostile import HOSTILE, SIGNS, hostile

GOLDEN = sorted(it for it in (Path(__file__).parent / "captures").glob("*.har") if not of_the_lab(it))


def of(captures: Path, name: str) -> Report:
    return analyze(read(captures / f"{name}.har"))


def flat(rendered: bytes) -> str:
    return re.sub(r"\s+", " ", rendered.decode())


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        pytest.param("chrome-S2-overuse", 2, "certain socket #1, socket #3, socket #4", id="with whom it was open"),
        pytest.param("chrome-S2-overuse", 2, "outcome still open when the HAR was saved", id="open at the end"),
        pytest.param(
            "chrome-S2-overuse", 1, "opened by <Widget>, http://127.0.0.1:38587/app/app.js:47186:13", id="who opened it"
        ),
        pytest.param(
            "chrome-S2-overuse",
            1,
            "· inside <Widget>, rendered by: exports.jsxDEV (app.js:47157:32)",
            id="the call stack, with what scheduled it",
        ),
        pytest.param(
            "chrome-S2-overuse", 1, "→ your code: (anonymous) (app.js:47186:13)", id="the call that counts, marked"
        ),
        pytest.param("chrome-S2-overuse", 1, "· 8 calls of React (--verbose)", id="calls of a framework, folded"),
        pytest.param("chrome-S2-overuse", 1, "Ctrl+P app.js, then Ctrl+G 47186", id="how to open its line"),
        pytest.param(
            "chrome-S2-overuse", 1, "between 0.22 s and 0.27 s (evidence: its first message)", id="both bounds"
        ),
        pytest.param("chrome-S2-overuse", 1, "received 1 message, 409 B time 0.272 s", id="one message"),
        pytest.param(
            "chrome-S8-offline-blip", 2, "app.js:16707:22 (code of a library)", id="a library that reconnected"
        ),
        pytest.param("chrome-08-refresh3", 1, "(evidence: its page was reloaded)", id="how its close is known"),
        pytest.param("chrome-08-refresh3", 1, "; then reloaded", id="how its page ended"),
        pytest.param("chrome-10-failed", 5, "Unexpected response code: 404", id="why it never opened"),
        pytest.param(
            "chrome-10-failed", 5, "certainly open never possibly open never", id="a failed one was never open"
        ),
        pytest.param("firefox-D", 1, "This exporter does not record messages.", id="messages that nobody recorded"),
        pytest.param(
            "firefox-D", 1, "opened; this file does not show whether it closed", id="an end that nobody recorded"
        ),
        pytest.param(
            "chrome-timings-zero-slow-answer-f5", 2, "possibly open from an unknown start, end unknown", id="no start"
        ),
        pytest.param("httptoolkit-A", 1, "close code 1000", id="the close code"),
        pytest.param("playwright-E.minimal", 1, "time unknown: the file gives no usable times", id="no clock"),
    ],
)
def test_it_says(name: str, number: int, words: str, captures: Path) -> None:
    report = of(captures, name)
    assert words in flat(show.render(report, report.sessions[number - 1], width=100))


@pytest.mark.spread(4)
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_it_fits_the_terminal_and_ascii_is_ascii(path: Path) -> None:
    report = analyze(read(path))
    for session in report.sessions[:10]:
        for width in (60, 80, 160):
            rendered = show.render(report, session, width=width)
            assert all(cell_len(line) <= width for line in rendered.decode().splitlines())
            assert b"\x1b" not in rendered
            assert show.render(report, session, width=width, unicode=False).isascii()


def test_text_of_the_capture_acts_on_nothing(captures: Path) -> None:
    report = of(captures, "chrome-S2-overuse")
    bad = "\x1b[2J\u202e[red]\n\ud800"
    changed = msgspec.structs.replace(
        report.sessions[0],
        url=bad,
        endpoint=bad,
        page=bad,
        problem=bad,
        close_reason=bad,
        pointer=bad,
        initiator=Initiator(bad, bad, bad, 1, 1),
    )
    rendered = show.render(report, changed).decode()
    assert all(line.isprintable() for line in rendered.split("\n"))
    assert r"\x1b[2J\u202e[red]\x0a\ud800" in rendered


def test_many_messages_are_a_rhythm_and_a_short_table(captures: Path) -> None:
    report = of(captures, "chrome-S2-overuse")
    session = report.sessions[0]
    first = session.messages.first
    assert first is not None
    times = [first + n * n * 100 for n in range(1_000)]
    messages = msgspec.structs.replace(
        session.messages,
        times=type(session.messages.times)("q", times),
        directions=bytes([1, 0] * 500),
        opcodes=type(session.messages.opcodes)("b", [1, 2] * 500),
        lengths=type(session.messages.lengths)("q", [10, 2_000] * 500),
    )
    rendered = show.render(report, msgspec.structs.replace(session, messages=messages)).decode()
    assert "977 more" in rendered
    assert "500 messages, 1.0 MB" in rendered
    assert "█" in rendered.partition("Messages")[2]
    assert len(rendered.partition("Call stack that")[0].splitlines()) < 80


def test_verbose_and_files_have_every_call(captures: Path) -> None:
    report = of(captures, "chrome-S2-overuse")
    session = report.sessions[0]
    assert "flushPassiveEffects" not in show.render(report, session).decode()
    whole = [show.render(report, session, verbose=True), show.md(Run((report,), (), Policy()), session)]
    for rendered in whole:
        assert (b"flushPassiveEffects" in rendered, b"calls of React" in rendered) == (True, False)


def test_a_mask_is_never_broken() -> None:
    for width in range(40, 100):
        done = CliRunner().invoke(app, ["show", SAMPLE, "1"], env={"COLUMNS": str(width)})
        masks = re.findall(r"<token \d+>", done.stdout)
        assert len(masks) == 6, width
        assert "\ue000" not in done.stdout
        assert "\x1f" not in done.stdout
        assert max(map(cell_len, done.stdout.splitlines())) <= width


SAMPLE = str(Path(__file__).parent.parent / "sample_hars" / "stream-chat-connect-on-every-mount.har")


def ran(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["show", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_json_has_the_socket_its_stack_its_partners_and_every_message() -> None:
    document = json.loads(ran(SAMPLE, "2", "--format", "json"))
    assert (document["format"], document["session"]["id"], document["page"]["id"]) == (1, "s2", "page_1")
    assert document["open_at_the_same_time"] == {"proven": ["s1", "s3", "s4"], "possible": []}
    assert [it["peak"] for it in document["overlaps"]] == [4]
    assert [it["rule"] for it in document["findings"]] == ["duplicate-connection"]
    assert document["messages"] == [
        {"time": document["session"]["messages"]["first"], "direction": "received", "type": "text", "bytes": 409}
    ]
    frames = [frame for calls in document["stack"] for frame in calls["frames"]]
    code = document["session"]["initiator"]
    assert (code["line"], code["column"]) in [(frame["line"], frame["column"]) for frame in frames]
    assert document["stack"][0]["frames"][0]["function"] == "_connect"
    assert [calls["scheduled_by"] for calls in document["stack"]].count("<Widget>") == 1


def test_messages_that_nobody_recorded_are_null(captures: Path) -> None:
    document = json.loads(ran(str(captures / "firefox-D.har"), "1", "--format", "json"))
    assert (document["messages"], document["session"]["messages"]["sent"]) == (None, None)


def test_the_list_of_sockets_names_each_and_how_to_go_on() -> None:
    output = ran(SAMPLE)
    assert [f"#{n} " in output for n in (1, 2, 3, 4)] == [True] * 4
    assert "har-sockets show" in output
    assert [it["id"] for it in json.loads(ran(SAMPLE, "-f", "json"))["sessions"]] == ["s1", "s2", "s3", "s4"]
    assert ran(SAMPLE, "-f", "md").count("Stream Chat, user-1") == 4


def test_a_capture_without_sockets_has_an_empty_list() -> None:
    empty = str(Path(SAMPLE).parent / "safari-no-sockets.har")
    for format in ("text", "markdown", "html"):
        assert "No WebSocket in this capture." in ran(empty, "-f", format)
    assert json.loads(ran(empty, "-f", "json"))["sessions"] == []


@pytest.mark.parametrize("socket", [pytest.param(["2"], id="one socket"), pytest.param([], id="the list")])
def test_a_file_gets_the_format_of_its_suffix(socket: list[str], tmp_path: Path) -> None:
    for suffix, begins in ((".html", "<!doctype html>"), (".md", "# "), (".json", "{"), (".txt", "━━")):
        path = tmp_path / f"s{suffix}"
        assert ran(SAMPLE, *socket, "-o", str(path)) == ""
        assert path.read_text("utf-8").startswith(begins)
    page = (tmp_path / "s.html").read_text("utf-8")
    assert "<script" not in page
    assert 'class="proven"' in page
    done = CliRunner().invoke(app, ["show", SAMPLE, *socket, "-o", str(tmp_path / "s.csv")])
    assert (done.exit_code, ".json" in done.output) == (2, True)


def test_a_capture_is_not_written_over(tmp_path: Path) -> None:
    copy = tmp_path / "a.json"
    copy.write_bytes(Path(SAMPLE).read_bytes())
    done = CliRunner().invoke(app, ["show", str(copy), "2", "-o", str(copy)])
    assert (done.exit_code, copy.read_bytes() == Path(SAMPLE).read_bytes()) == (2, True)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)


@pytest.mark.parametrize("content", [pytest.param(text, id=name) for name, text in HOSTILE.items()])
def test_hostile_text_acts_on_nothing_in_any_format(content: str) -> None:
    run = mask(Run((hostile(content),), (), Policy()))
    session = run.reports[0].sessions[0]
    files = {name: render(run, session) for name, render in show.RENDERERS.items()}
    files |= {f"list {name}": render(run) for name, render in show_list.RENDERERS.items()}
    for name, data in files.items():
        assert [sign for sign in SIGNS if sign in data.decode("utf-8")] == [], name
    for name in ("html", "list html"):
        tags = Tags()
        tags.feed(files[name].decode())
        assert not {"script", "img", "iframe", "object"} & tags.seen

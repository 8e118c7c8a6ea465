"""What a terminal is told of each file that is written: its size, how to open it; and nothing off a terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest

from analyzer.cli import receipt
from analyzer.cli.next_step import suggest_next
from analyzer.cli.receipt import Written, describe, format_size, list_written, open_file
from analyzer.cli.running import default_output, find_unused
from analyzer.formats import read
from analyzer.model import Policy, Run
from analyzer.pipeline import analyze
from tests.program import run_process, run_text

CAPTURES = Path(__file__).parent / "captures"
SAMPLES = Path(__file__).parent.parent / "sample_hars"
OVERUSE = (CAPTURES / "chrome-S2-overuse.har").read_bytes()
posix = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "chat.har").write_bytes(OVERUSE)
    (tmp_path / "ticket").mkdir()
    (tmp_path / "ticket" / "a.har").write_bytes(OVERUSE)
    return tmp_path


def on_a_terminal(*args: str, cwd: Path, **env: str) -> tuple[list[str], int]:
    """What the program writes to a terminal, and its status."""
    import pty

    leader, follower = pty.openpty()
    clean = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "COLUMNS")}
    with subprocess.Popen(
        [sys.executable, "-m", "analyzer", *args],
        stdout=follower, stderr=follower, stdin=follower, cwd=cwd, env={**clean, "TERM": "xterm", "NO_COLOR": "1", **env},
    ) as running:  # fmt: skip
        os.close(follower)
        text = b""
        try:
            while block := os.read(leader, 1 << 16):
                text += block
        except OSError:  # Linux, at the end
            pass
        status = running.wait()
    os.close(leader)
    return text.decode().replace("\r\n", "\n").splitlines(), status


PYTHON = r"\S*python\S* -m analyzer"
WRITERS = [
    pytest.param(["report", "chat.har"], [r"Wrote chat\.report\.html \(\d+ KB\)\."], id="report"),
    pytest.param(["report", "ticket", "-o", "r.htm"], [r"Wrote r\.htm \(\d+ KB\)\."], id="a folder"),
    pytest.param(["timeline", "chat.har"], [r"Wrote chat\.timeline\.png \(\d+ KB\)\."], id="timeline"),
    pytest.param(["timeline", "ticket"], [r"Wrote ticket\.timeline\.png \(\d+ KB\)\."], id="timeline of a folder"),
    pytest.param(
        ["chat.har", "--out", "json:a.json", "--out", "b.svg"],
        [r"Wrote a\.json \(\d+ KB\)\.", r"Wrote b\.svg \(\d+ KB\)\."],
        id="--out",
    ),
    pytest.param(
        ["check", "chat.har", "--write-baseline", "known.json"],
        [rf"Wrote known\.json \(\d+ bytes\)\. Use it: {PYTHON} check CAPTURE --baseline known\.json"],
        id="a baseline",
    ),
    pytest.param(
        ["extract", "chat.har"],
        [rf"Wrote chat\.sockets\.har \(\d+ KB\)\. Next: {PYTHON} chat\.sockets\.har"],
        id="extract",
    ),
    pytest.param(["compare", "chat.har", "ticket/a.har", "-o", "c.md"], [r"Wrote c\.md \(\d+ bytes\)\."], id="compare"),
    pytest.param(
        ["chat.har", "--out", "ndjson:r.ndjson", "--format", "ndjson"],
        [rf"Wrote r\.ndjson \(\d+ KB\)\. Next: {PYTHON} summary r\.ndjson"],
        id="lines",
    ),
    pytest.param(["chat.har", "--out", "parquet:rows/"], [r"Wrote rows/ \(1 file, \d+ KB\)\."], id="a dataset"),
]


@posix
@pytest.mark.parametrize(("args", "receipts"), WRITERS)
def test_a_terminal_gets_a_receipt_for_each_file(args: list[str], receipts: list[str], folder: Path) -> None:
    lines, _ = on_a_terminal(*args, cwd=folder)
    wrote = [line for line in lines if line.startswith("Wrote ")]
    assert len(wrote) == len(receipts)
    assert all(re.fullmatch(pattern, line) for pattern, line in zip(receipts, wrote, strict=True)), wrote
    assert lines[-len(wrote) :] == wrote  # below everything else


@pytest.mark.parametrize(("args", "receipts"), WRITERS)
def test_off_a_terminal_nothing_is_said_of_them(args: list[str], receipts: list[str], folder: Path) -> None:
    done = run_text(*args, cwd=folder)
    assert "Wrote " not in done.stdout + done.stderr


@posix
def test_quiet_gives_no_receipt(folder: Path) -> None:
    assert on_a_terminal("report", "chat.har", "-q", cwd=folder) == ([], 0)
    assert (folder / "chat.report.html").exists()


@posix
def test_the_way_to_open_it_is_named_where_there_is_a_display(folder: Path) -> None:
    (folder / "bin").mkdir()
    (folder / "bin" / "xdg-open").write_text("#!/bin/sh\n")
    (folder / "bin" / "xdg-open").chmod(0o755)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    lines, _ = on_a_terminal("report", "chat.har", cwd=folder, DISPLAY=":9", PATH=path)
    opener = {"darwin": "open"}.get(sys.platform, "xdg-open")
    assert re.fullmatch(rf"Wrote chat\.report\.html \(\d+ KB\)\. Open it: {opener} chat\.report\.html", lines[-1])


def test_a_name_that_a_shell_would_read_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(receipt, "name_opener", lambda: "open")
    path = tmp_path / "a $(id).html"
    quoted = f'"{path}"' if os.name == "nt" else f"'{path}'"
    assert describe(Written(path, 1)) == f"Wrote {path} (1 byte). Open it: open {quoted}"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1 KB"), (48_200, "48 KB"), (999_600, "1.0 MB"),
     (1_240_000, "1.2 MB"), (48_000_000, "48 MB"), (3_100_000_000, "3.1 GB")],
)  # fmt: skip
def test_sizes_are_written_as_people_read_them(size: int, text: str) -> None:
    assert format_size(size) == text


def test_a_file_that_was_written_twice_has_one_receipt_and_one_that_is_gone_has_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("xx")
    assert list_written([tmp_path / "a", tmp_path / "gone", tmp_path / "a"]) == [Written(tmp_path / "a", 2)]


# -- opened ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    """A browser that writes down what it is asked to open."""
    script = tmp_path / "browser.sh"
    script.write_text(f"#!/bin/sh\necho \"$1\" >> '{tmp_path / 'opened.txt'}'\n")
    script.chmod(0o755)
    return script


@posix
@pytest.mark.spread(2)
@pytest.mark.parametrize(
    ("args", "name"),
    [
        pytest.param(["report", "chat.har"], "chat.report.html", id="report"),
        pytest.param(["chat.har"], "chat.report.html", id="analyze writes the report"),
        pytest.param(["chat.har", "-o", "x.html", "--out", "json:a.json"], "x.html", id="the page, not the data"),
        pytest.param(["timeline", "chat.har", "--quiet"], "chat.timeline.png", id="timeline"),
        pytest.param(["compare", "chat.har", "ticket/a.har", "-o", "c.html"], "c.html", id="compare"),
    ],
)
def test_open_opens_what_was_written(args: list[str], name: str, folder: Path, browser: Path) -> None:
    on_a_terminal(*args, "--open", cwd=folder, BROWSER=str(browser))
    assert (folder / "opened.txt").read_text().split() == [(folder / name).as_uri()]


def test_without_a_display_one_line_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(receipt, "has_display", lambda: False)
    monkeypatch.setattr(sys, "platform", "linux")
    texts = "chat.html: cannot be opened here: no display. Open it on another computer, or set BROWSER"
    assert open_file(Path("chat.html")) == texts


def test_a_browser_that_does_not_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "x")
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert open_file(Path("chat.html")) == "chat.html: no browser could be started"


# -- names and formats -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("captures", "name"),
    [
        (["chat.har"], "chat.report.html"),
        (["some/where/chat.har.gz"], "chat.report.html"),
        (["Chat.HAR.zip"], "Chat.report.html"),
        (["logs.zip/ticket/a b.har"], "a b.report.html"),
        (["log.json"], "log.report.html"),
        (["tickets/"], "tickets.report.html"),
        (["*.har"], "captures.report.html"),
        (["a.har", "b.har"], "captures.report.html"),
        (["-"], "capture.report.html"),
        ([".har"], "capture.report.html"),
        (["https://h.example/x/chat.har?token=1"], "chat.report.html"),
    ],
)
def test_a_file_without_a_name_is_named_after_the_captures(captures: list[str], name: str) -> None:
    assert default_output(captures, "report.html") == Path(name)


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    assert find_unused(tmp_path / "a.har") == tmp_path / "a.har"
    (tmp_path / "a.har").touch()
    (tmp_path / "a-2.har").touch()
    assert find_unused(tmp_path / "a.har") == tmp_path / "a-3.har"


def test_extract_never_writes_over_a_capture(folder: Path) -> None:
    (folder / "chat.sockets.har").write_text("a capture of its own")
    assert run_text("extract", "chat.har", cwd=folder).returncode == 0
    assert (folder / "chat.sockets.har").read_text() == "a capture of its own"
    assert read(str(folder / "chat.sockets-2.har")).exporter.id == "chrome"


BEGINNINGS = {
    "htm": b"<!", "html": b"<!", "md": b"#", "json": b"{", "ndjson": b"{", "csv": b"id,", "xml": b"<?xml", "sarif": b"{",
    "png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "parquet": b"PAR1", "txt": b"",
}  # fmt: skip


def test_the_suffix_selects_the_format(folder: Path) -> None:
    outputs = [word for suffix in BEGINNINGS for word in ("--out", f"x.{suffix}")]
    done = run_text("chat.har", *outputs, "-o", "UPPER.MD", "-q", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for suffix, beginning in BEGINNINGS.items():
        assert (folder / f"x.{suffix}").read_bytes().startswith(beginning), suffix
    assert (folder / "UPPER.MD").read_bytes() == (folder / "x.md").read_bytes()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["timeline", "chat.har", "-o", "c.jpg"], "c.jpg: a picture ends in .png, .svg or .pdf"),
        (["report", "chat.har", "-o", "r.docx"], "--output r.docx: end the name in .txt, .json, .ndjson"),
        (["chat.har", "--out", "x"], "--out x: give NAME:PATH, or a file that ends in .txt"),
        (["chat.har", "-o", "absent/x.html"], "absent/x.html: cannot be written: there is no folder absent"),
        (["chat.har", "-o", "-"], "--output -: use --format NAME to print on standard output"),
        (["report", "chat.har", "-o", "chat.har"], "--output chat.har: end the name in .txt"),
        (["chat.har", "-o", "a.json", "--out", "csv:a.json"], "a.json: two outputs cannot go to one file"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_read(
    args: list[str], message: str, folder: Path
) -> None:
    done = run_text(*args, cwd=folder)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, line.startswith(f"har-sockets: {message}")) == (2, True), line
    assert (folder / "chat.har").read_bytes() == OVERUSE


# -- the next step ---------------------------------------------------------------------------------------------------


def run_of(*names: str) -> Run:
    return Run(tuple(analyze(read(str(SAMPLES / name)), Policy()) for name in names), (), Policy())


@pytest.mark.parametrize(
    ("sample", "step"),
    [
        ("stream-chat-connect-on-every-mount.har", "See the code that opened socket #2: P show SAMPLE 2"),
        ("playwright-overlap.har", "Write a report for a ticket: P report SAMPLE --open"),
        ("playwright-cannot-decide.har", "Record again with exact closes, so that it is decided: P record URL"),
        ("safari-no-sockets.har", "Record again with exact closes, so that it is decided: P record URL"),
        ("three-reloads.har", "Write a report for a ticket: P report SAMPLE --open"),
    ],
)
def test_the_next_step_is_what_matters_now(sample: str, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.cli.next_step.name_program", lambda: "P")
    monkeypatch.setattr("analyzer.cli.next_step.can_open", lambda: True)
    suggestion = suggest_next(run_of(sample), [str(SAMPLES / sample)])
    assert suggestion is not None
    assert suggestion.replace(str(SAMPLES / sample), "SAMPLE").startswith(step)


def test_of_many_captures_the_worst_is_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.cli.next_step.name_program", lambda: "P")
    monkeypatch.setattr("analyzer.cli.next_step.can_open", lambda: False)
    calm = ["three-reloads.har"] * 5
    worst = SAMPLES / "stream-chat-connect-on-every-mount.har"
    assert suggest_next(run_of(*calm, worst.name), ["x"]) == f"See the worst capture: P {worst}"
    assert suggest_next(run_of(*calm, calm[0]), ["a b/"]) == "Write a report of all: P report 'a b/'"
    assert suggest_next(run_of(calm[0]), ["-"]) is None
    assert suggest_next(Run((), (), Policy()), ["x"]) is None


@posix
def test_a_terminal_gets_one_next_step_and_only_where_the_answer_is_text(folder: Path) -> None:
    lines, _ = on_a_terminal("chat.har", cwd=folder)
    assert re.fullmatch(rf"See the code that opened socket #2: {PYTHON} show chat\.har 2", lines[-1])
    assert lines[-2] == ""
    for args in (["--format", "json"], ["-q"], ["-o", "x.html"]):
        lines, _ = on_a_terminal("chat.har", *args, cwd=folder)
        assert not any("See the code" in line for line in lines)
    assert "See the code" not in run_text("chat.har", cwd=folder).stderr


# -- files, folders and standard input ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["show", "chat.har", "--open"], "--open needs a file: add -o FILE"),
        (["check", "chat.har", "--open"], "--open needs a file: add -o FILE"),
        (["report", "chat.har", "-o", "a.html", "--output=b.html"], "--output can be given once: write further files"),
        (["check", "chat.har", "-o", "ticket"], "--output ticket: this is a folder: name a file in it"),
        (["check", "chat.har", "--baseline", "none.json"], "none.json: no such file"),
        (["chat.har", "--only", "nonsense"], "--only nonsense: choose overlap, "),
        (["check", "chat.har", "--tolerance", "1e3"], "--tolerance 1e3: write the number out"),
    ],
)
def test_what_cannot_be_done_is_refused(args: list[str], message: str, folder: Path) -> None:
    done = run_text(*args, cwd=folder)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, line.startswith(f"har-sockets: {message}")) == (2, True), line
    assert not list(folder.glob("*.html"))


def test_a_folder_gets_the_default_name(folder: Path) -> None:
    run_text("report", "chat.har", "-o", "ticket", cwd=folder)
    run_text("timeline", "chat.har", "-o", "ticket/", cwd=folder)
    assert {it.name for it in (folder / "ticket").iterdir()} == {"a.har", "chat.report.html", "chat.timeline.png"}


def test_format_decides_where_the_name_does_not(folder: Path) -> None:
    done = run_text("chat.har", "--format", "csv", "-o", "rows", cwd=folder)
    assert (done.stdout, (folder / "rows").read_text().splitlines()[0][:10]) == ("", "id,pointer")


def test_a_report_that_is_printed_is_not_written_too(folder: Path) -> None:
    before = {it.name for it in folder.iterdir()}
    done = run_text("report", "chat.har", "--format", "markdown", cwd=folder)
    assert (done.stdout.startswith("# WebSocket report"), {it.name for it in folder.iterdir()}) == (True, before)


def test_check_prints_its_lines_besides_the_file(folder: Path) -> None:
    plain = run_text("check", "chat.har", cwd=folder)
    done = run_text("check", "chat.har", "-o", "sockets.xml", cwd=folder)
    assert (done.stdout, done.returncode) == (plain.stdout, 1)
    assert done.stdout.splitlines()[-1].startswith("1 capture: 1 FAIL")
    assert (folder / "sockets.xml").read_text().startswith("<?xml")


@pytest.mark.parametrize("args", [["show", "2"], ["show"], ["check"], []])
def test_a_pipe_is_standard_input(args: list[str], folder: Path) -> None:
    done = run_process(*args, stdin=OVERUSE, cwd=folder)
    assert "standard input" in done.stdout.decode().splitlines()[0]


@pytest.mark.parametrize("args", [["timeline", "-o", "t.png"], ["report", "-o", "r.html"], ["report", "-o", "r.xml"]])
def test_that_nothing_matches_is_said(args: list[str], folder: Path) -> None:
    done = run_text(args[0], ".", "--only", "ghost-socket", *args[1:], cwd=folder)
    texts = "none of 2 captures matches --only ghost-socket"
    assert (done.returncode, done.stderr) == (0, f"har-sockets: {texts}\n")
    page = folder / args[-1]
    assert page.suffix == ".png" or texts.capitalize() in page.read_text() or texts in page.read_text()


@posix
def test_a_receipt_says_what_was_replaced(folder: Path) -> None:
    (folder / "chat.report.html").write_text("earlier")
    lines, _ = on_a_terminal("report", "chat.har", cwd=folder)
    assert re.search(r"Wrote chat\.report\.html \(\d+ KB\), in place of the earlier file\.", lines[-1])


def test_a_step_that_nobody_can_paste_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m.har"
    path.write_bytes(OVERUSE)
    assert suggest_next(Run((analyze(read(str(path)), Policy()),), (), Policy()), [str(path)]) is None


def test_where_no_action_is_needed_no_step_follows() -> None:
    name = "stream-chat-strictmode-hook.har"
    assert suggest_next(run_of(name), [str(SAMPLES / name)]) is None


def test_a_file_is_no_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "br[a]ck.har").write_bytes(OVERUSE)
    assert default_output(["br[a]ck.har"], "report.html").name == "br[a]ck.report.html"
    assert default_output(["*.har"], "report.html").name == "captures.report.html"

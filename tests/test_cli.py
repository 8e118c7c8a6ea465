"""The command line, in this process and as one of its own: statuses, streams, files."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from analyzer.cli import app
from tests.program import run, run_process

CAPTURES = Path(__file__).parent / "captures"
OVERUSE = str(CAPTURES / "chrome-S2-overuse.har")
RELOADS = str(CAPTURES / "chrome-08-refresh3.har")
SAMPLES = Path(__file__).parent.parent / "sample_hars"
UNDECIDED = str(SAMPLES / "playwright-cannot-decide.har")
WITHOUT = str(SAMPLES / "safari-no-sockets.har")


def problem(done: subprocess.CompletedProcess[bytes]) -> str:
    """The one line on standard error; never a traceback."""
    (line,) = done.stderr.decode().splitlines()
    return line


@pytest.mark.parametrize("command", [("analyze",), ()])
def test_analyze_is_the_command_that_need_not_be_named(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*command, OVERUSE])
    assert result.exit_code == 0
    assert "Overlap: 4 sockets of chat.stream-io-api.com/connect were open at the same" in result.output


def test_json_is_one_object_of_format_1() -> None:
    done = run(OVERUSE, RELOADS, "--format", "json")
    answer = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert [answer["format"], answer["tool"]["name"]] == [1, "har-sockets"]
    assert [(c["source"], c["verdict"]) for c in answer["captures"]] == [(OVERUSE, "overlap"), (RELOADS, "no-overlap")]


def test_ndjson_is_a_line_a_capture_and_tells_what_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "bad.har").write_text("{}")
    done = run(OVERUSE, str(tmp_path / "bad.har"), "--format", "ndjson")
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert done.returncode == 3
    assert (first["verdict"], set(second)) == ("overlap", {"source", "problem"})


def test_csv_has_a_row_a_session() -> None:
    lines = run(OVERUSE, "--format", "csv").stdout.decode().split("\r\n")
    assert [line.split(",")[0] for line in lines[:-1]] == ["id", "s1", "s2", "s3", "s4"]


def test_the_same_input_gives_the_same_bytes() -> None:
    assert (
        run_process(OVERUSE, "--format", "json", PYTHONHASHSEED="1").stdout
        == run_process(OVERUSE, "--format", "json", PYTHONHASHSEED="2").stdout
    )


def test_standard_input_gzip_folder_and_glob_are_captures_too(tmp_path: Path) -> None:
    har = Path(OVERUSE).read_bytes()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.har.gz").write_bytes(gzip.compress(har))
    (tmp_path / "b.har").write_bytes(har)
    (tmp_path / "c.txt").write_text("not looked at")
    piped = json.loads(run_process("-", "--format", "json", stdin=har).stdout)["captures"]
    folder = json.loads(run(str(tmp_path), "--format", "json").stdout)["captures"]
    globbed = json.loads(run(str(tmp_path / "*.har"), "--format", "json").stdout)["captures"]
    assert [c["source"] for c in piped] == ["-"]
    assert [Path(c["source"]).name for c in folder] == ["b.har", "a.har.gz"]
    assert [Path(c["source"]).name for c in globbed] == ["b.har"]
    assert {c["verdict"] for c in piped + folder + globbed} == {"overlap"}


@pytest.mark.spread(2)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "the file is empty", id="empty"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0", "a picture", id="a picture"),
        pytest.param(b"{}", "no log.entries", id="an object"),
        pytest.param(b"[]", "a JSON array", id="an array"),
        pytest.param(b'{"log":{}}', "no log.entries", id="a log without entries"),
        pytest.param(
            b'{"log":{"entries":7}}', "/log/entries: not an array but a number", id="entries that are no array"
        ),
        pytest.param(b'{"log":null}', "/log: not an object but null", id="a log that is null"),
        pytest.param(b'cb({"log":{}})', "JSONP", id="JSONP"),
        pytest.param(b"\x78\x9c\x03\x00", "zlib", id="zlib"),
        pytest.param('{"log":{}}'.encode("utf-16"), "UTF-16", id="UTF-16"),
    ],
)
def test_a_file_that_is_no_har_is_one_line_and_status_3(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.har"
    path.write_bytes(content)
    done = run(str(path))
    assert done.returncode == 3
    assert problem(done).startswith(f"har-sockets: {path}: ")
    assert message in problem(done)


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["nowhere.har"], id="no such file"),
        pytest.param(["nowhere/*.har"], id="a glob without a match"),
        pytest.param([str(Path(__file__).parent / "nothing-here")], id="no such folder"),
        pytest.param([OVERUSE, "--format", "yaml"], id="an unknown format"),
        pytest.param([OVERUSE, "--out", "json"], id="an output without a path"),
        pytest.param([OVERUSE, "--assume", "rain"], id="an unknown assumption"),
        pytest.param(["show", OVERUSE, "9"], id="no such socket"),
        pytest.param(["timeline", OVERUSE, "-o", "x.doc"], id="no picture"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(args: list[str]) -> None:
    done = run(*args)
    assert done.returncode == 2
    assert problem(done).startswith("har-sockets: ")


@pytest.mark.parametrize(
    ("args", "status"),
    [
        pytest.param([RELOADS], 0, id="done"),
        pytest.param(["check", OVERUSE], 1, id="violated"),
        pytest.param(["nowhere.har"], 2, id="wrong usage"),
        pytest.param([__file__], 3, id="unreadable"),
        pytest.param(["check", UNDECIDED], 4, id="undecided"),
        pytest.param(["check", WITHOUT], 5, id="no socket"),
    ],
)
def test_a_process_ends_with_the_status_and_says_what_is_said_within_one(args: list[str], status: int) -> None:
    done, within = run_process(*args), run(*args)
    assert done.returncode == status
    assert (done.returncode, done.stdout, done.stderr) == (within.returncode, within.stdout, within.stderr)


def test_a_folder_without_captures_is_wrong_usage(tmp_path: Path) -> None:
    done = run(str(tmp_path))
    assert (done.returncode, "no captures in this folder" in problem(done)) == (2, True)


def test_an_unreadable_capture_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_text("{}")
    done = run(str(tmp_path / "a.har"), OVERUSE, "--format", "json")
    answer = json.loads(done.stdout)
    assert done.returncode == 3
    assert [c["source"] for c in answer["captures"]] == [OVERUSE]
    assert [u["source"] for u in answer["unreadable"]] == [str(tmp_path / "a.har")]


def test_an_array_of_no_entries_is_a_har_without_sockets(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_text('{"log":{"creator":{"name":"WebInspector"},"pages":[],"entries":[]}}')
    done = run(str(tmp_path / "a.har"), "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["captures"][0]["verdict"]) == (0, "no-sockets")


def test_out_writes_files_beside_standard_output(tmp_path: Path) -> None:
    done = run(OVERUSE, "--format", "json", "--out", f"csv:{tmp_path / 'a.csv'}", "--out", f"text:{tmp_path / 'a.txt'}")
    assert json.loads(done.stdout)["format"] == 1
    assert (tmp_path / "a.csv").read_text().startswith("id,pointer,")
    assert "Overlap: " in (tmp_path / "a.txt").read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.txt"]


def test_quiet_leaves_standard_output_empty() -> None:
    done = run(OVERUSE, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_show_tells_all_about_one_socket() -> None:
    text = run("show", OVERUSE, "s2").stdout.decode()
    assert "socket #2" in text
    assert "/log/entries/5" in text


def test_timeline_draws_several_captures_each_from_its_own_start(tmp_path: Path) -> None:
    done = run("timeline", OVERUSE, RELOADS, "-o", str(tmp_path / "chart.svg"), "--from", "0.5", "--to", "2")
    assert done.returncode == 0
    assert (tmp_path / "chart.svg").read_text("utf-8").count("2 of 4 sockets in this period") == 2


def test_timeline_says_that_it_draws_the_first_eight_only(tmp_path: Path) -> None:
    many = [str(path) for path in sorted(CAPTURES.glob("chrome-0*.har"))[:9]]
    done = run("timeline", *many, "-o", str(tmp_path / "chart.svg"))
    assert (done.returncode, problem(done).endswith("the worst 8 of 9 captures are drawn")) == (0, True)


def test_timeline_and_report_take_what_analyze_takes(tmp_path: Path) -> None:
    arguments = ("--per", "user", "--format", "json", "--out", f"csv:{tmp_path / 'rows.csv'}", "--title", "Release 4.2")
    for command, file in (("timeline", "chart.svg"), ("report", "report.html")):
        done = run(command, OVERUSE, "-o", str(tmp_path / file), *arguments)
        assert (done.returncode, json.loads(done.stdout)["policy"]["per"]) == (0, "user")
        assert (tmp_path / file).stat().st_size > 1_000
    assert (tmp_path / "rows.csv").read_text().count("\n") == 5


def test_timeline_writes_a_picture(tmp_path: Path) -> None:
    done = run("timeline", OVERUSE, "-o", str(tmp_path / "chart.svg"), "--from", "0.5", "--to", "3")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "chart.svg").read_text().startswith("<?xml")


def test_tokens_are_masked_unless_asked_for() -> None:
    token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    for args in ([OVERUSE], [OVERUSE, "--format", "json"], [OVERUSE, "--format", "csv"], ["show", OVERUSE, "1"]):
        assert token not in run(*args).stdout.decode()
    assert token in run(OVERUSE, "--format", "json", "--show-secrets").stdout.decode()


def test_off_a_terminal_there_is_no_colour_and_with_TERM_dumb_only_ascii() -> None:
    assert b"\x1b[" not in run(OVERUSE).stdout
    assert run(OVERUSE, TERM="dumb").stdout.isascii()
    assert b"\x1b[" in run(OVERUSE, FORCE_COLOR="1", TERM="xterm").stdout


def test_assume_no_bfcache_ends_what_was_left(tmp_path: Path) -> None:
    left = str(CAPTURES / "chrome-09b-nav-back-nobfcache.har")
    before = json.loads(run(left, "--format", "json").stdout)["captures"][0]["verdict"]
    after = json.loads(run(left, "--format", "json", "--assume", "no-bfcache").stdout)["captures"][0]["verdict"]
    assert (before, after) == ("possible-overlap", "no-overlap")


def test_max_open_and_tolerance_act_on_findings_only() -> None:
    def told(*args: str) -> tuple[str, list[str]]:
        capture = json.loads(run(OVERUSE, "--format", "json", *args).stdout)["captures"][0]
        return capture["verdict"], [finding["rule"] for finding in capture["findings"]]

    assert told() == ("overlap", ["duplicate-connection"])
    assert told("--max-open", "4") == ("overlap", [])
    assert told("--max-open", "3") == ("overlap", ["duplicate-connection"])
    assert told("--max-open", "4", "--app-mode", "development") == ("overlap", ["limit-exceeded"])


def captured(*args: str) -> dict[str, Any]:
    return json.loads(run(*args, "--format", "json").stdout)["captures"][0]  # type: ignore[no-any-return]


def test_the_policy_stands_in_the_json() -> None:
    answer = json.loads(run(OVERUSE, "--format", "json", "--per", "user", "--app-mode", "production").stdout)
    expected: dict[str, Any] = {
        "per": "user",
        "max_open": 1,
        "tolerance_ms": 250,
        "app_mode": "production",
        "fail_on": "warning",
    }
    expected |= {"scope": None, "assume": []}
    assert answer["policy"] == expected


def test_users_and_secrets_are_shown_only_where_they_are_asked_for() -> None:
    hidden, text = captured(OVERUSE)["sessions"][0], captured(OVERUSE, "--show-users")["sessions"][0]
    assert hidden["identity"] == {"app": "<token 2>", "user": "user-1"}
    assert text["identity"]["user"] == "alice"
    assert "alice" not in text["url"]
    secrets = captured(OVERUSE, "--show-secrets")["sessions"][0]
    assert secrets["identity"] == {"app": "k8x2testkey", "user": "user-1"}
    assert "%22user_id%22%3A%22user-1%22" in secrets["url"]
    both = captured(OVERUSE, "--show-secrets", "--show-users")["sessions"][0]
    assert "%22user_id%22%3A%22alice%22" in both["url"]


def test_a_redaction_key_makes_masks_equal_across_runs() -> None:
    correct = str(CAPTURES / "chrome-S1-correct.har")
    first, second = (captured(name, "--redaction-key", "k")["sessions"][0] for name in (OVERUSE, correct))
    assert first["identity"] == second["identity"]
    assert first["identity"] != captured(OVERUSE, "--redaction-key", "other")["sessions"][0]["identity"]
    assert "alice" not in str(first)


def test_own_services_come_before_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        "[[provider]]\nid = 'acme'\nname = 'Acme'\nmatch = [{ path = '/connect' }]\n"
        "verified = { date = '2026-01-01', by = 'us' }\n"
    )
    assert captured(OVERUSE, "--providers", str(tmp_path / "own.toml"))["sessions"][0]["provider"] == "acme"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[[provider]]\nid = 'acme'\nhost = 'x'", "provider acme: ", id="a row that is wrong is named"),
        pytest.param("nonsense", "not TOML", id="no TOML"),
        pytest.param(None, "no such file", id="no file"),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_wrong_usage(text: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    if text is not None:
        path.write_text(text)
    done = run(OVERUSE, "--providers", str(path))
    assert (done.returncode, done.stdout) == (2, b"")
    assert problem(done).startswith(f"har-sockets: {path}: ")
    assert message in problem(done)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        pytest.param(
            ("--per", "tab"),
            "--per tab: did you mean page? Choose capture, context, page, endpoint, service or user",
            id="--per",
        ),
        pytest.param(("--app-mode", "test"), "--app-mode test: choose development or production", id="--app-mode"),
    ],
)
def test_what_a_policy_option_takes_is_said(option: tuple[str, str], message: str) -> None:
    done = run(OVERUSE, *option)
    assert (done.returncode, problem(done)) == (2, f"har-sockets: {message}")


def test_extract_tells_what_became_of_the_capture(tmp_path: Path) -> None:
    done = run("extract", OVERUSE, "-o", str(tmp_path / "small.har"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert [line.split(":")[0] for line in done.stdout.decode().splitlines()] == [
        "Kept",
        "Masked",
        "Removed",
        "Dropped",
    ]
    assert "4 sockets" in done.stdout.decode()
    assert captured(str(tmp_path / "small.har"))["verdict"] == "overlap"


def test_extract_takes_one_capture_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "bad.har").write_text("{}")
    out = tmp_path / "small.har"
    assert run("extract", str(CAPTURES), "-o", str(out)).returncode == 2
    assert run("extract", str(tmp_path / "bad.har"), "-o", str(out)).returncode == 3
    assert run("extract", "-", "-o", str(out), stdin=b"{}").returncode == 3
    assert not out.exists()


def test_a_link_stays_a_link_and_a_pipe_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "target.json").write_text("old")
    (tmp_path / "link.json").symlink_to(tmp_path / "target.json")
    assert run(OVERUSE, "-q", "--out", f"json:{tmp_path / 'link.json'}").returncode == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "target.json").read_text())["format"] == 1
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE) as reader:
        assert run(OVERUSE, "-q", "--out", f"csv:{tmp_path / 'pipe'}").returncode == 0
        assert reader.communicate(timeout=20)[0].startswith(b"id,pointer,url")


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    done = run(OVERUSE, "-q", "--out", f"json:{tmp_path / 'folder.json'}")
    assert (done.returncode, "cannot be written" in problem(done)) == (2, True)
    assert [it.name for it in tmp_path.iterdir()] == ["folder.json"]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["{har}", "--out", "json:{har}"], id="analyze"),
        pytest.param(["extract", "{har}", "-o", "{har}"], id="extract"),
        pytest.param(["extract", "{har}", "-o", "{folder}/link.har"], id="through a link"),
        pytest.param(["compare", "{har}", OVERUSE, "--out", "json:{har}"], id="compare"),
        pytest.param(["{folder}", "-q", "--out", "csv:{har}"], id="a folder"),
    ],
)
def test_a_capture_is_never_written_over(command: list[str], tmp_path: Path) -> None:
    har = tmp_path / "a.har"
    har.write_bytes(Path(OVERUSE).read_bytes())
    (tmp_path / "link.har").symlink_to(har)
    done = run(*(part.format(har=har, folder=tmp_path) for part in command))
    assert (done.returncode, "this is a capture that is read" in problem(done)) == (2, True)
    assert har.read_bytes() == Path(OVERUSE).read_bytes()


def test_extract_takes_standard_input(tmp_path: Path) -> None:
    done = run("extract", "-", "-o", str(tmp_path / "small.har"), stdin=Path(OVERUSE).read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    assert (
        json.loads(run(str(tmp_path / "small.har"), "--format", "json").stdout)["captures"][0]["verdict"] == "overlap"
    )
    done = run("extract", "-", "-o", str(tmp_path / "none.har"), stdin=b"no HAR")
    assert (done.returncode, problem(done).startswith("har-sockets: standard input: ")) == (3, True)


@pytest.mark.spread(2)
@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param(["--per", "user", "--app-mode", "development"], "--per and --app-mode change no bar", id="two"),
        pytest.param(["--max-open", "2"], "--max-open changes no bar", id="one"),
        pytest.param(["--per", "user", "--format", "json"], "", id="another output uses it"),
        pytest.param(["--tolerance", "5s"], "", id="it acts on the words of the picture"),
    ],
)
def test_timeline_says_which_options_do_not_act_on_it(args: list[str], message: str, tmp_path: Path) -> None:
    done = run("timeline", OVERUSE, "-o", str(tmp_path / "chart.svg"), *args)
    assert done.stderr.decode() == (f"har-sockets: timeline draws every socket: {message}\n" if message else "")


def test_a_title_stands_on_the_picture(tmp_path: Path) -> None:
    run("timeline", OVERUSE, "-o", str(tmp_path / "chart.svg"), "--title", "Release 4.2")
    assert ">Release 4.2</text>" in (tmp_path / "chart.svg").read_text("utf-8")


@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_a_report_that_is_only_a_picture_says_so(suffix: str, tmp_path: Path) -> None:
    done = run("report", OVERUSE, "-o", str(tmp_path / f"chat.{suffix}"))
    assert f"chat.{suffix}: the picture only. For the report, write " in done.stderr.decode()
    done = run("report", OVERUSE, "-o", str(tmp_path / f"chat.{suffix}"), "--out", f"html:{tmp_path / 'chat.html'}")
    assert done.stderr.decode() == ""


def test_a_word_that_is_no_path_is_answered_with_the_commands() -> None:
    done = run("fix", "x.har")
    assert (done.returncode, done.stdout) == (2, b"")
    assert "fix: no such file or command. The commands: analyze, check, " in done.stderr.decode()


def test_a_report_ends_with_a_block_to_sign(tmp_path: Path) -> None:
    sha256 = hashlib.sha256(Path(OVERUSE).read_bytes()).hexdigest()
    for name in ("signed.html", "signed.md"):
        path = tmp_path / name
        done = run("report", OVERUSE, "-o", str(path), "--sign-off", "--title", "Release 4.2", "--meta", "build=7")
        assert done.returncode == 0, done.stderr
        end = path.read_text("utf-8").rpartition("Sign-off")[2]
        for words in (sha256, "Release 4.2", "build", "FAIL: ", "not accepted", "Signature"):
            assert words in end
    run("report", OVERUSE, "-o", str(tmp_path / "plain.html"))
    assert "Sign-off" not in (tmp_path / "plain.html").read_text("utf-8")


def test_a_block_to_sign_needs_a_format_for_people(tmp_path: Path) -> None:
    done = run("report", OVERUSE, "-o", str(tmp_path / "rows.csv"), "--sign-off")
    assert done.returncode == 2
    assert b"add -o FILE.html" in done.stderr

"""What people type: options, words and durations are accepted, or answered with what to write instead."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli import app
from analyzer.cli.delivery import Delivery
from tests import program
from tests.program import run_process

CAPTURES = Path(__file__).parent / "captures"
OVERUSE = str(CAPTURES / "chrome-S2-overuse.har")


def run(*words: str) -> Result:
    return CliRunner().invoke(app, [OVERUSE if word == "F" else word for word in words])


def policy(*options: str) -> dict[str, object]:
    done = run("check", "F", "--format", "json", *options)
    return json.loads(done.stdout)["policy"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param("--tolerance 2s", {"tolerance_ms": 2000}, id="seconds"),
        pytest.param("--tolerance 250ms", {"tolerance_ms": 250}, id="milliseconds"),
        pytest.param("--tolerance 26", {"tolerance_ms": 26}, id="a bare number counts in milliseconds"),
        pytest.param("--tolerance 0", {"tolerance_ms": 0}, id="none"),
        pytest.param("--tolerance 1m", {"tolerance_ms": 60_000}, id="minutes"),
        pytest.param("--app-mode prod", {"app_mode": "production"}, id="prod"),
        pytest.param("--app-mode DEV", {"app_mode": "development"}, id="dev in any case"),
        pytest.param("--fail-on warn", {"fail_on": "warning"}, id="warn"),
        pytest.param("--fail-on info", {"fail_on": "note"}, id="info"),
        pytest.param("--fail-on never", {"fail_on": "never"}, id="never"),
        pytest.param("--fail-on Error", {"fail_on": "error"}, id="a word in any case"),
        pytest.param("--per users", {"per": "user"}, id="a plural"),
        pytest.param("--per Services", {"per": "service"}, id="a plural in any case"),
        pytest.param("--per address", {"per": "endpoint"}, id="the word of the glossary"),
        pytest.param("--assume no_bfcache", {"assume": ["no-bfcache"]}, id="an underscore"),
    ],
)
def test_words_and_durations_of_the_policy_are_taken_as_people_write_them(
    options: str, expected: dict[str, object]
) -> None:
    items = policy(*options.split())
    assert {name: items[name] for name in expected} == expected


def test_a_duration_with_a_space_is_taken_as_the_output_prints_it() -> None:
    assert policy("--tolerance", "1.5 s")["tolerance_ms"] == 1500


def test_with_fail_on_never_no_finding_fails() -> None:
    assert run("check", "F").exit_code == 1
    assert run("check", "F", "--fail-on", "never").exit_code == 0
    undecided = str(CAPTURES / "chrome-09b-nav-back-nobfcache.har")
    assert run("check", undecided, "--fail-on", "never").exit_code == 0


@pytest.mark.parametrize(
    ("format", "beginning"),
    [
        pytest.param("md", "# WebSocket", id="md"),
        pytest.param("JSON", '{\n  "format": 1', id="in any case"),
        pytest.param("xml", "<?xml", id="xml"),
    ],
)
@pytest.mark.parametrize("option", ["--format", "-f"])
def test_formats_are_known_by_the_names_that_people_give_them(option: str, format: str, beginning: str) -> None:
    assert run("F", option, format).stdout.startswith(beginning)


def test_a_format_of_a_file_is_known_by_the_same_names(tmp_path: Path) -> None:
    assert run("F", "-q", "--out", f"MD:{tmp_path / 'a'}").exit_code == 0
    assert (tmp_path / "a").read_text("utf-8").startswith("# WebSocket")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        pytest.param("F --json", "no such option: --json: write --format json", id="--json"),
        pytest.param("F --color", "no such option: --color: write FORCE_COLOR=1 in the environment", id="--color"),
        pytest.param("F --html", "write `har-sockets report CAPTURE -o report.html`", id="--html"),
        pytest.param("F -V", "write `har-sockets --version`", id="-V after a capture"),
        pytest.param("check F --tolerence 2s", "no such option: --tolerence: did you mean --tolerance?", id="misspelt"),
        pytest.param("F --worst 3", "it is an option of `har-sockets summary`", id="an option of another command"),
        pytest.param("F --xyz", "no such option: --xyz. Help: har-sockets analyze --help", id="no near option"),
        pytest.param("F --format html", "this format is written to a file: -o FILE.html", id="html to a terminal"),
        pytest.param("F --format yaml", "--format yaml: choose text, json, ", id="an unknown format"),
        pytest.param("F --format jsn", "--format jsn: did you mean json? Choose text, json, ", id="a misspelt format"),
        pytest.param("F --format", "the value is missing: --format NAME: print as text, json, ", id="no value"),
        pytest.param("F --quiet=3", "--quiet takes no value", id="a value for a switch"),
        pytest.param("F --tolerance 2x", "--tolerance 2x: '2x' has an unknown unit 'x'", id="an unknown unit"),
        pytest.param("F --tolerance soon", "--tolerance soon: 'soon' is not a duration: write 250ms", id="no duration"),
        pytest.param(
            "F --max-open 0", "--max-open 0: give a whole number from 1 to 1,000,000", id="too small a number"
        ),
        pytest.param("F --max-open two", "--max-open two: give a whole number from 1 to 1,000,000", id="no number"),
        pytest.param("F --per hosts", "--per hosts: did you mean endpoint? Choose capture, ", id="--per host"),
        pytest.param("F --per usr", "--per usr: did you mean user? Choose capture, context, ", id="a misspelt scope"),
        pytest.param("F --only overlp", "--only overlp: did you mean overlap? Choose overlap, ", id="--only"),
        pytest.param("F --only ,", "--only ,: choose overlap, possible-overlap, ", id="--only nothing"),
        pytest.param("F --max-open 99999999999999999999", "give a whole number from 1 to ", id="too large a number"),
        pytest.param("F --tz berlin", "--tz berlin: did you mean Europe/Berlin?", id="a city"),
        pytest.param("F --tz Europe/Berln", "--tz Europe/Berln: did you mean Europe/Berlin?", id="a misspelt zone"),
        pytest.param("F --tz ../../etc/passwd", "give local, UTC or a name such as Europe/Berlin", id="no zone"),
        pytest.param("timeline F -o c.svg --from soon", "--from soon: 'soon' is not a duration", id="no time"),
        pytest.param("timeline F -o c.svg --dpi 9", "--dpi 9: give a whole number from 50 to 600", id="too few pixels"),
        pytest.param("timeline F -o c.svg --width x", "--width x: give a number from 6 to 60", id="no width"),
        pytest.param("record https://x -o c.har --for 1y", "--for 1y: '1y' has an unknown unit 'y'", id="--for"),
        pytest.param("chek", "chek: no such file or command: did you mean `har-sockets check`?", id="misspelt command"),
        pytest.param("diff a b", "diff: no such file or command: did you mean `har-sockets compare`?", id="diff"),
        pytest.param("help chek", "help chek: no such command: did you mean `har-sockets help check`?", id="help chek"),
        pytest.param("help xyz", "help xyz: no such command: choose analyze, check, ", id="help of nothing"),
        pytest.param("completion csh", "completion csh: choose bash, zsh, fish, ", id="an unknown shell"),
        pytest.param("check", "check needs CAPTURE...: HAR files, folders, globs, or - for standard input", id="none"),
        pytest.param("show", "show needs CAPTURE... [SOCKET]: a HAR file, or - for standard input", id="no capture"),
        pytest.param("compare F", "compare needs AFTER: the capture of the same steps after it", id="no second one"),
        pytest.param("compare F F F", "compare takes BEFORE AFTER: got unexpected extra argument", id="one too many"),
    ],
)
def test_what_is_not_accepted_is_answered_in_one_line_with_what_to_write(words: str, answer: str) -> None:
    done = run(*words.split())
    (line,) = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (2, "")
    assert line.startswith("har-sockets: ")
    assert answer in line


@pytest.mark.parametrize(
    ("words", "same"),
    [
        pytest.param("help", "--help", id="help"),
        pytest.param("help check", "check --help", id="help of a command"),
        pytest.param("help analyse", "analyze --help", id="help of a command in British spelling"),
        pytest.param("version", "--version", id="version"),
        pytest.param("-V", "--version", id="-V"),
        pytest.param("analyse F", "analyze F", id="analyse"),
        pytest.param("F -f json -v", "F --format json --verbose", id="short options"),
    ],
)
def test_other_ways_to_say_the_same(words: str, same: str) -> None:
    typed, pair = run(*words.split()), run(*same.split())
    assert (typed.exit_code, typed.stdout) == (0, pair.stdout)
    assert typed.stdout != ""


@pytest.mark.parametrize("word", ["help", "version", "completion", "analyse", "diff", "chek"])
def test_a_file_of_that_name_is_a_capture(word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / word).write_bytes(Path(OVERUSE).read_bytes())
    monkeypatch.chdir(tmp_path)
    done = run(word, "--format", "json")
    assert json.loads(done.stdout)["captures"][0]["source"] == word


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_of_a_shell_is_printed(shell: str) -> None:
    done = program.run("completion", shell)
    assert f"_HAR_SOCKETS_COMPLETE=complete_{shell}" in done.stdout.decode()


def test_results_that_are_piped_are_summarised() -> None:
    results = run_process(OVERUSE, "--format", "ndjson").stdout
    assert run_process("summary", stdin=results).stdout == run_process("summary", "-", stdin=results).stdout != b""


@pytest.mark.parametrize("words", [[], ["analyze"], ["check"]])
def test_standard_input_that_is_piped_is_the_capture(words: list[str]) -> None:
    har = Path(OVERUSE).read_bytes()
    assert run_process(*words, stdin=har).stdout == run_process(*words, "-", stdin=har).stdout != b""


def test_standard_input_that_is_a_file_is_the_capture() -> None:
    with open(OVERUSE, "rb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "analyzer", "--format", "json"], stdin=file, capture_output=True, check=True
        )
    assert json.loads(done.stdout)["captures"][0]["verdict"] == "overlap"


def test_an_empty_pipe_is_no_capture() -> None:
    alone, check = run_process(), run_process("check")
    assert alone.stderr.startswith(b"Usage: ")
    assert (check.returncode, b"check needs CAPTURE..." in check.stderr) == (2, True)


def test_a_pipe_that_is_silent_is_waited_for_and_that_is_said() -> None:
    command = [sys.executable, "-m", "analyzer", "--format", "ndjson"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as waiting:
        assert waiting.stderr is not None
        assert waiting.stderr.readline() == b"har-sockets: waiting for a capture on standard input\n"
        answer, _ = waiting.communicate(Path(OVERUSE).read_bytes())
    assert json.loads(answer)["verdict"] == "overlap"


def test_from_and_to_take_durations_and_dates(tmp_path: Path) -> None:
    pictures = []
    for start, end in (
        ("0.5", "2"),
        ("500ms", "2 s"),
        ("2026-11-23 18:53:28.485 UTC", "2026-11-23T18:53:29.985Z"),
        ("2026-11-23T19:53:28.485", "2026-11-23T19:53:29.985"),
    ):
        picture = tmp_path / "chart.svg"
        zone = ("--tz", "Europe/Berlin") if "T19" in start else ()
        assert run("timeline", "F", "-o", str(picture), "--from", start, "--to", end, *zone).exit_code == 0
        pictures.append(picture.read_text("utf-8").count("<path"))
    assert pictures[0] == pictures[1]
    assert pictures[2] > 0
    assert pictures[3] > 0


def test_colours_are_switched_off_even_where_they_are_forced() -> None:
    coloured, plain = (
        program.run(OVERUSE, *more, FORCE_COLOR="1", TERM="xterm").stdout for more in ((), ("--no-color",))
    )
    assert (b"\x1b[" in coloured, b"\x1b[" in plain) == (True, False)


@pytest.mark.parametrize("value", ["overlap,undecided", "Overlap, UNDECIDED"])
def test_only_takes_a_list(value: str) -> None:
    assert run("F", "--only", value).exit_code == 0


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        pytest.param(None, 0, id="UTC where none is given"),
        pytest.param("utc", 0, id="UTC in any case"),
        pytest.param("europe/berlin", 1, id="a zone in any case"),
        pytest.param("Asia/Tokyo", 9, id="a zone"),
    ],
)
def test_a_zone_has_its_offset(name: str | None, hours: int) -> None:
    from datetime import datetime, timedelta

    assert datetime(2026, 11, 23, tzinfo=Delivery(tz=name).zone()).utcoffset() == timedelta(hours=hours)


def test_the_local_zone_knows_winter_and_summer() -> None:
    code = (
        "from datetime import datetime; from analyzer.cli.options import Delivery\n"
        "zone = Delivery(tz='local').zone()\n"
        "print([datetime(2026, month, 1, tzinfo=zone).utcoffset().seconds // 3600 for month in (1, 7)])"
    )
    local = {**os.environ, "TZ": "Europe/Berlin"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=local, text=True)
    assert done.stdout == "[1, 2]\n"

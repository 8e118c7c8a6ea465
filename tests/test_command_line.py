"""The help of every command: options under headings, narrow, and the same in docs/command-line.md."""

from __future__ import annotations

import importlib.util
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli import COMMANDS, app
from analyzer.cli.help import HEADINGS
from analyzer.outputs import SUFFIXES

DOCS = Path(__file__).parent.parent / "docs"
CAPTURES = Path(__file__).parent / "captures"
HEAVY = ("numpy", "pandas", "matplotlib", "haralyzer", "jinja2", "playwright", "dateutil")


def lines(*words: str) -> list[str]:
    done = CliRunner().invoke(app, [*words, "--help"], terminal_width=80)
    assert done.exit_code == 0
    return done.stdout.splitlines()


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_fits_80_columns_and_is_plain_text(command: tuple[str, ...]) -> None:
    text = lines(*command)
    assert max(map(len, text)) <= 80
    assert [line for line in text if "\b" in line or "\x1b" in line or line.endswith("...")] == []


def test_the_help_of_report_names_every_suffix() -> None:
    text = " ".join(lines("report"))
    assert [suffix for suffix in SUFFIXES if suffix not in text and suffix != ".htm"] == []


def test_the_list_of_commands_says_each_in_a_whole_sentence() -> None:
    text = lines()
    listed = text[text.index("Commands:") + 1 :]
    listed = listed[: listed.index("")]
    assert [line.split()[0] for line in listed] == list(COMMANDS)
    assert [line for line in listed if not line.endswith(".") or line.endswith("..")] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_the_list_of_commands_says_of_each_what_its_own_help_does(command: str) -> None:
    text = lines(command)
    assert text[text.index("") + 1].strip() == COMMANDS[command]


@pytest.mark.parametrize("command", COMMANDS)
def test_options_stand_under_headings_in_one_order(command: str) -> None:
    text = lines(command)
    headings = [line[:-1] for line in text if line.endswith(":") and not line.startswith(" ")]
    assert headings == [heading for heading in HEADINGS if heading in headings]
    assert text[text.index("Options:") + 1 :] == [text[-1]]
    assert text[-1].split()[:2] == ["-h,", "--help"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_an_example(command: str) -> None:
    assert any(line.strip().startswith("Example") for line in lines(command))


@pytest.mark.parametrize(
    ("command", "option"),
    [
        pytest.param("analyze", "--fail-on", id="what only the gate asks for"),
        pytest.param("report", "--allow-undecided", id="what only the gate asks for, in report"),
        pytest.param("timeline", "--max-open", id="the policy, of a picture"),
        pytest.param("timeline", "--meta", id="the head of a report, of a picture"),
        pytest.param("report", "--verbose", id="what is for text"),
    ],
)
def test_options_that_change_nothing_there_are_accepted_and_not_listed(command: str, option: str) -> None:
    assert not any(line.strip().startswith(option) for line in lines(command))
    value = [] if option in ("--allow-undecided", "--verbose") else ["note" if option == "--fail-on" else "7"]
    done = CliRunner().invoke(app, [command, "nowhere.har", option, *value, "-o", "x.svg"])
    assert (done.exit_code, "no such option" in done.stderr) == (2, False)


def test_the_page_in_docs_is_what_its_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("command_line", DOCS / "command_line.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert (DOCS / "command-line.md").read_text("utf-8") == script.page()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["--help"], id="help"),
        pytest.param(["check", "--help"], id="help of a command"),
        pytest.param(["check", str(Path(__file__).parent / "captures" / "chrome-S1-correct.har")], id="check"),
    ],
)
def test_help_and_check_load_no_large_library(words: list[str]) -> None:
    code = (
        "import sys\nfrom analyzer.cli import app\n"
        f"try: app({words!r})\n"
        f"except SystemExit: print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def examples() -> list[str]:
    rows = [
        line.strip().removeprefix("Example: ")
        for command in ((), *((it,) for it in COMMANDS))
        for line in lines(*command)
    ]
    items = [line.partition("  ")[0] for line in rows if line.startswith("har-sockets ")]
    return list(dict.fromkeys(line for line in items if line.split()[1] not in ("record", "watch")))


@pytest.mark.parametrize("line", examples())
def test_the_examples_work(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "captures").mkdir()
    for name in ("chat.har", "before.har", "after.har", "captures/a.har"):
        (tmp_path / name).write_bytes((CAPTURES / "chrome-S2-overuse.har").read_bytes())
    run = CliRunner()
    (tmp_path / "results.ndjson").write_bytes(run.invoke(app, ["chat.har", "--format", "ndjson"]).stdout_bytes)
    words, _, target = line.partition(" > ")
    done = run.invoke(app, shlex.split(words)[1:])
    assert done.exit_code == (1 if " check " in line else 0)
    assert target == "" or done.stdout.startswith("{")
    written = [word for word in shlex.split(words) if word.endswith((".html", ".png", ".xml", ".md", "small.har"))]
    assert all((tmp_path / word.removeprefix("junit:").removeprefix("markdown:")).is_file() for word in written)

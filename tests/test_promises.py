"""Promises about the project as a whole, which nothing else would notice when they break."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import analyzer
from analyzer import outputs
from analyzer.formats import read
from analyzer.formats.har import exporters
from analyzer.model import Policy, Run
from analyzer.pipeline import analyze
from analyzer.rules import RULES

ROOT = Path(__file__).parent.parent
HEAVY = {"playwright", "numpy", "pandas", "matplotlib", "haralyzer", "jinja2", "pydantic", "pyarrow"}


def modules_after(*args: str) -> set[str]:
    """Which modules one run of the program has imported."""
    code = (
        "import sys, os\n"
        "from analyzer.__main__ import main\n"
        f"sys.argv = ['har-sockets', *{list(args)!r}]\n"
        "os._exit = lambda status: sys.stderr.write(' '.join(sys.modules))\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["--help"], id="--help"),
        pytest.param(["analyze", "--help"], id="analyze --help"),
        pytest.param([str(ROOT / "tests/captures/chrome-S2-overuse.har"), "--format", "json"], id="json"),
        pytest.param(["check", str(ROOT / "tests/captures/chrome-S2-overuse.har")], id="check"),
        pytest.param(["check", str(ROOT / "tests/captures/chrome-S2-overuse.har"), "--format", "github"], id="github"),
        pytest.param(["rules"], id="rules"),
    ],
)
def test_the_start_imports_nothing_heavy(args: list[str]) -> None:
    assert modules_after(*args) & HEAVY == set()
    assert "analyzer.cli" in modules_after(*args)


@pytest.mark.parametrize("name", analyzer.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(analyzer, name).__doc__


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_named_for_its_file_and_says_why_it_matters(rule: object) -> None:
    module = importlib.import_module(f"analyzer.rules.{rule.id.replace('-', '_')}")  # type: ignore[attr-defined]
    assert module.RULE is rule
    assert "Why it matters:" in rule.manual  # type: ignore[attr-defined]
    assert "What to do:" in rule.manual  # type: ignore[attr-defined]


def test_every_file_of_a_rule_is_registered() -> None:
    files = {path.stem.replace("_", "-") for path in (ROOT / "analyzer/rules").glob("*.py")} - {"--init--"}
    assert files == {rule.id for rule in RULES}


@pytest.mark.parametrize("name", outputs.OUTPUTS)
def test_every_output_gives_the_same_bytes_twice(name: str) -> None:
    run = Run((analyze(read(ROOT / "tests/captures/chrome-20-storm.har")),), (), Policy())
    assert outputs.render(name, run) == outputs.render(name, run) != b""


def test_the_unknown_exporter_claims_least() -> None:
    row = exporters.UNKNOWN
    assert (row.close, row.closes.value, row.tabs) == (
        exporters.Close.CLOSE_FRAME,
        "none",
        exporters.Tabs.NOTHING,
    )
    assert all(caveat.hides_sockets for caveat in exporters.caveats(row))


def test_no_file_names_a_folder_of_a_machine_or_an_index_host() -> None:
    details = re.compile(r"(?<![\w.$])/(?:home|root|Users|work)/|index-url")
    folders = ("analyzer", "tests", "docs", "sample_hars", "benchmarks", ".ci")
    files = [p for folder in folders for p in (ROOT / folder).rglob("*.*") if p.suffix in (".py", ".md", ".toml")]
    files += [p for p in ROOT.iterdir() if p.is_file() and p.name != ".git"]  # a file in a worktree
    ours = [p for p in files if p != Path(__file__)]
    assert [p for p in ours if details.search(p.read_text("utf-8", "replace"))] == []


def test_the_version_stands_in_one_place() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "version" in settings["project"]["dynamic"]
    from analyzer.version import VERSION

    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)


@pytest.mark.parametrize("name", ["chrome-S2-overuse.har", "chrome-20-storm.har", "mitmproxy-C.savehar.har"])
def test_reading_leaves_no_cycles(name: str) -> None:
    """The program runs with the collector off: what refers to itself would stay, with the bytes that it holds."""
    import gc

    from analyzer.formats import read

    path = Path(__file__).parent / "captures" / name
    read(path)
    gc.collect()
    gc.disable()
    try:
        read(path)
        assert gc.collect() == 0
    finally:
        gc.enable()

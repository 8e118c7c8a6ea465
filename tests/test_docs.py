"""Text that names a file, a verdict or a slug is checked, or it will rot."""

from __future__ import annotations

import ast
import csv
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer import analyze, read
from analyzer.exporters import EXPORTERS, UNKNOWN
from analyzer.model import Verdict
from analyzer.outputs.document import columns
from analyzer.providers import builtin
from analyzer.rules import RULES

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, ROOT / "CHANGELOG.md", ROOT / "sample_hars/README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PATHS = re.compile(r"`((?:analyzer|tests|docs|sample_hars|benchmarks|\.ci)/[\w./-]*|[\w-]+\.(?:md|toml))`")
YOURS = {ROOT / "har-sockets.toml"}  # a file of who uses the program
LINKS = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#([^)]*))?\)")
# Where an evidence slug or the id of a caveat stands among the arguments.
SLUGS = {"Bounds": 2, "_around": 2, "around": 2, "Active": 1, "StillOpen": 0, "Caveat": 0}
SLUG = re.compile(r"[a-z]+(-[a-z]+)+$")


def page_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "NO_COLOR")}
    return {**kept, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)}


def ran(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment(), capture_output=True, encoding="utf-8", check=False
    )


def test_the_readme_shows_the_help_as_it_is() -> None:
    shown = next(block for block in blocks(README, "text") if block.startswith("Usage: har-sockets"))
    # As a module it calls itself `python -m analyzer`.
    told = ran(["-c", "import sys; sys.argv = ['har-sockets', '--help']; from analyzer.cli import main; main()"], ROOT)
    assert shown.split("\n") == [line.rstrip() for line in told.stdout.split("\n")]


def commands() -> list[str]:
    lines = [line for block in blocks(README, "sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith("har-sockets ")]


@pytest.mark.parametrize("line", commands())
def test_every_command_of_the_readme_works(line: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sample_hars", tmp_path / "sample_hars")
    done = ran(["-m", "analyzer", *shlex.split(line, comments=True)[1:]], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_python_of_the_readme_works() -> None:
    (code,) = blocks(README, "python")
    done = ran(["-c", code], ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    told = iter(done.stdout.splitlines())
    promised = re.findall(r"print\(.*\)  # (.*)", code)
    assert len(promised) == 4
    assert [line for line in promised if line not in told] == []


def test_the_readme_counts_the_services() -> None:
    assert f"{len(builtin())} services and dev servers" in README.read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_file_that_is_named_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    named = {ROOT / path for path in PATHS.findall(text)}
    linked = {page.parent / path for path, _ in LINKS.findall(text)}
    assert sorted(page_id(path) for path in (named | linked) - YOURS if not path.exists()) == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_heading_that_is_linked_exists(page: Path) -> None:
    for path, heading in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]*)\)", page.read_text("utf-8")):
        target = page.parent / path if path else page
        headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
        assert heading in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings]


def test_every_module_is_in_the_layout() -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    modules = [page_id(path) for path in (ROOT / "analyzer").rglob("*.py")]
    assert sorted(path for path in modules if f"`{path}`" not in text) == []


def test_the_layers_are_those_that_are_checked() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    assert "\n".join(layers) + "\n" in blocks(ROOT / "docs/architecture.md", "text")


def rows() -> dict[str, str]:
    """The verdict by sample, as the samples' README has them."""
    text = (ROOT / "sample_hars/README.md").read_text("utf-8")
    return dict(re.findall(r"^\| \[[^]]*\]\(([^)]*)\) \| `([a-z-]+)` \|", text, re.MULTILINE))


def test_every_sample_has_its_row_and_its_verdict() -> None:
    found = {
        path.name: analyze(read(path)).verdict for path in (ROOT / "sample_hars").iterdir() if path.suffix != ".md"
    }
    assert rows() == found


def strings(node: ast.AST) -> Iterator[str]:
    """The slugs within a value, but for the keys of a dict."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and SLUG.match(node.value):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from strings(child)


def slugs(tree: ast.Module) -> Iterator[str]:
    """Every slug that stands where evidence or a caveat's id does, also by way of a variable."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            place = SLUGS.get(name)
            if place is not None and len(node.args) > place:
                yield from strings(node.args[place])
        elif isinstance(node, ast.Assign):
            names = {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
            if "evidence" in names:
                yield from strings(node.value)


def emitted() -> list[str]:
    trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "analyzer").rglob("*.py")]
    return sorted({slug for tree in trees for slug in slugs(tree)})


def test_the_slugs_are_found() -> None:
    assert {"handshake-request", "page-reloaded", "page-left", "handshake-failed", "no-close-recorded"} <= set(
        emitted()
    )
    assert {"cut-off", "out-of-sight", "exporter-unknown", "closes-not-recorded"} <= set(emitted())


@pytest.mark.parametrize("slug", emitted())
def test_every_evidence_and_caveat_is_documented(slug: str) -> None:
    assert f"`{slug}`" in (ROOT / "docs/json.md").read_text("utf-8")


@pytest.mark.parametrize("word", [*(row.id for row in (*EXPORTERS, UNKNOWN)), *(rule.id for rule in RULES), *Verdict])
def test_every_exporter_rule_and_verdict_is_documented(word: str) -> None:
    assert f"`{word}`" in (ROOT / "docs/json.md").read_text("utf-8")


def test_the_columns_of_the_csv_are_documented() -> None:
    (block,) = blocks(ROOT / "docs/json.md", "text")
    assert next(csv.reader(io.StringIO(block.replace("\n", "")))) == columns()

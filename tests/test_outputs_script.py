"""The script that compares the outputs of two versions finds a planted difference of each kind."""

from __future__ import annotations

import json
import shutil
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
CAPTURES = [ROOT / "sample_hars" / f"{name}.har" for name in ("away-and-back", "stream-chat-two-users")]


class Result(NamedTuple):
    status: int
    output: str


def run(*words: object) -> Result:
    """Run the script in this process: its status and what it prints."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as printed:
        patch.syspath_prepend(ROOT / "benchmarks")
        status = import_module("outputs").main([str(word) for word in words])
    return Result(status, printed.getvalue())


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, out = tmp_path_factory.mktemp("captures"), tmp_path_factory.mktemp("before")
    for path in CAPTURES:
        shutil.copy(path, folder)
    result = run("render", out, folder, "--jobs", 1)
    assert result.status == 0, result.output
    return out


@pytest.fixture
def after(before: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(before, tmp_path / "after"))


def replace(out: Path, name: str, old: str, new: str) -> int:
    """Change all outputs of this name that have a text; how many these are."""
    paths = [path for path in sorted(out.rglob(name)) if old in path.read_text("utf-8")]
    for path in paths:
        path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    return len(paths)


def test_every_output_is_there_and_equals_itself(before: Path) -> None:
    one = next(path.parent for path in before.rglob("picture.png"))
    assert {path.suffix for path in one.iterdir()} == {
        *(".txt", ".json", ".md", ".html", ".csv", ".xml", ".sarif", ".svg", ".png")
    }
    assert not [path for path in before.rglob("*.txt") if str(before) in path.read_text("utf-8")]
    result = run("compare", before, before)
    assert result.status == 0, result.output
    assert "not explained: 0." in result.output


def test_the_same_change_in_many_outputs_is_one_kind(before: Path, after: Path, tmp_path: Path) -> None:
    changed = replace(after, "text-80.txt", "open at the same time", "open at once")
    assert changed > 1
    result = run("compare", before, after)
    assert result.status == 1
    assert "not explained: 1." in result.output, result.output
    assert f"in {changed} outputs" in result.output
    reasons = tmp_path / "reasons.toml"
    reasons.write_text('[[difference]]\npattern = "at once"\noutputs = "*.txt"\nreason = "shorter"\n')
    result = run("compare", before, after, "--explain", reasons)
    assert result.status == 0, result.output
    assert "Explained: shorter" in result.output


def test_json_is_compared_by_value(before: Path, after: Path) -> None:
    for path in after.rglob("*.json"):
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")), sort_keys=True), "utf-8")
    assert run("compare", before, after).status == 0
    assert replace(after, "open.json", '"format": 1', '"format": 1, "not_checked": 7')
    result = run("compare", before, after)
    assert result.status == 1
    assert "json: +not_checked = #" in result.output, result.output


@pytest.mark.parametrize(
    ("name", "old", "new", "kind"),
    [
        ("text-80.html", '"span":1', '"span":2', "html: numbers of: data.span = #"),
        ("text-80.html", "<h3>Findings</h3>", "<h3>Sockets</h3>", "html: [Findings] -> [Sockets]"),
        ("text-80.svg", ">1 page<", ">one page<", "svg: [#] -> [one]"),
        ("text-80.svg", "M 112.88 ", "M 113.88 ", "svg: numbers of: rows-#"),
        ("text-80.sarif", '"level": "error"', '"level": "note"', "[error] -> [note]"),
        ("text-80.csv", "outcome", "result", "csv: [outcome] -> [result]"),
    ],
)
def test_each_kind_of_output_is_read(before: Path, after: Path, name: str, old: str, new: str, kind: str) -> None:
    assert replace(after, name, old, new)
    result = run("compare", before, after)
    assert result.status == 1
    assert kind in result.output, result.output


def test_pixels_and_missing_outputs_are_found(before: Path, after: Path) -> None:
    picture = next(after.rglob("picture.png"))
    with Image.open(picture) as image:
        changed = image.convert("RGB")
    changed.putpixel((5, 5), (255, 0, 0))
    changed.save(picture)
    next(after.rglob("socket.txt")).unlink()
    result = run("compare", before, after)
    assert "+pixels: 1 of" in result.output, result.output
    assert "-the output exists" in result.output, result.output


def test_pictures_agree(before: Path) -> None:
    result = run("agree", before)
    assert result.status == 0, result.output
    assert "disagree in any: 0" in result.output


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("text-120.txt", " 1 s ", "1 s  ", "terminal: 1 s in column"),
        ("text-80.html", '"zero":0', '"zero":100000', "terminal: 1 s in column"),
        ("text-80.html", '<p class="group"><b>', '<p class="group"><b>Another ', "page: 'Another "),
        ("text-80.html", ">#1</a>", ">#99</a>", "has (99,"),
        ("text-120.txt", " 0 s ", " 0 ms ", "terminal: 0 ms, page: 0 s"),
    ],
)
def test_pictures_that_disagree_are_found(before: Path, after: Path, name: str, old: str, new: str, words: str) -> None:
    assert replace(after, name, old, new)
    result = run("agree", after)
    assert result.status == 1
    assert words in result.output

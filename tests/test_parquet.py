"""Parquet: the rows of the CSV, with types."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet as reader
from typer.testing import CliRunner

from analyzer import outputs
from analyzer.cli import app
from analyzer.document.table import columns
from analyzer.formats import read
from analyzer.installation import install_hint
from analyzer.model import Policy, Run
from analyzer.outputs import parquet
from analyzer.pipeline import analyze
from tests.test_hostile import HOSTILE, run

CAPTURES = Path(__file__).parent / "captures"


def table(run: Run) -> pyarrow.Table:
    return reader.read_table(io.BytesIO(parquet.render(run)))


def of(name: str) -> Run:
    return Run((analyze(read(CAPTURES / name, source=name)),), (), Policy())


def test_it_has_the_rows_and_columns_of_the_csv() -> None:
    frame = table(of("chrome-S2-overuse.har"))
    assert frame.column_names == columns()
    assert frame["id"].to_pylist() == ["s1", "s2", "s3", "s4"]
    assert set(frame["verdict"].to_pylist()) == {"overlap"}


def test_instants_are_instants_and_not_known_is_null() -> None:
    run = of("chrome-S2-overuse.har")
    frame = table(run)
    assert str(frame.schema.field("proven_start").type) == "timestamp[us, tz=UTC]"
    (first, *_) = frame["proven_start"].cast(pyarrow.int64()).to_pylist()
    assert run.reports[0].sessions[0].proven is not None
    assert first == run.reports[0].sessions[0].proven.start
    assert frame["proven_end"].to_pylist() == [None] * 4


@pytest.mark.parametrize("name", ["playwright-1.60-A.har", "firefox-A.har", "chrome-10-failed.har"])
def test_the_types_do_not_depend_on_the_rows(name: str) -> None:
    assert table(of(name)).schema == table(of("chrome-S2-overuse.har")).schema


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_kept_as_text(content: str) -> None:
    source = f"{content}.har".encode("utf-8", "backslashreplace").decode()
    assert table(run(content))["source"].to_pylist() == [source] * 3


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(outputs.NotInstalled):
        outputs.render("parquet", of("firefox-A.har"))
    done = CliRunner().invoke(app, ["report", str(CAPTURES / "firefox-A.har"), "-o", str(tmp_path / "a.parquet")])
    assert done.exit_code == 2
    assert done.stderr == f"har-sockets: parquet needs pyarrow: {install_hint('parquet')}\n"
    assert list(tmp_path.iterdir()) == []

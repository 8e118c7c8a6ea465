"""docs/python.md is what its script writes, its code runs, and so does the notebook."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from analyzer import captures_frame, findings_frame, load, messages_frame, overlaps_frame, sessions_frame
from tests.test_canaries import HARS, leaks

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": sys.argv[2]}}).execute()
nbformat.write(notebook, sys.argv[3])
"""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("python_page", DOCS / "python.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_its_script_writes(script: ModuleType) -> None:
    assert (DOCS / "python.md").read_text("utf-8") == script.page()


def test_no_name_is_without_words(script: ModuleType) -> None:
    sections = re.split(r"^### ", script.page(), flags=re.MULTILINE)[1:]
    for section in sections:
        name, _, body = section.partition("\n")
        text = re.sub(r"```text.*?```", "", body, flags=re.DOTALL)
        assert len(text.split()) > 8, name


def test_each_frame_lists_its_columns() -> None:
    report = load(ROOT / "sample_hars/stream-chat-connect-on-every-mount.har")
    page = (DOCS / "python.md").read_text("utf-8")
    for frame in (captures_frame, sessions_frame, overlaps_frame, findings_frame, messages_frame):
        _, _, section = page.partition(f"### {frame.__name__}\n")
        listed = section.partition("All columns, in order: ")[2].partition(".\n")[0]
        assert re.findall(r"`(\w+)`", listed) == list(frame(report).columns)
        explained = re.findall(r"`(\w+)`", "".join(re.findall(r"^- (.*?):", section, re.MULTILINE)))
        assert frame is sessions_frame or set(listed.replace("`", "").replace("\n", " ").split(", ")) <= set(explained)


def test_the_code_of_the_page_runs(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "python.md").read_text("utf-8"), re.DOTALL)
    shutil.copytree(ROOT / "sample_hars", tmp_path / "sample_hars")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    for printed in re.findall(r"print.*  # (.+)", code):
        assert printed in done.stdout
    assert (tmp_path / "timeline.png").read_bytes().startswith(b"\x89PNG")


def executed(path: Path, folder: Path, out: Path) -> list[Any]:
    """The outputs of a notebook, cell by cell, run as Jupyter does it in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", EXECUTE, str(path), str(folder), str(out)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    cells = json.loads(out.read_text("utf-8"))["cells"]
    return [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]


def needs_kernel() -> None:
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")


def test_the_notebook_runs_and_shows_tables_and_pictures(tmp_path: Path) -> None:
    needs_kernel()
    notebook = json.loads((DOCS / "notebook.ipynb").read_text("utf-8"))
    assert [cell for cell in notebook["cells"] if cell.get("outputs") or cell.get("execution_count")] == []
    outputs = executed(DOCS / "notebook.ipynb", DOCS, tmp_path / "run.ipynb")
    assert all(outputs)
    kinds = [{kind for output in cell for kind in output.get("data", {})} for cell in outputs]
    assert "text/html" in kinds[0]  # the run
    assert {"text/html", "image/png"} <= kinds[2]  # the report
    assert "image/png" in kinds[7]  # the figure
    assert [output for cell in outputs for output in cell if output["output_type"] in ("error", "stream")] == []


def test_what_a_cell_shows_has_no_secret(tmp_path: Path) -> None:
    needs_kernel()
    (tmp_path / "chat.har").write_text(json.dumps(HARS["chrome"]))
    sources = [
        "from analyzer import *; report = load('chat.har'); report",
        "load(['chat.har'])",
        "report.plot()",
        "report.sessions[0], report.capture",
        "sessions_frame(report)",
    ]
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for n, source in enumerate(sources)
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(notebook))
    outputs = executed(path, tmp_path, tmp_path / "b.ipynb")
    assert all(outputs)
    assert leaks(json.dumps(outputs)) == []
    assert any("image/png" in output.get("data", {}) for output in outputs[2])  # a figure of pyplot shows by itself
    assert len(json.dumps(outputs[0])) < 120_000

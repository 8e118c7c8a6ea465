"""Count what a start imports and compiles, so that it does not grow without anybody noticing: no time, which varies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
CAPTURE = ROOT / "sample_hars" / "three-reloads.har"
# None of them is needed for the answer, and each takes a tenth of the start at least, or brings others that do.
HEAVY = {
    "_hashlib", "asyncio", "concurrent", "dateutil", "email", "haralyzer", "http", "jinja2", "logging", "matplotlib",
    "multiprocessing", "numpy", "pandas", "playwright", "pydantic", "rich.console", "rich.text", "sqlite3", "ssl",
    "tempfile", "unittest", "watchfiles", "websockets", "xml", "zipfile",
}  # fmt: skip
# Modules of ours that no capture of one file needs.
ELSEWHERE = {
    "analyzer.causes", "analyzer.cli.next_step", "analyzer.cli.streaming", "analyzer.compare", "analyzer.console",
    "analyzer.extract", "analyzer.formats.cdp_log", "analyzer.formats.mitmproxy", "analyzer.formats.netlog",
    "analyzer.formats.trace", "analyzer.merge", "analyzer.notebook", "analyzer.painting", "analyzer.recorder",
    "analyzer.source_maps.maps", "analyzer.testing",
}  # fmt: skip
# Runs a command, then says which modules are there, and how often a module of ours had `re` compile something.
SCRIPT = """
import json, os, re._compiler, sys
compiled, compile_ = [], re._compiler.compile

def count(*arguments):
    frame = sys._getframe(1)
    while os.path.basename(frame.f_code.co_filename) == "patterns.py" or "re" in frame.f_globals["__name__"].split("."):
        frame = frame.f_back
    if frame.f_globals["__name__"].startswith("analyzer"):
        compiled.append(repr(arguments[0]))
    return compile_(*arguments)

re._compiler.compile = count
sys.argv = ["har-sockets", *sys.argv[1:]]
from analyzer.cli import run_command
output, sys.stdout = sys.stdout, open(os.devnull, "w")
status = run_command()
json.dump({"status": status, "modules": sorted(sys.modules), "compiled": compiled}, output)
"""


def start(*words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], capture_output=True, text=True, check=True, cwd=CAPTURE.parent
    )
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["status"] == 0
    return result


# The limits are what a start needs now: raise one only for what cannot be imported, or compiled, where it is used.
@pytest.mark.parametrize(
    ("words", "modules", "compiled", "allowed"),
    [
        pytest.param(["--help"], 9, 0, set(), id="help"),
        pytest.param(["analyze", CAPTURE.name, "--format", "json"], 149, 98, set(), id="analyze"),
        pytest.param(["check", CAPTURE.name], 154, 97, set(), id="check"),
        pytest.param(["analyze", CAPTURE.name], 177, 98, {"analyzer.painting", "rich.text"}, id="text"),
    ],
)
def test_a_start_imports_and_compiles_little(words: list[str], modules: int, compiled: int, allowed: set[str]) -> None:
    result = start(*words)
    names = set(result["modules"])
    assert names & (HEAVY | ELSEWHERE) <= allowed
    ours = sorted(name for name in names if name.split(".")[0] == "analyzer")
    assert len(ours) <= modules, ours
    assert len(result["compiled"]) <= compiled, result["compiled"]

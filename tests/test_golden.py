"""Every capture in tests/captures against its whole answer: NAME.har beside NAME.json (format 1 of the contract).

`pytest --accept` writes the answers; read the diff before you commit it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from analyzer import masking
from analyzer.document import capture_document
from analyzer.formats import read
from analyzer.model import Policy, Run
from analyzer.pipeline import analyze

HERE = Path(__file__).parent / "captures"
NAMES = sorted(p.relative_to(HERE).as_posix() for p in HERE.rglob("*") if p.name.endswith((".har", ".har.zip")))


def answer(name: str) -> dict[str, Any]:
    """What the program says of one capture, as JSON has it; its path as a user in that folder would give it."""
    report = analyze(read(HERE / name, source=name))
    document = capture_document(masking.mask(Run((report,), (), Policy())).reports[0])
    return json.loads(json.dumps(document))  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_the_one_that_was_accepted(name: str, request: pytest.FixtureRequest) -> None:
    golden = HERE / (name.removesuffix(".zip").removesuffix(".har") + ".json")
    words = answer(name)
    if request.config.getoption("--accept"):
        golden.write_text(json.dumps(words, indent=1) + "\n", "utf-8")
    assert words == json.loads(golden.read_text("utf-8"))


def test_every_exporter_that_a_capture_shows_has_a_golden_answer() -> None:
    part = {answer(name)["exporter"]["id"] for name in NAMES}
    assert part == {
        "chrome",
        "chrome-har",
        "chrome-har-capturer",
        "cypress-har-generator",
        "firefox",
        "har-sockets",
        "http-toolkit",
        "mitmproxy",
        "playwright",
        "unknown",
        "webkit",
    }

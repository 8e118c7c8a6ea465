"""haralyzer objects, also of files that haralyzer could not open itself."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from analyzer import CaptureError, analyze, haralyzer_entry, haralyzer_har, read

CAPTURES = Path(__file__).parent / "captures"
NAMES = ["chrome-10-failed", "chrome-28-connecting-at-export", "firefox-F", "playwright-F.full", "mitmproxy-F.savehar"]


def properties(value: object) -> list[str]:
    kinds = ("property", "cached_property")
    return [n for n, m in inspect.getmembers(type(value)) if type(m).__name__ in kinds and not n.startswith("_")]


@pytest.mark.parametrize("name", NAMES)
def test_every_property_of_every_entry_can_be_read(name: str) -> None:
    capture = read(CAPTURES / f"{name}.har")
    for session in analyze(capture).sessions:
        entry = haralyzer_entry(capture, session)
        assert entry.url == session.url
        for value in (entry, entry.request, entry.response):
            for attribute in properties(value):
                getattr(value, attribute)


@pytest.mark.parametrize("name", NAMES)
def test_the_har_holds_the_sockets_and_its_pages_can_be_walked(name: str) -> None:
    capture = read(CAPTURES / f"{name}.har")
    parser = haralyzer_har(capture)
    urls = [entry["request"]["url"] for entry in parser.har_data["entries"]]
    assert [s.url for s in analyze(capture).sessions if s.url not in urls] == []
    assert sum(len(page.entries) for page in parser.pages) == len(urls)


def test_standard_input_cannot_be_read_twice() -> None:
    with (CAPTURES / "firefox-A.har").open("rb") as stream:
        capture = read(stream)
    with pytest.raises(CaptureError, match="standard input"):
        haralyzer_har(capture)


def test_a_file_that_changed_since_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_bytes((CAPTURES / "firefox-A.har").read_bytes())
    capture = read(path)
    path.write_text('{"log":{"entries":[]}}')
    with pytest.raises(CaptureError, match="the file has changed"):
        haralyzer_entry(capture, analyze(capture).sessions[0])

"""No secret of a capture leaves through a command, whatever its format (tests/poison.py puts them in)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from every_format import CAPTURES, ROWS, list_formats, name_of, netlog_sockets, put_netlog_together, unpack
from poison import CANARIES, poison
from test_canaries import CALLS, written
from typer.testing import CliRunner

from analyzer import dataframes, extract
from analyzer.cli import COMMANDS, app, watch
from analyzer.formats import read
from analyzer.formats.registry import Format
from analyzer.masking import mask
from analyzer.model import Policy, Run
from analyzer.pipeline import analyze

formats = pytest.mark.parametrize("format", list_formats(), ids=lambda format: format.id)


@cache
def poisoned(format: Format) -> bytes:
    row = ROWS[format.id]
    return row.put_together(poison(row.take_apart(unpack(CAPTURES / row.poisoned))))


def leaks(text: str) -> list[str]:
    return [where for where, canary in CANARIES.items() if canary in text]


@pytest.fixture
def capture(format: Format, tmp_path: Path) -> Path:
    path = tmp_path / "captures" / name_of(format)
    path.parent.mkdir()
    path.write_bytes(poisoned(format))
    return path


@formats
def test_the_capture_holds_secrets_and_is_read(format: Format, capture: Path) -> None:
    """And without masks they leave: else the tests below would try nothing."""
    report = analyze(read(capture))
    assert report.sessions and all(CANARIES["the query of an address"] in it.url for it in report.sessions)
    done = CliRunner().invoke(app, ["analyze", str(capture), "--format", "json", "--show-secrets"])
    assert leaks(done.output) != []


OFTEN = {"check", "show", "extract"}  # `make test` tries these; what the others add does not depend on the format
commands = [pytest.param(it, marks=() if it in OFTEN else pytest.mark.slow) for it in COMMANDS]


@formats
@pytest.mark.parametrize("command", commands)
def test_no_secret_leaves_through_a_command(
    format: Format, command: str, capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "list_saved", lambda *_: iter([capture]))  # else it waits for one
    monkeypatch.setenv("BROWSER", "true")
    monkeypatch.chdir(tmp_path)
    for arguments in CALLS[command](str(capture), tmp_path):
        done = CliRunner().invoke(app, [command, *arguments])
        assert not isinstance(done.exception, Exception) or isinstance(done.exception, SystemExit), done.exception
        assert leaks(done.output) == [], arguments
    assert {
        path.name: leaks(written(path)) for path in tmp_path.iterdir() if path.is_file() and leaks(written(path))
    } == {}


@pytest.mark.parametrize("command", commands)
def test_no_secret_of_the_console_leaves_through_a_command(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a recording of our own has lines of the console."""
    recording = json.loads((CAPTURES / "har-sockets-console-of-stream.har").read_bytes())
    path = tmp_path / "captures" / "console.har"
    path.parent.mkdir()
    path.write_text(json.dumps(poison(recording)))
    lines = analyze(read(path)).capture.console
    assert len(lines) == 3 and all(leaks(line.text) for line in lines)
    monkeypatch.setattr(watch, "list_saved", lambda *_: iter([path]))
    monkeypatch.setenv("BROWSER", "true")
    monkeypatch.chdir(tmp_path)
    for arguments in CALLS[command](str(path), tmp_path):
        done = CliRunner().invoke(app, [command, *arguments])
        assert not isinstance(done.exception, Exception) or isinstance(done.exception, SystemExit), done.exception
        assert leaks(done.output) == [], arguments
    files = [it for it in tmp_path.iterdir() if it.is_file()]
    assert {it.name: leaks(written(it)) for it in files if leaks(written(it))} == {}


PAIRS = {"a HAR and a NetLog": ("har", "netlog"), "a HAR and a log of DevTools events": ("har", "cdp-log")}


@pytest.fixture
def merged(pair: str, tmp_path: Path) -> list[str]:
    """Two captures with secrets, of one run as far as their names of files say."""
    by_id = {format.id: format for format in list_formats()}
    paths = [tmp_path / "captures" / name_of(by_id[id]) for id in PAIRS[pair]]
    paths[0].parent.mkdir()
    for path, id in zip(paths, PAIRS[pair], strict=True):
        path.write_bytes(poisoned(by_id[id]))
    return [str(path) for path in paths]


@pytest.mark.parametrize("pair", PAIRS)
def test_no_secret_leaves_through_merged_captures(
    pair: str, merged: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = str(Path(merged[0]).parent)
    calls = [
        ["analyze", *merged, "--verbose", *(f"--out={name}:{tmp_path / name}" for name in ("html", "json", "csv"))],
        ["analyze", *merged, "--format", "ndjson"],
        ["check", *merged, "--verbose", "--fail-on", "note", "--format", "github"],
        ["report", *merged, "-o", "report.md"],
        ["timeline", *merged, "-o", "chart.svg"],
        *(["show", *merged, *socket, "--format", name] for socket in ([], ["1"], ["2"]) for name in ("text", "html")),
        ["extract", *merged, "-o", "small.har"],
        ["compare", folder, folder, "--verbose"],
    ]
    for words in calls:
        done = CliRunner().invoke(app, [*words, "--together"])
        assert done.exit_code in (0, 1, 4), (words, done.output)
        assert leaks(done.output) == [], words
    unmasked = CliRunner().invoke(app, ["analyze", *merged, "--together", "--format", "json", "--show-secrets"])
    assert leaks(unmasked.output) != []  # else all this would try nothing
    paths = [path for path in tmp_path.iterdir() if path.is_file()]
    assert len(paths) == 6
    assert {path.name: leaks(written(path)) for path in paths if leaks(written(path))} == {}


@formats
def test_no_secret_leaves_through_frames_or_a_masked_run(format: Format, capture: Path) -> None:
    run = Run((analyze(read(capture)),), (), Policy())
    assert leaks(dataframes.sessions_frame(run).to_csv() + dataframes.overlaps_frame(run).to_csv()) == []
    assert leaks(repr(mask(run)) + repr(run)) == []


@formats
def test_no_secret_leaves_through_an_error(format: Format, tmp_path: Path) -> None:
    """What is wrong with a capture is said without a word of it."""
    for end in range(40, len(poisoned(format)), max(1, len(poisoned(format)) // 12)):
        path = tmp_path / name_of(format)
        path.write_bytes(poisoned(format)[:end])
        done = CliRunner().invoke(app, ["check", str(path), "--verbose"])
        assert not isinstance(done.exception, Exception) or isinstance(done.exception, SystemExit), done.exception
        assert leaks(done.output) == [], end


def test_the_extract_of_a_netlog_holds_nothing_of_other_tabs_but_their_sockets(tmp_path: Path) -> None:
    constants, *events = netlog_sockets(2)
    other: dict[str, Any] = {**events[1], "source": {"id": 9000, "type": 1}}
    other["params"] = {
        "url": "https://another-tab.example/a-secret-project",
        "initiator": "https://another-tab.example",
    }
    path = tmp_path / "a.netlog.json"
    path.write_bytes(put_netlog_together([constants, *events, other]))
    assert b"another-tab" in path.read_bytes()
    small = extract.extract(path).data
    assert b"another-tab" not in small and b"a-secret-project" not in small
    assert len(json.loads(small)["log"]["entries"]) == 2
    assert len(small) < 5_000

"""A recording is saved while it goes on, and what cannot be written is refused before anything starts."""

from __future__ import annotations

import errno
import gzip
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import pytest
import typer

from analyzer import read
from analyzer.cli import saving
from analyzer.cli.saving import Output, choose_output
from analyzer.formats.har.own_fields import CUT_SHORT
from analyzer.model import SECOND
from analyzer.recorder.document import Recorded
from analyzer.recorder.errors import SaveError
from analyzer.recorder.recording import Recording

ZERO = 1_795_996_800 * SECOND
TOKEN = "abcdef0123456789secret"


def recorded(*, cut_short: bool = False) -> Recorded:
    recording = Recording()
    recording.request("a", f"wss://chat.example/a?token={TOKEN}", ZERO, headers={"Sec-WebSocket-Key": "a"})
    recording.answer("a", ZERO + SECOND, 101, "", {})
    return Recorded(recording, ZERO + 2 * SECOND, caveats=(CUT_SHORT.id,) if cut_short else ())


def save(path: Path, masked: bool = False) -> Path:
    Output(path, masked).save(recorded(), True)
    return path


def full(*_: object) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_each_state_takes_the_place_of_the_last_one(tmp_path: Path) -> None:
    output = Output(tmp_path / "x.har", False)
    output.save(recorded(cut_short=True), False)
    assert [caveat.id for caveat in read(output.path).caveats] == ["recording-cut-short"]
    output.save(recorded(), True)
    assert read(output.path).caveats == ()
    assert list(tmp_path.iterdir()) == [output.path]


def test_a_disk_that_is_full_leaves_the_last_state_that_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Output(tmp_path / "x.har", False)
    output.save(recorded(cut_short=True), False)
    before = output.path.read_bytes()
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SaveError, match=r"x\.har: cannot be written: No space left on device"):
        output.save(recorded(), True)
    assert (output.path.read_bytes(), list(tmp_path.iterdir())) == (before, [output.path])


def test_what_its_folder_does_not_take_is_written_to_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = [tmp_path / "home", tmp_path / "temporary"]
    for room in rooms:
        room.mkdir()
    (rooms[0] / "x.har").write_text("another one")
    monkeypatch.setattr(Path, "home", lambda: rooms[0])
    monkeypatch.setattr("tempfile.tempdir", str(rooms[1]))
    place = Output(tmp_path / "gone" / "x.har", False).rescue(recorded())
    assert place == rooms[0] / "x-2.har"
    assert len(read(place).traces) == 1
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "none")
    assert Output(tmp_path / "gone" / "x.har", False).rescue(recorded()) == rooms[1] / "x.har"


def test_where_no_folder_takes_it_there_is_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "replace", full)
    assert Output(tmp_path / "x.har", False).rescue(recorded()) is None


def test_a_name_says_how_it_is_compressed(tmp_path: Path) -> None:
    pytest.importorskip("zstandard")
    plain = save(tmp_path / "x.har").read_bytes()
    assert gzip.decompress(save(tmp_path / "x.har.gz").read_bytes()) == plain
    assert save(tmp_path / "x.har.zst").read_bytes().startswith(b"\x28\xb5\x2f\xfd")
    assert len({len(read(path).traces) for path in tmp_path.iterdir()}) == 1


def test_an_extract_alone_is_written_where_that_is_asked_for(tmp_path: Path) -> None:
    text = save(tmp_path / "x.har", masked=True).read_text()
    assert ("chat.example/a" in text, TOKEN in text) == (True, False)


@pytest.mark.skipif(sys.platform == "win32", reason="no such device")
def test_a_device_gets_the_last_state_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output(Path("/dev/full"), False)
    output.save(recorded(), False)
    with pytest.raises(SaveError, match="/dev/full: cannot be written: No space left on device"):
        output.save(recorded(), True)


# -- before anything starts ------------------------------------------------------------------------------------


def test_without_a_name_an_unused_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recording.har").touch()
    assert choose_output(None, overwrite=False) == Path("recording-2.har")
    assert choose_output(tmp_path, overwrite=False) == tmp_path / "recording-2.har"
    assert [path.name for path in tmp_path.iterdir()] == ["recording.har"]


def test_an_earlier_file_is_replaced_only_where_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.har"
    path.write_text("what nobody can record again")
    assert (
        refusal(path, capsys) == f"{path}: this file exists already: give another name, or replace it with --overwrite"
    )
    assert choose_output(path, overwrite=True) == path
    assert path.read_text() == "what nobody can record again"  # until something is recorded


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("none/x.har", "there is no such folder"),
        ("file/x.har", "there is no such folder"),
        ("x.har.zip", "a recording is written as .har, .har.gz or .har.zst"),
        ("n" * 300, "cannot be written: File name too long"),
    ],
)
def test_what_cannot_be_written_is_refused(
    name: str, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert refusal(tmp_path / name, capsys) == f"{tmp_path / name}: {problem}"


def test_standard_output_is_no_place_for_a_recording(capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(Path("-"), capsys) == "- is standard output: a recording is saved as it goes, and needs a file"


def test_a_disk_that_is_full_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def write_little(path: Path, parts: Iterable[bytes]) -> None:
        if sum(map(len, parts)) > 1000:
            full()

    monkeypatch.setattr(saving, "replace", write_little)
    path = tmp_path / "x.har"
    assert refusal(path, capsys) == f"{path}: cannot be written: No space left on device"


def test_without_zstandard_its_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    assert refusal(tmp_path / "x.har.zst", capsys).startswith(f"{tmp_path / 'x.har.zst'}: zstandard is not installed: ")


def refusal(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(typer.Exit) as leaving:
        choose_output(path, overwrite=False)
    assert leaving.value.exit_code == 2
    return capsys.readouterr().err.removeprefix("har-sockets: ").rstrip("\n")

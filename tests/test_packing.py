"""The rows of services and client libraries as JSON: never from another TOML than the one that is there."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from analyzer.services import clients, loading, packing

OWN = """
[[provider]]
id = "own"
name = "Own"
match = [{ path = '/connect' }]

[[provider.example]]
title = "ours"
url = "wss://acme.example/connect"
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A catalogue as in a fresh checkout: nothing is packed."""
    path = tmp_path / "own.toml"
    path.write_text(OWN, "utf-8")
    return path


def ids(content: bytes) -> list[str]:
    return [row["id"] for row in msgspec.json.decode(content)["provider"]]


def test_what_is_packed_are_the_rows_without_their_examples(source: Path) -> None:
    (row,) = msgspec.json.decode(packing.read(source))["provider"]
    assert row == packing.without_examples(row)
    assert source.with_suffix(".json").read_bytes() == packing.read(source)


def test_a_changed_file_is_never_answered_from_what_was_packed(source: Path) -> None:
    packing.read(source)
    before = source.stat()
    source.write_text(OWN.replace('"own"', '"new"'), "utf-8")  # of the same size
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns - 10**9))  # and older, as from an archive
    assert ids(packing.read(source)) == ids(packing.read(source)) == ["new"]


def test_what_was_cut_off_is_packed_again(source: Path) -> None:
    packed, content = source.with_suffix(".json"), packing.read(source)
    packed.write_bytes(content[: len(content) // 2])
    assert packing.read(source) == packed.read_bytes() == content


def test_what_is_packed_is_read_where_it_is_of_this_file(source: Path) -> None:
    packed = source.with_suffix(".json")
    packed.write_bytes(packing.read(source).replace(b'"own"', b'"json"'))
    assert ids(packing.read(source)) == ["json"]
    source.unlink()  # as in a wheel
    assert ids(packing.read(source)) == ["json"]


def test_a_folder_that_nobody_may_write_to_is_no_obstacle(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert ids(packing.read(source)) == ["own"]
    assert [*source.parent.iterdir()] == [source]


@pytest.mark.parametrize("path", [loading.SOURCE, clients.SOURCE], ids=lambda path: path.stem)
def test_the_program_answers_from_what_is_written(path: Path) -> None:
    assert packing.read(path) == packing.pack(path.read_bytes())

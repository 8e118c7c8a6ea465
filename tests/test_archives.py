"""Zips of several captures, and folders in which captures have any name."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest

from analyzer import fleet
from analyzer.formats import archive, compression, is_capture, read
from analyzer.formats.source import hash_file, open_source
from analyzer.model import CaptureError, Policy, Report
from tests.program import run_process, run_text

CAPTURES = Path(__file__).parent / "captures"
OVERUSE = (CAPTURES / "chrome-S2-overuse.har").read_bytes()
RELOADS = (CAPTURES / "chrome-08-refresh3.har").read_bytes()


def zipped(path: Path, **more: bytes) -> Path:
    """A zip as support gets it: captures in folders, what macOS adds, and files that are no captures."""
    files = {
        "ticket/a b.har": OVERUSE,
        "ticket/deep/b.har.gz": gzip.compress(RELOADS, mtime=0),
        "__MACOSX/ticket/._a b.har": b"\0\5\26\7",
        "ticket/._b.har": b"\0\5\26\7",
        "log.json": RELOADS,
        "notes.txt": b"open it twice",
        **more,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in files.items():
            container.writestr(name, data)
    return path


def documents(*args: str, cwd: Path) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = json.loads(run_text(*args, "--format", "json", cwd=cwd).stdout)["captures"]
    return answers


def test_each_capture_of_a_zip_is_one(tmp_path: Path) -> None:
    path = str(zipped(tmp_path / "logs.zip"))
    assert fleet.expand([path]) == [f"{path}/ticket/a b.har", f"{path}/ticket/deep/b.har.gz"]


def test_any_name_finds_captures_of_a_zip_by_content(tmp_path: Path) -> None:
    path = str(zipped(tmp_path / "logs.zip"))
    inside = [f"{path}/log.json", f"{path}/ticket/a b.har", f"{path}/ticket/deep/b.har.gz"]
    assert fleet.find([path], True) == fleet.Found(inside)


def test_a_zip_without_a_name_that_ends_in_har_is_searched_by_content(tmp_path: Path) -> None:
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w") as container:
        container.writestr("log.json", RELOADS)
        container.writestr("notes.txt", "none")
    assert fleet.expand([str(path)]) == [f"{path}/log.json"]
    assert read(f"{path}/log.json").records == 20


def test_the_only_har_of_a_zip_is_the_zip(tmp_path: Path) -> None:
    path = tmp_path / "chat.har.zip"
    with zipfile.ZipFile(path, "w") as container:
        container.writestr("har.har", RELOADS)
        container.writestr("0123.json", "{}")
    assert fleet.expand([str(path)]) == [str(path)]


def test_a_capture_of_a_zip_is_the_one_that_was_packed(tmp_path: Path) -> None:
    path = zipped(tmp_path / "logs.zip")
    plain = tmp_path / "plain.har"
    plain.write_bytes(OVERUSE)
    packed, unpacked = read(f"{path}/ticket/a b.har"), read(str(plain))
    assert packed.sha256 == unpacked.sha256 == hashlib.sha256(OVERUSE).hexdigest()
    assert (packed.bytes, packed.records, packed.traces) == (unpacked.bytes, unpacked.records, unpacked.traces)
    assert hash_file(f"{path}/ticket/a b.har") == packed.sha256
    assert fleet.size(f"{path}/ticket/a b.har") == len(OVERUSE)


def test_a_packed_capture_has_the_content_of_the_plain_one(tmp_path: Path) -> None:
    plain, alone, packed = tmp_path / "a.har", tmp_path / "a.zip", tmp_path / "a.har.gz"
    plain.write_bytes(OVERUSE)
    packed.write_bytes(gzip.compress(OVERUSE + b"\n", mtime=0))
    with zipfile.ZipFile(alone, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("a.har", OVERUSE)
    first, second, third = (read(path) for path in (plain, alone, packed))
    assert first.content_sha256 == first.sha256 == second.content_sha256 != second.sha256
    assert third.content_sha256 == hashlib.sha256(OVERUSE + b"\n").hexdigest()


def test_side_files_are_found_beside_a_capture_in_the_zip(tmp_path: Path) -> None:
    """Playwright writes the messages of a socket into a file of their own with `content: attach`."""
    path = zipped(tmp_path / "logs.zip", **{"ticket/messages.json": b"[]"})
    with open_source(f"{path}/ticket/a b.har") as (source, _):
        beside = source.attachment
        assert (beside("messages.json"), beside("absent.json"), beside("../notes.txt")) == (b"[]", None, None)


@pytest.mark.parametrize(
    ("name", "problem"),
    [("ticket/absent.har", "no such file in this zip"), ("ticket", "no such file in this zip")],
)
def test_what_is_not_in_the_zip_is_named(name: str, problem: str, tmp_path: Path) -> None:
    path = zipped(tmp_path / "logs.zip")
    with pytest.raises(CaptureError) as error:
        read(f"{path}/{name}")
    assert (error.value.source, error.value.problem) == (f"{path}/{name}", problem)


def test_a_file_has_nothing_below_it(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_bytes(RELOADS)
    with pytest.raises(CaptureError, match="no such file"):
        read(str(tmp_path / "a.har" / "b.har"))


def test_a_damaged_capture_of_a_zip_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as container:
        container.writestr("a.har", RELOADS)
        container.writestr("b.har", OVERUSE)
    data = bytearray(path.read_bytes())
    at = data.index(RELOADS[-2000:-1000]) + 900  # stored as it is: only the checksum tells
    data[at : at + 4] = b"\0\0\0\0"
    path.write_bytes(data)
    assert "cut-off" in {it.id for it in read(f"{path}/a.har").caveats}
    assert read(f"{path}/b.har").records > 0


def test_a_bomb_in_a_zip_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "BOMB_FROM", 1 << 20)
    start = b'{"log":{"version":"1.2","entries":['
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("a.har", start + b" " * (4 << 20) + b"]}}")
        container.writestr("b.har.gz", gzip.compress(start + b" " * (4 << 20) + b"]}}"))
        container.writestr("c.har", start + b"]}}" + b" " * (4 << 20))
    for name in ("a.har", "b.har.gz", "c.har"):
        with pytest.raises(CaptureError, match="unpacks to more than 400 times its size"):
            read(f"{path}/{name}")


def test_an_encrypted_zip_says_so(tmp_path: Path) -> None:
    path = zipped(tmp_path / "logs.zip")
    data = path.read_bytes()
    for header, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # the flag of each file
        parts = data.split(header)
        data = header.join([parts[0], *(it[: at - 4] + b"\1" + it[at - 3 :] for it in parts[1:])])
    path.write_bytes(data)
    with pytest.raises(CaptureError, match="encrypted"):
        read(f"{path}/ticket/a b.har")


def test_a_zip_in_a_zip_is_read_where_it_holds_one_har(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as container:
        container.writestr("har.har", RELOADS)
    path = zipped(tmp_path / "logs.zip", **{"trace.har.zip": inner.getvalue()})
    assert f"{path}/trace.har.zip" in fleet.expand([str(path)])
    assert read(f"{path}/trace.har.zip").records == 20
    several = zipped(tmp_path / "outer.zip", **{"x.har.zip": path.read_bytes()})
    with pytest.raises(CaptureError, match="a zip with 3 captures: unpack the zip around it"):
        read(f"{several}/x.har.zip")
    with pytest.raises(
        CaptureError, match=r"a zip with 3 captures: name one of them, as in \S+logs.zip/ticket/a b.har"
    ):
        read(str(path))


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_command_line_names_the_captures_of_a_zip(jobs: str, tmp_path: Path) -> None:
    zipped(tmp_path / "logs.zip")
    answers = documents("logs.zip", "--jobs", jobs, cwd=tmp_path)
    names = [("logs.zip/ticket/a b.har", "overlap"), ("logs.zip/ticket/deep/b.har.gz", "no-overlap")]
    assert [(it["source"], it["verdict"]) for it in answers] == names


def test_one_capture_of_a_zip_can_be_named(tmp_path: Path) -> None:
    zipped(tmp_path / "logs.zip")
    assert [it["source"] for it in documents("logs.zip/log.json", cwd=tmp_path)] == ["logs.zip/log.json"]
    output = run_text("show", "logs.zip/ticket/a b.har", "2", cwd=tmp_path)
    assert (output.returncode, "chat.stream-io-api.com" in output.stdout) == (0, True)
    several = run_text("extract", "logs.zip", cwd=tmp_path)
    assert "Name one of them: logs.zip/ticket/a b.har; or give --together" in several.stderr


def test_an_extract_of_a_capture_of_a_zip_gives_the_same_answer(tmp_path: Path) -> None:
    zipped(tmp_path / "logs.zip")
    assert run_text("extract", "logs.zip/ticket/a b.har", cwd=tmp_path).returncode == 0
    (answers,) = documents("a b.sockets.har", cwd=tmp_path)
    assert (answers["verdict"], len(answers["sessions"])) == ("overlap", 4)


def test_a_run_over_a_zip_can_be_resumed(tmp_path: Path) -> None:
    path = zipped(tmp_path / "logs.zip")
    arguments = ("logs.zip", "-q", "--out", "ndjson:out.ndjson")
    assert run_text(*arguments, cwd=tmp_path).returncode == 0
    before = (tmp_path / "out.ndjson").read_bytes()
    zipped(path, **{"ticket/c.har": RELOADS})
    assert run_text(*arguments, "--resume", cwd=tmp_path).returncode == 0
    after = (tmp_path / "out.ndjson").read_bytes().splitlines(keepends=True)
    assert b"".join(line for line in after if b'"logs.zip/ticket/c.har"' not in line) == before
    assert len(after) == 3


def test_no_output_is_written_over_a_zip_that_is_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "logs.zip")
    before = path.read_bytes()
    done = run_text("logs.zip/log.json", "--out", "json:logs.zip", cwd=tmp_path)
    assert (done.returncode, "this is a capture that is read" in done.stderr) == (2, True)
    assert path.read_bytes() == before


def test_a_zip_of_several_on_standard_input_says_what_to_do(tmp_path: Path) -> None:
    data = zipped(tmp_path / "logs.zip").read_bytes()
    done = run_process("-", stdin=data)
    assert (done.returncode, done.stderr.decode()) == (
        3,
        "har-sockets: standard input: a zip with 2 captures: save it as a file, and name that\n",
    )


def test_names_of_a_zip_are_those_in_whatever_folder_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zipped(tmp_path / "logs.zip")
    monkeypatch.chdir(tmp_path)
    assert fleet.sources.absolute("logs.zip/ticket/a b.har") == f"{tmp_path / 'logs.zip'}/ticket/a b.har"
    assert archive.split("logs.zip") is None
    assert archive.split("absent.zip/a.har") is None
    assert isinstance(fleet.result("logs.zip/log.json", Policy()), Report)


# -- any name --------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tickets = tmp_path / "tickets"
    (tickets / ".git").mkdir(parents=True)
    zipped(tickets / "logs.zip")
    for name, data in {
        "log.json": RELOADS,
        "har.txt": OVERUSE,
        "packed.bin": gzip.compress(RELOADS, mtime=0),
        "x.har": RELOADS,
        "cut.har": b"{",
        "server.json": b'{"log": {"level": "info", "message": "x"}}',
        "settings.json": b"{}",
        "notes.md": b"# log",
        ".git/a.json": RELOADS,
    }.items():
        (tickets / name).write_bytes(data)
    return tickets


def test_any_reads_what_is_a_capture_and_counts_the_rest(folder: Path) -> None:
    done = run_text(folder.name, "--any", "--format", "json", cwd=folder.parent)
    answer = json.loads(done.stdout)
    sources = [it["source"].removeprefix("tickets/") for it in answer["captures"]]
    assert sources == [
        "har.txt",
        "log.json",
        "logs.zip/log.json",
        "logs.zip/ticket/a b.har",
        "logs.zip/ticket/deep/b.har.gz",
        "packed.bin",
        "x.har",
    ]
    assert [it["source"] for it in answer["unreadable"]] == ["tickets/cut.har"]
    assert done.stderr.splitlines()[0] == "--any: 8 captures; 3 other files passed over (2 .json, 1 .md)"


def test_without_any_only_names_count(folder: Path) -> None:
    answers = documents(folder.name, cwd=folder.parent)
    assert [it["source"] for it in answers] == ["tickets/x.har"]


def test_files_that_may_be_captures_are_never_passed_over_in_silence(folder: Path) -> None:
    """Off a terminal, too; neither hidden files nor the side files of Playwright's captures count."""
    (folder / f"{'0a' * 20}.json").write_text("{}")
    (folder / "chat.har.bak").write_bytes(RELOADS)
    done = run_text(folder.name, "--quiet", cwd=folder.parent)
    message = "6 other files passed over (3 .json, 1 .bak, 1 .txt, 1 .zip): --any reads those that are captures"
    assert done.stderr.splitlines()[0] == message


def test_files_of_a_zip_that_may_be_captures_are_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "logs.zip")
    done = run_text(str(path), "--quiet")
    assert done.stderr.splitlines()[0].startswith("2 other files passed over (1 .json, 1 .txt): --any")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "It is empty"),
        (["a.md"], "It holds 1 other file"),
        (["a.json", "b.json", "c.zip", "d.md"], "It holds 2 .json and 1 .zip files: --any reads files of any name"),
    ],
)
def test_a_folder_without_captures_says_what_it_holds(files: list[str], message: str, tmp_path: Path) -> None:
    for name in files:
        (tmp_path / name).write_text("x")
    with pytest.raises(fleet.NothingToRead) as problem:
        fleet.expand([str(tmp_path)])
    assert str(problem.value).endswith(message)
    with pytest.raises(fleet.NothingToRead, match="no file in this folder is a HAR"):
        fleet.find([str(tmp_path)], True)


def test_every_capture_of_the_tests_is_one_by_content() -> None:
    paths = [str(path) for path in CAPTURES.iterdir() if path.name.endswith((".har", ".har.gz"))]
    assert len(paths) > 20
    assert [path for path in paths if not is_capture(path)] == []


def test_a_web_address_is_answered_with_how_to_download_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import fsspec.core

    def missing(url: str) -> None:
        raise ImportError('HTTPFileSystem requires "requests" and "aiohttp" to be installed')

    monkeypatch.setattr(fsspec.core, "url_to_fs", missing)
    with pytest.raises(fleet.NothingToRead) as problem:
        fleet.expand(["https://h.example/files/chat.har?token=kQzvWnXb7r"])
    message = str(problem.value)
    assert message.endswith("Download the file first: curl -Lo chat.har 'URL', then har-sockets chat.har")
    assert "kQzvWnXb7r" not in message


@pytest.mark.skipif(os.name == "nt", reason="a link needs rights there")
def test_a_link_to_nowhere_is_named_and_read_as_missing(tmp_path: Path) -> None:
    (tmp_path / "gone.har").symlink_to(tmp_path / "nowhere")
    assert fleet.expand([str(tmp_path)]) == [str(tmp_path / "gone.har")]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("https://app.example/chat?room=1", "a web address. Record its sockets: har-sockets record URL"),
        ("wss://app.example/connect", "the address of a socket. Record the page that opens it: har-sockets record URL"),
    ],
)
def test_an_address_that_is_no_file_is_answered_with_how_to_record(
    address: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec.core

    def missing(url: str) -> None:
        raise ValueError("Protocol not known: wss") if url.startswith("wss") else ImportError("aiohttp")

    monkeypatch.setattr(fsspec.core, "url_to_fs", missing)
    with pytest.raises(fleet.NothingToRead) as problem:
        fleet.expand([address])
    assert str(problem.value).endswith(message)


# -- what must not be lost without a word ----------------------------------------------------------------------------


def test_every_member_of_a_zip_has_a_name_of_its_own(tmp_path: Path) -> None:
    """Two of one name, and paths that lead out of the zip: the gate must see each."""
    path = tmp_path / "dup.zip"
    names = ["a.har", "a.har", "a (2).har", "../../evil.har", "/abs.har", "sp ace/ü.har", "x/../y.har.gz", "y.har.gz"]
    with zipfile.ZipFile(path, "w") as container, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the two names
        for number, name in enumerate(names):
            container.writestr(name, RELOADS + b"\n" * number)
    inside = [name.removeprefix(f"{path}/") for name in fleet.expand([str(path)])]
    expected = ["a (2).har", "a (3).har", "a.har", "abs.har", "evil.har", "sp ace/ü.har", "x/y.har.gz", "y.har.gz"]
    assert inside == expected
    sizes = {name: read(f"{path}/{name}").bytes - len(RELOADS) for name in expected}
    assert sizes == {name: at for at, name in zip((2, 1, 0, 4, 3, 5, 6, 7), expected, strict=True)}
    assert not (tmp_path.parent / "evil.har").exists()


def test_a_zip_of_zips_says_what_is_not_read(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip").read_bytes()
    path = tmp_path / "outer.zip"
    with zipfile.ZipFile(path, "w") as container:
        container.writestr("inner.zip", inner)
    assert fleet.expand([str(path)]) == [f"{path}/inner.zip"]
    with pytest.raises(CaptureError, match="a zip with 2 captures: unpack the zip around it"):
        read(f"{path}/inner.zip")


@pytest.mark.parametrize("name", ["{3f25-04e0}.har", "two\nlines.har", "{x}.zip"])
def test_a_file_keeps_its_name_whatever_that_is(name: str, tmp_path: Path) -> None:
    if name.endswith(".zip"):
        zipped(tmp_path / name)
    else:
        (tmp_path / name).write_bytes(RELOADS)
    answer = json.loads(run_text(name, "--format", "json", cwd=tmp_path).stdout)
    assert answer["unreadable"] == []
    assert answer["captures"][0]["source"].startswith(name)


def test_a_hidden_capture_is_read_with_and_without_any(tmp_path: Path) -> None:
    (tmp_path / ".hidden.har").write_bytes(RELOADS)
    assert fleet.find([str(tmp_path)]).captures == fleet.find([str(tmp_path)], True).captures != []


def test_a_folder_that_may_not_be_read_is_no_empty_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (tmp_path / "a.har").write_bytes(RELOADS)
    scan = os.scandir

    def refusing(path: str) -> Any:
        if os.fspath(path) == str(closed):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert fleet.expand([str(tmp_path)]) == [str(tmp_path / "a.har"), str(closed)]
    assert not isinstance(fleet.result(str(closed), Policy()), Report)
    with pytest.raises(fleet.NothingToRead, match="may not be read"):
        fleet.expand([str(closed)])


def test_names_in_this_folder_have_no_dot_before_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.har").write_bytes(RELOADS)
    monkeypatch.chdir(tmp_path)
    assert fleet.expand(["."]) == fleet.expand(["./deep/"]) == [os.path.join("deep", "a.har")]

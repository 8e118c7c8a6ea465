"""The format of a file is guessed from its first bytes, and from nothing else; every format keeps the same promises."""

from __future__ import annotations

import gzip
import io
import json
import random
from importlib import import_module
from pathlib import Path

import pytest

from analyzer import fleet, formats as formats_package
from analyzer.formats import read
from analyzer.formats.compression import Prefixed
from analyzer.formats.foreign import recognize
from analyzer.formats.registry import CDP_LOG, FLOWS, FORMATS, HAR, HEAD, NETLOG, TRACE, Format, guess, sniff_har
from analyzer.formats.source import Source, open_source
from analyzer.model import CaptureError

CAPTURES = Path(__file__).parent / "captures"
EVENT = {"method": "Network.webSocketCreated", "params": {"requestId": "1", "url": "wss://h.example/"}}


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b'{"log":{"version":"1.2"', True),
        (b'\xef\xbb\xbf {\n  "comment": "x",\n  "log": {\n    "entries": [', True),
        ('{"log":{"version":"1.2"'.encode("utf-16"), True),
        (b'{"log":{"_x":1,', True),
        (b'{"log":{"level":"info"', False),
        (b'{"logs":[]}', False),
        (b'[{"log":{"version":"1.2"', False),
        (b"", False),
    ],
)
def test_a_har_is_known_by_the_keys_of_its_log(head: bytes, expected: bool) -> None:
    assert sniff_har(head).is_mine is expected


OTHERS = [
    pytest.param(NETLOG, b'{"constants":{"activeFieldTrialGroups":[],', id="NetLog"),
    pytest.param(NETLOG, b'{"constants": {"logEventTypes": {"A": 1}},\n"events": [\n{"ph', id="NetLog, cut off"),
    pytest.param(CDP_LOG, json.dumps([EVENT]).encode(), id="events in an array"),
    pytest.param(CDP_LOG, json.dumps([EVENT], indent=2).encode(), id="indented"),
    pytest.param(CDP_LOG, b'[{"wallclock_ms":1795919232292.06,"target":"page","method":"Network.x"', id="with clocks"),
    pytest.param(CDP_LOG, json.dumps(EVENT).encode() + b"\n", id="one event per line"),
    pytest.param(
        CDP_LOG,
        json.dumps([{"level": "INFO", "message": json.dumps({"message": EVENT})}]).encode(),
        id="a performance log of chromedriver",
    ),
    pytest.param(TRACE, b'{"traceEvents":[{"args":{"name":"swapper"},"cat":"__metadata"', id="a trace"),
    pytest.param(TRACE, b'{"metadata": {\n  "source": "DevTools",\n  "startTime": "2026-', id="a trace of DevTools"),
    pytest.param(TRACE, b'{"metadata":{"a":{"b":1}},"traceEvents":[', id="a trace with other metadata"),
    pytest.param(TRACE, b'[{"args":{"name":"x"},"cat":"__metadata","name":"thread_name","ph":"M"', id="its events"),
]

OTHERS += [
    pytest.param(FLOWS, b"1818:9:websocket;0:~8:response;0:~7:request;704:4:path;154:/", id="flows of mitmproxy 12"),
    pytest.param(FLOWS, b"2345:11:client_conn;401:10:proxy_mode;7:regular;", id="flows of another version"),
    pytest.param(FLOWS, b"2345:4:type,4:http,", id="flows of mitmproxy 0.17"),
]


@pytest.mark.parametrize(("row", "head"), OTHERS)
def test_other_formats_are_known_by_their_first_bytes(row: Format, head: bytes) -> None:
    assert [it.id for it in FORMATS if it.sniff(head).is_mine] == [row.id]


@pytest.mark.parametrize("row", [NETLOG, CDP_LOG, TRACE], ids=lambda row: row.id)
@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b'{"name":"x","version":"1.0.0","scripts":{}}', id="package.json"),
        pytest.param(b'{"format":1,"tool":{"name":"har-sockets"}', id="results of our own"),
        pytest.param(b'{"sockets":[{"url":"wss://h.example/","method":"GET"}]}', id="another JSON"),
        pytest.param(b'{"log":{"version":"1.2","entries":[]}}', id="a HAR"),
        pytest.param(b'{"log":{"entries":[],"traceEvents":[{"ph":"M"}]}}', id="a HAR with a member of a trace"),
        pytest.param(b"\x00" * 100, id="no text"),
    ],
)
def test_what_is_something_else_is_of_no_format(row: Format, head: bytes) -> None:
    assert not row.sniff(head).is_mine


def test_a_guess_says_what_is_broken() -> None:
    wide = guess('{"log":{"version":"1.2"'.encode("utf-16"))
    assert (wide.format, "UTF-8" in wide.problem) == (HAR, True)
    assert guess(b'{"log":{"version":"1.2"') == (HAR, "")
    assert guess(b"{}") == (None, "")


def test_no_format_is_read_that_is_known_as_unread() -> None:
    """What a format recognises, no row that says what to export instead may name; that it is JSON, one may."""
    for row, head in [(it.values[0], it.values[1]) for it in OTHERS]:
        assert guess(head).format == row
        assert recognize(head) in (None, recognize(b'[{"a":1}]'), recognize(b'{"a":1}')), row


# -- what every format promises --------------------------------------------------------------------------------

formats = pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.id)


def samples(row: Format) -> list[Path]:
    return sorted(it for it in CAPTURES.iterdir() if it.name.endswith(row.suffixes))


def unpacked(path: Path) -> bytes:
    """What the reader of a format gets."""
    with open_source(path) as (source, _):
        return b"".join(iter(Prefixed(b"", source.stream).read, b""))


@formats
def test_every_format_has_captures_that_it_recognises_and_reads(row: Format) -> None:
    assert samples(row)
    for path in samples(row)[:20]:
        answer = guess(unpacked(path)[:HEAD])
        assert (answer.format, answer.problem) == (row, ""), path.name
        assert read(path).format == row.id


@formats
def test_every_format_reads_a_damaged_capture_or_raises_a_capture_error(row: Format) -> None:
    reader = import_module(row.module)
    chance = random.Random(16)
    smallest = min(samples(row), key=lambda path: path.stat().st_size)
    whole = unpacked(smallest)
    for _ in range(60):
        data = bytearray(whole[: chance.randrange(len(whole))])
        for _ in range(chance.randrange(4)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            reader.read(Source(io.BytesIO(bytes(data)), "damaged"))
        except CaptureError as error:
            assert "\n" not in error.problem


@formats
def test_suffixes_of_a_format_are_its_own(row: Format) -> None:
    others = [suffix for it in FORMATS if it is not row for suffix in it.suffixes]
    assert not [suffix for suffix in row.suffixes if suffix.endswith(tuple(others)) or not suffix.startswith(".")]


# -- what a search of folders takes ------------------------------------------------------------------------------


NETLOG_HEAD = b'{"constants":{"logEventTypes":{}},"events":[]}'


def test_a_folder_gives_files_of_a_shared_name_only_where_their_first_bytes_say_so(
    tmp_path: Path,
) -> None:
    """A folder has many `.json` files that are no captures: none of these may stand among the results as unreadable."""
    files = {
        "a.har": b'{"log":{"version":"1.2","entries":[]}}',
        "net.json": NETLOG_HEAD,
        "net.json.gz": gzip.compress(NETLOG_HEAD),
        "renamed.json": b'{"log":{"version":"1.2","entries":[]}}',  # a HAR: `--any` reads it
        "package.json": b'{"name":"x"}',
        "report.json": b'{"format":1,"tool":{"name":"har-sockets"}}',
        "a.truth.json": b'{"sockets":[]}',
        "empty.json": b"",
        "damaged.json.gz": b"\x1f\x8bx",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "net.json").write_bytes(NETLOG_HEAD)
    assert list_names(tmp_path) == ["a.har", "net.json", "net.json.gz"]


def list_names(folder: Path) -> list[str]:
    return [Path(name).name for name in fleet.expand([str(folder)])]


def test_a_search_opens_no_file_whose_name_no_format_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats_package, "IN_SHARED", (NETLOG,))
    monkeypatch.setattr(formats_package, "open_source", None)  # to call it would raise a TypeError
    for name in ("a.har", "b.har.zip", "notes.txt", "c.log", "d.netlog"):
        assert formats_package.is_named_capture(str(tmp_path / name)) is (".har" in name)

"""Whatever the bytes and however they are wrapped: a Capture, or CaptureError and nothing else."""

from __future__ import annotations

import gzip
import io
import json
import random
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from analyzer.formats import compression, read, source
from analyzer.model import Capture, CaptureError, Policy, Report, Verdict
from analyzer.pipeline import analyze

Json = dict[str, Any]
HAR: Json = {
    "log": {
        "version": "1.2",
        "creator": {"name": "WebInspector", "version": "537.36"},
        "pages": [],
        "entries": [
            {
                "startedDateTime": "2026-11-23T18:47:39.844Z", "time": 900.5, "_resourceType": "websocket",
                "request": {"method": "GET", "url": f"wss://h/{n}", "headers": []}, "response": {"status": 101, "headers": []},
                "timings": {"wait": 890, "receive": 10.5},
                "_webSocketMessages": [{"type": "send", "time": 1795459660.734, "opcode": 1, "data": "x"}],
            }
            for n in range(3)
        ],
    }
}  # fmt: skip
PLAIN = json.dumps(HAR).encode()


def zipped(data: bytes, name: str = "har.har", **others: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
        for other, content in others.items():
            archive.writestr(other, content)
    return out.getvalue()


def attempt(data: bytes) -> Report | None:
    """None: a CaptureError. Anything else leaves this function."""
    try:
        capture = read(io.BytesIO(data), "test.har")
    except CaptureError as error:
        assert (error.source, bool(error.problem)) == ("test.har", True)
        return None
    return analyze(capture, Policy())


WRAPS: dict[str, Callable[[bytes], bytes]] = {"plain": bytes, "gzip": gzip.compress, "zip": zipped}
wrapped = pytest.mark.parametrize("wrap", [pytest.param(wrap, id=name) for name, wrap in WRAPS.items()])


@wrapped
@given(data=st.binary(max_size=400))
def test_arbitrary_bytes_raise_capture_error_and_nothing_else(wrap: Callable[[bytes], bytes], data: bytes) -> None:
    assert attempt(wrap(data)) is None


@pytest.mark.parametrize(
    "magic", [b"\x1f\x8b", b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"PK\x05\x06", b"\x78\x9c"]
)
@given(data=st.binary(max_size=200))
def test_a_known_beginning_and_then_garbage_raises_capture_error(magic: bytes, data: bytes) -> None:
    assert attempt(magic + data) is None


keys = st.sampled_from(
    [
        "log",
        "entries",
        "pages",
        "creator",
        "browser",
        "name",
        "version",
        "startedDateTime",
        "time",
        "pageref",
        "request",
        "response",
        "method",
        "url",
        "httpVersion",
        "headers",
        "value",
        "status",
        "content",
        "mimeType",
        "_file",
        "_failureText",
        "timings",
        "blocked",
        "dns",
        "connect",
        "send",
        "wait",
        "receive",
        "_resourceType",
        "_frameref",
        "_initiator",
        "stack",
        "callFrames",
        "lineNumber",
        "parent",
        "_webSocketMessages",
        "_webSocketClose",
        "code",
        "reason",
        "timestamp",
        "type",
        "opcode",
        "data",
        "id",
        "title",
    ]
)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["2026-11-23T18:47:39.844Z", "1969-12-31T23:59:59.000Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:09.1Z",
                       "1970-13-41", "+058865-11-06T00:00:00.000Z", "websocket", "document", "WebInspector", "page_1", "page_" + "9" * 5000, "wss://h/", "http://[", "101", "send",
                       101, 200, 1e308, -1e308, 1795459660.7, 1e17, 10**400, -1, "\ud800"])
)  # fmt: skip
tree = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | st.text(max_size=3), inner, max_size=5),
    max_leaves=30,
)


@given(tree)
def test_arbitrary_json_raises_capture_error_and_nothing_else(value: Any) -> None:
    attempt(json.dumps(value).encode())


@given(st.lists(st.dictionaries(keys, tree, max_size=6), max_size=3), tree, tree)
def test_arbitrary_entries_raise_nothing(entries: list[Any], pages: Any, creator: Any) -> None:
    assert attempt(json.dumps({"log": {"entries": entries, "pages": pages, "creator": creator}}).encode()) is not None


@st.composite
def mutated(draw: st.DrawFn) -> Json:
    """A sound capture with a few of its values replaced by anything."""
    har = json.loads(PLAIN)
    name = draw(
        st.sampled_from(
            [
                "WebInspector",
                "Firefox",
                "Playwright",
                "mitmproxy",
                "HTTP Toolkit",
                "chrome-har-capturer",
                "@neuralegion/cypress-har-generator",
                "pcapng -> har",
                "?",
            ]
        )
    )
    har["log"]["creator"]["name"] = name
    har["log"]["pages"] = [{"id": "page_1", "title": "t", "startedDateTime": "2026-11-23T18:47:39Z"}]
    for _ in range(draw(st.integers(1, 4))):
        at: Any = har["log"]
        while True:
            steps = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not steps:
                break
            step = draw(st.sampled_from(steps))
            if not isinstance(at[step], dict | list) or draw(st.integers(0, 5)) == 0:
                if at is not har["log"]:
                    at[step] = draw(scalars | tree)
                break
            at = at[step]
    return har


def test_a_page_with_more_digits_than_a_number_may_have_is_none_of_chromes() -> None:
    page = {"id": "page_" + "9" * 5000, "title": "t", "startedDateTime": "2026-11-23T18:47:39Z"}
    har = {"log": {"creator": {"name": "WebInspector"}, "pages": [page], "entries": []}}
    capture = read(io.BytesIO(json.dumps(har).encode()), "test.har")
    assert (capture.records, capture.pages) == (0, ())


@given(mutated())
def test_a_sound_capture_with_values_replaced_raises_nothing(har: Json) -> None:
    assert attempt(json.dumps(har).encode()) is not None


# -- wrapping ----------------------------------------------------------------------------------------------


@wrapped
def test_wrapping_changes_no_session(wrap: Callable[[bytes], bytes]) -> None:
    result, plain = attempt(wrap(PLAIN)), attempt(PLAIN)
    assert result is not None and plain is not None and result.sessions == plain.sessions


def test_several_gzip_members_are_one_document() -> None:
    result = attempt(gzip.compress(PLAIN[:200]) + gzip.compress(PLAIN[200:]))
    assert result is not None and len(result.sessions) == 3


def test_a_truncated_gzip_keeps_what_is_complete_and_is_marked_or_is_an_error() -> None:
    whole = gzip.compress(
        json.dumps({"log": {"creator": HAR["log"]["creator"], "entries": HAR["log"]["entries"] * 60}}).encode(), 1
    )
    for cut in range(0, len(whole) - 8, 7):
        report = attempt(whole[:cut])
        assert report is None or "cut-off" in {c.id for c in report.capture.caveats}, cut


def test_a_truncated_zip_is_an_error() -> None:
    whole = zipped(PLAIN)
    assert [cut for cut in range(len(whole)) if attempt(whole[:cut]) is not None] == []


@pytest.mark.parametrize("wrap", [pytest.param(w, id=n) for n, w in WRAPS.items() if n != "plain"])
@given(data=st.data())
def test_a_damaged_archive_is_an_error_or_is_marked(wrap: Callable[[bytes], bytes], data: Any) -> None:
    whole = bytearray(wrap(PLAIN))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    report = attempt(bytes(whole))
    assert report is None or len(report.sessions) == 3 or report.verdict is not Verdict.NO_OVERLAP


def test_a_zip_member_whose_checksum_is_wrong_says_so() -> None:
    whole = zipped(PLAIN)
    crc = zlib.crc32(PLAIN).to_bytes(4, "little")
    report = attempt(whole.replace(crc, b"\0\0\0\0"))
    assert report is None or report.capture.caveats or report.capture.skipped


@pytest.mark.parametrize("wrap", [pytest.param(w, id=n) for n, w in WRAPS.items() if n != "plain"])
def test_a_bomb_is_an_error_that_says_so(wrap: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "BOMB_FROM", 1 << 20)
    with pytest.raises(CaptureError, match="unpacks to more than 400 times its size"):
        read(io.BytesIO(wrap(PLAIN[:-2] + b" " * (8 << 20) + b"}}")))


@pytest.mark.parametrize("wrap", [pytest.param(wrap, id=name) for name, wrap in WRAPS.items()])
@pytest.mark.parametrize("piped", [True, False], ids=["through a pipe", "from a file"])
def test_progress_tells_of_every_byte_of_the_file_once(
    wrap: Callable[[bytes], bytes], piped: bool, tmp_path: Path
) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(wrap(PLAIN))
    done: list[int] = []
    read(io.BytesIO(path.read_bytes()) if piped else path, progress=done.append)
    assert 0.5 * path.stat().st_size < sum(done) <= path.stat().st_size


def test_a_zip_is_read_from_the_disk_and_not_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.har.zip"
    path.write_bytes(zipped(PLAIN))
    monkeypatch.setattr(source, "_spool", None)  # for what comes through a pipe
    assert len(read(path).traces) == 3


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(zipped(PLAIN, "har.txt"), id="a zip without a HAR"),
        pytest.param(zipped(PLAIN, "a.har", **{"b.har": PLAIN}), id="a zip with two HARs"),
        pytest.param(zipped(gzip.compress(PLAIN)), id="gzip within a zip"),
        pytest.param(b"", id="an empty file"),
    ],
)
def test_what_is_no_har_is_an_error(data: bytes) -> None:
    assert attempt(data) is None


def test_no_such_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaptureError):
        read(tmp_path / "missing.har")


def test_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaptureError):
        read(tmp_path)


def test_a_nul_in_a_name_is_an_error() -> None:
    with pytest.raises(CaptureError):
        read("a\0b.har")


# -- side files --------------------------------------------------------------------------------------------


def attached(name: str) -> bytes:
    har = json.loads(PLAIN)
    har["log"]["creator"] = {"name": "Playwright", "version": "1.65.2"}
    (entry, *_) = har["log"]["entries"]
    del entry["_webSocketMessages"]
    entry["response"]["content"] = {"_file": name}
    har["log"]["entries"] = [entry]
    return json.dumps(har).encode()


LINES = b'{"type":"send","time":1795459660734.5,"opcode":1,"data":"x"}\n{"type":"receive","time":1795459660834.5,"opcode":1,"data":"y"}\n'


def test_messages_in_a_side_file_beside_the_capture_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_bytes(attached("m.jsonl"))
    (tmp_path / "m.jsonl").write_bytes(LINES)
    (trace,) = read(tmp_path / "a.har").traces
    assert (trace.messages.sent, trace.messages.received) == (1, 1)


def test_messages_in_a_side_file_of_a_zip_are_read() -> None:
    (trace,) = read(io.BytesIO(zipped(attached("m.jsonl"), **{"m.jsonl": LINES})), "a.har.zip").traces
    assert (trace.messages.sent, trace.messages.received) == (1, 1)


@pytest.mark.parametrize("name", ["../m.jsonl", "/etc/passwd", "sub/m.jsonl", "..", "", "a\0b", "m\\..\\x"])
def test_no_file_outside_the_captures_own_folder_is_read(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "m.jsonl").write_bytes(LINES)
    (inside / "a.har").write_bytes(attached(name))
    (trace,) = read(inside / "a.har").traces
    assert not trace.messages.times


def test_a_missing_side_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_bytes(attached("gone.jsonl"))
    assert [s.pointer for s in read(tmp_path / "a.har").skipped] == ["/log/entries/0/response/content/_file"]


@given(st.binary(max_size=200))
def test_a_side_file_of_arbitrary_bytes_raises_nothing(data: bytes) -> None:
    capture = read(io.BytesIO(zipped(attached("m.jsonl"), **{"m.jsonl": data})), "a.har.zip")
    assert isinstance(capture, Capture)


# -- what a capture says of itself -------------------------------------------------------------------------


def test_bytes_and_hash_are_those_of_the_file(tmp_path: Path) -> None:
    from hashlib import sha256

    path = tmp_path / "a.har"
    path.write_bytes(gzip.compress(PLAIN))
    capture = read(path)
    assert (capture.bytes, capture.sha256) == (path.stat().st_size, sha256(path.read_bytes()).hexdigest())


def test_entries_are_counted() -> None:
    assert read(io.BytesIO(PLAIN)).records == 3


# -- layouts -----------------------------------------------------------------------------------------------


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same, with the members of every object in another order."""
    if isinstance(value, list):
        return [shuffled(item, chance) for item in value]
    if isinstance(value, dict):
        return {key: shuffled(value[key], chance) for key in chance.sample(list(value), len(value))}
    return value


LAYOUTS: dict[str, Callable[[Any], str]] = {
    "compact": lambda har: json.dumps(har, separators=(",", ":"), ensure_ascii=False),
    "as Python writes by default": json.dumps,
    "indented by 2": lambda har: json.dumps(har, indent=2),
    "indented by tabs, CRLF": lambda har: json.dumps(har, indent="\t").replace("\n", "\r\n"),
    "keys in another order": lambda har: json.dumps(shuffled(har, random.Random(1))),
    "keys in another order, indented": lambda har: json.dumps(shuffled(har, random.Random(2)), indent=1),
}


@pytest.mark.spread(2)
@pytest.mark.parametrize("layout", [pytest.param(render, id=name) for name, render in LAYOUTS.items()])
def test_real_captures_give_the_same_answer_in_every_layout(layout: Callable[[Any], str], captures: Path) -> None:
    paths = sorted(captures.rglob("*.har"))
    assert paths
    for path in paths:
        data = path.read_bytes()
        try:
            har = json.loads(data)
        except ValueError:
            continue  # a damaged one: no layout but its own
        before, after = attempt(data), attempt(layout(har).encode("utf-8", "surrogatepass"))
        assert (before is None) == (after is None), path.name
        if before is not None and after is not None:
            assert (before.verdict, before.overlaps, before.sessions) == (
                after.verdict,
                after.overlaps,
                after.sessions,
            ), path.name


def test_a_large_entry_with_an_empty_list_of_messages_is_no_socket() -> None:
    """cypress-har-generator writes the list on every entry."""
    plain = {
        "_webSocketMessages": [],
        "startedDateTime": "2026-11-23T18:47:39.844Z",
        "time": 5,
        "_resourceType": "xhr",
        "request": {"method": "GET", "url": "https://h/", "headers": []},
        "response": {"status": 200, "content": {"text": "x" * (5 << 20)}},
        "timings": {"wait": 4, "receive": 1},
    }
    report = attempt(json.dumps({"log": {**HAR["log"], "entries": [plain, plain]}}, indent=2).encode())
    assert report is not None
    assert (report.sessions, report.capture.records, report.capture.skipped) == ((), 2, ())


@pytest.mark.parametrize("lost", [1, 9, 100])
def test_of_gzip_that_was_cut_off_every_complete_entry_counts(lost: int) -> None:
    entries = [{**HAR["log"]["entries"][0], "comment": random.Random(n).randbytes(40).hex()} for n in range(3000)]
    packed = gzip.compress(json.dumps({"log": {**HAR["log"], "entries": entries}}).encode())[:-lost]
    there = zlib.decompressobj(31).decompress(packed)
    report = attempt(packed)
    assert report is not None
    assert len(report.sessions) == there.count(b'"comment"') - (there.rfind(b"}") < there.rfind(b'"comment"'))
    assert "cut-off" in {caveat.id for caveat in report.capture.caveats}


@pytest.mark.parametrize("where", ["before", "within", "behind"])
def test_white_space_without_end_is_passed_quickly(where: str) -> None:
    space = b" \n" * (2 << 20)
    data = {
        "before": space + PLAIN,
        "within": PLAIN.replace(b'"pages"', space + b'"pages"'),
        "behind": PLAIN + space,
    }[where]
    begun = time.process_time()
    report = attempt(data)
    assert report is not None
    assert len(report.sessions) == 3
    assert time.process_time() - begun < 2  # byte by byte it took 20

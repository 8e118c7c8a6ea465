"""Packed captures that are damaged or cut off: all that can be unpacked is read, and the capture says what is wrong."""

from __future__ import annotations

import functools
import gzip
import io
import json
import random
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from program import run

from analyzer.extract import extract
from analyzer.formats import archive, compression, read
from analyzer.formats.source import MAGIC
from analyzer.gate import Result, judge
from analyzer.model import Capture, CaptureError, Outcome, Policy, Verdict
from analyzer.pipeline import analyze

CAPTURES = Path(__file__).parent / "captures"
FEW, MANY = 3, 1000  # sockets: below what is opened once, and above


@functools.cache
def har(count: int) -> bytes:
    """Write a HAR that packs badly, so that its last sockets are at the end of what is packed."""
    entries = [
        {
            "startedDateTime": "2026-11-23T18:47:39.844Z",
            "time": 900.5,
            "_resourceType": "websocket",
            "request": {"method": "GET", "url": f"wss://h/{n}", "headers": []},
            "response": {"status": 101, "headers": []},
            "timings": {"wait": 890, "receive": 10.5},
            "comment": random.Random(n).randbytes(40).hex(),
        }
        for n in range(count)
    ]
    creator = {"name": "WebInspector", "version": "537.36"}
    return json.dumps({"log": {"version": "1.2", "creator": creator, "pages": [], "entries": entries}}).encode()


def with_wrong(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 0xFF
    return bytes(changed)


def zipped(data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("a.har", data)
    return packed.getvalue()


def with_other_checksum(data: bytes, content: bytes) -> bytes:
    check = struct.pack("<I", zlib.crc32(content))
    assert data.count(check) == 2  # beside the file, and in the directory
    return data.replace(check, b"oops")


def compressed(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


Pack = Callable[[bytes], bytes]
WRONG_CHECKSUM: dict[str, Pack] = {
    "gzip, its checksum": lambda data: with_wrong(gzip.compress(data), -8),
    "gzip, its length": lambda data: with_wrong(gzip.compress(data), -1),
    "gzip, of the first of two members": lambda data: (
        with_wrong(gzip.compress(data[:900]), -8) + gzip.compress(data[900:])
    ),
    "gzip, of the second of two members": lambda data: (
        gzip.compress(data[:900]) + with_wrong(gzip.compress(data[900:]), -8)
    ),
    "zip": lambda data: with_other_checksum(zipped(data), data),
    "zip that stores": lambda data: with_other_checksum(zipped(data, zipfile.ZIP_STORED), data),
    "zstd": lambda data: with_wrong(compressed(data), -1),
}
CUT: dict[str, Pack] = {
    "gzip, within its trailer": lambda data: gzip.compress(data)[:-3],
    "gzip, all of its trailer": lambda data: gzip.compress(data)[:-8],
    "gzip, within the trailer of the second member": lambda data: (
        gzip.compress(data[:900]) + gzip.compress(data[900:])[:-1]
    ),
    "zstd, within its checksum": lambda data: compressed(data)[:-1],
}


@pytest.fixture(params=["isal", "zlib"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "zlib":
        monkeypatch.setitem(sys.modules, "isal", None)
    else:
        pytest.importorskip("isal")


def limits(capture: Capture) -> dict[str, str]:
    """What hides sockets because of how the capture is packed."""
    ids = {"damaged", "cut-off", "trailing-data"}
    return {caveat.id: caveat.message for caveat in capture.caveats if caveat.hides_sockets and caveat.id in ids}


def ways(data: bytes, path: Path) -> list[Capture]:
    path.write_bytes(data)
    return [read(io.BytesIO(data), "a"), read(path)]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("count", [FEW, MANY])
@pytest.mark.parametrize("pack", WRONG_CHECKSUM)
def test_a_wrong_checksum_loses_nothing_and_is_marked(pack: str, count: int, tmp_path: Path) -> None:
    for capture in ways(WRONG_CHECKSUM[pack](har(count)), tmp_path / "a.bin"):
        assert (len(capture.traces), list(limits(capture))) == (count, ["damaged"])


def test_of_a_capture_with_a_wrong_checksum_nothing_is_certain() -> None:
    """A changed digit of a date reads as well as the right one."""
    har = (CAPTURES / "chrome-reload-router.har").read_bytes()
    assert analyze(read(io.BytesIO(har))).verdict is Verdict.NO_OVERLAP
    digits = [at for it in re.finditer(rb'"(?:startedDateTime|time)": ?"?[^,\n]+', har) for at in range(*it.span())]
    changed = []
    for at in (at for at in digits if har[at : at + 1].isdigit()):
        packed = bytearray(gzip.compress(har, 0))
        packed[packed.index(har[:100]) + at] ^= 1
        report = analyze(read(io.BytesIO(packed)))
        assert "damaged" in limits(report.capture)
        assert all(session.proven is None and session.outcome is not Outcome.OPEN for session in report.sessions)
        assert report.verdict in (Verdict.POSSIBLE_OVERLAP, Verdict.INCONCLUSIVE)
        assert judge(report, Policy()).result is Result.UNDECIDED
        changed.append(report.verdict)
    assert len(set(changed)) == 2


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("count", [FEW, MANY])
@pytest.mark.parametrize("pack", CUT)
def test_a_missing_checksum_loses_nothing_and_is_marked(pack: str, count: int, tmp_path: Path) -> None:
    data = CUT[pack](har(count))
    for capture in ways(data, tmp_path / "a.bin"):
        assert (len(capture.traces), list(limits(capture))) == (count, ["cut-off"])
        assert f"is cut off at byte {len(data):,}" in limits(capture)["cut-off"]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("count", [FEW, MANY])
@pytest.mark.parametrize("rest", [b"\n", b"not packed", b"\0\0rest"], ids=repr)
def test_what_follows_gzip_data_is_marked(rest: bytes, count: int, tmp_path: Path) -> None:
    data = gzip.compress(har(count))
    for capture in ways(data + rest, tmp_path / "a.bin"):
        [message] = limits(capture).values()
        assert len(capture.traces) == count
        assert message.startswith(f"Extra data follows its gzip data at byte {len(data) + rest.count(0):,}")


@pytest.mark.usefixtures("library")
def test_nuls_behind_gzip_data_are_padding(tmp_path: Path) -> None:
    for capture in ways(gzip.compress(har(FEW)) + bytes(100_000), tmp_path / "a.bin"):
        assert (len(capture.traces), limits(capture)) == (FEW, {})


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("lost", [1, 9, 100, 5000])
def test_of_data_that_is_cut_off_every_complete_entry_counts(lost: int, tmp_path: Path) -> None:
    data = gzip.compress(har(MANY))[:-lost]
    there = zlib.decompressobj(31).decompress(data)
    for capture in ways(data, tmp_path / "a.bin"):
        assert len(capture.traces) == there.count(b'"comment"') - (there.rfind(b"}") < there.rfind(b'"comment"'))
        assert "cut-off" in limits(capture)


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("count", [20, MANY])
def test_of_data_that_is_damaged_in_the_middle_what_precedes_it_counts(count: int, tmp_path: Path) -> None:
    whole = gzip.compress(har(count))
    middle = len(whole) * 3 // 4
    before = zlib.decompressobj(31).decompress(whole[: middle - min(compression.PIECE, middle // 2)])
    packed = whole[:middle] + b"\xff" * 300 + whole[middle + 300 :]
    for capture in ways(packed, tmp_path / "a.bin"):
        assert 0 < before.count(b'"comment"') - 1 <= len(capture.traces) < count
        assert {"cut-off", "damaged"} <= set(limits(capture))


@pytest.mark.usefixtures("library")
def test_damage_loses_little_of_what_precedes_it(tmp_path: Path) -> None:
    whole, at = gzip.compress(har(MANY)), 30_000
    there = zlib.decompressobj(31).decompress(whole[:at]).count(b'"comment"')
    for capture in ways(whole[:at] + random.Random(at).randbytes(len(whole) - at), tmp_path / "a.bin"):
        assert len(capture.traces) > there * 9 // 10


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_method_of_a_zip_may_be_damaged(method: int, tmp_path: Path) -> None:
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w", method) as packed:
        packed.writestr("a.har", har(FEW))
        packed.writestr("b.har", har(FEW))
    middle = with_damage(path, "a.har", lambda data: data[:60] + b"\xff" * 200 + data[260:])
    path.write_bytes(middle)
    with pytest.raises(CaptureError, match="damaged zip data"):
        read(f"{path}/a.har")
    assert len(read(f"{path}/b.har").traces) == FEW


def test_a_python_without_lzma_reads_other_zips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lzma", None)
    assert zipfile.BadZipFile in archive.list_errors.__wrapped__()


@pytest.mark.usefixtures("library")
def test_a_byte_at_the_end_of_a_block_is_no_start_of_gzip() -> None:
    data = gzip.compress(har(FEW))
    start = data + bytes(MAGIC + compression.BLOCK - len(data) - 1) + b"\x1f"
    assert list(limits(read(io.BytesIO(start + b"\0\x08" + bytes(40))))) == ["trailing-data"]
    [message] = limits(read(io.BytesIO(start + data[1:]))).values()
    assert message.startswith("Extra data follows the HAR at")


def test_zstd_that_is_cut_off_between_its_blocks_is_marked(tmp_path: Path) -> None:
    """Flows of mitmproxy end anywhere: what follows a complete one is missed by nobody."""
    path = next(path for path in sorted(CAPTURES.iterdir()) if path.name.endswith(".mitm"))
    flows = path.read_bytes()
    packer = zstandard.ZstdCompressor().compressobj()
    packed = packer.compress(flows) + packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    [first, second] = ways(packed, tmp_path / "a.mitm.zst")
    assert len(first.traces) == len(read(path).traces) and first.traces == second.traces
    assert "cut-off" in limits(first)


def test_frames_of_zstd_are_one_document(tmp_path: Path) -> None:
    skippable = b"\x50\x2a\x4d\x18\x05\0\0\0hello"
    data = har(MANY)
    for capture in ways(compressed(data[:900]) + skippable + compressed(data[900:]), tmp_path / "a.bin"):
        assert (len(capture.traces), limits(capture)) == (MANY, {})


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("flags", range(32))
def test_every_header_of_gzip_is_passed(flags: int, tmp_path: Path) -> None:
    fields = {4: b"\x05\0hello", 8: b"n" * 70_000 + b"\0", 16: b"a comment\0", 2: b"\x12\x34"}
    header = b"\x1f\x8b\x08" + bytes([flags]) + bytes(6) + b"".join(it for flag, it in fields.items() if flags & flag)
    for capture in ways(header + gzip.compress(har(FEW), mtime=0)[10:], tmp_path / "a.bin"):
        assert (len(capture.traces), limits(capture)) == (FEW, {})


@pytest.mark.parametrize("end", range(1, 18))
def test_a_header_that_is_cut_off_is_an_error(end: int) -> None:
    header = b"\x1f\x8b\x08\x1c" + bytes(6) + b"\x03\0abcname\0comment\0"
    with pytest.raises(CaptureError, match=r"damaged gzip data \(it ends early\)"):
        read(io.BytesIO(header[: 4 + end]), "a")


def test_standard_input_is_read_to_its_end() -> None:
    packed = with_wrong(gzip.compress(har(MANY)), -8)
    done = run("analyze", "-", "--format", "json", stdin=packed)
    [capture] = json.loads(done.stdout)["captures"]
    assert len(capture["sessions"]) == MANY
    assert "damaged" in {caveat["id"] for caveat in capture["caveats"]}


def test_a_log_that_ends_early_is_marked_where_its_checksum_is_wrong() -> None:
    """That it ends early hides nothing of what happened before; that it is damaged may."""
    path = CAPTURES / "netlog-everything-16-server-close.netlog.json.gz"
    log = gzip.decompress(path.read_bytes())[:-400]
    assert limits(read(io.BytesIO(gzip.compress(log)))) == {}
    assert list(limits(read(io.BytesIO(with_wrong(gzip.compress(log), -8))))) == ["damaged"]


def test_a_log_is_cut_off_where_what_packed_it_is() -> None:
    path = CAPTURES / "netlog-everything-16-server-close.netlog.json.gz"
    packed = gzip.compress(gzip.decompress(path.read_bytes()))
    assert list(limits(read(io.BytesIO(packed[: len(packed) // 2])))) == ["cut-off"]


def test_a_file_of_a_zip_that_holds_several_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.har", har(FEW))
        archive.writestr("b.har", har(MANY))
    path.write_bytes(with_other_checksum(path.read_bytes(), har(MANY)))
    assert (len(read(f"{path}/a.har").traces), limits(read(f"{path}/a.har"))) == (FEW, {})
    damaged = read(f"{path}/b.har")
    assert (len(damaged.traces), list(limits(damaged))) == (MANY, ["damaged"])


def test_gzip_in_a_zip_says_what_of_both_is_wrong(tmp_path: Path) -> None:
    packed = gzip.compress(har(MANY))[:-1]
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.har.gz", packed)
        archive.writestr("b.har", har(FEW))
    path.write_bytes(with_other_checksum(path.read_bytes(), packed))
    capture = read(f"{path}/a.har.gz")
    assert (len(capture.traces), sorted(limits(capture))) == (MANY, ["cut-off", "damaged"])


def test_an_extract_of_a_damaged_capture_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.har.gz"
    path.write_bytes(with_wrong(gzip.compress((CAPTURES / "chrome-S2-overuse.har").read_bytes()), -8))
    small = read(io.BytesIO(extract(str(path)).data))
    assert "damaged" in limits(small)


TRACE = next(path for path in sorted(CAPTURES.iterdir()) if path.name.endswith(".trace.zip"))


def with_damage(path: Path, ending: str, damage: Callable[[bytes], bytes]) -> bytes:
    """Copy a zip; what `damage` returns takes the place of the packed bytes of the file whose name ends so."""
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        info = next(info for info in archive.infolist() if info.filename.endswith(ending))
    lengths = struct.unpack_from("<HH", whole, info.header_offset + 26)  # of its name, and of what follows that
    start = info.header_offset + 30 + sum(lengths)
    end = start + info.compress_size
    damaged = damage(whole[start:end])
    assert len(damaged) == end - start and damaged != whole[start:end]
    return whole[:start] + damaged + whole[end:]


def test_a_trace_whose_checksum_is_wrong_loses_nothing_and_is_marked(tmp_path: Path) -> None:
    with zipfile.ZipFile(TRACE) as archive:
        [info] = [info for info in archive.infolist() if info.filename == "trace.network"]
    check = struct.pack("<I", info.CRC)
    path = tmp_path / "trace.zip"
    path.write_bytes(TRACE.read_bytes().replace(check, b"oops"))
    damaged, whole = read(path), read(TRACE)
    assert (damaged.traces, damaged.pages) == (whole.traces, whole.pages)
    assert (list(limits(damaged)), limits(whole)) == (["damaged"], {})


def test_a_trace_is_read_up_to_what_cannot_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "trace.zip"
    path.write_bytes(with_damage(TRACE, "trace.network", lambda packed: packed[:-200] + b"\xff" * 200))
    damaged = read(path)
    assert 0 < damaged.files[0].records < read(TRACE).files[0].records
    assert limits(damaged)

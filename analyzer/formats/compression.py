"""Unpack gzip, zstd and the files of a zip as they come in, and note what is damaged: all that can be unpacked is read.

A checksum stands behind the data, and is compared when all of that has been passed on.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from analyzer.formats import archive
from analyzer.formats.json_stream.window import Bytes
from analyzer.installation import install_hint
from analyzer.model import CaptureError, Caveat, CaveatKind

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

# What unpacks to BOMB_FROM bytes and BOMB_RATIO times its size is a bomb. Text packs to a fifth, at best a hundredth.
BOMB_FROM, BOMB_RATIO = 256 << 20, 400
BLOCK = 1 << 16  # bytes read in one step
# Bytes unpacked in one step: what they hold is lost where one of them is damaged, and four may stand for 128 KiB. So a
# step is a small part of what came before it; with 1 KiB always, 500 MB would take half as long again.
PIECE, LARGEST_PIECE, PART = 1 << 10, 1 << 14, 32
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
EXTRA, NAME, COMMENT, HEADER_CHECK = 4, 8, 16, 2  # flags of a gzip header (RFC 1952): what follows it
FRAME_CHECK = 4  # bytes of the checksum behind the data of a zstd frame
TRAILER = 8  # bytes behind the data of a gzip member: its CRC-32 and its length

Progress: TypeAlias = Callable[[int], None]  # called with the number of bytes that have passed since the last call


class Prefixed:
    """The bytes that were looked at before, then the rest of the stream."""

    def __init__(self, head: bytes, stream: Bytes) -> None:
        self.head = memoryview(head)
        self.stream = stream

    def readinto(self, buffer: memoryview) -> int:
        if self.head:
            count = min(len(self.head), len(buffer))
            buffer[:count] = self.head[:count]
            self.head = self.head[count:]
            return count
        return self.stream.readinto(buffer) or 0

    def read(self, size: int = -1) -> bytes:
        block = bytearray(1 << 16 if size < 0 else size)
        with memoryview(block) as view:
            count = self.readinto(view)
        return bytes(block[:count])


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Packed:
    """Packed bytes, taken from a stream piece by piece. `kind`: how they are packed. `count`: how many were taken.

    `damages`: what is wrong with them, as limits of the capture.
    """

    def __init__(self, stream: Readable, kind: str) -> None:
        self.stream = stream
        self.kind = kind
        self.count = 0
        self.damages: list[Caveat] = []
        self._block, self._at = b"", 0  # bytes of the stream, and how many of them were taken

    def piece(self, most: int = 0) -> bytes:
        """Take the next bytes, up to `most`, or as many as one step unpacks; none at the end."""
        most = most or max(PIECE, min(self.count // PART, LARGEST_PIECE))
        if self._at == len(self._block):
            self._block, self._at = self.stream.read(BLOCK), 0
        piece = self._block[self._at : self._at + most]
        self._at += len(piece)
        self.count += len(piece)
        return piece

    def block(self) -> bytes:
        """Take many bytes; none at the end."""
        return self.piece(BLOCK)

    def take(self, count: int) -> bytes:
        """Take exactly `count` bytes. Raises EOFError where fewer are left."""
        data = b""
        while len(data) < count:
            piece = self.piece(count - len(data))
            if not piece:
                raise EOFError("it ends early")
            data += piece
        return data

    def give_back(self, data: bytes) -> None:
        """Put back the bytes that were taken last."""
        self.count -= len(data)
        if len(data) > self._at:  # some of them are of the block before
            self._block, self._at = data + self._block[self._at :], len(data)
        self._at -= len(data)

    def pass_name(self) -> None:
        """Pass a text and the NUL that ends it. Raises EOFError."""
        end = -1
        while end < 0:
            piece = self.piece() or self.take(1)
            end = piece.find(b"\0")
        self.give_back(piece[end + 1 :])

    def pass_padding(self) -> bool:
        """Pass NULs; False where nothing follows them."""
        while piece := self.piece():
            if piece != bytes(len(piece)):  # faster than stripping them
                self.give_back(piece.lstrip(b"\0"))
                return True
        return False

    def compare(self, check: bytes, stated: bytes) -> None:
        """Note where the data has another checksum or length than is stated with it."""
        if check != stated:
            problem = f"The checksum of its {self.kind} data is wrong: any part of it is possibly damaged."
            self.damages.append(CaveatKind.DAMAGED.caveat(problem))

    def end_early(self, error: Exception) -> None:
        """Note that the data ends here, although it is not complete."""
        place = f"at byte {self.count:,}"
        if isinstance(error, EOFError):
            cut = f"Its {self.kind} data is cut off {place}, so parts of it are possibly missing."
            self.damages.append(CaveatKind.CUT_OFF.caveat(cut))
        else:
            problem = f"Its {self.kind} data is damaged {place}, or before it ({error}): what follows was not read."
            self.damages.append(CaveatKind.DAMAGED.caveat(problem))

    def leave(self) -> None:
        """Note that the rest is something else."""
        problem = f"Extra data follows its {self.kind} data at byte {self.count:,}; it was not read."
        self.damages.append(CaveatKind.TRAILING_DATA.caveat(problem))


def decompress(head: bytes, stream: Prefixed, source: str, packed: int) -> Bytes:
    """Decompress a stream that begins with these bytes; one that is not compressed stays as it is. `packed`: the bytes
    that it takes up where it is in a zip."""
    if head.startswith(GZIP):
        members = Packed(stream, "gzip")
        return Guarded(_gunzip(members), members, source, packed)
    if head.startswith(ZSTD):
        try:
            import zstandard
        except ImportError:
            raise CaptureError(
                source, "", f"zstandard data: decompress it first, or install its reader: {install_hint('fast')}"
            ) from None
        frames = Packed(stream, "zstd")
        return Guarded(_unpack_frames(frames, zstandard.ZstdDecompressor()), frames, source, packed)
    return stream


def open_member(whole: ZipFile, info: ZipInfo, source: str, packed: int, progress: Progress | None = None) -> Guarded:
    """Open one file of a zip. `packed`: the bytes that the zip takes up. Raises what `zipfile` raises."""
    from zipfile import ZIP_DEFLATED, ZIP_STORED

    if info.compress_type not in (ZIP_DEFLATED, ZIP_STORED):
        member = Packed(whole.open(info), "zip")
        return Guarded(iter(member.block, b""), member, source, min(info.compress_size, packed), progress)
    stored = copy(info)  # its packed bytes; `zipfile` loses what it has unpacked when it comes upon damage
    stored.compress_type, stored.file_size = ZIP_STORED, info.compress_size
    del stored.CRC  # of what is unpacked
    member = Packed(cast(Readable, whole.open(stored)), "zip")
    is_deflated = info.compress_type == ZIP_DEFLATED
    return Guarded(_unzip(member, info, is_deflated), member, source, min(info.compress_size, packed), progress)


def _unzip(packed: Packed, info: ZipInfo, is_deflated: bool) -> Iterator[bytes]:
    """Unpack a file of a zip, and compare its checksum."""
    library = _deflate()
    data = _inflate(packed, library) if is_deflated else iter(packed.block, b"")
    check = yield from _sum(data, library)
    packed.compare(check, _trailer(info.CRC, info.file_size))


def _gunzip(packed: Packed) -> Iterator[bytes]:
    """Unpack the members of a gzip file (RFC 1952), and compare their checksums. Raises EOFError, and what the
    decompressor raises."""
    library = _deflate()
    while packed.pass_padding():
        if not _pass_header(packed):
            packed.leave()
            return
        check = yield from _sum(_inflate(packed, library), library)
        packed.compare(check, packed.take(TRAILER))


def _pass_header(packed: Packed) -> bool:
    """Pass the header of a gzip member; False where something else is there. Raises EOFError, ValueError."""
    start = packed.piece(1) + packed.piece(1)
    if not GZIP.startswith(start):
        packed.give_back(start)
        return False
    method, flags = packed.take(8)[:2]
    if method != zlib.DEFLATED:
        raise ValueError("unknown compression method")
    if flags & EXTRA:
        packed.take(int.from_bytes(packed.take(2), "little"))
    if flags & NAME:
        packed.pass_name()
    if flags & COMMENT:
        packed.pass_name()
    if flags & HEADER_CHECK:
        packed.take(2)
    return True


def _inflate(packed: Packed, library: Any) -> Iterator[bytes]:
    """Unpack data without header and trailer (RFC 1951). Raises EOFError, and what the decompressor raises."""
    data = library.decompressobj(-zlib.MAX_WBITS)
    while not data.eof:
        piece = packed.piece()
        unpacked: bytes = data.decompress(piece)
        if unpacked:
            yield unpacked
        elif not piece:
            raise EOFError("it ends early")
    packed.give_back(data.unused_data)


def _sum(pieces: Iterator[bytes], library: Any) -> Generator[bytes, None, bytes]:
    """Pass the pieces on; return their checksum and length."""
    check = size = 0
    for piece in pieces:
        check = library.crc32(piece, check)
        size += len(piece)
        yield piece
    return _trailer(check, size)


def _trailer(check: int, size: int) -> bytes:
    """Write a checksum and a length as gzip does."""
    return check.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


def _deflate() -> Any:
    """Choose what unpacks deflated data."""
    try:
        from isal import isal_zlib  # twice as fast; the extra `fast`
    except ImportError:
        return zlib
    return isal_zlib


def _unpack_frames(packed: Packed, library: Any) -> Iterator[bytes]:
    """Unpack the frames of a zstd file (RFC 8878). Raises EOFError, and what the decompressor raises.

    The last bytes are unpacked by themselves: they are a checksum, and a wrong one loses what is unpacked in one step
    with it.
    """
    frame, ahead = None, b""
    while True:
        more = packed.piece()
        piece = ahead + more
        end = max(0, len(piece) - FRAME_CHECK) if more else len(piece)
        piece, ahead = piece[:end], piece[end:]
        while piece:
            frame = frame or library.decompressobj()
            if data := frame.decompress(piece):
                yield data
            piece = frame.unused_data
            frame = None if frame.eof else frame
        if not more:
            break
    if frame is not None:
        raise EOFError("it ends early")


class Guarded:
    """Unpacked data as a stream: what is damaged ends it, and is noted in `damages`. Refuses bombs.

    `most`: the bytes that it takes up where it is packed once more.
    """

    def __init__(
        self, pieces: Iterator[bytes], packed: Packed, source: str, most: int, progress: Progress | None = None
    ) -> None:
        self.pieces = pieces
        self.packed = packed
        self.source = source
        self.most = most
        self.progress = progress
        self.count = 0
        self._ready = memoryview(b"")

    @property
    def damages(self) -> list[Caveat]:
        return self.packed.damages

    def readinto(self, buffer: memoryview) -> int:
        count, size = 0, len(buffer)
        while count < size and (self._ready or self._unpack()):
            part = self._ready[: size - count]
            self._ready = self._ready[len(part) :]
            buffer[count : count + len(part)] = part
            count += len(part)
        if self.progress is not None:
            self.progress(count)
        return count

    def _unpack(self) -> bool:
        """Unpack the next piece; False at the end."""
        try:
            piece = next(self.pieces, b"")
        except _damage() as error:
            self.packed.end_early(error)
            if not self.count:
                raise CaptureError(self.source, "", f"damaged {self.packed.kind} data ({error})") from None
            return False
        self._ready = memoryview(piece)
        self.count += len(piece)
        if self.count > BOMB_FROM and self.count > BOMB_RATIO * min(self.packed.count, self.most):
            kind = self.packed.kind
            problem = f"{kind} data that unpacks to more than {BOMB_RATIO} times its size: decompress it first"
            raise CaptureError(self.source, "", problem)
        return bool(piece)

    def read(self, size: int = -1) -> bytes:
        block = bytearray(1 << 16 if size < 0 else size)
        with memoryview(block) as view:
            count = self.readinto(view)
        return bytes(block[:count])


def _damage() -> tuple[type[Exception], ...]:
    """List what the decompressors raise for data that is damaged or ends early."""
    errors = archive.list_errors(OSError)
    with suppress(ImportError):
        import zstandard

        errors += (zstandard.ZstdError,)
    with suppress(ImportError):
        from isal import igzip_lib

        errors += (cast(type[Exception], igzip_lib.IsalError),)  # its stub calls it an instance
    return errors

"""Decompress gzip and zstd as they come in, keep what precedes damage, and refuse bombs."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias, cast

from analyzer.formats import archive
from analyzer.formats.json_stream.window import Bytes
from analyzer.installation import install_hint
from analyzer.model import CaptureError

# What unpacks to BOMB_FROM bytes and BOMB_RATIO times its size is a bomb. Text packs to a fifth, at best a hundredth.
BOMB_FROM, BOMB_RATIO = 256 << 20, 400
GZIP_BITS = 16 + zlib.MAX_WBITS  # a gzip header and trailer around it
PACKED, UNPACKED = 1 << 16, 1 << 17  # bytes read and decompressed in one step: at most these are lost before damage
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"

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


def decompress(head: bytes, stream: Prefixed, source: str, packed: Callable[[], int]) -> Bytes:
    """Decompress a stream that begins with these bytes; one that is not compressed stays as it is."""
    if head.startswith(GZIP):
        return Guarded(Gunzip(stream), source, "gzip", packed)
    if head.startswith(ZSTD):
        try:
            import zstandard
        except ImportError:
            raise CaptureError(
                source, "", f"zstandard data: decompress it first, or install its reader: {install_hint('fast')}"
            ) from None
        unpacked = zstandard.ZstdDecompressor().stream_reader(cast(Any, _Raw(stream)), read_across_frames=True)
        return Guarded(unpacked, source, "zstd", packed)
    return stream


class Gunzip:
    """The members of a gzip file (RFC 1952). `gzip.GzipFile` loses what it has unpacked when it comes upon damage."""

    def __init__(self, stream: Prefixed) -> None:
        self.stream = stream
        self.packed = b""  # came in, and is still to be unpacked
        try:
            from isal import isal_zlib  # twice as fast; the extra `fast`

            self.start: Callable[[], Any] = lambda: isal_zlib.decompressobj(GZIP_BITS)
        except ImportError:
            self.start = lambda: zlib.decompressobj(GZIP_BITS)
        self.member = self.start()

    def read1(self, size: int) -> bytes:
        """Return at most `size` bytes; none at the end. Raises EOFError, and what the decompressor raises."""
        while True:
            if self.member.eof:
                self.packed = (self.member.unused_data or self.stream.read(PACKED)).lstrip(b"\0")  # padding
                if not self.packed:
                    return b""
                self.member = self.start()
            self.packed = self.packed or self.stream.read(PACKED)
            if not self.packed:
                raise EOFError("it ends early")
            data: bytes = self.member.decompress(self.packed, min(size, UNPACKED))
            self.packed = self.member.unconsumed_tail
            if data:
                return data


class _Raw(io.RawIOBase):
    """What decompressors ask for: a file object."""

    def __init__(self, stream: Prefixed) -> None:
        self.stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        with memoryview(buffer) as view:
            return self.stream.readinto(view)


class Guarded:
    """A decompressor whose data ends early, or is damaged, ends the document there: it is then cut off, by `damage`.

    `packed`: how many bytes it took in so far.
    """

    def __init__(
        self, stream: Any, source: str, kind: str, packed: Callable[[], int], progress: Progress | None = None
    ) -> None:
        self.stream = stream
        self.source = source
        self.kind = kind
        self.packed = packed
        self.progress = progress
        self.count = 0
        self.damage = ""

    def readinto(self, buffer: memoryview) -> int:
        count = 0
        try:  # piece by piece: what comes before damage is not lost
            while count < len(buffer) and not self.damage and (data := self.stream.read1(len(buffer) - count)):
                buffer[count : count + len(data)] = data
                count += len(data)
        except _damage() as error:
            self.damage = f"{self.kind} data is damaged or cut off ({error})"
            if not self.count + count:
                raise CaptureError(self.source, "", f"damaged {self.kind} data ({error})") from None
        self.count += count
        if self.count > BOMB_FROM and self.count > BOMB_RATIO * self.packed():
            problem = f"{self.kind} data that unpacks to more than {BOMB_RATIO} times its size: decompress it first"
            raise CaptureError(self.source, "", problem)
        if self.progress is not None:
            self.progress(count)
        return count

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

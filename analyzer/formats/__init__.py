"""Read captures by content, whatever their name: plain, `.gz`, `.zst`, in a zip, or from standard input."""

from __future__ import annotations

import io
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

import msgspec

from analyzer.formats import archive
from analyzer.formats.foreign import FROM_DEVTOOLS, is_har, recognized_zip
from analyzer.formats.har import reader
from analyzer.formats.har.entry import Attachment
from analyzer.formats.json_stream.window import Bytes
from analyzer.installation import install_hint
from analyzer.model import Capture, CaptureError, CaveatKind, bare, plural

if TYPE_CHECKING:
    from zipfile import ZipFile

# A larger file is read faster than it is hashed; its `sha256` is null.
HASHED_UP_TO = 32 << 20
LARGEST_SIDE_FILE = 64 << 20
# What unpacks to so much, and to so many times its size, is a bomb: text packs to a fifth, or a hundredth at best.
BOMB_FROM, BOMB_RATIO = 256 << 20, 400
SPOOLED_FROM = 16 << 20  # bytes of a zip that comes through a pipe
GZIP_BITS = 16 + zlib.MAX_WBITS  # a gzip header and trailer around it
PACKED, UNPACKED = 1 << 16, 1 << 17  # bytes that go in, and come out at once: so many are lost before damage
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
SNIFFED = 1 << 16  # bytes that tell whether a file is a HAR

ENCRYPTED = "a zip that is encrypted, or packed in an unknown way: unpack it first"
NO_HAR_IN_ZIP = f"a zip without a HAR: {FROM_DEVTOOLS}, or pack the HAR into it"
DAMAGED_ZIP = "a zip that is damaged or cut off: copy or download it again"

Progress: TypeAlias = Callable[[int], None]  # so many more bytes of the file are done


class _Measured:
    """A stream that counts the bytes that pass, and hashes them while they are few. `size` 0: not known."""

    def __init__(self, stream: IO[bytes], size: int, progress: Progress | None) -> None:
        self.stream = stream
        self.size = size
        self.count = 0
        self.progress = progress
        self._hash: Any = None
        if size <= HASHED_UP_TO:
            import hashlib  # it costs more than the rest of this module

            self._hash = hashlib.sha256()

    def readinto(self, buffer: memoryview) -> int:
        count = cast(Any, self.stream).readinto(buffer) or 0
        self._take(buffer[:count])
        return count

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self._take(data)
        return data

    def _take(self, data: bytes | memoryview) -> None:
        self.count += len(data)
        if self._hash is not None:
            if self.count > HASHED_UP_TO:
                self._hash = None
            else:
                self._hash.update(data)
        if self.progress is not None:
            self.progress(len(data))

    def digest(self) -> str | None:
        return None if self._hash is None else str(self._hash.hexdigest())

    def damage(self) -> str:
        """Say what ended the stream early, where it comes out of a zip."""
        return self.stream.damage if isinstance(self.stream, _Guarded) else ""

    def drain(self) -> None:
        """Pass what a reader left unread (it may stop at the document's end)."""
        if self._hash is None and self.size:
            self.count = self.size
        self.progress = None
        while self.read(1 << 20):
            pass

    def finish(self) -> str | None:
        """Hash what a reader left unread as well, unless there is too much of it."""
        with memoryview(bytearray(UNPACKED)) as view:
            while self._hash is not None and self.readinto(view):
                pass
        return self.digest()


class _Prefixed:
    """The bytes already looked at, then the rest of the stream."""

    def __init__(self, head: bytes, stream: Bytes) -> None:
        self.head = head
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


class SeveralCaptures(CaptureError):  # noqa: N818 - a kind of zip
    """A zip that cannot be read as one capture, because it holds several."""


def _check(path: object, named: bool) -> None:
    """Refuse what is neither the path of a file nor a binary stream, and quote none of it.

    `named`: somebody listed the file, so it is none by mistake.
    """
    if isinstance(path, io.TextIOBase):
        raise TypeError("read takes a file opened in binary mode ('rb'): analyzer.load takes text files as well")
    if named:
        return
    if isinstance(path, str) and _is_like_text(path) and not os.path.lexists(path) and archive.split(path) is None:
        raise CaptureError("text", "", "read takes a path, not the text of a capture: analyzer.load takes both")
    if not isinstance(path, str | os.PathLike) and not hasattr(path, "read"):
        kind = type(path).__name__
        raise TypeError(f"read takes a path or a binary file, not {kind}: analyzer.load takes the content as well")
    if isinstance(path, str | os.PathLike) and os.path.isdir(path):
        raise CaptureError(os.fspath(path), "", "this is a folder: analyzer.load reads all captures in it")


def _is_like_text(path: str) -> bool:
    return path.lstrip("\ufeff \t\r\n").startswith("{") or "\n" in path


@bare
def read(
    path: str | os.PathLike[str] | IO[bytes], source: str | None = None, progress: Progress | None = None
) -> Capture:
    """Read one capture: a path, or a binary stream. Raises CaptureError where it cannot be read.

    `source`: its name in outputs, in place of the path. `progress` is called as bytes of the file pass, every few
    hundred kilobytes. Raises TypeError for what is neither a path nor a binary stream; `load` takes more kinds.
    """
    _check(path, source is not None)
    with opened(path, source, progress) as (stream, name, beside, measured):
        unpacked = None if isinstance(stream, _Prefixed) else _Measured(cast(IO[bytes], stream), 0, None)
        capture = reader.read(unpacked or stream, name, beside, measured.size)
        damage = stream.damage if isinstance(stream, _Guarded) else ""
        content = None if unpacked is None else unpacked.finish()
        measured.drain()
    caveats = capture.caveats
    damage = damage or measured.damage()
    if damage and "cut-off" not in {it.id for it in caveats}:
        caveats = (*caveats, CaveatKind.CUT_OFF.caveat(f"Its {damage}, so parts of it are possibly missing."))
    digest = measured.digest()
    return msgspec.structs.replace(
        capture,
        sha256=digest,
        bytes=measured.count,
        caveats=caveats,
        content_sha256=digest if unpacked is None else content,
    )


@contextmanager
def opened(
    path: str | os.PathLike[str] | IO[bytes], source: str | None = None, progress: Progress | None = None
) -> Iterator[tuple[Bytes, str, Attachment, _Measured]]:
    """The document in a capture, decompressed; its name; its side files; what passed. Raises CaptureError."""
    with ExitStack() as stack:
        if isinstance(path, str | os.PathLike):
            source = source or os.fspath(path)
            stored = _stored(os.fspath(path), source, stack)
        else:
            source = source or "-"
            stored = _Stored(path, 0, lambda name: None)
        measured = _Measured(stored.stream, stored.size, progress)
        try:
            head = b""
            while len(head) < 4 and (more := measured.read(4 - len(head))):  # a pipe may bring less than is asked for
                head += more
            stream = _Prefixed(head, measured)
            beside = stored.beside
            if head.startswith(archive.MAGIC):
                if isinstance(path, str | os.PathLike) and os.path.isfile(path):
                    file: IO[bytes] = stack.enter_context(open(path, "rb"))
                    told, measured.progress = progress, None
                else:
                    file, told = stack.enter_context(_spooled(stream)), None
                document, beside = stack.enter_context(_unzipped(file, source, told, stored.packed))
            else:
                document = _decompressed(head, stream, source, lambda: min(measured.count, stored.packed))
            yield document, source, beside, measured
        except OSError as error:
            raise CaptureError(source, "", error.strerror or str(error) or "cannot be read") from None


class _Stored(NamedTuple):
    """A capture as it is stored: its bytes, how many they are (0: not known), and its side files. `packed`: how many
    bytes of a zip it takes up."""

    stream: IO[bytes]
    size: int
    beside: Attachment
    packed: int = sys.maxsize


def _stored(path: str, source: str, stack: ExitStack) -> _Stored:
    """Open a file, or a capture in a zip (`archive.join`). Raises CaptureError."""
    try:
        raw = stack.enter_context(open(path, "rb", buffering=0))  # noqa: SIM115 - the stack closes it
        return _Stored(raw, os.fstat(raw.fileno()).st_size, lambda name: _beside(os.path.dirname(path), name))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        place = archive.split(path) if isinstance(error, OSError) else None
        if place is not None:
            return _member(*place, source, stack)
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        problem = "no such file" if missing else getattr(error, "strerror", None) or "cannot be read"
        raise CaptureError(source, "", problem) from None


def _member(path: str, name: str, source: str, stack: ExitStack) -> _Stored:
    """Open a capture in a zip. Raises CaptureError."""
    try:
        whole = archive.open_archive(path)
        info = archive.find_member(whole, name)
        unpacked = stack.enter_context(whole.open(info))
    except KeyError:
        raise CaptureError(source, "", "no such file in this zip") from None
    except RuntimeError:
        raise CaptureError(source, "", ENCRYPTED) from None
    except archive.list_errors(OSError) as error:
        raise CaptureError(source, "", getattr(error, "strerror", None) or DAMAGED_ZIP) from None
    guarded = _Guarded(unpacked, source, "zip", lambda: info.compress_size)
    return _Stored(cast(IO[bytes], guarded), info.file_size, _siblings(whole, info.filename), info.compress_size)


def _siblings(whole: ZipFile, name: str) -> Attachment:
    """Read the side files of a capture in a zip, which are in its folder there."""

    def read(other: str) -> bytes | None:
        try:
            with whole.open(str(PurePosixPath(name).parent / other)) as inside:
                return inside.read(LARGEST_SIDE_FILE)
        except archive.list_errors(KeyError, OSError):
            return None

    return read


def hash_file(path: str) -> str | None:
    """Hash a file, or a capture in a zip, as it is stored; None where it cannot be read."""
    import hashlib

    found = hashlib.sha256()
    try:
        with ExitStack() as stack:
            stream = _stored(path, path, stack).stream
            while block := stream.read(1 << 18):
                found.update(block)
    except (CaptureError, OSError):
        return None
    return found.hexdigest()


def is_capture(path: str) -> bool:
    """Is this a HAR by its first bytes, whatever its name? So is a file in a zip; a zip itself is not.

    A zip in a zip that holds several captures counts, so that somebody learns that these are not read.
    """
    if archive.is_zip(path):
        return False
    head = bytearray(SNIFFED)
    count = 0
    try:
        with opened(path) as (document, *_), memoryview(head) as view:
            while count < SNIFFED and (more := document.readinto(view[count:])):
                count += more
    except SeveralCaptures:
        return True
    except CaptureError:
        return False
    return is_har(bytes(head[:count]))


def _decompressed(head: bytes, stream: _Prefixed, source: str, packed: Callable[[], int]) -> Bytes:
    if head.startswith(GZIP):
        return _Guarded(_Gunzip(stream), source, "gzip", packed)
    if head.startswith(ZSTD):
        try:
            import zstandard
        except ImportError:
            raise CaptureError(
                source, "", f"zstandard data: decompress it first, or install its reader: {install_hint('fast')}"
            ) from None
        unpacked = zstandard.ZstdDecompressor().stream_reader(cast(Any, _Raw(stream)), read_across_frames=True)
        return _Guarded(unpacked, source, "zstd", packed)
    return stream


class _Gunzip:
    """The members of a gzip file (RFC 1952). `gzip.GzipFile` loses what it has unpacked when it comes upon damage."""

    def __init__(self, stream: _Prefixed) -> None:
        self.stream = stream
        self.packed = b""  # came in, and is still to be unpacked
        try:
            from isal import isal_zlib  # twice as fast; the extra `fast`

            self.start: Callable[[], Any] = lambda: isal_zlib.decompressobj(GZIP_BITS)
        except ImportError:
            self.start = lambda: zlib.decompressobj(GZIP_BITS)
        self.member = self.start()

    def read1(self, size: int) -> bytes:
        """Some bytes, at most so many; none at the end. Raises EOFError, and what the decompressor raises."""
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

    def __init__(self, stream: _Prefixed) -> None:
        self.stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        with memoryview(buffer) as view:
            return self.stream.readinto(view)


class _Guarded:
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
    """What the decompressors raise for data that is damaged or ends early."""
    found = archive.list_errors(OSError)
    with suppress(ImportError):
        import zstandard

        found += (zstandard.ZstdError,)
    with suppress(ImportError):
        from isal import igzip_lib

        found += (cast(type[Exception], igzip_lib.IsalError),)  # its stub calls it an instance
    return found


def _spooled(stream: _Prefixed) -> IO[bytes]:
    """What comes through a pipe, as a file: a zip's index is at its end."""
    import tempfile

    file = cast(IO[bytes], tempfile.SpooledTemporaryFile(SPOOLED_FROM))  # noqa: SIM115 - the caller closes it
    while block := stream.read(1 << 18):
        file.write(block)
    file.seek(0)
    return file


@contextmanager
def _unzipped(
    file: IO[bytes], source: str, progress: Progress | None, packed: int
) -> Iterator[tuple[Bytes, Attachment]]:
    """Read the only HAR of a zip, and its side files: Playwright's `.har.zip` has both. `packed`: the bytes that the
    zip takes up where it is in another zip."""
    from zipfile import ZipFile

    try:
        whole = ZipFile(file)
        members = archive.list_members(whole)
        names = [name for name in members if name.lower().endswith(archive.SUFFIXES)]
        if len(names) != 1 or not names[0].lower().endswith(".har"):
            if names:
                raise SeveralCaptures(source, "", _not_one(source, names))
            raise CaptureError(source, "", recognized_zip(members) or NO_HAR_IN_ZIP)
        info = archive.find_member(whole, names[0])
        document = whole.open(info)
    except RuntimeError:
        raise CaptureError(source, "", ENCRYPTED) from None
    except archive.list_errors():
        raise CaptureError(source, "", DAMAGED_ZIP) from None  # what `zipfile` says may quote names in it

    with whole, document:
        share = info.compress_size / max(1, info.file_size)  # of the file, in what is unpacked
        told = None if progress is None else lambda count: progress(round(count * share))
        small = min(info.compress_size, packed)
        yield _Guarded(document, source, "zip", lambda: small, told), _siblings(whole, info.filename)


def _not_one(source: str, names: list[str]) -> str:
    """What to do with a zip of several captures that cannot be read one by one, or was named as if it were one."""
    holds = f"a zip with {plural(len(names), 'capture')}"
    if os.path.isfile(source):
        return f"{holds}: name one of them, as in {archive.join(source, names[0])}"
    way = "unpack the zip around it" if archive.split(source) is not None else "save it as a file, and name that"
    return f"{holds}: {way}"


def _beside(folder: str, name: str) -> bytes | None:
    """A side file of the capture, in its own folder and nowhere else: the name comes from the file."""
    if not name or name != os.path.basename(name) or name in (".", "..") or "\\" in name or "\0" in name:
        return None
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return file.read(LARGEST_SIDE_FILE)
    except OSError:
        return None

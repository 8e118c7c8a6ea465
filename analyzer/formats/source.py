"""Open the bytes of a capture: a file, a pipe, gzip, zstd, a zip; with its side files, its size and its hash."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from analyzer.formats import archive, compression
from analyzer.formats.compression import BLOCK, Guarded, Prefixed, Progress, decompress
from analyzer.formats.foreign import UNREAD, recognize_zip
from analyzer.formats.json_stream.window import Bytes
from analyzer.formats.registry import NAMES, is_named
from analyzer.formats.trace_zip import find_networks, open_member, open_trace
from analyzer.hashing import sha256
from analyzer.model import CaptureError, Caveat, plural

if TYPE_CHECKING:
    from zipfile import ZipFile

# A larger file is read faster than it is hashed; its `sha256` is null.
HASHED_UP_TO = 32 << 20
LARGEST_SIDE_FILE = 64 << 20
SPOOLED_FROM = 16 << 20  # bytes of a zip that comes through a pipe
MOST_ADDRESSES = 1 << 16  # of entries that are counted as there; with more, any may be
MAGIC = 4  # bytes that show how a file is packed

ENCRYPTED = "a zip that is encrypted, or packed in an unknown way: unpack it first"
NO_CAPTURE_IN_ZIP = f"a zip without {UNREAD}: pack the capture itself into it"
DAMAGED_ZIP = "a zip that is damaged or cut off: copy or download it again"

Attachment: TypeAlias = Callable[[str], bytes | None]  # the bytes of a side file, by its name; None where there is none


class Measured:
    """A stream that counts the bytes that pass, and hashes them while they are few. `size` 0: not known."""

    def __init__(self, stream: IO[bytes], size: int, progress: Progress | None, hashes: bool = True) -> None:
        self.stream = stream
        self.size = size
        self.count = 0
        self.progress = progress
        self._hash: Any = None
        if hashes and size <= HASHED_UP_TO:
            self._hash = sha256(size)

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

    @property
    def damages(self) -> list[Caveat]:
        """What is wrong with the stream, where it comes out of a zip."""
        return self.stream.damages if isinstance(self.stream, Guarded) else []

    def drain(self) -> None:
        """Pass what a reader left unread (it may stop at the document's end)."""
        if self._hash is None and self.size:
            self.count = self.size
        self.progress = None
        while self.read(1 << 20):
            pass

    def finish(self) -> str | None:
        """Hash what a reader left unread as well, unless there is too much of it."""
        with memoryview(bytearray(BLOCK)) as view:
            while self._hash is not None and self.readinto(view):
                pass
        return self.digest()


class SeveralCaptures(CaptureError):  # noqa: N818 - a kind of zip
    """A zip that cannot be read as one capture, because it holds several."""


def no_side_file(name: str) -> bytes | None:
    """Stand for the side files of a capture that has none."""


class Addresses:
    """The addresses of a capture, as hashes: `may_have` is never wrong where it says that one is not there."""

    def __init__(self) -> None:
        self._hashes: set[int] = set()

    def add(self, address: str) -> None:
        if len(self._hashes) < MOST_ADDRESSES:
            self._hashes.add(hash(address))

    def may_have(self, addresses: Iterable[str]) -> bool:
        """May one of these be there?"""
        return len(self._hashes) >= MOST_ADDRESSES or not self._hashes.isdisjoint(map(hash, addresses))


class Source(NamedTuple):
    """What a format reads: the unpacked bytes of one capture.

    name: in outputs and errors.
    attachment: gives the bytes of a side file.
    size: bytes of the capture, or of what it is packed in; 0 where that is not known.
    observer: sees what a reader sees, where that has something to show (har/reader.py).
    addresses: takes what the entries of a HAR are for, if somebody wants to know (source_maps.py).
    """

    stream: Bytes
    name: str
    attachment: Attachment = no_side_file
    size: int = 0
    observer: Any = None
    addresses: Addresses | None = None


@contextmanager
def open_source(
    path: str | os.PathLike[str] | IO[bytes],
    name: str | None = None,
    progress: Progress | None = None,
    hashes: bool = True,
) -> Iterator[tuple[Source, Measured]]:
    """Open a capture, unpacked, beside the bytes as they are stored. Raises CaptureError.

    `hashes`: somebody asks for the digest of what was read.
    """
    with ExitStack() as stack:
        if isinstance(path, str | os.PathLike):
            name = name or os.fspath(path)
            stored = _open_stored(os.fspath(path), name, stack)
        else:
            name = name or "-"
            stored = _Stored(path, 0, no_side_file)
        measured = Measured(stored.stream, stored.size, progress, hashes)
        try:
            head = b""
            while len(head) < MAGIC and (more := measured.read(MAGIC - len(head))):  # a pipe may bring less
                head += more
            stream = Prefixed(head, measured)
            attachment = stored.attachment
            if head.startswith(archive.MAGIC):
                if isinstance(path, str | os.PathLike) and os.path.isfile(path):
                    file: IO[bytes] = stack.enter_context(open(path, "rb"))
                    report, measured.progress = progress, None
                else:
                    file, report = stack.enter_context(_spool(stream)), None
                document, attachment = stack.enter_context(_unzip(file, name, report, stored.packed))
            else:
                document = decompress(head, stream, name, stored.packed)
            yield Source(document, name, attachment, measured.size), measured
        except OSError as error:
            raise CaptureError(name, "", error.strerror or str(error) or "cannot be read") from None


class _Stored(NamedTuple):
    """A capture as it is stored: its bytes, how many they are (0: not known), and its side files. `packed`: how many
    bytes of a zip it takes up."""

    stream: IO[bytes]
    size: int
    attachment: Attachment
    packed: int = sys.maxsize


def _open_stored(path: str, source: str, stack: ExitStack) -> _Stored:
    """Open a file, or a capture in a zip (`archive.join`). Raises CaptureError."""
    try:
        raw = stack.enter_context(open(path, "rb", buffering=0))  # noqa: SIM115 - the stack closes it
        return _Stored(raw, os.fstat(raw.fileno()).st_size, lambda name: _beside(os.path.dirname(path), name))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        place = archive.split(path) if isinstance(error, OSError) else None
        if place is not None:
            return _open_member(*place, source, stack)
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        problem = "no such file" if missing else getattr(error, "strerror", None) or "cannot be read"
        raise CaptureError(source, "", problem) from None


def _open_member(path: str, name: str, source: str, stack: ExitStack) -> _Stored:
    """Open a capture in a zip. Raises CaptureError."""
    try:
        whole = archive.open_archive(path)
        info = archive.find_member(whole, name)
        guarded = compression.open_member(whole, info, source, info.compress_size)
    except KeyError:
        raise CaptureError(source, "", "no such file in this zip") from None
    except RuntimeError:
        raise CaptureError(source, "", ENCRYPTED) from None
    except archive.list_errors(OSError) as error:
        raise CaptureError(source, "", getattr(error, "strerror", None) or DAMAGED_ZIP) from None
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

    digest = hashlib.sha256()
    try:
        with ExitStack() as stack:
            stream = _open_stored(path, path, stack).stream
            while block := stream.read(1 << 18):
                digest.update(block)
    except (CaptureError, OSError):
        return None
    return digest.hexdigest()


def _spool(stream: Prefixed) -> IO[bytes]:
    """Hold what comes through a pipe as a file: a zip's index is at its end."""
    import tempfile

    file = cast(IO[bytes], tempfile.SpooledTemporaryFile(SPOOLED_FROM))  # noqa: SIM115 - the caller closes it
    while block := stream.read(1 << 18):
        file.write(block)
    file.seek(0)
    return file


@contextmanager
def _unzip(file: IO[bytes], source: str, progress: Progress | None, packed: int) -> Iterator[tuple[Bytes, Attachment]]:
    """Read the only capture of a zip, with its side files. `packed`: the bytes that the zip takes up where it is in
    another zip."""
    from zipfile import ZipFile

    with ExitStack() as stack:
        try:
            whole = stack.enter_context(ZipFile(file))
            document, name = _open_only(whole, source, progress, packed)
        except RuntimeError:
            raise CaptureError(source, "", ENCRYPTED) from None
        except archive.list_errors():
            raise CaptureError(source, "", DAMAGED_ZIP) from None  # what `zipfile` says may quote names in it
        yield document, _siblings(whole, archive.find_member(whole, name).filename)


def _open_only(whole: ZipFile, source: str, progress: Progress | None, packed: int) -> tuple[Bytes, str]:
    """Open the only capture of a zip: a trace of Playwright, or a file, like the HAR of its `.har.zip`. Beside it the
    name of a file whose folder has the side files."""
    members = archive.list_members(whole)
    if networks := find_networks(members):
        return open_trace(whole, source, networks, progress, packed), networks[0]
    names = [name for name in members if is_named(name)]
    if len(names) != 1 or not names[0].lower().endswith(NAMES):
        if names:
            raise SeveralCaptures(source, "", _not_one(source, names))
        raise CaptureError(source, "", recognize_zip(members) or NO_CAPTURE_IN_ZIP)
    return open_member(whole, source, names[0], progress, packed), names[0]


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
    path = os.path.join(folder, name)
    if not os.access(path, os.F_OK):  # an exception takes longer, and a capture may name thousands of scripts
        return None
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST_SIDE_FILE)
    except OSError:
        return None

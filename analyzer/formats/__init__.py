"""Read captures by content, whatever their name: plain, `.gz`, `.zst`, in a zip, or from standard input."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib import import_module
from typing import IO, Any, cast

import msgspec

from analyzer.formats import archive, source_maps, trace_zip
from analyzer.formats.compression import Guarded, Prefixed, Progress
from analyzer.formats.foreign import recognize
from analyzer.formats.json_stream.layout import NoElement
from analyzer.formats.json_stream.window import Bytes
from analyzer.formats.registry import CDP_LOG, HAR, HEAD, IN_SHARED, SHARED, Guess, guess, is_named
from analyzer.formats.source import Addresses, Measured, SeveralCaptures, Source, open_source
from analyzer.model import Capture, CaptureError, bare

SMALL = 1 << 16  # bytes: what has fewer is held, and not opened a second time
SNIFFED = 1 << 16  # bytes that show whether a file of any name is a capture: the log of a HAR may begin later


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
    path: str | os.PathLike[str] | IO[bytes],
    source: str | None = None,
    progress: Progress | None = None,
) -> Capture:
    """Read one capture: a path, or a binary stream. Raises CaptureError where it cannot be read.

    `source`: its name in outputs, in place of the path. `progress` is called as bytes of the file pass, every few
    hundred kilobytes. Raises TypeError for what is neither a path nor a binary stream; `load` takes more kinds.
    """
    return _read_file(path, source, progress, None)


@bare
def read_observed(path: str | os.PathLike[str] | IO[bytes], observer: Any) -> Capture:
    """Read one capture; an observer sees the entries of a HAR as they are read (`formats.har.reader.Observer`)."""
    return _read_file(path, None, None, observer)


def _read_file(
    path: str | os.PathLike[str] | IO[bytes], name: str | None, progress: Progress | None, observer: Any
) -> Capture:
    _check(path, name is not None)
    with open_source(path, name, progress) as (opened, stored):
        packed = None if isinstance(opened.stream, Prefixed) else opened.stream
        unpacked = None if packed is None else Measured(cast(IO[bytes], packed), 0, None)
        head, addresses = _head(unpacked or opened.stream, SMALL), Addresses()
        source = opened._replace(stream=unpacked or opened.stream, observer=observer, addresses=addresses)
        capture = _read(source, head)
        if observer is None:
            reopen = _reopen(path, source, head) if capture.format == HAR.id else None
            capture = source_maps.apply(capture, source.attachment, reopen, addresses)
        content = None if unpacked is None else unpacked.finish()
        stored.drain()
    damages = [*stored.damages, *(packed.damages if isinstance(packed, Guarded | trace_zip.TraceStream) else ())]
    # A log may end anywhere, but what packed it does not: the end of what is unpacked is not that of the log.
    ids = {caveat.id for caveat in capture.caveats if caveat.hides_sockets}
    added = {caveat.id: caveat for caveat in reversed(damages) if caveat.id not in ids}
    caveats = (*(caveat for caveat in capture.caveats if caveat.id not in added), *added.values())
    digest = stored.digest()
    content = digest if unpacked is None else content
    capture = capture.with_file(sha256=digest, bytes=stored.count, content_sha256=content)
    return msgspec.structs.replace(capture, caveats=caveats)


def _reopen(path: str | os.PathLike[str] | IO[bytes], source: Source, head: bytes) -> source_maps.Reopen | None:
    """Make what opens a HAR once more: where it is a file, or an open one that was read from its beginning. Of a small
    one the `head` is all."""
    if not isinstance(path, io.BytesIO) and not (isinstance(path, str | os.PathLike) and os.path.lexists(path)):
        return None
    if len(head) < SMALL:
        return lambda: nullcontext(source._replace(stream=io.BytesIO(head)))
    return lambda: _open(io.BytesIO(path.getbuffer()) if isinstance(path, io.BytesIO) else path)


@contextmanager
def _open(path: str | os.PathLike[str] | IO[bytes]) -> Iterator[Source]:
    with open_source(path, hashes=False) as (source, _):
        yield source


def join_parts(captures: Sequence[Capture]) -> list[Capture]:
    """Join captures that are parts of one log, which are read again for that. The others stay as they are."""
    if sum(capture.format == CDP_LOG.id for capture in captures) < 2:
        return list(captures)
    from analyzer.formats.cdp_log import parts

    return parts.join(captures)


def _read(source: Source, head: bytes) -> Capture:
    """Read a capture with the reader of its format; what no format recognises, as a HAR, whose log may begin later.

    `head`: its first bytes, which were taken off the stream.
    """
    row, problem = guess(head[:HEAD])
    if problem:
        raise CaptureError(source.name, "", problem)
    reader = import_module((row or HAR).module)
    try:
        capture: Capture = reader.read(source._replace(stream=Prefixed(head, source.stream)))
    except NoElement:
        kind = recognize(head[:HEAD])
        if kind is None:
            raise
        raise CaptureError(source.name, "", kind) from None
    return capture


def _head(stream: Bytes, count: int) -> bytes:
    """Read the first bytes of a stream, as many as there are, which may come in small pieces."""
    head = bytearray(count)
    size = 0
    with memoryview(head) as view:
        while size < count and (more := stream.readinto(view[size:])):
            size += more
    return bytes(head[:size])


def is_capture(path: str) -> bool:
    """Is this a capture by its first bytes, whatever its name? So is a file in a zip; a zip is, if it is a trace.

    A zip in a zip that holds several captures counts, so that somebody learns that these are not read.
    """
    if archive.is_zip(path):
        return trace_zip.is_trace(path)
    return _guess(path, SNIFFED).format is not None


def is_named_capture(path: str) -> bool:
    """Is this a capture by its name? Where other files have such names, too, its first bytes must show it.

    What a search of folders takes: it opens nothing but files that end in one of SHARED, and reads 4 KiB of these.
    """
    name = path.lower()
    if is_named(name) or not name.endswith(SHARED) or not IN_SHARED:
        return is_named(name)
    row, problem = _guess(path, HEAD)
    return row in IN_SHARED and not problem


def _guess(path: str, count: int) -> Guess:
    """Guess the format of a file from its first `count` bytes; none where it cannot be read."""
    try:
        with open_source(path, hashes=False) as (source, _):
            return guess(_head(source.stream, count))
    except SeveralCaptures:
        return Guess(HAR)
    except CaptureError:
        return Guess(None)

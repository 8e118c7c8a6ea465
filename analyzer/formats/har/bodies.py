"""Read from a HAR the bodies of a few scripts, and the source maps in it: a second pass, that cuts nothing out."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import msgspec

from analyzer.formats.har.fields import headers
from analyzer.formats.har.raw import LAYOUT
from analyzer.formats.json_stream.array import Document
from analyzer.formats.source import Source
from analyzer.model import Discreet
from analyzer.patterns import Pattern
from analyzer.source_maps.placing import ScriptMap, Unusable

if TYPE_CHECKING:
    from analyzer.source_maps.references import Reference

MOST = 256 << 20  # bytes of bodies that are held
SIGN = Pattern(rb"ource[Mm]ap")  # of a comment or a header that names a map
REACH = 8  # bytes: no sign is longer
BLOCK = 1 << 18
EVALUATED = "webpack-internal:"
SEVERAL = Unusable("is not certain: the capture has different ones for this address")


class RawAddress(Discreet, msgspec.Struct, frozen=True, gc=False):
    url: str = ""


class RawBody(Discreet, msgspec.Struct, frozen=True, gc=False):
    text: msgspec.Raw = msgspec.Raw()
    encoding: str = ""
    file: str | None = msgspec.field(default=None, name="_file")


class RawAnswer(Discreet, msgspec.Struct, frozen=True, gc=False):
    headers: msgspec.Raw = msgspec.Raw(b"[]")
    content: RawBody = RawBody()


class RawExchange(Discreet, msgspec.Struct, frozen=True, gc=False):
    request: RawAddress = RawAddress()
    response: RawAnswer = RawAnswer()


class Bodies:
    """The scripts of a HAR with what they name as their maps, and the maps in it."""

    def __init__(self) -> None:
        self.scripts: dict[str, set[tuple[str, Reference | None]]] = {}
        self.maps: dict[str, set[bytes]] = {}
        self.modules: dict[str, set[bytes]] = {}  # maps of modules that webpack runs by `eval`
        self.size = 0

    def find(self, address: str) -> ScriptMap | Unusable | None:
        """Find the map of a script. Several loads of it may have had several maps: then none is certain."""
        answers = set(self._list(address))
        return SEVERAL if len(answers) > 1 else next(iter(answers), None)

    def _list(self, address: str) -> Iterator[ScriptMap]:
        for text in self.modules.get(address, ()):
            yield ScriptMap(text, address)
        for script, reference in self.scripts.get(address, ()):
            if reference is None:
                continue
            texts = self.maps.get(reference.url, ()) if reference.text is None else (reference.text,)
            for text in texts:
                yield ScriptMap(text, reference.url, script)

    def list_maps(self, address: str) -> set[str]:
        """List the maps that a script names by their addresses."""
        references = (reference for _, reference in self.scripts.get(address, ()))
        return {it.url for it in references if it is not None and it.text is None}

    def text(self, address: str) -> str | None:
        """The text of a script, where all its loads had the same."""
        texts = {script for script, _ in self.scripts.get(address, ())}
        return texts.pop() if len(texts) == 1 else None


def has_signs(source: Source) -> bool:
    """Does a capture name a source map anywhere? Most do not, and are not read again."""
    block = bytearray(REACH + BLOCK)  # its beginning is the end of the one before
    with memoryview(block) as view:
        while count := source.stream.readinto(view[REACH:]):
            if SIGN.search(block, 0, REACH + count):
                return True
            view[:REACH] = bytes(view[count : REACH + count])
    return False


def with_modules(wanted: Collection[str]) -> bool:
    """Are there scripts among the wanted ones that have no request, since another one runs them by `eval`?"""
    return any(address.startswith(EVALUATED) for address in wanted)


def read(source: Source, wanted: Collection[str]) -> Bodies:
    """Read the bodies of the wanted scripts, and all source maps. Raises CaptureError."""
    bodies = Bodies()
    has_modules = with_modules(wanted)
    layout = LAYOUT._replace(texts=(), inner=None, members={})
    document = Document(source.stream, source.name, layout, RawExchange, size=source.size)
    for element in document.elements():
        if element.value is None or bodies.size > MOST:
            continue
        address, content = element.value.request.url, element.value.response.content
        is_map = address.partition("?")[0].endswith(".map")
        if address in wanted or is_map or (has_modules and EVALUATED.encode() in bytes(content.text)):
            data = _bytes(content, source)
            bodies.size += len(data)
            if data:
                _add(bodies, address, data, element.value.response, is_map, has_modules)
    return bodies


def _add(bodies: Bodies, address: str, data: bytes, answer: RawAnswer, is_map: bool, has_modules: bool) -> None:
    if is_map:
        bodies.maps.setdefault(address, set()).add(data)
        return
    from analyzer.source_maps import references

    script = data.decode("utf-8", "replace")
    reference = references.find(script, address, headers(answer.headers))
    bodies.scripts.setdefault(address, set()).add((script, reference))
    if has_modules:
        for module, text in references.list_modules(script):
            bodies.modules.setdefault(module, set()).add(text)


def _bytes(content: RawBody, source: Source) -> bytes:
    """The bytes of a body: in the file, or in a side file."""
    if content.file:
        return source.attachment(content.file) or b""
    try:
        text = msgspec.json.decode(content.text, type=str | None)
        if text is None:
            return b""
        return b64decode(text) if content.encoding == "base64" else text.encode("utf-8", "surrogatepass")
    except (msgspec.MsgspecError, ValueError):
        return b""

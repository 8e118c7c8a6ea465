"""Find which source map a script names: in its last comment, or in the headers that came with it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes, urljoin

from analyzer.patterns import Pattern

COMMENT = Pattern(r"(?://|/\*)[#@]\s*sourceMappingURL=([^\s'\"`*]+)")
HEADERS = ("sourcemap", "x-sourcemap")
TAIL = 2048  # characters behind a comment: others may follow, as `sourceURL`
INLINE = "data:"
# A module that webpack runs by `eval` (`eval-source-map`): its text is a string in the script, with its own map.
EVALUATED = Pattern(
    r"//# sourceMappingURL=(data:[^\s\\'\"]+)(?:\\n)+//# sourceURL=(webpack-internal:[^\\'\"\s]+)",
)


class Reference(NamedTuple):
    """A map that a script names. text: of one that is within the script; else it is at `url`."""

    url: str
    text: bytes | None = None


def find(script: str, address: str, headers: Mapping[str, str]) -> Reference | None:
    """Find the map that a script names: its header counts before its comment (ECMA-426), the last comment alone."""
    named = next((value for name in HEADERS if (value := headers.get(name, "").strip())), "") or _last(script)
    if not named:
        return None
    if named.startswith(INLINE):
        text = _inline(named)
        return Reference(address, text) if text is not None else None
    try:
        return Reference(urljoin(address, named))
    except ValueError:
        return None


def list_modules(script: str) -> Iterator[tuple[str, bytes]]:
    """List the maps of modules that webpack runs by `eval`, each with the address of its module."""
    for named, address in EVALUATED.findall(script):
        text = _inline(named)
        if text is not None:
            yield address, text


def _last(script: str) -> str:
    """The last comment that names a map, where nothing but comments follows it."""
    place = script.rfind("sourceMappingURL=")
    line = script.rfind("\n", 0, place) + 1 if place >= 0 else 0
    matches = list(COMMENT.finditer(script, max(line, place - 16))) if place >= 0 else []
    if not matches:
        return ""
    rest = script[matches[-1].end() : matches[-1].end() + TAIL]
    lines = (it.strip() for it in rest.removeprefix("*/").replace(" */", "", 1).splitlines())
    return matches[-1][1] if all(not it or it.startswith("//") for it in lines) else ""


def _inline(named: str) -> bytes | None:
    """The text of a `data:` URL."""
    head, comma, data = named.partition(",")
    if not comma:
        return None
    try:
        return b64decode(unquote_to_bytes(data)) if head.endswith(";base64") else unquote_to_bytes(data)
    except ValueError:
        return None

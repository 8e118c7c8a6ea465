"""Mask the parts of a URL: what in its path and its query is secret by a name or by its shape."""

from __future__ import annotations

import re
from collections.abc import Callable

from analyzer.masking.shapes import RUN, decode, opaque, opaque_segment
from analyzer.memo import memoize

ADDRESS = re.compile(r"(?:[A-Za-z][\w+.-]*://|(?:blob|data|javascript|view-source):)\S*|about:(?:blank|newtab|srcdoc)")
NAMED = re.compile(  # a secret by the word before it, also at the end of a name: access_token=, {"apiKey":"
    r"(\b(?:bearer|basic)\s+|\bjwt\s+(?=[a-z.,]*[^\sa-z.,])"
    r"|(?:token|key|secret|passw(?:or)?d|passphrase|session|ticket|signature|credentials?|auth\w{0,20}"
    r"|(?<![^\W\d_])(?:jwt|pwd?|pin|sid|sig))"
    r"(?:[\"']?\s*=\s*[\"']?|[\"']?\s*:\s*(?:[\"']|(?=[a-z.,]*[^\sa-z.,]))|\s+[\"'])"
    r"|(?<![^\W\d_])code\s*=\s*[\"']?(?!\d{1,4}\b)"  # of an authorization; not a status, nor a close code
    # Chrome quotes the subprotocol that a server answered with: many carry a token in it.
    r"|header if not present in request: |'Sec-WebSocket-Protocol' header value ')"
    r"([^\s&;,'\"<>]+)",
    re.IGNORECASE,
)
URL = re.compile(
    r"((?:[A-Za-z][\w+.-]*:)?(?://)?)(?:([^/?#]*)@)?([^/?#\\]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL
)
WEB = ("http", "https", "ws", "wss", "blob")  # schemes of which a path is no folder of a computer
# Values that a protocol asks for and that say nothing of anyone, by their names: only where they look like it.
VERSION_NUMBER = r"v?\d{1,3}(?:\.\d{1,3}){0,3}"
PROTOCOLS_OWN = {
    name: re.compile(pattern, re.IGNORECASE)
    for names, pattern in (
        ("eio v vsn ver version apiversion api_version api-version protocol protocolversion", VERSION_NUMBER),
        ("protocol_version protocol-version negotiateversion x-nexus-version", VERSION_NUMBER),
        ("transport", "websockets?|polling|longpolling|webtransport|serversentevents|sse"),
        ("encoding format", "json|etf|msgpack|messagepack|protobuf|cbor|avro|text|binary"),
        ("compress", "zlib-stream|zstd-stream|gzip|deflate|true|false"),
    )
    for name in names.split()
}


@memoize(8192)  # captures of one application say the same things
def has_secret(text: str) -> bool:
    """Is there a run of characters in it that has the shape of a secret?"""
    return any(map(opaque, RUN.findall(text)))


@memoize(1024)
def names_secret(text: str) -> bool:
    """Does it name something as a secret?"""
    return NAMED.search(text) is not None


@memoize(8192)  # many findings are about one address
def shape(endpoint: str) -> str:
    """An endpoint without what differs from run to run: what is masked in its path by its shape is `*`."""
    head, path = _split(endpoint)
    return head + "/".join(_shape(part) for part in path.split("/"))


def _shape(part: str) -> str:
    if part.startswith("<token "):
        return "*"
    return mask_segment(part, lambda _: "*", lambda part: part)


def mask_segment(segment: str, mask: Callable[[str], str], show: Callable[[str], str]) -> str:
    """A part of a path: what has the shape of a secret is masked, and each value with a name; the rest is shown."""
    if ";" in segment:  # RFC 3986, section 3.3
        name, *parameters = segment.split(";")
        return ";".join([mask_segment(name, mask, show), *(mask_pair(it, mask) for it in parameters)])
    if segment.partition("=")[2].strip("="):
        return mask_pair(segment, mask)
    return mask(segment) if opaque_segment(segment) or names_secret(decode(segment)) else show(segment)


def mask_pair(pair: str, mask: Callable[[str], str]) -> str:
    """A name and its value, which is masked unless it is a protocol's own; alone it may be a value."""
    name, equals, value = pair.partition("=")
    if not equals:
        return mask(name) if name else name
    own = PROTOCOLS_OWN.get(name.casefold())
    hidden = value if not value or (own is not None and own.fullmatch(value)) else mask(value)
    return (mask(name) if opaque_segment(name) else name) + "=" + hidden


def _split(address: str) -> tuple[str, str]:
    """`scheme://host` and the path."""
    start = address.find("/", address.find("://") + 3) if "://" in address else address.find("/")
    return (address[:start], address[start:]) if start >= 0 else (address, "")


def is_file(scheme: str, host: str) -> bool:
    """Say whether the path of such an address is that of a file, not of a page of the web."""
    kind = scheme.partition(":")[0].casefold()
    if host.casefold().startswith("file+"):  # as VS Code shows files to its web views
        return True
    return kind == "file" or kind.startswith("vscode") or bool(kind and not host and kind not in WEB)


def has_host(url: str) -> bool:
    parts = URL.match(url)
    return parts is not None and bool(parts[3])

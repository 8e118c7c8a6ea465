"""Find what in an address differs from run to run: parts of its path and values of its query, by name or by shape."""

from __future__ import annotations

import re
from collections.abc import Callable

from analyzer.memo import memoize
from analyzer.patterns import Pattern
from analyzer.shapes.tokens import RUN, decode, opaque, opaque_segment

ADDRESS = Pattern(r"(?:[A-Za-z][\w+.-]*://|(?:blob|data|javascript|view-source):)\S*|about:(?:blank|newtab|srcdoc)")
NAMED = Pattern(  # a secret by the word before it, also at the end of a name: access_token=, {"apiKey":"
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
URL = Pattern(r"((?:[A-Za-z][\w+.-]*:)?(?://)?)(?:([^/?#]*)@)?([^/?#\\]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
MANY = 1 << 15  # addresses that are remembered: as many sockets as a capture with one address each may have
WEB = ("http", "https", "ws", "wss", "blob")  # schemes of which a path is no folder of a computer
# Values that a protocol asks for and that say nothing of anyone, by their names: only where they look like it.
VERSION_NUMBER = r"v?\d{1,3}(?:\.\d{1,3}){0,3}"
PROTOCOLS_OWN = {
    name: Pattern(pattern, re.IGNORECASE)
    for names, pattern in (
        ("eio v vsn ver version apiversion api_version api-version protocol protocolversion", VERSION_NUMBER),
        ("protocol_version protocol-version negotiateversion x-nexus-version", VERSION_NUMBER),
        ("transport", "websockets?|polling|longpolling|webtransport|serversentevents|sse"),
        ("encoding format", "json|etf|msgpack|messagepack|protobuf|cbor|avro|text|binary"),
        ("compress", "zlib-stream|zstd-stream|gzip|deflate|true|false"),
    )
    for name in names.split()
}
# A number that can be no more than a setting or a count; one that begins with a zero is a code.
SMALL_NUMBER = Pattern(r"0|[1-9]\d{0,4}", re.ASCII)
NAME_WORD = Pattern(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")  # of a name in snake, kebab or camel case
# A parameter with such a word in its name may hold a secret or say who someone is, however short its value is.
PRIVATE = Pattern(
    r"(?:account|acct|address|age|auth|birth|card|cell|client|contact|credential|customer|cust|device|email|employee"
    r"|guest|login|mail|member|mobile|owner|parent|participant|patient|person|phone|player|profile|secret|sender|session"
    r"|signature|student|subscriber|tel|user|usr|visitor)[a-z]*"
    r"|[a-z]*(?:code|csrf|cvc|cvv|dob|id|ident|key|nonce|otp|pass|passphrase|passwd|password|plz|pwd|salt|ssn"
    r"|ticket|token|word|zip)s?"
    r"|hash|jwt|mfa|no|nr|num|number|pin|postal|sig|totp|[ackpstu]"
)


@memoize(8192)  # captures of one application say the same things
def has_secret(text: str) -> bool:
    """Is there a run of characters in it that has the shape of a secret?"""
    return any(map(opaque, RUN.findall(text)))


@memoize(1024)
def names_secret(text: str) -> bool:
    """Does it name something as a secret?"""
    return NAMED.search(text) is not None


@memoize(MANY)  # many findings are about one address
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
        return ";".join([mask_segment(name, mask, show), *(mask_pair(it, mask, show) for it in parameters)])
    if segment.partition("=")[2].strip("="):
        return mask_pair(segment, mask, show)
    return mask(segment) if _is_secret(segment) else show(segment)


@memoize(MANY)  # most of what stands in one address stands in the next, too
def _is_secret(segment: str) -> bool:
    return opaque_segment(segment) or names_secret(decode(segment))


def mask_pair(pair: str, mask: Callable[[str], str], show: Callable[[str], str]) -> str:
    """A name and its value, masked unless it is a protocol's own or a small number; alone it may be a value."""
    name, equals, value = pair.partition("=")
    if not equals:
        return mask(name) if name else name
    own = PROTOCOLS_OWN.get(name.casefold())
    if value and (own is None or own.fullmatch(value) is None):
        value = show(value) if SMALL_NUMBER.fullmatch(value) and not names_person_or_secret(name) else mask(value)
    return (mask(name) if opaque_segment(name) else name) + "=" + value


@memoize(1024)
def names_person_or_secret(name: str) -> bool:
    """Say whether the value of a parameter of this name may be a secret or say who someone is.

    A name in letters that are not English may say anything, as may no name at all.
    """
    plain = decode(name)
    words = NAME_WORD.findall(plain)
    return not words or not plain.isascii() or any(PRIVATE.fullmatch(word.lower()) for word in words)


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

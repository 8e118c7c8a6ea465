"""Put secrets wherever a capture of any format may hold one, by the names of its fields and the look of its texts."""

from __future__ import annotations

import re
from typing import Any

PATH = "canaryQ7x9Zk3LmP2vTqWb8RyN5"  # what looks like a token is masked wherever it stands
CANARIES = {
    "the query of an address": "canary-in-a-query",
    "the user of an address": "canary-in-a-user",
    "the fragment of an address": "canary-in-a-fragment",
    "the path of an address": PATH,
    "a header": "canary-in-a-header",
    "what a peer, a page or a user wrote": "canary-in-a-content",
    "a sentence": "canary-in-a-sentence",
    "a folder": "canary-in-a-folder",
}
ADDRESS = re.compile(r"(wss?|https?)://([^/?#]+)([^?#]*)([^#]*)(.*)", re.DOTALL)
NEEDED = re.compile(
    r"(?i)sec-websocket-(?:key|version|extensions|accept)|upgrade|connection|host|cache-control|sec-fetch-\w+|:\w+"
)
CONTENT = {
    *(
        "payloaddata",
        "data",
        "text",
        "postdata",
        "body",
        "title",
        "cookie",
        "content",
        "bytes",
        "cookies",
    ),
    *("message_text", "value", "entries_text", "line"),
}
SENTENCES = {
    "reason",
    "errortext",
    "errormessage",
    "problem",
    "comment",
    "close_reason",
    "msg",
    "message",
    "_failuretext",
}


def poison(value: Any, name: str = "") -> Any:
    """Return the value with secrets in it. `name`: of the field that it is the value of."""
    kind = name.casefold()
    if isinstance(value, dict):
        if kind.endswith("headers"):
            return {key: poison_header(key, item) for key, item in value.items()}
        return {key: poison(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [poison_pair(item) if kind.endswith(("headers", "cookies")) else poison(item, name) for item in value]
    if isinstance(value, bytes):
        return poison_bytes(value, kind)
    return poison_text(value, kind) if isinstance(value, str) else value


def poison_text(text: str, kind: str) -> str:
    if kind == "command_line":
        folder = f"/{'home'}/{CANARIES['a folder']}"  # this project names no folder of a machine
        return f"{text} --user-data-dir={folder} --token={CANARIES['what a peer, a page or a user wrote']}"
    if ADDRESS.fullmatch(text):
        return poison_address(text)
    if kind in SENTENCES:
        return f"{text} token={CANARIES['a sentence']} {PATH}"
    if kind in CONTENT:
        return CANARIES["what a peer, a page or a user wrote"]
    return text


def poison_address(address: str) -> str:
    """Put a secret into each part of an address; the same address gives the same one."""
    scheme, host, path, query, fragment = ADDRESS.fullmatch(address).groups()  # type: ignore[union-attr]  # it is one
    secrets = f"{query or '?x=1'}&token={CANARIES['the query of an address']}&q={CANARIES['the query of an address']}"
    end = f"{fragment or '#'}{CANARIES['the fragment of an address']}"
    user = "" if "@" in host else f"{CANARIES['the user of an address']}@"
    return f"{scheme}://{user}{host}{path.rstrip('/')}/{PATH}/x{secrets}{end}"


def poison_bytes(data: bytes, kind: str) -> bytes:
    """Of flows of mitmproxy, in which paths, contents and messages are bytes."""
    if kind == "path":
        return data + (b"&" if b"?" in data else b"?") + f"token={CANARIES['the query of an address']}".encode()
    if kind in ("content", "messages"):
        return CANARIES["what a peer, a page or a user wrote"].encode()
    return data


def poison_pair(pair: Any) -> Any:
    """A header as a list of its name and value, as an object, or as one line."""
    if isinstance(pair, dict) and "name" in pair:
        return {**pair, "value": poison_header(pair["name"], pair.get("value"))}
    if isinstance(pair, list) and len(pair) == 2:
        return [pair[0], poison_header(pair[0], pair[1])]
    if isinstance(pair, str) and ":" in pair[1:]:
        name, _, value = pair.partition(": ")
        return f"{name}: {poison_header(name, value)}"
    return pair


def poison_header(name: Any, value: Any) -> Any:
    """The value of a header, but for those without which there is no socket."""
    text = name.decode("latin-1") if isinstance(name, bytes) else str(name)
    if NEEDED.fullmatch(text):
        return value
    if isinstance(value, str) and ADDRESS.fullmatch(value):  # Referer, Origin
        return poison_address(value)
    secret = CANARIES["a header"]
    return secret.encode() if isinstance(value, bytes) else secret

"""Large HARs as Chrome DevTools writes them, made up: `python benchmarks/generate.py OUT --bytes 500e6 --shape mixed`.

Keys stand in Chrome's order; bodies and messages hold traps (HAR text, braces, escapes, NULs). Written as it is made,
so memory stays small; the same arguments give the same bytes.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TextIO

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
HOLE, TALK = "@@BODY@@", "@@TALK@@"
TRAP = '{"log":{"entries":[{"_webSocketMessages": [{"type":"send","data":"x"}]}},{"_initiator":{}\n    },\n    {\\'
INDENT = {"chrome": 2, "compact": None, "python": None}
SEPARATORS = {"chrome": (",", ": "), "compact": (",", ":"), "python": (", ", ": ")}
SHAPES = ("mixed", "text", "thin", "one", "many")
POOL = 64_000_000  # bytes of bodies, used over and over
MESSAGES = 3000  # texts of messages, likewise


@dataclass
class Wanted:
    """What is to be made. `sockets`, `messages`: of each; None: as many as suit the shape."""

    bytes: int = 1_000_000
    shape: str = "mixed"  # mixed bodies; text: of JSON and code alone; thin: none; one huge socket; many sockets
    style: str = "chrome"
    sockets: int | None = None
    messages: int | None = None
    ws_last: bool = False  # messages behind the rest of an entry
    lone: bool = False  # some bodies hold half a surrogate pair
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - the same every time

    def dumps(self, value: Any, depth: int) -> str:
        text = json.dumps(value, indent=INDENT[self.style], separators=SEPARATORS[self.style], ensure_ascii=False)
        return text.replace("\n", "\n" + "  " * depth) if self.style == "chrome" else text


class Maker:
    """Entries, one after the other."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.chance = wanted.chance
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.words = ["".join(self.chance.choices(letters, k=self.chance.randint(2, 11))) for _ in range(4000)]
        self.milliseconds = 0.0
        makers = [self._json_text, self._code]
        sizes = (40, 80, 150, 300, 900)
        texts = (self.chance.choice(makers)(self.chance.choice(sizes)) for _ in range(MESSAGES))
        self.talk = [json.dumps(text, ensure_ascii=False) for text in texts]

    def _text(self, size: int, form: str, count: int) -> str:
        parts, length = [], 0
        while length < size:
            parts.append(form.format(*self.chance.choices(self.words, k=count)))
            length += len(parts[-1])
        return "".join(parts)

    def _json_text(self, size: int) -> str:
        form = '{{"id":"{}","name":"{} {}","path":"C:\\\\\\\\{}","price":12.75,"tags":["{}","ünï"]}},'
        return f"[{self._text(size, form, 5)[:-1]}]"

    def _code(self, size: int) -> str:
        return self._text(size, 'function {}({}){{return {}.{}("{}")||{{}}}}\n/* {} */\t"x";', 6)

    def _page(self, size: int) -> str:
        return self._text(size, '<div class="{}" id="{}"><a href="/{}?q={}">{} - {} 日本</a></div>\n', 6)

    def _picture(self, size: int) -> str:
        return base64.b64encode(self.chance.randbytes(size * 3 // 4)).decode()

    def body(self) -> tuple[str, str, str]:
        """MIME type, what kind of resource, the text as JSON."""
        kinds = [("application/json", "xhr", self._json_text), ("text/javascript", "script", self._code)]
        if self.wanted.shape == "mixed":
            kinds += [("text/html", "document", self._page), *[("image/png", "image", self._picture)] * 2, *kinds]
        mime, kind, make = self.chance.choice(kinds)
        text = make(min(int(self.chance.lognormvariate(math.log(9000), 1.75)), 6_000_000))
        luck = self.chance.random()
        if kind != "image" and luck < 0.14:
            text += TRAP if luck < 0.08 else "\0\x1f" + "\\" * 3 if luck < 0.12 or not self.wanted.lone else "\ud800"
        return mime, kind, json.dumps(text, ensure_ascii=text.endswith("\ud800"))

    def _headers(self, count: int) -> list[dict[str, str]]:
        names = ("accept", "cache-control", "content-type", "cookie", "user-agent", "etag", "date")
        words = self.chance.choices
        return [
            {"name": self.chance.choice(names), "value": " ".join(words(self.words, k=5)) + '; v="1"'}
            for _ in range(count)
        ]

    def _initiator(self) -> dict[str, Any]:
        if self.chance.random() < 0.5:
            return {"type": "other"}
        frame = {"functionName": "load", "scriptId": "7", "url": "https://cdn.example.com/a.js", "lineNumber": 3}
        return {"type": "script", "stack": {"callFrames": [frame] * self.chance.randint(1, 6)}}

    def entry(self, body: tuple[str, str, str] | None, socket: bool = False) -> dict[str, Any]:
        self.milliseconds += self.chance.expovariate(0.05)
        time = self.chance.lognormvariate(4, 1.2)
        talk = {"_webSocketMessages": TALK} if socket else {}
        mime, kind, _ = body or ("x-unknown", "xhr", "")
        word = self.chance.choice(self.words)
        return {
            "_initiator": self._initiator(),
            "_priority": "High",
            "_resourceType": "websocket" if socket else kind,
            **({} if self.wanted.ws_last else talk),
            "cache": {},
            "connection": str(self.chance.randint(1, 9999)),
            "pageref": f"page_{1 + int(self.milliseconds / 30_000) % 5}",
            "request": {
                "method": "GET",
                "url": f"wss://rt.example.com/{word}" if socket else f"https://app.example.com/{word}?q={word}",
                "httpVersion": "http/2.0",
                "headers": self._headers(self.chance.randint(8, 18)),
                "queryString": [],
                "cookies": [],
                "headersSize": -1,
                "bodySize": 0,
            },
            "response": {
                "status": 101 if socket else 200,
                "statusText": "",
                "httpVersion": "http/2.0",
                "headers": self._headers(self.chance.randint(6, 16)),
                "cookies": [],
                "content": {"size": 0, "mimeType": mime, **({"text": HOLE} if body else {})},
                "redirectURL": "",
                "headersSize": -1,
                "bodySize": -1,
                "_transferSize": 0,
                "_error": None,
            },
            "serverIPAddress": "203.0.113.7",
            "startedDateTime": self.date(),
            "time": time,
            "timings": {"blocked": 1.5, "dns": -1, "connect": -1, "send": 0, "wait": time * 0.7, "receive": time * 0.3},
            **(talk if self.wanted.ws_last else {}),
        }  # fmt: skip

    def date(self) -> str:
        at = START + timedelta(milliseconds=self.milliseconds)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def messages(self, count: int) -> Iterator[str]:
        """The array of messages, in pieces."""
        at = START.timestamp() + self.milliseconds / 1000
        comma = "," if self.wanted.style != "python" else ", "
        yield "["
        for n in range(count):
            at += self.chance.expovariate(20)
            message = {
                "type": self.chance.choice(("send", "receive", "receive")),
                "time": round(at, 6),
                "opcode": 1,
                "data": HOLE,
            }
            text = self.wanted.dumps(message, 5).replace(f'"{HOLE}"', self.chance.choice(self.talk))
            yield (comma if n else "") + ("\n" + " " * 10 if self.wanted.style == "chrome" else "") + text
        yield ("\n" + " " * 8 if self.wanted.style == "chrome" and count else "") + "]"  # fmt: skip


def write(out: TextIO, wanted: Wanted) -> None:
    """One HAR of about so many bytes."""
    maker = Maker(wanted)
    chance = wanted.chance
    pages = [{"startedDateTime": maker.date(), "id": f"page_{n}", "title": "", "pageTimings": {}} for n in range(1, 6)]
    log = {
        "log": {
            "version": "1.2",
            "creator": {"name": "WebInspector", "version": "537.36"},
            "pages": pages,
            "entries": [7],
        }
    }
    head, _, tail = wanted.dumps(log, 0).rpartition("7")
    out.write(head)
    written, first = [len(head)], True
    between = ("," if wanted.style != "python" else ", ") + ("\n" + " " * 6 if wanted.style == "chrome" else "")
    for entry, body, count in _entries(maker, wanted, chance, lambda: written[0]):
        text = wanted.dumps(entry, 3)
        out.write("" if first else between)
        first = False
        for piece in _filled(text, body, maker, count):
            written[0] += out.write(piece)
    out.write(tail)


def _filled(text: str, body: str, maker: Maker, count: int) -> Iterator[str]:
    """The text of an entry with its body and its messages in the places kept for them."""
    while True:
        holes = [(at, hole) for hole in (HOLE, TALK) if (at := text.find(f'"{hole}"')) >= 0]
        if not holes:
            break
        at, hole = min(holes)
        yield text[:at]
        if hole == HOLE:
            yield body
        else:
            yield from maker.messages(count)
        text = text[at + len(hole) + 2 :]
    yield text


def _entries(
    maker: Maker, wanted: Wanted, chance: random.Random, written: Any
) -> Iterator[tuple[dict[str, Any], str, int]]:
    """Entries with their bodies and how many messages they have, until enough is written."""
    if wanted.shape in ("one", "many"):
        sockets = wanted.sockets or (1 if wanted.shape == "one" else 5000)
        for _ in range(sockets):
            yield maker.entry(None), "", 0
            most = wanted.messages or (200_000 if wanted.shape == "one" else 20)
            yield maker.entry(None, True), "", most if wanted.shape == "one" else int(chance.expovariate(1) * most)
            yield maker.entry(None), "", 0
        return
    pool: list[tuple[str, str, str]] = []
    while wanted.shape != "thin" and sum(len(text) for *_, text in pool) < min(wanted.bytes, POOL):
        pool.append(maker.body())
    sockets = 20 if wanted.sockets is None else wanted.sockets
    due = [wanted.bytes * (n + 0.5) / max(1, sockets) for n in range(sockets)]
    while written() < wanted.bytes or due:
        if due and written() >= due[0]:
            due.pop(0)
            yield maker.entry(None, True), "", int(chance.expovariate(1) * (wanted.messages or 100))
        else:
            body = chance.choice(pool) if pool else None
            yield maker.entry(body), body[2] if body else "", 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--bytes", type=float, default=1e6)
    parser.add_argument("--shape", choices=SHAPES, default="mixed")
    parser.add_argument("--style", choices=SEPARATORS, default="chrome")
    parser.add_argument("--sockets", type=int)
    parser.add_argument("--messages", type=int)
    parser.add_argument("--ws-last", action="store_true")
    parser.add_argument("--lone", action="store_true")
    parser.add_argument("--bom", action="store_true")
    parser.add_argument("--crlf", action="store_true")
    given = parser.parse_args()
    wanted = Wanted(
        int(given.bytes), given.shape, given.style, given.sockets, given.messages, given.ws_last, given.lone
    )
    with open(
        given.out, "w", encoding="utf-8-sig" if given.bom else "utf-8", newline="\r\n" if given.crlf else "\n"
    ) as out:
        write(out, wanted)


if __name__ == "__main__":
    main()

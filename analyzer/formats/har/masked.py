"""Mask what an extract takes over from a capture: addresses, texts, headers, call stacks. By allow-list.

What is not named here does not come along. What was masked or removed is remembered, so that the extract can be
searched for it before it leaves (`leaks`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from analyzer.formats.devtools import text_of
from analyzer.formats.har import console
from analyzer.formats.har.exporters import EXPORTERS
from analyzer.formats.har.own_fields import attribution_of
from analyzer.formats.har.writer import Json
from analyzer.masking import Texts, replace
from analyzer.masking.secrets import ALNUM
from analyzer.model import ConsoleLine, Discreet, Identity, Session
from analyzer.patterns import Pattern
from analyzer.shapes.tokens import RUN, opaque

# Headers by which entries are told apart (fields.py, reader.py), and what their values may be.
DIRECTIVE = r"(?:no-cache|no-store|no-transform|only-if-cached|(?:max-age|max-stale|min-fresh)=\d{1,9})"
HEADERS = {
    "upgrade": r"(?i:websocket)",
    ":protocol": r"(?i:websocket)",
    "cache-control": rf"(?i:{DIRECTIVE}(?:\s*,\s*{DIRECTIVE})*)",
    "sec-fetch-dest": r"[a-z]{1,20}",
    "sec-fetch-mode": r"[a-z-]{1,20}",
    "sec-fetch-site": r"[a-z-]{1,20}",
    "sec-websocket-key": r"[A-Za-z0-9+/]{22}==",
    "sec-purpose": r"(?:prefetch|prerender|;|\s|anonymous-client-ip)*",
    "purpose": r"(?:prefetch|prerender|preview)",
}
ORDINARY = ("cache-control", "sec-fetch-dest", "sec-purpose", "purpose")  # those that tell something of any request
CHROME = Pattern(r"Chrome/(\d{1,4})\.")  # of a User-Agent
HOSTS = ("host", ":authority")  # for a URL that has none
SECRET_HEADERS = ("authorization", "proxy-authorization", "cookie", "set-cookie", "sec-websocket-protocol")
DATE = Pattern(r"[-+\d:.TZ ]{0,40}")
ERROR = Pattern(r"(?:net::ERR_[A-Z0-9_]{1,60})?")
METHOD, KIND = Pattern(r"[A-Z]{0,10}"), Pattern(r"[A-Za-z-]{0,20}")  # a request's; a resource's, a message's
HTTP_VERSION = Pattern(r"(?:HTTP/[\d.]{1,3}|h[23](?:-\d\d)?|unknown)?", re.IGNORECASE)
MIME = Pattern(r"(?:text|image|audio|video|font|application|multipart|x-unknown)(?:/[a-z0-9.+-]{1,40})?", re.IGNORECASE)
PROGRAM_VERSION = Pattern(r"v?\d[\w.+-]{0,40}|[\da-f]{7,8}")
KNOWN_PROGRAM = Pattern(  # browsers, and tools that save HARs
    r"(?:(?:Google|Microsoft|Mozilla|Mobile|Headless|Samsung) ?)?"
    r"(?:Chrome|Chromium|Firefox|Safari|WebKit|Edge?|Edg|Opera|Brave|Vivaldi|Electron|Internet(?: Explorer)?|msedge|"
    r"Charles(?: Proxy)?|Fiddler(?: Everywhere| Classic)?|Proxyman|Insomnia|Postman|Burp Suite|BrowserMob Proxy|"
    r"Puppeteer|Selenium|Cypress|TestCafe|WebPageTest|Requestly|Reqable|OWASP ZAP)\b",
    re.IGNORECASE,
)
MASK = Pattern(r"<token (\w+)>")
MASKS = Pattern(r"<token \w+>|%3Ctoken%20\w+%3E|user-\w+")
VALUES = Pattern(r"^(?:[A-Za-z][\w+.-]*:)?(?://)?[^/?#]*|(?<=[?&])[^=&]*=")  # all of an address but path and values
MOST_FRAMES = 64  # of a stack
LONG_ENOUGH = 8  # shorter values are masked where they stand, and not looked for in other text
LONGEST_SEARCHED = 4096  # characters of a message, for what must not be in the extract


class SmallHar(Discreet, msgspec.Struct):
    """The parts of an extract, masked, and how many there are of what (`parts`)."""

    masker: Masker
    creator: Json
    browser: Json | None
    pages: list[Json] = []
    entries: list[Json] = []
    until: str | None = None  # when the recording ended, where the capture says so
    records_messages: bool = True
    parts: dict[str, int] = {}
    dropped: int = 0  # entries


class Masker:
    """Masks texts of one capture, and remembers what must not be in its extract."""

    def __init__(self, of_capture: Texts) -> None:
        self.of_capture = of_capture
        self.removed: Counter[str] = Counter()
        self.secrets: set[str] = set()  # that must not be in the extract
        self.texts: list[str] = []  # in the extract, that come from the capture
        self._urls: dict[str, str] = {}  # most addresses come again

    def leaks(self) -> bool:
        """Search the extract for what was removed or masked.

        What has no shape of a secret may be an ordinary word that stands elsewhere too (`websocket`, a host).
        """
        return self._leaks_in("\n".join(dict.fromkeys(self.texts)))

    def _leaks_in(self, content: str) -> bool:
        text = MASKS.sub(" ", content)
        hidden = (it for it in self.secrets | set(self.of_capture.tokens) if len(it) >= LONG_ENOUGH and opaque(it))
        words = {word.casefold() for word in ALNUM.findall(text)}
        users = (user.casefold() for user in self.of_capture.users)
        return any(it in text for it in hidden) or any(user in words for user in users)

    def url(self, url: str) -> str:
        masked = self._urls.get(url)
        if masked is None:
            address = self.of_capture.url(url)
            self.texts.append(VALUES.sub(" ", address))
            masked = self._urls[url] = _encode_masks(address)
        return masked

    def title(self, title: str) -> str:
        words = self.of_capture.title(title)
        self.texts.append(VALUES.sub(" ", words))
        return _encode_masks(words)

    def name(self, name: str | None) -> str | None:
        """Mask the id of a page or frame."""
        return None if name is None else self._keep(_encode_masks(self.of_capture.page_id(name)))

    def text(self, text: str) -> str:
        return self._keep(self.of_capture.text(text))

    def word(self, word: str) -> str:
        """Mask the name of a function or the like."""
        return self._keep(self.of_capture.word(word))

    def headers(self, sent: Mapping[str, str], host: bool = False) -> list[tuple[str, str]]:
        """Keep a few headers. `host`: the address has no host, so that of the headers is needed."""
        chosen = []
        for name, value in sent.items():
            plain = self._header(name, value, host)
            if plain is None:
                self._remove(name, value)
            else:
                chosen.append((name, plain))
        return chosen

    def _header(self, name: str, value: str, host: bool) -> str | None:
        """The value of a header as it stands in the extract; None: it does not come along."""
        if name in HEADERS and re.fullmatch(HEADERS[name], value):
            return value
        if name == "referer":
            return self.url(value)
        if name == "user-agent":
            return version_of_chrome(value)
        if name in HOSTS and host:
            return self._keep(value)
        attached = name == "content-disposition" and value.lower().startswith("attachment")
        return "attachment" if attached else None

    def _remove(self, name: str, value: str) -> None:
        self.removed["headers"] += 1
        self.secrets.update(filter(opaque, RUN.findall(value)))
        if name in SECRET_HEADERS:
            self.secrets.update(part for part in re.split(r"[\s;,=]+", value) if len(part) >= LONG_ENOUGH)

    def close(self, close: object) -> object:
        """Mask what an exporter records of a close."""
        if not isinstance(close, dict):
            return self.text(close) if isinstance(close, str) else {}
        names = ("code", "timestamp", "time", "_earliest")
        numbers = {name: close[name] for name in names if isinstance(close.get(name), int | float)}
        reason, by = text_of(close.get("reason")), word_of(KIND, text_of(close.get("_by")))
        return {
            **numbers,
            **({} if reason is None else {"reason": self.text(reason)}),
            **({} if by is None else {"_by": by}),
        }

    def attribution(self, session: Session | None) -> Json:
        """Mask what a socket is attributed to."""
        if session is None:
            return {}
        attribution = session.attribution
        identity = replace(attribution.identity, self.of_capture)
        if identity is not None and identity.app is not None:
            identity = Identity(_encode_masks(identity.app), identity.user)
        return attribution_of(session, attribution.provider, identity, attribution.client)

    def initiator(self, value: object) -> Json:
        """Mask functions and places of a stack, with its async parents."""
        if not isinstance(value, dict):
            return {}
        code: Json = {"type": word_of(KIND, text_of(value.get("type"))) or "unknown"}
        if (url := text_of(value.get("url"))) is not None:
            code["url"] = self.url(url)
        if isinstance(line := value.get("lineNumber"), int):
            code["lineNumber"] = line
        stack = self._stack(value.get("stack"), MOST_FRAMES)
        return {**code, "stack": stack} if stack is not None else code

    def _stack(self, stack: object, most: int) -> Json | None:
        if not isinstance(stack, dict) or most <= 0:
            return None
        frames = frames_of(stack)[:most]
        calls: Json = {"callFrames": [self._frame(frame) for frame in frames]}
        if (description := text_of(stack.get("description"))) is not None:
            calls["description"] = self.word(description)
        parent = self._stack(stack.get("parent"), most - max(1, len(frames)))
        return {**calls, "parent": parent} if parent is not None else calls

    def _frame(self, frame: Json) -> Json:
        numbers = {key: frame[key] for key in ("lineNumber", "columnNumber") if isinstance(frame.get(key), int)}
        name, url = text_of(frame.get("functionName")) or "", text_of(frame.get("url")) or ""
        id = text_of(frame.get("scriptId")) or ""
        script = {"scriptId": id} if re.fullmatch(r"\d{1,9}", id) else {}
        return {"functionName": self.word(name), "url": self.url(url), **script, **numbers}

    def console(self, lines: Iterable[ConsoleLine]) -> list[Json]:
        """Mask lines of the console. One that still holds what was removed elsewhere does not come along."""
        masked = (
            record
            | {"message": self.of_capture.text(record["message"])}
            | ({"pageref": self.name(record["pageref"])} if "pageref" in record else {})
            | ({"_initiator": self.initiator(record["_initiator"])} if "_initiator" in record else {})
            for record in console.write(lines)
        )
        records = [record for record in masked if not self._leaks_in(record["message"])]
        self.texts += [record["message"] for record in records]
        return records

    def _keep(self, text: str) -> str:
        self.texts.append(text)
        return text


def frames_of(stack: Mapping[str, Any]) -> list[Json]:
    """List the frames of one turn of the event loop, innermost first."""
    frames = stack.get("callFrames")
    return [frame for frame in (frames if isinstance(frames, list) else []) if isinstance(frame, dict)]


def program(name: str, version: str) -> Json:
    """Write the program that made a capture; none that nobody knows."""
    version = version.strip()
    plain = PROGRAM_VERSION.fullmatch(version) and not opaque(version)
    return {"name": program_name(name), "version": version if plain else ""}


def program_name(name: str) -> str:
    """Cut what stands behind the name of an exporter or a browser; name no program that nobody knows."""
    name = name.strip()
    creators = sorted((it for row in EXPORTERS for it in row.creators), key=len, reverse=True)
    for creator in creators:
        if f"{name.lower()} ".startswith(f"{creator} "):
            return name[: len(creator)]
    known_program = KNOWN_PROGRAM.match(name)
    return known_program[0] if known_program is not None else "unknown program" if name else ""


def version_of_chrome(agent: str) -> str | None:
    """The version of Chrome that a User-Agent names, and nothing else of it."""
    named = CHROME.search(agent)
    return f"Chrome/{named[1]}.0.0.0" if named else None


def word_of(kind: re.Pattern[str], word: str | None) -> str | None:
    """A word of the exporter's; empty where it is none."""
    return word if word is None or kind.fullmatch(word) else ""


def date_of(date: str | None) -> str | None:
    """A date as the exporter wrote it; empty where it is none."""
    return date if DATE.fullmatch(date or "") else ""


def mime_of(mime: str) -> str:
    """The type alone, without its parameters. One that is none is nothing that a browser shows."""
    plain = mime.partition(";")[0].strip()
    return plain if not plain or MIME.fullmatch(plain) else "application/octet-stream"


def ordinary_headers(sent: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """The headers of any request that tell something: their names, and what their values may be."""
    for name in ORDINARY:
        if name in sent and re.fullmatch(HEADERS[name], sent[name]):
            yield name, sent[name]
    if "referer" in sent:
        yield "referer", "about:blank"
    if agent := version_of_chrome(sent.get("user-agent", "")):
        yield "user-agent", agent


def _encode_masks(text: str) -> str:
    """Write masks as they may stand in a URL, and are recognised by."""
    return MASK.sub(r"%3Ctoken%20\1%3E", text)

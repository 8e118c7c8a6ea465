"""Mask the texts of one capture by what they are: addresses, names of functions, titles, sentences of anybody."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from typing import TypeAlias, cast

from analyzer.masking.names import Masks
from analyzer.masking.secrets import NOTHING, Place, cut
from analyzer.model import Session
from analyzer.patterns import Pattern
from analyzer.shapes.addresses import (
    ADDRESS,
    NAMED,
    URL,
    has_secret,
    is_file,
    mask_pair,
    mask_segment,
    names_secret,
)
from analyzer.shapes.tokens import RUN, find_homes, mask_homes, opaque

WITHIN = Pattern(r"\b[A-Za-z][\w+.-]{0,20}://[^\s'\"<>()]+")  # an address in a text
REST = Pattern(r"[^\s'\"<>()]*")  # of an address in a text
PIECE = Pattern(r"[^\s\"'<>&?=/,;()]{8,}")  # of a text, as long as what is looked for in other text
OPAQUE_SCHEMES = ("data:", "javascript:", "view-source:data:", "about:srcdoc")
LONGEST_SCHEME = max(map(len, OPAQUE_SCHEMES))
SLASH, SLASHES = Pattern(r"([/\\])"), Pattern(r"[/\\]*")
PACKAGES = ("node_modules", "npm", "deps")  # folders of packages, whose names may begin with an @
WORD = Pattern(r"[A-Z][a-z]{2,}|[a-z]{3,}|[A-Z]{2,5}(?![A-Za-z])|[A-Z]{2,4}(?=[A-Z][a-z])")
VOWEL, UNSPOKEN = Pattern("(?i)[aeiouy]|^https?$"), Pattern("(?i)(?!http)[^aeiouy]{4}")
DIGITS = Pattern(r"\d+(?:\.\d+)*")
# Sec-WebSocket-Key (RFC 6455): 16 random bytes. Anything else may be a secret.
NONCE = Pattern(r"[A-Za-z0-9+/]{22}==")
# page_1, page_1_0, page@5f3a..., frame@5f3a...#2
EXPORTERS_PAGE = Pattern(r"(?:page_\d{1,9}(?:_(?:\d{1,9}|[\da-f]{8,64}))?|(?:page|frame)@[\da-f]{8,64})(?:#\d{1,9})?")
PAGE = Pattern(r"[\w.:#@ -]{1,80}")
NO_PLACE: Place = (sys.maxsize, sys.maxsize, "")


def _is_worded(run: str) -> bool:
    """Are the letters of a run those of words that can be spoken, with a number or two? Those of tokens are not."""
    letters = sum(map(str.isalpha, run))
    spoken = sum(len(word) for word in WORD.findall(run) if VOWEL.search(word) and not UNSPOKEN.search(word))
    return "@" not in run and "%40" not in run and 10 * spoken >= 9 * letters and len(DIGITS.findall(run)) < 4


def _once(method: Callable[[Texts, str], str]) -> Callable[[Texts, str], str]:
    """Mask a text once, as long as no more values of the capture are met: it may hold one of these, too."""

    what, depends_on_others = method.__name__, method.__name__ == "text"

    @wraps(method)
    def mask_once(self: Texts, text: str) -> str:
        key = what, len(self.tokens) if depends_on_others else 0, text
        result = self._masked.get(key)
        if result is None:
            result = self._masked[key] = method(self, text)
        return result

    return mask_once


def _find_addresses(text: str, places: list[Place]) -> Iterator[tuple[int, int]]:
    """Find the addresses in a text, each with the values that begin or end in it."""
    values = iter(places)
    first, last, _ = next(values, NO_PLACE)
    at = 0
    while (address := WITHIN.search(text, at)) is not None:
        start, at = address.span()
        while first < at:
            if last > start:
                start, at = min(start, first), max(at, REST.match(text, last).end())  # type: ignore[union-attr]
            first, last, _ = next(values, NO_PLACE)
        yield start, at


class Texts:
    """Mask the texts of one capture.

    `tokens`, `users`: the values that were met, with their masks. What is masked depends on the capture alone; how it
    is named, without a key, on those before it.
    """

    def __init__(self, masks: Masks | None = None, sessions: Iterable[Session] = ()) -> None:
        self._masks = masks or Masks()
        self._secrets = NOTHING
        self._hosts: set[str] = set()
        self.tokens: dict[str, str] = {}
        self.users: dict[str, str] = {}
        self._masked: dict[tuple[str, int, str], str] = {}
        self._paths: dict[tuple[str, str, str], str] = {}
        self.learn(tuple(sessions))

    def learn(self, sessions: Sequence[Session]) -> None:
        """Learn what is secret of more sockets, while they are recorded."""
        hosts = (URL.match(session.url)[3] for session in sessions)  # type: ignore[index]  # all is optional
        self._hosts.update(host.partition(":")[0].casefold() for host in hosts)
        self._secrets = self._secrets.extend(sessions, self._masks.secrets, self._masks.users)
        self._masked.clear()
        self._paths.clear()

    @_once
    def url(self, url: str) -> str:
        url = url.strip()
        scheme, colon, rest = url.partition(":")
        if url[:LONGEST_SCHEME].lower().startswith(OPAQUE_SCHEMES):
            return scheme + colon + self.token(rest)
        parts = cast("re.Match[str]", URL.match(url))  # all of it is optional
        scheme, host, begin, end = parts[1], parts[3], parts.start(4), parts.end(4)
        address = scheme + host
        for first, stop, value in self._secrets.find_divided(url):
            start = SLASHES.match(url, max(first, begin)).end()  # type: ignore[union-attr]  # hosts are no secrets
            if start < min(stop, end if self._masks.secrets else len(url)):  # a query has no other secrets
                address += self._path(scheme, host, url[begin:start]) + self.token(value)
                begin = stop
        if begin > end:  # the value reaches into the query
            return address + (self.token(url[begin:]) if url[begin:] else "")
        address += self._path(scheme, host, url[begin:end])
        query, fragment = parts[5], parts[6]
        values = (
            "" if query is None else "?" + "&".join(mask_pair(it, self.token, self._show) for it in query.split("&"))
        )
        return address + values + ("" if fragment is None else "#" + self.token(fragment))

    def _path(self, scheme: str, host: str, path: str) -> str:
        """Mask a path once: a socket has it in its URL and in its address without the query."""
        key = scheme, host, path
        if key not in self._paths:
            self._paths[key] = self._mask_path(*key)
        return self._paths[key]

    def _mask_path(self, scheme: str, host: str, path: str) -> str:
        parts, at = [], 0
        for start, end in find_homes(host, path, is_file(scheme, host)):
            parts += [self._parts(path[at:start]), self._value(path[start:end])]
            at = end
        return "".join([*parts, self._parts(path[at:])])

    def _parts(self, path: str) -> str:
        parts = SLASH.split(path)  # those of the path, with what is between them
        for place in range(0, len(parts), 2):
            part = parts[place]
            if not (part.startswith("@") and place and parts[place - 2] in PACKAGES):
                parts[place] = mask_segment(part, self._value, self._show)
        return "".join(parts)

    def _show(self, segment: str) -> str:
        is_secret = segment.casefold() in self._secrets.forms
        return self._value(segment) if is_secret else self._secrets.replace(segment, self.token)

    def _value(self, form: str) -> str:
        """A value that is secret, or an opaque one, as it is written."""
        return self.token(self._secrets.forms.get(form.casefold(), form))

    @_once
    def text(self, text: str) -> str:
        """Any other text of a capture: addresses in it, secrets, what was masked elsewhere, what has the shape of a
        secret or is named one."""
        result = self.word(text)
        if self._masks.secrets:
            if names_secret(result):
                result = NAMED.sub(lambda match: match[1] + self.token(match[2]), result)
            result = PIECE.sub(lambda match: self._piece(match[0]), result)
        return result

    def _piece(self, piece: str) -> str:
        return piece if piece.casefold() in self._hosts else self.tokens.get(piece, piece)

    @_once
    def word(self, name: str) -> str:
        """The name of a function or the like: mostly itself."""
        parts, at = [], 0
        for start, end in _find_addresses(name, self._secrets.find_divided(name)) if "://" in name else ():
            parts += [self._plain(name[at:start]), self._address(name[start:end])]
            at = end
        return "".join([*parts, self._plain(name[at:])])

    def _address(self, text: str) -> str:
        """An address in a text. One that is a user's name is masked with its host."""
        for start, end, value in self._secrets.find_divided(text)[:1]:
            if start == 0:
                return self.token(value) + self.url("./" + text[end:])[2:]  # what follows is no host
        return self.url(text)

    def _plain(self, text: str) -> str:
        """A text without addresses."""
        return cut(text, self._secrets.find_divided(text), self._mask_part, self.token)

    def _mask_part(self, text: str) -> str:
        return self._shapes(self._secrets.replace(mask_homes(text, self.token), self.token))

    def _shapes(self, text: str) -> str:
        """A text of which only what has the shape of a secret is masked. A host is shown, as it is in addresses."""
        if not has_secret(text):
            return text
        return RUN.sub(lambda match: self.token(match[0]) if self._is_opaque(match[0]) else match[0], text)

    def _is_opaque(self, run: str) -> bool:
        return opaque(run) and run.casefold() not in self._hosts

    def program(self, name: str) -> str:
        """The name of a program: as long as it may be, what is made of words is no secret."""
        runs = list(filter(opaque, RUN.findall(name)))
        is_worded = bool(runs) and all(map(_is_worded, runs)) and not names_secret(name)
        return self._secrets.replace(name, self.token) if is_worded else self.text(name)

    def page_id(self, id: str) -> str:
        """The id of a page: an exporter's own stays."""
        if EXPORTERS_PAGE.fullmatch(id):
            return id
        return self.word(id) if PAGE.fullmatch(id) else self.token(id)

    def title(self, title: str) -> str:
        """A page's title: its address in Chrome, elsewhere that of the document, which may name anyone."""
        return self.url(title) if ADDRESS.fullmatch(title) else self.token(title) if title else title

    def nonce(self, key: str) -> str | None:
        return key if NONCE.fullmatch(key) else None

    def token(self, secret: str) -> str:
        """The mask of a secret; that of a user, where it is one."""
        if secret in self._secrets.users:
            return self.user(secret)
        if not self._masks.secrets:
            return self._secrets.replace(secret, self.token)
        if secret not in self.tokens:
            self.tokens[secret] = f"<token {self._masks.name('token', secret)}>"
        return self.tokens[secret]

    def user(self, user: str) -> str:
        if not self._masks.users:
            return user
        if user not in self.users:
            self.users[user] = f"user-{self._masks.name('user', user)}"
        return self.users[user]


Mask: TypeAlias = Callable[[Texts, str], str | None]  # a method of Texts: it says what a text is

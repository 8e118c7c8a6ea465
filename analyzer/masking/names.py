"""Name secrets and users where they occur in texts of a capture: URLs, sentences, names of functions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from urllib.parse import quote, unquote

from analyzer.shapes.addresses import NAMED, URL, has_secret, is_file, mask_pair, mask_segment, names_secret
from analyzer.shapes.tokens import RUN, find_homes, mask_homes, opaque

WITHIN = re.compile(r"\b[A-Za-z][\w+.-]{0,20}://[^\s'\"<>()]+")  # an address in a text
PIECE = re.compile(r"[^\s\"'<>&?=/,;()]{8,}")  # of a text, as long as what is looked for in other text
ALNUM = re.compile(r"[^\W_]+")
OPAQUE_SCHEMES = ("data:", "javascript:", "view-source:data:", "about:srcdoc")
SLASH = re.compile(r"([/\\])")
PACKAGES = ("node_modules", "npm", "deps")  # folders of packages, whose names may begin with an @
LONG_ENOUGH = 8  # shorter values are masked where they stand, and not looked for in other text
SHORTEST_WORD = 3  # what is shorter stands for itself in too many places: it is masked as a whole part of a path alone


class Names:
    """Names for what is masked, in the order in which it is met.

    What is masked in a capture depends on that capture alone; how it is named, without a key, on those before it.
    `ordinal`: the number of a new value of a kind (token, user); by default one more than before.
    """

    def __init__(
        self,
        secrets: bool = True,
        users: bool = True,
        key: str | None = None,
        ordinal: Callable[[str, str], int] | None = None,
    ) -> None:
        self.masks_secrets = secrets
        self.masks_users = users
        self.key = key
        self._ordinal = ordinal
        self.tokens: dict[str, str] = {}
        self.users: dict[str, str] = {}
        self._here: dict[str, str] = {}  # tokens of this capture
        self._urls: dict[str, str] = {}  # that were masked
        self._known: dict[str, str] = {}  # case folded, as it may be written -> the value
        self._index: dict[str, list[str]] = {}  # by its first word, where that may stand in a text
        self._known_users: set[str] = set()
        self._words_shown: dict[str, str] = {}  # names and the like
        self._texts: dict[str, str] = {}  # texts that were masked

    def forget_capture(self) -> None:
        """Forget what belongs to one capture alone; with a key every name, because it can be computed again."""
        for of_capture in (self._here, self._urls, self._words_shown, self._known, self._index, self._known_users):
            of_capture.clear()
        if self.key is not None:  # a run may have millions
            self.tokens.clear()
            self.users.clear()

    def learn_value(self, value: str) -> None:
        for form in {value, quote(value, "", errors="surrogatepass"), json.dumps(value)[1:-1]}:
            folded = form.casefold()
            if folded not in self._known:
                self._known[folded] = value
                self._urls.clear()
                self._words_shown.clear()
                first = ALNUM.search(folded)
                if first is not None and len(folded) >= SHORTEST_WORD:
                    self._index.setdefault(first[0], []).append(folded)

    def url(self, url: str) -> str:
        if url not in self._urls:  # the frames of a stack name few files, again and again
            self._urls[url] = self._url(url)
        return self._urls[url]

    def _url(self, url: str) -> str:
        url = url.strip()
        scheme, colon, rest = url.partition(":")
        if url.lower().startswith(OPAQUE_SCHEMES):
            return scheme + colon + self.token(rest)
        scheme, _, host, path, query, fragment = URL.match(url).groups()  # type: ignore[union-attr]  # all optional
        address = scheme + host + self._path(scheme, host, path)
        values = (
            "" if query is None else "?" + "&".join(mask_pair(it, self.token, self._show) for it in query.split("&"))
        )
        return address + values + ("" if fragment is None else "#" + self.token(fragment))

    def _path(self, scheme: str, host: str, path: str) -> str:
        parts, at = [], 0
        for start, end in find_homes(host, path, is_file(scheme, host)):
            parts += [self._parts(path[at:start]), self._mask(path[start:end])]
            at = end
        return "".join([*parts, self._parts(path[at:])])

    def _parts(self, path: str) -> str:
        parts = SLASH.split(path)  # those of the path, with what is between them
        for place in range(0, len(parts), 2):
            part = parts[place]
            if not (part.startswith("@") and place and parts[place - 2] in PACKAGES):
                parts[place] = mask_segment(part, self._mask, self._show)
        return "".join(parts)

    def _show(self, segment: str) -> str:
        return self._mask(segment) if segment.casefold() in self._known else self._words(segment)

    def text(self, text: str) -> str:
        """Any other text of a capture: addresses in it, known words, what was masked elsewhere, what has the shape of
        a secret or is named one."""
        if text not in self._texts:
            result = self.word(text)
            if self.masks_secrets:
                if names_secret(result):
                    result = NAMED.sub(lambda match: match[1] + self.token(match[2]), result)
                result = PIECE.sub(lambda match: self._here.get(match[0], match[0]), result)
            self._texts[text] = result
        return self._texts[text]

    def word(self, name: str) -> str:
        """The name of a function or the like: mostly itself."""
        if name not in self._words_shown:
            self._words_shown[name] = self._word(name)
        return self._words_shown[name]

    def _word(self, name: str) -> str:
        if "://" not in name:
            return self._plain(name)
        parts, at = [], 0
        for address in WITHIN.finditer(name):
            parts += [self._plain(name[at : address.start()]), self.url(address[0])]
            at = address.end()
        return "".join([*parts, self._plain(name[at:])])

    def _plain(self, text: str) -> str:
        """A text without addresses."""
        return self._mask_shapes(self._words(mask_homes(text, self.token)))

    def _words(self, text: str) -> str:
        """Users, and what a provider's row says is secret, where they stand by themselves, in any case or encoding."""
        if not self._index:
            return text
        plain = unquote(text, errors="surrogateescape") if "%" in text else text
        folded = plain.casefold()
        if len(folded) != len(plain):  # a letter that folds to two: places would not fit
            folded = plain.lower() if len(plain.lower()) == len(plain) else plain
        encode = partial(quote, safe="", errors="surrogateescape") if plain is not text else str
        parts: list[str] = []
        at = 0
        for word in ALNUM.finditer(folded):
            if word.start() < at:
                continue
            for form in self._index.get(word[0], ()):
                start = word.start() - form.index(word[0])
                end = start + len(form)
                if start >= at and folded[start:end] == form and not folded[end : end + 1].isalnum():
                    parts += [encode(plain[at:start]), self._mask(form)]
                    at = end
                    break
        return "".join([*parts, encode(plain[at:])]) if parts else text

    def _mask_shapes(self, text: str) -> str:
        return (
            RUN.sub(lambda match: self.token(match[0]) if opaque(match[0]) else match[0], text)
            if has_secret(text)
            else text
        )

    def _mask(self, form: str) -> str:
        """The mask of a value that is known, or of an opaque one, as it is written."""
        return self.token(self._known.get(form.casefold(), form))

    def token(self, secret: str) -> str:
        """The mask of a secret; that of a user, where it is one."""
        if secret in self._known_users:
            return self.user(secret)
        if not self.masks_secrets:
            return self._words(secret)
        if secret not in self.tokens:
            self.tokens[secret] = f"<token {self._name('token', secret, len(self.tokens) + 1)}>"
        self._here[secret] = self.tokens[secret]
        return self.tokens[secret]

    def user(self, user: str) -> str:
        if not self.masks_users:
            return user
        if user not in self.users:
            self.users[user] = f"user-{self._name('user', user, len(self.users) + 1)}"
        return self.users[user]

    def _name(self, kind: str, value: str, next: int) -> str | int:
        if self.key is not None:
            return digest(self.key, kind, value)[:12]
        return next if self._ordinal is None else self._ordinal(kind, value)


def digest(key: str, kind: str, value: str) -> str:
    """HMAC-SHA256 of a value, in hex: equal for equal values, and telling nothing to whom lacks the key."""
    import hmac

    data = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
    return hmac.digest(key.encode("utf-8", "surrogatepass"), data, "sha256").hex()

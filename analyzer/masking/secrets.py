"""Collect what is secret in a capture although it has no shape of it: users, and what the row of a service says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias
from urllib.parse import quote, unquote

import msgspec

from analyzer.model import Identity, Session
from analyzer.patterns import Pattern
from analyzer.shapes.addresses import SMALL_NUMBER

ALNUM = Pattern(r"[^\W_]+")
SEPARATOR = Pattern(r"[/\\?#;=&\s'\"<>()]")  # where an address is divided, or ends in a text
ENCODED = Pattern(r"(?:%[0-9A-Fa-f]{2})+")
SHORTEST_WORD = 3  # what is shorter stands for itself in too many places: it is masked as a whole part of a path alone
Place: TypeAlias = tuple[int, int, str]  # where a value begins and ends in a text, and which it is


class Secrets(msgspec.Struct, frozen=True):
    """Values of a capture that are masked wherever they stand.

    forms: as a value may be written, case folded -> the value. by_word: those that may stand in a text, by their first
    word. divided: those of them that hold separators, so that no part of an address or a text is all of one.
    """

    users: frozenset[str] = frozenset()
    forms: Mapping[str, str] = {}
    by_word: Mapping[str, tuple[str, ...]] = {}
    divided: Mapping[str, tuple[str, ...]] = {}

    def extend(self, sessions: Iterable[Session], secrets: bool = True, users: bool = True) -> Secrets:
        """Add what is known of these sockets. `secrets`, `users`: which of them are masked."""
        forms, by_word, persons = dict(self.forms), dict(self.by_word), dict.fromkeys(self.users)
        for identity, values in dict.fromkeys((it.identity, it.attribution.secrets) for it in sessions):
            user = identity.user if identity is not None and users else None
            persons |= {user: None} if user else {}
            for value in _choose(identity, values if secrets else (), user):
                for form in filter(lambda form: form not in forms, _list_forms(value)):
                    forms[form] = value
                    first = ALNUM.search(form)
                    if first is not None and len(form) >= SHORTEST_WORD:
                        by_word[first[0]] = (*by_word.get(first[0], ()), form)
            app = identity.app if identity is not None and secrets else None
            if app and SMALL_NUMBER.fullmatch(app):  # other values of a query are masked anyway
                forms.setdefault(app, app)
        divided = {word: chosen for word, written in by_word.items() if (chosen := _choose_divided(written))}
        return Secrets(frozenset(persons), forms, by_word, divided)

    def replace(self, text: str, mask: Callable[[str], str]) -> str:
        """Mask them where they stand by themselves, in any case or encoding."""
        places = self._find(text, self.by_word)
        return cut(text, places, str, mask) if places else text

    def find_divided(self, text: str) -> list[Place]:
        """Find those that hold separators, before the text is divided at these."""
        return self._find(text, self.divided)

    def _find(self, text: str, by_word: Mapping[str, tuple[str, ...]]) -> list[Place]:
        if not by_word:
            return []
        plain = unquote(text, errors="surrogateescape") if "%" in text else text
        folded = plain.casefold()
        if len(folded) != len(plain):  # a letter that folds to two: places would not fit
            folded = _fold_letters(plain)
        spans = list(_find_forms(folded, by_word))
        starts = _list_starts(text) if spans and plain is not text else range(len(text) + 1)
        return [(starts[start], starts[end], self.forms[folded[start:end]]) for start, end in spans]


NOTHING = Secrets()


def _choose(identity: Identity | None, secrets: Iterable[str], user: str | None) -> list[str]:
    """List what is masked of one socket. A user who is shown is no secret."""
    is_shown = identity.user if identity is not None and user is None else None
    return [*([user] if user else []), *(it for it in secrets if len(it) >= SHORTEST_WORD and it != is_shown)]


def _choose_divided(forms: Iterable[str]) -> tuple[str, ...]:
    """List the forms with separators, the longest first: it may begin with another."""
    return tuple(sorted(filter(SEPARATOR.search, forms), key=len, reverse=True))


def _list_forms(value: str) -> Iterable[str]:
    """List how a value may be written, case folded."""
    in_json = json.dumps(value)[1:-1]
    written = (
        *(value, quote(value, "", errors="surrogatepass"), in_json, in_json.replace("/", "\\/")),
        *(value.replace("\\", "/"), value.strip("/\\")),  # as browsers write an address, and as others join one
    )
    return dict.fromkeys(fold(form) for form in written for fold in (str.casefold, _fold_letters))


def _fold_letters(text: str) -> str:
    """Fold the case of a text letter by letter, but for those that fold to two: `ß`."""
    return "".join(folded if len(folded := letter.casefold()) == 1 else letter for letter in text)


def _find_forms(folded: str, by_word: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[int, int]]:
    """Find where a form stands by itself in a text that is case folded."""
    at = 0
    for word in ALNUM.finditer(folded):
        for form in by_word.get(word[0], ()) if word.start() >= at else ():
            start = word.start() - form.index(word[0])
            end = start + len(form)
            if start >= at and folded[start:end] == form and not folded[end : end + 1].isalnum():
                yield start, end
                at = end
                break


def _list_starts(text: str) -> list[int]:
    """List where each letter of a decoded text begins in the encoded one, and where that ends."""
    starts: list[int] = []
    at = 0
    for run in ENCODED.finditer(text):
        starts += range(at, run.start())
        at = run.start()
        for letter in unquote(run[0], errors="surrogateescape"):
            starts.append(at)
            at += len("%00") * len(letter.encode("utf-8", "surrogateescape"))
    return [*starts, *range(at, len(text) + 1)]


def cut(text: str, places: Iterable[Place], show: Callable[[str], str], mask: Callable[[str], str]) -> str:
    """Mask the values that were found in a text, and show what is between them."""
    parts: list[str] = []
    at = 0
    for start, end, value in places:
        parts += [show(text[at:start]), mask(value)]
        at = end
    return "".join([*parts, show(text[at:])])

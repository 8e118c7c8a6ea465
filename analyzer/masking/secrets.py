"""Collect what is secret in a capture although it has no shape of it: users, and what the row of a service says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple
from urllib.parse import quote, unquote

from analyzer.model import Identity, Session
from analyzer.shapes.addresses import SMALL_NUMBER

ALNUM = re.compile(r"[^\W_]+")
SHORTEST_WORD = 3  # what is shorter stands for itself in too many places: it is masked as a whole part of a path alone


class Secrets(NamedTuple):
    """Values of a capture that are masked wherever they stand.

    forms: as a value may be written, case folded -> the value. by_word: those that may stand in a text, by their first
    word.
    """

    users: frozenset[str] = frozenset()
    forms: Mapping[str, str] = {}
    by_word: Mapping[str, tuple[str, ...]] = {}

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
        return Secrets(frozenset(persons), forms, by_word)

    def replace(self, text: str, mask: Callable[[str], str]) -> str:
        """Mask them where they stand by themselves, in any case or encoding."""
        if not self.by_word:
            return text
        plain = unquote(text, errors="surrogateescape") if "%" in text else text
        folded = plain.casefold()
        if len(folded) != len(plain):  # a letter that folds to two: places would not fit
            folded = _fold_letters(plain)
        encode = partial(quote, safe="", errors="surrogateescape") if plain is not text else str
        parts: list[str] = []
        at = 0
        for start, end in self._find(folded):
            parts += [encode(plain[at:start]), mask(self.forms[folded[start:end]])]
            at = end
        return "".join([*parts, encode(plain[at:])]) if parts else text

    def _find(self, folded: str) -> Iterator[tuple[int, int]]:
        """Find where one of them stands in a text that is case folded."""
        at = 0
        for word in ALNUM.finditer(folded):
            for form in self.by_word.get(word[0], ()) if word.start() >= at else ():
                start = word.start() - form.index(word[0])
                end = start + len(form)
                if start >= at and folded[start:end] == form and not folded[end : end + 1].isalnum():
                    yield start, end
                    at = end
                    break


NOTHING = Secrets()


def _choose(identity: Identity | None, secrets: Iterable[str], user: str | None) -> list[str]:
    """List what is masked of one socket. A user who is shown is no secret."""
    is_shown = identity.user if identity is not None and user is None else None
    return [*([user] if user else []), *(it for it in secrets if len(it) >= SHORTEST_WORD and it != is_shown)]


def _list_forms(value: str) -> Iterable[str]:
    """List how a value may be written, case folded."""
    written = (value, quote(value, "", errors="surrogatepass"), json.dumps(value)[1:-1])
    return dict.fromkeys(fold(form) for form in written for fold in (str.casefold, _fold_letters))


def _fold_letters(text: str) -> str:
    """Fold the case of a text letter by letter, but for those that fold to two: `ß`."""
    return "".join(folded if len(folded := letter.casefold()) == 1 else letter for letter in text)

"""Sentences of ours as a template and values: each value says what it is, so nothing looks for it in finished text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import lru_cache

import msgspec

from analyzer.model.time import Duration, format_duration


class Kind(StrEnum):
    """What a value of a sentence is. The first four are of the capture, and may say what nobody may see."""

    ADDRESS = "address"  # of a socket, shown without its scheme
    HOST = "host"
    NAME = "name"  # of a function, a component, a library
    TEXT = "text"  # what the browser wrote, or anybody
    TERM = "term"  # what a catalogue of ours says
    NUMBER = "number"
    DURATION = "duration"


class Quote(msgspec.Struct, frozen=True):
    """A value of a sentence."""

    kind: Kind
    value: str

    @property
    def text(self) -> str:
        return self.value.partition("://")[2] if self.kind is Kind.ADDRESS else self.value


class Sentence(str):
    """A text that people read, or a part of one: a string that remembers which of its parts are values.

    `Sentence("{} of {} failed", 3, name)`: a value is a number or a Sentence, whose values become those of the whole. A
    template is text of ours alone. `template` and `values`: `{0} of {1} failed`, ("3", "connect").
    """

    __slots__ = ("parts",)

    parts: tuple[str | Quote, ...]  # text of ours, and what it quotes

    def __new__(cls, template: str, *values: Sentence | int) -> Sentence:
        pieces = template.split("{}")
        if len(pieces) != len(values) + 1:
            raise TypeError(f"{len(values):,} values for {template!r}")
        texts = [pieces[0]]
        parts: list[str | Quote] = [pieces[0]] if pieces[0] else []
        for value, piece in zip(values, pieces[1:], strict=True):
            quoted = _quote(Kind.NUMBER, f"{value:,}") if isinstance(value, int) else value
            texts += quoted, piece
            _append(parts, parts_of(quoted))
            if piece:
                _append(parts, (piece,))
        sentence = str.__new__(cls, "".join(texts))
        sentence.parts = tuple(parts)
        return sentence

    def __reduce__(self) -> tuple[Callable[[Iterable[str | Quote]], Sentence], tuple[tuple[str | Quote, ...]]]:
        return assemble, (self.parts,)

    @property
    def quotes(self) -> tuple[Quote, ...]:
        return tuple(part for part in self.parts if isinstance(part, Quote))

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(quote.text for quote in self.quotes)

    @property
    def template(self) -> str:
        """With `{0}`, `{1}` ... for the values; a brace of ours is doubled, as SARIF has it."""
        text, number = "", 0
        for part in self.parts:
            if isinstance(part, Quote):
                text, number = f"{text}{{{number}}}", number + 1
            else:
                text += part.replace("{", "{{").replace("}", "}}")
        return text

    @property
    def clause(self) -> Sentence:
        """Return it without its full stop."""
        *before, last = self.parts or ("",)
        return assemble([*before, last.removesuffix(".") if isinstance(last, str) else last])

    @property
    def capital(self) -> Sentence:
        """Return it with a capital letter first, where the first letter is ours."""
        first, *rest = self.parts or ("",)
        return assemble([first[:1].upper() + first[1:] if isinstance(first, str) else first, *rest])

    def map(self, change: Callable[[Quote], str]) -> Sentence:
        """Return it with other values in place of these."""
        return assemble(Quote(it.kind, change(it)) if isinstance(it, Quote) else it for it in self.parts)


def assemble(parts: Iterable[str | Quote]) -> Sentence:
    """Make a sentence of its parts."""
    joined: list[str | Quote] = []
    texts: list[str] = []
    own = ""  # text of ours that was joined last
    for part in parts:
        if isinstance(part, Quote):
            joined.append(part)
            texts.append(part.text if part.kind is Kind.ADDRESS else part.value)
            own = ""
        elif part:
            texts.append(part)
            if own:
                joined[-1] = own + part
            else:
                joined.append(part)
            own += part
    sentence = str.__new__(Sentence, "".join(texts))
    sentence.parts = tuple(joined)
    return sentence


def _append(parts: list[str | Quote], more: tuple[str | Quote, ...]) -> None:
    """Append the parts of a sentence to others: text of ours that meets is one part."""
    if parts and more and isinstance(parts[-1], str) and isinstance(more[0], str):
        parts[-1] += more[0]
        parts += more[1:]
    else:
        parts += more


def _quote(kind: Kind, value: str) -> Sentence:
    part = Quote(kind, value)
    sentence = str.__new__(Sentence, part.text if kind is Kind.ADDRESS else value)
    sentence.parts = (part,)
    return sentence


def parts_of(text: str) -> tuple[str | Quote, ...]:
    """Return the parts of a text; one that has none may be anybody's, and is a value as a whole."""
    return text.parts if isinstance(text, Sentence) else (Quote(Kind.TEXT, text),)


def address(endpoint: str) -> Sentence:
    """Quote the address of a socket, shown without its scheme."""
    return _quote(Kind.ADDRESS, endpoint)


def host(text: str) -> Sentence:
    return _quote(Kind.HOST, text)


def name(text: str) -> Sentence:
    """Quote the name of a function, a component or a library, as the capture has it."""
    return _quote(Kind.NAME, text)


def quote(text: str) -> Sentence:
    """Quote what the browser wrote, or anybody."""
    return _quote(Kind.TEXT, text)


def term(text: str) -> Sentence:
    """Quote what a catalogue of ours says: the name of a service, what a library is known for."""
    return _quote(Kind.TERM, text)


def length(duration: Duration) -> Sentence:
    return _quote(Kind.DURATION, format_duration(duration))


@lru_cache(1024)  # a finding says `2 sockets` as thousands of others do
def count(number: int, one: str, many: str = "") -> Sentence:
    """`1 socket`, `5,000 sockets`."""
    return Sentence(f"{{}} {one if number == 1 else many or one + 's'}", number)


def chain(parts: Sequence[Sentence], separator: str = ", ", last: str | None = None) -> Sentence:
    """Join sentences with text of ours: `a, b`, and with another `last` separator `a, b and c`."""
    joined: list[str | Quote] = []
    for place, part in enumerate(parts):
        if place:
            joined.append(last if last is not None and place == len(parts) - 1 else separator)
        joined += part.parts
    return assemble(joined)

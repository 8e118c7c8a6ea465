"""Separate random characters from ordinary names, by how surprising each character is.

An ordinary name (`getUserByIDAsync`, `release-notes-2026`) is read by a small model of names: one table says how many
bits of surprise a kind of character (lower case, upper case, digit, other) is after the three before it, another how
many a letter is after the one before it in its word. A token is drawn from an alphabet, where each character costs the
same. A stretch of characters that is much more likely to be drawn than to be a name is random.

`tests/lab/words.py` makes the tables, `tests/test_randomness.py` measures on other names what they miss and mistake.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import msgspec

from analyzer.patterns import Pattern

LOWER, UPPER, DIGIT, OTHER = range(4)
KINDS, LETTERS = 4, 26
CONTEXTS = KINDS**3
UNIT = 0.2  # bits per step of a table
STEPS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/"
SHORTEST = 9  # characters: shorter stretches are often abbreviations

# By the three kinds before, then the kind.
KIND_TABLE = (
    "1UcF0MljCT5A1SLe0RslE4BOT93X39WR4g8FLB2uCK4C1YHs0/Ye1DWWOvF13BHL1JhY0MgjNAA665PT0NUZO2TDfB3IE2NT3O9OG84Z"
    "cA3M75Ec0YdVI1XVCZ95H1cK3eAI4BEJ9w3K1YEf0SggL74Qn83s57LL6j5ID85aFR3D2PBh0/Vj83RUMl64O93R0cdQA5AjEA5L1OKP"
    "0RpjM1XKMD3CB2OP3oCGD7L6Id3A1kFc0ZQb29dZBd581FcO"
)
# By the letter before (the first row: none, a word begins), then the letter.
LETTER_TABLE = (
    "HNIMNNKROVWOMPSJeMHLSRTThdbOHMeWMhNfVHMGiLmFKESVabVbDVTYDccgIRjGYbGUmKMaIimfRkIhUZHgnGOmKGXfCUrLRGPnqlVc"
    "ESYP9UVeEbPRZYHYuNPXOcffXeLUMMTVUhXebLNFZSbBFIbUWNafHZVYIKeiAjdHbdDevJRMNnlgQrMfHeAfSQFqkOYPMbpINYOklegF"
    "AdaaBhkmHjgUVYEdYPXIOketTkOQINLSNojkaKNBIRgPJIbRnZmTDhWWDglnNlbgSXJVUf7fLdXrulFWZS9WVZFhaOXRIZrPJPMbZpRo"
    "GaZRCcbkClbKaeDPugOPKairSlBMVVBhfmGkhOPaGGhfQaPiinXrHdMHGRGfJgUZeSLXngHCRVlkVgUSNMeVRiWcVJKCPNqDNNIQPZfe"
    "FfXUFfcMJtdGXZGNrFQMOkmpJqYgecbeluXu/CaegViRUS3icqtnFZPRBYTkGoQWPUFYnQLLQTgpQcObKSDYeNImRQTYKMYeJBQWajQc"
    "FfScBagLDggVXfGWvHMPSjYeNjQORGKWKlLfdJLHeLwHJFgflUtfBiUf7gTiCvhbVbNZ/ZTaMjnkWpCgXYDegRDtZYeLDayLHYbmjjRm"
    "OZLWGWfbJgiVKfSEqYS8XfgTOjORKTQUTgYaWKIJRBkTGFUdSheUDbXY9gdbHjUUVRGZraWYKgXlJO"
)


class Alphabet(msgspec.Struct, frozen=True):
    """What a token is drawn from."""

    stretch: re.Pattern[str]
    size: int
    enough: float  # bits by which a stretch must be more likely drawn than named


def _alphabet(characters: str, size: int, enough: float) -> Alphabet:
    return Alphabet(Pattern(f"[{characters}]{{{SHORTEST},}}"), size, enough)


# What is enough was chosen so that ordinary names stay: words of other languages are surprising in lower case alone.
ALPHABETS = (
    _alphabet("0-9a-f", 16, enough=11),
    _alphabet("0-9A-F", 16, enough=13),
    _alphabet("0-9a-z", 36, enough=14),
    _alphabet("0-9A-Z", 36, enough=16),
    _alphabet("0-9A-Za-z_-", 64, enough=17),
    _alphabet("a-z", 26, enough=18),
)


def has_random_stretch(text: str) -> bool:
    """Say whether a part of the text is much more likely drawn from an alphabet than an ordinary name."""
    if len(text) < SHORTEST:
        return False
    costs: list[float] | None = None
    for alphabet in ALPHABETS:
        for stretch in alphabet.stretch.finditer(text):
            costs = costs or surprise(text)
            if _gain(costs[stretch.start() : stretch.end()], math.log2(alphabet.size), alphabet.enough):
                return True
    return False


def _gain(costs: Sequence[float], bits: float, enough: float) -> bool:
    """Say whether some stretch, long enough, costs so many bits more as a name than drawn."""
    gained, length = 0.0, 0
    for cost in costs:
        gained += cost - bits
        length += 1
        if gained <= 0:
            gained, length = 0.0, 0
        elif gained >= enough and length >= SHORTEST:
            return True
    return False


def surprise(text: str) -> list[float]:
    """Return how many bits each character costs as part of a name."""
    return [
        KIND_BITS[context * KINDS + kind] + (OTHER_BITS[kind] if letter is None else LETTER_BITS[before, letter])
        for context, kind, before, letter in steps(text)
    ]


def steps(text: str) -> Iterator[tuple[int, int, int, int | None]]:
    """Yield for each character the kinds before it, its kind, the letter before it in its word (0: none), its letter.

    A word begins after a digit, a sign, and where lower case turns to upper case.
    """
    context, before = CONTEXTS - 1, 0
    for character in text:
        if "a" <= character <= "z":
            kind, letter = LOWER, ord(character) - 97
        elif "A" <= character <= "Z":
            kind, letter = UPPER, ord(character) - 65
            before = 0 if context % KINDS == LOWER else before
        else:
            yield context, (kind := DIGIT if "0" <= character <= "9" else OTHER), 0, None
            context, before = (context * KINDS + kind) % CONTEXTS, 0
            continue
        yield context, kind, before, letter
        context, before = (context * KINDS + kind) % CONTEXTS, letter + 1


BITS = {step: number * UNIT for number, step in enumerate(STEPS)}
KIND_BITS = [BITS[step] for step in KIND_TABLE]
OTHER_BITS = {DIGIT: math.log2(10), OTHER: 1.0}  # which digit, which sign
LETTER_BITS = {divmod(index, LETTERS): BITS[step] for index, step in enumerate(LETTER_TABLE)}

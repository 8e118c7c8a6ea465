"""Random characters are told from ordinary names: measured on names that the tables were not made from."""

from __future__ import annotations

import random
import string
from pathlib import Path

import pytest

from analyzer.shapes.randomness import has_random_stretch
from analyzer.shapes.tokens import opaque_segment

ORDINARY = (Path(__file__).parent / "segments.txt").read_text("utf-8").splitlines()
LETTERS, DIGITS = string.ascii_letters, string.digits
EACH = 400  # tokens of each length


def missed(characters: str, lengths: range) -> float:
    """How many of random tokens are not known as such, of one."""
    dice = random.Random(f"{characters} {lengths}")
    tokens = ["".join(dice.choices(characters, k=length)) for length in lengths for _ in range(EACH)]
    return sum(not opaque_segment(token) for token in tokens) / len(tokens)


@pytest.mark.parametrize(
    ("characters", "most_at_12", "most_at_16"),
    [
        pytest.param(LETTERS + DIGITS, 0.08, 0.02, id="base62"),
        pytest.param(LETTERS + DIGITS + "-_", 0.10, 0.02, id="base64url"),
        pytest.param("0123456789abcdef", 0.06, 0.01, id="hex"),
        pytest.param("0123456789ABCDEF", 0.06, 0.01, id="upper-case hex"),
        pytest.param(LETTERS, 0.15, 0.04, id="letters alone"),
        pytest.param(string.ascii_uppercase + "234567", 0.15, 0.04, id="base32"),
        pytest.param(string.ascii_lowercase + DIGITS, 0.15, 0.04, id="base36"),
        pytest.param(string.ascii_lowercase, 0.35, 0.12, id="lower case alone, as far as possible"),
    ],
)
def test_few_random_tokens_are_missed(characters: str, most_at_12: float, most_at_16: float) -> None:
    assert missed(characters, range(12, 16)) <= most_at_12
    assert missed(characters, range(16, 25)) <= most_at_16


def test_hardly_an_ordinary_name_is_mistaken() -> None:
    mistaken = [name for name in ORDINARY if opaque_segment(name)]
    assert len(ORDINARY) > 3_000
    assert len(mistaken) <= 0.002 * len(ORDINARY), mistaken


@pytest.mark.parametrize("prefix", ["", "ghp_", "sk_live_", "glpat-", "room-", "user:", "token~"])
def test_a_token_is_found_behind_a_prefix(prefix: str) -> None:
    dice = random.Random(prefix)
    tokens = [prefix + "".join(dice.choices(LETTERS, k=24)) for _ in range(EACH)]
    assert sum(opaque_segment(token) for token in tokens) >= 0.99 * EACH


@pytest.mark.parametrize("text", ["", "a", "short", "Ärger-Übermaß-Öffnung", "日本語のパス名です", "\ud800" * 20])
def test_other_texts_are_no_trouble(text: str) -> None:
    assert not has_random_stretch(text)

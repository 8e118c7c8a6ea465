"""Check whether a JSON text holds more values than memory should hold."""

import re

from analyzer.patterns import Pattern

MOST_VALUES = 1 << 19  # in one text that is decoded whole: each may take 200 bytes, whatever it takes in the text
STRING = Pattern(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)


def is_crowded(text: bytes) -> bool:
    """Does it hold more values than are decoded at once? `{},` takes three bytes, and 72 when it is decoded."""
    values = _values(text) if len(text) > MOST_VALUES else 0
    return values > MOST_VALUES and values - sum(_values(it[0]) for it in STRING.finditer(text)) > MOST_VALUES


def _values(text: bytes) -> int:
    """At least as many as it has, where these signs stand in no string."""
    return text.count(b",") + text.count(b"[") + text.count(b"{")

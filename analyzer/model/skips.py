"""Define why a part of a capture was skipped: one row per reason, and the value that says so.

A value is its id, as the JSON has it; beside it stands what it means, for docs/json.md.
"""

from __future__ import annotations

from enum import StrEnum

from analyzer.model.value import Value


class SkipReason(StrEnum):
    """Why a part of a capture was skipped. The value is its id in the JSON.

    meaning: for docs/json.md; the sentence that a report has names what is wrong with this part.
    """

    meaning: str

    def __new__(cls, id: str, meaning: str) -> SkipReason:
        """Make a row: the string itself is the id."""
        row = str.__new__(cls, id)
        row._value_ = id
        row.meaning = meaning
        return row

    DAMAGED = "damaged", "it is not valid JSON, or not what the format has at this place"
    TOO_LARGE = "too-large", "it is larger than what is read of such a part"
    TOO_MANY = "too-many", "there are more such parts than are kept"
    CONTRADICTORY = "contradictory", "its times contradict the start of the socket"
    SIDE_FILE = "side-file", "the file beside the capture that should hold it is missing or damaged"


class Skipped(Value, frozen=True):
    """A part of the capture that could not be read, and why."""

    pointer: str
    offset: int | None  # bytes from the start of the (uncompressed) document
    problem: str
    reason: SkipReason = SkipReason.DAMAGED

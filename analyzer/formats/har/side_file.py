"""Read the messages of a socket from the file that Playwright writes beside a HAR."""

from __future__ import annotations

import io

import msgspec

from analyzer.formats.har.raw import RawMessage
from analyzer.formats.source import Attachment

MOST_LINES = 20  # damaged ones that are reported one by one


def read_attachment(attachment: Attachment, name: str) -> tuple[list[RawMessage] | None, list[str]]:
    """Read Playwright's side file, one message a line, as JSON; and what is wrong with it."""
    text = attachment(name)
    if text is None:
        return None, ["the file with its messages is not in the capture's folder"]
    messages: list[RawMessage] = []
    problems: list[str] = []
    others = 0
    for number, line in enumerate(io.BytesIO(text), 1):
        try:
            messages.append(msgspec.json.decode(line, type=RawMessage))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            if len(problems) < MOST_LINES:
                problems.append(f"line {number} of its message file is damaged")
            else:
                others += 1
    return messages, [*problems, f"{others:,} more lines of its message file are damaged"] if others else problems

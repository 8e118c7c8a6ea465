"""What is wrong, by rule: each file is one pure function over a report, and its docstring is its manual page."""

from __future__ import annotations

from analyzer.rules import brief_overlap, concurrent_sockets, failed_handshakes, nothing_recorded, possible_overlap

RULES = (
    concurrent_sockets.RULE,
    brief_overlap.RULE,
    possible_overlap.RULE,
    failed_handshakes.RULE,
    nothing_recorded.RULE,
)

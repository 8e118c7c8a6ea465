"""Name the sections of an answer, and what cannot be read, in the words that every output has."""

from __future__ import annotations

FINDINGS = "Findings"
OPENED_BY = "Opened by"
LIMITS = "Limits of this capture"
COVERAGE = "Coverage and limits of this capture"
SKIPPED = "What could not be read"  # of a capture
UNREADABLE = "Could not be read"  # captures
PROBLEM = "cannot be read"  # a capture, before the reason

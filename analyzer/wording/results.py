"""Name the result of a capture at a glance: `overlap`, `no overlap`, with a sign and a tone."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from analyzer.intervals import peak
from analyzer.model import Policy, Report, Session, Value, Verdict


class Kind(StrEnum):
    """Sort verdicts for a glance, apart those of sockets that the policy ignores and of captures without sockets."""

    OVERLAP = "overlap"
    POSSIBLE_OVERLAP = "possible-overlap"
    INCONCLUSIVE = "inconclusive"
    FOREIGN_OVERLAP = "dev-server-overlap"  # only together with sockets that the policy does not count
    NO_OVERLAP = "no-overlap"
    NONE_OPENED = "no-socket-opened"
    NO_SOCKETS = "no-sockets"


def kind(report: Report, policy: Policy) -> Kind:
    """Sort a verdict for a glance."""
    counted = [session for session in report.sessions if policy.counts(session)]
    if report.verdict is Verdict.OVERLAP and not _several(counted):
        certain = not report.capture.hides_sockets and peak(s.possible for s in counted if s.possible) < 2
        return Kind.FOREIGN_OVERLAP if certain else Kind.POSSIBLE_OVERLAP
    if report.verdict is Verdict.NO_OVERLAP and not report.opened:
        return Kind.NONE_OPENED
    return Kind(report.verdict)


def _several(sessions: Iterable[Session]) -> bool:
    """Check whether several of these were certainly open at the same time."""
    by_clock: dict[int, list[Session]] = {}
    for session in sessions:
        by_clock.setdefault(session.clock, []).append(session)
    return any(peak(s.proven for s in alike if s.proven) > 1 for alike in by_clock.values())


UNREADABLE = "unreadable"
RESULTS = {  # the most urgent first
    Kind.OVERLAP: "overlap",
    Kind.POSSIBLE_OVERLAP: "possible overlap",
    Kind.INCONCLUSIVE: "inconclusive",
    Kind.FOREIGN_OVERLAP: "overlap with a dev server only",
    Kind.NONE_OPENED: "no socket opened",
    Kind.NO_SOCKETS: "no sockets",
    Kind.NO_OVERLAP: "no overlap",
    UNREADABLE: "unreadable",
}
EXTENSION_ONLY = "overlap with an extension only"


def name_result(kind: Kind, development: Iterable[bool]) -> str:
    """Name the result for people; where only an extension overlapped, say so."""
    return EXTENSION_ONLY if kind is Kind.FOREIGN_OVERLAP and not any(development) else RESULTS[kind]


class Headline(Value, frozen=True):
    """Hold a verdict at a glance: a sign, a few words, and how it is to look. Never the look alone."""

    sign: str
    words: str
    tone: str  # bad, unsure, good


LOOKS = {  # by result: sign and tone
    Kind.OVERLAP: ("✗", "bad"),
    Kind.POSSIBLE_OVERLAP: ("?", "unsure"),
    Kind.INCONCLUSIVE: ("?", "unsure"),
    Kind.NO_OVERLAP: ("✓", "good"),
}
UNREADABLE_HEADLINE = Headline("!", "Unreadable", "bad")


def headline(report: Report, policy: Policy) -> Headline:
    """Name the result of a capture, with the sign and tone of its kind."""
    result = kind(report, policy)
    sign, tone = LOOKS.get(result, ("–", "unsure"))
    words = name_result(result, (session.dev_only for session in report.sessions))
    return Headline(sign, words[0].upper() + words[1:], tone)

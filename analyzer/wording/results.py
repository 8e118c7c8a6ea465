"""Name the result of a capture at a glance: `overlap`, `no overlap`, with a sign and a tone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from analyzer.intervals import peak
from analyzer.model import Policy, Report, Session, Value, Verdict, Where, plural
from analyzer.wording.medium import UNICODE, Signs


class Kind(StrEnum):
    """Sort verdicts for a glance, apart those of sockets that the policy ignores and of captures without sockets."""

    OVERLAP = "overlap"
    POSSIBLE_OVERLAP = "possible-overlap"
    INCONCLUSIVE = "inconclusive"
    FOREIGN_OVERLAP = "dev-server-overlap"  # only with sockets that the policy does not count, also of another tab
    NO_OVERLAP = "no-overlap"
    NONE_OPENED = "no-socket-opened"
    NO_SOCKETS = "no-sockets"


def kind(report: Report, policy: Policy) -> Kind:
    """Sort a verdict for a glance."""
    counted = [session for session in report.sessions if policy.counts(session)]
    if report.verdict is Verdict.OVERLAP and not _several(counted):
        most = peak(s.possible for s in report.sessions if s.possible and policy.may_count(s))
        certain = not report.capture.hides_sockets and most < 2
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


def describe_some(sessions: Sequence[Session]) -> str:
    """Say how many sockets these are, and whether they overlapped: `3 sockets, no overlap among them`."""
    many = plural(len(sessions), "socket")
    if len(sessions) < 2:
        return many
    possible = "possible overlap" if peak(s.possible for s in sessions if s.possible) > 1 else "no overlap"
    return f"{many}, {'overlap' if _several(sessions) else possible} among them"


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


OTHER_TAB_ONLY = "overlap with another tab only"


def name_result(kind: Kind, development: Iterable[bool], other_tabs: Iterable[bool] = ()) -> str:
    """Name the result for people; where only an extension or another tab overlapped, say so."""
    if kind is not Kind.FOREIGN_OVERLAP or any(development):
        return RESULTS[kind]
    return OTHER_TAB_ONLY if any(other_tabs) else EXTENSION_ONLY


def is_of_other_tab(session: Session) -> bool:
    """Is it a socket of another tab, where captures of one tab and of the browser are together?"""
    return session.where is Where.BROWSER and not session.extension


class Headline(Value, frozen=True):
    """Hold a verdict at a glance: a sign, a few words, and how it is to look. Never the look alone."""

    sign: str
    words: str
    tone: str  # bad, unsure, good


def mark(result: str, signs: Signs = UNICODE) -> tuple[str, str]:
    """Return the sign and the tone of a result."""
    match result:
        case Kind.OVERLAP:
            return signs.overlap, "bad"
        case Kind.POSSIBLE_OVERLAP | Kind.INCONCLUSIVE:
            return signs.unsure, "unsure"
        case Kind.NO_OVERLAP:
            return signs.fine, "good"
        case "unreadable":
            return signs.unreadable, "bad"
        case _:
            return signs.nothing, "unsure"


UNREADABLE_HEADLINE = Headline(mark(UNREADABLE)[0], "Unreadable", mark(UNREADABLE)[1])


def headline(report: Report, policy: Policy) -> Headline:
    """Name the result of a capture, with the sign and tone of its kind."""
    result = kind(report, policy)
    sign, tone = mark(result)
    sessions = report.sessions
    words = name_result(result, (it.dev_only for it in sessions), map(is_of_other_tab, sessions))
    return Headline(sign, words[0].upper() + words[1:], tone)

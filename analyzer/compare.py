"""Two reports -> what changed: how many at once, how long, whose sockets, which findings came and went.

The reports must be masked in one run: else the same user has two names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

from analyzer import overlaps, redaction
from analyzer.model import Confidence, Duration, Finding, Provider, Report, Scope, Session, Value


class Standing(StrEnum):
    """How many were open at once, after against before: only what both captures prove."""

    FEWER = "fewer"
    MORE = "more"
    SAME = "same"
    UNTOLD = "untold"  # what is certain of one lies within what is possible of the other


class Side(Value, frozen=True):
    """Sockets of one capture that are counted together."""

    sessions: int = 0
    proven_peak: int = 0
    possible_peak: int = 0
    proven_overlap: Duration = 0
    overlap_is_lower_bound: bool = False


class Change(Value, frozen=True):
    """The same sockets before and after: those of one user of a service, or of one address."""

    key: tuple[tuple[str, str | None], ...]  # as in Group: provider, app, user; endpoint (without its opaque parts)
    provider: Provider | None
    before: Side
    after: Side


class Comparison(Value, frozen=True):
    before: Report
    after: Report
    standing: Standing
    whole: Change
    groups: tuple[Change, ...]  # those of before in their order, then the new ones
    added: tuple[Finding, ...]  # of after
    gone: tuple[Finding, ...]  # of before
    same: tuple[Finding, ...]  # of after


def compare(before: Report, after: Report) -> Comparison:
    """What a change did. Findings are the same where their fingerprints are."""
    whole = Change((), None, _side(before.sessions), _side(after.sessions))
    return Comparison(
        before=before,
        after=after,
        standing=_standing(before, after),
        whole=whole,
        groups=tuple(_groups(before, after)),
        added=_without(after.findings, before.findings),
        gone=_without(before.findings, after.findings),
        same=_common(after.findings, before.findings),
    )


def _standing(before: Report, after: Report) -> Standing:
    was, is_now = before.concurrency, after.concurrency
    if is_now.possible_peak < was.proven_peak and not _hidden(after):
        return Standing.FEWER
    if is_now.proven_peak > was.possible_peak and not _hidden(before):
        return Standing.MORE
    decided = was.proven_peak == was.possible_peak and is_now.proven_peak == is_now.possible_peak
    same = decided and was.proven_peak == is_now.proven_peak and not _hidden(before) and not _hidden(after)
    return Standing.SAME if same else Standing.UNTOLD


def _hidden(report: Report) -> bool:
    """Whole sockets may be missing, so that nothing bounds from above how many were open."""
    return any(caveat.hides_sockets for caveat in report.capture.caveats)


def _groups(before: Report, after: Report) -> Iterable[Change]:
    was, is_now = _partition(before.sessions), _partition(after.sessions)
    for key in dict.fromkeys((*was, *is_now)):
        members = (*was.get(key, ()), *is_now.get(key, ()))
        yield Change(key, members[0].provider, _side(was.get(key, ())), _side(is_now.get(key, ())))


def _partition(sessions: Sequence[Session]) -> dict[tuple[tuple[str, str | None], ...], list[Session]]:
    """By user of a service, else by address. Opaque parts of a path differ in each recording."""
    found: dict[tuple[tuple[str, str | None], ...], list[Session]] = {}
    for key, members in overlaps.partition(sessions, Scope.USER):
        pairs = tuple((name, redaction.shape(it) if name == "endpoint" and it else it) for name, it in key.pairs)
        found.setdefault(pairs, []).extend(members)
    return found


def _side(sessions: Sequence[Session]) -> Side:
    stretches = [it for it in overlaps.find(sessions) if it.confidence is Confidence.PROVEN]
    peaks = overlaps.concurrency(sessions, stretches)
    return Side(
        sessions=len(sessions),
        proven_peak=peaks.proven_peak,
        possible_peak=peaks.possible_peak,
        proven_overlap=peaks.proven_overlap,
        overlap_is_lower_bound=any(it.duration_is_lower_bound for it in stretches),
    )


def _without(findings: Iterable[Finding], others: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that the others do not have; one that is there twice and once in the others is left once."""
    left = Counter(finding.fingerprint for finding in others)
    told = []
    for finding in findings:
        if left[finding.fingerprint] > 0:
            left[finding.fingerprint] -= 1
        else:
            told.append(finding)
    return tuple(told)


def _common(findings: Sequence[Finding], others: Sequence[Finding]) -> tuple[Finding, ...]:
    apart = _without(findings, others)
    return tuple(finding for finding in findings if not any(finding is it for it in apart))

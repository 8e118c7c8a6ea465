"""Compare two reports: how many sockets at the same time, how long, whose, which findings are new or gone.

The reports must be masked in one run: else the same user has two names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from analyzer import overlaps, redaction
from analyzer.model import Confidence, Duration, Finding, Provider, Report, Scope, Session, Value


class Standing(StrEnum):
    """Say whether more or fewer were open at the same time after than before, where both captures prove it."""

    FEWER = "fewer"
    MORE = "more"
    SAME = "same"
    UNDECIDED = "untold"  # what is certain of one lies within what is possible of the other


class Side(Value, frozen=True):
    """Count sockets of one capture that belong together."""

    sessions: int = 0
    proven_peak: int = 0
    possible_peak: int = 0
    proven_overlap: Duration = 0
    overlap_is_lower_bound: bool = False


class Change(Value, frozen=True):
    """Hold the same sockets before and after: those of one user of a service, or of one address."""

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


class Paired(Value, frozen=True):
    """Hold the captures of two folders, each compared with the one of the same name."""

    pairs: tuple[tuple[str, Comparison], ...]  # by name
    only_before: tuple[str, ...]  # names that the other folder does not have
    only_after: tuple[str, ...]


def pair(before: Mapping[str, Report | None], after: Mapping[str, Report | None]) -> Paired:
    """Compare the reports of the same name, those with more open at the same time first. None: unreadable."""
    order = (Standing.MORE, Standing.UNDECIDED, Standing.SAME, Standing.FEWER)
    both = ((name, report, after.get(name)) for name, report in before.items())
    pairs = [(name, compare(was, is_now)) for name, was, is_now in both if was is not None and is_now is not None]
    return Paired(
        tuple(sorted(pairs, key=lambda it: order.index(it[1].standing))),
        tuple(name for name in before if name not in after),
        tuple(name for name in after if name not in before),
    )


def compare(before: Report, after: Report) -> Comparison:
    """Say what changed. Findings are the same where their fingerprints are."""
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
    return Standing.SAME if same else Standing.UNDECIDED


def _hidden(report: Report) -> bool:
    """May whole sockets be missing? Then nothing bounds from above how many were open."""
    return any(caveat.hides_sockets for caveat in report.capture.caveats)


def _groups(before: Report, after: Report) -> Iterable[Change]:
    was, is_now = _partition(before.sessions), _partition(after.sessions)
    for key in dict.fromkeys((*was, *is_now)):
        members = (*was.get(key, ()), *is_now.get(key, ()))
        yield Change(key, members[0].provider, _side(was.get(key, ())), _side(is_now.get(key, ())))


def _partition(sessions: Sequence[Session]) -> dict[tuple[tuple[str, str | None], ...], list[Session]]:
    """Group sockets by user of a service, else by address without opaque parts, which differ in each recording."""
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
    """Return the findings that the others do not have; one that is there twice, and once in the others, stays once."""
    left = Counter(finding.fingerprint for finding in others)
    rest = []
    for finding in findings:
        if left[finding.fingerprint] > 0:
            left[finding.fingerprint] -= 1
        else:
            rest.append(finding)
    return tuple(rest)


def _common(findings: Sequence[Finding], others: Sequence[Finding]) -> tuple[Finding, ...]:
    apart = _without(findings, others)
    return tuple(finding for finding in findings if not any(finding is it for it in apart))

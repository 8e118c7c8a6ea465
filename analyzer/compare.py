"""Compare two reports: how many sockets at the same time, how long, whose, which findings are new or gone.

The reports must be masked in one run: else the same user has two names.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

from analyzer import overlaps
from analyzer.model import (
    Confidence,
    Duration,
    Excess,
    Finding,
    Outcome,
    Overlap,
    Provider,
    Relation,
    Report,
    Scope,
    Session,
    Value,
)
from analyzer.shapes import addresses

Key: TypeAlias = tuple[tuple[str, str | None], ...]  # as in Group: provider, app, user; endpoint


class Standing(StrEnum):
    """Say whether more or fewer were open at the same time after than before, where both captures prove it."""

    FEWER = "fewer"
    MORE = "more"
    SAME = "same"
    UNDECIDED = "untold"  # what is certain of one lies within what is possible of the other


class Result(StrEnum):
    """Say whether the change fixed the overlap: only RESOLVED means that the capture after proves it."""

    MORE = "more"
    NOT_OPENED = "not-opened"  # what overlapped before did not open after, so nothing is proven
    UNDECIDED = "undecided"
    SAME = "same"
    REDUCED = "reduced"  # fewer, and still more than the policy allows
    POSSIBLY_RESOLVED = "possibly-resolved"  # fewer, and the rest is possible or brief
    RESOLVED = "resolved"


class Side(Value, frozen=True):
    """Count sockets of one capture that belong together."""

    sessions: int = 0
    proven_peak: int = 0
    possible_peak: int = 0
    whole: bool = True  # no sockets may be missing, else nothing bounds the peak
    proven_overlap: Duration = 0
    overlap_is_lower_bound: bool = False


class Change(Value, frozen=True):
    """Hold the same sockets before and after: those of one user of a service, or of one address."""

    key: Key  # an endpoint is without its opaque parts
    provider: Provider | None
    before: Side
    after: Side


class Comparison(Value, frozen=True):
    before: Report
    after: Report
    standing: Standing
    result: Result
    whole: Change
    groups: tuple[Change, ...]  # those of before in their order, then the new ones
    missing: tuple[Change, ...]  # those that overlapped before and whose service opened no socket after
    remaining: int  # how many of one kind are certainly open at the same time after, more than the policy allows
    added: tuple[Finding, ...]  # of after
    gone: tuple[Finding, ...]  # of before
    unchecked_after: tuple[Finding, ...]  # of before: after cannot show whether they are gone
    unchecked_before: tuple[Finding, ...]  # of after: before cannot show whether they are new
    same: tuple[Finding, ...]  # of after
    same_before: tuple[Finding, ...]  # each of `same` as it was before


class Paired(Value, frozen=True):
    """Hold the captures of two folders, each compared with the one of the same name."""

    pairs: tuple[tuple[str, Comparison], ...]  # by name
    only_before: tuple[str, ...]  # names that the other folder does not have
    only_after: tuple[str, ...]


def pair(before: Mapping[str, Report | None], after: Mapping[str, Report | None]) -> Paired:
    """Compare the reports of the same name, those with more open at the same time first. None: unreadable."""
    order = list(Result)
    both = ((name, report, after.get(name)) for name, report in before.items())
    pairs = [(name, compare(was, is_now)) for name, was, is_now in both if was is not None and is_now is not None]
    return Paired(
        tuple(sorted(pairs, key=lambda pair: order.index(pair[1].result))),
        tuple(name for name in before if name not in after),
        tuple(name for name in after if name not in before),
    )


def compare(before: Report, after: Report) -> Comparison:
    """Say what changed. Findings are the same by fingerprint, else by rule and the users or addresses concerned."""
    groups = tuple(_groups(before, after))
    standing = _standing(before, after)
    absent = _absent(before, after)
    missing = tuple(it for it in groups if it.before.sessions and _service(it.key) in absent)
    if missing and standing is not Standing.MORE:
        standing = Standing.UNDECIDED
    remaining = _remaining(before, after)
    same = _matches(before, after)
    same_names = set(same.values())
    added, unchecked_before = _split([it for n, it in enumerate(after.findings) if n not in same], before)
    gone, unchecked_after = _split([it for n, it in enumerate(before.findings) if n not in same_names], after)
    return Comparison(
        before=before,
        after=after,
        standing=standing,
        result=_result(standing, bool(missing), remaining, after),
        whole=Change((), None, _side(before, before.sessions), _side(after, after.sessions)),
        groups=groups,
        missing=missing,
        remaining=max((it.overlap.peak for it in remaining), default=0),
        added=added,
        gone=gone,
        unchecked_after=unchecked_after,
        unchecked_before=unchecked_before,
        same=tuple(it for n, it in enumerate(after.findings) if n in same),
        same_before=tuple(before.findings[same[n]] for n in sorted(same)),
    )


def _result(standing: Standing, missing: bool, remaining: Sequence[Excess], after: Report) -> Result:
    match standing:
        case Standing.MORE:
            return Result.MORE
        case Standing.SAME:
            return Result.SAME
        case Standing.UNDECIDED:
            return Result.NOT_OPENED if missing else Result.UNDECIDED
    if any(not it.overlap.brief(after.policy.tolerance) for it in remaining):
        return Result.REDUCED
    counted = [session for session in after.sessions if after.policy.counts(session)]
    peaks = overlaps.concurrency(counted, ())
    possibly = peaks.possible_peak > max(after.policy.max_open, peaks.proven_peak)
    return Result.POSSIBLY_RESOLVED if remaining or after.unsure or possibly else Result.RESOLVED


def _remaining(before: Report, after: Report) -> list[Excess]:
    """Return the certain overlaps of after that the policy does not allow. Sockets of different known services count
    only where nothing else overlapped before."""
    unrelated = all(it.relation is Relation.UNRELATED for it in before.excesses)
    return [it for it in after.excesses if unrelated or it.relation is not Relation.UNRELATED]


def _absent(before: Report, after: Report) -> set[Key]:
    """Return the services and addresses that overlapped before and opened no socket after, which proves nothing.

    Those with an overlap of their own come first; else those that overlapped with others; else all, where none of them
    opened again.
    """
    was, is_now = _by_service(before), _by_service(after)
    alone = {key for key, members in was.items() if _list_overlaps(before, members)}
    overlapped = {id for it in before.overlaps if it.confidence is Confidence.PROVEN for id in it.sessions}
    mixed = {key for key, members in was.items() if any(session.id in overlapped for session in members)}
    lost = (alone or mixed or set(was)) - set(is_now)
    return lost if alone or mixed or lost == set(was) else set()


def _by_service(report: Report) -> dict[Key, list[Session]]:
    """Group the sockets that opened by service and app, else by address."""
    opened = [it for it in report.sessions if report.policy.counts(it) and _has_opened(it)]
    groups: dict[Key, list[Session]] = {}
    for key, members in _partition(opened).items():
        groups.setdefault(_service(key), []).extend(members)
    return groups


def _has_opened(session: Session) -> bool:
    return session.possible is not None and session.outcome not in (Outcome.FAILED, Outcome.CONNECTING)


def _service(key: Key) -> Key:
    """Return the key without the user: another user of the same app is the same service."""
    return tuple(pair for pair in key if pair[0] != "user")


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
    return report.capture.hides_sockets


def _groups(before: Report, after: Report) -> Iterable[Change]:
    was, is_now = _partition(before.sessions), _partition(after.sessions)
    for key in dict.fromkeys((*was, *is_now)):
        members = (*was.get(key, ()), *is_now.get(key, ()))
        yield Change(key, members[0].provider, _side(before, was.get(key, ())), _side(after, is_now.get(key, ())))


def _partition(sessions: Sequence[Session]) -> dict[Key, list[Session]]:
    """Group sockets by user of a service, else by address without opaque parts, which differ in each recording."""
    groups: dict[Key, list[Session]] = {}
    for key, members in overlaps.partition(sessions, Scope.USER):
        pairs = tuple((name, addresses.shape(it) if name == "endpoint" and it else it) for name, it in key.pairs)
        groups.setdefault(pairs, []).extend(members)
    return groups


def _side(report: Report, sessions: Sequence[Session]) -> Side:
    stretches = _list_overlaps(report, sessions)
    is_whole = len(sessions) == len(report.sessions)
    peaks = report.concurrency if is_whole else overlaps.concurrency(sessions, stretches)
    return Side(
        sessions=len(sessions),
        proven_peak=peaks.proven_peak,
        possible_peak=peaks.possible_peak,
        whole=not report.capture.hides_sockets,
        proven_overlap=peaks.proven_overlap,
        overlap_is_lower_bound=any(it.duration_is_lower_bound for it in stretches),
    )


def _list_overlaps(report: Report, sessions: Sequence[Session]) -> list[Overlap]:
    """List the certain overlaps of some sockets of a report. Those of all are in it."""
    stretches = report.overlaps if len(sessions) == len(report.sessions) else overlaps.find(sessions)
    return [it for it in stretches if it.confidence is Confidence.PROVEN]


def _matches(before: Report, after: Report) -> dict[int, int]:
    """Match the findings of after with those of before, one to one: by number, the fingerprint first.

    A fingerprint holds the place in the code, which a change moves: then rule, service and user or address decide.
    """
    keys_before, keys_after = _keys(before), _keys(after)
    matches: dict[int, int] = {}
    for name in (_fingerprint, _subject):
        left: dict[Hashable, list[int]] = {}
        used = set(matches.values())
        for n, finding in enumerate(before.findings):
            if n not in used:
                left.setdefault(name(finding, keys_before), []).append(n)
        for n, finding in enumerate(after.findings):
            if n not in matches and (candidates := left.get(name(finding, keys_after))):
                matches[n] = candidates.pop(0)
    return matches


def _split(findings: Sequence[Finding], other: Report) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the findings that the other capture would show, and those whose rule it does not record enough for."""
    unchecked = {it.rule for it in other.not_checked}
    return (
        tuple(it for it in findings if it.rule not in unchecked),
        tuple(it for it in findings if it.rule in unchecked),
    )


def _fingerprint(finding: Finding, keys: Mapping[str, Key]) -> Hashable:
    return finding.fingerprint


def _subject(finding: Finding, keys: Mapping[str, Key]) -> Hashable:
    """Return the rule, and the users or addresses whose sockets it is about. A finding about no socket stands alone."""
    about = frozenset(keys[id] for id in finding.sessions)
    return (finding.rule, about) if about else (finding.rule, finding.fingerprint)


def _keys(report: Report) -> dict[str, Key]:
    return {session.id: key for key, members in _partition(report.sessions).items() for session in members}

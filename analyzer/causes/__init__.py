"""List the causes: why sockets overlapped. Each cause is one pure function over an overlap and its sessions, and its
module's docstring is its manual page.

The most specific cause comes first, and the first that the capture shows is the one named. A cause is named only where
the call stacks and messages show its pattern. It looks only at sockets that were open together (`Cause.key`): sockets
of one overlap may each have met only some of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cache
from typing import TypeAlias

import msgspec

from analyzer import callstacks, openings, overlaps
from analyzer.causes import (
    abandoned_while_connecting,
    asked_for_twice_at_once,
    cleanup_while_connecting,
    client_per_operation,
    connected_before_disconnected,
    fast_refresh,
    hot_reload,
    iframe_or_worker_duplicate,
    made_while_rendering,
    missing_cleanup,
    reconnect_without_close,
    reconnects_twice,
    replaced_not_closed,
    several_client_instances,
    socket_io_not_multiplexed,
    strict_mode_double_mount,
    take_over,
    timer_outlives_disconnect,
    two_reconnectors,
    unmounted_while_connecting,
    view_left_open,
)
from analyzer.model import Cause, CauseConfidence, Confidence, Explanation, Finding, Report, Session, Severity
from analyzer.model.sentence import Sentence

CAUSES = (
    strict_mode_double_mount.CAUSE,
    hot_reload.CAUSE,
    fast_refresh.CAUSE,
    take_over.CAUSE,
    cleanup_while_connecting.CAUSE,
    missing_cleanup.CAUSE,
    abandoned_while_connecting.CAUSE,
    timer_outlives_disconnect.CAUSE,
    reconnects_twice.CAUSE,
    two_reconnectors.CAUSE,
    reconnect_without_close.CAUSE,
    replaced_not_closed.CAUSE,
    iframe_or_worker_duplicate.CAUSE,
    made_while_rendering.CAUSE,
    unmounted_while_connecting.CAUSE,
    client_per_operation.CAUSE,
    asked_for_twice_at_once.CAUSE,
    several_client_instances.CAUSE,
    view_left_open.CAUSE,
    socket_io_not_multiplexed.CAUSE,
    connected_before_disconnected.CAUSE,
)
# Those that decide how grave a finding is: what comes after the last one that makes it less grave cannot change that.
WEIGHING = CAUSES[: max(n for n, cause in enumerate(CAUSES, 1) if cause.at_most is not None)]
Key: TypeAlias = Callable[[Session], Hashable]
GRAVITY = list(Severity)
SHOWN = 100  # lines of proof


def explainer(report: Report, among: Sequence[Cause] = CAUSES) -> Callable[[Finding], Finding]:
    """Make a function that gives a finding of this report its cause, where the capture shows one."""
    if not any(session.initiator is not None and session.initiator.stack for session in report.sessions):
        return lambda finding: _add_reason(finding, ())
    everyone = _list_dated(report)
    loaded = {page.id for page in report.capture.pages if page.recorded}
    rank = {session.id: n for n, session in enumerate(everyone)}
    of_each_code = {(session.initiator, session.provider): session for session in everyone}.values()
    signs = {cause.sign for cause in among if cause.sign is not None}
    present = {None, *(sign for sign in signs if any(map(sign, of_each_code)))}
    candidates = [cause for cause in among if cause.sign in present]

    @cache
    def keys(key: Key) -> list[Hashable]:
        """Return the keys of all sockets, computed once: one socket may be in many findings."""
        return [key(session) for session in everyone]

    def lots(numbers: Sequence[int], confidence: Confidence, key: Key) -> list[list[Session]]:
        """Return the sockets of each key that were open together, the largest lot first."""
        groups: dict[Hashable, list[Session]] = {}
        of_all = keys(key)
        for n in numbers:
            if (of := of_all[n]) is not None:
                groups.setdefault(of, []).append(everyone[n])
        crowds = (it for it in groups.values() if len(it) > 1)
        return sorted((lot for it in crowds for lot in overlaps.together(it, confidence)), key=len, reverse=True)

    def explain(finding: Finding) -> Finding:
        by_key: dict[Key, list[list[Session]]] = {}  # several causes have the same
        numbers = sorted(rank[id] for id in finding.sessions if id in rank)
        for cause in (it for it in candidates if _suits(it, finding)):
            if not cause.of_all and cause.key not in by_key:
                by_key[cause.key] = lots(numbers, finding.confidence, cause.key)
            explanations = (cause.explain(finding, it) for it in ([everyone] if cause.of_all else by_key[cause.key]))
            explanation = next((it for it in explanations if it is not None), None)
            if explanation is not None:
                # Where the load of a page is not in the capture, sockets may have ended before that began.
                is_whole = not cause.of_all or all(everyone[n].page in loaded for n in numbers)
                return _add_cause(finding, cause, explanation, sure=explanation.sure and is_whole)
        return _add_reason(finding, [everyone[n] for n in numbers])

    return explain


def _suits(cause: Cause, finding: Finding) -> bool:
    """May the cause explain it? What is no overlap, and what is not certain, are for the causes that ask for that."""
    is_certain = finding.confidence is Confidence.PROVEN
    return (cause.of_all or finding.interval is not None) and (cause.of_possible or is_certain)


def _add_reason(finding: Finding, members: Sequence[Session]) -> Finding:
    """Return the finding of a certain overlap with the reason why no cause is named."""
    is_certain = finding.confidence is Confidence.PROVEN and finding.interval is not None
    if not is_certain or finding.severity is Severity.NOTE:
        return finding
    return msgspec.structs.replace(finding, cause_unknown=_find_reason(members))


def _add_cause(finding: Finding, cause: Cause, explanation: Explanation, sure: bool) -> Finding:
    """Return the finding with its cause, and no graver than that cause is."""
    at_most = cause.at_most if sure else None
    severities = [finding.severity, *([at_most] if at_most is not None else [])]
    return msgspec.structs.replace(
        finding,
        severity=min(severities, key=GRAVITY.index),
        cause=cause.id,
        why=explanation.why,
        cause_confidence=CauseConfidence.CERTAIN if sure else CauseConfidence.LIKELY,
        proof=tuple(dict.fromkeys(explanation.proof))[:SHOWN],
        remedy=explanation.remedy or finding.remedy,
        link=explanation.link or finding.link,
        dev_only=finding.dev_only or (cause.dev_only and sure),
    )


def _find_reason(sessions: Sequence[Session]) -> Sentence:
    """Say why no cause is named for these sockets."""
    codes = [session.initiator for session in sessions if session.initiator is not None and session.initiator.stack]
    if len(codes) < 2:
        return Sentence(
            "The capture has no call stacks of these sockets. Chrome's DevTools and har-sockets record them."
        )
    if not any(code.own for code in codes):
        return Sentence("Only code of client libraries is on the call stacks.")
    places = {callstacks.place(code) for code in codes}
    if len(places) == len(codes):
        return Sentence("The sockets were opened from {} different places in the code.", len(places))
    if any(callstacks.is_minified(frame) for code in set(codes) for frame in code.frames):
        return Sentence(
            "The call stacks show no known pattern. A minifier removed names from them: a development build shows more."
        )
    return Sentence("The call stacks show no known pattern (har-sockets rules lists them).")


def _list_dated(report: Report) -> list[Session]:
    """List the sockets that have a date, in the order in which they were requested. One that was open when the capture
    was saved was open until then."""
    observed = report.capture.observed
    saved = observed.end if observed is not None else None
    return [
        msgspec.structs.replace(session, last_seen=max(session.last_seen or saved, saved))
        if saved is not None and session.proven is not None and session.proven.end is None
        else session
        for session in openings.in_order(report.sessions)
        if openings.creation_of(session) != openings.FOREVER
    ]

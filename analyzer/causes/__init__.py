"""Why several sockets were open at once: each file is one pure function over an overlap and its sessions, and its
docstring is its manual page. The most specific comes first: the first that the capture shows is the cause.

A cause is named where the call stacks and messages show its fingerprint; else nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from analyzer import openings
from analyzer.causes import (
    cleanup_while_connecting,
    hot_reload,
    iframe_or_worker_duplicate,
    missing_cleanup,
    reconnect_without_close,
    several_client_instances,
    socket_io_not_multiplexed,
    strict_mode_double_mount,
)
from analyzer.model import Finding, Report, Session, Severity

CAUSES = (
    strict_mode_double_mount.CAUSE,
    hot_reload.CAUSE,
    cleanup_while_connecting.CAUSE,
    missing_cleanup.CAUSE,
    reconnect_without_close.CAUSE,
    iframe_or_worker_duplicate.CAUSE,
    socket_io_not_multiplexed.CAUSE,
    several_client_instances.CAUSE,
)
GRAVITY = list(Severity)
SHOWN = 100  # lines of proof


def explained(finding: Finding, everyone: Sequence[Session]) -> Finding:
    """The finding with its cause, where the capture shows one; and no graver than that cause is. `everyone`: all of the
    capture that are `dated`."""
    named = set(finding.sessions)
    sessions = [it for it in everyone if it.id in named]
    for cause in CAUSES:
        told = cause.explain(finding, everyone if cause.of_all else sessions)
        if told is not None:
            at_most = cause.at_most if told.sure else None
            severities = [finding.severity, *([at_most] if at_most is not None else [])]
            return msgspec.structs.replace(
                finding,
                severity=min(severities, key=GRAVITY.index),
                cause=cause.id,
                why=told.why if told.sure else f"Probably: {told.why}",
                proof=told.proof[:SHOWN],
                remedy=told.remedy or finding.remedy,
                link=told.link or finding.link,
                dev_only=finding.dev_only or (cause.dev_only and told.sure),
            )
    return finding


def dated(report: Report) -> list[Session]:
    """The sockets that have a date, in the order in which they were asked for. One that was open when the capture was
    saved has been seen until then."""
    observed = report.capture.observed
    saved = observed.end if observed is not None else None
    return [
        msgspec.structs.replace(it, last_seen=max(it.last_seen or saved, saved))
        if saved is not None and it.proven is not None and it.proven.end is None
        else it
        for it in openings.in_order(report.sessions)
        if openings.created(it) != openings.FOREVER
    ]

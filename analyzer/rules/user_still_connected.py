"""A user's WebSocket was still open when one of another user of the same app opened.

Why it matters: after a log-out the old user's connection should be gone. One that stays keeps that user online, goes
on delivering what is meant for them, and counts against their limit.

What to do: disconnect the old user, and wait for it, before the new one connects. Two users in two tabs at once are
none of this rule's business; a capture of one tab at a time tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.model import Confidence, Finding, Instant, Policy, Report, Rule, Session, Severity


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    known = [session for session in report.sessions if session.user is not None and session.proven is not None]
    current: dict[tuple[str, str | None, int], list[Session]] = {}  # by app and clock: the sockets of the last user
    for session in sorted(known, key=_opened):
        assert session.user is not None
        before = current.setdefault((*session.user[:2], session.clock), [])
        if before and before[0].user != session.user:
            still = [old for old in before if _open_at(old, _opened(session))]
            if still:
                yield _finding(still, session)
            before.clear()
        before.append(session)


def _opened(session: Session) -> Instant:
    assert session.proven is not None
    return session.proven.start


def _open_at(session: Session, at: Instant) -> bool:
    proven = session.proven
    return proven is not None and proven.start < at and (proven.end is None or at < proven.end)


def _finding(still: Sequence[Session], new: Session) -> Finding:
    assert new.provider is not None
    many = f"{still[0].name} of the user before was" if len(still) == 1 else f"{len(still)} of the user before were"
    return Finding(
        rule=RULE.id,
        severity=Severity.NOTE,
        confidence=Confidence.PROVEN,
        message=f"When another user of {new.provider.name} connected ({new.name}), {many} still open.",
        interval=None,
        sessions=(*(old.id for old in still), new.id),
        pointers=(*(old.pointer for old in still), new.pointer),
        remedy="Disconnect the old user, and wait for it, before the new one connects.",
        link=new.provider.link,
    )


RULE = Rule("user-still-connected", "A user is still connected when another one connects", check)

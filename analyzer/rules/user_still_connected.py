"""A user's WebSocket was still open when one of another user of the same app opened.

Why it matters: after a log-out the old user's connection should be gone. One that stays keeps that user online, goes
on delivering what is meant for them, and counts against their limit.

What to do: disconnect the old user, and wait for it, before the new one connects. Two users in two tabs at once are
none of this rule's business; a capture of one tab at a time tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Finding, Instant, Policy, Report, Rule, Session, Severity

NAMED = 20  # of very many that are still open


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    counted = filter(policy.counts, report.sessions)
    known = [session for session in counted if session.user is not None and session.proven is not None]
    by_app: dict[tuple[str, str | None, int], list[Session]] = {}  # and clock: those that may still be open
    for session in sorted(known, key=_opened):
        assert session.user is not None
        assert session.provider is not None
        before = by_app.setdefault((*session.user[:2], session.clock), [])
        before[:] = [old for old in before if _lives(old, session)]
        still = [old for old in before if old.user != session.user and _met(old, session)]
        if still and not any(other.user == session.user for other in before):
            one = f"{still[0].name} of the user before was"
            many = one if len(still) == 1 else f"{len(still):,} sockets of other users were"
            yield report.finding(
                RULE.id,
                RULE.severity,
                f"When another user of {session.provider.name} connected ({session.name}), {many} still open.",
                (*(old.id for old in still[:NAMED]), session.id),
                remedy="Disconnect the old user, and wait for it, before the new one connects.",
                link=session.provider.link,
            )
        before.append(session)


def _opened(session: Session) -> Instant:
    assert session.proven is not None
    return session.proven.start


def _lives(old: Session, new: Session) -> bool:
    return old.proven is not None and (old.proven.end is None or _opened(new) < old.proven.end)


def _met(old: Session, new: Session) -> bool:
    """Was the old one open when the new one opened, whenever within its bounds that was?"""
    proven, earliest = old.proven, new.opened.earliest if new.opened is not None else None
    if proven is None or earliest is None:
        return False
    return proven.start <= earliest and (proven.end is None or _opened(new) < proven.end)


RULE = Rule(
    "user-still-connected", "A user is still connected when another one connects", Severity.NOTE, check, counts=True
)

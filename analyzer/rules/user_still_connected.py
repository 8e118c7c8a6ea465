"""One user's socket was still open when a socket of another user of the same app opened.

Why it matters: after a log-out the old user's connection should be gone. One that stays open keeps that user online,
still receives that user's messages, and counts against that user's limit.

What to do: disconnect the old user, and wait for the close, before the new user connects. If two users are logged in in
two tabs on purpose, record one tab at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import islice, takewhile

from analyzer.model import Finding, Instant, Need, Policy, Report, Rule, Session, Severity
from analyzer.model.rule import concerns_users
from analyzer.model.sentence import Sentence, term

NAMED = 20  # of very many that are still open


class _StillOpen:
    """The sockets of one app that are still open, in the order in which they opened; asked in the order of time."""

    def __init__(self) -> None:
        self.users: Counter[object] = Counter()
        self._open: dict[str, Session] = {}
        self._ends: list[tuple[Instant, str]] = []  # a heap

    def pass_to(self, at: Instant) -> None:
        while self._ends and self._ends[0][0] <= at:
            gone = self._open.pop(heappop(self._ends)[1])
            self.users[gone.user] -= 1

    def since(self, at: Instant) -> list[Session]:
        """The first of those that were open by then, one more than is named."""
        return list(islice(takewhile(lambda session: _opening(session) <= at, self._open.values()), NAMED + 1))

    def add(self, session: Session) -> None:
        self.users[session.user] += 1
        self._open[session.id] = session
        if session.proven is not None and session.proven.end is not None:
            heappush(self._ends, (session.proven.end, session.id))


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    counted = filter(policy.counts, report.sessions)
    candidates = [session for session in counted if session.user is not None and session.proven is not None]
    by_app: dict[tuple[str, str | None, int], _StillOpen] = {}  # and clock
    for session in sorted(candidates, key=_opening):
        assert session.user is not None
        assert session.provider is not None
        before = by_app.setdefault((*session.user[:2], session.clock), _StillOpen())
        before.pass_to(_opening(session))
        # Open when the new one opened, whenever within its bounds that was.
        earliest = session.opened.earliest if session.opened is not None else None
        still = before.since(earliest) if earliest is not None and not before.users[session.user] else []
        if still:
            service = term(session.provider.name)
            yield report.finding(
                RULE.id,
                RULE.severity,
                Sentence("When another user of {} connected ({}), {} still open.", service, session.name, _many(still)),
                (*(old.id for old in still[:NAMED]), session.id),
                remedy="Disconnect the old user, and wait for the close, before the new user connects.",
                link=session.provider.link,
            )
        before.add(session)


def _many(still: Sequence[Session]) -> Sentence:
    """Say whose sockets were still open, up to the verb."""
    if len(still) == 1:
        return Sentence("{} of the previous user was", still[0].name)
    if len(still) <= NAMED:
        return Sentence("{} sockets of other users were", len(still))
    return Sentence("more than {} sockets of other users were", NAMED)


def _opening(session: Session) -> Instant:
    assert session.proven is not None
    return session.proven.start


RULE = Rule(
    "user-still-connected",
    "A user is still connected when another one connects",
    Severity.NOTE,
    check,
    needs=(Need.USERS,),
    concerns=concerns_users,
    least=2,
    counts=True,
)

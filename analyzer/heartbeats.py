"""The heartbeats of clients, and sockets that no longer send them while others of their kind do.

A client that lost its handle on a socket (it reconnected, or was dropped) no longer sends on it, while the server goes
on delivering: a leak that costs a connection. Browsers answer pings below what a page or a capture can see, so only
what the client itself sends tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress, pairwise

from analyzer import callstacks
from analyzer.model import SECOND, Duration, Instant, Session, Value
from analyzer.model.sentence import Sentence, length

SHORTEST, LONGEST = 5 * SECOND, 130 * SECOND  # what is sent more often is traffic; Pusher's 120 s is the slowest known
REGULAR = 0.25  # of the period: how far a heartbeat may be from its time
SILENT = 3  # times the usual gap
ALIKE = 64  # bytes: how far the lengths of heartbeats may differ


class Ghost(Value, frozen=True):
    """A socket that only receives, and the one whose heartbeats show it."""

    session: Session
    sibling: Session
    period: Duration
    since: Instant  # its last sign of a client: what it sent last, or its opening
    beats: int  # that the sibling sent since then


def ghosts(sessions: Iterable[Session], missed: int) -> tuple[Ghost, ...]:
    """Those that went on receiving for `missed` heartbeats and more without sending one, while a sibling sent them."""
    groups: dict[object, list[Session]] = {}
    for session in sessions:
        if session.proven is not None and session.messages.last is not None and session.initiator is not None:
            # Of other code, or to another URL of the same code, another rhythm may be right.
            whose = session.user or (callstacks.place(session.initiator), session.url)
            groups.setdefault((session.endpoint, whose, session.client, session.clock), []).append(session)
    return tuple(ghost for members in groups.values() for ghost in _among(members, missed))


def ghost(session: Session, sibling: Session, missed: int) -> Ghost | None:
    """Is the one a ghost, by the heartbeats of the other?"""
    period = period_of(sibling)
    if period is None or session.proven is None:
        return None
    sent = list_send_times(session)
    since = sent[-1] if sent else session.proven.start
    beats = sum(at > since for at in list_send_times(sibling))
    last = _last_received(session)
    if beats < missed or last is None or last - since <= missed * period:
        return None
    return Ghost(session, sibling, period, since, beats)


def period_of(session: Session) -> Duration | None:
    """The time between its heartbeats: by its client's row, else as measured; None where it sends none."""
    sent = list_send_times(session)
    library = callstacks.library(session)
    if library is not None and library.heartbeat is not None:
        return library.heartbeat if sent else None
    gaps = [late - early for early, late in pairwise(sent)]
    lengths = list(compress(session.messages.lengths, session.messages.directions))
    if len(gaps) < 2 or max(lengths) - min(lengths) > ALIKE:
        return None
    period = sorted(gaps)[len(gaps) // 2]
    regular = all(abs(gap - period) <= REGULAR * period for gap in gaps)
    return period if regular and SHORTEST <= period <= LONGEST else None


def list_send_times(session: Session) -> list[Instant]:
    return list(compress(session.messages.times, session.messages.directions))


def silence_before(session: Session, at: Instant) -> Duration | None:
    """Return how long it had received nothing at that instant, if that is far longer than between its messages."""
    received = compress(session.messages.times, (1 - sent for sent in session.messages.directions))
    times = sorted(time for time in received if time <= at)
    gaps = sorted(late - early for early, late in pairwise(times))
    if len(gaps) < 2:
        return None
    silence = at - times[-1]
    return silence if silence >= max(SILENT * gaps[len(gaps) // 2], SECOND) else None


def is_used_after(session: Session, at: Instant) -> bool:
    """Did its client send more than heartbeats on it after that instant? Then the client still uses it."""
    return any(time > at for time in list_send_times(session)) and period_of(session) is None


def rhythm(session: Session) -> Sentence:
    """What passed over it, in words: `sent 2, the last after 50.1 s; received 9, the last after 62.3 s`."""
    messages, start = session.messages, session.proven.start if session.proven is not None else None
    if messages.sent is None:
        return Sentence("messages were not recorded")
    last_sent, last_received = next(reversed(list_send_times(session)), None), _last_received(session)
    sent, received = _after(last_sent, start), _after(last_received, start)
    return Sentence("sent {}{}; received {}{}", messages.sent, sent, messages.received or 0, received)


def _after(at: Instant | None, start: Instant | None) -> Sentence:
    if at is None or start is None:
        return Sentence("")
    return Sentence(", the last after {}", length(max(0, at - start)))


def _last_received(session: Session) -> Instant | None:
    flags = (1 - sent for sent in session.messages.directions)
    return max(compress(session.messages.times, flags), default=None)


def _among(members: Sequence[Session], missed: int) -> list[Ghost]:
    beating = [it for it in members if period_of(it) is not None] if len(members) > 1 else []
    if not beating:
        return []
    sibling = max(beating, key=lambda session: list_send_times(session)[-1])  # who sent last shows most
    ghosts_of_siblings = (ghost(session, sibling, missed) for session in members if session is not sibling)
    return [it for it in ghosts_of_siblings if it is not None]

"""Find components that were left and entered again on one page: a change of route loads no new document.

Only their sockets show it: the same code opened another one, by a mount, some time after the last one had closed. An
effect that runs again because a value has changed closes and opens in one go, so its sockets leave no such gap.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzer import callstacks, openings, triggers
from analyzer.model import SECOND, Outcome, Session

AWAY = SECOND // 2  # real changes of route and back: 0.6 s and more; effects that ran again: less than 0


def has_return(sessions: Iterable[Session]) -> bool:
    """Check whether a component was left and entered again on one page."""
    return any(new.page is not None and is_return(old, new) for old, new in openings.from_one_place(sessions))


def is_return(old: Session, new: Session) -> bool:
    """Check whether a component's mount opened the new socket after the component with the old one had been left."""
    trigger = triggers.read(new.initiator)
    by_itself = trigger.end_handler or trigger.timer is not None or callstacks.reconnect(new)
    if trigger.mount is None or trigger.second_mount or trigger.refresh or by_itself:
        return False
    gone = old.closed.latest if old.closed is not None and old.outcome is Outcome.CLOSED else None
    return gone is not None and old.clock == new.clock and openings.creation_of(new) - gone >= AWAY

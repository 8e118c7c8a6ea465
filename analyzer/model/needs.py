"""Define what a rule needs of a capture: one row per need.

What a capture records may differ from socket to socket, so each need is asked of one socket at a time. Every socket was
opened by somebody and most belong to a page, so where none shows that, it was not recorded. Only messages may be
recorded and absent.
"""

from __future__ import annotations

from enum import StrEnum

from analyzer.model.capture import Page
from analyzer.model.session import Session


class Need(StrEnum):
    """What a capture must record of a socket for a rule to say anything.

    thing: for the manual, and where no socket has all that a rule needs.
    lack: what a capture has that records it of no socket.
    """

    thing: str
    lack: str

    def __new__(cls, id: str, thing: str, lack: str) -> Need:
        """Make a row: the string itself is the id."""
        row = str.__new__(cls, id)
        row._value_ = id
        row.thing, row.lack = thing, lack
        return row

    MESSAGES = "messages", "messages", "no messages"
    TIMES = "message-times", "their times", "no times of messages"
    STACKS = "stacks", "call stacks", "no call stacks"
    OPENERS = "openers", "call stacks or `Origin` headers", "no call stacks and no origins"
    PAGES = "pages", "the page of each socket", "no pages of its sockets"
    DEPARTURES = "departures", "when pages were left", "no proof of when pages were left"
    USERS = (
        "users",
        "the contents of messages, where only they name the user",
        "no contents of the messages that name the user",
    )

    def is_met(self, session: Session, page: Page | None) -> bool:
        """Would the capture show it of this socket, had it happened? `page`: that of the socket."""
        match self:
            case Need.MESSAGES:
                return session.messages.recorded
            case Need.TIMES:
                return len(session.messages.times) == len(session.messages.directions)
            case Need.STACKS:
                return session.initiator is not None
            case Need.OPENERS:
                return session.extension is not None
            case Need.PAGES:
                return session.page is not None
            case Need.DEPARTURES:
                return page is not None and page.shows_departure
            case Need.USERS:
                return session.user is not None or session.attribution.has_contents is True

"""The application creates a client for each operation or token, and the connections of the earlier ones stay open.

How it is detected: the application created a client, or called its connect function, for each of the sockets. The
client library is one of those that run many operations over one connection (GraphQL clients), so a second socket is a
second client. The older sockets were still open more than five seconds after the next one was requested, or when the
capture was saved. The cause is likely: a page that needs two clients, such as one per user, looks the same.

Why it matters: ending a subscription does not close the connection of its client. Each operation, or each new token,
leaves a connection open that only sends keep-alives.

What to do: create one client and run all operations with it. Close the old client before you create one for a new
token.

Before:

    function subscribe(query, sink) {
      const client = createClient({ url });
      return client.subscribe({ query }, sink);
    }

After:

    const client = createClient({ url });

    function subscribe(query, sink) {
      return client.subscribe({ query }, sink);
    }
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise

from analyzer import callstacks, openings, remedies
from analyzer.model import Cause, Explanation, Finding, Session
from analyzer.model.sentence import Sentence, count

ID = "client-per-operation"
REMEDY = "Create one client for all operations, and close the old client before you create one for a new token."


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    lives_on = all(openings.lives_on(old, new) for old, new in pairwise(sessions))
    if not lives_on:
        return None
    advice = remedies.advise(ID, sessions[0], REMEDY, by_service=True)
    return Explanation(
        why=Sentence(
            "{} created {}, and the earlier ones stay connected{}.",
            openings.by_whom(sessions[0], "The application"),
            count(len(sessions), "client"),
            advice.says,
        ),
        proof=tuple(it.proves("its client was created by", frame=callstacks.own(it.initiator)) for it in sessions),
        remedy=advice.remedy,
        link=advice.link,
        sure=False,
    )


def _app(session: Session) -> Hashable:
    """Equal for what one client would hold; None where the application did not create one for operations."""
    if not _has_operations(session) or not openings.is_asked_for(session):
        return None
    return session.user or session.endpoint, session.page, session.context


def _has_operations(session: Session) -> bool:
    library = callstacks.library(session)
    return library is not None and library.operations


CAUSE = Cause(ID, "A client for each operation or token", explain, _app, _has_operations)

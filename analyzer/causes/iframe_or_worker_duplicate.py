"""The page and one of its iframes or workers each have a connection of the same user.

How it is detected: the script of a worker, or the document of an iframe, opened one socket. The page itself, or another
iframe or worker, opened another one. Both belong to the same user of the same service, or have exactly the same URL.

Why it matters: each of them runs its own copy of the client. Every copy receives every event, and the service counts
each connection.

What to do: connect in one of them, and pass the events on (`postMessage`, `BroadcastChannel`, a `SharedWorker`).

Before: the page and its worker each connect.

    // page.js
    const socket = new WebSocket(url);

    // worker.js
    const socket = new WebSocket(url);

After: the worker connects, and passes the events on.

    // page.js
    const worker = new Worker('worker.js');
    worker.onmessage = ({ data }) => show(data);

    // worker.js
    const socket = new WebSocket(url);
    socket.onmessage = ({ data }) => postMessage(data);
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from analyzer import callstacks
from analyzer.model import Cause, Explanation, Finding, Session
from analyzer.model.sentence import Sentence, chain, name

CONTEXTS = {None: Sentence("the page itself"), "iframe": Sentence("an iframe"), "worker": Sentence("a worker")}


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    contexts = dict.fromkeys(it.context for it in sessions)
    one_page = len({it.page for it in sessions if it.page is not None}) < 2
    if len(contexts) < 2 or not one_page:
        return None
    places = chain([_name(it) for it in contexts], last=" and ").capital
    is_of_user = sessions[0].user is not None
    return Explanation(
        why=Sentence(
            "{} each opened a connection for the same user."
            if is_of_user
            else "{} each opened a connection to the same URL.",
            places,
        ),
        proof=tuple(
            session.proves("opened in {}", _name(session.context), frame=callstacks.outermost(session.initiator))
            for session in sessions
        ),
        remedy="Connect in one of them, and pass the events on with postMessage, a BroadcastChannel or a SharedWorker.",
        link="https://developer.mozilla.org/en-US/docs/Web/API/Broadcast_Channel_API",
    )


def _name(context: str | None) -> Sentence:
    return CONTEXTS.get(context) or name(str(context))


def _whose(session: Session) -> Hashable:
    """Return the user, or the URL where no user is known; None where the context of the code is unknown."""
    return (session.user or session.url) if session.initiator is not None and session.initiator.stack else None


CAUSE = Cause("iframe-or-worker-duplicate", "A page and its iframe or worker each connected", explain, _whose)

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

CONTEXTS = {None: "the page itself", "iframe": "an iframe", "worker": "a worker"}


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    contexts = dict.fromkeys(it.context for it in sessions)
    one_page = len({it.page for it in sessions if it.page is not None}) < 2
    if len(contexts) < 2 or not one_page:
        return None
    *names, last = (CONTEXTS.get(it, str(it)) for it in contexts)
    whose = "for the same user" if sessions[0].user is not None else "to the same URL"
    sentence = f"{', '.join(names)} and {last} each opened a connection {whose}."
    return Explanation(
        why=sentence[0].upper() + sentence[1:],
        proof=tuple(
            session.proves(
                f"opened in {CONTEXTS.get(session.context, session.context)}", callstacks.outermost(session.initiator)
            )
            for session in sessions
        ),
        remedy="Connect in one of them, and pass the events on with postMessage, a BroadcastChannel or a SharedWorker.",
        link="https://developer.mozilla.org/en-US/docs/Web/API/Broadcast_Channel_API",
    )


def _whose(session: Session) -> Hashable:
    """Return the user, or the URL where no user is known; None where the context of the code is unknown."""
    return (session.user or session.url) if session.initiator is not None and session.initiator.stack else None


CAUSE = Cause("iframe-or-worker-duplicate", "A page and its iframe or worker each connected", explain, _whose)

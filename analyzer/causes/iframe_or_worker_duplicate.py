"""The page and an iframe or a worker of it each hold a connection of the same user.

How it is told: one socket was opened by code that was loaded as a worker, or by the document of an iframe, another one
by the page itself or by another of them; they belong to the same user of the same service, or have the very same URL.

Why it matters: each realm runs a copy of the client. All of them receive every event, and the service counts each.

What to do: connect in one of them, and pass the events on (`postMessage`, `BroadcastChannel`, a `SharedWorker`).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from analyzer import initiators
from analyzer.model import Cause, Confidence, Explanation, Finding, Session

REALMS = {None: "the page itself", "iframe": "an iframe", "worker": "a worker"}


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    contexts = dict.fromkeys(it.context for it in sessions)
    one_page = len({it.page for it in sessions if it.page is not None}) < 2
    if finding.confidence is not Confidence.PROVEN or len(contexts) < 2 or not one_page:
        return None
    *names, last = (REALMS.get(it, str(it)) for it in contexts)
    whose = "the same user" if sessions[0].user is not None else "their own to the same URL"
    told = f"{', '.join(names)} and {last} each opened a connection of {whose}."
    return Explanation(
        why=told[0].upper() + told[1:],
        proof=tuple(
            it.proves(f"opened in {REALMS.get(it.context, it.context)}", initiators.outermost(it.initiator))
            for it in sessions
        ),
        remedy="Connect in one of them and pass the events on: postMessage, BroadcastChannel, SharedWorker.",
        link="https://developer.mozilla.org/en-US/docs/Web/API/Broadcast_Channel_API",
    )


def _whose(session: Session) -> Hashable:
    """The user; the very same URL, where none is known. Only where it is known in which realm the code ran."""
    return (session.user or session.url) if session.initiator is not None and session.initiator.stack else None


CAUSE = Cause("iframe-or-worker-duplicate", "Page and iframe or worker, each with a connection", explain, _whose)

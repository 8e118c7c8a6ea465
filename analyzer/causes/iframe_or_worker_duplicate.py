"""The page and an iframe or a worker of it each hold a connection of the same user.

How it is told: one socket was opened by code that was loaded as a worker, or by the document of an iframe, another one
by the page itself or by another of them; they belong to the same user of the same service, or have the very same URL.

Why it matters: each realm runs a copy of the client. All of them receive every event, and the service counts each.

What to do: connect in one of them, and pass the events on (`postMessage`, `BroadcastChannel`, a `SharedWorker`).
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer import initiators
from analyzer.model import Cause, Confidence, Explanation, Finding, Session

REALMS = {None: "the page itself", "iframe": "an iframe", "worker": "a worker"}


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    if finding.confidence is not Confidence.PROVEN:
        return None
    by_whom: dict[object, list[Session]] = {}
    for session in sessions:
        if session.initiator is not None and session.initiator.stack:
            by_whom.setdefault(session.user or session.url, []).append(session)
    for members in by_whom.values():
        contexts = dict.fromkeys(it.context for it in members)
        if len(contexts) > 1 and len({it.page for it in members if it.page is not None}) < 2:
            *names, last = (REALMS.get(it, str(it)) for it in contexts)
            whose = "the same user" if members[0].user is not None else "their own to the same URL"
            told = f"{', '.join(names)} and {last} each opened a connection of {whose}."
            return Explanation(
                why=told[0].upper() + told[1:],
                proof=tuple(
                    it.proves(f"opened in {REALMS.get(it.context, it.context)}", initiators.outermost(it.initiator))
                    for it in members
                ),
                remedy="Connect in one of them and pass the events on: postMessage, BroadcastChannel, SharedWorker.",
                link="https://developer.mozilla.org/en-US/docs/Web/API/Broadcast_Channel_API",
            )
    return None


CAUSE = Cause("iframe-or-worker-duplicate", "Page and iframe or worker, each with a connection", explain)

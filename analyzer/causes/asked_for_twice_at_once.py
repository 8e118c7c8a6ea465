"""Two callers asked for a connection at the same time, and each opened one.

How it is detected: two sockets were requested within half a second of each other, from the same place in the code, each
after an `await` or a promise. When the second was requested, the first was still connecting or had just opened. Neither
is a reconnect, and neither comes from StrictMode's second mount. Both stayed open. The cause is likely: a page that
wants two connections and opens them together looks the same, and so do two components that use one hook. Where the
client library is known for it (Turbo before 7.0.0, a hook without `share`), its fault or its option is named.

Why it matters: the code that keeps one connection for all has a gap. Between the question whether there is a connection
and the moment when it is stored, a second caller asks the same question.

What to do: store the promise of the connection instead of its result, before the first `await`.

Before: the second caller comes while the first one waits.

    async function getClient() {
      client ??= await connect();  // two callers, two clients
      return client;
    }

After:

    function getClient() {
      promise ??= connect();  // the second caller gets the same promise
      return promise;
    }
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise

from analyzer import callstacks, openings, remedies, triggers
from analyzer.model import MILLISECOND, Cause, Explanation, Finding, Proof, Session
from analyzer.model.sentence import Sentence, length

ID = "asked-for-twice-at-once"
TOGETHER = 500 * MILLISECOND
REMEDY = "Store the promise of the connection, not its result, so that the second caller waits for the first."
# Two components that use one hook look the same as two callers, and then there is no promise of theirs to store.
HOOK = (
    "If a library's hook opens the socket: use the hook in one component and pass on what it returns, or set its "
    "option to share one socket (`share: true` of react-use-websocket)."
)


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    pairs = [pair for pair in pairwise(sessions) if _is_at_once(*pair)]
    if not pairs:
        return None
    first, second = pairs[0]
    apart = length(openings.creation_of(second) - openings.creation_of(first))
    is_mounted = triggers.read(second.initiator).mount is not None
    advice = remedies.advise(ID, second, f"{REMEDY} {HOOK}" if is_mounted else REMEDY)
    return Explanation(
        why=Sentence(
            "Two callers asked for a connection within {} (each after a promise), and each opened one{}.",
            apart,
            advice.says,
        ),
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy=advice.remedy,
        link=advice.link,
        sure=False,
    )


def _place(session: Session) -> Hashable:
    """Equal for sockets that the same code opened after a promise; None for reconnects and second
    mounts."""
    trigger = triggers.read(session.initiator)
    is_other = trigger.second_mount or trigger.refresh or trigger.end_handler
    if not trigger.promised or is_other or callstacks.reconnect(session) is not None:
        return None
    return openings.source(session)


def _is_at_once(first: Session, second: Session) -> bool:
    apart = openings.creation_of(second) - openings.creation_of(first)
    return apart < TOGETHER and openings.connecting(first, second) and openings.lives_on(first, second)


def _proof(first: Session, second: Session) -> Iterator[Proof]:
    yield first.proves("opened by", frame=callstacks.own(first.initiator))
    apart = length(openings.creation_of(second) - openings.creation_of(first))
    yield second.proves("requested {} later from the same place", apart, frame=callstacks.own(second.initiator))


CAUSE = Cause(ID, "Two callers asked for a connection at the same time", explain, _place, triggers.is_promised)

"""A view opens a socket each time it is shown, and does not close it when it is left.

How it is detected: a framework mounted a component each time, and the same code in it opened a socket, more than half a
second apart and not by StrictMode's second mount. On the call stack stand React's functions that run effects (in a
minified production build the way in which they call each other), a hook of Vue, or a method such as `ngOnInit` or
`connectedCallback`. The older sockets were still open more than five seconds after the next one was requested, or when
the capture was saved. Nothing but heartbeats was sent on them after the next one was requested. The cause is likely: a
page that shows several such views at the same time looks the same, and so does an effect of React that runs again
because its dependencies changed.

Why it matters: each visit adds a socket that nothing uses, until the user leaves the page or reloads it.

What to do: close the socket where the framework says that the component goes.

Before, in Vue:

    onMounted(() => {
      socket = new WebSocket(url);
    });

After:

    onMounted(() => {
      socket = new WebSocket(url);
    });
    onUnmounted(() => socket.close());

Before, in React:

    useEffect(() => {
      const socket = new WebSocket(url);
    }, []);

After:

    useEffect(() => {
      const socket = new WebSocket(url);
      return () => socket.close();
    }, []);
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise

from analyzer import callstacks, heartbeats, openings, remedies, triggers
from analyzer.model import SECOND, Cause, Explanation, Finding, Proof, Provider, Session
from analyzer.model.sentence import Sentence, count, length, term
from analyzer.triggers import Framework

ID = "view-left-open"
APART = SECOND // 2  # what is mounted together is requested together


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    pairs = [pair for pair in pairwise(sessions) if _is_left(*pair)]
    if not pairs:
        return None
    first, _ = pairs[0]
    framework = triggers.framework(triggers.read(first.initiator).mount)
    advice = remedies.advise(ID, first, _remedy(framework, first.provider), framework.link)
    number = len({session.id for pair in pairs for session in pair})
    return Explanation(
        why=Sentence(
            "{} opened a socket each time {} ({}), and the earlier ones stayed open{}.",
            openings.by_whom(first, "A view"),
            term(framework.occasion),
            count(number, "time"),
            advice.says,
        ),
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy=advice.remedy,
        link=advice.link,
        sure=False,
    )


def _remedy(framework: Framework, provider: Provider | None) -> str:
    """Say where the framework says that the component goes, and how the service's client is closed."""
    of_service = f" {provider.name}: {provider.remedy}" if provider is not None and provider.remedy else ""
    return f"{framework.remedy}{of_service}"


def _place(session: Session) -> Hashable:
    """Equal for sockets that the same code opened when a component was mounted; None for a second mount or an edit."""
    trigger = triggers.read(session.initiator)
    if trigger.mount is None or trigger.second_mount or trigger.refresh or callstacks.reconnect(session) is not None:
        return None
    return openings.source(session)


def _is_left(old: Session, new: Session) -> bool:
    apart = openings.creation_of(new) - openings.creation_of(old)
    is_in_use = heartbeats.is_used_after(old, openings.creation_of(new))
    return apart > APART and not is_in_use and openings.lives_on(old, new)


def _proof(old: Session, new: Session) -> Iterator[Proof]:
    yield new.proves("opened by a mount", frame=triggers.read(new.initiator).mount)
    age = openings.creation_of(new) - openings.creation_of(old)
    yield old.proves(
        "opened {} before {} by the same code, and not closed",
        length(age),
        new.name,
        frame=callstacks.own(old.initiator),
    )


CAUSE = Cause(ID, "A view does not close its socket when it is left", explain, _place, triggers.is_mount)

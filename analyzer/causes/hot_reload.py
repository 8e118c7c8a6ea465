"""After an edit the development server ran a module again, and the socket that it had opened before stayed open.

How it is detected: the call stack of the new socket contains `importUpdatedModule` of Vite's client, which runs a
module again in place. An older socket, opened by another version of the same module (`?t=` in its address), was still
open.

Why it matters: it happens in development only. Each edit adds one more socket, so what you measure is not what
production does.

What to do: close the socket when the module is replaced: `import.meta.hot.dispose(() => socket.close())`. Reload the
page before you measure.

Before:

    const socket = new WebSocket(url);

After:

    const socket = new WebSocket(url);
    import.meta.hot?.dispose(() => socket.close());
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from analyzer import callstacks, openings, triggers
from analyzer.model import Cause, Explanation, Finding, Frame, Initiator, Proof, Session, Severity
from analyzer.model.sentence import Sentence, length


def explain(finding: Finding, sessions: Sequence[Session]) -> Explanation | None:
    pairs = list(_pairs(sessions))
    if not pairs or len(finding.sessions) - len(pairs) > 1:  # the others that were open at once are none of its doing
        return None
    return Explanation(
        why=Sentence(
            "Vite ran a module again after an edit (in development only), and the socket that the module had opened "
            "before stayed open."
        ),
        proof=tuple(line for pair in pairs for line in _proof(*pair)),
        remedy="Close the socket when the module is replaced: import.meta.hot.dispose(() => socket.close()). Reload "
        "the page before you measure.",
        link="https://vite.dev/guide/api-hmr.html#hot-dispose-cb",
    )


def _module(session: Session) -> Hashable:
    """Equal for sockets that the same file opened, whatever its version."""
    code = session.initiator
    return None if code is None else ((code.url or "").partition("?")[0], session.endpoint, session.page)


def _pairs(sessions: Sequence[Session]) -> Iterator[tuple[Session, Session, Frame]]:
    """Each that an update opened, after the one before from the same file."""
    before: dict[object, Session] = {}
    for session in sessions:
        code, key = session.initiator, _module(session)
        if key is not None:
            old, frame = before.get(key), _update(code)
            before[key] = session
            if old is None or frame is None or _version(old.initiator) == _version(code):
                continue
            if openings.is_concurrent(old, session):
                yield old, session, frame


def _update(code: Initiator | None) -> Frame | None:
    """Return the frame by which Vite's client ran a module anew."""
    frame = triggers.read(code).refresh
    return frame if frame is not None and frame.function == "importUpdatedModule" else None


def _version(code: Initiator | None) -> str:
    """Of a module, as Vite writes it: `?t=1763923693000`."""
    return ((code.url if code is not None else None) or "").partition("?")[2]


def _proof(old: Session, new: Session, frame: Frame) -> Iterator[Proof]:
    yield new.proves("opened by an update of its module", frame=frame)
    age = openings.creation_of(new) - openings.creation_of(old)
    yield old.proves("opened {} earlier by an older version of it", length(age), frame=callstacks.own(old.initiator))


CAUSE = Cause(
    "hot-reload",
    "A hot reload opened another socket",
    explain,
    _module,
    triggers.is_refresh,
    dev_only=True,
    at_most=Severity.NOTE,
)

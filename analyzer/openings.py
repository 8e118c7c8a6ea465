"""How the openings of several sockets belong together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise

from analyzer import callstacks, triggers
from analyzer.memo import memoize
from analyzer.model import SECOND, Confidence, Instant, Outcome, Session
from analyzer.model.sentence import Sentence, name, term
from analyzer.patterns import Pattern
from analyzer.shapes.randomness import has_random_stretch

TOGETHER = 5 * SECOND  # StrictMode mounts twice in one go: the handshakes are milliseconds apart, seconds under load
CLEANED = 5 * SECOND  # by then a clean-up has closed, even one that waits for the handshake
SOON = SECOND // 4  # a clean-up that closes at once, or as soon as the handshake is done: measured 1 to 70 ms
QUEUED = SECOND // 10
FOREVER = 1 << 62
PLAIN = Pattern(r"(?i)[a-z]+(?:[-_.][a-z0-9]+)*|[a-z]+\d{1,3}|\d{1,4}")  # words and short numbers
OF_CLIENT = Pattern(
    r"(?i)user|client|session|conn|token|auth|key|pk|jwt|cred|sign|attempt|retr|try|count|seq|time|stamp|nonce|rand"
    r"|^(?:id|uid|sid|cid|t|ts|n|v|_|cb)$"
)
ABANDONED = "closed before the connection is established"  # as Chromium says it
# Texts that leave open whether the page or the server ended a handshake: of the formats, of Chromium (nobody wanted its
# answer any more), of mitmproxy (the browser left).
UNEXPLAINED = Pattern(
    r".* does not say why|no reason recorded|net::ERR_ABORTED|closed before .* was established|Client disconnected"
)
# What to do where each socket was about to be closed when the next one was opened.
WAIT = "Close the old socket, and wait for the close, before you open the next one."


def creation_of(session: Session) -> Instant:
    """When it was asked for, as far as the capture tells; those without a date come last."""
    if session.created is not None and session.created.earliest is not None:
        return session.created.earliest
    if session.opened is not None and session.opened.earliest is not None:
        return session.opened.earliest
    return FOREVER


def in_order(sessions: Iterable[Session]) -> list[Session]:
    """By when they were asked for."""
    return sorted(sessions, key=creation_of)


def source(session: Session) -> Hashable:
    """Equal for sockets that the same code opened for the same purpose, page and user; None where no code was
    recorded."""
    code = session.initiator
    if code is None:
        return None
    return callstacks.place(code), session.endpoint, purpose(session.url), session.page, session.user


@memoize(1024)
def purpose(url: str) -> tuple[tuple[str, str], ...]:
    """Return the parameters of a URL that say what a socket is for: `room=1`. Sockets that differ in them take no
    other's place. What names a user, a session or an attempt says nothing of that, nor do random values."""
    pairs = (part.partition("=")[::2] for part in url.partition("#")[0].partition("?")[2].split("&"))
    return tuple(sorted((key, value) for key, value in pairs if not _is_of_client(key) and _is_plain(value)))


@memoize(1024)
def _is_of_client(key: str) -> bool:
    return OF_CLIENT.search(key) is not None


def _is_plain(value: str) -> bool:
    return PLAIN.fullmatch(value) is not None and not has_random_stretch(value)


def is_concurrent(one: Session, other: Session, confidence: Confidence = Confidence.PROVEN) -> bool:
    """Were both open at the same time, certainly or possibly?"""
    if confidence is Confidence.PROVEN:
        a, b, comparable = one.proven, other.proven, one.clock == other.clock
    else:
        a, b, comparable = one.possible, other.possible, True
    if a is None or b is None or not comparable:
        return False
    return (b.end is None or a.start < b.end) and (a.end is None or b.start < a.end)


def second_mounts(sessions: Iterable[Session]) -> list[tuple[Session, Session]]:
    """The sockets that StrictMode's second mount opened, each after that of its first mount: from the same place, of
    the same page and user, a moment before."""
    pairs: list[tuple[Session, Session]] = []
    firsts: dict[object, list[Session]] = {}
    sessions = list(sessions)
    if not any(triggers.read(it.initiator).second_mount for it in sessions):
        return pairs
    for session in in_order(sessions):
        if (key := source(session)) is not None:
            before = firsts.setdefault(key, [])
            if triggers.read(session.initiator).second_mount is None:
                before.append(session)
            elif before and creation_of(session) - creation_of(before[-1]) < TOGETHER:
                pairs.append((before.pop(0), session))
    return pairs


def from_one_place(sessions: Iterable[Session]) -> list[tuple[Session, Session]]:
    """Each with the one before it that the same code opened, for the same page and user."""
    pairs: list[tuple[Session, Session]] = []
    before: dict[object, Session] = {}
    for session in in_order(sessions):
        if (key := source(session)) is not None:
            if key in before:
                pairs.append((before[key], session))
            before[key] = session
    return pairs


def at_once(old: Session, new: Session) -> bool:
    """Did the old one close just when the new one was asked for, or as soon as it was open itself? A capture does not
    say who closed: what closed later may have been closed by the server."""
    gone = old.closed.latest if old.closed is not None else None
    shows_opening = old.opened is not None and old.opened.latest is not None and old.messages.times
    opened = old.opened.latest if shows_opening and old.opened is not None and old.opened.latest is not None else 0
    return gone is not None and gone <= max(creation_of(new), opened) + SOON


def is_abandoned(session: Session) -> bool:
    """Did the page itself close it while it was CONNECTING? A clean-up, or a client that does not wait so long: the
    server has no part in it."""
    return session.outcome is Outcome.FAILED and ABANDONED in (session.problem or "")


def is_unexplained(session: Session) -> bool:
    """Does the capture leave open why its handshake failed? The page may have closed it, or have been left."""
    return session.outcome is Outcome.FAILED and (not session.problem or UNEXPLAINED.match(session.problem) is not None)


def is_cleaned_up(old: Session, new: Session) -> bool:
    """Did the old one close soon after the new one was asked for, while that lived on?"""
    gone = old.closed.latest if old.closed is not None else None
    if old.outcome is not Outcome.CLOSED or gone is None or gone > creation_of(new) + CLEANED:
        return False
    left = new.closed.earliest if new.closed is not None else None
    return left is None or gone < left


def is_handed_over(sessions: Sequence[Session]) -> bool:
    """Was each but the last closed soon after the next one was asked for? In the order in which they were asked for."""
    return all(is_cleaned_up(old, new) for old, new in pairwise(sessions))


def lives_on(old: Session, new: Session) -> bool:
    """Was the old one certainly still open well after the new one was asked for, or when the capture was saved?"""
    if old.proven is None or not is_concurrent(old, new):
        return False
    return old.proven.end is None or old.proven.end > creation_of(new) + CLEANED


def has_outlasted(old: Session, new: Session) -> bool:
    """Is it known that the page had not closed the old one long after the new one was asked for? What was open when the
    capture was saved a moment later may just have been about to close."""
    return has_message_after(old, creation_of(new) + CLEANED)


def has_message_after(session: Session, at: Instant) -> bool:
    """Did a message pass after that instant? Then the page had not closed it. (A server may leave a close
    unanswered for half a minute, but Chromium 156 records no message after `close()`.)"""
    last = session.messages.last
    return last is not None and last > at


def connecting(old: Session, new: Session) -> bool:
    """May the old one still have been CONNECTING when the new one was constructed? Chrome sends one handshake at a time
    to a host: the new one's goes out as soon as the old one's is answered."""
    return old.opened is None or old.opened.latest is None or old.opened.latest + QUEUED >= creation_of(new)


def is_asked_for(session: Session) -> bool:
    """Did the application call the client library to connect, and not the library by itself or React a second time?"""
    code, trigger = session.initiator, triggers.read(session.initiator)
    return (
        code is not None
        and code.own
        and callstacks.call(session) is not None
        and callstacks.reconnect(session) is None
        and trigger.second_mount is None
        and trigger.refresh is None
    )


def by_whom(session: Session, nameless: str = "code without a name") -> Sentence:
    """What opened it, in a sentence: `<Widget>`, `connect()`."""
    code = session.initiator
    if code is None:
        return Sentence("code that was not recorded")
    if code.component:
        return name(code.component)
    if not code.is_own and (library := callstacks.library(session)) is not None:
        return term(library.name)
    function = code.opener.function
    return Sentence("{}()", name(function)) if function else Sentence(nameless)

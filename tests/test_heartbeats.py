"""Heartbeats of clients, and the sockets that miss them."""

from __future__ import annotations

from array import array

import msgspec
import pytest

from analyzer import heartbeats
from analyzer.intervals import Interval
from analyzer.model import SECOND, Attribution, Identity, Initiator, Messages, Outcome, Provider, Session

OPEN = Session(
    id="s1", pointer="/log/entries/1", url="ws://h/", endpoint="ws://h/", page="page_1",
    initiator=Initiator("connect", None, "https://h/app.js", 1, 1), outcome=Outcome.OPEN, created=None, opened=None,
    closed=None, proven=Interval(0, None), possible=Interval(0, None), last_seen=None, close_code=None,
    close_reason=None, messages=Messages(array("q"), b"", array("b"), array("q")),
)  # fmt: skip


def socket(number: int, sent: list[float], received: list[float], *, length: int = 40, code: str = "connect",
           user: str | None = None) -> Session:  # fmt: skip
    """A socket that is open from 0 on, with messages at these seconds."""
    at = sorted([*((t, 1) for t in sent), *((t, 0) for t in received)])
    messages = Messages(
        array("q", [round(t * SECOND) for t, _ in at]), bytes(way for _, way in at), array("b", [1] * len(at)),
        array("q", [length] * len(at)),
    )  # fmt: skip
    provider = Provider("stream-chat", "Stream Chat") if user else None
    return msgspec.structs.replace(
        OPEN, id=f"s{number}", messages=messages, initiator=msgspec.structs.replace(OPEN.initiator, function=code),
        attribution=Attribution(provider, Identity("app", user) if user else None),
    )  # fmt: skip


BEATING = socket(1, sent=[10, 20, 30, 40], received=[5, 15, 45])


@pytest.mark.parametrize(
    ("other", "ghost"),
    [
        pytest.param(socket(2, [], [5, 15, 25, 45]), True, id="receives for longer than two beats, and sends nothing"),
        pytest.param(socket(2, [10], [5, 15, 25, 45]), True, id="sent once, and then no more"),
        pytest.param(socket(2, [], [5, 15]), False, id="received for one and a half beats"),
        pytest.param(socket(2, [], []), False, id="silent: it may be gone"),
        pytest.param(socket(2, [10, 20, 30], [5, 15, 45]), False, id="missed one beat"),
        pytest.param(socket(2, [12, 22, 32, 42], [45]), False, id="beats as well"),
        pytest.param(
            socket(2, [], [5, 15, 25, 45], code="listen"), False, id="opened by other code: it may be right so"
        ),
    ],
)
def test_a_ghost_receives_and_misses_two_beats(other: Session, ghost: bool) -> None:
    assert [it.session.id for it in heartbeats.ghosts([BEATING, other], 2)] == (["s2"] if ghost else [])


@pytest.mark.parametrize(
    ("session", "seconds"),
    [
        pytest.param(BEATING, 10, id="every ten seconds"),
        pytest.param(socket(1, [10, 20], []), None, id="one gap is no rhythm"),
        pytest.param(socket(1, [10, 20, 41], []), None, id="irregular"),
        pytest.param(socket(1, [1, 2, 3, 4], []), None, id="every second: traffic"),
        pytest.param(socket(1, [25], [], user="alice"), 25, id="one beat, of a client whose rhythm is known"),
        pytest.param(socket(1, [], [25], user="alice"), None, id="a client whose rhythm is known, that sent nothing"),
    ],
)
def test_the_period_of_heartbeats(session: Session, seconds: int | None) -> None:
    assert heartbeats.period_of(session) == (None if seconds is None else seconds * SECOND)


def test_messages_of_different_length_are_no_heartbeats() -> None:
    sizes = array("q", [10, 4000, 10, 10, 10, 10, 10])
    varied = msgspec.structs.replace(BEATING, messages=msgspec.structs.replace(BEATING.messages, lengths=sizes))
    assert heartbeats.period_of(varied) is None


def test_another_user_has_another_rhythm() -> None:
    alice, bob = socket(1, [25, 50], [60], user="alice"), socket(2, [], [60], user="bob")
    assert heartbeats.ghosts([alice, bob], 2) == ()
    assert len(heartbeats.ghosts([alice, socket(2, [], [60], user="alice")], 2)) == 1


@pytest.mark.parametrize(
    ("session", "message"),
    [
        pytest.param(BEATING, "sent 4, the last after 40.0 s; received 3, the last after 45.0 s", id="both ways"),
        pytest.param(socket(1, [], []), "sent 0; received 0", id="none"),
        pytest.param(
            msgspec.structs.replace(OPEN, messages=msgspec.structs.replace(OPEN.messages, recorded=False)),
            "messages were not recorded",
            id="not recorded",
        ),
    ],
)
def test_the_rhythm_in_words(session: Session, message: str) -> None:
    assert heartbeats.rhythm(session) == message

"""Overlaps between sessions: two sweeps, and what each says."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, strategies as st

from analyzer import overlaps
from analyzer.intervals import Interval
from analyzer.model import (
    Attribution,
    Bounds,
    Confidence,
    Evidence,
    Excess,
    Identity,
    Limit,
    Messages,
    Outcome,
    Policy,
    Provider,
    Relation,
    Scope,
    Session,
)

Span = tuple[int, int | None] | None
HORIZON = 30


def session(
    number: int,
    proven: Span,
    possible: Span,
    clock: int = 0,
    last_seen: int | None = None,
    closed: Span = None,
    opened: Span = None,
) -> Session:
    return Session(
        id=f"s{number}", pointer=f"/log/entries/{number}", url="ws://h/", endpoint="ws://h/", page=None, initiator=None,
        outcome=Outcome.UNKNOWN, created=None,
        opened=None if opened is None else Bounds(*opened, Evidence.FIRST_MESSAGE), closed=None if closed is None else Bounds(*closed, Evidence.CLOSE_SEEN),
        proven=None if proven is None else Interval(*proven), possible=None if possible is None else Interval(*possible),
        last_seen=last_seen, close_code=None, close_reason=None,
        messages=Messages(array("q"), b"", array("b"), array("q")), clock=clock,
    )  # fmt: skip


def made(*rows: tuple[Span, Span]) -> tuple[Session, ...]:
    return tuple(session(n, proven, possible) for n, (proven, possible) in enumerate(rows, 1))


def told(items: Sequence[overlaps.Overlap], confidence: Confidence) -> list[tuple[int, int | None, str]]:
    return [(*o.interval, " ".join(o.sessions)) for o in items if o.confidence is confidence]


@st.composite
def nested(draw: st.DrawFn, clocks: int = 1) -> tuple[Session, ...]:
    """Sessions whose proven interval, if any, lies within the possible one, if any."""
    items = []
    for number in range(1, draw(st.integers(0, 7)) + 1):
        a, b, c, d = sorted(draw(st.lists(st.integers(0, 14), min_size=4, max_size=4)))
        open_possible = draw(st.booleans())
        proven = draw(st.sampled_from([None, (b, c), (b, None) if open_possible else (b, c)]))
        possible: Span = (a, None if open_possible else d)
        if proven is None and draw(st.booleans()):
            possible = None
        items.append(session(number, proven, possible, clock=draw(st.integers(0, clocks - 1))))
    return tuple(items)


def holds(span: Interval | None, at: int) -> bool:
    return span is not None and span.start <= at and (span.end is None or at < span.end)


@given(nested())
def test_an_instant_is_in_a_proven_overlap_exactly_if_two_are_proven_open(sessions: tuple[Session, ...]) -> None:
    items = [o for o in overlaps.find(sessions) if o.confidence is Confidence.PROVEN]
    for at in range(HORIZON):
        assert any(holds(o.interval, at) for o in items) == (sum(holds(s.proven, at) for s in sessions) >= 2)


@given(nested())
def test_an_instant_at_which_two_may_be_open_is_in_some_overlap(sessions: tuple[Session, ...]) -> None:
    """Unless a proven one of the same sockets tells it already."""
    items = overlaps.find(sessions)
    pairs = [
        {a.id, b.id}
        for at in range(HORIZON)
        for a in sessions
        for b in sessions
        if a.id < b.id and holds(a.possible, at) and holds(b.possible, at)
    ]
    assert all(any(pair <= set(o.sessions) for o in items) or len(items) > 1 for pair in pairs)


@given(nested())
def test_no_overlap_at_all_means_that_no_two_possible_intervals_meet(sessions: tuple[Session, ...]) -> None:
    if not overlaps.find(sessions):
        assert all(sum(holds(s.possible, at) for s in sessions) < 2 for at in range(HORIZON))


@given(nested())
def test_the_peaks_are_what_counting_every_instant_finds(sessions: tuple[Session, ...]) -> None:
    concurrency = overlaps.concurrency(sessions, overlaps.find(sessions))
    assert concurrency.proven_peak == max(sum(holds(s.proven, at) for s in sessions) for at in range(HORIZON))
    assert concurrency.possible_peak == max(sum(holds(s.possible, at) for s in sessions) for at in range(HORIZON))


@given(nested())
def test_the_proven_peak_is_never_above_the_possible_one(sessions: tuple[Session, ...]) -> None:
    concurrency = overlaps.concurrency(sessions, overlaps.find(sessions))
    assert concurrency.proven_peak <= concurrency.possible_peak


@given(nested(clocks=3))
def test_sockets_of_different_clocks_are_in_no_proven_overlap(sessions: tuple[Session, ...]) -> None:
    clock = {s.id: s.clock for s in sessions}
    items = overlaps.find(sessions)
    assert all(len({clock[id] for id in o.sessions}) == 1 for o in items if o.confidence is Confidence.PROVEN)


def test_times_of_different_clocks_bound_no_peak() -> None:
    """They cannot be compared: that the possible intervals do not meet rules nothing out."""
    pair = (session(1, None, (0, 5), clock=0), session(2, None, (7, 9), clock=1))
    assert overlaps.concurrency(pair, overlaps.find(pair)).possible_peak == 2


@given(nested())
def test_an_overlap_names_exactly_the_sockets_that_are_open_in_it(sessions: tuple[Session, ...]) -> None:
    for overlap in overlaps.find(sessions):
        spans = {s.id: s.proven if overlap.confidence is Confidence.PROVEN else s.possible for s in sessions}
        instants = [at for at in range(HORIZON) if holds(overlap.interval, at)]
        assert set(overlap.sessions) == {id for id, span in spans.items() if any(holds(span, at) for at in instants)}


@pytest.mark.parametrize(
    ("rows", "proven", "possible"),
    [
        pytest.param([((0, 5), (0, 5)), ((5, 9), (5, 9))], [], [], id="touching is not overlapping"),
        pytest.param([((0, 5), (0, 6)), ((5, 9), (5, 9))], [], [(5, 6, "s1 s2")], id="only the possible ones overlap"),
        pytest.param(
            [((0, 5), (0, 6)), ((4, 9), (4, 9))],
            [(4, 5, "s1 s2")],
            [],
            id="what is proven is not told again as possible",
        ),
        pytest.param(
            [((0, 5), (0, 6)), ((4, 9), (4, 9)), (None, (5, 8))],
            [(4, 5, "s1 s2")],
            [(4, 8, "s1 s2 s3")],
            id="a possible stretch with another socket is told",
        ),
        pytest.param(
            [((0, None), (0, None)), ((3, None), (2, None))],
            [(3, None, "s1 s2")],
            [],
            id="two open at export overlap without end",
        ),
        pytest.param(
            [((3, 4), (0, None)), ((3, 4), (0, None))], [(3, 4, "s1 s2")], [], id="one instant in common is an overlap"
        ),
    ],
)
def test_find(rows: list[tuple[Span, Span]], proven: list[object], possible: list[object]) -> None:
    items = overlaps.find(made(*rows))
    assert (told(items, Confidence.PROVEN), told(items, Confidence.POSSIBLE)) == (proven, possible)


def test_an_overlap_without_end_lasts_to_the_last_evidence_of_its_sockets() -> None:
    pair = (session(1, (0, None), (0, None), last_seen=900), session(2, (100, None), (100, None), last_seen=700))
    (overlap,) = overlaps.find(pair)
    assert (overlap.duration, overlap.duration_is_lower_bound) == (800, True)


def test_an_overlap_between_exact_instants_has_an_exact_duration() -> None:
    second = session(2, (100, None), (100, None), opened=(100, 100))
    (overlap,) = overlaps.find((session(1, (0, 500), (0, 500), closed=(500, 500)), second))
    assert (overlap.duration, overlap.duration_is_lower_bound) == (400, False)


def test_an_overlap_that_began_nobody_knows_exactly_when_has_a_lower_bound() -> None:
    second = session(2, (100, None), (10, None), opened=(10_000, 100_000))
    (overlap,) = overlaps.find((session(1, (0, 500), (0, 500), closed=(500, 500)), second))
    assert overlap.duration_is_lower_bound


def test_an_overlap_that_ends_with_a_last_sign_of_life_has_a_lower_bound() -> None:
    pair = (session(1, (0, 500), (0, None), closed=(499, None)), session(2, (100, None), (100, None)))
    (overlap,) = overlaps.find(pair)
    assert overlap.duration_is_lower_bound


@pytest.mark.parametrize(
    ("first", "second", "brief"),
    [
        pytest.param(
            session(1, (0, 300), (0, 300), closed=(300, 300)),
            session(2, (100, None), (100, None)),
            True,
            id="an exact hand-over is brief",
        ),
        pytest.param(
            session(1, (0, 301), (0, None), closed=(300, None)),
            session(2, (100, None), (100, None)),
            False,
            id="a lower bound is never brief",
        ),
        pytest.param(
            session(1, (0, None), (0, None)),
            session(2, (100, None), (100, None)),
            False,
            id="one without end is never brief",
        ),
    ],
)
def test_brief(first: Session, second: Session, brief: bool) -> None:
    (overlap,) = overlaps.find((first, second))
    assert overlap.brief(1_000) is brief


# -- who belongs to whom ---------------------------------------------------------------------------------------

STREAM, INTERCOM = Provider("stream-chat", "Stream Chat"), Provider("intercom", "Intercom")
VITE = Provider("vite", "Vite dev server", dev_only=True)
WHO = {
    "alice": Attribution(STREAM, Identity("app", "alice")),
    "bob": Attribution(STREAM, Identity("app", "bob")),
    "anonymous": Attribution(STREAM, Identity("app", None)),
    "intercom": Attribution(INTERCOM),
    "unknown": Attribution(),
    "vite": Attribution(VITE),
}


def belonging(*rows: tuple[str, Span]) -> tuple[Session, ...]:
    """Sessions of somebody, their proven and possible intervals the same; on one page, on an endpoint a service."""
    return tuple(
        msgspec.structs.replace(session(n, span, span), attribution=WHO[who], endpoint=f"ws://{who}/", page="page_1")
        for n, (who, span) in enumerate(rows, 1)
    )


def related(items: Sequence[Excess]) -> list[tuple[str, str, int, int | None]]:
    return [(it.relation.value, " ".join(it.overlap.sessions), *it.overlap.interval) for it in items]


@pytest.mark.parametrize(
    ("rows", "policy", "expected"),
    [
        pytest.param([("alice", (0, 9)), ("alice", (2, 5))], {}, [("same-user", "s1 s2", 2, 5)], id="one user twice"),
        pytest.param([("alice", (0, 9)), ("bob", (2, 5))], {}, [("related", "s1 s2", 2, 5)], id="two users of one app"),
        pytest.param(
            [("anonymous", (0, 9)), ("anonymous", (2, 5))], {}, [("related", "s1 s2", 2, 5)],
            id="two of one service, of users not known",
        ),
        pytest.param([("alice", (0, 9)), ("intercom", (2, 5))], {}, [("unrelated", "s1 s2", 2, 5)], id="two services"),
        pytest.param(
            [("alice", (0, 9)), ("unknown", (2, 5))], {}, [("related", "s1 s2", 2, 5)],
            id="nothing is known of one: they may belong together",
        ),
        pytest.param(
            [("alice", (0, 9)), ("alice", (2, 7)), ("intercom", (4, 9))], {},
            [("same-user", "s1 s2", 2, 7), ("unrelated", "s1 s2 s3", 4, 9)],
            id="one user twice beside another service: each is told",
        ),
        pytest.param(
            [("alice", (0, 9)), ("intercom", (0, 9)), ("bob", (4, 6))], {},
            [("unrelated", "s1 s2", 0, 4), ("related", "s1 s2 s3", 4, 6), ("unrelated", "s1 s2", 6, 9)],
            id="how they belong together changes as they come and go",
        ),
        pytest.param([("alice", (0, 5)), ("alice", (5, 9))], {}, [], id="one after the other"),
        pytest.param([("alice", (0, 9)), ("vite", (2, 5))], {}, [], id="a dev server does not count"),
        pytest.param(
            [("alice", (0, 9)), ("vite", (2, 5))], {"count_dev_servers": True}, [("unrelated", "s1 s2", 2, 5)],
            id="unless it shall",
        ),
        pytest.param([("alice", (0, 9)), ("alice", (2, 5))], {"max_open": 2}, [], id="two are allowed"),
        pytest.param(
            [("alice", (0, 9)), ("alice", (2, 5)), ("unknown", (3, 4))], {"max_open": 2},
            [("related", "s1 s2 s3", 3, 4)], id="two of one user are allowed, three in all are not",
        ),
        pytest.param(
            [("alice", (0, 9)), ("bob", (2, 5)), ("alice", (4, 5))], {"per": Scope.USER},
            [("same-user", "s1 s3", 4, 5)], id="per user: users count apart",
        ),
        pytest.param(
            [("alice", (0, 9)), ("intercom", (2, 5)), ("bob", (4, 5))], {"per": Scope.SERVICE},
            [("related", "s1 s3", 4, 5)], id="per service: services count apart",
        ),
        pytest.param(
            [("unknown", (0, 9)), ("alice", (2, 5)), ("unknown", (4, 5))], {"per": Scope.USER},
            [("related", "s1 s3", 4, 5)], id="per user: without a user by address",
        ),
        pytest.param(
            [("alice", (0, 9)), ("bob", (2, 5)), ("bob", (3, 4))], {"per": Scope.ENDPOINT},
            [("same-user", "s2 s3", 3, 4)], id="per endpoint: addresses count apart",
        ),
        pytest.param(
            [("alice", (0, 9)), ("bob", (2, 5))], {"per": Scope.PAGE}, [("related", "s1 s2", 2, 5)],
            id="per page: on one page they count together",
        ),
    ],
)  # fmt: skip
def test_excesses(rows: list[tuple[str, Span]], policy: dict[str, object], expected: list[object]) -> None:
    assert related(overlaps.excesses(belonging(*rows), Policy(**policy))) == expected  # type: ignore[arg-type]


def test_pages_count_apart_where_they_are_asked_to() -> None:
    first, second = belonging(("alice", (0, 9)), ("alice", (2, 5)))
    second = msgspec.structs.replace(second, page="page_2")
    assert overlaps.excesses((first, second), Policy(per=Scope.PAGE)) == ()
    assert len(overlaps.excesses((first, second), Policy())) == 1


@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["alice", "bob", "intercom", "unknown", "anonymous"]), st.integers(0, 9), st.integers(1, 6)),
        max_size=7,
    ),
    allowed=st.integers(1, 3),
)  # fmt: skip
def test_at_each_instant_the_relation_is_that_of_those_open_then(
    rows: list[tuple[str, int, int]], allowed: int
) -> None:
    sessions = belonging(*((who, (start, start + length)) for who, start, length in rows))
    items = overlaps.excesses(sessions, Policy(max_open=allowed))
    for at in range(17):
        here = [(who, n) for n, (who, start, length) in enumerate(rows) if start <= at < start + length]
        users = [who for who, _ in here if who in ("alice", "bob")]
        expected = {Relation.SAME_USER for who in users if users.count(who) > allowed}
        units = {(who, None if who in ("alice", "bob") else n) for who, n in here}
        if len(here) > allowed and len(units) > 1:
            services = [WHO[who].provider for who, _ in units]
            apart = None not in services and len({it.id for it in services if it}) == len(services)
            expected.add(Relation.UNRELATED if apart else Relation.RELATED)
        options = {it.relation for it in items if it.overlap.interval.start <= at < (it.overlap.interval.end or 99)}
        assert options == expected


def test_a_brief_meeting_of_two_users_is_brief_also_beside_a_long_lived_service() -> None:
    rows = belonging(("intercom", (0, 9_000_000)), ("alice", (1_000, 2_000)), ("bob", (1_900, 5_000_000)))
    items = overlaps.excesses(rows, Policy())
    assert [it.overlap.brief(1_000) for it in items if it.relation is Relation.RELATED] == [True]


def test_groups_are_by_user_then_by_address_and_hold_each_session_once() -> None:
    rows = belonging(("alice", (0, 9)), ("unknown", (0, 1)), ("alice", (2, 5)), ("bob", (0, 1)))
    items = overlaps.groups(rows, Scope.CAPTURE)
    assert [(g.per.value, dict(g.key), g.sessions, g.proven_peak) for g in items] == [
        ("user", {"provider": "stream-chat", "app": "app", "user": "alice"}, ("s1", "s3"), 2),
        ("endpoint", {"endpoint": "ws://unknown/"}, ("s2",), 1),
        ("user", {"provider": "stream-chat", "app": "app", "user": "bob"}, ("s4",), 1),
    ]


def test_a_group_has_the_limits_that_count_per_user() -> None:
    limits = (Limit("user", 3, "https://h", "2026-01-01", "development"), Limit("app", 9, "https://h", "2026-01-01"))
    provider = msgspec.structs.replace(STREAM, limits=limits)
    (only,) = belonging(("alice", (0, 9)))
    details = msgspec.structs.replace(only, attribution=Attribution(provider, Identity("app", "alice")))
    assert overlaps.groups((details,), Scope.USER)[0].limits == limits[:1]

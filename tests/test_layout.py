"""What the layout adds to each lane and scale: where it overlaps, who is behind it, which numbers share a scale."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest

from analyzer.intervals import Interval
from analyzer.model import SECOND, Attribution, Bounds, Evidence, Identity, Initiator, Outcome, Policy, Report, Session
from analyzer.timeline import Layout, axis_of, lay_out
from analyzer.timeline.lanes import lane_of
from analyzer.wording.timeline import caption
from tests.test_timeline import NOON, report, session


def seconds(*spans: tuple[float, float | None]) -> tuple[Interval, ...]:
    places = ((start, end) for start, end in spans)
    return tuple(
        Interval(NOON + round(start * SECOND), None if end is None else NOON + round(end * SECOND))
        for start, end in places
    )


def parts_of(result: Report) -> dict[str, tuple[Interval, ...]]:
    return {lane.session.id: lane.overlapping for lane in lay_out(result, Policy()).lanes}


def test_a_lane_has_the_parts_in_which_another_was_certainly_open() -> None:
    sockets = (session(1, 0, 10), session(2, 1, 3), session(3, 5, 6), session(4, 5.5, 7), session(5, 12, 13))
    assert parts_of(report(sockets)) == {
        "s1": seconds((1, 3), (5, 7)),
        "s2": seconds((1, 3)),
        "s3": seconds((5, 6)),
        "s4": seconds((5.5, 7)),
        "s5": (),
    }


def test_what_is_only_possible_is_in_no_part() -> None:
    handed_over = (session(1, 0, None), session(2, 3, 4))
    assert parts_of(report(handed_over)) == {"s1": (), "s2": ()}


def test_sockets_that_were_still_open_overlap_without_an_end() -> None:
    still_open = [
        session(n, n, None, outcome=Outcome.OPEN, proven=seconds((n, None))[0], possible=seconds((n, None))[0])
        for n in (1, 2)
    ]
    assert parts_of(report(still_open)) == {"s1": seconds((2, None)), "s2": seconds((2, None))}


def test_sockets_of_two_clocks_prove_nothing_about_each_other() -> None:
    assert parts_of(report([session(1, 0, 9), session(2, 1, 8, clock=1)])) == {"s1": (), "s2": ()}


@pytest.mark.parametrize("seed", range(20))
def test_the_parts_are_those_of_all_pairs(seed: int) -> None:
    random = Random(seed)
    starts = [random.randrange(60) for _ in range(12)]
    sockets = [session(n, start, start + random.randrange(1, 15)) for n, start in enumerate(starts)]
    covered: dict[str, set[int]] = {it.id: set() for it in sockets}
    for a, b in combinations(sockets, 2):
        if (meeting := a.proven.meet(b.proven)) is not None:
            covered[a.id] |= instants_of(meeting)
            covered[b.id] |= instants_of(meeting)
    parts = parts_of(report(sockets))
    assert {id: {at for part in parts[id] for at in instants_of(part)} for id in covered} == covered


def instants_of(interval: Interval) -> set[int]:
    assert interval.end is not None
    return set(range(interval.start, interval.end, SECOND))


def opened_by(component: str | None, function: str | None, *, own: bool = True) -> Initiator:
    return Initiator(function, component, "https://app.example/src/ChatPage.tsx?t=1", 31, 5, own)


ALICE = Attribution(identity=Identity(app=None, user="alice"))
CHAT = {"attribution": ALICE, "initiator": opened_by("<ChatPage>", "connect")}


@pytest.mark.parametrize(
    ("socket", "words"),
    [
        (session(1, 0.21, 2.39, **CHAT), "alice · <ChatPage> ChatPage.tsx:31 · 0.21 s – 2.39 s"),
        (session(1, 0.21, 2.39, initiator=opened_by(None, "connect")), "connect() ChatPage.tsx:31 · 0.21 s – 2.39 s"),
        (session(1, 0.21, 2.39, initiator=opened_by(None, None)), "ChatPage.tsx:31 · 0.21 s – 2.39 s"),
        (
            session(1, 0.21, 2.39, initiator=opened_by(None, None, own=False)),
            "a library, ChatPage.tsx:31 · 0.21 s – 2.39 s",
        ),
        (session(1, 0.21, None), "0.21 s – end unknown"),
        (session(1, 0.21, None, outcome=Outcome.OPEN), "0.21 s – still open"),
        (session(1, 0.21, 2.39, closed=None), "0.21 s – closed"),
        (session(1, 0.21, 2.39, opened=None), "start unknown – 2.39 s"),
        (session(1, 0.21, 2.39, opened=Bounds(NOON, NOON + 210_000, Evidence.FIRST_MESSAGE)), "by 0.21 s – 2.39 s"),
        (session(1, 0.21, None, outcome=Outcome.FAILED, proven=None), "never opened"),
        (session(1, 0.21, None, outcome=Outcome.CONNECTING, proven=None), "still connecting"),
        (session(1, 0.21, 2.39, extension=True), "a browser extension · 0.21 s – 2.39 s"),
    ],
)
def test_a_caption_says_who_opened_it_and_from_when_to_when(socket: Session, words: str) -> None:
    axis = axis_of(report([session(9, 0, 10)]))
    assert str(caption(lane_of(socket), axis)) == words


def test_a_caption_is_short_and_harmless() -> None:
    evil = "\x1b[31m\u202e$<script>" * 99
    long = session(
        1, 0, 1, attribution=Attribution(identity=Identity(app=None, user=evil)), initiator=opened_by(evil, evil)
    )
    words = caption(lane_of(long), axis_of(report([long])))
    assert [len(words.who) <= 40, len(words.opener) <= 60, str(words).isprintable()] == [True, True, True]


def layout_of(certain: int, possible: int) -> Layout:
    """Lay out sockets that were all possibly open at the end, and some of them certainly."""
    ever = Interval(NOON, None)
    sockets = [session(n, n / 1000, 9, possible=ever) for n in range(certain)]
    sockets += [session(n, n, None, proven=None, possible=ever) for n in range(certain, possible)]
    return lay_out(report(sockets), Policy())


def test_a_certain_number_that_would_be_flat_has_a_scale_of_its_own() -> None:
    layout = layout_of(3, 60)
    certain, possible = layout.scales
    assert (layout.split, layout.peaks) == (True, (3, 60))
    assert (certain.highest, certain.proven, certain.possible) == (3, layout.proven, ())
    assert (possible.highest, possible.proven, possible.possible) == (60, (), layout.possible)
    assert [line.level for line in certain.limits] == [1]


@pytest.mark.parametrize(("certain", "possible"), [(0, 0), (0, 40), (1, 1), (2, 9), (30, 60)])
def test_numbers_that_both_read_share_a_scale(certain: int, possible: int) -> None:
    layout = layout_of(certain, possible)
    (scale,) = layout.scales
    assert (layout.split, scale.highest) == (False, layout.highest)
    assert (scale.proven, scale.possible, scale.limits) == (layout.proven, layout.possible, layout.limits)

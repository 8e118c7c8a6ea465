"""What is found by binary search is what looking at every document finds."""

from __future__ import annotations

from hypothesis import given, strategies as st

from analyzer.formats.trace.documents import Documents
from analyzer.formats.trace.log import Document

INSTANTS = st.integers(0, 9)


@st.composite
def lots(draw: st.DrawFn) -> list[Document]:
    """Documents of up to three frames; of each frame one takes the place of the one before it, in any order of time."""
    documents: list[Document] = []
    current: dict[str, Document] = {}
    for number, (frame, at, reported) in enumerate(
        draw(st.lists(st.tuples(st.sampled_from("FGH"), INSTANTS, INSTANTS)))
    ):
        document = Document(number, frame, "", at, reported, "", set())
        if frame in current:
            current[frame].successor = document
        current[frame] = document
        documents.append(document)
    return documents


@given(lots(), st.sampled_from("FGHX"), INSTANTS)
def test_the_last_document_of_a_frame_by_an_instant(documents: list[Document], frame: str, at: int) -> None:
    there = [it for it in documents if it.frame == frame and it.at <= at]
    assert Documents(documents).find(frame, at) is (there[-1] if there else None)


@given(lots(), st.sampled_from(["F", "G", "H", "X", None]), INSTANTS)
def test_the_first_departure_after_an_instant(documents: list[Document], frame: str | None, at: int) -> None:
    followers = [it.successor for it in documents if frame in (None, it.frame)]
    reports = [it.reported for it in followers if it is not None and it.at > at]
    assert Documents(documents).find_departure(frame, at) == min(reports, default=None)

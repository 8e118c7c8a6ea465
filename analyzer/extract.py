"""Write a small, masked HAR with only the sockets of a capture, to attach to a ticket.

Of a HAR its sockets, pages and documents are kept, and of the other entries those that the answer rests on
(formats/har/originals.py); of a capture in another format what was concluded of its sockets is written as our recorder
would have recorded it. Of messages stay time, type, opcode and length. What a socket is attributed to is written beside
it (`_harSockets`), since its masked URL no longer tells; likewise caveats that come from damage of the original.

The result is analysed before it leaves: it must give the same sessions, verdict and overlaps, and hold nothing that
was removed.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from typing import IO, NamedTuple, TypeVar

import msgspec

from analyzer.clocks import shift
from analyzer.document import overlap_document, pretty, session_document
from analyzer.formats import read, read_observed
from analyzer.formats.har import own_fields, writer
from analyzer.formats.har.masked import Masker, SmallHar
from analyzer.formats.har.originals import Originals
from analyzer.formats.har.recorded import from_sessions, request_start
from analyzer.formats.har.small import from_entries
from analyzer.intervals import Interval
from analyzer.masking import Masks, Texts, meet, replace
from analyzer.model import SECOND, Capture, CaptureError, Clock, Instant, Place, Report, Session, Value, bare
from analyzer.patterns import Pattern
from analyzer.pipeline import relate
from analyzer.services import Row
from analyzer.version import VERSION

NOTE = f"Extracted by har-sockets {VERSION}: only sockets, pages and documents; masked; message data removed."
SAME = Pattern(r"<token \w+>|user-\w+")
# What is added to the instants of a capture without a date (2020-01-01): an entry of a HAR has one, and 1970 is none.
ANY_DATE = 1_577_836_800 * SECOND
NOWHERE = Place(0, "")
T = TypeVar("T")
MOST_WRITTEN = 4  # times that an extract is written; what it does not show by then makes the answer differ


class Extract(Value, frozen=True):
    """The small HAR, and what became of the rest: (what, how many)."""

    data: bytes
    parts: tuple[tuple[str, int], ...]
    removed: tuple[tuple[str, int], ...]
    dropped: int  # entries


class Statement(NamedTuple):
    """What the extract states of itself, since its entries do not show it."""

    caveats: tuple[str, ...]
    in_order_of_close: bool | None = None


@bare
def extract(
    source: str | os.PathLike[str] | IO[bytes] | Capture, catalogue: Sequence[Row] = (), key: str | None = None
) -> Extract:
    """Extract the sockets of the capture at a path, or in a binary stream, or of one that was read.

    Raises CaptureError where it cannot be read, and where the result would not say the same or would hold something
    that was removed: then nothing leaves.
    """
    originals = Originals()
    capture = source if isinstance(source, Capture) else read_observed(source, originals)
    if capture.clock is Clock.RELATIVE and originals.log is None:
        capture = shift(capture, ANY_DATE)
    report = relate(capture, catalogue)
    for small in _attempts(report, originals, key):
        data, copy = _write(small, capture)
        again = relate(copy, catalogue)
        texts = small.masker.of_capture
        if _same_times(report, again) if originals.log is None else _same_answer(report, again, texts):
            if small.masker.leaks():
                problem = "its extract would still contain a secret or a user, so none was written"
                raise CaptureError(capture.source, "", problem)
            return _describe(small, data)
    raise CaptureError(capture.source, "", "its extract would not give the same answer, so none was written")


def _attempts(report: Report, originals: Originals, key: str | None) -> Iterator[SmallHar]:
    """Of a HAR the extract with few of the other entries; with all of them, where these few are not enough."""
    if originals.log is None:
        yield from_sessions(report, _masker(report, key))
        return
    for witnesses in (originals.witnesses(), None):
        yield from_entries(originals, report.sessions, _masker(report, key), witnesses)


def _masker(report: Report, key: str | None) -> Masker:
    return Masker(meet(report, Masks(key=key)))


def _write(small: SmallHar, capture: Capture) -> tuple[bytes, Capture]:
    """Write it and read it again; once more, where it must state what it turns out not to show."""
    unseen = {caveat.id for caveat in own_fields.NEVER_SHOWN}
    hiding = {caveat.id for caveat in own_fields.OUR_CAVEATS if caveat.hides_sockets}
    harmless = {caveat.id for caveat in capture.caveats if not caveat.hides_sockets} & hiding
    missing = Statement(tuple(it.id for it in capture.caveats if it.id in unseen))
    lines = small.masker.console(capture.console)
    for _ in range(MOST_WRITTEN):
        statement = missing
        here = [id for id in statement.caveats if id in harmless]
        own = own_fields.statement(
            small.until,
            *statement,
            small.records_messages,
            here,
            capture.clock,
            console=lines,
            console_dropped=capture.console_dropped + len(capture.console) - len(lines),
        )
        document = writer.log(small.creator, small.pages, small.entries, browser=small.browser, comment=NOTE, own=own)
        data = pretty(document)
        again = read(io.BytesIO(data), "extract")
        missing = _missing(capture, again, statement)
        if missing == statement:
            break
    return data, again


def _missing(capture: Capture, again: Capture, statement: Statement) -> Statement:
    """What the extract must state, beyond what it states already and what it shows."""
    visible = {caveat.id for caveat in again.caveats} - set(statement.caveats)
    caveats = tuple(caveat.id for caveat in capture.caveats if caveat.id not in visible)
    before, after = (it.files[0].in_order_of_close for it in (capture, again))
    return Statement(caveats, statement.in_order_of_close if before is after else before)


def _same_answer(report: Report, again: Report, texts: Texts) -> bool:
    """Compare sessions, verdict and overlaps; but for places in the file and the names of masks. `texts`: those of the
    report, masked."""
    before, after = replace(report.sessions, texts), replace(again.sessions, meet(again, Masks()))
    return (
        report.verdict is again.verdict
        and _same_values(report.overlaps, again.overlaps, overlap_document)
        and _same_values([*map(_without_places, before)], [*map(_without_places, after)], _without_masks)
    )


def _same_values(before: Sequence[T], after: Sequence[T], describe: Callable[[T], object]) -> bool:
    """Compare values, and where two differ, what is written of them."""
    pairs = zip(before, after, strict=False)
    return len(before) == len(after) and all(one == other or describe(one) == describe(other) for one, other in pairs)


def _without_places(session: Session) -> Session:
    """The session without its places in the file; how many there are stays."""
    return msgspec.structs.replace(session, pointer="", seen_in=(NOWHERE,) * len(session.seen_in))


def _without_masks(session: Session) -> str:
    """Write a session, with one name for all masks."""
    return SAME.sub("<>", json.dumps(session_document(session)))


def _same_times(report: Report, again: Report) -> bool:
    """Compare verdict, peaks, and of each socket what it came to, when and where it was open, how many messages it had.

    Evidence is another one: the extract says what was concluded, and not what the format showed.
    """
    if (report.verdict, report.concurrency.possible_peak) != (again.verdict, again.concurrency.possible_peak):
        return False
    before, after = (sorted(it.sessions, key=request_start) for it in (report, again))
    observed = again.capture.observed
    end = observed.end if observed is not None else None
    lives = zip(before, after, strict=True)
    return len(before) == len(after) and all(_same_life(one, other, end) for one, other in lives)


def _same_life(before: Session, after: Session, end: Instant | None) -> bool:
    """Compare two sockets. That one was open at the very end is certain of each that was open then."""
    if before.outcome is not after.outcome or before.messages.sent != after.messages.sent:
        return False
    if (before.where, before.clock) != (after.where, after.clock):
        return False
    proven = after.proven
    if before.proven is None and proven is not None and end is not None and proven.start >= end:
        proven = None
    return _same_stretch(before.proven, proven) and _same_stretch(before.possible, after.possible)


def _same_stretch(before: Interval | None, after: Interval | None) -> bool:
    if before is None or after is None:
        return before is after
    ends = before.end is after.end if before.end is None or after.end is None else abs(before.end - after.end) <= 1
    return ends and abs(before.start - after.start) <= 1


def _describe(small: SmallHar, data: bytes) -> Extract:
    """Count what was kept, masked, removed and dropped."""
    texts = small.masker.of_capture
    counts = {**small.parts, "pages": len(small.pages)}
    removed = {"values masked": len(texts.tokens), "users masked": len(texts.users), **small.masker.removed}
    return Extract(
        data=data,
        parts=tuple((what, number) for what, number in counts.items() if number),
        removed=tuple((what, number) for what, number in removed.items() if number),
        dropped=small.dropped,
    )

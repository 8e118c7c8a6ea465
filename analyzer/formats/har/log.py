"""Read what a HAR's `log` holds beside its entries: the program, the pages, what a capture of our own states."""

from __future__ import annotations

from typing import Any

from analyzer.formats.devtools import text_of
from analyzer.formats.har import console
from analyzer.formats.har.fields import instant, monotonic_date
from analyzer.formats.har.gather import MOST_PAGES
from analyzer.formats.har.own_fields import caveats_of, clock_of, end_of, member, order_of, records_messages
from analyzer.formats.har.pages import Listed
from analyzer.formats.har.raw import RawEntry
from analyzer.formats.json_stream.array import Document
from analyzer.formats.json_stream.decode import kind
from analyzer.model import Caveat, Clock, ConsoleLine, Instant, Skipped, SkipReason, Value


class Log(Value, frozen=True):
    """The members of `log`, and how the document ended.

    skipped: members that are too large, skipped_pages: pages that are none.
    has_lost_pages: there are more pages than are kept, or a member was too large.
    cut_off, trailing: the byte where the document ends early, or something follows it.
    stated: the caveats of a capture of our own; until, in_order_of_close, records_messages, clock, console: likewise.
    """

    count: int  # of entries
    creator: str | None
    version: str | None
    comment: str | None
    browser: str | None
    pages: tuple[Listed, ...]
    skipped: tuple[Skipped, ...]
    skipped_pages: tuple[Skipped, ...]
    has_lost_pages: bool
    cut_off: int | None
    trailing: int | None
    stated: tuple[Caveat, ...]
    until: Instant | None
    in_order_of_close: bool | None
    records_messages: bool
    clock: Clock
    console: tuple[ConsoleLine, ...]
    console_dropped: int


def read_log(document: Document[RawEntry]) -> Log:
    """Read the log of a document whose entries were read."""
    log, creator = document.members, member(document.members, "creator")
    pages, skipped_pages, too_many = _pages(log.get("pages"))
    return Log(
        count=document.count,
        creator=text_of(creator.get("name")) or None,
        version=text_of(creator.get("version")) or None,
        comment=text_of(creator.get("comment")),
        browser=text_of(member(log, "browser").get("name")),
        pages=pages,
        skipped=tuple(document.skipped),
        skipped_pages=skipped_pages,
        has_lost_pages=bool(document.skipped) or too_many,
        cut_off=document.cut_off,
        trailing=document.trailing,
        stated=tuple(caveats_of(log)),
        until=end_of(log),
        in_order_of_close=order_of(log),
        records_messages=records_messages(log),
        clock=clock_of(log),
        console=console.read(log),
        console_dropped=console.read_dropped(log),
    )


def _pages(value: Any) -> tuple[tuple[Listed, ...], tuple[Skipped, ...], bool]:
    """The pages of the log, what of them was skipped, and whether there are too many."""
    if value is None:
        return (), (), False
    if not isinstance(value, list):
        return (), (Skipped("/log/pages", None, f"not an array but {kind(value)}"),), False
    if len(value) > MOST_PAGES:
        return (), (Skipped("/log/pages", None, f"more than {MOST_PAGES:,} pages", SkipReason.TOO_MANY),), True
    pages = [_page(page) for page in value]
    problem = "not a page: a page is an object with an id"
    skipped = [Skipped(f"/log/pages/{n}", None, problem) for n, page in enumerate(pages) if page is None]
    return tuple(page for page in pages if page is not None), tuple(skipped), False


def _page(page: Any) -> Listed | None:
    if not isinstance(page, dict) or not isinstance(page.get("id"), str):
        return None
    date = text_of(page.get("startedDateTime"))
    title, tab, how = (text_of(page.get(name)) for name in ("title", "_tab", "_kind"))
    return Listed(page["id"], title or "", instant(date), monotonic_date(date), tab, how)

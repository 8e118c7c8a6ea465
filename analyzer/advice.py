"""How to record so that the next capture decides: one row per exporter, never the program that was used already."""

from __future__ import annotations

from analyzer.model import Capture, Value

RECORDER = "`har-sockets record URL` records the instant of each opening and close."
IN_TESTS = "In tests record with the pytest plugin of har-sockets, or by hand with `har-sockets record URL`."
DEVTOOLS = "Record with Chrome DevTools (opened before the page, Preserve log on, no filter)"
# What tells that the capture does not hold all of what happened, beside what hides sockets.
INCOMPLETE = {"filtered", "earlier-pages-missing"}


class Row(Value, frozen=True):
    """What to do so that no socket is missing (`whole`), and so that openings and closes have instants (`exact`)."""

    whole: str
    exact: str


ROWS = {
    "chrome": Row(
        "Record again: open DevTools before the page, turn Preserve log on, clear every filter, use the page, export.",
        RECORDER,
    ),
    "firefox": Row(
        "Record again: open the network panel before the page, turn Persist Logs on, clear every filter, and save.",
        f"Firefox records no closes. {DEVTOOLS}; or: {RECORDER}",
    ),
    "webkit": Row(
        f"Safari never exports WebSockets. {DEVTOOLS}; or: {RECORDER}", f"Safari exports no closes. {RECORDER}"
    ),
    "playwright": Row(
        f"Playwright writes WebSockets from 1.61 on, without their closes. {IN_TESTS}",
        f"Playwright records no closes. {IN_TESTS}",
    ),
    "mitmproxy": Row(
        "Start before the page is loaded, and write the HAR with `save.har`: it has sockets that are still open.",
        f"mitmproxy writes no closes into a HAR; HTTP Toolkit does. In a browser: {RECORDER}",
    ),
    "http-toolkit": Row(
        "Record again: start HTTP Toolkit before the page is loaded, use the page, and export all of it.",
        RECORDER,
    ),
    "cypress-har-generator": Row(
        f"It leaves out sockets that are still open: close them before the HAR is saved, or: {RECORDER}",
        f"Record the page that the test opens by hand: {RECORDER}",
    ),
    "chrome-har-capturer": Row(f"Record before the page is loaded. {IN_TESTS}", f"It records no closes. {IN_TESTS}"),
    "chrome-har": Row(f"It never writes WebSockets. {IN_TESTS}", IN_TESTS),
    "puppeteer-har": Row(f"It never writes WebSockets. {IN_TESTS}", IN_TESTS),
    "selenium-robot": Row(f"Record before the page is loaded. {IN_TESTS}", IN_TESTS),
    "har-sockets": Row(
        "Record again from before the page is loaded, and use it so that it connects before the recording ends.",
        "Record again, in one go, from before the page is loaded until its sockets are closed.",
    ),
    "merged": Row("Record again: begin each recording before its page is loaded, and end all at once.", RECORDER),
}
OTHERS = Row(f"{DEVTOOLS}, or with HTTP Toolkit. Or: {RECORDER}", f"{DEVTOOLS}, or with HTTP Toolkit. Or: {RECORDER}")


def row(capture: Capture) -> Row:
    """The row of the program that wrote the capture; where several did, of what is made of several."""
    known = ROWS.get(capture.exporter.id)
    return known or (ROWS["merged"] if capture.format == "merged" else OTHERS)


def to_see_all(capture: Capture) -> str:
    """So that no socket is missing."""
    return row(capture).whole


def to_decide(capture: Capture) -> str:
    """So that it can be told whether sockets were open at the same time."""
    incomplete = any(it.hides_sockets or it.id in INCOMPLETE for it in capture.caveats)
    return row(capture).whole if incomplete and not _closes_missing(capture) else row(capture).exact


def _closes_missing(capture: Capture) -> bool:
    return any(it.id == "closes-not-recorded" for it in capture.caveats)

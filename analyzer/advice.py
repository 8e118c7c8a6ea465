"""How to record so that the next capture is decided: one row per exporter, never the program that wrote this one."""

from __future__ import annotations

from analyzer.model import Capture, Value

NO_ACTION = "No action needed"  # begins the remedy of what does no harm
OURS = "`har-sockets record URL`, which records the exact time of each opening and close"
RECORDER = f"Record with {OURS}."
SWITCH = "start Chromium with the switch `--log-net-log=net.json` and check net.json"
IN_TESTS = (
    f"In tests {SWITCH}: it holds every opening and close. In Python the pytest plugin of har-sockets records them, "
    "too. Or accept undecided captures with `--allow-undecided`."
)
ALL_IN_TESTS = (
    f"In tests {SWITCH}: it holds every socket. In Python the pytest plugin of har-sockets records them, too."
)
DEVTOOLS = "Record with Chrome DevTools (opened before the page, Preserve log on, no filter)"
EITHER = f"{DEVTOOLS}, or with {OURS}."
CHROMIUM = "Run it in Chromium: there the exact time of each opening and close is recorded, and workers are, too."
AS_SEEN = "instants-as-seen"  # the caveat of a recording in another browser
# Caveats that also mean that the capture does not hold everything that happened, beside those that hide sockets.
INCOMPLETE = {"filtered", "earlier-pages-missing"}


class Row(Value, frozen=True):
    """How to record all sockets (`whole`), and exact times of openings and closes (`exact`).

    `empty`: what to do where the capture holds every socket, and there is none. `update`: in place of `whole`, for
    versions that write no sockets.
    """

    whole: str
    exact: str
    empty: str = ""
    update: str = ""


ROWS = {
    "chrome": Row(
        "Record again: open DevTools before the page, turn on Preserve log, clear every filter, use the page, and "
        "export the HAR.",
        "Record a NetLog, which holds every close: at chrome://net-export, or with Chrome's switch "
        f"`--log-net-log=net.json`. Or record with {OURS}.",
    ),
    "firefox": Row(
        "Record again: open the Network panel before the page, turn on Persist Logs, clear every filter, use the page, "
        "and save all as HAR.",
        f"Firefox records no closes. {EITHER}",
    ),
    "webkit": Row(f"Safari never exports WebSockets. {EITHER}", f"Safari exports no closes. {RECORDER}"),
    "playwright": Row(
        f"Record the page from its load on, and close the context, which writes the HAR. {ALL_IN_TESTS}",
        f"Playwright records no closes. {IN_TESTS}",
        empty="Let the test wait until the page has connected, before it ends. If the page opens no socket, accept "
        "that with `--allow-empty`.",
        update=f"Use Playwright 1.61 or later: earlier versions write no WebSockets. {ALL_IN_TESTS}",
    ),
    "mitmproxy": Row(
        "Start mitmproxy before the page loads, and write the HAR with `save.har`, which includes sockets that are "
        "still open.",
        "mitmproxy writes no closes into a HAR. Save its flows, which have them (`mitmdump -w run.mitm`), or record in "
        f"a browser with {OURS}.",
    ),
    "mitmproxy-flows": Row(
        "Record again in a new file: start `mitmdump -w run.mitm` before the page loads, and end it with Ctrl-C after "
        "use.",
        f"mitmproxy learns of openings and closes a little late. Record in a browser with {OURS}.",
    ),
    "http-toolkit": Row(
        "Record again: start HTTP Toolkit before the page loads, use the page, and export everything.",
        RECORDER,
    ),
    "cypress-har-generator": Row(
        "cypress-har-generator leaves out sockets that are still open. Close them before the HAR is saved, or record "
        f"with {OURS}.",
        IN_TESTS,
    ),
    "chrome-har-capturer": Row(
        f"Start the recording before the page loads. {ALL_IN_TESTS}",
        f"chrome-har-capturer records no closes. {IN_TESTS}",
    ),
    "chrome-har": Row(f"chrome-har never writes WebSockets. {ALL_IN_TESTS}", ALL_IN_TESTS),
    "puppeteer-har": Row(f"puppeteer-har never writes WebSockets. {ALL_IN_TESTS}", ALL_IN_TESTS),
    "selenium-robot": Row(f"Start the recording before the page loads. {ALL_IN_TESTS}", ALL_IN_TESTS),
    "chrome-netlog": Row(
        "Record again: start the log before the page, in one file per browser and without a maximum size, and close "
        "the browser before you read the file.",
        "Record again, and close the browser before you read the file.",
    ),
    "chromedriver": Row(
        f"The performance log lacks workers and iframes of other sites. {ALL_IN_TESTS}",
        f"After a navigation the log may lack closes. {IN_TESTS}",
    ),
    "chrome-cdp": Row(
        f"Listen to the pages, workers and iframes before they load. {ALL_IN_TESTS}",
        f"After a navigation the log may lack closes. {IN_TESTS}",
    ),
    "chrome-trace": Row(
        "Record again: in Chrome DevTools choose Performance > Record and reload, use the page, and save the profile.",
        f"A trace may not show what becomes of the sockets of a page that was left. {RECORDER}",
    ),
    "har-sockets": Row(
        "Record again: start before the page loads, and use the page until it connects, before the recording ends.",
        "Record again, and end the recording while the pages are open. A page that was left may be kept with its "
        "sockets: start the browser with `--disable-back-forward-cache`, or record with `har-sockets record URL`, "
        "which shows when they closed.",
    ),
    "merged": Row("Record again: start each recording before its page loads, and end all of them together.", RECORDER),
}
OTHERS = Row(f"{DEVTOOLS}, with HTTP Toolkit, or with {OURS}.", f"{DEVTOOLS}, with HTTP Toolkit, or with {OURS}.")


def row(capture: Capture) -> Row:
    """Find the row of the format or of the program that wrote the capture, or the row of merged captures."""
    advice = ROWS.get(capture.format) or ROWS.get(capture.exporter.id)
    return advice or (ROWS["merged"] if capture.format == "merged" else OTHERS)


def to_see_all(capture: Capture) -> str:
    """Say how to record so that no socket is missing."""
    if _is_as_seen(capture):
        return CHROMIUM
    advice = row(capture)
    is_old = any(caveat.id == "sockets-not-exported" for caveat in capture.caveats)
    return advice.update if advice.update and is_old else advice.whole


def to_have_one(capture: Capture) -> str:
    """Say what to do where a capture holds every socket, and there is none."""
    return row(capture).empty or to_see_all(capture)


def to_decide(capture: Capture) -> str:
    """Say how to record so that the capture shows whether sockets overlapped."""
    if _is_as_seen(capture):
        return CHROMIUM
    incomplete = any(it.hides_sockets or it.id in INCOMPLETE for it in capture.caveats)
    return to_see_all(capture) if incomplete and not _closes_missing(capture) else row(capture).exact


def _is_as_seen(capture: Capture) -> bool:
    return any(it.id == AS_SEEN for it in capture.caveats)


def _closes_missing(capture: Capture) -> bool:
    return any(it.id == "closes-not-recorded" for it in capture.caveats)

"""Define what shows an instant of a socket: one row per kind of evidence.

A value is its id, as the JSON has it; next to it are the words for people. Wording, docs/json.md and the tests follow
from these rows.
"""

from __future__ import annotations

from enum import StrEnum


class About(StrEnum):
    """Which instant of a socket it is about."""

    CREATED = "created"
    OPENED = "opened"
    CLOSED = "closed"
    SIGN = "a sign of life"


class Evidence(StrEnum):
    """What shows that an instant lies within its bounds. The value is its id in the JSON.

    about: which instant it is about.
    sentence: for people, as a part of a sentence.
    meaning: for docs/json.md: what in the file shows it.
    ending: how a close that it shows reads in a row of a table.
    of_page: the page of the socket went, and the socket with it.
    """

    about: About
    sentence: str
    meaning: str
    ending: str
    of_page: bool

    def __new__(
        cls, id: str, about: About, sentence: str, meaning: str, ending: str = "closed", of_page: bool = False
    ) -> Evidence:
        """Make a row: the string itself is the id."""
        row = str.__new__(cls, id)
        row._value_ = id
        row.about, row.sentence, row.meaning, row.ending, row.of_page = about, sentence, meaning, ending, of_page
        return row

    HANDSHAKE_REQUEST = (
        "handshake-request",
        About.CREATED,
        "the request of the handshake",
        "the request of the opening handshake",
    )
    HANDSHAKE_RESPONSE = (
        "handshake-response",
        About.OPENED,
        "the response of the handshake",
        "the response of the handshake arrived",
    )
    HANDSHAKE_DURATION = (
        "handshake-duration",
        About.OPENED,
        "the shortest time the handshake took",
        "not before the handshake had taken this long",
    )
    HANDSHAKE_ACCEPTED = (
        "handshake-accepted",
        About.OPENED,
        "the file does not show when the handshake was answered",
        "the server accepted the handshake, and nothing shows when",
    )
    FIRST_MESSAGE = (
        "first-message",
        About.OPENED,
        "its first message",
        "open by its first message, and not before its request",
    )
    ALREADY_OPEN = (
        "already-open",
        About.OPENED,
        "already open when the recording began",
        (
            "open when the recording began (a NetLog lists the sockets that are older than itself, with the date "
            "of their request)"
        ),
    )
    LAST_ACTIVITY = (
        "last-activity",
        About.OPENED,
        "its last activity",
        "open by its last activity, where the file has no messages of the socket",
    )
    PAGE_KEPT = (
        "page-kept",
        About.OPENED,
        "still connecting when its page was left; the kept page may have opened it",
        (
            "still connecting when its page was left: the back/forward cache may keep the page, where it "
            "possibly opened (outcome `unknown`)"
        ),
    )
    CAPTURE_ENDED = (
        "capture-ended",
        About.OPENED,
        "still connecting when its capture ended, before the others did",
        "with `--together`: it was still connecting when its capture ended, and the others went on",
    )
    PING_OR_PONG = (
        "ping-or-pong",
        About.SIGN,
        "a ping or pong",
        "a control frame shows that the socket was open",
    )
    OTHER_CAPTURE = (
        "other-capture",
        About.SIGN,
        "a message in another capture",
        "with `--together`: a message that another capture of the run recorded",
    )
    RECORDING_END = (
        "recording-end",
        About.SIGN,
        "open at the end of the recording",
        "it was open when the recording ended",
    )
    HANDSHAKE_FAILED = (
        "handshake-failed",
        About.CLOSED,
        "the handshake failed",
        "the attempt ended without a connection",
    )
    CLOSE_SEEN = (
        "close-seen",
        About.CLOSED,
        "the recorded close",
        "the exporter saw the close",
    )
    CLOSE_ON_RETURN = (
        "close-on-return",
        About.CLOSED,
        "the close that was reported when its page came back",
        (
            "the close was reported when its page came back from the back/forward cache, which may be later than it "
            "happened: see the [assumptions](#caveats)"
        ),
    )
    CLOSE_FRAME = (
        "close-frame",
        About.CLOSED,
        "the recorded close frame",
        "a close frame (opcode 8) is among the messages",
    )
    CONNECTION_END = (
        "connection-end",
        About.CLOSED,
        "the end of its connection",
        (
            "the end of the connection that carried it, after its close frames if there were any (NetLogs of "
            "Chrome up to 147)"
        ),
    )
    CLIENT_CLOSE = (
        "client-close",
        About.CLOSED,
        "its browser's close, at the proxy",
        "the browser sent a close frame, or ended its connection (a proxy's record)",
        "browser closed",
    )
    SERVER_CLOSE = (
        "server-close",
        About.CLOSED,
        "the server's close, at the proxy",
        "the server sent a close frame, or ended its connection (a proxy's record)",
        "server closed",
    )
    CLOSE_RECORD = (
        "close-record",
        About.CLOSED,
        "the recorded close",
        "the exporter recorded the close",
    )
    ENTRY_TIME = (
        "entry-time",
        About.CLOSED,
        "the length of the entry",
        "the length of the entry, which this exporter writes for closed sockets only (seleniumRobot)",
    )
    ERROR_SEEN = (
        "error-seen",
        About.CLOSED,
        "the recorded error",
        "an error on the open socket, after which the browser closes it; the close itself is not recorded",
    )
    PAGE_RELOADED = (
        "page-reloaded",
        About.CLOSED,
        "its page was reloaded",
        "its page was reloaded: its sockets ended with it",
        "page reloaded",
        True,
    )
    PAGE_LEFT = (
        "page-left",
        About.CLOSED,
        "its page was left for another",
        (
            "its page was left for another while no back/forward cache could keep it: see the "
            "[assumptions](#caveats). Chrome up to 141 also records the exact instant"
        ),
        "page left",
        True,
    )
    PAGE_RESTORED = (
        "page-restored",
        About.CLOSED,
        "an earlier page came back",
        "its page ended when another was brought back from the back/forward cache",
        "page left",
        True,
    )
    PAGE_CLOSED = (
        "page-closed",
        About.CLOSED,
        "its page was closed",
        "its page was closed while it was recorded: its sockets ended with it",
        "page closed",
        True,
    )
    PAGE_GONE = (
        "page-gone",
        About.CLOSED,
        "its page, frame or worker went away",
        "its page, frame or worker went away: reloaded, left, closed or crashed",
        "page gone",
        True,
    )
    NO_CLOSE_RECORDED = (
        "no-close-recorded",
        About.CLOSED,
        "the file records no close",
        "not before its last sign of life; nothing shows whether it closed (outcome `unknown`)",
    )

"""Decode what we use of HAR 1.2, by its own names; what begins with `_` is an exporter's own.

Only these fields are decoded; `Raw` ones on demand. What an entry lacks is one frozen value for all: a million empty
entries pack into 3 KB. (No deferred annotations here: msgspec would have to evaluate
each of them at every start.)
"""

import msgspec

from analyzer.formats.foreign import FROM_DEVTOOLS, UNREAD
from analyzer.formats.json_stream.layout import Inner, Layout
from analyzer.model import Discreet


class RawHeader(Discreet, msgspec.Struct, gc=False):
    name: str = ""
    value: str = ""


class RawRequest(Discreet, msgspec.Struct, gc=False, frozen=True):
    method: str | None = None
    url: str | None = None
    httpVersion: str | None = None
    headers: msgspec.Raw = msgspec.Raw(b"[]")


class RawContent(Discreet, msgspec.Struct, gc=False):
    mimeType: str | None = None
    file: str | None = msgspec.field(default=None, name="_file")
    sha1: str | None = msgspec.field(default=None, name="_sha1")  # in traces of Playwright before 1.63

    @property
    def side_file(self) -> str | None:
        """The file that has the content, by its name beside the capture."""
        return self.file or (f"resources/{self.sha1}" if self.sha1 else None)


class RawResponse(Discreet, msgspec.Struct, gc=False, frozen=True):
    status: float | None = None
    httpVersion: str | None = None
    headers: msgspec.Raw = msgspec.Raw(b"[]")
    content: RawContent | None = None
    failure: str | None = msgspec.field(default=None, name="_failureText")  # Playwright
    error: str | None = msgspec.field(default=None, name="_error")  # Chrome: net::ERR_...


class RawTimings(Discreet, msgspec.Struct, gc=False, frozen=True):
    blocked: float | None = None
    dns: float | None = None
    connect: float | None = None
    send: float | None = None
    wait: float | None = None
    receive: float | None = None


class RawMessage(Discreet, msgspec.Struct, gc=False):
    type: str | None = None
    time: float | None = None
    opcode: float | None = None
    data: str | None = None
    length: float | None = msgspec.field(default=None, name="_length")  # in captures of our own: `data` is cut or gone


class RawEntry(Discreet, msgspec.Struct, gc=False):
    """What we use of an entry, by the names of HAR 1.2 and of its exporters. `Raw` fields are decoded on demand."""

    startedDateTime: str | None = None
    time: float | None = None
    pageref: str | None = None
    request: RawRequest = RawRequest()
    response: RawResponse = RawResponse()
    timings: RawTimings = RawTimings()
    resource_type: str | None = msgspec.field(default=None, name="_resourceType")
    frame: str | None = msgspec.field(default=None, name="_frameref")
    initiator: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name="_initiator")
    messages: list[RawMessage] | None = msgspec.field(default=None, name="_webSocketMessages")
    close: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name="_webSocketClose")
    requested_by: float | None = msgspec.field(default=None, name="_requestedBy")  # our recorder: epoch seconds
    opened_by: float | None = msgspec.field(default=None, name="_openedBy")  # an extract; -1: no upper bound
    alive: float | None = msgspec.field(default=None, name="_aliveAt")  # our recorder: epoch seconds
    user_context: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name="_userContext")  # our recorder
    attribution: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name="_harSockets")  # extract.py writes it


BLANK = RawEntry()  # an entry that tells nothing

LONG, SHORT = 16 << 20, 1 << 16  # bytes of a member of `log`
LAYOUT = Layout(
    path=("log", "entries"),
    label=UNREAD,
    advice=FROM_DEVTOOLS,
    elements="entries",
    members={"creator": SHORT, "browser": SHORT, "pages": LONG, "_harSockets": LONG},
    inner=Inner("_webSocketMessages", RawMessage),
    texts=("text",),  # of `response.content` and `request.postData`
    common="startedDateTime",
)

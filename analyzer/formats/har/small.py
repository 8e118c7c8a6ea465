"""Write the masked entries of an extract from those of the HAR that it comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

import msgspec

from analyzer.formats.devtools import text_of
from analyzer.formats.har import writer
from analyzer.formats.har.fields import epoch_seconds, headers, json_of, payload_length
from analyzer.formats.har.masked import (
    ERROR,
    HTTP_VERSION,
    KIND,
    METHOD,
    Masker,
    SmallHar,
    date_of,
    mime_of,
    program,
    word_of,
)
from analyzer.formats.har.originals import Originals, Sketch, Whole
from analyzer.formats.har.own_fields import member, user_context_of
from analyzer.formats.har.raw import RawMessage, RawTimings
from analyzer.formats.har.writer import NO_TIMINGS, NOT_KNOWN, Json
from analyzer.model import Session
from analyzer.shapes.addresses import has_host


def from_entries(
    originals: Originals, sessions: Iterable[Session], masker: Masker, witnesses: Collection[int] | None
) -> SmallHar:
    """Write an extract. `witnesses`: which of the other entries come along; None: all of them."""
    return _Writing(originals, sessions, masker, witnesses).small


class _Writing:
    """The extract while it is written."""

    def __init__(
        self, originals: Originals, sessions: Iterable[Session], masker: Masker, witnesses: Collection[int] | None
    ) -> None:
        self.masker = masker
        self.log = originals.log or {}
        self.sessions = {session.pointer: session for session in sessions}
        self.parts: Counter[str] = Counter()
        self.code: dict[bytes, Json] = {}  # masked initiators: one place opens many sockets
        masker.secrets |= originals.secrets
        entries = [
            self._entry(original)
            for original in originals.entries
            if isinstance(original, Whole) or witnesses is None or original.index in witnesses
        ]
        listed = self.log.get("pages")
        pages = [page for page in (listed if isinstance(listed, list) else []) if isinstance(page, dict)]
        self.small = SmallHar(
            masker=masker,
            creator=self._program("creator"),
            browser=self._program("browser") if "browser" in self.log else None,
            pages=[self._page(page) for page in pages],
            entries=entries,
            until=date_of(text_of(member(self.log, "_harSockets").get("until")) or ""),
            parts=self.parts,
            dropped=originals.damaged + len(originals.entries) - len(entries),
        )

    def _entry(self, original: Whole | Sketch) -> Json:
        if isinstance(original, Whole):
            self.parts["sockets" if original.is_socket else "documents"] += 1
            return self._whole(original, self.sessions.get(f"/log/entries/{original.index}"))
        self.parts["other entries (stripped)"] += 1
        return self._strip(original)

    def _program(self, name: str) -> Json:
        value = member(self.log, name)
        return program(text_of(value.get("name")) or "", text_of(value.get("version")) or "")

    def _page(self, page: Json) -> Json:
        mask = self.masker
        return writer.page(
            id=mask.name(text_of(page.get("id"))) or "",
            started=date_of(text_of(page.get("startedDateTime"))) or "",
            title=mask.title(text_of(page.get("title")) or ""),
            timings={},
            tab=mask.name(text_of(page.get("_tab"))),
            kind=word_of(KIND, text_of(page.get("_kind"))),
        )

    def _head(self, page: str | None, kind: str | None, started: str | None, time: float | None) -> Json:
        """What any entry begins with. An absent length stays absent: it means something."""
        page, kind = self.masker.name(page), word_of(KIND, kind)
        return {
            **({"pageref": page} if page is not None else {}),
            **({"_resourceType": kind} if kind is not None else {}),
            "startedDateTime": date_of(started),
            "time": time,
        }

    def _strip(self, sketch: Sketch) -> Json:
        """Start, length, page and type; who asked for it, and how. Of a script its address and that of the document
        which loaded it, too, and of a redirect that it is one."""
        head = self._head(sketch.page, sketch.kind, sketch.started, sketch.time)
        return writer.entry(
            {**head, "_initiator": {"type": "unknown", **self.masker.initiator(sketch.initiator)}},
            writer.request(
                "about:blank" if sketch.url is None else self.masker.url(sketch.url),
                writer.pairs(sketch.sent),
                method=(word_of(METHOD, sketch.method) or "GET") if sketch.status else "GET",
                version="",
            ),
            writer.response(_number(sketch.status), [], "x-unknown", version=""),
            NO_TIMINGS,
        )

    def _whole(self, original: Whole, session: Session | None) -> Json:
        """A socket or a document, without bodies, cookies and all but a few headers."""
        mask, entry = self.masker, original.entry
        request, response = entry.request, entry.response
        mime = (response.content.mimeType if response.content is not None else None) or ""
        failure: Json = {} if response.failure is None else {"_failureText": mask.text(response.failure)}
        failure |= {} if response.error is None else {"_error": word_of(ERROR, response.error) or ""}
        frame = {} if entry.frame is None else {"_frameref": mask.name(entry.frame)}
        head = self._head(entry.pageref, entry.resource_type, entry.startedDateTime, entry.time)
        head |= {**frame, "_initiator": self._initiator(entry.initiator)}
        url = mask.url(request.url or "")
        sent = mask.headers(headers(request.headers), host=not has_host(request.url or ""))
        received = mask.headers(headers(response.headers))
        return writer.entry(
            head,
            writer.request(
                url,
                writer.pairs(sent),
                method=word_of(METHOD, request.method) or "",
                version=word_of(HTTP_VERSION, request.httpVersion) or "",
            ),
            writer.response(
                _number(response.status or 0),
                writer.pairs(received),
                mime_of(mime),
                version=word_of(HTTP_VERSION, response.httpVersion) or "",
            )
            | failure,
            _timings(entry.timings),
            self._of_socket(original, session) if original.is_socket else None,
        )

    def _initiator(self, raw: msgspec.Raw) -> Json:
        text = bytes(raw)
        if text not in self.code:
            self.code[text] = self.masker.initiator(json_of(raw))
        return self.code[text]

    def _of_socket(self, original: Whole, session: Session | None) -> Json:
        entry, messages, close = original.entry, original.messages, json_of(original.entry.close)
        if original.with_data:
            self.masker.removed["messages' data"] += original.with_data
        return {
            **({} if messages is None else {"_webSocketMessages": [self._message(message) for message in messages]}),
            **({} if close is None else {"_webSocketClose": self.masker.close(close)}),
            **({} if epoch_seconds(entry.requested_by) is None else {"_requestedBy": entry.requested_by}),
            **({"_openedBy": entry.opened_by} if entry.opened_by == -1 or epoch_seconds(entry.opened_by) else {}),
            **({} if epoch_seconds(entry.alive) is None else {"_aliveAt": entry.alive}),
            **user_context_of(None if session is None else session.user_context),
            "_harSockets": self.masker.attribution(session),
        }

    def _message(self, message: RawMessage) -> Json:
        """Time, type, opcode and length. Chrome's text of an error is the browser's own, not data."""
        head: Json = {"type": word_of(KIND, message.type), "time": message.time, "opcode": message.opcode}
        if message.type == "error":
            return {**head, "data": self.masker.text(message.data or "")}
        return {**head, "data": "", "_length": payload_length(message)}


def _timings(timings: RawTimings) -> Json:
    """What HAR 1.2 asks for is -1 where it is not known; the rest is left out."""
    values = {name: getattr(timings, name) for name in timings.__struct_fields__}
    return {name: value for name, value in values.items() if value is not None} | {
        name: NOT_KNOWN for name in NO_TIMINGS if values[name] is None
    }


def _number(value: float) -> float:
    return int(value) if value == int(value) else value

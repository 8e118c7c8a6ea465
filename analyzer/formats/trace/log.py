"""Gather the sockets, the documents and the processes of a trace, event by event.

Instants here are on the machine's monotonic clock, in microseconds: all processes share it. Chrome writes what happens
at an instant (ph I, X, R) in the order of time; events of longer spans come later, those of dead processes by 0.9 s.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from analyzer.formats.devtools import DEEPEST_STACK, initiator
from analyzer.formats.trace.raw import Args, Data, RawEvent, decode_args
from analyzer.model import CaptureError, Discreet, Initiator, Instant

MOST_SOCKETS, MOST_DOCUMENTS, MOST_FRAMES, MOST_PROCESSES = 100_000, 20_000, 100_000, 10_000
MOST_THREADS = 1000  # of one process
DEEPEST_FRAME = 1000  # frames in one another; Chrome allows a page no more
LATEST = 1 << 53
LONGEST_MESSAGE = 1 << 53
LAST_EVENTS = 3  # of a file that was cut off: they are not relied on
ORDERED = ("I", "X", "R")  # phases whose events stand in the order of time
SENT, RECEIVED = 1, 0
NOT_KNOWN = 0  # a trace does not say whether a message is text
OWN_REPORT = "CommitLoad"  # the process of a document reports its commit; so may the browser's
TIMELINE = "devtools.timeline"  # the category of WebSocket events


class Document(Discreet, msgspec.Struct):
    """A document that took its place in an outermost frame, which a tab has one of."""

    number: int
    frame: str
    url: str
    at: Instant  # of its own process, if that reports it
    reported: Instant  # the first report
    pointer: str
    reports: set[str]  # the names of the events that report it
    successor: Document | None = None


class Socket(Discreet, msgspec.Struct):
    """What the trace says of one socket."""

    pid: int
    tid: int
    pointer: str
    url: str = ""
    frame: str = ""
    worker: str = ""
    is_older: bool = True  # its creation is not in the trace
    code: Initiator | None = None
    created: Instant | None = None
    sent_handshake: Instant | None = None
    opened: Instant | None = None
    closed: Instant | None = None
    opened_at: str = ""  # pointers
    closed_at: str = ""
    first: Instant | None = None  # its first event
    sent: Instant | None = None
    times: array[int] = msgspec.field(default_factory=lambda: array("q"))
    directions: bytearray = msgspec.field(default_factory=bytearray)
    opcodes: array[int] = msgspec.field(default_factory=lambda: array("b"))
    lengths: array[int] = msgspec.field(default_factory=lambda: array("q"))


class Process(Discreet, msgspec.Struct):
    """When the threads of a process ran, and when it was missing from the list of those that run."""

    threads: dict[int, Instant] = msgspec.field(default_factory=dict)  # by number: the last event of each
    listed: Instant | None = None
    missing: Instant | None = None
    missing_at: str = ""

    @property
    def last_sign(self) -> Instant:
        """Its last sign of life: an event of any thread, or its place on the list."""
        return max((*self.threads.values(), self.listed or 0))

    @property
    def gone(self) -> Instant | None:
        """By when it had ended, where the list shows that."""
        return self.missing if self.missing is not None and self.last_sign < self.missing else None


class Log:
    """Gather what happened, from the events in the order of the file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0  # of all events
        self.sockets: list[Socket] = []
        self.by_id: dict[tuple[int, int], Socket] = {}
        self.documents: list[Document] = []
        self.current: dict[str, Document] = {}  # by frame
        self.parents: dict[str, str] = {}  # by frame; "" of an outermost one
        self.removed: dict[str, tuple[Instant, str]] = {}  # by frame: when it was removed, and where that stands
        self.starts: dict[str, int] = {}  # by frame: how often a load started in it before its first document
        self.processes: dict[int, Process] = {}
        self.listed: set[int] = set()
        self.tab: list[str] | None = None  # of a trace of one tab: the addresses in it when the trace began
        self.is_begun = False  # the trace shows its own beginning
        self.has_timeline = False
        self.is_ordered = True
        self.first: Instant | None = None
        self.latest: deque[Instant] = deque(maxlen=LAST_EVENTS + 1)  # the last instants

    @property
    def last(self) -> Instant | None:
        """The last instant."""
        return self.latest[-1] if self.latest else None

    def cut_off(self) -> None:
        """Take back what the last events of a file say that was cut off: the end of the trace."""
        while len(self.latest) > 1:
            self.latest.pop()

    def add_run(self, events: Sequence[RawEvent | None], index: int, pointer: str) -> None:
        """Take in events that stand one after the other in the array at `pointer`, the first of them at `index`.

        A long trace has millions, of which a few say something of a socket or a document. Of the others only the time
        counts.
        """
        self.has_timeline = self.has_timeline or any(TIMELINE in it.cat.split(",") for it in events if it is not None)
        pid, threads, latest = -1, dict[int, Instant](), self.latest
        for number, event in enumerate(events, index):
            if event is None:
                continue
            self.count += 1
            if not 0 < event.ts < LATEST or event.ph not in ORDERED:
                continue
            at = round(event.ts)
            if not latest or at >= latest[-1]:
                latest.append(at)
            else:
                self.is_ordered = False
            if self.first is None or at < self.first:
                self.first = at
            if event.tts is not None and event.pid >= 0:
                if event.pid != pid:
                    pid = event.pid
                    threads = self._process(pid).threads
                before = threads.get(event.tid)
                if (len(threads) < MOST_THREADS) if before is None else before < at:
                    threads[event.tid] = at
            if (handler := HANDLERS.get(event.name)) is not None:
                handler(self, event, decode_args(event.args), at, f"{pointer}/{number}")

    def _process(self, pid: int) -> Process:
        process = self.processes.get(pid)
        if process is None:
            if len(self.processes) >= MOST_PROCESSES:
                raise CaptureError(self.name, "", f"more than {MOST_PROCESSES:,} processes")
            process = self.processes[pid] = Process()
        return process

    # -- sockets -------------------------------------------------------------------------------------------

    def create(self, event: RawEvent, args: Args, at: Instant, pointer: str) -> None:
        """Begin a socket."""
        if args.data.identifier is not None:
            socket = Socket(event.pid, event.tid, pointer, args.data.url, is_older=False, created=at)
            socket.code = initiator({"stack": {"callFrames": _call_frames(args.data.stackTrace)}})
            self._add(socket, args.data, at)

    def _add(self, socket: Socket, data: Data, at: Instant) -> Socket:
        if len(self.sockets) >= MOST_SOCKETS:
            raise CaptureError(self.name, "", f"more than {MOST_SOCKETS:,} sockets")
        socket.frame, socket.worker, socket.first = data.frame, data.workerId, at
        self.sockets.append(socket)
        self.by_id[socket.pid, data.identifier or 0] = socket
        return socket

    def _socket(self, event: RawEvent, args: Args, at: Instant, pointer: str) -> Socket:
        """The socket of an event; one that is older than the trace, where nothing began it."""
        data = args.data
        return self.by_id.get((event.pid, data.identifier or 0)) or self._add(
            Socket(event.pid, event.tid, pointer), data, at
        )

    def send_handshake(self, event: RawEvent, args: Args, at: Instant, pointer: str) -> None:
        """Note when the request of the handshake was sent."""
        self._socket(event, args, at, pointer).sent_handshake = at

    def answer_handshake(self, event: RawEvent, args: Args, at: Instant, pointer: str) -> None:
        """Open a socket."""
        socket = self._socket(event, args, at, pointer)
        socket.opened, socket.opened_at = at, pointer

    def close(self, event: RawEvent, args: Args, at: Instant, pointer: str) -> None:
        """Close a socket, or end one whose handshake failed."""
        socket = self._socket(event, args, at, pointer)
        if socket.closed is None:
            socket.closed, socket.closed_at = at, pointer

    def send(self, event: RawEvent, args: Args, at: Instant, pointer: str) -> None:
        """Add a message that was sent."""
        socket = self._add_message(event, args, at, pointer, SENT)
        socket.sent = at if socket.sent is None else socket.sent

    def receive(self, event: RawEvent, args: Args, at: Instant, pointer: str) -> None:
        """Add a message that was received."""
        self._add_message(event, args, at, pointer, RECEIVED)

    def _add_message(self, event: RawEvent, args: Args, at: Instant, pointer: str, direction: int) -> Socket:
        socket, length = self._socket(event, args, at, pointer), args.data.dataLength
        socket.times.append(at)
        socket.directions.append(direction)
        socket.opcodes.append(NOT_KNOWN)
        socket.lengths.append(int(min(max(length, 0), LONGEST_MESSAGE)) if math.isfinite(length) else 0)
        return socket

    # -- documents and frames ------------------------------------------------------------------------------

    def begin(self, event: RawEvent, args: Args, at: Instant, pointer: str) -> None:
        """Note the frames that were there when the trace began, if it is one of a tab."""
        self.is_begun = True
        frames = args.data.frames
        if frames is not None:
            self.tab = [frame.url for frame in frames if not frame.parent]
            for frame in frames[:MOST_FRAMES]:
                self._note_parent(frame.frame, frame.parent, is_outermost=not frame.parent)

    def _note_parent(self, frame: str, parent: str, is_outermost: bool) -> None:
        if (parent or is_outermost) and len(self.parents) < MOST_FRAMES:
            self.parents[frame] = "" if is_outermost else parent

    def commit(self, event: RawEvent, args: Args, at: Instant, pointer: str) -> None:
        """Put a document in its place, as its own process reports it, or the browser's, or both."""
        data = args.data
        is_outermost = bool(data.isMainFrame if data.isOutermostMainFrame is None else data.isOutermostMainFrame)
        self._note_parent(data.frame, data.parent, is_outermost and not data.parent)
        before = self.current.get(data.frame)
        if not is_outermost or not data.frame:
            return
        if before is not None and _is_same(before, event.name, data.url, at):
            before.reports.add(event.name)
            before.at = at if event.name == OWN_REPORT else before.at
            return
        if len(self.documents) >= MOST_DOCUMENTS:
            raise CaptureError(self.name, "", f"more than {MOST_DOCUMENTS:,} documents")
        number = len(self.documents) + 1
        document = Document(number, data.frame, data.url, at, at, pointer, {event.name})
        self.documents.append(document)
        self.current[data.frame] = document
        if before is not None:
            before.successor = document

    def start_loading(self, event: RawEvent, args: Args, at: Instant, pointer: str) -> None:
        """Count the loads that start in a frame: a document reports its own, and one that it leads to."""
        if args.frame not in self.current and len(self.starts) < MOST_FRAMES:
            self.starts[args.frame] = self.starts.get(args.frame, 0) + 1

    def remove_frame(self, event: RawEvent, args: Args, at: Instant, pointer: str) -> None:
        """Note that the browser removed a frame."""
        if len(self.removed) < MOST_FRAMES:
            self.removed.setdefault(args.data.frame, (at, pointer))

    def last_sign(self, socket: Socket) -> Instant | None:
        """The last event of the thread that reports what happens to a socket.

        Other threads are no witnesses: a buffer that is full loses what a thread that has little to say has not handed
        over.
        """
        process = self.processes.get(socket.pid)
        return None if process is None else process.threads.get(socket.tid)

    def root(self, frame: str) -> str | None:
        """The outermost frame around a frame; None where the trace does not show it."""
        for _ in range(DEEPEST_FRAME):
            parent = self.parents.get(frame)
            if not parent:
                return frame if parent == "" else None
            frame = parent
        return None

    # -- processes -----------------------------------------------------------------------------------------

    def list_processes(self, event: RawEvent, args: Args, at: Instant, pointer: str) -> None:
        """Note which processes run."""
        if args.chrome_active_processes is None:
            return
        present = set(args.chrome_active_processes.pid)
        for pid in self.listed - present:
            process = self._process(pid)
            process.missing, process.missing_at = at, pointer
        for pid in present:
            process = self._process(pid)
            process.listed, process.missing = at, None
        self.listed = present


def _call_frames(stack: object) -> list[dict[str, Any]]:
    """The frames of a stack as the other formats have them: lines and columns count from 0 there, and from 1 here."""
    frames = [frame for frame in (stack if isinstance(stack, list) else ()) if isinstance(frame, dict)]
    places = ("lineNumber", "columnNumber")
    return [
        frame | {name: frame[name] - 1 for name in places if isinstance(frame.get(name), int)}
        for frame in frames[:DEEPEST_STACK]
    ]


SAME_COMMIT = 1_000_000  # microseconds between the reports of one commit by two processes


def _is_same(before: Document, name: str, url: str, at: Instant) -> bool:
    """Is this the other report of a commit?"""
    return name not in before.reports and before.url == url and at - before.reported <= SAME_COMMIT


Handler = Callable[[Log, RawEvent, Args, Instant, str], None]
HANDLERS: Mapping[str, Handler] = {
    "WebSocketCreate": Log.create,
    "WebSocketSendHandshakeRequest": Log.send_handshake,
    "WebSocketReceiveHandshakeResponse": Log.answer_handshake,
    "WebSocketSend": Log.send,
    "WebSocketReceive": Log.receive,
    "WebSocketDestroy": Log.close,
    "TracingStartedInBrowser": Log.begin,
    OWN_REPORT: Log.commit,
    "FrameCommittedInBrowser": Log.commit,
    "FrameStartedLoading": Log.start_loading,
    "FrameDeletedInBrowser": Log.remove_frame,
    "ActiveProcesses": Log.list_processes,
}

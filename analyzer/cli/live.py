"""Show a recording while it runs: a screen that is drawn again and again, or a line per event off a terminal."""

from __future__ import annotations

import sys
import threading
import time
from array import array
from contextlib import suppress
from typing import NamedTuple

import msgspec
from rich.console import Group
from rich.text import Text

from analyzer import callstacks
from analyzer.cli.screen import can_redraw, one_terminal, tell
from analyzer.formats import devtools
from analyzer.masking import Texts, replace
from analyzer.model import SECOND, ConsoleLine, Instant, Messages, Outcome, Policy, Session, Trace
from analyzer.outputs import live
from analyzer.outputs.live import Life, Scene
from analyzer.recorder.recording import By, Socket
from analyzer.services import loading, matching
from analyzer.wording import lifetimes, origins
from analyzer.wording.medium import BAD, UNSURE, Medium
from analyzer.wording.terminal import wrap

HOW = {
    By.RELOAD: "page reloaded",
    By.NAVIGATION: "the tab left the page",
    By.PAGE_CLOSED: "page closed",
    By.CRASH: "page crashed",
    By.OWNER_GONE: "its worker or frame ended",
    By.PAGE_GONE: "its page, frame or worker ended",
}
HINT = "Ctrl-C ends the recording."
IDLE = 1.0  # seconds between two screens if nothing happens: the bars grow
BUSY = 0.15  # at least, if much happens
SHARE = 10  # at most one part in this many of a processor's time is spent on drawing
MOST_QUOTED = 1000  # texts of the console that are known again
LINES_OF_TEXT, INDENT = 3, " " * 14  # of a text above the screen; under its first line
NEW_LINE = "\n"
PROTOCOLS = "sec-websocket-protocol"
NO_MESSAGES = Messages(array("q"), b"", array("B"), array("q"), recorded=False)


class Entry(NamedTuple):
    """A socket that is recorded, with words about it in which secrets are masked.

    began: when it opened, or failed to. address: its URL. name: its service, or its host and path. opener: the code
    that opened it, if that is known. counts: it is the application's own, so that its number is limited.
    """

    socket: Socket
    began: Instant
    address: str
    name: str
    opener: str
    counts: bool


def make_entry(socket: Socket, began: Instant, texts: Texts) -> Entry:
    """Describe a socket that opened or failed at an instant."""
    session = identify(socket)
    texts.learn([session])
    masked = replace(session, texts)
    name = masked.provider.name if masked.provider is not None else masked.endpoint.partition("://")[2]
    if masked.user is not None:
        name = f"{name}, {masked.user[2]}"
    return Entry(socket, began, masked.url, name, origins.place_of(masked), Policy().counts(session))


def make_life(entry: Entry, texts: Texts) -> Life:
    """Describe the life of a socket, as it is known now."""
    socket = entry.socket
    older = socket.seen_open is not None
    life = Life(socket.number, entry.name, entry.began, entry.opener, counts=entry.counts, older=older)
    if socket.open:
        return life
    failed = socket.ended and not socket.opened
    certain = socket.last_sign if socket.lost else socket.earliest
    return msgspec.structs.replace(
        life,
        certain=max(entry.began, certain or 0),
        possible=None if socket.latest is None else max(entry.began, socket.latest),
        ending=_failure(socket, texts) if failed else _ending(socket),
        failed=failed,
    )


def write_line(entry: Entry, at: Instant, start: Instant, open_now: int, allowed: int, texts: Texts) -> str:
    """Write the line about a socket that opened (`+`), failed (`!`) or ended (`-`) at an instant, masked."""
    socket = entry.socket
    if socket.open:
        opener = f", opened by {entry.opener}" if entry.opener else ""
        sign, words = "+", f"{entry.address}{opener}"
    elif not socket.opened:
        sign, words = "!", _failure(socket, texts)
    else:
        sign, words = "-", _ending(socket)
    total = f"{open_now:,} open now" + (f", {allowed:,} allowed" if open_now > allowed else "")
    older = "older than the recording; " if socket.open and socket.seen_open is not None else ""
    uncounted = "" if entry.counts else "not counted; "
    return f"{_since(start, at)}  {sign} socket #{socket.number} {words} ({older}{uncounted}{total})"


def _since(start: Instant, at: Instant) -> str:
    return f"{(at - start) / SECOND:8.3f} s"


def _failure(socket: Socket, texts: Texts) -> str:
    problem = texts.text(lifetimes.shorten_problem(socket.problem)) if socket.problem else "no reason recorded"
    return f"{lifetimes.OUTCOMES[Outcome.FAILED].brief}: {problem}"


def _ending(socket: Socket) -> str:
    ended = "no longer recorded" if socket.lost else "closed"
    return f"{ended}: {HOW[socket.by]}" if socket.by else ended


def identify(socket: Socket) -> Session:
    """Say whose a socket is and which code opened it, by its address, subprotocols and call stack; without masks."""
    code = devtools.initiator(socket.initiator)
    offered = ",".join(value for name, value in socket.request_headers.items() if name.lower() == PROTOCOLS)
    endpoint = devtools.endpoint(socket.url)
    trace = Trace(
        pointer="",
        url=socket.url,
        endpoint=endpoint,
        events=(),
        messages=NO_MESSAGES,
        initiator=code,
        protocols=devtools.split_protocols(offered),
        scripts=devtools.scripts(code),
    )
    attribution = matching.attribute(trace, loading.builtin())
    opener = callstacks.opener(code, attribution.provider)
    return Session(
        id=f"s{socket.number}",
        pointer="",
        url=socket.url,
        endpoint=endpoint,
        page=None,
        initiator=opener and msgspec.structs.replace(opener, stack=()),
        outcome=Outcome.CONNECTING,
        created=None,
        opened=None,
        closed=None,
        proven=None,
        possible=None,
        last_seen=None,
        close_code=None,
        close_reason=None,
        messages=NO_MESSAGES,
        attribution=attribution,
        extension=callstacks.of_extension(code),
    )


class Board:
    """The sockets of a recording, with what is shown of them. One thread notes events, another one looks."""

    def __init__(self, allowed: int) -> None:
        self.start: Instant = round(time.time() * SECOND)
        self.hint = HINT
        self._allowed = allowed
        self._clock = time.monotonic()
        self._texts = Texts()
        self._entries: dict[int, Entry] = {}
        self._earlier = 0
        self._peak = 0
        self._reported: Instant = 0  # the beginning of the last excess that was reported
        self._lock = threading.Lock()

    def note(self, socket: Socket, at: Instant) -> Entry:
        """Note that a socket opened, failed or ended at an instant."""
        with self._lock:
            if socket.number not in self._entries:
                self._entries[socket.number] = make_entry(socket, at, self._texts)
            return self._entries[socket.number]

    def write(self, entry: Entry, at: Instant) -> str:
        """Write the line about what happened to a socket at an instant."""
        with self._lock:
            open_now = sum(it.socket.open and it.counts for it in self._entries.values())
            return write_line(entry, at, self.start, open_now, self._allowed, self._texts)

    def quote(self, line: ConsoleLine) -> str:
        """Write the line about a warning or an error of the console, with its first line of text."""
        with self._lock:
            text = self._texts.text(line.text)
        return f"{_since(self.start, line.at)}  ! console {line.level}: {text.strip().partition(NEW_LINE)[0]}"

    def look(self) -> tuple[Scene, str]:
        """Return what there is to draw now, and a line about an excess that began since the last look, if any."""
        with self._lock:
            now = self.start + round((time.monotonic() - self._clock) * SECOND)
            self._forget(live.window(self.start, now).start)
            lives = tuple(make_life(entry, self._texts) for entry in self._entries.values())
            self._peak = max(self._peak, live.find_peak(lives))
            scene = Scene(self.start, now, lives, self._earlier, self._peak, self._allowed, self.hint)
            excess = live.find_excess(scene, self._reported)
            if excess is None:
                return scene, ""
            self._reported = excess.at
            return scene, f"{_since(self.start, excess.at)}  {excess.words}"

    def forget_ended(self) -> None:
        """Drop all sockets that ended, where nobody looks."""
        with self._lock:
            self._forget(None)

    def _forget(self, before: Instant | None) -> None:
        """Drop the sockets that ended before an instant, but count them."""
        for number, entry in list(self._entries.items()):
            latest = entry.socket.latest
            if latest is not None and (before is None or max(latest, entry.began) < before):
                del self._entries[number]
                self._earlier += 1


class LiveView:
    """Show which sockets are open while they are recorded, on standard error.

    On a terminal that is a screen below everything else that is printed, and a bell when more sockets than `allowed`
    are open; else a line per event. `observe` is an Observer of a Recording. Sockets of development servers and browser
    extensions are shown and do not count, as in every policy by default.
    """

    def __init__(self, allowed: int = 1) -> None:
        self._board = Board(allowed)
        self._quoted: set[str] = set()  # texts of the console
        self._screen: _Screen | None = None

    def __enter__(self) -> LiveView:
        if can_redraw():
            self._screen = _Screen(self._board)
        return self

    def __exit__(self, *_: object) -> None:
        if self._screen is not None:
            self._board.hint = ""
            self._screen.stop()
            self._screen = None

    def observe(self, socket: Socket, at: Instant, _: int) -> None:
        """Show that a socket opened, failed or ended at an instant."""
        entry = self._board.note(socket, at)
        if self._screen is not None:
            self._screen.changed.set()
            return
        with suppress(OSError):  # nobody reads any more; the recording goes on
            tell(self._board.write(entry, at))
        self._board.forget_ended()

    def say_console(self, line: ConsoleLine) -> None:
        """Show a warning or an error of the console; each text once, because a client that reconnects repeats it."""
        if line.text in self._quoted:
            return
        if len(self._quoted) < MOST_QUOTED:
            self._quoted.add(line.text)
        words = self._board.quote(line)
        with suppress(OSError):
            if self._screen is not None:
                self._screen.print(words, UNSURE)
            else:
                tell(words)

    def set_hint(self, hint: str) -> None:
        """Show what the keyboard does now, in the last line of the screen."""
        self._board.hint = hint
        if self._screen is not None:
            self._screen.changed.set()


class _Screen:
    """Draws in a thread of its own, so that it delays nothing: at once when something changed, else each second."""

    def __init__(self, board: Board) -> None:
        from rich.console import Console
        from rich.live import Live

        self.changed = threading.Event()
        self._board = board
        self._ended = threading.Event()
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._unicode = (sys.stderr.encoding or "").lower().startswith("utf")
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            vertical_overflow="crop",
            redirect_stdout=one_terminal(),  # else what goes to a file or pipe would be printed here
        )
        self._live.start()
        self._lines: list[Text] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def print(self, words: str, style: str) -> None:
        """Print a text above the screen, in few lines."""
        medium = Medium(self._console.width, self._unicode)
        for line in wrap(Text(medium.safe(words), style), medium, "", INDENT)[:LINES_OF_TEXT]:
            self._console.print(line, no_wrap=True, overflow="crop")

    def stop(self) -> None:
        """Draw for the last time. What is drawn stays."""
        self._ended.set()
        self.changed.set()
        self._thread.join()
        for step in (self._draw, self._live.stop):
            with suppress(OSError):  # the terminal was closed
                step()

    def _run(self) -> None:
        pause = 0.0
        while not self._ended.wait(pause):
            self.changed.clear()
            began = time.thread_time()
            try:
                self._draw()
            except OSError:  # the terminal was closed; the recording goes on
                return
            pause = max(BUSY, SHARE * (time.thread_time() - began))
            self.changed.wait(IDLE)

    def _draw(self) -> None:
        scene, alarm = self._board.look()
        medium = Medium(self._console.width, self._unicode)
        lines = live.draw(scene, medium, self._console.height - 1)
        if alarm:
            self.print(alarm, BAD)
            self._console.bell()
        if lines != self._lines:
            self._lines = lines
            for line in lines:
                line.no_wrap, line.overflow = True, "crop"
            self._live.update(Group(*lines), refresh=True)

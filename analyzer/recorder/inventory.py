"""Ask targets that ran before they were heard which sockets they have, and later what became of these.

The scripts of a target run in worlds of their own (each frame of one process, each worker), and each world has its own
WebSocket. All its sockets are held as one object of the protocol, which keeps their order, so that their states can be
asked for again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

from analyzer.formats.har.writer import Json
from analyzer.model import MILLISECOND, SECOND, Instant
from analyzer.recorder.cdp import Cdp
from analyzer.recorder.connection import CallError
from analyzer.recorder.older import WORLD_GONE

LONGEST_WAIT = 5.0  # seconds for a target to answer: a page may be stuck
AGAIN = 0.05  # seconds until a target is asked again of which a socket is reported to have closed
TIMES = 4
# Chromium keeps a page that was left for ten minutes in its back/forward cache, sockets and all, and lists it nowhere.
LONGEST_IN_CACHE = 610 * SECOND
# A page of another scheme is not kept: Chromium calls the reason SchemeNotHTTPOrHTTPS.
KEPT_SCHEMES = ("http://", "https://")
WORLDS = frozenset(f"Runtime.executionContext{what}" for what in ("Created", "Destroyed", "sCleared"))
# The browser's own prototype, also where a page put a class or a proxy of its own in the place of WebSocket.
PROTOTYPE = """(() => {
  const isNative = get => get && /\\[native code\\]/.test(Function.prototype.toString.call(get));
  let prototype = globalThis.WebSocket && WebSocket.prototype;
  while (prototype && !isNative(Object.getOwnPropertyDescriptor(prototype, 'readyState')?.get)) {
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype;
})()"""
# Where a page's function in the place of WebSocket hides it, all that has events is searched.
EVENT_TARGETS = """(() => {
  let prototype = globalThis;
  while (prototype && !Object.hasOwn(prototype, 'addEventListener')) prototype = Object.getPrototypeOf(prototype);
  return prototype;
})()"""
SOCKETS_AMONG = """function() {
  return this.filter(object => Object.prototype.toString.call(object) === "[object WebSocket]");
}"""
# A prototype that is made from WebSocket's is among its objects, and has no state.
STATES = """function() {
  const states = [];
  for (const socket of this) { try { states.push([socket.url, socket.readyState]); } catch { states.push(["", 3]); } }
  return [performance.timeOrigin, performance.now(), states];
}"""

# When the page was shown last, in milliseconds since the epoch: at the latest then it came back from the back/forward
# cache, if it ever did. null: it does not say; Chromium keeps the first 50 marks.
SHOWN = """(() => {
  const marks = performance.getEntriesByType('visibility-state');
  if (document.hidden || marks.length > 49) return null;
  let last = 0;
  for (let n = 0; n < marks.length; n++) last = Math.max(last, marks[n].startTime);
  return performance.timeOrigin + last;
})()"""

Send: TypeAlias = Callable[..., asyncio.Future[Json]]
# What an answer can lack: the target, the time, the world; and sense, as pages can replace what is asked for.
ASKING = (CallError, TimeoutError, KeyError, TypeError, ValueError)


class Inventory:
    """The sockets of targets that ran before they were heard."""

    def __init__(self, cdp: Cdp, send: Send, now: Callable[[], Instant]) -> None:
        self._cdp = cdp
        self._send = send
        self._now = now
        self.unlisted: set[str] = set()  # sessions that have not said yet which sockets they have
        self._worlds: dict[str, dict[int, str]] = {}  # session -> those of its pages or its worker -> their frames
        self._held: dict[str, list[tuple[int, str, int]]] = {}  # session -> world, its sockets as one object, how many
        self._asking: set[str] = set()

    def note_world(self, session: str, method: str, params: Json) -> None:
        """A world began or ended."""
        worlds = self._worlds.setdefault(session, {})
        if method.endswith("Created"):
            world = params["context"]
            data = world.get("auxData", {})
            if data.get("isDefault", True):  # no extension's
                worlds[int(world["id"])] = str(data.get("frameId", ""))
        elif method.endswith("Destroyed"):
            worlds.pop(int(params["executionContextId"]), None)
        else:
            worlds.clear()

    def forget(self, session: str) -> None:
        """The target went, and its sockets with it."""
        self._worlds.pop(session, None)
        self._held.pop(session, None)
        self.unlisted.discard(session)

    async def take(self, session: str, tab: str, listening: asyncio.Future[Json]) -> None:
        """List the sockets that a target had when it was first heard. `tab`: its main frame; empty: it has none, and
        no history of its own."""
        self.unlisted.add(session)
        sockets: list[tuple[str, int, Instant]] = []
        objects: list[tuple[int, str, int]] = []
        try:
            await asyncio.wait_for(listening, LONGEST_WAIT)
            await self._ask("Runtime.evaluate", session, expression="0")  # its worlds have been reported by then
            question = self._now()
            for world, frame in sorted(self._worlds.get(session, {}).items()):
                id = await self._hold(session, world)
                began, states = await self._states(session, id)
                objects.append((world, id, len(states)))
                sockets += [(url, state, began) for url, state in states]
                if tab and frame == tab and await self._may_have_left_another(session, world):
                    self._cdp.older.miss()
        except ASKING:  # what is there and does not answer stays among the unlisted
            return
        if session in self._worlds:
            self._held[session] = objects
            self._cdp.list_older(session, sockets, question, self._now())
        self.unlisted.discard(session)

    async def _may_have_left_another(self, session: str, world: int) -> bool:
        """May the tab have left a page for this one that is still kept? An entry of its history may also be of this
        page: nothing says."""
        if not self._cdp.keeps_pages:
            return False
        answer = await self._ask("Runtime.evaluate", session, expression=SHOWN, contextId=world)
        latest = answer["result"].get("value")
        if latest is not None and self._now() - round(latest * MILLISECOND) > LONGEST_IN_CACHE:
            return False
        history = await self._ask("Page.getNavigationHistory", session)
        others = [entry for n, entry in enumerate(history["entries"]) if n != history["currentIndex"]]
        return any(entry["url"].startswith(KEPT_SCHEMES) for entry in others)

    async def check(self, session: str) -> None:
        """Which of them closed? It takes a moment until their states say so."""
        if session in self._asking:
            return
        self._asking.add(session)
        try:
            for _ in range(TIMES):
                if await self._check_once(session):
                    return
                await asyncio.sleep(AGAIN)
            self._cdp.older.give_up(session)
        finally:
            self._asking.discard(session)

    async def check_all(self) -> None:
        """Ask for all states, at the end."""
        for session in list(self._held):
            await self._check_once(session)
            self._cdp.older.give_up(session)

    async def _check_once(self, session: str) -> bool:
        states: list[int | None] = []
        question = self._now()
        for world, id, number in self._held.get(session, ()):
            if world not in self._worlds.get(session, ()):
                states += [WORLD_GONE] * number
                continue
            try:
                answers = [state for _, state in (await self._states(session, id))[1]]
            except ASKING:
                answers = []
            states += answers if len(answers) == number else [None] * number
        return session not in self._held or self._cdp.older.check(session, states, question, self._now())

    async def _hold(self, session: str, world: int) -> str:
        """All sockets of a world as one object of the protocol."""
        prototype = await self._evaluate(session, world, PROTOTYPE)
        if prototype is not None:
            return await self._query(session, prototype)
        everything = await self._query(session, await self._evaluate(session, world, EVENT_TARGETS) or "")
        answer = await self._ask(
            "Runtime.callFunctionOn", session, objectId=everything, functionDeclaration=SOCKETS_AMONG
        )
        return str(answer["result"]["objectId"])

    async def _evaluate(self, session: str, world: int, expression: str) -> str | None:
        """The object that an expression gives; None: it gives none."""
        answer = await self._ask("Runtime.evaluate", session, expression=expression, contextId=world)
        id = answer["result"].get("objectId")
        return None if id is None else str(id)

    async def _query(self, session: str, prototype: str) -> str:
        """All objects with a prototype, as one object."""
        answer = await self._ask("Runtime.queryObjects", session, prototypeObjectId=prototype)
        return str(answer["objects"]["objectId"])

    async def _states(self, session: str, id: str) -> tuple[Instant, list[tuple[str, int]]]:
        """Not after which instant the world began; URL and readyState of the sockets that are held."""
        question = self._now()
        answer = await self._ask(
            "Runtime.callFunctionOn", session, objectId=id, functionDeclaration=STATES, returnByValue=True
        )
        began, age, states = answer["result"]["value"]
        # The one is by the browser's wall clock, and that may be ahead of ours; the other one stands while it sleeps.
        earliest = min(round(began * MILLISECOND), question - round(age * MILLISECOND))
        return earliest, [(str(url), int(state)) for url, state in states]

    async def _ask(self, method: str, session: str, **params: Any) -> Json:
        return await asyncio.wait_for(self._send(method, session, **params), LONGEST_WAIT)

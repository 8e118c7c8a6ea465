"""Record all browsers that a test uses: those that run, those that it starts, and every context of them."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any, TypeAlias

from analyzer.model import SECOND
from analyzer.recorder.document import Recorded, unite
from analyzer.recorder.errors import RecordingError
from analyzer.recorder.page_events import PageEvents
from analyzer.recorder.recording import Recording
from analyzer.recorder.thread import ListenerThread
from analyzer.testing.browsers import BROWSERS, Running

Part: TypeAlias = ListenerThread | PageEvents


class Recorder:
    """Records from now until `stop`. `fixtures`: those of the test; a browser of others is left alone until the test
    makes a context in it."""

    def __init__(self, fixtures: Collection[str]) -> None:
        self._parts: dict[object, Part] = {}
        self._browsers: dict[object, Running] = {}  # by the same ids
        for browser in BROWSERS.running:
            if browser.is_used_by(fixtures):
                self._add(browser)
        BROWSERS.watchers.append(self._watch)

    def wait(self) -> None:
        """Wait until nothing is missed any more; until then the fixtures of the test are set up."""
        for browser in list(self._browsers.values()):
            self._settle(browser)

    @property
    def has_browser(self) -> bool:
        """Is there anything to be recorded?"""
        return bool(self._parts)

    def stop(self) -> Recorded:
        """End the recording: all browsers in one document."""
        BROWSERS.watchers.remove(self._watch)
        self.wait()
        parts = [part.stop() for part in self._parts.values()]
        return unite(parts) if parts else Recorded(Recording(), round(time.time() * SECOND))

    def _watch(self, browser: Running, context: Any) -> None:
        self._add(browser)
        part = self._settle(browser)
        if context is not None and isinstance(part, PageEvents):
            part.listen(context)

    def _add(self, browser: Running) -> None:
        if browser.id not in self._parts:
            self._browsers[browser.id] = browser
            self._parts[browser.id] = _listen(browser)

    def _settle(self, browser: Running) -> Part:
        part = self._parts[browser.id]
        if isinstance(part, ListenerThread):
            try:
                part.wait()
            except RecordingError:  # it cannot be reached
                part = self._parts[browser.id] = PageEvents(browser.handle)
        return part


def _listen(browser: Running) -> Part:
    return PageEvents(browser.handle) if browser.endpoint is None else ListenerThread(browser.endpoint)

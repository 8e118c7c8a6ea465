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
        self._parts: dict[Running, Part] = {}
        for browser in list(BROWSERS.running):
            if browser.is_used_by(fixtures):
                self._watch(browser, None)
        BROWSERS.watchers.append(self._watch)

    @property
    def has_browser(self) -> bool:
        """Is there anything to be recorded?"""
        return bool(self._parts)

    def stop(self) -> Recorded:
        """End the recording: all browsers in one document."""
        BROWSERS.watchers.remove(self._watch)
        parts = [part.stop() for part in self._parts.values()]
        return unite(parts) if parts else Recorded(Recording(), round(time.time() * SECOND))

    def _watch(self, browser: Running, context: Any) -> None:
        part = self._parts.get(browser)
        if part is None:
            part = self._parts[browser] = _listen(browser)
        if context is not None and isinstance(part, PageEvents):
            part.listen(context)


def _listen(browser: Running) -> Part:
    if browser.endpoint is not None:
        try:
            return ListenerThread(browser.endpoint)
        except RecordingError:  # another program has its port, say
            pass
    return PageEvents(browser.handle)

"""Two browsers that were started with one port: the second one cannot listen there."""

from __future__ import annotations

import socket
from typing import Any

from browsers import chromium

from analyzer.testing.browsers import BROWSERS


def test_a_browser_is_not_taken_for_another_one_with_its_port(browser: Any) -> None:
    """As with workers of xdist, where a project names a port. The sockets of the second one would all be missed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = ["--no-sandbox", f"--remote-debugging-port={port}"]
    started = [browser.browser_type.launch(executable_path=chromium(), args=arguments) for _ in range(2)]
    try:
        endpoints = {it.handle: it.endpoint for it in BROWSERS.running}
        first, second = (endpoints[it] for it in started)
        assert first.startswith(f"ws://127.0.0.1:{port}/devtools/browser/")
        assert second is None
    finally:
        for one in started:
            one.close()

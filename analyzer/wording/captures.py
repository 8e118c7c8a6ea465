"""Write the names of captures as a command takes them."""

from __future__ import annotations

from analyzer.installation import quote
from analyzer.model import Capture


def write_arguments(capture: Capture) -> str:
    """Write what names this capture on a command line; of several of one run `--together a.har a.netlog.json`."""
    sources = list(dict.fromkeys(file.source for file in capture.files))
    names = [f"./{name}" if name.startswith("-") and name != "-" else name for name in sources]
    return " ".join(["--together"] * (len(names) > 1) + [quote(name) for name in names])

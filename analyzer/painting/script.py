"""Put the scripts of the page together. The page has a minified copy of them, as long as it is one of these scripts.

`make script` writes the copy with the minifier of the tests, so that neither the program nor its build needs one. Its
first line has a checksum of the scripts: while somebody works on them they run as they are.
"""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from zlib import crc32

from analyzer.painting import templates
from analyzer.timeline.ticks import STEPS, UNITS

PARTS = ("unpack.js", "time.js", "chart.js", "pane.js", "table.js", "save.js", "index.js", "page.js")
MINIFIED = "page.min.js"
_encode = partial(json.dumps, separators=(",", ":"))


def make_script() -> str:
    """Return the script of the page: one function, that gets the steps and units of ticks."""
    whole, minified = read_whole(), templates.read_asset(MINIFIED)
    stamp, _, body = minified.partition("\n")
    ticks = re.sub(r"(?<=\d)000+\b", lambda zeros: f"e{len(zeros[0])}", _encode({"steps": STEPS, "units": UNITS}))
    return f"({body if stamp == _stamp(whole) else whole})({ticks});\n"


def make_early() -> str:
    """Return the script that runs before the page is laid out, without its comments."""
    lines = templates.read_asset("early.js").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("//"))


def read_whole() -> str:
    """Return the scripts as one function, as they were written."""
    return f"(TICKS) => {{\n'use strict';\n{''.join(map(templates.read_asset, PARTS))}}}"


def minify(whole: str) -> str:
    """Make the minified copy, below the checksum of what it is a copy of."""
    from minify import string  # only who changes a script has it

    return f"{_stamp(whole)}\n{string('text/javascript', f'({whole})').removesuffix(';')}\n"


def _stamp(whole: str) -> str:
    return f"// made by `make script` from {crc32(whole.encode()):08x}"


if __name__ == "__main__":
    Path(__file__).with_name("report").joinpath(MINIFIED).write_text(minify(read_whole()), "utf-8")

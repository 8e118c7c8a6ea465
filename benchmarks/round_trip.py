"""Extract every capture below the folders named, and say where that was not possible.

    python benchmarks/round_trip.py sample_hars FOLDER...

`extract` itself compares sessions, verdict and overlaps of the extract with those of the capture, and looks for what
was removed: it raises CaptureError where they differ. Exit status 1 if any capture that can be read has no extract.
"""

from __future__ import annotations

import os
import sys

from analyzer import fleet, read
from analyzer.extract import extract
from analyzer.model import CaptureError


def main(folders: list[str]) -> int:
    sources = fleet.expand(folders)
    before = after = refused = unreadable = 0
    for source in sources:
        try:
            read(source)
        except CaptureError:
            unreadable += 1
            continue
        try:
            after += len(extract(source).data)
            before += os.path.getsize(source)
        except CaptureError as error:
            refused += 1
            print(error)
    kept = len(sources) - refused - unreadable
    print(f"{kept} extracts give the same answer ({before:,} bytes -> {after:,}); {refused} refused")
    print(f"{unreadable} captures cannot be read")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

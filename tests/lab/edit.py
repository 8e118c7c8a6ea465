"""Make captures that people and tools edited, out of captures whose truth is known: `python edit.py FOLDER`.

Each is written as FOLDER/chrome-EDIT-SOURCE.har beside the truth of its source, which an edit does not change.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Edit = Callable[[Json], Json]
CAPTURES = Path(__file__).parent.parent / "captures"
TIMES = ("blocked", "dns", "connect", "ssl", "send", "wait", "receive")


def with_entries(change: Callable[[list[Json]], list[Json]]) -> Edit:
    return lambda log: {**log, "entries": change(log["entries"])}


def whole_seconds(round_up: bool) -> Edit:
    """Dates as a tool writes them that has no smaller unit. Messages keep their times."""

    def cut(date: str) -> str:
        moment = datetime.fromisoformat(date)
        later = round_up and moment.microsecond >= 500_000
        return datetime.fromtimestamp(int(moment.timestamp()) + later, moment.tzinfo).isoformat(timespec="seconds")

    def change(log: Json) -> Json:
        return json.loads(
            re.sub(r'("startedDateTime": ")([^"]+)"', lambda item: f'{item[1]}{cut(item[2])}"', json.dumps(log))
        )  # type: ignore[no-any-return]

    return change


def doubled(pages: bool, by_start: bool = False) -> Edit:
    def change(log: Json) -> Json:
        entries = [*log["entries"], *log["entries"]]
        if by_start:
            entries.sort(key=lambda entry: entry["startedDateTime"])
        return {**log, "entries": entries, "pages": log["pages"] * (2 if pages else 1)}

    return change


def only_entries(log: Json) -> Json:
    """As `jq -s '{log: {entries: map(.log.entries) | add}}'` of one file given twice."""
    return {"entries": [*log["entries"], *log["entries"]]}


def wiped(value: float) -> Edit:
    return with_entries(lambda entries: [{**it, "timings": dict.fromkeys(TIMES, value)} for it in entries])


def by_address(entries: list[Json]) -> list[Json]:
    return sorted(entries, key=lambda entry: entry["request"]["url"])


def shuffled(entries: list[Json]) -> list[Json]:
    return random.Random(14).sample(entries, len(entries))


EDITS: dict[str, Edit] = {
    "seconds-cut": whole_seconds(round_up=False),
    "seconds-rounded": whole_seconds(round_up=True),
    "twice": doubled(pages=True),
    "twice-entries": doubled(pages=False),
    "twice-by-start": doubled(pages=True, by_start=True),
    "twice-only-entries": only_entries,
    "timings-zero": wiped(0),
    "timings-unknown": wiped(-1),
    "shuffled": with_entries(shuffled),
    "reversed": with_entries(lambda entries: entries[::-1]),
    "by-address": with_entries(by_address),
}
"""What is made, of which captures: a few of each, those that an edit could mislead about."""
MADE = (
    ("seconds-cut", "chrome-03b-sequential-tight"),
    ("seconds-cut", "chrome-05b-overlap-idle"),
    ("seconds-cut", "chrome-reload-f5-silent"),
    ("seconds-cut", "chrome-link-other"),
    ("seconds-cut", "firefox-D"),
    ("seconds-rounded", "chrome-03b-sequential-tight"),
    ("seconds-rounded", "chrome-05b-overlap-idle"),
    ("seconds-rounded", "chrome-slow-answer-f5"),
    ("twice", "chrome-01-one-closed"),
    ("twice", "chrome-02-one-open"),
    ("twice", "chrome-reload-history-go"),
    ("twice-entries", "chrome-02-one-open"),
    ("twice-entries", "chrome-typed-same"),
    ("twice-by-start", "chrome-reload-history-go"),
    ("twice-by-start", "chrome-05b-overlap-idle"),
    ("twice-only-entries", "chrome-02-one-open"),
    ("twice-only-entries", "playwright-B.minimal"),
    ("timings-zero", "chrome-slow-answer-f5"),
    ("timings-zero", "chrome-reload-history-go"),
    ("timings-unknown", "chrome-slow-answer-f5"),
    ("shuffled", "chrome-05-overlap-1s"),
    ("shuffled", "chrome-back-forward"),
    ("shuffled", "chrome-reload-f5"),
    ("reversed", "chrome-link-other"),
    ("by-address", "chrome-pushstate-link"),
)


def truth_of(source: str, edit: str) -> Json:
    truth = json.loads((CAPTURES / f"{source}.truth.json").read_text("utf-8"))
    for socket in truth["sockets"]:
        socket.pop("har_index", None)
    sound = "overlap" if truth["overlapping"] else "no-overlap"
    why = f"{source}, edited: {edit}."
    return {**truth, "title": f"{edit} of {source}", "why": why, "allowed": [sound, "possible-overlap", "inconclusive"]}


def main(folder: Path) -> None:
    for edit, source in MADE:
        log = EDITS[edit](json.loads((CAPTURES / f"{source}.har").read_text("utf-8"))["log"])
        lines = ",\n".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in log.pop("entries"))
        head = json.dumps(log, ensure_ascii=False, separators=(",", ":"))[1:-1]
        text = f'{{"log":{{{head}{"," if head else ""}"entries":[\n{lines}\n]}}}}\n'
        name = f"chrome-{edit}-{source.removeprefix('chrome-')}"
        (folder / f"{name}.har").write_text(text, "utf-8")
        truth = json.dumps(truth_of(source, edit), indent=1, ensure_ascii=False)
        (folder / f"{name}.truth.json").write_text(truth + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Compare two folders of outputs that outputs.py rendered, and group what differs by kind."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

EXAMPLES = 3  # of a kind
LINES = 12  # of an example
WIDTH = 200  # characters of a line
LONG = 4_000  # lines, from which on a quicker and coarser comparison is used

NUMBER = re.compile(r"\d[\d,.:]*")
RUN = re.compile(r"(\W)\1+")  # of a bar or a line: how long it is says nothing
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
ASSET = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1>", re.DOTALL)
OWN_ID = re.compile(r"^(text|patch|figure|axes)_\d+$")
CLIP = re.compile(r"url\(#\w+\)|\bp?[0-9a-f]{10}\b")
VERSION = re.compile(r'("name": ?"har-sockets",\s*"(?:semanticVersion|version)": ?"|har-sockets )\d+\.\d+[\w.]*')
SVG = "{http://www.w3.org/2000/svg}"


class Hunk(NamedTuple):
    """Hold lines of one output that became others."""

    output: str
    old: tuple[str, ...]
    new: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([*(f"-{line}" for line in self.old), *(f"+{line}" for line in self.new)])


class Reason(NamedTuple):
    """Hold why differences are meant: a pattern that their lines have, and the names of their outputs."""

    pattern: re.Pattern[str]
    outputs: str
    reason: str


# -- lines that can be compared ----------------------------------------------------------------------------


def lines_of(path: Path) -> list[str]:
    """Return an output in lines that can be compared: what it says, not how it is laid out in the file."""
    text = VERSION.sub(r"\1VERSION", path.read_text("utf-8", "replace"))
    match path.suffix:
        case ".json" | ".sarif":
            return list(flatten(json.loads(text)))
        case ".html":
            return list(page_lines(text))
        case ".svg":
            return list(picture_lines(text))
    return text.splitlines()


def flatten(value: Any, path: str = "") -> Iterator[str]:
    """Write a line for each value of a JSON document, with the keys above it in order."""
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from flatten(value[key], f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(part, dict | list) for part in value[:1]):
        for part in value:
            yield from flatten(part, f"{path}[]")
    else:
        yield f"{path} = {json.dumps(value, ensure_ascii=False)}"


def page_lines(text: str) -> Iterator[str]:
    """Write a line for each tag of a page; its data, its scripts and its styles come after them."""
    for tag in re.split(r"(?<=>)\s*(?=<)|\n", ASSET.sub("", text)):
        if tag.strip():
            yield tag.strip()
    for name, attributes, body in ASSET.findall(text):
        if "application/json" in attributes:
            yield from flatten(json.loads(body), "data")
        else:
            yield from (f"{name}: {line}" for line in body.splitlines() if line.strip())


def picture_lines(text: str) -> Iterator[str]:
    """Write a line for each word and each path of an SVG, by the name of its group."""
    for group in ElementTree.fromstring(text).iter(f"{SVG}g"):  # noqa: S314 - we wrote it
        name = group.get("id", "")
        name = "words" if OWN_ID.match(name) else name
        for mark in group:
            looks = CLIP.sub("", " ".join(mark.get(key, "") for key in ("x", "y", "style"))).strip()
            if mark.tag == f"{SVG}text":
                yield f"{name}: {mark.text!r} {looks}"
            elif mark.tag == f"{SVG}path":
                yield f"{name}: {' '.join(mark.get('d', '').split())} {looks}"


# -- what differs ------------------------------------------------------------------------------------------


def hunks_of(output: str, before: Path, after: Path) -> Iterator[Hunk]:
    """Compare one output of two versions."""
    if not (before.exists() and after.exists()):
        yield Hunk(output, *((() if not path.exists() else ("the output exists",)) for path in (before, after)))
    elif before.read_bytes() != after.read_bytes():
        if before.suffix == ".png":
            yield from pixels(output, before, after)
            return
        old, new = lines_of(before), lines_of(after)
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=len(old) + len(new) > LONG)
        for change, a, b, c, d in matcher.get_opcodes():
            if change != "equal":
                yield Hunk(output, tuple(old[a:b]), tuple(new[c:d]))


def pixels(output: str, before: Path, after: Path) -> Iterator[Hunk]:
    """Compare two PNGs by their pixels."""
    from PIL import Image, ImageChops

    old, new = Image.open(before).convert("RGB"), Image.open(after).convert("RGB")
    if old.size != new.size:
        yield Hunk(output, (f"size: {old.size}",), (f"size: {new.size}",))
    else:
        histogram = ImageChops.difference(old, new).convert("L").histogram()
        if changed := sum(histogram[1:]):
            yield Hunk(output, (), (f"pixels: {changed} of {sum(histogram)} differ",))


def kind_of(hunk: Hunk) -> str:
    """Name what kind of difference this is: what is the same in all captures that have it."""
    pairs = zip_longest(hunk.old, hunk.new)
    parts = dict.fromkeys(_change(old, new)[:WIDTH] for old, new in pairs)
    return f"{kind_of_output(hunk.output)}: " + " | ".join(list(parts)[:EXAMPLES])


def kind_of_output(output: str) -> str:
    """Name the kind of an output by its suffix."""
    suffixes = Path(output).suffixes
    return suffixes[-1][1:] if suffixes else output


def generalize(line: str) -> str:
    """Leave out of a line what differs from capture to capture: numbers, and how long a bar is."""
    return RUN.sub(r"\1", NUMBER.sub("#", line)).strip()


def _change(old: str | None, new: str | None) -> str:
    if old is None or new is None:
        return f"+{generalize(new or '')}" if old is None else f"-{generalize(old)}"
    before, after = TOKEN.findall(generalize(old)), TOKEN.findall(generalize(new))
    if before == after:
        return f"numbers of: {''.join(before)}"
    changes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    field = "".join(before).partition(" = ")[0] + ": " if " = " in old else ""
    return field + " … ".join(
        f"[{''.join(before[a:b])}] -> [{''.join(after[c:d])}]" for change, a, b, c, d in changes if change != "equal"
    )


# -- the report --------------------------------------------------------------------------------------------


def load_reasons(path: Path | None) -> list[Reason]:
    """Read which differences are meant: `[[difference]]` with `pattern`, `reason` and, if not all, `outputs`."""
    rows = tomllib.loads(path.read_text("utf-8")).get("difference", []) if path else []
    return [
        Reason(re.compile(row["pattern"], re.MULTILINE | re.DOTALL), row.get("outputs", "*"), row["reason"])
        for row in rows
    ]


def outputs_of(folder: Path) -> set[str]:
    """List the outputs of a folder by their paths in it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def compare(before: Path, after: Path, explain: Path | None) -> int:
    """Print what differs, by kind; 1 if something has no explanation."""
    reasons = load_reasons(explain)
    both: Counter[str] = Counter()
    different: Counter[str] = Counter()
    meant: dict[str, set[str]] = defaultdict(set)
    kinds: dict[str, list[Hunk]] = defaultdict(list)
    old, new = outputs_of(before), outputs_of(after)
    shared = {Path(output).parent for output in old} & {Path(output).parent for output in new}
    for output in sorted(output for output in old | new if Path(output).parent in shared):
        hunks = list(hunks_of(output, before / output, after / output))
        both[Path(output).name] += 1
        different[Path(output).name] += bool(hunks)
        for hunk in hunks:
            if reason := explanation(hunk, reasons):
                meant[reason].add(output)
            else:
                kinds[kind_of(hunk)].append(hunk)
    print(f"{len(shared):,} captures, runs and folders are in both, {count_of(old):,} before, {count_of(new):,} after.")
    print(f"{'output':24} {'equal':>7} {'different':>9}")
    for name in sorted(both):
        print(f"{name:24} {both[name] - different[name]:7,} {different[name]:9,}")
    for reason, outputs in sorted(meant.items()):
        print(f"\nExplained: {reason}\n  {len(outputs):,} outputs: {', '.join(sorted(outputs)[:EXAMPLES])}")
    for line in describe(kinds):
        print(line)
    print(f"\nKinds of difference that are not explained: {len(kinds):,}. Reasons that explain others: {len(meant):,}.")
    return 1 if kinds else 0


def count_of(outputs: Iterable[str]) -> int:
    """Count the captures, runs and folders that have outputs."""
    return len({Path(output).parent for output in outputs})


def explanation(hunk: Hunk, reasons: Sequence[Reason]) -> str:
    """Find the reason that explains a difference; empty without one."""
    text = str(hunk)
    return next((it.reason for it in reasons if fnmatch(hunk.output, it.outputs) and it.pattern.search(text)), "")


def describe(kinds: dict[str, list[Hunk]]) -> Iterable[str]:
    """Describe each kind of difference, the most frequent first, with a few examples."""
    for kind, hunks in sorted(kinds.items(), key=lambda item: -len(item[1])):
        outputs = dict.fromkeys(hunk.output for hunk in hunks)
        yield f"\nNot explained: {kind}\n  {len(hunks):,} times in {len(outputs):,} outputs"
        for hunk in list({hunk.output: hunk for hunk in reversed(hunks)}.values())[-EXAMPLES:]:
            yield f"  {hunk.output}"
            lines = str(hunk).splitlines()
            yield from (f"    {line[:WIDTH]}" for line in lines[:LINES])
            if len(lines) > LINES:
                yield f"    ... {len(lines) - LINES:,} more lines"

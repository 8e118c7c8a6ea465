"""Compare two folders of outputs that outputs.py rendered, and group what differs by kind."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

EXAMPLES = 3  # of a kind
LINES = 12  # of an example
WIDTH = 200  # characters of a line
LONG = 4_000  # lines, from which on a quicker and coarser comparison is used

NUMBER = re.compile(r"\b(?=\w*\d)[0-9a-f]{8,}\b|\d[\d,.:]*")  # also a hash
CAPTURE = re.compile(r"\[[^\]\s]+\](?=\.)")  # in a list of captures: which of them it is
RUN = re.compile(r"(\W)\1+")  # of a bar or a line: how long it is says nothing
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
ASSET = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1>", re.DOTALL)
OWN_ID = re.compile(r"^(text|patch|figure|axes)_\d+$")
CLIP = re.compile(r"url\(#\w+\)|\bp?[0-9a-f]{10}\b")
VERSION = re.compile(r'("name": ?"har-sockets",\s*"(?:semanticVersion|version)": ?"|har-sockets )\d+\.\d+[\w.]*')
ANSWER = "/text-80.json"
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
            name = part.get("source", "") if isinstance(part, dict) else ""
            yield from flatten(part, f"{path}[{name}]")
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
    return RUN.sub(r"\1", NUMBER.sub("#", CAPTURE.sub("[]", line))).strip()


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
    old, new, reasons = outputs_of(before), outputs_of(after), load_reasons(explain)
    shared = {Path(output).parent for output in old} & {Path(output).parent for output in new}
    outputs = sorted(output for output in old | new if Path(output).parent in shared)
    hunks = {output: list(hunks_of(output, before / output, after / output)) for output in outputs}
    meant: dict[str, set[str]] = defaultdict(set)
    kinds: dict[str, list[Hunk]] = defaultdict(list)
    for hunk in chain.from_iterable(hunks.values()):
        if reason := explanation(hunk, reasons):
            meant[reason].add(hunk.output)
        else:
            kinds[kind_of(hunk)].append(hunk)
    answers = {
        str(Path(output).parent)
        for output in outputs
        if output.endswith(ANSWER) and any(it.old for it in hunks[output])
    }
    print(f"{len(shared):,} captures, runs and folders are in both, {count_of(old):,} before, {count_of(new):,} after.")
    print(f"{len(answers):,} have another answer (JSON, not only more keys): {', '.join(sorted(answers)) or 'none'}")
    for line in (*tally(hunks), *(line for item in sorted(meant.items()) for line in describe_reason(*item))):
        print(line)
    for line in describe(kinds, answers):
        print(line)
    print(f"\nKinds of difference that are not explained: {len(kinds):,}. Reasons that explain others: {len(meant):,}.")
    return 1 if kinds else 0


def tally(hunks: dict[str, list[Hunk]]) -> Iterator[str]:
    """Count for each question and format how many outputs are equal, and how many differ."""
    both = Counter(Path(output).name for output in hunks)
    different = Counter(Path(output).name for output, changes in hunks.items() if changes)
    yield f"{'output':24} {'equal':>7} {'different':>9}"
    for name in sorted(both):
        yield f"{name:24} {both[name] - different[name]:7,} {different[name]:9,}"


def describe_reason(reason: str, outputs: set[str]) -> Iterator[str]:
    """Say how much a reason explains."""
    yield f"\nExplained: {reason}\n  {len(outputs):,} outputs: {', '.join(sorted(outputs)[:EXAMPLES])}"


def count_of(outputs: Iterable[str]) -> int:
    """Count the captures, runs and folders that have outputs."""
    return len({Path(output).parent for output in outputs})


def explanation(hunk: Hunk, reasons: Sequence[Reason]) -> str:
    """Find the reason that explains a difference; empty without one."""
    text = str(hunk)
    return next((it.reason for it in reasons if fnmatch(hunk.output, it.outputs) and it.pattern.search(text)), "")


def describe(kinds: dict[str, list[Hunk]], answers: set[str]) -> Iterator[str]:
    """Describe each kind of difference: first those that no other answer comes with, and the most frequent of these."""
    rows = [
        (all(str(Path(hunk.output).parent) in answers for hunk in hunks), kind, hunks) for kind, hunks in kinds.items()
    ]
    for follows, kind, hunks in sorted(rows, key=lambda row: (row[0], -len(row[2]))):
        outputs = dict.fromkeys(hunk.output for hunk in hunks)
        yield f"\nNot explained{', only beside another answer' if follows else ''}: {kind}"
        yield f"  {len(hunks):,} times in {len(outputs):,} outputs"
        for hunk in list({hunk.output: hunk for hunk in reversed(hunks)}.values())[-EXAMPLES:]:
            yield f"  {hunk.output}"
            lines = str(hunk).splitlines()
            yield from (f"    {line[:WIDTH]}" for line in lines[:LINES])
            if len(lines) > LINES:
                yield f"    ... {len(lines) - LINES:,} more lines"

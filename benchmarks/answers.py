"""Save every answer of the program on folders of captures, or compare two such sets.

    python benchmarks/answers.py save OUT FOLDER [FOLDER ...] [--command har-sockets]
    python benchmarks/answers.py compare BEFORE AFTER [--new-keys KEY,KEY]

`save` writes one file per question: JSON under four policies, masked and not, and each output that people read; of one
capture in 24 also what the program says of it alone, and of its first socket. `compare` exits with 1 if a file
differs; keys of JSON that are new (`--new-keys`) may be added. Use it before and after a change that must not change
answers.
"""

from __future__ import annotations

import argparse
import difflib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

QUESTIONS = {
    "json": ["analyze", "--format", "ndjson"],
    "json-open": ["analyze", "--format", "ndjson", "--show-secrets", "--show-users"],
    "json-no-bfcache": ["analyze", "--format", "ndjson", "--assume", "no-bfcache"],
    "json-per-user": ["analyze", "--format", "ndjson", "--per", "user"],
    "text": ["analyze", "--format", "text"],
    "markdown": ["analyze", "--format", "markdown"],
    "csv": ["analyze", "--format", "csv"],
    "sarif": ["analyze", "--format", "sarif"],
    "junit": ["analyze", "--format", "junit"],
    "check": ["check"],
    "html": ["analyze", "--out", "html:/dev/stdout", "--quiet"],
}
ALONE = {
    "text": ["analyze", "--format", "text"],
    "html": ["analyze", "--out", "html:/dev/stdout", "--quiet"],
    "svg": ["analyze", "--out", "svg:/dev/stdout", "--quiet"],
    "sockets": ["show"],
    "socket": ["show", "--verbose"],
}
EACH = 24  # one capture in so many is asked about alone
SUFFIXES = (".har", ".har.gz", ".har.zip")
SHOWN = 40  # lines of a difference


def find_captures(folders: list[str]) -> list[str]:
    """List the HARs below the folders, in a fixed order."""
    return sorted(str(path) for folder in folders for path in Path(folder).rglob("*") if path.name.endswith(SUFFIXES))


def save(command: str, folders: list[str], out: Path) -> None:
    """Ask every question about all captures, each in one run of the program."""
    captures = find_captures(folders)
    out.mkdir(parents=True, exist_ok=True)
    for name, (verb, *options) in QUESTIONS.items():
        (out / name).write_bytes(answer([command, verb, *captures, *options]))
    for number, capture in enumerate(captures[::EACH]):
        for name, (verb, *options) in ALONE.items():
            socket = ["1"] if name == "socket" else []
            path = out / f"alone-{number:03}-{Path(capture).name}.{name}"
            path.write_bytes(answer([command, verb, capture, *socket, *options]))
    print(f"{len(captures):,} captures, {len(QUESTIONS)} questions: {out}")


def answer(arguments: list[str]) -> bytes:
    """Run the program: its output, what it says of errors, and its exit status."""
    result = subprocess.run(arguments, capture_output=True, check=False)
    return result.stdout + result.stderr + f"\nexit status {result.returncode}\n".encode()


def without(value: Any, keys: frozenset[str]) -> Any:
    """Return a JSON value without these keys, however deep they stand."""
    if isinstance(value, dict):
        return {key: without(part, keys) for key, part in value.items() if key not in keys}
    return [without(part, keys) for part in value] if isinstance(value, list) else value


def lines_of(path: Path, keys: frozenset[str]) -> list[str]:
    """Return a saved answer in lines that can be compared."""
    text = path.read_text("utf-8", "replace")
    if not path.name.startswith("json"):
        return text.splitlines()
    documents = [line for line in text.splitlines() if line.startswith("{")]
    rest = [line for line in text.splitlines() if not line.startswith("{")]
    rows = [json.dumps(without(json.loads(line), keys), indent=1, ensure_ascii=False) for line in documents]
    return rest + [line for row in rows for line in row.splitlines()]


def differences(before: Path, after: Path, keys: frozenset[str]) -> Iterator[str]:
    """Compare the answers to every question; one text per question that differs."""
    for path in sorted(before.iterdir()):
        old, new = lines_of(path, keys), lines_of(after / path.name, keys)
        if old != new:
            changed = list(difflib.unified_diff(old, new, lineterm="", n=1))
            more = f"\n... {len(changed) - SHOWN:,} more lines" if len(changed) > SHOWN else ""
            yield f"{path.name}: {len(changed):,} lines differ\n" + "\n".join(changed[:SHOWN]) + more


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    saving = parts.add_parser("save")
    saving.add_argument("out", type=Path)
    saving.add_argument("folders", nargs="+")
    saving.add_argument("--command", default="har-sockets")
    comparing = parts.add_parser("compare")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    comparing.add_argument("--new-keys", default="")
    given = parser.parse_args()
    if given.part == "save":
        save(given.command, given.folders, given.out)
        return 0
    texts = list(differences(given.before, given.after, frozenset(given.new_keys.split(","))))
    print("\n".join(texts) or f"{len(list(given.before.iterdir())):,} answers are equal")
    return 1 if texts else 0


if __name__ == "__main__":
    sys.exit(main())

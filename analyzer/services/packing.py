"""Pack a TOML file of rows as JSON, which is read in a tenth of the time, and never answer from an old one.

`hatch_build.py` runs this file by itself before it builds the package, so it imports nothing of it. A wheel has only
the JSON. A checkout has both: there the JSON counts only if its stamp is that of the TOML, and else is written anew.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

EXAMPLES = ("example", "counterexample")  # fields of a row that nobody reads while the program runs


def read(source: Path) -> bytes:
    """Return the rows of a TOML file as JSON."""
    packed = source.with_suffix(".json")
    try:
        text = source.read_bytes()
    except FileNotFoundError:  # as in a wheel
        return packed.read_bytes()
    with suppress(OSError):
        content = packed.read_bytes()
        if content.startswith(_stamp(text)):
            return content
    content = pack(text)
    with suppress(OSError):  # a folder that nobody may write to: packed again next time
        _replace(packed, content)
    return content


def pack(text: bytes) -> bytes:
    """Return the tables of a TOML file as JSON without the examples, behind a stamp that only this file has."""
    import json
    import tomllib

    tables = {name: list(map(without_examples, rows)) for name, rows in tomllib.loads(text.decode()).items()}
    return _stamp(text) + json.dumps(tables, ensure_ascii=False, separators=(",", ":"))[1:].encode()


def without_examples(row: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in row.items() if field not in EXAMPLES}


def _stamp(text: bytes) -> bytes:
    return b'{"crc32":%d,' % crc32(text)


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that no other process ever reads a part of it."""
    part = path.with_name(f"{path.name}.{os.urandom(8).hex()}")  # also two containers may share a folder, and a pid
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

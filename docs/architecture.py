"""Write the generated parts of docs/architecture.md (`make architecture`): the modules, from their docstrings' first
lines, and the layers, from pyproject.toml.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/architecture.md"
TABLE = re.compile(r"(?<=\| module \| what it is \|\n\|---\|---\|\n)(?:\|.*\n)*")
LAYERS = re.compile(r"(?<=```text layers\n).*?(?=```)", re.DOTALL)


def page(text: str) -> str:
    """Put today's modules and layers into the page."""
    layers = read_layers()
    table = "".join(f"| `{name}` | {sentence} |\n" for name, sentence in list_modules(layers))
    text = TABLE.sub(lambda _: table, text)
    return LAYERS.sub(lambda _: "\n".join(layers) + "\n", text)


def read_layers() -> list[str]:
    """Read the layers of the package, the highest first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers: list[str] = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    return layers


def list_modules(layers: list[str]) -> Iterator[tuple[str, str]]:
    """List every module, those of the lowest layer first, with the first sentence of its docstring."""
    height = {name: -number for number, layer in enumerate(layers) for name in layer.split(" | ")}
    package = ROOT / "analyzer"

    def place(path: Path) -> tuple[int, tuple[str, ...]]:
        parts = path.relative_to(package).with_suffix("").parts
        return height.get(parts[0], 1), tuple("" if part == "__init__" else part for part in parts)

    for path in sorted(package.rglob("*.py"), key=place):
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        first = " ".join(docstring.split("\n\n")[0].split())
        sentence = re.split(r"(?<=[.!?]) (?=[A-Z])", first)[0].removesuffix(".").replace("|", "\\|")
        yield path.relative_to(ROOT).as_posix(), sentence


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")

"""Check that no module needs itself: imports form no cycle, those within functions and those for types alone included."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def read_modules(root: Path, package: str) -> dict[str, ast.Module]:
    """Read every module of a package by its dotted name."""
    modules = {}
    for path in (root / package).rglob("*.py"):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules[name] = ast.parse(path.read_text("utf-8"))
    return modules


def imports(tree: ast.Module, modules: Mapping[str, ast.Module]) -> Iterator[str]:
    """Yield the modules that a module imports, wherever the import stands; of `from a import b` the submodule `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                if submodule in modules or node.module in modules:
                    yield submodule if submodule in modules else node.module


def find_cycles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Find the groups of modules that reach each other (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    cycles: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(graph[name]):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            start = stack.index(name)
            group = stack[start:]
            del stack[start:]
            if len(group) > 1 or name in graph[name]:
                cycles.append(sorted(group))

    for name in sorted(graph):
        if name not in index:
            visit(name)
    return cycles


def test_no_module_needs_itself() -> None:
    modules = read_modules(ROOT, "analyzer")
    assert len(modules) > 100
    assert find_cycles({name: set(imports(tree, modules)) for name, tree in modules.items()}) == []


@pytest.mark.parametrize(
    ("graph", "cycles"),
    [
        pytest.param({"a": {"b"}, "b": {"c"}, "c": set()}, [], id="a chain"),
        pytest.param({"a": {"b", "c"}, "b": {"c"}, "c": set()}, [], id="two ways to one module"),
        pytest.param({"a": {"b"}, "b": {"a"}}, [["a", "b"]], id="two that need each other"),
        pytest.param({"a": {"b"}, "b": {"c"}, "c": {"b"}}, [["b", "c"]], id="a module above a cycle is not in it"),
        pytest.param({"a": {"a"}}, [["a"]], id="a module that imports itself"),
    ],
)
def test_cycles_are_found(graph: dict[str, set[str]], cycles: list[list[str]]) -> None:
    assert find_cycles(graph) == cycles


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param("from p import a", {"p.a"}, id="a submodule"),
        pytest.param("from p.a import x", {"p.a"}, id="a name"),
        pytest.param("def f():\n    from p.a import x", {"p.a"}, id="within a function"),
        pytest.param("if TYPE_CHECKING:\n    from p.a import x", {"p.a"}, id="for types"),
        pytest.param("import p.a", {"p.a"}, id="import"),
        pytest.param("from q import a", set(), id="another package"),
    ],
)
def test_imports_are_read(source: str, names: set[str]) -> None:
    modules = {name: ast.parse("") for name in ("p", "p.a")}
    assert set(imports(ast.parse(source), modules)) == names

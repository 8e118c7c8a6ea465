"""Collect every text that people can see: messages in the code, help, templates, outputs of the samples, and the docs."""

from __future__ import annotations

import ast
import contextlib
import html
import importlib
import inspect
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import typer
from typer.testing import CliRunner

from analyzer import Policy, Run, analyze, masking, read, triage
from analyzer.causes import CAUSES
from analyzer.cli import app
from analyzer.compare import Paired, compare
from analyzer.outputs import comparison, comparison_pairs, manual, render, show_list, totals
from analyzer.rules import RULES
from analyzer.totals.results import collect_results

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "analyzer"
TEMPLATES = PACKAGE / "painting" / "report"
SAMPLES = ROOT / "sample_hars"
LEAK, CORRECT = SAMPLES / "stream-chat-strictmode-leak.har", SAMPLES / "stream-chat-correct.har"
TWO_USERS, FAILED = SAMPLES / "stream-chat-two-users.har", SAMPLES / "failed-handshakes.har"
FORMATS = ("text", "markdown", "html", "junit", "sarif", "github")
PUBLIC = ("analyzer", "analyzer.testing", "analyzer.dataframes")
MANUALS = ("rules", "causes")  # their modules' docstrings are manual pages
UNSEEN = ("compile", "getLogger", "TypeVar", "ParamSpec", "cast")  # calls whose texts nobody reads


class Text(NamedTuple):
    """A text with the place where somebody can change it."""

    where: str
    text: str


# -- the code --------------------------------------------------------------------------------------------------


def in_code() -> Iterator[Text]:
    """Yield the texts of the package: strings with a blank in them, and the docstrings that are manual pages."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text("utf-8"))
        docstrings = dict(_docstrings(tree))
        if path.parent.name in MANUALS and path.stem != "__init__":
            yield from (Text(f"{name}:1", text) for node, text in docstrings.items() if tree.body[0] is node)
        for number, text in _strings(tree, set(docstrings)):
            yield Text(f"{name}:{number}", text)


def _docstrings(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text is not None:
                yield node.body[0], text


def _strings(node: ast.AST, skipped: set[ast.stmt]) -> Iterator[tuple[int, str]]:
    """Yield each string with its line; the values within an f-string become `…`."""
    if node in skipped or _is_unseen(node):
        return
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
        yield node.lineno, "".join(map(str, parts))
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value
        return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
            yield from _strings(child, skipped)


def _is_unseen(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in UNSEEN


def public_docstrings() -> Iterator[Text]:
    """Yield the docstrings of the names that a program imports."""
    for module_name in PUBLIC:
        module = importlib.import_module(module_name)
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name, None)
            if (text := inspect.getdoc(thing)) and (inspect.isclass(thing) or inspect.isroutine(thing)):
                yield Text(f"{module_name}.{name}", text)


def in_catalogues() -> Iterator[Text]:
    """Yield the texts of the services and client libraries (remedies, faults, billing), and of the JSON Schemas."""
    for path in sorted((PACKAGE / "services").glob("*.json")):
        for row in json.loads(path.read_text("utf-8")):
            for text in _words_of(row):
                yield Text(f"{path.relative_to(ROOT).as_posix()}: {row.get('id', row.get('provider'))}", text)
    for path in sorted((ROOT / "docs" / "schemas").glob("*.json")):
        for text in _words_of(json.loads(path.read_text("utf-8"))):
            yield Text(path.relative_to(ROOT).as_posix(), text)


def _words_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, str) and name in ("remedy", "says", "billing", "name", "title", "description"):
                yield item
            elif not isinstance(item, str):
                yield from _words_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from _words_of(item)


# -- help, templates, pages ------------------------------------------------------------------------------------


def in_help() -> Iterator[Text]:
    """Yield the help of the program and of each command: summaries, and the text of every option and argument."""
    group: Any = typer.main.get_command(app)  # of the click that typer brings along
    commands = {name: group.get_command(None, name) for name in group.list_commands(None)}
    for name, command in {"har-sockets": group, **commands}.items():
        for text in (command.help, command.short_help, command.epilog):
            if text:
                yield Text(f"help of {name}", text)
        for parameter in command.params:
            if getattr(parameter, "help", None):
                yield Text(f"help of {name} {parameter.opts[0]}", parameter.help)


def in_templates() -> Iterator[Text]:
    """Yield the words of the HTML report: between tags, in attributes that are read, and in scripts."""
    for path in sorted(TEMPLATES.iterdir()):
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text("utf-8")
        if path.suffix == ".html":
            yield Text(name, visible(re.sub(r"\{[{%#].*?[}%#]\}", "…", text, flags=re.DOTALL)))
            for attribute in re.findall(r"""(?:title|aria-label|placeholder|alt)=["']([^"']+)["']""", text):
                yield Text(name, attribute)
        elif path.suffix == ".js":
            for groups in re.findall(r"'([^'\n]*)'|`([^`]*)`|\"([^\"\n]*)\"", text):
                yield from (Text(name, it) for it in groups if " " in it)


def visible(page: str) -> str:
    """Reduce HTML to the text that a browser shows."""
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    attributes = " ".join(re.findall(r'(?:title|aria-label|placeholder|alt)="([^"]*)"', page))
    return html.unescape(re.sub(r"<[^>]*>", " ", page) + " " + attributes)


def in_pages() -> Iterator[Text]:
    """Yield README, the docs, and what is unreleased in CHANGELOG, a line at a time and without ids in backquotes."""
    pages = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        SAMPLES / "README.md",
        *sorted(ROOT.glob("examples/*/README.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
    ]
    for path in pages:
        yield from _paragraphs(path, path.read_text("utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    first, *others = re.split(r"^(?=## )", changes, flags=re.MULTILINE)
    yield from _paragraphs(ROOT / "CHANGELOG.md", first + (others[0] if others else ""))


def _paragraphs(path: Path, page: str) -> Iterator[Text]:
    """Yield each paragraph with its line, so that no sentence is cut; a glossary's words to avoid are left out."""
    number = 1
    for paragraph in re.split(r"\n(?=\n|\||- |\d+\. )", page):
        words = paragraph
        if path.name == "glossary.md" and paragraph.startswith("|"):
            words = paragraph.rpartition("|")[0].rpartition("|")[0]
        yield Text(f"{path.relative_to(ROOT).as_posix()}:{number}", re.sub(r"`[^`\n]+`", "`…`", words))
        number += paragraph.count("\n") + 1


# -- what the program prints -----------------------------------------------------------------------------------


def in_outputs() -> Iterator[Text]:
    """Yield what each command and each output for people prints of the samples."""
    yield from (Text(f"manual of {page.id}", manual.render(page, width=100).decode()) for page in (*RULES, *CAUSES))
    reports = tuple(analyze(read(path)) for path in sorted(SAMPLES.rglob("*.har")))
    run = masking.mask(Run(reports, (), Policy(), rules=RULES))
    for report in run.reports:
        alone = Run((report,), (), run.policy, rules=RULES)
        for name in FORMATS:
            yield Text(f"{name} of {Path(report.capture.source).name}", _words(name, render(name, alone).decode()))
    for name in FORMATS:
        yield Text(f"{name} of all samples", _words(name, render(name, run).decode()))
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder, "lines.ndjson")
        lines.write_bytes(render("ndjson", run))
        for arguments in (
            ["rules"],
            ["check", str(SAMPLES)],
            ["check", "--verbose", str(SAMPLES)],
            ["show", str(TWO_USERS)],
            ["show", str(TWO_USERS), "1"],
            ["show", str(FAILED), "1"],
            ["compare", str(LEAK), str(CORRECT)],
            ["compare", str(CORRECT), str(LEAK)],
            ["summary", str(lines)],
        ):
            result = CliRunner().invoke(app, arguments)
            yield Text(f"output of {' '.join(map(os.path.basename, arguments))}", result.output)


def in_many() -> Iterator[Text]:
    """Yield what outputs say of many captures: the list, the summary, lists of sockets, comparisons."""
    reports = tuple(analyze(read(path)) for path in sorted(SAMPLES.rglob("*.har")))
    run = masking.mask(Run(reports, (), Policy(), rules=RULES))
    yield Text("the list", render("text", triage.select(run, (), 5)).decode())
    results = collect_results(run)
    for name in ("text", "markdown"):
        yield Text(f"summary {name}", totals.RENDERERS[name](results, 5).decode())
        yield from (
            Text(f"sockets {name}", show_list.RENDERERS[name](Run((item,), (), run.policy)).decode())
            for item in run.reports
        )
        compared = compare(*run.reports[:2])
        yield Text(f"comparison {name}", comparison.RENDERERS[name](compared, run).decode())
        paired = Paired((("a.har", compared),), ("b.har",), ())
        yield Text(f"folders {name}", comparison_pairs.RENDERERS[name](paired, run).decode())


def _words(name: str, output: str) -> str:
    if name == "html":
        return visible(output)
    if name == "sarif":
        return "\n".join(_messages(json.loads(output)))
    return html.unescape(output) if name == "junit" else output


def _messages(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _messages(item)
    elif isinstance(value, list):
        for item in value:
            yield from _messages(item)
    elif isinstance(value, str) and " " in value:
        yield value


def everything() -> Iterable[Text]:
    """Yield every text that people can see."""
    for collect in (in_code, public_docstrings, in_catalogues, in_help, in_templates, in_pages, in_outputs, in_many):
        with contextlib.closing(collect()) as texts:
            yield from texts

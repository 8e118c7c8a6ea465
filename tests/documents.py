"""The code blocks of README and docs: find each one, and run, parse or compare it by the words behind its fence.

A fence names a language and, where that is not enough, a mode: ```` ```sh norun ````. `KINDS` has all pairs.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import dropwhile
from pathlib import Path
from typing import Any, NamedTuple

import typer
import yaml
from markdown_it import MarkdownIt

from analyzer import policy
from analyzer.cli import QUESTIONS, app
from analyzer.rules import RULES
from analyzer.services import loading
from analyzer.testing import plugin
from tests import program

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "sample_hars"
README = ROOT / "README.md"
PAGES = [
    README,
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    SAMPLES / "README.md",
    *sorted(ROOT.glob("examples/*/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
MARKDOWN = MarkdownIt("commonmark").enable("table")


# What the folder holds in which the blocks run: name -> sample.
OWN_CAPTURES = {
    "chat.har": "stream-chat-connect-on-every-mount.har",
    "before.har": "stream-chat-connect-on-every-mount.har",
    "after.har": "stream-chat-correct.har",
    "a.har": "three-reloads.har",
    "b.har": "away-and-back.har",
    "captures/login.har": "three-reloads.har",
    "captures/chat.har": "stream-chat-correct.har",
    "failing/login.har": "three-reloads.har",
    "failing/chat.har": "stream-chat-connect-on-every-mount.har",
    "failing/old.har": "safari-no-sockets.har",
    "test-results/sockets/tests-test_chat.py-test_refresh.har": "stream-chat-strictmode-leak.har",
}
FOLDERS = {name.partition("/")[0] for name in OWN_CAPTURES}
# Programs that blocks name beside our own; those that install, download or open a browser stand in blocks without a run.
PROGRAMS = {"python", "python3", "pytest", "check-jsonschema", "cat", "echo", "case", "esac", "exit", "export", "cd"}
PROGRAMS |= {"git", "pipx", "pip", "uvx", "py", "npm", "npx", "playwright", "mitmdump", "curl"}
PROGRAMS |= {"google-chrome", "open", "start"}
# Options in the text that belong to other programs.
THEIR_OPTIONS = {"--disable-features=BackForwardCache", "--accept", "--full", "--set", "--from"}
THEIR_OPTIONS |= {"--tracing", "--headed", "--remote-debugging-port=0"}
THEIR_OPTIONS |= {"--log-net-log", "--log-net-log=net.json", "--net-log-capture-mode=Everything"}
THEIR_OPTIONS |= {"--remote-debugging-port=9222", "--user-data-dir=FOLDER"}


SETTINGS = {"COLUMNS": "80", "KEY": "a key"}  # of the environment
NEEDS_SHELL = re.compile(r"[\n|&;<>$`*?~(){}\\\[\]!]|--jobs|\bwatch\b")


class Block(NamedTuple):
    page: Path
    line: int
    language: str
    mode: str
    text: str

    @property
    def kind(self) -> str:
        """Language and mode, without the values of the mode: `console lines=13` is of the kind `console lines`."""
        return re.sub(r"=\S+", "", f"{self.language} {self.mode}".strip())


def page_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """Every code block of a page. One that is indented has no language: it belongs to no kind."""
    items = []
    for token in MARKDOWN.parse(page.read_text("utf-8")):
        if token.type in ("fence", "code_block"):
            language, _, mode = token.info.strip().partition(" ")
            items.append(Block(page, (token.map or [0])[0] + 1, language, mode, token.content))
    return items


def block(page: Path, kind: str) -> str:
    """The text of the only block of a kind."""
    (items,) = (each for each in blocks(page) if each.kind == kind)
    return items.text


def inline_code(page: Path) -> list[str]:
    tokens = MARKDOWN.parse(page.read_text("utf-8"))
    return [child.content for token in tokens for child in token.children or () if child.type == "code_inline"]


# -- a folder to run in -----------------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    options = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "NO_COLOR")}
    return {**options, **SETTINGS, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)}


def fill(folder: Path) -> Path:
    """Put the samples, captures of one's own and the program into a folder."""
    shutil.copytree(SAMPLES, folder / "sample_hars")
    for name, sample in OWN_CAPTURES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / sample, folder / name)
    schemas = ROOT / "docs/schemas"
    if schemas.is_dir():
        shutil.copytree(schemas, folder / "docs/schemas")
    add_programs(folder)
    return folder


def add_programs(folder: Path) -> None:
    """Put this checkout's program and Python into a folder, where `shell` finds them."""
    (folder / "bin").mkdir()
    for name, arguments in (
        ("har-sockets", "-m analyzer "),
        ("python", ""),
        ("check-jsonschema", "-m check_jsonschema "),
    ):
        program = folder / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {arguments}"$@"\n')
        program.chmod(0o755)


def shell(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run commands as bash does. One of ours by itself, with nothing that a shell would change, needs no process."""
    if text.startswith("har-sockets ") and not NEEDS_SHELL.search(text.strip()):
        return program.run_text(*shlex.split(text, comments=True)[1:], cwd=folder, **SETTINGS)
    options = environment()
    return subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env={**options, "PATH": f"{folder / 'bin'}:{options['PATH']}"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def python(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", text], cwd=folder, env=environment(), capture_output=True, encoding="utf-8", check=False
    )


# -- what a kind of block must do -------------------------------------------------------------------------------


def run(each: Block, folder: Path) -> None:
    fill(folder)
    lines = [line for line in each.text.splitlines() if line.strip() and not line.startswith("#")]
    is_ours = all(line.startswith("har-sockets ") and not NEEDS_SHELL.search(line) for line in lines)
    for text in lines if is_ours else [f"set -e\n{each.text}"]:
        done = shell(text, folder)
        assert done.returncode == 0, done.stderr
    parse(each, folder)


def parse(each: Block, folder: Path) -> None:
    """Every command is one that exists, with options that it has."""
    wrong = [f"{line}: {problem}" for line in command_lines(each.text) for problem in problems(line)]
    assert wrong == []


def run_and_compare(each: Block, folder: Path) -> None:
    assert shown(each, fill(folder)) == each.text


def shown(each: Block, folder: Path) -> str:
    """A console block as it is: each command, and below it what it prints to standard output."""
    cut = re.search(r"lines=(\d+)", each.mode)
    lines = []
    for command in re.findall(r"^\$ (.*)$", each.text, re.MULTILINE):
        done = shell(command, folder)
        assert "Traceback" not in done.stderr, done.stderr
        printed = [line.rstrip() for line in done.stdout.splitlines()]
        rest = printed[: int(cut[1])] if cut else printed
        end = ["..."] if len(rest) < len(printed) else []
        lines += [f"$ {command}", *"\n".join(rest).rstrip("\n").split("\n"), *end]
    return "\n".join(lines) + "\n"


def fail_and_compare(each: Block, folder: Path) -> None:
    assert failure(each, fill(folder)) == each.text


def failure(each: Block, folder: Path) -> str:
    """What pytest shows of `assert_sockets` for the capture that the block names."""
    (har,) = re.findall(r"har=(\S+)", each.mode)
    code = f"from analyzer.testing import assert_sockets\ntry: assert_sockets({har!r}, per='user', max_open=1)\n"
    done = python(f"{code}except AssertionError as error: print(error)", folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


# The kinds whose text is an output: how it is made.
OUTPUTS = {run_and_compare: shown, fail_and_compare: failure}


def accept(each: Block, folder: Path) -> None:
    """Write the output of today into the page of a block."""
    text = each.page.read_text("utf-8")
    assert text.count(each.text) == 1, "the same block stands twice"
    checked_by = check(each)
    assert checked_by is not None
    each.page.write_text(text.replace(each.text, OUTPUTS[checked_by](each, fill(folder))), "utf-8")


def run_python(each: Block, folder: Path) -> None:
    """It runs, and each `print(...)  # text` prints that text."""
    done = python(each.text, fill(folder))
    assert done.returncode == 0, done.stderr
    printed = iter(done.stdout.splitlines())
    promised = re.findall(r"^ *print\(.*\)  # (.*)$", each.text, re.MULTILINE)
    assert [line for line in promised if line not in printed] == []


def read_python(each: Block, folder: Path) -> None:
    """It compiles, its imports exist, and our functions take the arguments that it gives them."""
    tree = ast.parse(each.text)
    options: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("analyzer"):
            module = import_module(node.module or "")
            options |= {name.asname or name.name: getattr(module, name.name) for name in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in options:
            names = {word.arg: None for word in node.keywords if word.arg}
            inspect.signature(options[node.func.id]).bind(*node.args, **names)


def read_javascript(each: Block, folder: Path) -> None:
    """It is JavaScript, to the node that Playwright brings."""
    from playwright._impl._driver import compute_driver_executable

    (folder / "block.mjs").write_text(each.text)
    node = compute_driver_executable()[0]
    done = subprocess.run([node, "--check", str(folder / "block.mjs")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def name_the_switch(each: Block, folder: Path) -> None:
    """A snippet in a language that nothing here reads: it gives the browser its switch."""
    assert re.search(r'addArguments\("--log-net-log=[\w.]+"\);', each.text)


def read_robot(each: Block, folder: Path) -> None:
    """Its commands are some that exist, with options that they have."""
    lines = re.sub(r"\n +\.\.\. +", "    ", each.text).splitlines()
    rows = [re.split(r" {2,}", line.strip()) for line in lines if "    har-sockets    " in line]
    assert len(rows) == 2
    commands = [[cell for cell in row[row.index("har-sockets") :] if not re.match(r"\w+=", cell)] for row in rows]
    assert [problem for words in commands for problem in problems(shlex.join(words))] == []


def read_jsx(each: Block, folder: Path) -> None:
    """It is JavaScript, once each element is taken out."""
    script = re.sub(r"<(\w+)[^;]*</\1>|<\w+[^<>;]*/>", "null", each.text)
    assert script != each.text
    read_javascript(each._replace(text=script), folder)


def load_settings(each: Block, folder: Path) -> None:
    (folder / "har-sockets.toml").write_text(each.text)
    policy.load(folder / "har-sockets.toml", [rule.id for rule in RULES])


def load_services(each: Block, folder: Path) -> None:
    (folder / "services.toml").write_text(each.text)
    assert loading.load(folder / "services.toml")


def validate(schema: str, text: str, folder: Path) -> None:
    (folder / "file.yml").write_text(text)
    transform = ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
    arguments = ["--builtin-schema", schema, *transform, str(folder / "file.yml")]
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for script in scripts(yaml.safe_load(text)) for line in command_lines(script)]
    assert lines
    assert [problem for line in lines for problem in problems(line)] == []


def validate_github(each: Block, folder: Path) -> None:
    validate("vendor.github-workflows", each.text, folder)


def validate_steps(each: Block, folder: Path) -> None:
    job = {"runs-on": "ubuntu-latest", "steps": yaml.safe_load(each.text)}
    validate("vendor.github-workflows", yaml.safe_dump({"on": "push", "jobs": {"sockets": job}}), folder)


def validate_gitlab(each: Block, folder: Path) -> None:
    validate("vendor.gitlab-ci", each.text, folder)


def read_hooks(each: Block, folder: Path) -> None:
    """A .pre-commit-config.yaml (check-jsonschema brings no schema of it): each hook starts a command that exists."""
    hooks = [hook for repo in yaml.safe_load(each.text)["repos"] for hook in repo["hooks"]]
    assert hooks
    assert all(
        {"id", "name", "entry", "language", "files"} <= set(hook) and re.compile(hook["files"]) for hook in hooks
    )
    assert [problem for hook in hooks for problem in problems(hook["entry"])] == []


def load_json(each: Block, folder: Path) -> None:
    json.loads(each.text)


def compare_elsewhere(each: Block, folder: Path) -> None:
    """A test of its own compares it: of the layers, of the columns, of the page's script."""


def look(each: Block, folder: Path) -> None:
    """A drawing: there is nothing that it could be compared with."""
    assert not re.search(r"^\$ |har-sockets", each.text, re.MULTILINE)


KINDS: dict[str, Callable[[Block, Path], None]] = {
    "sh": run,
    "sh norun": parse,
    "bat norun": parse,
    "console": run_and_compare,
    "console lines": run_and_compare,
    "console norun": parse,
    "python": run_python,
    "python norun": read_python,
    "sh snippet": parse,  # tests/browser/test_snippets.py runs the snippets
    "js snippet": read_javascript,
    "js runner": read_javascript,  # tests/browser/test_examples.py runs the runners
    "robotframework": read_robot,
    "python snippet": read_python,
    "java": name_the_switch,
    "js": read_javascript,
    "jsx": read_jsx,
    "toml": load_settings,
    "toml services": load_services,
    "yaml github": validate_github,
    "yaml github-steps": validate_steps,
    "yaml gitlab": validate_gitlab,
    "yaml pre-commit": read_hooks,
    "json": load_json,
    "text drawing": look,
    "text layers": compare_elsewhere,  # tests/test_docs.py
    "text columns": compare_elsewhere,  # tests/test_docs.py
    "text assert_sockets har": fail_and_compare,
}
GENERATED_KINDS = {"text": compare_elsewhere}  # a test of the page's script compares the page with the program


def is_generated(page: Path) -> bool:
    """Say whether a script of the same name writes the page: `x-y.md` by `x_y.py`, `folder/*.md` by `folder.py`."""
    own = page.with_name(page.stem.replace("-", "_") + ".py")
    return any(script.is_file() for script in (own, page.parent.with_suffix(".py"), page.parent / "write.py"))


def check(each: Block) -> Callable[[Block, Path], None] | None:
    """What a block must do; None for a block that is of no kind."""
    kinds = KINDS | (GENERATED_KINDS if is_generated(each.page) else {})
    return kinds.get(each.kind)


# -- commands ---------------------------------------------------------------------------------------------------


def scripts(node: Any) -> Iterator[str]:
    """Every script in the YAML of a workflow."""
    for key, value in node.items() if isinstance(node, dict) else ():
        if key in ("run", "script"):
            yield from [value] if isinstance(value, str) else value
        else:
            yield from scripts(value)
    for item in node if isinstance(node, list) else ():
        yield from scripts(item)


def command_lines(text: str) -> Iterator[str]:
    """The commands of a script or of a console block, each on one line."""
    joined = re.sub(r"\\\n\s*", " ", text)
    marked = re.findall(r"^\$ (.*)$", joined, re.MULTILINE)
    for line in marked or joined.splitlines():
        lexer = shlex.shlex(line, posix="\\" not in line, punctuation_chars="|&;()")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in (*lexer, ";"):
            if set(word) <= set("|&;()"):
                yield from [shlex.join(words)] if words else []
                words = []
            else:
                words.append(word)


def problems(line: str) -> Iterable[str]:
    """What is wrong with a command: unknown program, command, option, target, script or extra."""
    words = list(dropwhile(re.compile(r"\w+=").match, shlex.split(line, posix="\\" not in line)))
    if not words:
        return
    program = re.sub(r"^\.venv[/\\](bin|Scripts)[/\\]", "", words[0])
    if program == "har-sockets":
        yield from misread(words[1:])
    elif program == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        yield from (f"no target {word}" for word in words[1:] if word not in targets)
    elif program == "python" and words[1:2] and words[1].endswith(".py"):
        yield from [] if (ROOT / words[1]).is_file() else [f"no script {words[1]}"]
    elif program == "uvx" and "har-sockets" in words:
        yield from misread(words[words.index("har-sockets") + 1 :])
    elif program not in PROGRAMS and not re.match(r"[\d*]", program):  # a pattern of `case` is none
        yield f"no such program: {program}"
    if "install" in words:
        options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
        arguments = re.findall(r"\[([\w,]+)\]", line)
        yield from (f"no extra {name}" for names in arguments for name in names.split(",") if name not in options)


def misread(words: list[str]) -> Iterable[str]:
    """What the program's own parser of options says of its arguments; values are not looked at."""
    group: Any = typer.main.get_command(app)
    with group.context_class(group, info_name="har-sockets") as context:
        own = {name for parameter in group.get_params(context) for name in parameter.opts}
        command = group
        if words and words[0] in QUESTIONS:
            return
        if words and words[0] not in own:
            options = group.get_command(context, words[0])
            if options is None and words[0].isalpha() and words[0].islower() and words[0] not in FOLDERS:
                yield f"no such command: {words[0]}"
                return
            command, words = (options, words[1:]) if options else (group.get_command(context, "analyze"), words)
        with command.context_class(command, parent=context) as inner:
            try:
                command.make_parser(inner).parse_args(list(words))
            except Exception as error:
                if not hasattr(error, "format_message"):  # a usage error, of the click that typer brings
                    raise
                yield error.format_message()


def options() -> set[str]:
    """Every option of every command."""
    group: Any = typer.main.get_command(app)
    with group.context_class(group) as context:
        commands = [group, *(group.get_command(context, name) for name in group.list_commands(context))]
        return {
            name
            for command in commands
            for parameter in command.get_params(context)
            for name in (*parameter.opts, *parameter.secondary_opts)
        }


def plugin_options() -> set[str]:
    """Every option that the pytest plugin adds."""
    names = set()

    class Parser:
        def getgroup(self, *_: str) -> Parser:
            return self

        def addoption(self, name: str, **_: Any) -> None:
            names.add(name)

        def addini(self, *_: Any, **__: Any) -> None:
            """Names in the ini file are no options."""

    plugin.pytest_addoption(Parser())  # type: ignore[arg-type]
    return names

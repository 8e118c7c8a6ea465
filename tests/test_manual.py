"""The manual: complete, as wide as the terminal, and the same in docs/rules/."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from analyzer.causes import CAUSES
from analyzer.cli import app
from analyzer.outputs import manual
from analyzer.rules import RULES

DOCS = Path(__file__).parent.parent / "docs"


def test_the_list_has_every_rule_with_its_severity() -> None:
    lines = CliRunner().invoke(app, ["rules"]).stdout.splitlines()
    heads = [line.split()[:2] for line in lines[1 : lines.index("")] if line[:1].isalpha()]
    assert heads == [[rule.id, rule.severity] for rule in RULES]


def test_the_list_has_every_cause() -> None:
    _, causes, _ = CliRunner().invoke(app, ["rules"]).stdout.split("\n\n")
    assert [line.split()[0] for line in causes.splitlines()[1:] if line[:1].isalpha()] == [it.id for it in CAUSES]


@pytest.mark.parametrize("rule", [*RULES, *CAUSES], ids=lambda rule: rule.id)
def test_the_page_of_a_rule_or_cause_has_all_of_its_docstring(rule: object) -> None:
    output = CliRunner().invoke(app, ["rules", rule.id]).stdout  # type: ignore[attr-defined]
    text = manual.LINK.sub(r"\1", " ".join(rule.manual.split()))  # type: ignore[attr-defined]
    assert text in " ".join(output.split())
    assert "](" not in output


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    pages = [manual.render(page, width=width) for page in (*RULES, *CAUSES)]
    pages.append(manual.render_list(RULES, CAUSES, width=width))
    assert max(cell_len(line) for page in pages for line in page.decode().splitlines()) <= width


def test_a_rule_that_does_not_exist_is_wrong_usage_and_a_near_one_is_named() -> None:
    far, near = (CliRunner().invoke(app, ["rules", name]) for name in ("nonsense", "breif-overlap"))
    assert (far.exit_code, far.stderr) == (
        2,
        "har-sockets: nonsense: no such rule or cause: `har-sockets rules` lists them\n",
    )
    assert near.exit_code == 2
    assert near.stderr == "har-sockets: breif-overlap: no such rule or cause: did you mean brief-overlap?\n"


@pytest.mark.parametrize(
    ("typed", "page"),
    [
        pytest.param("dup", "duplicate-connection", id="how a rule begins"),
        pytest.param("Hot", "hot-reload", id="how a cause begins, in any case"),
        pytest.param("ghost_socket", "ghost-socket", id="with an underscore"),
    ],
)
def test_a_page_is_named_by_how_it_begins(typed: str, page: str) -> None:
    assert CliRunner().invoke(app, ["rules", typed]).stdout == CliRunner().invoke(app, ["rules", page]).stdout


def test_what_several_pages_begin_with_is_asked_back() -> None:
    done = CliRunner().invoke(app, ["rules", "recon"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "har-sockets: recon: which of them: reconnect-storm, reconnects-twice or reconnect-without-close?\n"
    )


def test_the_pages_in_docs_are_what_their_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("rules_pages", DOCS / "rules.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert {path.name: path.read_text("utf-8") for path in (DOCS / "rules").iterdir()} == script.pages(RULES)


def test_code_keeps_its_lines() -> None:
    cause = next(it for it in CAUSES if it.id == "several-client-instances")
    assert "\n    function App() {" in manual.render(cause).decode()
    assert "\n    }\n" in manual.render(cause).decode()

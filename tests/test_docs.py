"""README and docs hold: every block of code runs, every name and link exists, every slug is documented."""

from __future__ import annotations

import csv
import io
import re
import runpy
from pathlib import Path

import pytest

from analyzer import analyze, read
from analyzer.document.table import columns
from analyzer.formats.har.exporters import EXPORTERS, UNKNOWN
from analyzer.model import CaveatKind, Evidence, SkipReason, Verdict
from analyzer.rules import RULES
from analyzer.services.loading import builtin
from tests import documents
from tests.documents import PAGES, README, ROOT, Block, block, blocks, inline_code, page_id

PATHS = re.compile(r"`((?:analyzer|tests|docs|sample_hars|benchmarks|\.ci)/[\w./-]*|[\w-]+\.(?:md|toml))`")
YOURS = {ROOT / "har-sockets.toml", ROOT / "services.toml"}  # files of who uses the program
LINKS = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#([^)]*))?\)")
COMMAND = re.compile(r"(har-sockets|make|python3?|py|pip|pytest|uvx|\.venv\S+) (?!install$)\S")
BLOCKS = [each for page in PAGES for each in blocks(page)]


def block_id(each: Block) -> str:
    return f"{page_id(each.page)}:{each.line}"


def test_every_block_is_of_a_kind() -> None:
    assert [f"{block_id(each)}: {each.kind or 'indented'}" for each in BLOCKS if not documents.check(each)] == []


@pytest.mark.parametrize("each", BLOCKS, ids=block_id)
def test_every_block_does_what_its_kind_must(each: Block, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """`pytest tests/test_docs.py --accept` writes the outputs of today; read the diff before you commit it."""
    check = documents.check(each)
    assert check is not None
    if request.config.getoption("--accept") and check in documents.OUTPUTS:
        documents.accept(each, tmp_path)
    else:
        check(each, tmp_path)


@pytest.mark.parametrize("document", PAGES, ids=page_id)
def test_every_command_and_option_in_the_text_exists(document: Path) -> None:
    code = inline_code(document)
    lines = [text for text in code if COMMAND.match(text)]
    wrong = [f"{text}: {problem}" for text in lines for problem in documents.problems(text)]
    named = {name for text in code for name in re.findall(r"^--[\w-]+(?:=\S+)?", text)}
    options = documents.options() | documents.plugin_options() | documents.THEIR_OPTIONS
    assert (wrong, sorted(named - options)) == ([], [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("har-sockets chat.har --tolerence 5", "No such option"),
        ("har-sockets report chat.har --jbos 2", "No such option"),
        ("har-sockets chekc captures", "no such command: chekc"),
        ("make dmeo", "no target dmeo"),
        ("python benchmarks/rase.py", "no script"),
        ("pip install '.[parket]'", "no extra parket"),
        ("har-sokcets chat.har", "no such program"),
    ],
)
def test_a_wrong_command_is_found(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=problem):
        documents.parse(Block(README, 1, "sh", "norun", text), tmp_path)


def test_a_block_of_no_kind_is_found() -> None:
    assert documents.check(Block(README, 1, "", "", "har-sockets chat.har")) is None
    assert documents.check(Block(README, 1, "text", "", "har-sockets chat.har")) is None


def test_a_wrong_output_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        documents.run_and_compare(
            Block(README, 1, "console", "", "$ har-sockets --version\nhar-sockets 0.0.0\n"), tmp_path
        )


def test_the_readme_is_short() -> None:
    lines = README.read_text("utf-8").splitlines()
    first = next(number for number, line in enumerate(lines, 1) if re.match(r"(\$ )?har-sockets ", line))
    assert (len(lines) <= 150, first <= 30) == (True, True)


def test_the_index_has_every_page() -> None:
    index = ROOT / "docs/README.md"
    linked = {(index.parent / path).resolve() for path, _ in LINKS.findall(index.read_text("utf-8"))}
    pages = {page for page in (ROOT / "docs").glob("*.md") if page != index}
    folders = set((ROOT / "docs").glob("*/README.md"))
    assert sorted(page_id(page) for page in (pages | folders) - linked) == []


def test_the_readme_counts_the_services() -> None:
    assert f"{len(builtin())} services and dev servers" in README.read_text("utf-8")


@pytest.mark.parametrize("document", PAGES, ids=page_id)
def test_every_file_that_is_named_exists(document: Path) -> None:
    text = document.read_text("utf-8")
    named = {ROOT / path for path in PATHS.findall(text)}
    linked = {document.parent / path for path, _ in LINKS.findall(text)}
    assert sorted(page_id(path) for path in (named | linked) - YOURS if not path.exists()) == []


@pytest.mark.parametrize("document", PAGES, ids=page_id)
def test_every_heading_that_is_linked_exists(document: Path) -> None:
    for path, heading in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]*)\)", document.read_text("utf-8")):
        target = document.parent / path if path else document
        headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
        assert heading in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings]


def test_the_modules_and_layers_are_those_of_today() -> None:
    """`make architecture` writes them."""
    script = runpy.run_path(str(ROOT / "docs/architecture.py"))
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    assert text == script["page"](text)
    modules = [page_id(path) for path in (ROOT / "analyzer").rglob("*.py")]
    assert sorted(path for path in modules if f"| `{path}` | " not in text) == []


def rows() -> dict[str, str]:
    """The verdict by sample, as the samples' README has them."""
    text = (ROOT / "sample_hars/README.md").read_text("utf-8")
    return dict(re.findall(r"^\| \[[^]]*\]\(([^)]*)\) \| `([a-z-]+)` \|", text, re.MULTILINE))


def test_every_sample_has_its_row_and_its_verdict() -> None:
    options = {
        path.name: analyze(read(path)).verdict for path in (ROOT / "sample_hars").iterdir() if path.suffix != ".md"
    }
    assert rows() == options


def test_evidence_caveats_and_skip_reasons_are_documented_by_their_rows() -> None:
    """`make evidence` writes the tables."""
    script = runpy.run_path(str(ROOT / "docs/evidence.py"))
    text = (ROOT / "docs/json.md").read_text("utf-8")
    assert text == script["page"](text)
    rows = re.findall(r"^\| `([a-z-]+)` \| ", text, re.MULTILINE)
    assert [row for row in (*Evidence, *CaveatKind, *SkipReason) if row not in rows] == []


@pytest.mark.parametrize("word", [*(row.id for row in (*EXPORTERS, UNKNOWN)), *(rule.id for rule in RULES), *Verdict])
def test_every_exporter_rule_and_verdict_is_documented(word: str) -> None:
    assert f"`{word}`" in (ROOT / "docs/json.md").read_text("utf-8")


def test_the_columns_of_the_csv_are_documented() -> None:
    text = block(ROOT / "docs/json.md", "text columns")
    assert next(csv.reader(io.StringIO(text.replace("\n", "")))) == columns()

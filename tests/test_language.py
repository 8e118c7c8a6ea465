"""Check that texts and names are in plain English: no banned phrase, no word that the glossary replaces, no name that
says how a value came to be instead of what it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import code_names, strings
from tests.strings import Text

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"
THING = "line|row|lane|socket|capture|user|service|exporter|test|page|entry|session|browser|device|day|minute"
VERB = "opens?|had|has|have|keeps?|shows?|is|was|can|may"  # "the sockets a user had" is a relative clause


class Phrase(NamedTuple):
    """A phrase to avoid, what to write instead, and sentences that have it."""

    pattern: str
    instead: str
    examples: tuple[str, ...]


PHRASES = (
    Phrase(
        r"\b(?:un)?told\b|\btells?\b|\btelling\b",
        "detect, show, report, name",
        ("The format is told by the content.", "The finding tells how.", "What could not be told is untold."),
    ),
    Phrase(r"\bcan(?:not|'t|not be) tell\b", "undecided; the file does not show", ("This file cannot tell.",)),
    Phrase(
        r"\b(?:is|are|was|were|be|been) said\b|\bsay(?:s)? it all\b",
        "show, report",
        ("Nothing is said where nothing is shown.",),
    ),
    Phrase(
        r"\b(?:is|are|was|were|be|been|not) seen(?: to\b|\b(?! at\b| above\b))|\bseconds? seen\b|\d s seen\b",
        "recorded, shown",
        ("2 more were not seen to open.", "3.52 s seen, from 18:53"),
    ),
    Phrase(r"\bof which\b", "two sentences, or 'whose'", ("A browser of which each socket is recorded.",)),
    Phrase(
        r"\bruled? (?:it |that |them |this )?out\b",
        "possible; neither proven nor excluded",
        ("It cannot be ruled out.", "This file cannot rule it out.", "What is not ruled out"),
    ),
    Phrase(r"\bthat (?:is|are) no\b", "say what it is instead", ("A gate that is no gate.",)),
    Phrase(
        rf"\b(?:a|an|one|once|twice) (?:\w+ )?an? (?:{THING})\b",
        "per",
        ("It prints a line a capture.", "Connect once a user.", "It writes one row a socket."),
    ),
    Phrase(
        rf"\b(?:connection|socket|row|line|lane|test|file|verdict|result)s an? (?:{THING})\b(?! (?:{VERB})\b)",
        "per",
        ("It allows 3 connections a user.", "It writes 2 rows a socket."),
    ),
    Phrase(r"\bso many\b|\bso long a\b", "the number, or 'that many'", ("Named one by one, if not so many.",)),
    Phrase(r"\bas far as\b(?! possible)", "where, if", ("As far as the capture shows it.",)),
    Phrase(
        r"\b(?:\w+ )?at once\b(?! \(\S+ allowed per)",  # but the first line of a failed test, which is short
        "at the same time; immediately",
        ("More than one open at once.", "Up to 4 at once.", "Most at once: 3."),
    ),
    Phrase(r"\bwho was open when\b", "which sockets were open, and when", ("It shows who was open when.",)),
    Phrase(r"\bwhy: ?probably\b|\bprobably:", "Likely cause:", ("Why: Probably: 4 clients of one user.",)),
    Phrase(r"\btried:|\bnot tried\b", "This recording covers: / It does not cover:", ("Tried: load.", "Not tried: reload.")),
    Phrase(r"\?{3,}", "UNDECIDED", ("????  chat.har",)),
    Phrase(r"\bsurely\b", "certainly", ("An overlap that surely ended.",)),
    Phrase(r"\banew\b", "again", ("It connects anew.",)),
    Phrase(r"\b(?:is|are|was|were|be|been) mended\b|\bmends?\b", "fix", ("A version that is mended.",)),
    Phrase(r", goes on\b|\ban instant, ", "≥ 3.25 s", ("3.25 s, goes on", "an instant, goes on")),
    Phrase(r"\bnothing needs to be done\b", "No action needed", ("Nothing needs to be done.",)),
    Phrase(r"\bbe rid of\b", "avoid, remove", ("To be rid of it, connect outside of React.",)),
    Phrase(r"\b(?:held against|hold it against)\b", "compare with", ("The host is held against the pattern.",)),
    Phrase(r"\bnone of (?:its|their|this rule's) (?:doing|business)\b", "does not cause; excludes",
           ("The others are none of its doing.", "Two tabs are none of this rule's business.")),
    Phrase(r"\bof all (?:the )?others?\b", "of every other", ("Of all others only time and type.",)),
    Phrase(r"\bstands? (?:beside|together)\b|\bstood (?:beside|together)\b", "is next to; are grouped",
           ("Beside the verdict stand together the findings.", "Sockets stand together by service.")),
    Phrase(r"\bmost (?:open )?at (?:once|the same time)\b|\bpointed: ", "peak; arrow", ("pointed: no end",)),
    Phrase(r"\bhas to be (?:said|told)\b|\bto be told\b", "name it", ("It has to be said which.",)),
    Phrase(r"\blost from sight\b|\bout of sight\b", "no longer recorded", ("A socket was lost from sight.",)),
    Phrase(r"\bbeyond measure\b", "the limit, with its number", ("Names beyond measure.",)),
    Phrase(r"\bwhich does not mean that\b", "but that does not prove that", ("None, which does not mean that ...",)),
    Phrase(r"[A-Za-z]!(?:\s|$)", "a full stop", ("Done!",)),
)  # fmt: skip
# Single words of the glossary's last column that are wrong in every sense; the others have good uses.
SINGLE_WORDS = {"surely", "????"}


def glossary(page: str) -> list[Phrase]:
    """Read `| thing | we write | not |`: each phrase of the last column, and the words of the one before instead."""
    phrases = []
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 3 or cells[0] in ("thing", "") or set(cells[0]) == {"-"}:
            continue
        for word in (word.strip(" `\"'") for word in re.split(r"[,;]", re.sub(r"\([^)]*\)", "", cells[2]))):
            if word and (" " in word or word in SINGLE_WORDS):
                edge = r"\b" if word[0].isalnum() else ""
                phrases.append(Phrase(edge + re.escape(word) + edge, re.sub(r"`", "", cells[1]), (word,)))
    return phrases


def banned() -> list[Phrase]:
    return [*PHRASES, *glossary(GLOSSARY.read_text("utf-8") if GLOSSARY.is_file() else "")]


def faults(texts: Iterable[Text], phrases: Iterable[Phrase]) -> Iterator[str]:
    """Yield a line per banned phrase: where it is, the words around it, and what to write instead."""
    patterns = [(re.compile(phrase.pattern, re.IGNORECASE), phrase.instead) for phrase in phrases]
    for where, text in texts:
        words = " ".join(text.split())
        for pattern, instead in patterns:
            for match in pattern.finditer(words):
                around = words[max(0, match.start() - 40) : match.end() + 30]
                yield f"{where}: '{match[0]}' (write: {instead}) in '...{around}...'"


@pytest.mark.parametrize(
    "collect",
    [
        strings.in_code,
        strings.public_docstrings,
        strings.in_catalogues,
        strings.in_help,
        strings.in_templates,
        strings.in_pages,
        strings.in_outputs,
        strings.in_many,
    ],
    ids=lambda collect: collect.__name__.removeprefix("in_"),
)
def test_no_banned_phrase(collect: Callable[[], Iterator[Text]]) -> None:
    texts = list(collect())
    assert len(texts) > 10
    lines = {line.partition(": ")[2]: line for line in faults(texts, banned())}  # equal ones of several outputs once
    assert not lines, "\n".join([f"{len(lines)} faults:", *lines.values()])


# -- names -------------------------------------------------------------------------------------------------------

PARTICIPLES = 10  # functions in analyzer/ that may be named by a participle; lower it, never raise it


@pytest.mark.parametrize("folder", ["analyzer", "tests"])
def test_values_are_named_by_nouns(folder: str) -> None:
    lines = [line for path, source in code_names.modules(ROOT, folder) for line in code_names.faults(path, source)]
    assert not lines, "\n".join([f"{len(lines)} names:", *lines])


def test_values_of_the_page_are_named_by_nouns() -> None:
    files = [path for path in sorted(strings.TEMPLATES.iterdir()) if path.suffix in (".js", ".html")]
    lines = [line for path in files for line in code_names.names_in_page(path.name, path.read_text("utf-8"))]
    assert len(files) > 10
    assert not lines, "\n".join([f"{len(lines)} names:", *lines])


@pytest.mark.parametrize(
    ("name", "source"),
    [
        pytest.param("a.js", "const told = 1;", id="a variable"),
        pytest.param("a.js", "let rows = [], asked = false;", id="the second of a line"),
        pytest.param("a.js", "function f(row, it) {}", id="a parameter"),
        pytest.param("a.js", "for (const it of rows) f(it);", id="it of a loop"),
        pytest.param("a.js", "for (const [at, told] of rows) f(told);", id="a part"),
        pytest.param("a.js", "rows.map((it) => {\n});", id="it of a function over several lines"),
        pytest.param("a.js", "rows.map((found) => found.at);", id="a parameter of a short function"),
        pytest.param("a.html", "{% set told = f() %}", id="a value of a template"),
        pytest.param("a.html", "{% for words, it in rows %}", id="a loop of a template"),
    ],
)
def test_banned_names_of_the_page_are_found(name: str, source: str) -> None:
    assert len(list(code_names.names_in_page(name, source))) == 1


def test_it_within_one_line_of_a_script_is_a_name() -> None:
    assert list(code_names.names_in_page("a.js", "rows.map((it) => it.at);\nf('told', row.held);")) == []


def test_functions_are_named_by_verbs() -> None:
    lines = [
        f"{path}:{name.line}: {name.name}"
        for path, source in code_names.modules(ROOT, "analyzer")
        for name in code_names.functions(ast.parse(source))
        if code_names.is_participle(name.name)
    ]
    assert len(lines) <= PARTICIPLES, "\n".join([f"{len(lines)} functions named by a participle:", *lines])


def test_modules_are_short() -> None:
    lengths = {path: source.count("\n") for path, source in code_names.modules(ROOT, "analyzer")}
    assert {path: length for path, length in lengths.items() if length > code_names.LONGEST_MODULE} == {}


# -- the test itself finds faults --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phrase", "example"), [(phrase, example) for phrase in PHRASES for example in phrase.examples]
)
def test_each_banned_phrase_is_found(phrase: Phrase, example: str) -> None:
    (line, *_) = faults([Text("a.py:3", example)], [phrase])
    assert line.startswith("a.py:3: ")
    assert phrase.instead in line


def test_plain_sentences_pass() -> None:
    plain = (
        "2 sockets of one user were open at the same time for at least 2.23 s.",
        "Undecided: the file does not show whether socket #1 had closed when socket #2 opened.",
        "har-sockets prints one line per capture, and opens a socket a second time.",
        "The request was seen at 18:53.",
    )
    assert list(faults([Text("a.py:3", it) for it in plain], PHRASES)) == []


def test_a_phrase_over_a_line_break_is_found() -> None:
    assert list(faults([Text("a.md:1", "This cannot be ruled\n  out.")], PHRASES))


def test_the_glossary_bans_the_phrases_of_its_last_column() -> None:
    page = (
        "| thing | we write | not |\n|---|---|---|\n"
        "| not excluded | possible | cannot be ruled out, may have been |\n"
        "| one connection | socket | session, stream |\n"
        "| undecided | undecided; `UNDECIDED` in `check` | cannot tell, `????` |\n"
    )
    phrases = glossary(page)
    assert [phrase.examples for phrase in phrases] == [
        ("cannot be ruled out",), ("may have been",), ("cannot tell",), ("????",)
    ]  # fmt: skip
    assert list(faults([Text("a.md:1", "The result is ???? now.")], phrases)) == [
        "a.md:1: '????' (write: undecided; UNDECIDED in check) in '...The result is ???? now....'"
    ]


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        pytest.param('"""A docstring that is not read."""\nX = "a message"', ["a message"], id="docstrings are not"),
        pytest.param('say(f"{n} of {many} sockets")', ["… of … sockets"], id="an f-string, once"),
        pytest.param('say("one " "sentence")', ["one sentence"], id="joined strings"),
        pytest.param('P = re.compile("a pattern")', [], id="a pattern"),
        pytest.param('d = {"key": "single"}', [], id="single words"),
        pytest.param("say(f\"{plural(n, 'a socket')} open\")", ["… open", "a socket"], id="a string within a value"),
    ],
)
def test_strings_of_the_code_are_found(source: str, texts: list[str]) -> None:
    tree = ast.parse(source)
    assert [text for _, text in strings._strings(tree, set(dict(strings._docstrings(tree))))] == texts


def test_a_page_keeps_the_line_of_its_paragraphs_and_drops_ids() -> None:
    page = "# Head\n\nIt is `tried`\nand told.\n\n- one\n- two `told`\n"
    paragraphs = list(strings._paragraphs(ROOT / "docs/page.md", page))
    assert "`…`" in "".join(it.text for it in paragraphs)
    assert [line.partition(": ")[0] for line in faults(paragraphs, PHRASES)] == ["docs/page.md:2"]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        pytest.param("told = 1", [1], id="a variable"),
        pytest.param("def f(known): ...", [1], id="a parameter"),
        pytest.param("f(key=lambda it: it.id)", [1], id="it of a lambda"),
        pytest.param("for it in rows:\n    f(it)", [1], id="it of a loop"),
        pytest.param("[it.id for it in rows]", [], id="it within one line"),
        pytest.param("[\n    it.id\n    for it in rows\n]", [3], id="it of a comprehension over several lines"),
        pytest.param("try: f()\nexcept E as found: g(found)", [2], id="an exception"),
        pytest.param("match x:\n    case {'a': seen}: f(seen)", [2], id="a pattern"),
        pytest.param("row.said = f(kept=1)", [], id="fields and arguments of others"),
    ],
)
def test_banned_names_are_found(source: str, lines: list[int]) -> None:
    found_at = [int(line.split(":")[1]) for line in code_names.faults("a.py", source)]
    assert found_at == lines


@pytest.mark.parametrize(
    ("name", "expected"),
    [("masked", True), ("_told", True), ("_known_fault", True), ("mask", False), ("need", False), ("is_masked", False)],
)
def test_participles_are_recognised(name: str, expected: bool) -> None:
    assert code_names.is_participle(name) is expected

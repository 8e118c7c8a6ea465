"""What several outputs say, they say in the same words."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from analyzer import outputs
from analyzer.formats import read
from analyzer.masking import mask
from analyzer.model import Policy, Run
from analyzer.model.text import count_rest, join_some
from analyzer.outputs import show_list, text
from analyzer.pipeline import analyze
from analyzer.wording import findings
from analyzer.wording.lifetimes import OUTCOMES

CAPTURES = Path(__file__).parent / "captures"
PAINTERS = {
    "text": lambda run: text.render(run, width=140),
    "list": lambda run: show_list.render(run.reports[0], width=140),
    **{name: lambda run, name=name: outputs.render(name, run) for name in ("markdown", "html", "svg")},
}


@pytest.mark.parametrize("painter", PAINTERS)
@pytest.mark.parametrize(
    "name", ["chrome-slow-answer-proxied.har", "chrome-28-connecting-at-export.har", "cypress-har-generator-F.har"]
)
def test_an_outcome_has_one_wording(name: str, painter: str) -> None:
    report = analyze(read(CAPTURES / name))
    words = {OUTCOMES[session.outcome].brief for session in report.sessions}
    page = PAINTERS[painter](mask(Run((report,), (), Policy()))).decode()
    assert [it for it in words if it not in page] == []


def test_those_captures_show_every_outcome() -> None:
    assert set(OUTCOMES) == {
        session.outcome
        for name in ("chrome-slow-answer-proxied", "chrome-28-connecting-at-export", "cypress-har-generator-F")
        for session in analyze(read(CAPTURES / f"{name}.har")).sessions
    }


@pytest.mark.parametrize(
    ("words", "joined"),
    [(["a"], "a"), (["a", "b"], "a, b"), (["a", "b", "c"], "a, b and 1 more"), (list("abcdef"), "a, b and 4 more")],
)
def test_a_long_list_names_the_first_and_counts_the_rest(words: list[str], joined: str) -> None:
    assert join_some(words, 2) == joined


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        (count_rest(0, "socket"), ""),
        (count_rest(1, "socket"), "and 1 more socket"),
        (count_rest(1_200, where="--verbose"), "and 1,200 more: --verbose"),
    ],
)
def test_what_is_left_out_is_counted(rest: str, words: str) -> None:
    assert rest == words


def test_sentences_are_encoded_as_strings_where_the_caller_asks_for_it() -> None:
    findings = analyze(read(CAPTURES / "chrome-slow-answer-proxied.har")).findings
    texts = [finding["message"] for finding in msgspec.json.decode(msgspec.json.encode(findings, enc_hook=str))]
    assert texts == [finding["message"] for finding in msgspec.to_builtins(findings, enc_hook=str)]
    assert texts == [str(finding.message) for finding in findings] != []


@pytest.mark.parametrize(
    ("url", "is_linked"),
    [
        pytest.param("https://app.example:8443/assets/index-4f1c.js", True, id="a file"),
        pytest.param("http://app.example/index.js", False, id="no https"),
        pytest.param("https://app.example/index.js?v=<token 3>", False, id="a mask"),
        pytest.param("https://app.example/a b.js", False, id="a space"),
        pytest.param("https://user:word@app.example/index.js", False, id="a password"),
        pytest.param("javascript:alert(1)//https://app.example/", False, id="a script"),
    ],
)
def test_only_a_plain_address_is_linked(url: str, is_linked: bool) -> None:
    assert (findings.PLAIN.fullmatch(url) is not None) is is_linked

"""Two captures compared: only what both prove is said to be more or fewer, and it is said alike in every format."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from analyzer.cli import app
from analyzer.compare import Paired, Result, Standing, compare
from analyzer.formats import read
from analyzer.masking import mask
from analyzer.model import Caveat, Policy, Report, Run
from analyzer.outputs import comparison as outputs, comparison_pairs
from analyzer.pipeline import analyze
from analyzer.wording.coverage import describe_coverage
from tests.test_hostile import HOSTILE, SIGNS, hostile
from tests.test_text import report, socket

SAMPLES = Path(__file__).parent.parent / "sample_hars"
OVERUSE, CORRECT = "stream-chat-connect-on-every-mount.har", "stream-chat-correct.har"


def of(*lives: tuple[float, float | None], **more: object) -> Report:
    return report(*(socket(start, end, n=n) for n, (start, end) in enumerate(lives)), **more)


def hiding(result: Report) -> Report:
    """The same, from a file that may leave out sockets."""
    caveats = (Caveat("open-sockets-not-exported", "Sockets may be missing.", hides_sockets=True),)
    return msgspec.structs.replace(result, capture=msgspec.structs.replace(result.capture, caveats=caveats))


ONE, TWO, THREE = of((0, 1), (2, 3)), of((0, 2), (1, 3)), of((0, 9), (1, 9), (2, 9))


@pytest.mark.parametrize(
    ("before", "after", "standing"),
    [
        pytest.param(TWO, ONE, Standing.FEWER, id="two, then one at a time: fewer"),
        pytest.param(ONE, TWO, Standing.MORE, id="one at a time, then two: more"),
        pytest.param(TWO, TWO, Standing.SAME, id="two and two: the same"),
        pytest.param(TWO, hiding(ONE), Standing.UNDECIDED, id="fewer, but the second file may hide some: undecided"),
        pytest.param(
            hiding(TWO), ONE, Standing.FEWER, id="two at least, then one: fewer, whatever the first file hides"
        ),
        pytest.param(hiding(ONE), TWO, Standing.UNDECIDED, id="more, but the first file may hide some: undecided"),
        pytest.param(hiding(TWO), hiding(TWO), Standing.UNDECIDED, id="the same, but both may hide some: undecided"),
    ],
)
def test_more_or_fewer_is_said_where_both_prove_it(before: Report, after: Report, standing: Standing) -> None:
    assert compare(before, after).standing is standing


def test_what_is_only_possible_proves_neither() -> None:
    cannot_tell = analyze(read(SAMPLES / "playwright-cannot-decide.har"))
    assert (cannot_tell.concurrency.proven_peak, cannot_tell.concurrency.possible_peak) == (1, 2)
    assert compare(cannot_tell, ONE).standing is Standing.UNDECIDED
    assert compare(ONE, cannot_tell).standing is Standing.UNDECIDED
    url = cannot_tell.sessions[0].url
    three = report(*(socket(n, 9, url=url, n=n) for n in range(3)))
    assert compare(three, cannot_tell).standing is Standing.FEWER


@pytest.mark.parametrize(
    ("after", "result"),
    [
        pytest.param(of((0, 1), (2, 3)), Result.RESOLVED, id="one at a time, all of them certain"),
        pytest.param(of((0, 2), (1, 3)), Result.REDUCED, id="two instead of three: the fault is still there"),
        pytest.param(of((0, 1), (0.9, 2)), Result.POSSIBLY_RESOLVED, id="two for less than the tolerance"),
        pytest.param(of(), Result.NOT_OPENED, id="no socket at all"),
        pytest.param(report(socket(0, 1, url="wss://b.example/ws")), Result.NOT_OPENED, id="of another site"),
        pytest.param(hiding(of()), Result.NOT_OPENED, id="no socket, and the file may hide some"),
        pytest.param(hiding(of((0, 1))), Result.UNDECIDED, id="one, and the file may hide some"),
        pytest.param(THREE, Result.SAME, id="as many"),
    ],
)
def test_only_sockets_of_the_same_service_prove_that_an_overlap_is_gone(after: Report, result: Result) -> None:
    assert compare(THREE, after).result is result


@pytest.mark.parametrize(
    ("after", "result", "sign"),
    [
        pytest.param(CORRECT, "resolved", "✓", id="mended"),
        pytest.param("stream-chat-strictmode-leak.har", "reduced", "✗", id="four, then two"),
        pytest.param("stream-chat-strictmode-hook.har", "possibly-resolved", "?", id="possibly two"),
        pytest.param("failed-handshakes.har", "not-opened", "?", id="sockets that failed"),
        pytest.param("three-reloads.har", "not-opened", "?", id="another site"),
        pytest.param("firefox-openings-only.har", "not-opened", "?", id="another site, with openings only"),
        pytest.param("safari-no-sockets.har", "not-opened", "?", id="an exporter that writes no sockets"),
    ],
)
def test_a_tick_is_given_only_to_a_mend_that_the_capture_after_proves(after: str, result: str, sign: str) -> None:
    arguments = ["compare", str(SAMPLES / OVERUSE), str(SAMPLES / after)]
    text = CliRunner().invoke(app, arguments).stdout
    assert text.split()[0] in (sign, {"✓": "[OK]", "✗": "[X]", "?": "[?]"}[sign])
    answer = json.loads(CliRunner().invoke(app, [*arguments, "-f", "json"]).stdout)
    assert answer["result"] == result
    assert [it["user"] for it in answer["missing"]] == (["user-1"] if result == "not-opened" else [])
    assert (answer["standing"] == "untold") == (result == "not-opened")
    assert ("Not proven gone: 1" in text) == (result == "not-opened")
    for name in ("markdown", "html"):
        page = CliRunner().invoke(app, [*arguments, "-f", name]).stdout
        assert ("✓" in page) == (sign == "✓")
        assert ("opened no socket in the capture after: nothing is proven" in page) == (result == "not-opened")


def test_a_socket_of_another_service_that_did_not_overlap_may_be_missing_after() -> None:
    chat, other = "wss://a.example/ws", "wss://b.example/ws"
    before = report(socket(0, 3, url=chat, n=0), socket(1, 3, url=chat, n=1), socket(2, 3, url=other, n=2))
    assert compare(before, report(socket(0, 1, url=chat))).result is Result.RESOLVED
    assert compare(before, report(socket(0, 1, url=other))).result is Result.NOT_OPENED


def test_a_finding_whose_place_in_the_code_moved_is_still_there() -> None:
    before, after = (analyze(read(SAMPLES / name)) for name in (OVERUSE, "stream-chat-strictmode-leak.har"))
    assert before.findings[0].fingerprint != after.findings[0].fingerprint
    comparison = compare(before, after)
    assert (comparison.gone, comparison.added, [f.rule for f in comparison.same]) == ((), (), ["duplicate-connection"])
    assert [len(f.sessions) for f in (*comparison.same_before, *comparison.same)] == [4, 2]
    text = outputs.text(comparison, mask(Run((before, after), (), Policy()))).decode()
    assert "Still there: 1 (4 → 2 sockets)" in text


def test_captures_of_different_steps_are_named() -> None:
    both = [str(SAMPLES / OVERUSE), str(SAMPLES / "three-reloads.har")]
    text = " ".join(CliRunner().invoke(app, ["compare", *both]).stdout.split())
    assert "1 page before, 4 after: compare captures of the same steps." in text
    before, after = (describe_coverage(analyze(read(Path(it)))) for it in both)
    assert before in text
    assert after in text
    same = " ".join(CliRunner().invoke(app, ["compare", both[0], both[0]]).stdout.split())
    assert (same.count(before), "same steps" in same) == (2, False)


def test_verbose_shows_the_cause_and_the_advice() -> None:
    both = ["compare", str(SAMPLES / OVERUSE), str(SAMPLES / "stream-chat-strictmode-leak.har")]
    short, full = (CliRunner().invoke(app, [*both, *more]).stdout for more in ([], ["-v"]))
    assert ("Likely cause:" in short, "Likely cause:" in full, "→ Wait for" in full) == (False, True, True)


@pytest.mark.parametrize("option", [["--fail-on", "error"], ["--baseline", "x"], ["--allow-empty"]])
def test_options_of_the_gate_are_refused(option: list[str]) -> None:
    done = CliRunner().invoke(app, ["compare", str(SAMPLES / OVERUSE), str(SAMPLES / CORRECT), *option])
    assert done.exit_code == 2
    assert f"compare has no {option[0]}: use `har-sockets check AFTER --baseline FILE`" in done.output


def test_a_chart_is_refused_with_the_command_that_draws_it() -> None:
    both = [str(SAMPLES / OVERUSE), str(SAMPLES / CORRECT)]
    for arguments, captures in ((["compare", *both], " ".join(both)), (["show", both[0], "1"], both[0])):
        done = CliRunner().invoke(app, [*arguments, "-o", "two.png"])
        assert (done.exit_code, f"har-sockets timeline {captures} -o two.png" in done.output) == (2, True)


def test_findings_are_gone_new_or_still_there_by_fingerprint() -> None:
    comparison = compare(TWO, THREE)
    assert [(len(comparison.gone), len(comparison.added), len(comparison.same))] == [(0, 0, 1)]
    comparison = compare(THREE, ONE)
    assert ([f.rule for f in comparison.gone], comparison.added, comparison.same) == (["concurrent-sockets"], (), ())
    comparison = compare(ONE, THREE)
    assert (comparison.gone, [f.rule for f in comparison.added], comparison.same) == ((), ["concurrent-sockets"], ())


def test_one_that_is_there_twice_and_then_once_is_gone_once() -> None:
    before, after = of((0, 2), (1, 3), (5, 7), (6, 8)), of((0, 2), (1, 3))
    assert [len(before.findings), len(after.findings)] == [2, 1]
    comparison = compare(before, after)
    assert [len(comparison.gone), len(comparison.added), len(comparison.same)] == [1, 0, 1]


def test_users_and_addresses_are_compared_each_by_itself() -> None:
    reports = [analyze(read(SAMPLES / name)) for name in (OVERUSE, CORRECT)]
    (group,) = compare(*reports).groups
    assert group.provider is not None
    assert (group.provider.id, group.before.sessions, group.after.sessions) == ("stream-chat", 4, 2)
    assert (group.before.proven_peak, group.after.possible_peak, group.after.proven_overlap) == (4, 1, 0)


def test_an_address_whose_path_holds_a_token_is_the_same_address() -> None:
    first, second = (
        "wss://a.example/room/9f86d081884c7d659a2feaa0c55ad015",
        "wss://a.example/room/a3bf4f1b2b0b822cd15d6c15b0f00a08",
    )
    comparison = compare(report(socket(0, 1, url=first)), report(socket(0, 1, url=second)))
    assert [(dict(g.key)["endpoint"], g.before.sessions, g.after.sessions) for g in comparison.groups] == [
        ("wss://a.example/room/*", 1, 1)
    ]


def test_the_command_tells_it_in_every_format(tmp_path: Path) -> None:
    files = [part for name in outputs.RENDERERS for part in ("--out", f"{name}:{tmp_path / name}")]
    done = CliRunner().invoke(app, ["compare", str(SAMPLES / OVERUSE), str(SAMPLES / CORRECT), *files])
    assert (done.exit_code, "Fewer sockets open at the same time: peak 1, before 4." in done.output) == (0, True)
    for name in ("text", "markdown", "html"):
        document = (tmp_path / name).read_text("utf-8")
        assert ("Fewer sockets open at the same time: peak 1, before 4." in document, "user-1" in document) == (
            True,
            True,
        ), name
    document = json.loads((tmp_path / "json").read_text())
    assert (document["format"], document["standing"]) == (1, "fewer")
    assert [document["whole"][side]["proven_peak"] for side in ("before", "after")] == [4, 1]
    assert [len(document["findings"][part]) for part in ("gone", "added", "same")] == [1, 0, 0]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param([str(SAMPLES), str(SAMPLES / CORRECT)], 2, "takes one capture", id="a folder and a capture"),
        pytest.param([str(SAMPLES / CORRECT)], 2, "AFTER", id="one is missing"),
        pytest.param([str(SAMPLES / CORRECT), "none.har"], 2, "no such file", id="no such file"),
        pytest.param(
            [str(SAMPLES / CORRECT)] * 2 + ["--format", "csv"], 2, "choose text, json", id="a format that there is not"
        ),
        pytest.param([__file__, str(SAMPLES / CORRECT)], 3, "cannot be read|not", id="a file that is no capture"),
    ],
)
def test_what_cannot_be_compared_is_told_in_a_line(arguments: list[str], status: int, words: str) -> None:
    done = CliRunner().invoke(app, ["compare", *arguments])
    assert done.exit_code == status
    assert any(word in done.output for word in words.split("|"))
    assert "Traceback" not in done.output


def test_a_capture_compared_with_itself_is_the_same() -> None:
    done = CliRunner().invoke(app, ["compare", str(SAMPLES / CORRECT), str(SAMPLES / CORRECT)])
    assert (done.exit_code, "As many sockets open at the same time as before: peak 1." in done.output) == (0, True)


@pytest.mark.parametrize("content", [pytest.param(text, id=name) for name, text in HOSTILE.items()])
def test_hostile_text_acts_on_nothing(content: str) -> None:
    run = mask(Run((hostile(content), hostile(content)), (), Policy()))
    comparison = compare(*run.reports)
    for name, render in outputs.RENDERERS.items():
        output = render(comparison, msgspec.structs.replace(run, title=content)).decode("utf-8")
        assert [sign for sign in SIGNS if sign in output] == [], name

    class Tags(HTMLParser):
        visited: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.seen.append(tag)

    Tags.seen = []
    Tags().feed(outputs.page(comparison, run).decode())
    assert not {"script", "img", "svg", "iframe", "object"} & set(Tags.seen)


def test_the_same_captures_give_the_same_bytes_and_lines_fit() -> None:
    run = mask(Run((TWO, ONE), (), Policy()))
    comparison = compare(*run.reports)
    for render in outputs.RENDERERS.values():
        assert render(comparison, run) == render(comparison, run)
    for width in (40, 60, 80, 120):
        for unicode in (True, False):
            lines = outputs.text(comparison, run, width=width, unicode=unicode).decode().splitlines()
            assert max(map(len, lines)) <= width
            assert unicode or all(line.isascii() for line in lines)


def folders(tmp_path: Path, before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Two folders with samples under other names."""
    for folder, files in (("before", before), ("after", after)):
        for name, sample in files.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((SAMPLES / sample).read_bytes())
    return [str(tmp_path / "before"), str(tmp_path / "after")]


def test_two_folders_are_compared_by_equal_names_those_with_more_open_first(tmp_path: Path) -> None:
    both = folders(
        tmp_path,
        {"a.har": OVERUSE, "x/b.har": CORRECT, "gone.har": CORRECT},
        {"a.har": CORRECT, "x/b.har": OVERUSE, "new.har": CORRECT},
    )
    document = json.loads(CliRunner().invoke(app, ["compare", *both, "-f", "json"]).stdout)
    assert [(it["name"], it["standing"]) for it in document["pairs"]] == [("x/b.har", "more"), ("a.har", "fewer")]
    assert (document["only_before"], document["only_after"], document["unreadable"]) == (["gone.har"], ["new.har"], [])
    assert [len(document["pairs"][0]["findings"][part]) for part in ("added", "gone", "same")] == [1, 0, 0]
    for suffix in (".txt", ".md", ".html"):
        done = CliRunner().invoke(app, ["compare", *both, "-o", str(tmp_path / f"c{suffix}")])
        assert (done.exit_code, done.stdout) == (0, "")
        output = (tmp_path / f"c{suffix}").read_text("utf-8").replace("\n", " ")
        assert "2 pairs of captures: 1 more open at the same time, 1 fewer." in output
        assert output.index("x/b.har") < output.index("a.har", output.index("x/b.har") + 7)
        assert ("Only before: gone.har" in output, "Only after: new.har" in output) == (True, True)


def test_folders_give_no_tick_where_the_service_opened_no_socket(tmp_path: Path) -> None:
    both = folders(
        tmp_path,
        {"a.har": OVERUSE, "b.har": OVERUSE, "c.har": OVERUSE},
        {"a.har": "failed-handshakes.har", "b.har": "stream-chat-strictmode-leak.har", "c.har": CORRECT},
    )
    answer = json.loads(CliRunner().invoke(app, ["compare", *both, "-f", "json"]).stdout)
    results = [(it["name"], it["result"]) for it in answer["pairs"]]
    assert results == [("a.har", "not-opened"), ("b.har", "reduced"), ("c.har", "resolved")]
    for name in ("text", "markdown", "html"):
        output = CliRunner().invoke(app, ["compare", *both, "-f", name]).stdout
        assert (output.count("✓") + output.count("[OK]")) == 1, name
        words = " ".join(output.split())
        assert "1 without a socket of the service after, 1 fewer but still overlapping, 1 fewer." in words


def test_what_cannot_be_read_is_told_and_the_others_are_compared(tmp_path: Path) -> None:
    both = folders(tmp_path, {"a.har": OVERUSE, "b.har": CORRECT}, {"a.har": CORRECT, "b.har": "README.md"})
    done = CliRunner().invoke(app, ["compare", *both, "-f", "json"])
    assert done.exit_code == 3
    document = json.loads(done.stdout)
    assert [it["name"] for it in document["pairs"]] == ["a.har"]
    assert [Path(it["source"]).name for it in document["unreadable"]] == ["b.har"]
    assert document["only_before"] == []


def test_folders_without_a_common_name_are_wrong_usage(tmp_path: Path) -> None:
    both = folders(tmp_path, {"a.har": OVERUSE, "c.har": CORRECT}, {"b.har": CORRECT})
    done = CliRunner().invoke(app, ["compare", *both])
    assert (done.exit_code, "no captures of the same name" in done.output) == (2, True)


def test_folders_with_one_capture_each_are_two_captures(tmp_path: Path) -> None:
    both = folders(tmp_path, {"a.har": OVERUSE}, {"b.har": CORRECT})
    for arguments in (both, [str(tmp_path / "before" / "a.har"), both[1]]):
        done = CliRunner().invoke(app, ["compare", *arguments])
        assert (done.exit_code, "peak 1, before 4." in done.output) == (0, True)


@pytest.mark.parametrize("content", [pytest.param(text, id=name) for name, text in HOSTILE.items()])
def test_hostile_names_act_on_nothing(content: str) -> None:
    run = mask(Run((hostile(content), hostile(content)), (), Policy()))
    paired = Paired(((content, compare(*run.reports)),), (content,), ())
    for name, render in comparison_pairs.RENDERERS.items():
        output = render(paired, run).decode("utf-8")
        assert [sign for sign in SIGNS if sign in output] == [], name

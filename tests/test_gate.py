"""The gate: the exit status of `check` for every row of the contract, alone and together, with real captures."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result
from small_har import failed, har, socket, stack
from typer.testing import CliRunner

from analyzer import gate, outputs
from analyzer.cli import app
from analyzer.formats import read
from analyzer.model import Policy, Report, Run, Scope, Severity
from analyzer.outputs.check import render
from analyzer.pipeline import analyze, judge
from analyzer.rules import RULES
from analyzer.wording.verdict import verdict_sentences

CAPTURES = Path(__file__).parent / "captures"
SAMPLES = Path(__file__).parent.parent / "sample_hars"
FINE = "chrome-08-refresh3.har"
DUPLICATE = "chrome-S2-overuse.har"  # 4 sockets of one user
CONCURRENT = "chrome-05-overlap-1s.har"
POSSIBLE = "chrome-09b-nav-back-nobfcache.har"
MISSING = "cypress-har-generator-H.har"  # this exporter leaves out open sockets
NEVER = "playwright-1.60-A.har"  # this one every socket
DEV = "chrome-16-hmr.har"
USERS = "chrome-S4-two-users.har"
STORM, FAILED = "chrome-10-failed.har", "chrome-12a-double-mount-sync-close.har"
NONE, BAD = "none.har", "bad.har"
OWN = """
[[provider]]
id = "app"
name = "App"
match = [{ path = "/chat" }]
verified = { date = "2026-01-01", by = "us" }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without settings, with a capture that saw nothing, one that is none, and services of one's own."""
    (tmp_path / NONE).write_text('{"log":{"creator":{"name":"WebInspector"},"pages":[],"entries":[]}}')
    (tmp_path / BAD).write_text("{}")
    (tmp_path / "own.toml").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(folder: Path, names: str, *options: str) -> Result:
    paths = [str(folder / name if name in (NONE, BAD) else CAPTURES / name) for name in names.split()]
    return CliRunner().invoke(app, ["check", *paths, *options])


def rules(folder: Path, names: str, *options: str) -> list[str]:
    """The rules that a run of the gate tells of, in the JSON."""
    answer = json.loads(check(folder, names, *options, "--format", "json").stdout)
    return sorted({finding["rule"] for capture in answer["captures"] for finding in capture["findings"]})


@pytest.mark.parametrize(
    ("names", "options", "status"),
    [
        # the exit table
        pytest.param(FINE, "", 0, id="0: it passes"),
        pytest.param(DUPLICATE, "", 1, id="1: the policy is violated"),
        pytest.param("nowhere.har", "", 2, id="2: no such file"),
        pytest.param(FINE, "--no-such-option", 2, id="2: an unknown option"),
        pytest.param(FINE, "--fail-on fatal", 2, id="2: an unknown severity"),
        pytest.param(FINE, "--max-open 0", 2, id="2: none may be open"),
        pytest.param(FINE, "--baseline nowhere.json", 2, id="2: no such baseline"),
        pytest.param(FINE, "--format parquet", 2, id="2: a format that is for files only"),
        pytest.param(BAD, "", 3, id="3: it cannot be read"),
        pytest.param(POSSIBLE, "", 4, id="4: possible-overlap"),
        pytest.param(POSSIBLE, "--allow-undecided", 0, id="4: possible-overlap, allowed"),
        pytest.param(MISSING, "", 4, id="4: inconclusive"),
        pytest.param(MISSING, "--allow-undecided", 0, id="4: inconclusive, allowed"),
        pytest.param(MISSING, "--allow-empty", 4, id="4: another flag does not allow it"),
        pytest.param(NONE, "", 5, id="5: no sockets"),
        pytest.param(NONE, "--allow-empty", 0, id="5: no sockets, allowed"),
        pytest.param(NONE, "--allow-undecided", 5, id="5: another flag does not allow it"),
        pytest.param(NEVER, "", 5, id="5: no sockets, and it cannot tell"),
        pytest.param(NEVER, "--allow-empty", 4, id="5: allowed, and it still cannot tell"),
        pytest.param(NEVER, "--allow-empty --allow-undecided", 0, id="5: both allowed"),
        # together
        pytest.param(f"{FINE} {DUPLICATE} {BAD} {NONE} {POSSIBLE} nowhere.har", "", 2, id="2 before all"),
        pytest.param(f"{FINE} {POSSIBLE} {NONE} {BAD} {DUPLICATE}", "", 1, id="1 before 3, 5 and 4"),
        pytest.param(f"{FINE} {POSSIBLE} {NONE} {BAD}", "", 3, id="3 before 5 and 4"),
        pytest.param(f"{FINE} {POSSIBLE} {NONE}", "", 5, id="5 before 4"),
        pytest.param(f"{FINE} {POSSIBLE}", "", 4, id="4 before 0"),
        pytest.param(f"{FINE} {POSSIBLE} {NONE}", "--allow-empty", 4, id="5 allowed, 4 stays"),
        pytest.param(f"{FINE} {POSSIBLE} {NONE}", "--allow-empty --allow-undecided", 0, id="both allowed"),
        pytest.param(f"{BAD} {NONE}", "--allow-empty", 3, id="nothing allows what cannot be read"),
        pytest.param(f"{DUPLICATE} {NONE}", "--allow-empty --allow-undecided", 1, id="nothing allows a violation"),
        # the rule table
        pytest.param(DUPLICATE, "--fail-on error", 1, id="duplicate-connection is an error"),
        pytest.param(DUPLICATE, "--max-open 4", 0, id="duplicate-connection, as many as allowed"),
        pytest.param(DUPLICATE, "--max-open 3", 1, id="duplicate-connection, one too many"),
        pytest.param(DUPLICATE, "--max-open 4 --app-mode development --fail-on error", 1, id="limit-exceeded is an error"),
        pytest.param(DUPLICATE, "--max-open 4 --app-mode production", 0, id="limit-exceeded, within the other limit"),
        pytest.param(CONCURRENT, "", 1, id="concurrent-sockets is a warning"),
        pytest.param(CONCURRENT, "--fail-on error", 0, id="concurrent-sockets is no error"),
        pytest.param(CONCURRENT, "--max-open 2", 0, id="concurrent-sockets, as many as allowed"),
        pytest.param(DEV, "--count-dev-servers --providers own.toml", 0, id="unrelated-sockets is a note"),
        pytest.param(DEV, "--count-dev-servers --providers own.toml --fail-on note", 1, id="unrelated-sockets, notes fail"),
        pytest.param(CONCURRENT, "--tolerance 5000", 0, id="brief-overlap is a note"),
        pytest.param(CONCURRENT, "--tolerance 5000 --fail-on note", 1, id="brief-overlap, notes fail"),
        pytest.param(CONCURRENT, "--tolerance 0", 1, id="brief-overlap, no tolerance"),
        pytest.param(POSSIBLE, "--fail-on note", 1, id="possible-overlap, notes fail before it cannot tell"),
        pytest.param(POSSIBLE, "--assume no-bfcache", 0, id="possible-overlap, settled by what one knows"),
        pytest.param(DEV, "", 0, id="dev-server-socket is a note"),
        pytest.param(DEV, "--fail-on note", 1, id="dev-server-socket, notes fail"),
        pytest.param(DEV, "--count-dev-servers", 1, id="dev-server-socket, counted with the others"),
        pytest.param(USERS, "--max-open 2", 0, id="user-still-connected is a note"),
        pytest.param(USERS, "--per user", 0, id="user-still-connected, each user by himself"),
        pytest.param(USERS, "--max-open 2 --fail-on note", 1, id="user-still-connected, notes fail"),
        pytest.param(STORM, "", 1, id="failed-handshakes, five within a minute are a warning"),
        pytest.param(FAILED, "", 0, id="failed-handshakes is a note"),
        pytest.param(FAILED, "--fail-on note", 1, id="failed-handshakes, notes fail"),
        pytest.param(NONE, "--allow-empty --fail-on note", 1, id="nothing-recorded, notes fail"),
        pytest.param("chrome-bug-phoenix-backs-off.har", "", 0, id="reconnect-storm, of a client that backs off"),
        # the scopes
        pytest.param(USERS, "", 1, id="per capture, two users are too many"),
        pytest.param(USERS, "--per service", 1, id="per service they are, too"),
        pytest.param(DEV, "--count-dev-servers --per endpoint", 0, id="per endpoint, each by itself"),
        pytest.param(DUPLICATE, "--per user", 1, id="per user, one user has too many"),
        pytest.param(DUPLICATE, "--per page", 1, id="per page, they are of one page"),
    ],
)  # fmt: skip
def test_the_exit_status(names: str, options: str, status: int, folder: Path) -> None:
    done = check(folder, names, *options.split())
    assert (done.exit_code, done.exception if isinstance(done.exception, Exception) else None) == (status, None)


def test_the_rows_of_rules_are_about_these_rules(folder: Path) -> None:
    assert rules(folder, DUPLICATE, "--max-open", "4", "--app-mode", "development") == ["limit-exceeded"]
    own = ("--count-dev-servers", "--providers", "own.toml")
    assert rules(folder, DEV, *own) == ["dev-server-socket", "unrelated-sockets"]
    assert rules(folder, CONCURRENT, "--tolerance", "5000") == ["brief-overlap"]
    assert rules(folder, USERS, "--max-open", "2") == ["user-still-connected"]
    assert rules(folder, POSSIBLE) == ["possible-overlap"]
    assert rules(folder, FAILED) == ["failed-handshakes"]


@pytest.mark.parametrize("command", ["analyze", "report -o x.json", "report -o x.xml", "report -o x.sarif"])
@pytest.mark.parametrize("name", [DUPLICATE, POSSIBLE, NONE])
def test_only_check_ends_by_policy(command: str, name: str, folder: Path) -> None:
    path = folder / name if name == NONE else CAPTURES / name
    first, *rest = command.split()
    assert CliRunner().invoke(app, [first, str(path), *rest]).exit_code == 0


@pytest.mark.parametrize(
    ("names", "message"),
    [
        pytest.param(FINE, "", id="nothing, where all pass"),
        pytest.param(DUPLICATE, f"{CAPTURES / DUPLICATE}: /log/entries/4: fails the policy: duplicate-connection", id="violated"),
        pytest.param(f"{DUPLICATE} {FINE} {CONCURRENT}", f"{CAPTURES / DUPLICATE}: /log/entries/4: fails the policy: "
                     "duplicate-connection (and 1 more capture)", id="violated by two"),
        pytest.param(NONE, "{folder}/none.har: no sockets", id="empty"),
        pytest.param(POSSIBLE, f"{CAPTURES / POSSIBLE}: undecided (possible-overlap)", id="undecided"),
        pytest.param(BAD, "{folder}/bad.har: no log.entries: this is JSON, but not a capture that har-sockets reads: in Chrome DevTools choose Network > Export HAR", id="unreadable"),
    ],
)  # fmt: skip
def test_one_line_on_standard_error_says_why(names: str, message: str, folder: Path) -> None:
    done = check(folder, names, "--quiet")
    assert done.stdout == ""
    assert done.stderr == (f"har-sockets: {message.format(folder=folder)}\n" if message else "")


# -- what lets pass must not hide --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def allowed_overlap() -> Report:
    """An overlap that the default policy lets pass, decided."""
    return analyze(read(CAPTURES / CONCURRENT), Policy(tolerance="5s"))


def test_an_overlap_that_passes_does_not_hide_what_cannot_be_told(allowed_overlap: Report) -> None:
    perhaps = analyze(read(CAPTURES / POSSIBLE)).findings[0]
    hiding = analyze(read(CAPTURES / MISSING)).capture.caveats
    beside = msgspec.structs.replace(allowed_overlap, findings=(*allowed_overlap.findings, perhaps), unsure=True)
    missing = msgspec.structs.replace(
        allowed_overlap, capture=msgspec.structs.replace(allowed_overlap.capture, caveats=hiding)
    )
    assert [gate.judge(report, Policy()).status for report in (allowed_overlap, beside, missing)] == [0, 4, 4]
    assert gate.judge(beside, Policy(allow_undecided=True)).result is gate.Result.PASS


def test_the_gravest_failing_finding_comes_first() -> None:
    report = analyze(read(CAPTURES / USERS))
    assert [finding.severity for finding in gate.judge(report, Policy(fail_on=Severity.NOTE)).failing] == [
        Severity.WARNING,
        Severity.NOTE,
    ]


# -- the baseline ----------------------------------------------------------------------------------------------


def written(folder: Path, names: str, *options: str) -> Sequence[dict[str, str]]:
    done = check(folder, names, *options, "--write-baseline", "known.json")
    assert done.exit_code == 0, done.output
    return json.loads((folder / "known.json").read_text())["findings"]  # type: ignore[no-any-return]


def test_a_baseline_passes_what_it_knows_and_nothing_else(folder: Path) -> None:
    options = written(folder, f"{DUPLICATE} {DUPLICATE} {FINE}")
    assert [finding["rule"] for finding in options] == ["duplicate-connection"]
    assert check(folder, DUPLICATE, "--baseline", "known.json").exit_code == 0
    assert check(folder, CONCURRENT, "--baseline", "known.json").exit_code == 1
    assert "1 finding in the baseline (4 sockets)" in check(folder, DUPLICATE, "--baseline", "known.json").output


def test_a_baseline_decides_nothing(folder: Path) -> None:
    assert written(folder, f"{POSSIBLE} {NONE}") == []
    assert check(folder, POSSIBLE, "--baseline", "known.json").exit_code == 4
    assert check(folder, NONE, "--baseline", "known.json").exit_code == 5


def test_a_baseline_holds_what_fails_by_the_policy_that_wrote_it(folder: Path) -> None:
    assert [it["rule"] for it in written(folder, USERS)] == ["concurrent-sockets"]
    noted = written(folder, USERS, "--fail-on", "note")
    assert [it["rule"] for it in noted] == ["concurrent-sockets", "user-still-connected"]


def test_a_baseline_that_is_written_needs_none_to_be_there(folder: Path) -> None:
    (folder / "har-sockets.toml").write_text('baseline = "known.json"')
    assert check(folder, DUPLICATE).exit_code == 2
    assert len(written(folder, DUPLICATE)) == 1
    assert check(folder, DUPLICATE).exit_code == 0


def test_a_baseline_tells_what_it_leaves_out_and_what_cannot_be_read(folder: Path) -> None:
    done = check(folder, f"{DUPLICATE} {POSSIBLE} {BAD}", "--write-baseline", "known.json")
    assert done.exit_code == 3
    assert done.stdout == (
        "known.json: written, 1 finding (in 1 capture).\n"
        "1 capture stays undecided, unless its possible fault is in the baseline.\n"
    )


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2, "findings": []}', '{"format": 1, "findings": [7]}'])
def test_a_baseline_that_is_none_is_wrong_usage(text: str, folder: Path) -> None:
    (folder / "known.json").write_text(text)
    done = check(folder, FINE, "--baseline", "known.json")
    assert done.exit_code == 2
    assert done.stderr.startswith("har-sockets: known.json: no baseline of har-sockets")


def test_a_baseline_holds_no_secret(folder: Path) -> None:
    written(folder, DUPLICATE)
    assert "alice" not in (folder / "known.json").read_text()
    assert "eyJ" not in (folder / "known.json").read_text()


def saved(folder: Path, name: str, sockets: int, port: int = 3000, *, coded: bool = False) -> str:
    """A capture in which so many sockets of one address on this machine are open at once, by default of unknown code."""
    url = f"ws://localhost:{port}/chat"
    calls = stack("openChat" if coded else "")
    lives = [socket(1 + n, 20, url=url, calls=calls) for n in range(sockets)]
    (folder / name).write_text(json.dumps(har(*lives, saved=30)))
    return str(folder / name)


def check_files(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments])


def test_a_baseline_accepts_no_more_sockets_than_it_was_written_with(folder: Path) -> None:
    two, three, five = (saved(folder, f"{n}.har", n) for n in (2, 3, 5))
    assert check_files(two, three, "--write-baseline", "known.json").exit_code == 0
    (options,) = json.loads((folder / "known.json").read_text())["findings"]
    assert (options["peak"], options["capture"]) == (3, "3.har")
    assert check_files(two, three, "--baseline", "known.json").exit_code == 0
    done = check_files(five, "--baseline", "known.json")
    assert done.exit_code == 1
    assert "concurrent-sockets: peak 5, 3 in the baseline" in done.stdout
    for name, words in {"github": "::peak 5, 3 in the baseline: ", "junit": "peak 5, 3 in the baseline"}.items():
        assert words in check_files(five, "--baseline", "known.json", "--format", name).stdout


def test_a_baseline_of_before_accepts_any_number(folder: Path) -> None:
    two, five = saved(folder, "2.har", 2), saved(folder, "5.har", 5)
    check_files(two, "--write-baseline", "known.json")
    document = json.loads((folder / "known.json").read_text())
    for finding in document["findings"]:
        del finding["peak"], finding["capture"]
    (folder / "known.json").write_text(json.dumps(document))
    assert check_files(five, "--baseline", "known.json").exit_code == 0


@pytest.mark.parametrize("peak", ["0", '"2"', "2.5"])
def test_a_peak_that_is_none_is_refused(peak: str, folder: Path) -> None:
    (folder / "known.json").write_text(f'{{"format": 1, "findings": [{{"fingerprint": "a", "peak": {peak}}}]}}')
    assert "known.json: no baseline of har-sockets" in check(folder, FINE, "--baseline", "known.json").stderr


def test_a_baseline_counts_each_finding_once_and_warns_of_those_without_code(folder: Path) -> None:
    bare, coded = [saved(folder, f"{n}.har", 2) for n in "ab"], saved(folder, "c.har", 2, coded=True)
    assert check_files(*bare, coded, "--write-baseline", "known.json").stdout == (
        "known.json: written, 2 findings (in 3 captures).\n"
        "1 finding has no call stack: it also accepts the same fault elsewhere at this address.\n"
    )
    assert check_files(coded, "--write-baseline", "known.json").stdout == (
        "known.json: written, 1 finding (in 1 capture).\n"
    )


def test_a_possible_finding_passes_only_where_the_baseline_holds_it_with_its_peak(folder: Path) -> None:
    proven, possible = (str(SAMPLES / f"playwright-{name}.har") for name in ("overlap", "cannot-decide"))
    assert check_files(possible, "--write-baseline", "known.json").exit_code == 0
    assert check_files(possible, "--baseline", "known.json").exit_code == 4
    check_files(proven, "--write-baseline", "known.json")
    done = check_files(possible, "--baseline", "known.json")
    assert (done.exit_code, "1 possible finding in the baseline (2 sockets)" in done.stdout) == (0, True)
    document = json.loads((folder / "known.json").read_text())
    document["findings"][0]["peak"] = 1
    (folder / "known.json").write_text(json.dumps(document))
    assert check_files(possible, "--baseline", "known.json").exit_code == 4


def test_a_port_of_this_machine_is_not_in_the_fingerprint(folder: Path) -> None:
    check_files(saved(folder, "a.har", 2, port=3000), "--write-baseline", "known.json")
    assert check_files(saved(folder, "b.har", 2, port=49152), "--baseline", "known.json").exit_code == 0


@pytest.mark.parametrize(
    ("host", "former"),
    [
        ("localhost:3000", True),
        ("127.0.0.1:3000", True),
        ("[::1]:3000", True),
        ("localhost", False),
        ("localhost.example:3000", False),
        ("api.example:3000", False),
    ],
)
def test_a_baseline_of_before_still_matches_with_its_port(host: str, former: bool, folder: Path) -> None:
    url = f"ws://{host}/chat"
    (folder / "a.har").write_text(json.dumps(har(socket(1, 20, url=url), socket(2, 20, url=url), saved=30)))
    (finding,) = (it for it in analyze(read(folder / "a.har")).findings if it.rule == "concurrent-sockets")
    assert bool(finding.former_fingerprints) is former
    options = {"fingerprint": (*finding.former_fingerprints, finding.fingerprint)[0]}
    (folder / "known.json").write_text(json.dumps({"format": 1, "findings": [options]}))
    done = check_files("a.har", "--baseline", "known.json")
    assert (done.exit_code, "did not occur" in done.stdout) == (0, False)


def test_the_last_line_counts_what_did_not_occur(folder: Path) -> None:
    written(folder, f"{DUPLICATE} {CONCURRENT}")
    absent = "Every capture passes. 1 finding in the baseline did not occur: remove it if it is fixed.\n"
    assert check(folder, f"{DUPLICATE} {FINE}", "--baseline", "known.json").stdout.endswith(absent)
    for names in (f"{DUPLICATE} {CONCURRENT}", f"{DUPLICATE} {POSSIBLE}", f"{DUPLICATE} {BAD}"):
        assert "did not occur" not in check(folder, names, "--baseline", "known.json").stdout


# -- files -------------------------------------------------------------------------------------------------------


def test_several_files_come_of_one_run_and_nothing_else(folder: Path) -> None:
    names = ("junit", "sarif", "json", "ndjson", "csv", "parquet", "html", "markdown", "github", "text")
    done = check(folder, f"{DUPLICATE} {FINE}", *(f"--out={name}:{name}.out" for name in names), "--quiet")
    assert (done.exit_code, done.stdout) == (1, "")
    assert {path.name for path in folder.iterdir()} == {NONE, BAD, "own.toml", *(f"{name}.out" for name in names)}
    assert (folder / "text.out").read_text().splitlines()[-1] == (
        "2 captures: 1 FAIL, 1 PASS. The policy is violated. Details: --verbose."
    )


@pytest.mark.parametrize("options", ["--out json:a --out csv:./a", "--out json:a --out json:a"])
def test_two_outputs_do_not_overwrite_each_other(options: str, folder: Path) -> None:
    done = check(folder, DUPLICATE, *options.split())
    assert (done.exit_code, (folder / "a").exists()) == (2, False)
    assert "two outputs cannot go to one file" in done.stderr


def test_two_captures_of_one_name_are_both_told(folder: Path) -> None:
    for name, source in (("a", DUPLICATE), ("b", FINE)):
        (folder / name).mkdir()
        (folder / name / "x.har").write_bytes((CAPTURES / source).read_bytes())
    done = CliRunner().invoke(app, ["check", "a", "b", "--out", "junit:x.xml"])
    assert [line.split(":")[0] for line in done.stdout.splitlines()[:2]] == ["FAIL       a/x.har", "PASS       b/x.har"]
    assert (folder / "x.xml").read_text().count("<testsuite ") == 2


def test_a_file_that_cannot_be_written_is_wrong_usage_and_leaves_nothing(folder: Path) -> None:
    done = check(folder, DUPLICATE, "--out", "json:nowhere/a.json")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].startswith("har-sockets: nowhere/a.json: cannot be written")


# -- undecided only where some truth breaks the policy ---------------------------------------------------------------

ONE, OTHER = "wss://one.example/ws", "wss://other.example/ws"
CHAT = "wss://chat.stream-io-api.com/connect?json=%7B%22user_id%22%3A%22{}%22%7D&api_key=k&stream-auth-type=jwt"
NEXUS = "wss://nexus-websocket-a.intercom.io/pubsub/5-abc?X-Nexus-Version=1&user_role=user"
VITE = (("Sec-WebSocket-Protocol", "vite-hmr"),)
EXTENSION = stack("sync", url="chrome-extension://abcdefghijklmnop/background.js")


def perhaps(seconds: float, first: str = ONE, second: str = ONE, **more: Any) -> list[dict[str, Any]]:
    """Two sockets that may have been open together for so long: it is not known when the second one opened."""
    return [
        socket(1, 6, url=first, times=[2, 3, 4, 5]),
        socket(6 - seconds, None, url=second, opened=7, times=[8, 9], **more),
    ]


@pytest.mark.parametrize(
    ("sockets", "policy", "status"),
    [
        pytest.param(perhaps(0.1), {}, 0, id="at most 100 ms, of 250"),
        pytest.param(perhaps(0.3), {}, 4, id="at most 300 ms, of 250"),
        pytest.param(perhaps(0.3), {"tolerance": 400}, 0, id="at most 300 ms, of 400"),
        pytest.param(perhaps(0.1), {"tolerance": 0}, 4, id="at most 100 ms, of none"),
        pytest.param(perhaps(3), {"max_open": 2}, 0, id="two are allowed"),
        pytest.param(perhaps(3, ONE, OTHER), {}, 4, id="two addresses"),
        pytest.param(perhaps(3, ONE, OTHER), {"per": Scope.ENDPOINT}, 0, id="two addresses, each by itself"),
        pytest.param(perhaps(3), {"per": Scope.ENDPOINT}, 4, id="one address, each by itself"),
        pytest.param(perhaps(3, headers=VITE), {}, 0, id="a development server's"),
        pytest.param(perhaps(3, headers=VITE), {"count_dev_servers": True}, 4, id="a development server's, counted"),
        pytest.param(perhaps(3, calls=EXTENSION), {}, 0, id="an extension's"),
        pytest.param(perhaps(3, calls=EXTENSION), {"count_extensions": True}, 4, id="an extension's, counted"),
        pytest.param(perhaps(3, CHAT.format("a"), NEXUS), {}, 0, id="two services: a note if it were certain"),
        pytest.param(perhaps(3, CHAT.format("a"), CHAT.format("a")), {}, 4, id="one user"),
        pytest.param(perhaps(3), {"fail_on": Severity.ERROR}, 0, id="a warning if it were certain, errors fail"),
        pytest.param(perhaps(3, CHAT.format("a"), CHAT.format("a")), {"fail_on": Severity.ERROR}, 4, id="an error"),
        pytest.param(perhaps(3), {"severities": (("concurrent-sockets", None),)}, 0, id="the rule is off"),
        pytest.param(perhaps(3), {"severities": (("possible-overlap", None),)}, 4, id="only the doubt is off"),
        pytest.param(
            perhaps(3, CHAT.format("a"), CHAT.format("b")),
            {"per": Scope.USER, "severities": (("user-still-connected", Severity.ERROR),)}, 4, id="another rule fails",
        ),
        # beside an overlap that is certain, and allowed
        pytest.param([*perhaps(3), socket(1, None, url=OTHER, headers=VITE)], {}, 4, id="beside a development server's"),
        pytest.param([*perhaps(0.1), socket(1, None, url=OTHER, headers=VITE)], {}, 0, id="briefly, beside one"),
        pytest.param([*perhaps(3), socket(1, 20)], {"max_open": 2}, 4, id="perhaps a third, where two are allowed"),
        pytest.param([*perhaps(0.1), socket(1, 20)], {"max_open": 2}, 0, id="briefly a third, where two are allowed"),
        pytest.param([*perhaps(0.1), *perhaps(0.1, OTHER, OTHER)], {"max_open": 2}, 0, id="two pairs at one time"),
        pytest.param([socket(1, 6), socket(5, None), *perhaps(3)], {"max_open": 3}, 4, id="perhaps a fourth"),
        pytest.param([socket(1, 6), socket(5.9, None), *perhaps(3)], {"max_open": 3}, 0, id="perhaps a fourth, briefly"),
    ],
)  # fmt: skip
def test_a_capture_is_undecided_only_where_some_truth_breaks_the_policy(
    sockets: list[dict[str, Any]], policy: dict[str, Any], status: int, report: Callable[..., Report]
) -> None:
    assert gate.judge(report(har(*sockets), **policy), Policy(**policy)).status == status


@pytest.mark.parametrize(("gap", "status"), [(4, gate.UNDECIDED), (8, 0)], ids=["15 a minute", "7 a minute"])
def test_a_storm_that_cannot_be_ruled_out_is_a_doubt(gap: int, status: int, report: Callable[..., Report]) -> None:
    """Without closes it is not known whether each took the place of the one before; as many may be open at once."""
    entries = [socket(n * gap, None, opened=n * gap + 0.1) for n in range(15)]
    for entry in entries:
        entry["_webSocketMessages"] = []
    firefox = {"name": "Firefox", "version": "153"}
    policy = Policy(max_open=15)
    assert gate.judge(report(har(*entries, creator=firefox), max_open=15), policy).status == status


def test_handshakes_that_failed_side_by_side_are_no_storm(report: Callable[..., Report]) -> None:
    """By Playwright, which does not record when they failed: none is known to have been asked for after another."""
    attempts = [failed(1 + n * 0.003, 21) for n in range(12)]
    for attempt in attempts:
        attempt["response"]["_failureText"] = attempt["_webSocketMessages"].pop()["data"]
    written = har(*attempts, creator={"name": "Playwright", "version": "1.61.0"})
    assert {it.rule for it in report(written).findings} == {"failed-handshakes", "nothing-recorded"}


def test_what_the_baseline_knows_is_no_doubt(report: Callable[..., Report]) -> None:
    (analysis,) = report(har(socket(1, 6, url=ONE), socket(2, 9, url=ONE))).findings
    policy = Policy(baseline=frozenset({analysis.fingerprint}))
    assert gate.judge(report(har(*perhaps(3))), Policy()).status == gate.UNDECIDED
    assert gate.judge(report(har(*perhaps(3)), baseline=policy.baseline), policy).status == 0


@pytest.mark.parametrize("name", [POSSIBLE, MISSING, CONCURRENT, DUPLICATE, FINE, DEV, "chrome-S7-hook-strict.har"])
@pytest.mark.parametrize("tolerance", [0, 250, 10_000])
def test_what_is_decided_stays_so_when_less_is_possible(name: str, tolerance: int) -> None:
    """A capture of which every socket was open as long as it possibly was passes only if the capture itself passes."""
    policy = Policy(tolerance=tolerance)
    capture = analyze(read(CAPTURES / name), policy)
    status = gate.judge(capture, policy).status
    worst = tuple(msgspec.structs.replace(it, proven=it.possible) for it in capture.sessions)
    then = gate.judge(judge(capture.capture, worst, policy), policy).status
    assert (then == gate.VIOLATED) == (status == gate.VIOLATED or (capture.unsure and status == gate.UNDECIDED))


# -- nothing opened -------------------------------------------------------------------------------------------------

NEVER_OPENED = [
    failed(n, n + 0.1, "Error during WebSocket handshake: Unexpected response code: 503") for n in (1, 9, 20)
]


@pytest.mark.parametrize(
    ("sockets", "message"),
    [
        pytest.param(NEVER_OPENED, "No socket opened: 3 × HTTP 503.", id="refused"),
        pytest.param([failed(1, 1.1, "net::ERR_CONNECTION_REFUSED")], "No socket opened: 1 × net::ERR_CONNECTION_REFUSED.",
                     id="no server"),
        pytest.param([failed(1, 1.1, "WebSocket is closed before the connection is established.")],
                     "No socket opened: 1 × closed by the page itself while connecting.", id="closed by the page"),
        pytest.param([failed(1, 1.1, "a"), failed(2, 2.1, "b"), failed(3, 3.1, "c"), failed(4, 4.1, "d")],
                     "No socket opened: 1 × a, 1 × b, 1 × c and 1 other problem.", id="many reasons"),
    ],
)  # fmt: skip
def test_a_capture_in_which_nothing_opened_was_not_checked(
    sockets: list[dict[str, Any]], message: str, report: Callable[..., Report]
) -> None:
    analysis = report(har(*sockets))
    assert (analysis.verdict, gate.judge(analysis, Policy()).status) == ("no-overlap", gate.EMPTY)
    assert gate.judge(analysis, Policy(allow_empty=True)).status == 0
    assert gate.judge(analysis, Policy(allow_undecided=True)).status == gate.EMPTY
    assert "nothing-recorded" in {finding.rule for finding in analysis.findings}
    assert verdict_sentences(analysis, Policy())[0] == message


@pytest.mark.parametrize("name", [name for name in outputs.OUTPUTS if name != "parquet"])
def test_no_output_ticks_what_nothing_opened_in(name: str, report: Callable[..., Report]) -> None:
    analysis = report(har(*NEVER_OPENED))
    text = outputs.render(name, Run((analysis, analysis), (), Policy(), rules=RULES)).decode()
    assert "✓" not in text
    assert "No overlap:" not in text
    assert 'class="verdict good"' not in text


def test_one_that_opened_beside_those_that_failed_is_checked(report: Callable[..., Report]) -> None:
    analysis = report(har(*NEVER_OPENED, socket(30, None)))
    assert gate.judge(analysis, Policy()).status == 0
    assert "nothing-recorded" not in {finding.rule for finding in analysis.findings}


# -- the reason -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sockets", "message"),
    [
        pytest.param(perhaps(3), "Undecided: the file does not show whether socket #1 had closed when socket #2 opened.",
                     id="the second's opening"),
        pytest.param([socket(1, 6), *perhaps(3)[1:]],
                     "Undecided: the file does not show whether socket #1 had closed when socket #2 opened.",
                     id="the same, of one that closed at once"),
        pytest.param([socket(1, 6), socket(3, 9, opened=7), socket(8.5, None, opened=10)],
                     "Undecided: the file does not show when sockets #2 and #3 opened.", id="two openings"),
    ],
)  # fmt: skip
def test_the_reason_names_the_instants_that_are_not_known(
    sockets: list[dict[str, Any]], message: str, report: Callable[..., Report]
) -> None:
    analysis = report(har(*sockets))
    assert verdict_sentences(analysis, Policy())[0] == message
    for finding in analysis.findings:
        if finding.rule == "possible-overlap":
            assert message.removeprefix("Undecided: ") in finding.message or len(analysis.findings) > 1


BRIEF = [socket(1, 6, url=OTHER), socket(5.9, 8, url=OTHER, opened=7)]
LATER = [socket(21, 26), socket(23, None, opened=27)]


@pytest.mark.parametrize(
    ("sockets", "policy"),
    [
        pytest.param([*BRIEF, *LATER], {}, id="beside a brief one"),
        pytest.param([socket(1, 6, url=ONE), *perhaps(3, OTHER, NEXUS)[1:], *LATER], {"per": Scope.ENDPOINT},
                     id="beside one of two addresses, each by itself"),
    ],
)  # fmt: skip
def test_the_gate_names_the_doubt_that_counts_and_no_other(
    sockets: list[dict[str, Any]], policy: dict[str, Any], report: Callable[..., Report]
) -> None:
    judged = report(har(*sockets), **policy)
    run = Run((judged,), (), Policy(**policy))
    assert "possible-overlap: opening of #4 unknown\n" in render(run).decode()
    full = render(run, verbose=True).decode()
    assert "the file does not show whether socket #3 had closed when socket #4 opened; since 23.00 s" in full
    assert "#2" not in full


def test_a_possible_overlap_that_is_allowed_asks_for_nothing(report: Callable[..., Report]) -> None:
    (finding,) = report(har(*perhaps(0.1))).findings
    assert (finding.rule, finding.remedy) == ("possible-overlap", None)
    assert "below the tolerance of 250 ms" in finding.message
    (finding,) = report(har(*perhaps(3))).findings
    assert "DevTools" not in (finding.remedy or "")


# -- the lines of the command ---------------------------------------------------------------------------------------


def test_verbose_and_the_time_zone_reach_the_lines(folder: Path) -> None:
    short = check(folder, DUPLICATE).stdout
    full = check(folder, DUPLICATE, "--verbose", "--tz", "europe/berlin").stdout
    assert "since" not in short
    assert "(2026-11-23 19:53:29.274 CET)" in full
    assert "More: har-sockets analyze" in full


def test_the_line_on_standard_error_comes_after_the_list(folder: Path) -> None:
    done = check(folder, f"{DUPLICATE} {FINE}")
    assert done.output == done.stdout + done.stderr
    assert done.stderr.startswith("har-sockets: ")


def test_a_file_of_the_gate_is_as_verbose_as_the_screen(folder: Path) -> None:
    done = check(folder, DUPLICATE, "-v", "--out", "text:gate.txt")
    assert (folder / "gate.txt").read_text("utf-8") == done.stdout

"""What the gate says to people: a line a capture, one line for all, true and harmless."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len

from analyzer import advice, gate
from analyzer.formats import read
from analyzer.formats.har.exporters import EXPORTERS, UNKNOWN, Row
from analyzer.model import CaveatKind, Effect, Policy, Report, Run, Unreadable
from analyzer.outputs import check
from analyzer.pipeline import analyze
from analyzer.wording import judgements, verdict
from analyzer.wording.medium import Medium
from tests.test_hostile import HOSTILE, run

CAPTURES = Path(__file__).parent / "captures"
ALL = sorted(path.name for path in CAPTURES.glob("*.har"))


def lines_of(*names: str, policy: Policy = Policy(), width: int | None = None) -> list[str]:  # noqa: B008 - frozen
    return check.render(Run(reports_of(names, policy), (), policy), width=width).decode().splitlines()


@cache
def reports_of(names: tuple[str, ...], policy: Policy) -> tuple[Report, ...]:
    return tuple(analyze(read(CAPTURES / name, source=name), policy) for name in names)


@pytest.mark.parametrize(
    ("name", "policy", "line"),
    [
        pytest.param("chrome-08-refresh3.har", Policy(), "PASS       chrome-08-refresh3.har: no overlap (4 sockets)", id="it passes"),
        pytest.param("chrome-05-overlap-1s.har", Policy(max_open=2), "PASS       chrome-05-overlap-1s.har: overlap that the "
                     "policy allows (2 sockets)", id="the policy allows it"),
        pytest.param("chrome-16-hmr.har", Policy(), "PASS       chrome-16-hmr.har: overlap only with a development server's "
                     "socket (3 sockets)", id="the policy ignores it"),
        pytest.param("chrome-S2-overuse.har", Policy(), "FAIL       chrome-S2-overuse.har: duplicate-connection: 4 sockets of "
                     "one user of Stream Chat were open at the same time", id="rule and reason in short"),
        pytest.param("chrome-09b-nav-back-nobfcache.har", Policy(), "UNDECIDED  chrome-09b-nav-back-nobfcache.har: "
                     "possible-overlap: closes of #1 and #2 unknown", id="what is unknown"),
        pytest.param("playwright-1.60-A.har", Policy(), "UNDECIDED  playwright-1.60-A.har: nothing-recorded: Playwright 1.60.0 "
                     "recorded no WebSocket; some may be missing", id="no socket, which proves nothing"),
        pytest.param("cypress-har-generator-F.har", Policy(), "UNDECIDED  cypress-har-generator-F.har: "
                     "open-sockets-not-exported: cypress-har-generator leaves out sockets that were…", id="what may be missing"),
        pytest.param("playwright-1.60-A.har", Policy(allow_empty=True, allow_undecided=True), "PASS       "
                     "playwright-1.60-A.har: no socket, which is allowed", id="nothing was recorded, which is allowed"),
    ],
)  # fmt: skip
def test_the_line_of_a_capture(name: str, policy: Policy, line: str) -> None:
    first, last = lines_of(name, policy=policy)
    assert first == line
    assert last.startswith("1 capture: ")


@pytest.mark.parametrize(
    ("name", "details"),
    [
        pytest.param("chrome-S2-overuse.har", [
            "4 sockets of one user of Stream Chat were open at the same time: 2 or more for at least 2.23 s, peak 4, still open "
            "when the capture was saved; since 1.29 s (2026-11-23 18:53:29.274 UTC).",
            "Likely cause: <Widget> calls connectUser()",
            "Keep one client per session. In React call useCreateChatClient",
            "Assumed: when the file was saved, the last page was still open and the recording was not paused.",
            "More: har-sockets analyze chrome-S2-overuse.har",
        ], id="reason, since when, cause, remedy, assumption, command"),
        pytest.param("chrome-09b-nav-back-nobfcache.har", [
            "Undecided: the file does not show when sockets #1 and #2 closed. Possible overlap: up to 3 sockets of "
            "127.0.0.1:36787/ws; since 1.23 s (2026-11-23 18:48:42.155 UTC).",
            "If the back/forward cache was off during",
            "More: har-sockets analyze chrome-09b-nav-back-nobfcache.har",
        ], id="how to decide it"),
    ],
)  # fmt: skip
def test_verbose_adds_what_a_line_has_no_room_for(name: str, details: list[str]) -> None:
    reports = (analyze(read(CAPTURES / name, source=name)),)
    short = check.render(Run(reports, (), Policy())).decode().splitlines()
    first, *rest, _ = check.render(Run(reports, (), Policy()), verbose=True).decode().splitlines()
    assert short[0].startswith(first)
    assert re.fullmatch(r"\w+ +\S+: [a-z-]+", first)
    assert len(rest) == len(details)
    assert [line for line, begin in zip(rest, details, strict=True) if not line.startswith(f"{' ' * 11}{begin}")] == []
    assert short[-1].endswith("Details: --verbose.")


FOLDERS = (
    "a/",
    "results/of the nightly run/chromium/",
    "x" * 60 + "/",
    "x" * 105 + "/",
    "x" * 200 + "/",
    "界" * 50 + "/",
)


@pytest.mark.parametrize("folder", FOLDERS, ids=[f"{len(it)} letters" for it in FOLDERS])
@pytest.mark.parametrize("name", ["chrome-S2-overuse.har", "chrome-36-ws-filter-export.har", "chrome-10-failed.har"])
def test_a_line_has_at_most_120_columns_and_the_whole_path(folder: str, name: str) -> None:
    report = analyze(read(CAPTURES / name, source=folder + name))
    *lines, total = check.render(Run((report,), (), Policy())).decode().splitlines()
    assert f"{folder}{name}:" in lines[0]
    longest = max(120, cell_len(f"{' ' * 11}{folder}{name}:"))
    assert max(map(cell_len, [*lines, total])) <= longest
    assert [
        reason
        for reason in ("duplicate-connection: 4", "possible-overlap: c", "failed-handshakes: 9")
        if reason in " ".join(lines)
    ]
    assert len(lines) == (1 if len(lines[0]) > cell_len(f"{' ' * 11}{folder}{name}:") else 2)


def test_times_are_in_the_zone_that_is_asked_for() -> None:
    report = analyze(read(CAPTURES / "chrome-S2-overuse.har", source="a.har"))
    output = check.render(Run((report,), (), Policy(), zone=ZoneInfo("Europe/Berlin")), verbose=True).decode()
    assert "(2026-11-23 19:53:29.274 CET)" in output
    assert "UTC" not in output


def test_the_last_line_sums_up_however_many_there_are() -> None:
    lines = lines_of(*(ALL * 4)[:200])
    assert [line[:4] for line in lines[:-1]].count("FAIL") == int(re.findall(r"(\d+) FAIL", lines[-1])[0])
    assert lines[-1].startswith("200 captures: ")
    assert lines[-1].endswith("The policy is violated. Details: --verbose.")
    assert len(lines) == 201
    assert [line.split(": ")[0][11:] for line in lines[:-1]] == (ALL * 4)[:200]


def test_what_cannot_be_read_is_told_and_counted() -> None:
    output = check.render(Run((), (Unreadable("a.har", "it is empty"),), Policy())).decode()
    assert (
        output
        == "UNDECIDED  a.har: cannot be read: it is empty\n1 capture: 1 UNDECIDED. A capture could not be read.\n"
    )


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_on_a_terminal_no_line_is_wider(width: int) -> None:
    assert max(map(cell_len, lines_of(*ALL, width=width))) <= width


@pytest.mark.parametrize("width", [None, 80])
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_capture_is_one_line_that_does_nothing(content: str, width: int | None) -> None:
    output = check.render(run(content), width=width).decode("utf-8")
    assert all(line.isprintable() for line in output.split("\n"))
    if width is None:
        results = [line[:9].strip() for line in output.splitlines()[:-1]]
        assert [it for it in results if it] == ["FAIL", "UNDECIDED"]
        assert results[0] == "FAIL", "a path as long as the line has its reason below it"
        assert len(results) <= 4
    assert check.render(run(content), width=width, unicode=False).isascii()


@pytest.mark.parametrize("name", ["a b.har", "it's.har", "-x.har", "$(touch x).har", "a\\b.har"])
def test_the_command_can_be_pasted(name: str) -> None:
    report = analyze(read(CAPTURES / ALL[0], source=name))
    (source,) = shlex.split(judgements.command(report))[3:]
    assert source.removeprefix("./") == name
    assert not source.startswith("-")


def test_every_caveat_that_hides_sockets_says_how_to_record() -> None:
    hiding = {kind.value for kind in CaveatKind if kind.effect is Effect.HIDES_SOCKETS}
    assert hiding >= {"cut-off", "merged", "filtered", "exporter-unknown"}
    whose = set(verdict.ADVICE) | {"sockets-not-exported", "open-sockets-not-exported", "exporter-unknown", "filtered"}
    whose |= {"recorded-late", "earlier-page-kept"}
    assert hiding <= whose  # of the latter the exporter's row says it
    assert {row.id for row in EXPORTERS} - set(advice.ROWS) == {"gori", "pcapng-utils", "pcap2har"}


@pytest.mark.parametrize("row", [*EXPORTERS, UNKNOWN], ids=lambda row: f"{row.label}")
def test_nobody_is_told_to_use_the_program_that_was_used(row: Row) -> None:
    result = advice.ROWS.get(row.id, advice.OTHERS)
    assert ("Record with Chrome DevTools" in f"{result.whole} {result.exact}") is (row.id in ("firefox", "webkit", "unknown")
                                                                             or row.id not in advice.ROWS)  # fmt: skip
    assert "Record with Chrome DevTools" not in f"{advice.ROWS['chrome']} {advice.ROWS['merged']}"


def test_a_terminal_shows_what_to_do_with_a_file_that_is_no_capture() -> None:
    problem = "a Chrome NetLog, not a HAR: in Chrome DevTools choose Network > Export HAR, or record one of your own"
    run = Run((), (Unreadable("captures/net.har", problem),), Policy())
    assert problem in " ".join(check.render(run, width=80).decode().split())
    first = check.render(run).decode().splitlines()[0]  # standard error has all of it, then
    assert len(first) <= 120


def test_verbose_names_the_cause_of_an_overlap_that_passes() -> None:
    report = analyze(read(CAPTURES.parent.parent / "sample_hars" / "stream-chat-strictmode-hook.har"))
    output = check.render(Run((report,), (), Policy()), verbose=True).decode()
    assert output.startswith("PASS")
    assert output.count("Cause: React's StrictMode mounted <Chat> twice") == 1
    assert output.count(advice.NO_ACTION) == 1


SENTENCE = "2 sockets of 127.0.0.1:8080/ws were open at the same time: 2 or more for at least 1.23 s, peak 3."


@pytest.mark.parametrize("cells", range(10, 110))
def test_a_shortened_sentence_keeps_the_number_of_sockets_and_ends_before_no_number(cells: int) -> None:
    part = judgements.shorten(SENTENCE, cells, Medium(120, unicode=True))
    assert cell_len(part) <= cells
    assert part.startswith("2 sockets")
    assert not re.search(r"(for|least|more|of)…?$", part)
    assert cells < len("2 sockets overlapped") or " overlapped" in part or " were open" in part


def test_every_failing_rule_is_named_and_verbose_has_each_in_full() -> None:
    policy = Policy(app_mode="development")
    assert lines_of("chrome-S2-overuse.har", policy=policy)[0].endswith(" (and limit-exceeded)")
    report = analyze(read(CAPTURES / "chrome-S2-overuse.har"), policy)
    details = judgements.details_of(report, gate.judge(report, policy), policy)
    assert details[1].startswith("Also limit-exceeded: 4 sockets of one user of Stream Chat were open at the same time")


def test_verbose_cuts_no_line() -> None:
    report = analyze(read(CAPTURES / "chrome-16-hmr.har", source="a" * 100))
    rendered = check.render(Run((report,), (), Policy()), verbose=True).decode()
    assert "overlap only with a development server's socket (3 sockets)" in rendered
    assert "…" not in rendered

"""What the gate says to people: a line a capture, one line for all, true and harmless."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from rich.cells import cell_len

from analyzer import advice
from analyzer.exporters import EXPORTERS, UNKNOWN, Row, caveats
from analyzer.model import Policy, Run, Unreadable
from analyzer.outputs import check, verdict
from analyzer.pipeline import analyze
from analyzer.readers import read
from tests.test_hostile import HOSTILE, run

CAPTURES = Path(__file__).parent / "captures"
ALL = sorted(path.name for path in CAPTURES.glob("*.har"))


def told(*names: str, policy: Policy = Policy(), width: int | None = None) -> list[str]:  # noqa: B008 - frozen
    reports = tuple(analyze(read(CAPTURES / name, source=name), policy) for name in names)
    return check.render(Run(reports, (), policy), width=width).decode().splitlines()


@pytest.mark.parametrize(
    ("name", "policy", "line"),
    [
        pytest.param("chrome-08-refresh3.har", Policy(), "PASS  chrome-08-refresh3.har: never more than one open (4 sockets)",
                     id="it passes"),
        pytest.param("chrome-05-overlap-1s.har", Policy(max_open=2), "PASS  chrome-05-overlap-1s.har: several open at once, "
                     "as the policy allows (2 sockets)", id="the policy allows it"),
        pytest.param("chrome-S2-overuse.har", Policy(), "FAIL  chrome-S2-overuse.har: error duplicate-connection: 4 sockets "
                     "of one user of Stream Chat: 2 or more open for at least 2.23 s, up to 4 at once, still so when the "
                     "capture was saved; since 1.29 s (2026-11-23 18:53:29.274 UTC). Assumed: when the file was saved the last "
                    "page was still there, and the recording had not been paused. More: har-sockets analyze "
                     "chrome-S2-overuse.har", id="why, since when, and the command that shows more"),
        pytest.param("chrome-09b-nav-back-nobfcache.har", Policy(), "????  chrome-09b-nav-back-nobfcache.har: Cannot tell: when "
                     "socket #1 and socket #2 closed is not known. Up to 3 sockets of 127.0.0.1:36787/ws may have been open at once; "
                     "since 1.23 s (2026-11-23 18:48:42.155 UTC). If the back/forward cache was off while this was recorded, say so: "
                     "--assume no-bfcache. More: har-sockets analyze chrome-09b-nav-back-nobfcache.har", id="how to tell"),
        pytest.param("playwright-1.60-A.har", Policy(), "????  playwright-1.60-A.har: No WebSocket is in this file, which does "
                     "not mean that there was none. Playwright writes WebSockets from 1.61 on, without their closes. In tests record "
                     "with the pytest plugin of har-sockets, or by hand with `har-sockets record URL`. More: "
                     "har-sockets analyze playwright-1.60-A.har", id="how to record, where nothing was seen"),
        pytest.param("playwright-1.60-A.har", Policy(allow_empty=True, allow_undecided=True), "PASS  playwright-1.60-A.har: no "
                     "socket, which is allowed", id="nothing was seen, which is allowed"),
    ],
)  # fmt: skip
def test_the_line_of_a_capture(name: str, policy: Policy, line: str) -> None:
    first, last = told(name, policy=policy)
    assert first == line
    assert last.startswith("1 capture: ")


def test_the_last_line_sums_up_however_many_there_are() -> None:
    lines = told(*(ALL * 4)[:200])
    assert [line[:4] for line in lines[:-1]].count("FAIL") == int(re.findall(r"(\d+) FAIL", lines[-1])[0])
    assert lines[-1].startswith("200 captures: ")
    assert lines[-1].endswith("The policy is violated.")
    assert len(lines) == 201
    assert [line.split(": ")[0][6:] for line in lines[:-1]] == (ALL * 4)[:200]


def test_what_cannot_be_read_is_told_and_counted() -> None:
    shown = check.render(Run((), (Unreadable("a.har", "it is empty"),), Policy())).decode()
    assert shown == "????  a.har: cannot be read: it is empty\n1 capture: 1 ????. A capture could not be read.\n"


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_on_a_terminal_no_line_is_wider(width: int) -> None:
    assert max(map(cell_len, told(*ALL, width=width))) <= width


@pytest.mark.parametrize("width", [None, 80])
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_capture_is_one_line_that_does_nothing(content: str, width: int | None) -> None:
    shown = check.render(run(content), width=width).decode("utf-8")
    assert all(line.isprintable() for line in shown.split("\n"))
    if width is None:
        assert [line[:4] for line in shown.splitlines()[:2]] == ["FAIL", "????"]
        assert shown.count("\n") == 3
    assert check.render(run(content), width=width, unicode=False).isascii()


@pytest.mark.parametrize("name", ["a b.har", "it's.har", "-x.har", "$(touch x).har", "a\\b.har"])
def test_the_command_can_be_pasted(name: str) -> None:
    report = analyze(read(CAPTURES / ALL[0], source=name))
    (source,) = shlex.split(check.command(report))[3:]
    assert source.removeprefix("./") == name
    assert not source.startswith("-")


def test_every_caveat_that_hides_sockets_says_how_to_record() -> None:
    hiding = {caveat.id for row in (*EXPORTERS, UNKNOWN) for caveat in caveats(row) if caveat.hides_sockets}
    source = (Path(__file__).parent.parent / "analyzer/readers/har.py").read_text()
    hiding |= set(re.findall(r'Caveat\(\s*"([a-z-]+)",[^)]*?(?:True|hides_sockets=)', source))
    assert hiding >= {"cut-off", "merged", "filtered", "exporter-unknown"}
    whose = set(verdict.ADVICE) | {"sockets-not-exported", "open-sockets-not-exported", "exporter-unknown", "filtered"}
    whose |= {"recorded-late", "earlier-page-kept"}
    assert hiding <= whose  # of the latter the exporter's row says it
    assert {row.id for row in EXPORTERS} - set(advice.ROWS) == {"gori", "pcapng-utils", "pcap2har"}


@pytest.mark.parametrize("row", [*EXPORTERS, UNKNOWN], ids=lambda row: f"{row.label}")
def test_nobody_is_told_to_use_the_program_that_was_used(row: Row) -> None:
    told = advice.ROWS.get(row.id, advice.OTHERS)
    assert ("Record with Chrome DevTools" in f"{told.whole} {told.exact}") is (row.id in ("firefox", "webkit", "unknown")
                                                                             or row.id not in advice.ROWS)  # fmt: skip
    assert "Record with Chrome DevTools" not in f"{advice.ROWS['chrome']} {advice.ROWS['merged']}"

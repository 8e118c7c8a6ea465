"""Findings: when, how severe, in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer import Policy, analyze, read
from analyzer.model import MILLISECOND, Severity

CAPTURES = Path(__file__).parent / "captures"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param(
            "chrome-S2-overuse",
            [("concurrent-sockets", "warning", "4 sockets of chat.stream-io-api.com/connect: 2 or more open for at least "
              "2.23 s, up to 4 at once, still so when the capture was saved.")],
            id="four open for good",
        ),
        pytest.param("chrome-08-refresh3", [], id="three reloads"),
        pytest.param(
            "chrome-S6-strict-manual",
            [("concurrent-sockets", "warning", "2 sockets of chat.stream-io-api.com/connect: both open, still so when the "
              "capture was saved.")],
            id="two open for good, nothing seen after",
        ),
        pytest.param(
            "firefox-D",
            [("possible-overlap", "note", "Cannot rule out that both sockets of 127.0.0.1:46245/ws/echo were open at once: "
              "the file does not say when socket #1, socket #2 closed.")],
            id="openings only",
        ),
        pytest.param(
            "webkit-D",
            [("nothing-recorded", "note", "No WebSocket is in this file, which does not mean that there was none.")],
            id="an exporter without sockets",
        ),
        pytest.param(
            "firefox-F", [("failed-handshakes", "note", "1 socket never opened: status 403.")], id="one that failed"
        ),
    ],
)  # fmt: skip
def test_findings(name: str, told: list[tuple[str, str, str]]) -> None:
    findings = analyze(read(CAPTURES / f"{name}.har")).findings
    said = [(f.rule, f.severity.value, f.message) for f in findings]
    ports = [(rule, severity, message.replace("127.0.0.1:46245", "HOST")) for rule, severity, message in told]
    import re

    assert [(r, s, re.sub(r"127\.0\.0\.1:\d+", "HOST", m)) for r, s, m in said] == ports


def test_five_failures_within_a_minute_are_a_warning() -> None:
    (finding,) = analyze(read(CAPTURES / "chrome-10-failed.har")).findings
    assert (finding.rule, finding.severity, len(finding.sessions)) == ("failed-handshakes", Severity.WARNING, 9)


def test_an_overlap_that_surely_lasted_less_than_the_tolerance_is_brief() -> None:
    capture = read(CAPTURES / "chrome-05-overlap-1s.har")
    assert [f.rule for f in analyze(capture).findings] == ["concurrent-sockets"]
    lenient = analyze(capture, Policy(tolerance=2_000 * MILLISECOND))
    assert [(f.rule, f.severity) for f in lenient.findings] == [("brief-overlap", Severity.NOTE)]


def test_an_overlap_without_end_is_never_brief() -> None:
    report = analyze(read(CAPTURES / "chrome-S6-strict-manual.har"), Policy(tolerance=10_000_000 * MILLISECOND))
    assert [f.rule for f in report.findings] == ["concurrent-sockets"]


def test_fingerprints_hold_no_times_and_no_ids() -> None:
    first = analyze(read(CAPTURES / "chrome-S2-overuse.har"))
    prints = [finding.fingerprint for finding in first.findings]
    assert all(len(p) == 16 and int(p, 16) >= 0 for p in prints)
    elsewhere = analyze(read(CAPTURES / "chrome-04-overlap-open.har"))
    again = analyze(read(CAPTURES / "chrome-S2-overuse.har", source="another name"))
    assert prints == [finding.fingerprint for finding in again.findings]
    assert set(prints).isdisjoint(finding.fingerprint for finding in elsewhere.findings)

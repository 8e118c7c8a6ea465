"""Equal findings are one: what it names, which stay apart, and that baselines of before still hold it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from analyzer import Policy, document
from analyzer.model import Finding, Report, Run
from analyzer.outputs import junit, sarif
from analyzer.pipeline import _fingerprint
from tests.small_har import Json, har, socket, stack

Reporting = Callable[..., Report]


def hand_overs(number: int, *functions: str) -> list[Json]:
    """Sockets that each overlap the next one for 0.1 s."""
    return [socket(2.0 * n, 2.0 * n + 2.15, calls=stack(*(functions or ("app",)))) for n in range(1, number + 2)]


def brief(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.rule == "brief-overlap"]


def test_three_equal_ones_are_one_that_names_all_sockets(report: Reporting) -> None:
    result = report(har(*hand_overs(3), saved=20))
    (finding,) = brief(result)
    assert (
        finding.message == "3 brief overlaps, each below the tolerance of 250 ms: 4 sockets of api.example/ws, peak 2."
    )
    assert finding.sessions == ("s1", "s2", "s3", "s4")
    assert finding.pointers == tuple(session.pointer for session in result.sessions)
    assert finding.interval == (result.overlaps[0].interval.start, result.overlaps[-1].interval.end)
    assert finding.peak == 2


def test_two_stay_two(report: Reporting) -> None:
    assert [finding.sessions for finding in brief(report(har(*hand_overs(2), saved=20)))] == [
        ("s1", "s2"),
        ("s2", "s3"),
    ]


def two_hand_overs(late: float = 0.7) -> Json:
    """Two hand-overs of one user of Stream Chat, who connects again before the old connection has closed."""
    url = "wss://chat.stream-io-api.com/connect?json=%7B%22user_id%22%3A%22bob%22%7D&api_key=k1"
    calls = stack("connect", "connectUser", "app")
    return har(*(socket(5.0 * n, 5.0 * n + 5 + late, url=url, calls=calls) for n in range(1, 4)), saved=30)


def test_two_overlaps_of_one_cause_are_one(report: Reporting) -> None:
    result = report(two_hand_overs())
    (finding,) = (it for it in result.findings if it.cause is not None)
    assert (finding.rule, finding.cause) == ("duplicate-connection", "connected-before-disconnected")
    assert finding.message == (
        "2 overlaps of 3 sockets of one user of Stream Chat, peak 2: the longest lasted at least 650 ms."
    )
    assert (finding.sessions, finding.peak) == (("s1", "s2", "s3"), 2)
    assert finding.interval == (result.overlaps[0].interval.start, result.overlaps[-1].interval.end)
    assert finding.fingerprint == _fingerprint(finding, result).fingerprint


def test_a_baseline_of_two_overlaps_holds_the_one(report: Reporting) -> None:
    (finding,) = (it for it in report(two_hand_overs()).findings if it.cause is not None)
    policy = Policy(baseline=[finding.fingerprint], baseline_peaks={finding.fingerprint: 2})
    assert policy.accepts(finding)


def test_those_of_other_addresses_stay_apart(report: Reporting) -> None:
    others = [{**it, "request": {**it["request"], "url": "wss://b.example/"}} for it in hand_overs(3)]
    sockets = [
        *hand_overs(3),
        *[{**it, "startedDateTime": it["startedDateTime"].replace("14:13", "14:15")} for it in others],
    ]
    for item in sockets[4:]:
        item["_webSocketMessages"] = [{**each, "time": each["time"] + 120} for each in item["_webSocketMessages"]]
    assert [len(finding.sessions) for finding in brief(report(har(*sockets, saved=200)))] == [4, 4]


def test_a_baseline_of_one_of_them_holds_them_all(report: Reporting) -> None:
    result = report(har(*hand_overs(3), saved=20))
    (finding,) = brief(result)
    (former, _) = brief(report(har(*hand_overs(2), saved=20)))
    assert finding.fingerprint == former.fingerprint == _fingerprint(finding, result).fingerprint
    policy = Policy(fail_on="note", baseline=[former.fingerprint], baseline_peaks={former.fingerprint: 2})
    assert policy.accepts(finding)


def test_possible_ones_name_all_instants_that_decide(reading: Callable[[Any], Any]) -> None:
    from analyzer import analyze

    sockets = [
        {
            "_resourceType": "websocket",
            "startedDateTime": f"2026-01-01T00:00:{n:02}Z",
            "request": {"url": "wss://api.example/ws"},
            "response": {"status": 101},
        }
        for n in range(1, 5)
    ]
    findings = analyze(reading({"log": {"creator": {"name": "Firefox"}, "entries": sockets}})).findings
    assert [it.rule for it in findings if it.rule == "possible-overlap"] == ["possible-overlap"]


def test_every_format_has_one(report: Reporting) -> None:
    result = report(har(*hand_overs(3), saved=20))
    run = Run(reports=(result,), unreadable=(), policy=result.policy)
    (entry,) = document.capture_document(result)["findings"]
    assert (len(entry["sessions"]), len(entry["pointers"])) == (4, 4)
    (alert,) = json.loads(sarif.render(run))["runs"][0]["results"]
    assert len(alert["properties"]["pointers"]) == 4
    text = ElementTree.fromstring(junit.render(run)).findtext(".//system-out") or ""
    assert text.count("brief-overlap") == 1

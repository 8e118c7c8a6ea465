"""Findings: when, how severe, in which words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from small_har import failed, har, socket

from analyzer import Policy, analyze, read
from analyzer.model import Capture, Scope, Severity
from analyzer.rules import RULES
from analyzer.services.loading import builtin

CAPTURES = Path(__file__).parent / "captures"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "chrome-S2-overuse",
            [("duplicate-connection", "error", "4 sockets of one user of Stream Chat were open at the same time: 2 or more "
              "for at least 2.23 s, peak 4, still open when the capture was saved.")],
            id="four open for good",
        ),
        pytest.param(
            "chrome-S4-two-users",
            [
                ("concurrent-sockets", "warning", "2 sockets of 2 users of Stream Chat were open at the same time for at least "
                 "903 ms and at most 922 ms."),
                ("user-still-connected", "note", "When another user of Stream Chat connected (socket #2), socket #1 of the "
                 "previous user was still open."),
            ],
            id="a user who stays connected",
        ),
        pytest.param(
            "chrome-16-hmr",
            [
                ("dev-server-socket", "note", "1 socket of a development server: Next.js dev server. Overlap rules ignore it "
                 "unless you pass --count-dev-servers."),
                ("dev-server-socket", "note", "1 socket of a development server: Vite dev server. Overlap rules ignore it "
                 "unless you pass --count-dev-servers."),
            ],
            id="dev servers beside one socket of the application",
        ),
        pytest.param("chrome-08-refresh3", [], id="three reloads"),
        pytest.param(
            "chrome-S6-strict-manual",
            [("duplicate-connection", "error", "2 sockets of one user of Stream Chat were open at the same time, still open "
              "when the capture was saved.")],
            id="two open for good, nothing seen after",
        ),
        pytest.param(
            "firefox-D",
            [("possible-overlap", "note", "Possible overlap of 2 sockets of 127.0.0.1:46245/ws/echo: the file does not show "
              "whether socket #1 had closed when socket #2 opened.")],
            id="openings only",
        ),
        pytest.param(
            "webkit-D",
            [("nothing-recorded", "note", "No WebSocket in this capture, but that does not prove that the page opened "
              "none.")],
            id="an exporter without sockets",
        ),
        pytest.param(
            "firefox-F", [("failed-handshakes", "note", "1 socket never opened: status 403.")], id="one that failed"
        ),
    ],
)  # fmt: skip
def test_findings(name: str, expected: list[tuple[str, str, str]]) -> None:
    findings = analyze(read(CAPTURES / f"{name}.har")).findings
    texts = [(f.rule, f.severity.value, f.message) for f in findings]
    ports = [(rule, severity, message.replace("127.0.0.1:46245", "HOST")) for rule, severity, message in expected]
    import re

    assert [(r, s, re.sub(r"127\.0\.0\.1:\d+", "HOST", m)) for r, s, m in texts] == ports


def test_no_finding_is_graver_than_its_rule_may_be() -> None:
    """Rules of which no finding can fail are not asked about the worst that may have happened."""
    gravest = {rule.id: rule.gravest or rule.severity for rule in RULES}
    reports = [analyze(read(path), Policy(app_mode="development")) for path in sorted(CAPTURES.glob("*.har"))]
    findings = [finding for report in reports for finding in report.findings]
    assert {finding.rule for finding in findings} >= {"failed-handshakes", "duplicate-connection", "possible-overlap"}
    assert [it.rule for it in findings if it.severity.rank > gravest[it.rule].rank] == []


def test_five_failures_within_a_minute_are_a_warning() -> None:
    (finding,) = analyze(read(CAPTURES / "chrome-10-failed.har")).findings
    assert (finding.rule, finding.severity, len(finding.sessions)) == ("failed-handshakes", Severity.WARNING, 9)


def test_an_overlap_that_surely_lasted_less_than_the_tolerance_is_brief() -> None:
    capture = read(CAPTURES / "chrome-05-overlap-1s.har")
    assert [f.rule for f in analyze(capture).findings] == ["concurrent-sockets"]
    lenient = analyze(capture, Policy(tolerance="2s"))
    assert [(f.rule, f.severity) for f in lenient.findings] == [("brief-overlap", Severity.NOTE)]


def test_an_overlap_without_end_is_never_brief() -> None:
    report = analyze(read(CAPTURES / "chrome-S6-strict-manual.har"), Policy(tolerance=10_000_000))
    assert [f.rule for f in report.findings] == ["duplicate-connection"]


def test_fingerprints_hold_no_times_and_no_ids() -> None:
    first = analyze(read(CAPTURES / "chrome-S2-overuse.har"))
    prints = [finding.fingerprint for finding in first.findings]
    assert all(len(p) == 16 and int(p, 16) >= 0 for p in prints)
    elsewhere = analyze(read(CAPTURES / "chrome-04-overlap-open.har"))
    again = analyze(read(CAPTURES / "chrome-S2-overuse.har", source="another name"))
    assert prints == [finding.fingerprint for finding in again.findings]
    assert set(prints).isdisjoint(finding.fingerprint for finding in elsewhere.findings)


def rules(name: str, **policy: object) -> list[tuple[str, str]]:
    report = analyze(read(CAPTURES / f"{name}.har"), Policy(**policy))  # type: ignore[arg-type]
    return [(finding.rule, finding.severity.value) for finding in report.findings]


@pytest.mark.parametrize(
    ("name", "policy", "expected"),
    [
        pytest.param("chrome-S2-overuse", {"app_mode": "development"},
                     [("duplicate-connection", "error"), ("limit-exceeded", "error")], id="4 of 3 in development"),
        pytest.param("chrome-S2-overuse", {"app_mode": "production"}, [("duplicate-connection", "error")],
                     id="4 of 50 in production"),
        pytest.param("chrome-S2-overuse", {"app_mode": "development", "max_open": 9}, [("limit-exceeded", "error")],
                     id="the service's limit holds whatever is allowed"),
        pytest.param("chrome-S2-overuse", {"max_open": 4}, [], id="4 are allowed"),
        pytest.param("chrome-S4-two-users", {"per": Scope.USER}, [("user-still-connected", "note")],
                     id="per user: two users are no overlap"),
        pytest.param("chrome-S4-two-users", {"per": Scope.SERVICE},
                     [("concurrent-sockets", "warning"), ("user-still-connected", "note")], id="per service they are"),
        pytest.param("chrome-16-hmr", {"count_dev_servers": True},
                     [("concurrent-sockets", "warning"), ("unrelated-sockets", "note"), ("dev-server-socket", "note"),
                      ("dev-server-socket", "note")],
                     id="dev servers count where they shall"),
        pytest.param("chrome-04-overlap-open", {"per": Scope.USER}, [("concurrent-sockets", "warning")],
                     id="per user, none known: by address"),
    ],
)  # fmt: skip
def test_the_policy_acts_on_findings(name: str, policy: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert rules(name, **policy) == expected


def test_per_user_without_users_is_a_caveat() -> None:
    report = analyze(read(CAPTURES / "chrome-04-overlap-open.har"), Policy(per=Scope.USER))
    assert "user-unknown" in {caveat.id for caveat in report.capture.caveats}
    analysis = analyze(read(CAPTURES / "chrome-S2-overuse.har"), Policy(per=Scope.USER))
    assert "user-unknown" not in {caveat.id for caveat in analysis.capture.caveats}


def test_the_verdict_counts_every_socket_whatever_the_policy() -> None:
    capture = read(CAPTURES / "chrome-16-hmr.har")
    for policy in (Policy(), Policy(per=Scope.USER), Policy(max_open=9), Policy(count_dev_servers=True)):
        report = analyze(capture, policy)
        assert (report.verdict, report.concurrency.proven_peak) == ("overlap", 3)


def test_services_side_by_side_are_a_note(reading: Callable[[Any], Capture]) -> None:
    def socket(url: str) -> dict[str, Any]:
        messages = [{"type": "send", "time": 1767225600.5 + n, "opcode": 1, "data": ""} for n in range(3)]
        return {"_resourceType": "websocket", "startedDateTime": "2026-01-01T00:00:00Z", "request": {"url": url},
                "response": {"status": 101}, "_webSocketMessages": messages}  # fmt: skip

    urls = [
        "wss://chat.stream-io-api.com/connect?json=%7B%22user_id%22%3A%22a%22%7D&api_key=k&stream-auth-type=jwt",
        "wss://nexus-websocket-a.intercom.io/pubsub/5-abc?X-Nexus-Version=1&user_role=user",
    ]
    report = analyze(reading({"log": {"entries": [socket(url) for url in urls]}}))
    (finding,) = report.findings
    assert (finding.rule, finding.severity) == ("unrelated-sockets", Severity.NOTE)
    assert finding.message == (
        "2 sockets of different services (Stream Chat and Intercom) were open at the same time for at least 2.00 s."
    )


def services(*sockets: tuple[str, int, int]) -> dict[str, Any]:
    """Sockets of users of Stream Chat, (user, first and last second of their messages)."""

    def socket(user: str, start: int, end: int) -> dict[str, Any]:
        url = f"wss://chat.stream-io-api.com/connect?json=%7B%22user_id%22%3A%22{user}%22%7D&api_key=k&stream-auth-type=jwt"
        messages = [{"type": "send", "time": 1767225600 + at, "opcode": 1, "data": ""} for at in (start, end)]
        return {"_resourceType": "websocket", "startedDateTime": f"2026-01-01T00:00:{start:02}Z", "request": {"url": url},
                "response": {"status": 101}, "_webSocketMessages": messages}  # fmt: skip

    return {"log": {"entries": [socket(*it) for it in sockets]}}


def test_a_user_who_is_still_connected_is_told_also_when_others_came_and_went(
    reading: Callable[[Any], Capture],
) -> None:
    report = analyze(reading(services(("a", 1, 9), ("b", 2, 3), ("c", 5, 6))))
    messages = [finding for finding in report.findings if finding.rule == "user-still-connected"]
    assert [finding.sessions for finding in messages] == [("s1", "s2"), ("s1", "s3")]


def test_sockets_that_a_service_opens_by_design_are_no_fault(reading: Callable[[Any], Capture]) -> None:
    capture = reading(services(("a", 1, 9), ("a", 2, 8)))
    (own,) = [row for row in builtin() if row.id == "stream-chat"]
    assert [f.rule for f in analyze(capture).findings] == ["duplicate-connection"]
    assert analyze(capture, catalogue=(msgspec.structs.replace(own, per_page=2),)).findings == ()


# -- sockets that nobody holds, clients that storm ---------------------------------------------------------------


def messages_of(name: str, rule: str, **policy: Any) -> list[tuple[str, str]]:
    """Severity and sentence of each finding of this rule."""
    report = analyze(read(CAPTURES / f"{name}.har"), Policy(**policy))
    return [(it.severity, it.message) for it in report.findings if it.rule == rule]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("chrome-cause-reconnect-long", 1, id="a client that reconnected, a minute long"),
        pytest.param("chrome-cause-remount-connecting", 1, id="a client that was dropped while connecting"),
        pytest.param("chrome-cause-remount-leaky", 0, id="two clients, both alive"),
        pytest.param("chrome-cause-strict-connecting", 0, id="two clients of StrictMode, both alive"),
        pytest.param("chrome-S8-offline-blip", 0, id="too short to tell"),
        pytest.param("chrome-05-overlap-1s", 0, id="one sends and one receives, and no heartbeat is known"),
    ],
)
def test_a_ghost_receives_and_no_longer_sends(name: str, expected: int) -> None:
    assert len(messages_of(name, "ghost-socket")) == expected


def test_a_ghost_in_words() -> None:
    assert messages_of("chrome-cause-reconnect-long", "ghost-socket") == [
        ("warning", "Socket #1 still receives messages, but its client no longer sends heartbeats on it. Since then "
         "socket #2 sent 2 heartbeats, one every 25.0 s."),
    ]  # fmt: skip
    assert messages_of("chrome-cause-reconnect-long", "ghost-socket", ghost_beats=3) == []


def test_a_storm_counts_reconnects_within_a_minute() -> None:
    ((severity, message),) = messages_of("chrome-20-storm", "reconnect-storm")
    assert severity == "warning"
    assert message.startswith("A client opened 13 sockets to 127.0.0.1:44175/ws within ")
    assert messages_of("chrome-20-storm", "reconnect-storm", storm_opens=14) == []


@pytest.mark.parametrize(
    "name", ["chrome-08-refresh3", "chrome-10-failed", "chrome-11-server-close", "chrome-S5-drop-reconnect"]
)
def test_no_storm(name: str) -> None:
    assert messages_of(name, "reconnect-storm") == []


def test_failed_attempts_count_in_a_storm(report: Callable[..., Any]) -> None:
    def told(seconds: list[int]) -> list[str]:
        analysis = report(har(*(failed(it + 0.1, it + 0.2) for it in seconds))).findings
        return [it.message for it in analysis if it.rule == "reconnect-storm"]

    assert told(list(range(0, 55, 5))) == [
        "A client opened 10 sockets to api.example/ws within 45.0 s, each after an earlier one had ended; "
        "10 of them failed."
    ]
    assert told(list(range(0, 80, 8))) == []
    assert told([0, 1, 3, 7, 15, 31, 63]) == []


def attempts(waits: Sequence[float], took: float = 0.05) -> list[dict[str, Any]]:
    """A socket that ends after a second, then failed attempts, each so long after the last one had failed."""
    items, at = [socket(0.1, 1.0)], 1.0
    for wait in waits:
        items.append(failed(at + wait, at + wait + took))
        at += wait + took
    return items


PHOENIX = [0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("waits", "storm"),
    [
        pytest.param([*PHOENIX, 5, 5], False, id="phoenix, a while"),
        pytest.param([*PHOENIX, *[5] * 20], False, id="phoenix, two minutes: it has come to five seconds"),
        pytest.param([*PHOENIX[:7], *PHOENIX[:7], *PHOENIX[:7]], False, id="phoenix, asked for anew twice meanwhile"),
        pytest.param([0.1 * 1.5**n for n in range(14)], False, id="half as long again each time"),
        pytest.param([0.1 * n for n in range(1, 20)], False, id="a little longer each time"),
        pytest.param([0.2 * 2**n * (1 + 0.3 * (-1) ** n) for n in range(12)], False, id="twice as long, with chance in it"),
        pytest.param([0.5] * 20, True, id="always alike"),
        pytest.param([0.5 * (1 + 0.4 * (-1) ** n) for n in range(20)], True, id="alike, with chance in it"),
        pytest.param([0.25, 0.5, *[1.0] * 20], True, id="grows, and stops at a second"),
        pytest.param([0.01, 0.6, 0.01, 0.01, 0.6, *[0.01] * 4, 0.6, *[0.01] * 8, 0.6], True, id="twice as many each time"),
        pytest.param([0.1, 0.09, 0.14, 0.43, 0.3, 0.34, *[0.4] * 9, 90], True, id="hardly grows, and then a long rest"),
        pytest.param([5.0] * 20, True, id="five seconds from the first on: as often as is counted"),
        pytest.param([2.0 * 0.8**n for n in range(20)], True, id="ever shorter"),
        pytest.param([0.0] * 20, True, id="at once"),
    ],
)  # fmt: skip
def test_a_client_that_backs_off_is_no_storm(waits: list[float], storm: bool, report: Callable[..., Any]) -> None:
    grave = {it.rule for it in report(har(*attempts(waits))).findings if it.severity is Severity.WARNING}
    assert ("reconnect-storm" in grave) == storm
    quick = sum(wait < 0.9 for wait in waits) >= 5
    assert ("failed-handshakes" in grave) == (storm and quick)


def test_failures_of_several_clients_at_once_are_no_backing_off(report: Callable[..., Any]) -> None:
    alike = [failed(1 + n * 0.001, 5 + n) for n in range(8)]
    (finding,) = (it for it in report(har(*alike)).findings if it.rule == "failed-handshakes")
    assert finding.severity is Severity.WARNING


CLOSED_BY_PAGE = "WebSocket is closed before the connection is established."


def test_what_the_page_itself_closed_while_connecting_is_not_blamed_on_the_server(report: Callable[..., Any]) -> None:
    analysis = report(har(*(failed(n, n + 0.02, CLOSED_BY_PAGE) for n in range(1, 7)), socket(9, None))).findings
    (finding,) = (it for it in analysis if it.rule == "failed-handshakes")
    assert (finding.severity, finding.remedy) == (Severity.NOTE, None)
    assert finding.message == "6 sockets never opened: the page itself closed them while they were connecting."


def test_what_the_page_closed_and_what_the_server_refused_are_told_apart(report: Callable[..., Any]) -> None:
    sockets = [failed(n, n + 0.02, CLOSED_BY_PAGE if n % 2 else "refused") for n in range(1, 9)]
    items = [it for it in report(har(*sockets, socket(9, None))).findings if it.rule == "failed-handshakes"]
    assert [(it.severity, len(it.sessions), it.message) for it in items] == [
        (Severity.NOTE, 4, "4 sockets never opened: refused."),
        (Severity.NOTE, 4, "4 sockets never opened: the page itself closed them while they were connecting."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="no text"),
        pytest.param("net::ERR_ABORTED", id="the browser aborted it"),
        pytest.param("closed before the connection was established", id="the recorder heard of no reason"),
        pytest.param("the log does not say why", id="an extract of a NetLog"),
    ],
)
def test_of_what_failed_without_a_reason_nobody_is_blamed(text: str, report: Callable[..., Any]) -> None:
    sockets = [failed(n, n + 0.02, text) for n in range(1, 9)]
    (finding,) = (it for it in report(har(*sockets, socket(9, None))).findings if it.rule == "failed-handshakes")
    assert (finding.severity, finding.remedy, len(finding.sessions)) == (Severity.NOTE, None, 8)
    assert finding.message == (
        "8 sockets never opened: the capture does not show why, possibly the page itself closed them."
    )


def test_a_trace_blames_nobody_for_failed_handshakes() -> None:
    """The server refused each of them, which a trace does not show."""
    analysis = analyze(read(CAPTURES / "trace-07-failed.trace.json.gz")).findings
    assert [it.remedy for it in analysis if it.rule == "failed-handshakes"] == [None]


SUPABASE = "wss://abc.supabase.co/realtime/v1/websocket?apikey=1&vsn=1.0.0"
TWO_PATHS = ("wss://api.example/a", "wss://api.example/b")


@pytest.mark.parametrize(
    ("urls", "words", "link"),
    [
        pytest.param([SUPABASE] * 2, "Call createClient once", True, id="both are of one service"),
        pytest.param(["wss://api.example/a"] * 2, "Open the connection once", False, id="of no known service"),
        pytest.param(TWO_PATHS, "The sockets go to different addresses", False, id="two addresses"),
        pytest.param(
            [SUPABASE, *TWO_PATHS[:1] * 2], "Open the connection once", False, id="of a service and of others"
        ),
    ],
)
def test_the_remedy_is_that_of_the_service_if_all_are_its_sockets(
    urls: Sequence[str], words: str, link: bool, report: Callable[..., Any]
) -> None:
    items = [socket(n, None) for n in range(1, len(urls) + 1)]
    for item, url in zip(items, urls, strict=True):
        item["request"]["url"] = url
    (finding,) = (it for it in report(har(*items)).findings if it.rule == "concurrent-sockets")
    assert finding.remedy.startswith(words)
    assert (finding.link is not None) == link


@pytest.mark.parametrize(
    ("name", "sockets"),
    [
        # Of the second page's end the file gives no latest time: the page that is brought back has its old date.
        pytest.param("chrome-09-nav-back", 1, id="kept by the back/forward cache, and seen to close later"),
        pytest.param("chrome-09b-nav-back-nobfcache", 0, id="left, and nothing seen"),
        pytest.param("chrome-08-refresh3", 0, id="reloaded"),
    ],
)
def test_a_socket_outlives_its_page(name: str, sockets: int) -> None:
    assert len(messages_of(name, "socket-outlives-page")) == sockets


# The default waits of real clients, in seconds, by the source of the version: how long after which failure.
CLIENTS: dict[str, Callable[[int, Random], float]] = {
    "@rails/actioncable 8.1.400": lambda n, chance: 6 * 1.15 ** min(n, 10) * (1 + 0.15 * chance.random()),
    "@microsoft/signalr 10.0.11": lambda n, _: [0, 2, 10, 30][min(n, 3)],
    "@supabase/realtime-js 2.109.0": lambda n, _: [1, 2, 5, 10][min(n, 3)],
    "ably 2.28.0": lambda n, chance: 15 * min(1 + n / 3, 2) * (1 - 0.2 * chance.random()),
    "centrifuge 5.8.0": lambda n, chance: min(20, 0.5 + chance.uniform(0, min(20, 0.5 * 2**n))),
    "convex 1.48.0": lambda n, chance: min(2**n, 16) * (0.5 + chance.random()),
    "graphql-ws 6.4.2": lambda n, chance: 2**n + chance.uniform(0.3, 3),
    "partysocket 1.3.0": lambda n, _: min(3 * 1.3**n, 10),
    "phoenix 1.8.16": lambda n, _: [*PHOENIX, 5][min(n, 9)],
    "reconnecting-websocket 4.4.0, short": lambda n, _: min(1.0 * 1.3**n, 10),  # it chooses the first: 1 to 5 s
    "reconnecting-websocket 4.4.0, long": lambda n, _: min(5.0 * 1.3**n, 10),
    "socket.io-client 4.8.4": lambda n, chance: min(2**n * (1 + chance.uniform(-0.5, 0.5)), 5),
    "stream-chat 9.53.0": lambda n, chance: chance.uniform(min(max(0.25, 2 * n), 25), min(2.5 + 2 * n, 25)),
    "subscriptions-transport-ws 0.11.0": lambda n, chance: min(0.1 * 2**n * (1 + chance.uniform(-0.5, 0.5)), 10),
    "y-websocket 3.1.0": lambda n, _: min(0.2 * 2**n, 2.5),
    "@stomp/stompjs 7.5.0": lambda _, __: 5,
}


def away(wait: Callable[[int, Random], float], seconds: float, took: float, chance: Random) -> list[dict[str, Any]]:
    """The sockets of a client whose server goes away for so long, and refuses each attempt after so long."""
    items, at = [socket(0.1, 1.0)], 1.0
    for n in count():
        start = at + wait(n, chance)
        if start >= 1 + seconds:
            return [*items, socket(start, None)]
        items.append(failed(start, start + took))
        at = start + took
    raise AssertionError


@pytest.mark.parametrize("took", [0.02, 1.0], ids=["refused at once", "refused after a second"])
@pytest.mark.parametrize("client", CLIENTS)
def test_no_client_storms_by_its_own_waits_while_its_server_is_away(
    client: str, took: float, report: Callable[..., Any]
) -> None:
    for seconds in (2, 5, 10, 30):
        for seed in range(3):
            findings = report(har(*away(CLIENTS[client], seconds, took, Random(seed)))).findings
            assert [it.message for it in findings if it.severity is not Severity.NOTE] == []


@pytest.mark.parametrize(("seconds", "storm"), [(2, False), (5, False), (8, False), (15, True), (30, True)])
def test_a_client_that_always_waits_a_second_storms_if_its_server_stays_away(
    seconds: int, storm: bool, report: Callable[..., Any]
) -> None:
    """As mqtt 5.16, sockette 2.0.6 and pusher-js 8.6 do."""
    findings = report(har(*away(lambda _, __: 1.0, seconds, 0.02, Random(0)))).findings
    assert [it.rule for it in findings if it.severity is Severity.WARNING] == (["reconnect-storm"] if storm else [])

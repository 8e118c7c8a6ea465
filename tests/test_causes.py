"""Why several sockets were open at once: what real captures show, and what must not be claimed of them."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from small_har import PAGE, har, request, socket, stack

from analyzer import openings
from analyzer.causes import CAUSES
from analyzer.formats import read
from analyzer.masking import mask
from analyzer.model import Client, Confidence, Policy, Report, Run
from analyzer.pipeline import analyze
from analyzer.services import clients, paths
from analyzer.services.loading import builtin
from tests.kinds import of_the_lab

ROOT = Path(__file__).parent.parent
CAPTURES = ROOT / "tests" / "captures"
# Every capture that shows a cause, with that cause; all others show none. Each was made by a real browser.
SHOWN = {
    "chrome-bug-client-per-query": ["client-per-operation"],
    "chrome-bug-gave-up": ["abandoned-while-connecting"],
    "chrome-bug-hook-not-shared": ["asked-for-twice-at-once"],
    "chrome-bug-mqtt-one-id": ["take-over"] * 3,
    "chrome-bug-silent": ["replaced-not-closed"],
    "chrome-bug-supabase-in-component": ["several-client-instances"],
    "chrome-bug-vue-render": ["made-while-rendering"],
    "chrome-bug-bus-twice": ["asked-for-twice-at-once"],
    "chrome-bug-close-and-error": ["reconnects-twice"],
    "chrome-bug-consumer-twice": ["asked-for-twice-at-once"],
    "chrome-bug-fast-refresh": ["fast-refresh"],
    "chrome-bug-gone-while-awaiting": ["unmounted-while-connecting"],
    "chrome-bug-hook-opens-later": ["missing-cleanup"],  # of react-use-websocket 3, which awaits the URL
    "chrome-bug-sockette-timer-lives-on": ["timer-outlives-disconnect"],
    "chrome-bug-socketio-own-reconnect": ["two-reconnectors"],
    "chrome-bug-stream-6-strict": ["cleanup-while-connecting"],
    "chrome-bug-stream-again": ["connected-before-disconnected"],
    "chrome-bug-timer-lives-on": ["timer-outlives-disconnect"],
    "chrome-bug-vue-view": ["view-left-open"],
    "chrome-bug-watchdog": ["replaced-not-closed"],
    "chrome-S2-overuse": ["several-client-instances"],
    "chrome-S6-strict-manual": ["cleanup-while-connecting"],
    "chrome-S7-hook-strict": ["strict-mode-double-mount"] * 2,
    "chrome-S8-offline-blip": ["reconnect-without-close"],
    "chrome-cause-hot-reload": ["hot-reload"],
    "chrome-cause-iframe": ["iframe-or-worker-duplicate"],
    "chrome-cause-one-place-twice": ["several-client-instances"],
    "chrome-cause-reconnect-long": ["reconnect-without-close"],
    "chrome-cause-reconnect-minified": ["reconnect-without-close"],
    "chrome-cause-reconnect-own": ["reconnect-without-close"],
    "chrome-cause-remount-connecting": ["cleanup-while-connecting"],
    "chrome-cause-remount-leaky": ["several-client-instances"],
    "chrome-cause-review-kicked": ["strict-mode-double-mount"],  # the server closed: no more than probable
    "chrome-cause-review-relogin": ["several-client-instances"],  # one client that connected again: likewise
    "chrome-cause-review-relogin3": ["several-client-instances"],
    "chrome-cause-review-slowclean": ["missing-cleanup"],  # saved before its clean-up was done: likewise
    "chrome-cause-review-slowclean-long": ["strict-mode-double-mount"],
    "chrome-cause-socketio-force-new": ["socket-io-not-multiplexed"],
    "chrome-cause-socketio-minified": ["socket-io-not-multiplexed"],
    "chrome-cause-socketio-namespaces": ["socket-io-not-multiplexed"],
    "chrome-cause-strict-clean-18": ["strict-mode-double-mount"],
    "chrome-cause-strict-clean-19": ["strict-mode-double-mount"],
    "chrome-cause-strict-connecting": ["cleanup-while-connecting"],
    "chrome-cause-strict-hook-18": ["strict-mode-double-mount"],
    "chrome-cause-strict-leak-18": ["missing-cleanup"],
    "chrome-cause-strict-leak-19": ["missing-cleanup"],
    "chrome-cause-strict-never-disconnects": ["cleanup-while-connecting"],
    "chrome-cause-two-clients": ["several-client-instances"],
    "chrome-cause-two-clients-minified": ["several-client-instances"],
    "chrome-cause-two-clients-modules": ["several-client-instances"],
    "chrome-cause-worker": ["iframe-or-worker-duplicate"],
    "har-sockets-console-of-stream": ["connected-before-disconnected"],
}
# For each cause a capture that looks alike and must not be taken for it.
NEAR = {
    "abandoned-while-connecting": "chrome-bug-gave-up-and-closed",  # closed while connecting
    "client-per-operation": "chrome-bug-one-client",  # one client for all
    "made-while-rendering": "chrome-bug-vue-render-once",  # opened once, in setup
    "take-over": "chrome-bug-mqtt-own-ids",  # each client has an id of its own
    "asked-for-twice-at-once": "chrome-bug-consumer-once",  # the promise is stored
    "connected-before-disconnected": "chrome-bug-stream-awaits",  # the close is awaited
    "fast-refresh": "chrome-bug-fast-refresh-closed",  # the effect has a clean-up
    "reconnects-twice": "chrome-bug-close-alone",  # as many reconnects as ends
    "replaced-not-closed": "chrome-bug-watchdog-closes",  # the watchdog closes the old one
    "timer-outlives-disconnect": "chrome-bug-phoenix-backs-off",  # a later version, which clears its timer
    "two-reconnectors": "chrome-bug-socketio-library-alone",  # the library alone reconnects
    "unmounted-while-connecting": "chrome-bug-gone-and-closed",  # the clean-up is heeded after the await
    "view-left-open": "chrome-bug-vue-view-closed",  # closed when the view is left
    "strict-mode-double-mount": "chrome-cause-strict-leak-19",  # a second mount, and no clean-up
    "hot-reload": "chrome-cause-hot-reload-then-clicks",  # code that was updated, and ran for another reason
    "cleanup-while-connecting": "chrome-cause-remount-leaky",  # gone while connecting, and its client lives on
    "missing-cleanup": "chrome-cause-two-parts",  # one effect, of two components
    "reconnect-without-close": "chrome-S5-drop-reconnect",  # the old one was gone
    "iframe-or-worker-duplicate": "chrome-cause-one-place-twice",  # both in the page
    "socket-io-not-multiplexed": "chrome-cause-socketio-two-hosts",  # two servers cannot share
    "several-client-instances": "chrome-cause-review-relogopen",  # one client: the old socket closed a little later
}
# Likely: an effect without a clean-up, two components at once, one client that disconnects and connects again look the
# same, or the capture was saved too early to tell.
LIKELY = {
    "chrome-bug-watchdog",
    "chrome-bug-client-per-query",
    "chrome-bug-gave-up",
    "chrome-bug-hook-not-shared",
    "chrome-bug-mqtt-one-id",
    "chrome-bug-silent",
    "chrome-bug-bus-twice",
    "chrome-bug-consumer-twice",
    "chrome-bug-gone-while-awaiting",
    "chrome-bug-sockette-timer-lives-on",
    "chrome-bug-socketio-own-reconnect",
    "chrome-bug-stream-again",
    "chrome-bug-timer-lives-on",
    "chrome-bug-vue-render",
    "chrome-bug-vue-view",
    "har-sockets-console-of-stream",
    "chrome-bug-hook-opens-later",
    "chrome-bug-stream-6-strict",
    "chrome-S2-overuse",
    "chrome-S6-strict-manual",
    "chrome-cause-one-place-twice",
    "chrome-cause-remount-leaky",
    "chrome-cause-review-kicked",
    "chrome-cause-review-relogin",
    "chrome-cause-review-relogin3",
    "chrome-cause-review-slowclean",
    "chrome-cause-review-slowclean-long",
    "chrome-cause-socketio-force-new",
    "chrome-cause-socketio-minified",
    "chrome-cause-socketio-namespaces",
    "chrome-cause-strict-clean-18",
    "chrome-cause-strict-clean-19",
    "chrome-cause-strict-connecting",
    "chrome-cause-strict-leak-18",
    "chrome-cause-strict-leak-19",
    "chrome-cause-strict-never-disconnects",
    "chrome-cause-two-clients",
    "chrome-cause-two-clients-minified",
    "chrome-cause-two-clients-modules",
}
NAMES = sorted(
    p.relative_to(CAPTURES).as_posix()
    for p in CAPTURES.rglob("*")
    if p.name.endswith((".har", ".har.zip")) and not of_the_lab(p)
)


def report(name: str, edit: Callable[[dict[str, Any]], None] | None = None, tmp: Path | None = None) -> Report:
    """The report of a capture, or of one that was edited."""
    path = CAPTURES / f"{name}.har"
    if edit is None or tmp is None:
        return analyze(read(path))
    document = json.loads(path.read_text("utf-8"))
    edit(document)
    (tmp / "edited.har").write_text(json.dumps(document), "utf-8")
    return analyze(read(tmp / "edited.har"))


def causes(analysis: Report) -> list[str]:
    return [finding.cause for finding in analysis.findings if finding.cause is not None]


def sockets(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in document["log"]["entries"] if entry.get("_resourceType") == "websocket"]


@pytest.mark.parametrize("name", NAMES)
def test_a_capture_shows_its_cause_and_no_other(name: str) -> None:
    analysis = analyze(read(CAPTURES / name))
    assert causes(analysis) == SHOWN.get(name.removesuffix(".zip").removesuffix(".har"), [])


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_every_cause_has_a_capture_that_shows_it_and_one_that_only_looks_alike(cause: Any) -> None:
    assert any(cause.id in told for told in SHOWN.values())
    assert cause.id not in causes(report(NEAR[cause.id]))


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_every_cause_is_named_for_its_file_and_has_its_manual(cause: Any) -> None:
    module = importlib.import_module(f"analyzer.causes.{cause.id.replace('-', '_')}")
    assert module.CAUSE is cause
    for part in ("How it is detected:", "Why it matters:", "What to do:"):
        assert part in (module.__doc__ or "")


def test_every_file_of_a_cause_is_registered() -> None:
    files = {path.stem.replace("_", "-") for path in (ROOT / "analyzer/causes").glob("*.py")} - {"--init--"}
    assert files == {cause.id for cause in CAUSES}


@pytest.mark.parametrize("name", SHOWN)
def test_a_cause_has_proof_with_places_and_pointers(name: str) -> None:
    for finding in report(name).findings:
        if finding.cause is not None:
            assert finding.proof
            assert {it.pointer for it in finding.proof} <= set(finding.pointers)
            assert any(it.frame is not None and it.frame.line for it in finding.proof)
            assert finding.remedy


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_not_certain_is_a_likely_cause(name: str) -> None:
    messages = [it.cause_confidence == "likely" for it in report(name).findings if it.why is not None]
    assert set(messages) == {name in LIKELY}


@pytest.mark.parametrize("name", SHOWN)
def test_without_call_stacks_nothing_is_claimed(name: str, tmp_path: Path) -> None:
    def drop(document: dict[str, Any]) -> None:
        for entry in sockets(document):
            del entry["_initiator"]["stack"]

    assert causes(report(name, drop, tmp_path)) == []


@pytest.mark.parametrize(
    ("name", "severities"),
    [
        pytest.param("chrome-S7-hook-strict", ["note", "note"], id="StrictMode, cleaned up"),
        pytest.param("chrome-cause-review-kicked", ["warning"], id="StrictMode, and the server may have closed"),
        pytest.param("chrome-cause-hot-reload", ["note"], id="a hot reload"),
        pytest.param("chrome-cause-strict-leak-19", ["warning"], id="a leak, of nobody knows whom"),
        pytest.param("chrome-S6-strict-manual", ["error"], id="a leak of one user"),
    ],
)
def test_the_cause_lowers_the_severity_of_what_production_has_not(name: str, severities: list[str]) -> None:
    assert [it.severity for it in report(name).findings if it.cause is not None] == severities


@pytest.mark.parametrize("name", ["chrome-cause-strict-clean-18", "chrome-cause-hot-reload"])
def test_a_harmless_cause_does_not_hide_a_further_socket(name: str, tmp_path: Path) -> None:
    """A third socket, opened by other code, stays open with them."""

    def add(document: dict[str, Any]) -> None:
        first = next(it for it in sockets(document) if "/feed" in it["request"]["url"])
        first["timings"]["receive"] = 0  # the first one stays open
        other = json.loads(json.dumps(first))
        other["_initiator"]["stack"]["callFrames"][0].update(functionName="other", lineNumber=1)
        key = next(it for it in other["request"]["headers"] if it["name"] == "Sec-WebSocket-Key")
        key["value"] = "dGhlIHNhbXBsZSBub25jZQ=="  # equal keys would be one socket, written twice
        entries = document["log"]["entries"]
        entries.insert(entries.index(first) + 1, other)

    analysis = report(name, add, tmp_path)
    assert not {"strict-mode-double-mount", "hot-reload"} & set(causes(analysis))
    assert [f.severity for f in analysis.findings if f.rule == "concurrent-sockets"] == ["warning"]


def test_a_first_mount_that_is_closed_much_later_was_not_cleaned_up(tmp_path: Path) -> None:
    def late(document: dict[str, Any]) -> None:
        first = sockets(document)[0]
        first["timings"]["receive"] += 30_000
        first["time"] += 30_000
        for entry in sockets(document)[1:]:
            entry["_webSocketMessages"][-1]["time"] += 40
            entry["timings"]["wait"] += 40_000
            entry["time"] += 40_000

    assert causes(report("chrome-cause-strict-clean-18", late, tmp_path)) == ["missing-cleanup"]


def test_a_version_that_is_mended_is_not_accused(tmp_path: Path) -> None:
    def newer(document: dict[str, Any]) -> None:
        for entry in sockets(document):
            entry["request"]["url"] = entry["request"]["url"].replace("9.53.0", "9.54.0")

    strict = report("chrome-S6-strict-manual", newer, tmp_path)
    assert causes(strict) == ["missing-cleanup"]
    again = report("chrome-S8-offline-blip", newer, tmp_path)
    (finding,) = (it for it in again.findings if it.cause)
    assert finding.why == "stream-chat-js 9.54.0 reconnected and left the old socket open."


def test_the_proof_is_masked_like_all_else(tmp_path: Path) -> None:
    def secret(document: dict[str, Any]) -> None:
        for entry in sockets(document):
            stack = entry["_initiator"]["stack"]
            while stack:
                for frame in stack["callFrames"]:
                    frame["url"] += "?token=canary-in-a-frame"
                    frame["functionName"] = frame["functionName"] or "alice"
                stack = stack.get("parent")

    analysis = report("chrome-S2-overuse", secret, tmp_path)
    assert causes(analysis) == ["several-client-instances"]
    (text,) = mask(Run((analysis,), (), Policy())).reports
    details = repr(text)
    assert "canary" not in details
    assert "alice" not in details


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("chrome-cause-*.truth.json")), ids=lambda path: path.name)
def test_the_peak_of_a_lab_capture_is_the_true_one(path: Path) -> None:
    truth = json.loads(path.read_text("utf-8"))
    peaks = report(path.name.removesuffix(".truth.json")).concurrency
    assert peaks.proven_peak <= truth["max_concurrent_open"] <= peaks.possible_peak


# -- only what was open together -------------------------------------------------------------------------------

STREAM = (
    "wss://chat.stream-io-api.com/connect?json=%7B%22user_id%22%3A%22{user}%22%7D&api_key=k&stream-auth-type=jwt"
    "&X-Stream-Client=stream-chat-js-v9.53.0-browser"
)
ENGINE = "wss://rt.example/socket.io/?EIO=4&transport=websocket"
CALLED = stack("_connect", "connect", "openConnection", "connectUser", "login")
IO = stack("doOpen", "createSocket", "open", "connect", "lookup", "start")


def beats(start: int, end: int) -> list[float]:
    return [float(it) for it in range(start + 1, end)]


def stream(start: int, end: int | None, user: str = "a", calls: dict[str, Any] = CALLED) -> dict[str, Any]:
    return socket(start, end, url=STREAM.format(user=user), calls=calls, times=beats(start, end or 40))


def engine(start: int, end: int | None, calls: dict[str, Any] = IO, url: str = ENGINE) -> dict[str, Any]:
    return socket(start, end, url=url, calls=calls, times=beats(start, end or 40))


def other(start: int, end: int | None, host: str = "one.example") -> dict[str, Any]:
    return socket(start, end, url=f"wss://{host}/ws", times=beats(start, end or 40))


two_others = other(0, None, "two.example"), other(0, None, "three.example")


@pytest.mark.parametrize(
    ("sockets", "cause"),
    [
        pytest.param([engine(1, 10), engine(12, None), other(0, None), other(2, None, "two.example")], None,
                     id="Socket.IO: one after the other, beside two others"),
        pytest.param([engine(1, 30), engine(12, None), other(0, None)], "socket-io-not-multiplexed",
                     id="Socket.IO: together, beside another"),
        pytest.param([engine(1, 10), engine(12, 30), engine(14, None), other(0, None)], "socket-io-not-multiplexed",
                     id="Socket.IO: the first was gone, the other two were together"),
        pytest.param([stream(1, 10), stream(12, None), stream(0, None, "b"), stream(2, None, "c")], None,
                     id="Stream: one user after himself, beside two others"),
        pytest.param([stream(1, None), stream(12, None), stream(0, None, "b")], "several-client-instances",
                     id="Stream: one user twice, beside another"),
        pytest.param([stream(1, 10), stream(9, 20), stream(19, None)], "connected-before-disconnected",
                     id="Stream: each old one closes a second after the next was asked for"),
        pytest.param([stream(1, 30), stream(9, None)], "several-client-instances",
                     id="Stream: the old one closes 21 s later"),
    ],
)  # fmt: skip
def test_a_cause_names_only_sockets_that_were_open_together(
    sockets: list[dict[str, Any]], cause: str | None, report: Callable[..., Report]
) -> None:
    analysis = report(har(*sockets))
    assert analysis.verdict == "overlap"
    assert {it.cause for it in analysis.findings} - {None} == ({cause} if cause else set())
    names_only_what_met(analysis)


def worker(start: int, end: int | None) -> dict[str, Any]:
    return socket(start, end, url=FEED, calls=stack("go", url=f"{PAGE}worker.js"), times=beats(start, end or 40))


FEED = "wss://feed.example/ws"


@pytest.mark.parametrize(
    ("sockets", "cause"),
    [
        pytest.param([socket(1, None, url=FEED, times=[40]), worker(3, None)], "iframe-or-worker-duplicate",
                     id="page and worker, together"),
        pytest.param([socket(1, 9, url=FEED), worker(12, None)], None, id="one after the other"),
    ],
)  # fmt: skip
def test_page_and_worker_are_a_cause_only_together(
    sockets: list[dict[str, Any]], cause: str | None, report: Callable[..., Report]
) -> None:
    script = request(0.5, f"{PAGE}worker.js", kind="script")
    script["request"]["headers"] = [{"name": "Sec-Fetch-Dest", "value": "worker"}]
    analysis = report(har(script, *sockets, *two_others))
    assert {session.context for session in analysis.sessions} >= {None, "worker"}
    assert {it.cause for it in analysis.findings} - {None} == ({cause} if cause else set())


def test_the_number_of_connections_that_a_cause_names_is_that_of_those_together(report: Callable[..., Report]) -> None:
    apart = [engine(1, 8), engine(3, 9), engine(20, 30), engine(22, None), *two_others]
    (finding,) = (it for it in report(har(*apart)).findings if it.cause)
    assert finding.why is not None
    assert "opened 2 connections" in finding.why
    assert len(finding.proof) == 2


def test_one_client_may_hold_two_sockets_one_after_the_other(report: Callable[..., Report]) -> None:
    (finding,) = report(har(stream(1, 20), stream(8, None), stream(9, 33), stream(22, None))).findings
    assert finding.why is not None
    assert "(at least 3 clients of one user)" in finding.why
    (finding,) = report(har(stream(1, None), stream(8, None), stream(16, None))).findings
    assert finding.why is not None
    assert "(3 clients of one user)" in finding.why


@pytest.mark.parametrize("frame", ["onclose", "Manager.onclose", "onClose", "onerror", "onDisconnect", "on_close"])
def test_a_socket_io_connection_that_was_opened_because_another_ended_is_no_certain_cause(
    frame: str, report: Callable[..., Report]
) -> None:
    again = stack("doOpen", "open", "lookup", "restart", frame)
    (finding,) = report(har(engine(1, 30), engine(12, None, calls=again))).findings
    assert finding.cause_confidence == "likely"
    (finding,) = report(har(engine(1, 30), engine(12, None))).findings
    assert finding.cause_confidence == "certain"


def names_only_what_met(analysis: Report) -> None:
    for finding in analysis.findings:
        named = analysis.named(dict.fromkeys(line.session for line in finding.proof if finding.cause))
        for session in named:
            assert any(openings.is_concurrent(session, one, finding.confidence) for one in named if one is not session)


@pytest.mark.parametrize("name", SHOWN)
def test_each_socket_that_a_cause_names_was_open_together_with_another_that_it_names(name: str) -> None:
    names_only_what_met(report(name))


@pytest.mark.parametrize(
    ("sockets", "remedy"),
    [
        pytest.param([other(1, 20), other(5, None)], "Open the connection once", id="one address, both live on"),
        pytest.param([other(1, 6), other(5, None)], "Close the old socket", id="one address, a hand-over"),
        pytest.param([other(1, 9), other(12, None), *two_others], "--per endpoint",
                     id="one address, one after the other, beside another address"),
        pytest.param([stream(1, 6), stream(5, None)], "Close the old socket", id="one user, a hand-over"),
        pytest.param([stream(1, None), stream(5, None)], "Keep one client per session", id="one user, both live on"),
        pytest.param([stream(1, None), stream(5, None, "b")], "one user at a time", id="two users"),
    ],
)  # fmt: skip
def test_the_remedy_follows_from_what_was_open_together(
    sockets: list[dict[str, Any]], remedy: str, report: Callable[..., Report]
) -> None:
    (finding,) = (each for each in report(har(*sockets)).findings if each.confidence is Confidence.PROVEN and each.remedy
                  and each.rule != "user-still-connected")  # fmt: skip
    assert remedy in (finding.remedy or "")


MOUNT = ("effect", "commitHookEffectListMount")
AGAIN = ("effect", "commitHookEffectListMount", "invokePassiveEffectMountInDEV")


@pytest.mark.parametrize("later", [False, True], ids=["in the effect", "after an await"])
def test_an_effect_that_opens_later_is_not_said_to_lack_a_clean_up(later: bool, report: Callable[..., Report]) -> None:
    first, again = (
        stack("createSocket", "start", then=[each]) if later else stack("createSocket", *each)
        for each in (MOUNT, AGAIN)
    )
    opened = [socket(start, None, calls=calls, times=beats(2, 40)) for start, calls in ((1.0, first), (1.1, again))]
    (finding,) = (it for it in report(har(*opened)).findings if it.cause)
    assert (finding.cause, finding.cause_confidence == "likely") == ("missing-cleanup", later)
    assert ("does not close the socket" in (finding.why or "")) is not later


# -- known faults ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("client", "is_known"),
    [
        pytest.param(Client("stream-chat-js", "9.53.0", None), True, id="the version itself"),
        pytest.param(Client("stream-chat-js", "8.1", None), True, id="an older one"),
        pytest.param(Client("stream-chat-js", "9.53.1", None), False, id="a newer one"),
        pytest.param(Client("stream-chat-js", "9.53.0-beta.1", None), True, id="before its release"),
        pytest.param(Client("stream-chat-js", "10.0.0", None), False, id="ten is more than nine"),
        pytest.param(Client("stream-chat-js", None, None), False, id="no version"),
        pytest.param(Client("stream-chat-js", "v", None), False, id="no number"),
        pytest.param(
            Client("stream-chat-javascript-client-browser", "6.2.0", None), True, id="as it called itself before"
        ),
        pytest.param(Client("stream-chat-react-native", "9.1.0", None), False, id="another client"),
        pytest.param(Client("stream-chat-js-fork", "9.1.0", None), False, id="a longer name"),
        pytest.param(None, False, id="no client"),
    ],
)
def test_a_fault_is_known_of_client_and_version(client: Client | None, is_known: bool) -> None:
    row = next(it for it in clients.libraries() if it.id == "stream-chat")
    assert (row.find_fault("cleanup-while-connecting", client) is not None) is is_known


def test_the_rows_of_clients_are_of_services_and_causes_that_exist() -> None:
    rows = clients.libraries()
    assert {service for row in rows for service in row.services} <= {row.id for row in builtin()}
    texts = [it for row in rows for it in (*row.fault, *row.habit)]
    assert {cause for it in texts for cause in it.causes} <= {cause.id for cause in CAUSES}
    assert all(it.link.startswith("https://") and it.remedy.endswith(".") for it in texts)
    assert not [it.says for it in texts if it.says.endswith(".")]  # one clause, which ends a sentence


@pytest.mark.parametrize("row", [row for row in clients.libraries() if row.fault], ids=lambda row: row.id)
def test_a_fault_has_a_range_of_versions_and_a_way_to_be_known(row: clients.Library) -> None:
    for fault in row.fault:
        assert clients.numbers(fault.since) <= clients.numbers(fault.until)
        assert fault.shape or row.client


@pytest.mark.parametrize(
    ("id", "cause", "names", "is_known"),
    [
        pytest.param(
            "phoenix", "timer-outlives-disconnect", ["connect", "", "disconnect", "", "", "scheduleTimeout"], True,
            id="phoenix 1.3: its timer disconnects",
        ),
        pytest.param(
            "phoenix", "timer-outlives-disconnect",
            ["connect", "", "", "waitForSocketClosed", "", "waitForBufferDone", "teardown", "", "", "scheduleTimeout"],
            False, id="phoenix 1.6: its timer tears down",
        ),
        pytest.param(
            "turbo-rails", "asked-for-twice-at-once",
            ["open", "ensureActiveConnection", "add", "create", "subscribeTo", "connectedCallback"], True,
            id="a stream source of Turbo",
        ),
        pytest.param(
            "turbo-rails", "asked-for-twice-at-once",
            ["open", "ensureActiveConnection", "add", "create", "tt", "connectedCallback"], False,
            id="a minifier took the name: any custom element",
        ),
        pytest.param(
            "react-use-websocket", "missing-cleanup", ["exports.createOrJoinSocket", "", "step"], True, id="its hook"
        ),
        pytest.param(
            "react-use-websocket", "view-left-open", ["exports.createOrJoinSocket", "", "step"], False,
            id="not what the fault makes",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_known_by_the_stack_where_no_version_is(
    id: str, cause: str, names: list[str], is_known: bool
) -> None:
    row = next(it for it in clients.libraries() if it.id == id)
    assert (row.find_fault(cause, None, list(map(paths.mark, names))) is not None) is is_known


@pytest.mark.parametrize(
    ("version", "cause", "is_known"),
    [
        ("2.0.0", "cleanup-while-connecting", False),
        ("2.1.0", "cleanup-while-connecting", True),
        ("4.4.3", "reconnect-without-close", False),
        ("5.0.0", "reconnect-without-close", True),
        ("6.5.1", "asked-for-twice-at-once", True),
        ("6.6.0", "asked-for-twice-at-once", False),
    ],
)
def test_the_faults_of_stream_chat_have_the_ranges_of_its_sources(version: str, cause: str, is_known: bool) -> None:
    row = next(it for it in clients.libraries() if it.id == "stream-chat")
    client = Client("stream-chat-javascript-client-browser", version, None)
    assert (row.find_fault(cause, client) is not None) is is_known


HOOK = ["exports.createOrJoinSocket", "", "step", "", "fulfilled"]  # of react-use-websocket
START = ["step", "", "__awaiter", "start_1", ""]


def test_a_fault_of_a_hook_is_the_library_s_and_not_the_application_s(report: Callable[..., Report]) -> None:
    calls = [stack(*HOOK, then=[[*START, *each]]) for each in (MOUNT, AGAIN)]
    opened = [
        socket(start, None, calls=each, times=beats(2, 40)) for start, each in zip((1.0, 1.1), calls, strict=True)
    ]
    (finding,) = (it for it in report(har(*opened)).findings if it.cause)
    assert finding.cause == "missing-cleanup"
    assert (finding.why or "").startswith("react-use-websocket did not close")
    assert "Update react-use-websocket to 4.1.0" in finding.remedy


def test_two_uses_of_a_hook_get_the_option_that_shares_a_socket(report: Callable[..., Report]) -> None:
    calls = stack(*HOOK, then=[[*START, *MOUNT]])
    opened = [socket(start, None, calls=calls, times=beats(2, 40)) for start in (1.0, 1.001)]
    (finding,) = (it for it in report(har(*opened)).findings if it.cause)
    assert finding.cause == "asked-for-twice-at-once"
    assert "unless `share` is true" in (finding.why or "")
    assert finding.remedy.startswith("Set `share: true`")


def test_two_effects_of_unknown_code_are_advised_on_hooks_and_on_promises(report: Callable[..., Report]) -> None:
    calls = stack("open", then=[["load", *MOUNT]])
    opened = [socket(start, None, calls=calls, times=beats(2, 40)) for start in (1.0, 1.001)]
    (finding,) = (it for it in report(har(*opened)).findings if it.cause)
    assert finding.cause == "asked-for-twice-at-once"
    assert finding.remedy.startswith("Store the promise")
    assert "`share: true`" in finding.remedy


# -- docs/causes -----------------------------------------------------------------------------------------------


def writer() -> ModuleType:
    """docs/causes/write.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("causes_pages", ROOT / "docs/causes/write.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_the_page_of_a_cause_has_code_before_and_after_the_mend(cause: Any) -> None:
    _, before, *after = re.split(
        r"(?m)^(?=(?:Before|After)\b)", (ROOT / f"docs/causes/{cause.id}.md").read_text("utf-8")
    )
    assert before.startswith("Before")
    assert after[0].startswith("After")
    assert all("```js" in part for part in (before, *after))


def test_the_pages_of_the_causes_are_up_to_date() -> None:
    pages = writer().pages()
    assert {path.name for path in (ROOT / "docs/causes").glob("*.md")} == set(pages)
    for name, text in pages.items():
        assert (ROOT / "docs/causes" / name).read_text("utf-8") == text

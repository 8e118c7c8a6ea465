"""Why several sockets were open at once: what real captures show, and what must not be claimed of them."""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from analyzer.causes import CAUSES
from analyzer.model import Client, Policy, Report, Run
from analyzer.pipeline import analyze
from analyzer.providers import builtin, clients
from analyzer.readers import read
from analyzer.redaction import masked

ROOT = Path(__file__).parent.parent
CAPTURES = ROOT / "tests" / "captures"
# Every capture that shows a cause, with that cause; all others show none. Each was made by a real browser.
SHOWN = {
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
    "chrome-cause-review-relogin": ["several-client-instances"],  # one client that connected anew: likewise
    "chrome-cause-review-relogin3": ["several-client-instances"],
    "chrome-cause-review-relogopen": ["several-client-instances"],
    "chrome-cause-review-slowclean": ["missing-cleanup"],  # saved before its clean-up was done: likewise
    "chrome-cause-review-slowclean-long": ["strict-mode-double-mount"],
    "chrome-cause-review-twoclients-kill": ["several-client-instances"],
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
}
# For each cause a capture that looks alike and must not be taken for it.
NEAR = {
    "strict-mode-double-mount": "chrome-cause-strict-leak-19",  # a second mount, and no clean-up
    "hot-reload": "chrome-cause-hot-reload-then-clicks",  # code that was updated, and ran for another reason
    "cleanup-while-connecting": "chrome-cause-remount-leaky",  # gone while connecting, and its client lives on
    "missing-cleanup": "chrome-cause-two-parts",  # one effect, of two components
    "reconnect-without-close": "chrome-S5-drop-reconnect",  # the old one was gone
    "iframe-or-worker-duplicate": "chrome-cause-one-place-twice",  # both in the page
    "socket-io-not-multiplexed": "chrome-cause-socketio-two-hosts",  # two servers cannot share
    "several-client-instances": "chrome-cause-two-clients-two-users",
}
# Probable: an effect without a clean-up, two components at once, one client that disconnects and connects anew look the
# same, or the capture was saved too early to tell.
PROBABLE = {
    "chrome-S2-overuse",
    "chrome-S6-strict-manual",
    "chrome-cause-one-place-twice",
    "chrome-cause-remount-leaky",
    "chrome-cause-review-kicked",
    "chrome-cause-review-relogin",
    "chrome-cause-review-relogin3",
    "chrome-cause-review-relogopen",
    "chrome-cause-review-slowclean",
    "chrome-cause-review-slowclean-long",
    "chrome-cause-review-twoclients-kill",
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
NAMES = sorted(p.relative_to(CAPTURES).as_posix() for p in CAPTURES.rglob("*") if p.name.endswith((".har", ".har.zip")))


def report(name: str, edit: Callable[[dict[str, Any]], None] | None = None, tmp: Path | None = None) -> Report:
    """The report of a capture, or of one that was edited."""
    path = CAPTURES / f"{name}.har"
    if edit is None or tmp is None:
        return analyze(read(path))
    document = json.loads(path.read_text("utf-8"))
    edit(document)
    (tmp / "edited.har").write_text(json.dumps(document), "utf-8")
    return analyze(read(tmp / "edited.har"))


def causes(it: Report) -> list[str]:
    return [finding.cause for finding in it.findings if finding.cause is not None]


def sockets(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in document["log"]["entries"] if entry.get("_resourceType") == "websocket"]


@pytest.mark.parametrize("name", NAMES)
def test_a_capture_shows_its_cause_and_no_other(name: str) -> None:
    it = analyze(read(CAPTURES / name))
    assert causes(it) == SHOWN.get(name.removesuffix(".zip").removesuffix(".har"), [])


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_every_cause_has_a_capture_that_shows_it_and_one_that_only_looks_alike(cause: Any) -> None:
    assert any(cause.id in told for told in SHOWN.values())
    assert cause.id not in causes(report(NEAR[cause.id]))


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_every_cause_is_named_for_its_file_and_has_its_manual(cause: Any) -> None:
    module = importlib.import_module(f"analyzer.causes.{cause.id.replace('-', '_')}")
    assert module.CAUSE is cause
    for part in ("How it is told:", "Why it matters:", "What to do:"):
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
def test_what_is_not_certain_is_told_as_probable(name: str) -> None:
    told = [it.why.startswith("Probably") for it in report(name).findings if it.why is not None]
    assert set(told) == {name in PROBABLE}


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
        entries = document["log"]["entries"]
        entries.insert(entries.index(first) + 1, other)

    it = report(name, add, tmp_path)
    assert not {"strict-mode-double-mount", "hot-reload"} & set(causes(it))
    assert [f.severity for f in it.findings if f.rule == "concurrent-sockets"] == ["warning"]


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

    it = report("chrome-S2-overuse", secret, tmp_path)
    assert causes(it) == ["several-client-instances"]
    (shown,) = masked(Run((it,), (), Policy())).reports
    told = repr(shown)
    assert "canary" not in told
    assert "alice" not in told


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("chrome-cause-*.truth.json")), ids=lambda path: path.name)
def test_the_peak_of_a_lab_capture_is_the_true_one(path: Path) -> None:
    truth = json.loads(path.read_text("utf-8"))
    peaks = report(path.name.removesuffix(".truth.json")).concurrency
    assert peaks.proven_peak <= truth["max_concurrent_open"] <= peaks.possible_peak


# -- known faults ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("client", "known"),
    [
        pytest.param(Client("stream-chat-js", "9.53.0", None), True, id="the version itself"),
        pytest.param(Client("stream-chat-js", "8.1", None), True, id="an older one"),
        pytest.param(Client("stream-chat-js", "9.53.1", None), False, id="a newer one"),
        pytest.param(Client("stream-chat-js", "9.53.0-beta.1", None), True, id="before its release"),
        pytest.param(Client("stream-chat-js", "10.0.0", None), False, id="ten is more than nine"),
        pytest.param(Client("stream-chat-js", None, None), False, id="no version"),
        pytest.param(Client("stream-chat-js", "v", None), False, id="no number"),
        pytest.param(Client("stream-chat-react-native", "9.1.0", None), False, id="another client"),
        pytest.param(None, False, id="no client"),
    ],
)
def test_a_fault_is_known_of_client_and_version(client: Client | None, known: bool) -> None:
    row = next(it for it in clients.libraries() if it.provider == "stream-chat")
    assert (row.known_fault("cleanup-while-connecting", client) is not None) is known


def test_the_rows_of_clients_are_of_services_and_causes_that_exist() -> None:
    rows = clients.libraries()
    assert {row.provider for row in rows} <= {row.id for row in builtin()}
    assert {fault.cause for row in rows for fault in row.fault} <= {cause.id for cause in CAUSES}
    assert all(
        clients.numbers(fault.until) and fault.link.startswith("https://") for row in rows for fault in row.fault
    )


# -- docs/causes -----------------------------------------------------------------------------------------------


def writer() -> ModuleType:
    """docs/causes/write.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("causes_pages", ROOT / "docs/causes/write.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_of_the_causes_are_up_to_date() -> None:
    pages = writer().pages()
    assert {path.name for path in (ROOT / "docs/causes").glob("*.md")} == set(pages)
    for name, text in pages.items():
        assert (ROOT / "docs/causes" / name).read_text("utf-8") == text

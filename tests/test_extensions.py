"""Sockets that a browser extension opened: whose code it was, and what follows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_har import failed, har, socket, stack
from typer.testing import CliRunner

from analyzer import gate
from analyzer.cli import app
from analyzer.document.table import columns
from analyzer.model import Policy, Report, Run
from analyzer.outputs.text import render
from analyzer.wording.verdict import verdict_sentences

OWN, FOREIGN = "https://app.example/main.js", "chrome-extension://abcdefghijklmnop/background.js"
VENDOR = "wss://sync.vendor.example/live"


def frames(*urls: str, then: list[str] | None = None) -> dict[str, Any]:
    """A call stack with code of these files, innermost first; `then`: of the turn that scheduled it."""
    options: dict[str, Any] = {
        "callFrames": [
            {"functionName": f"f{n}", "scriptId": str(n), "url": url, "lineNumber": 1, "columnNumber": 1}
            for n, url in enumerate(urls)
        ]
    }
    return options if then is None else {**options, "parent": {"description": "await", **frames(*then)}}


def foreign(**more: Any) -> dict[str, Any]:
    return socket(3, None, url=VENDOR, **{"calls": frames(FOREIGN), "times": [40], **more})


@pytest.mark.parametrize(
    ("calls", "extension"),
    [
        pytest.param(frames(FOREIGN), True, id="its background page"),
        pytest.param(frames(FOREIGN, FOREIGN, then=[FOREIGN]), True, id="all turns"),
        pytest.param(frames("moz-extension://0b1c/bg.js"), True, id="of Firefox"),
        pytest.param(frames("safari-web-extension://0B1C/bg.js"), True, id="of Safari"),
        pytest.param(frames("ms-browser-extension://x/bg.js"), True, id="of old Edge"),
        pytest.param(frames("blob:chrome-extension://abc/0b1c"), True, id="from a blob of it"),
        pytest.param(frames("native:array", FOREIGN, ""), True, id="with the engine's frames between"),
        pytest.param(frames(FOREIGN, OWN), False, id="a wrapper of WebSocket that the page called"),
        pytest.param(frames(OWN, FOREIGN), False, id="the page's code, called through a wrapped timer"),
        pytest.param(frames(FOREIGN, then=[OWN]), False, id="a wrapper that waited"),
        pytest.param(frames(OWN, then=[FOREIGN]), False, id="the page's code, which an extension scheduled"),
        pytest.param(frames(OWN), False, id="the page's own"),
        pytest.param(
            frames("https://cdn.example/chrome-extension://x.js"), False, id="an address that only looks alike"
        ),
        pytest.param(frames("chrome://settings/a.js"), False, id="the browser's own page"),
        pytest.param(frames("", ""), False, id="code without an address"),
    ],
)
def test_whose_code_opened_it(calls: dict[str, Any], extension: bool, report: Callable[..., Report]) -> None:
    (session,) = report(har(foreign(calls=calls))).sessions
    assert session.extension is extension


@pytest.mark.parametrize(
    ("origin", "extension"),
    [
        pytest.param("chrome-extension://abcdefghijklmnop", True, id="an extension's"),
        pytest.param("moz-extension://0b1c", True, id="of Firefox"),
        pytest.param("https://app.example", False, id="the page's"),
        pytest.param("null", False, id="none"),
    ],
)
def test_the_origin_of_the_handshake_tells(origin: str, extension: bool, report: Callable[..., Report]) -> None:
    entry = foreign(headers=[("origin", origin)])
    entry["_initiator"] = {"type": "other"}
    analysis = report(har(entry))
    assert analysis.sessions[0].extension is extension
    assert ("a browser extension: 1 socket (#1)" in render(Run((analysis,), (), Policy())).decode()) is extension


def test_an_initiator_without_a_stack_tells(report: Callable[..., Report]) -> None:
    entry = foreign()
    entry["_initiator"] = {"type": "script", "url": FOREIGN, "lineNumber": 1}
    (session,) = report(har(entry)).sessions
    assert session.extension


def test_it_is_shown_and_does_not_count(report: Callable[..., Report]) -> None:
    analysis = report(har(socket(1, None, times=[40]), foreign()))
    assert (analysis.verdict, analysis.concurrency.proven_peak) == ("overlap", 2)
    assert [(finding.rule, finding.severity, finding.sessions) for finding in analysis.findings] == [
        ("extension-socket", "note", ("s2",))
    ]
    assert gate.judge(analysis, Policy()).status == 0
    assert verdict_sentences(analysis, Policy())[0].startswith(
        "Overlap only with a browser extension's socket: 2 sockets of"
    )
    text = render(Run((analysis,), (), Policy())).decode()
    assert "a browser extension, f0(), background.js:2: 1 socket (#2)" in text
    assert "✗" not in text


def test_it_counts_where_it_shall(report: Callable[..., Report]) -> None:
    counted = Policy(count_extensions=True)
    analysis = report(har(socket(1, None, times=[40]), foreign()), count_extensions=True)
    assert {finding.rule for finding in analysis.findings} == {"concurrent-sockets", "extension-socket"}
    assert gate.judge(analysis, counted).status == gate.VIOLATED
    assert "only together" not in verdict_sentences(analysis, counted)[0]


def test_two_of_the_page_beside_one_of_an_extension_fail(report: Callable[..., Report]) -> None:
    analysis = report(har(socket(1, None, times=[40]), socket(2, None, times=[40]), foreign()))
    (finding,) = (finding for finding in analysis.findings if finding.rule == "concurrent-sockets")
    assert finding.sessions == ("s1", "s2")
    assert "only together" not in verdict_sentences(analysis, Policy())[0]


def test_handshakes_of_an_extension_that_fail_are_no_fault_of_the_page(report: Callable[..., Report]) -> None:
    tries = [failed(n, n + 0.1, url=VENDOR, calls=frames(FOREIGN)) for n in range(2, 14)]
    analysis = report(har(socket(1, None, times=[40]), *tries))
    assert gate.judge(analysis, Policy()).status == 0
    own = [failed(n, n + 0.1, url=VENDOR) for n in range(2, 14)]
    assert gate.judge(report(har(socket(1, None, times=[40]), *own)), Policy()).status == gate.VIOLATED


def test_option_and_setting_and_extract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.har").write_text(json.dumps(har(socket(1, None, times=[40]), foreign(headers=[("Origin", FOREIGN)]))))
    run = CliRunner()
    assert run.invoke(app, ["check", "a.har"]).exit_code == 0
    assert run.invoke(app, ["check", "a.har", "--count-extensions"]).exit_code == 1
    assert run.invoke(app, ["extract", "a.har", "-o", "b.har"]).exit_code == 0
    for name in ("a.har", "b.har"):
        (capture,) = json.loads(run.invoke(app, ["analyze", name, "--format", "json"]).stdout)["captures"]
        assert [session["extension"] for session in capture["sessions"]] == [False, True]
        assert "(a browser extension)" in run.invoke(app, ["show", name, "2"]).stdout
    Path("har-sockets.toml").write_text("count-extensions = true")
    assert run.invoke(app, ["check", "a.har"]).exit_code == 1


def test_rows_have_it_beside_the_development_server() -> None:
    assert columns().index("extension") == columns().index("dev_only") + 1


@pytest.mark.parametrize("functions", [("connect", "start"), ("open",)])
def test_a_library_of_the_page_is_none(functions: tuple[str, ...], report: Callable[..., Report]) -> None:
    calls = stack(*functions, url="https://app.example/node_modules/lib/index.js")
    (session,) = report(har(foreign(calls=calls))).sessions
    assert not session.extension

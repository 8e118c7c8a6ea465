"""SARIF: valid by the published schema, with places that can be opened and fingerprints that stay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from analyzer import masking
from analyzer.formats import read
from analyzer.model import Initiator, Policy, Run, Severity, Unreadable
from analyzer.model.sentence import quote
from analyzer.outputs import sarif
from analyzer.pipeline import analyze
from analyzer.rules import RULES
from analyzer.version import HOME
from tests.test_hostile import HOSTILE, run

HERE = Path(__file__).parent
CAPTURES = HERE / "captures"
ALL = sorted(path.name for path in CAPTURES.glob("*.har"))
SCHEMA = jsonschema.Draft4Validator(
    json.loads((HERE / "schemas/sarif-2.1.0.json").read_text("utf-8")), format_checker=jsonschema.FormatChecker()
)


def make_run(names: Iterable[str], policy: Policy = Policy(), *bad: Unreadable) -> Run:  # noqa: B008 - frozen
    reports = tuple(analyze(read(CAPTURES / name, source=name), policy) for name in names)
    return masking.mask(Run(reports, bad, policy, "Release 4.2", (("build", "12"),), RULES))


def log_of(run: Run) -> dict[str, Any]:
    document = json.loads(sarif.render(run))
    SCHEMA.validate(document)
    (only,) = document["runs"]
    return only  # type: ignore[no-any-return]


def test_the_schema_refuses_what_is_wrong() -> None:
    document = json.loads(sarif.render(make_run(["chrome-S2-overuse.har"])))
    document["runs"][0]["results"][0]["level"] = "fatal"
    assert not SCHEMA.is_valid(document)
    document = json.loads(sarif.render(make_run(["chrome-S2-overuse.har"])))
    document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "a b<c>"
    assert not SCHEMA.is_valid(document)


def test_every_capture_is_valid_and_every_finding_a_result() -> None:
    run = make_run(ALL, Policy(), Unreadable("bad.har", "no log"))
    findings = [finding for report in run.reports for finding in report.findings]
    document = log_of(run)
    results, rules = document["results"], document["tool"]["driver"]["rules"]
    assert len(results) == len(findings)
    assert [result["level"] for result in results] == sorted(
        (finding.severity.value for finding in findings), key=lambda severity: -Severity(severity).rank
    )
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in results)


def test_a_result_can_be_said_in_another_language() -> None:
    document = log_of(make_run(ALL))
    rules = document["tool"]["driver"]["rules"]
    for result in document["results"]:
        message = result["message"]
        template = rules[result["ruleIndex"]]["messageStrings"][message["id"]]["text"]
        assert fill(template, message.get("arguments", [])) == message["text"]
        assert not re.search(r"socket #?\d|\d m?s\b", template)


def test_text_with_braces_has_no_places_for_values() -> None:
    run = make_run(["chrome-S2-overuse.har"])
    (report,) = run.reports
    findings = tuple(msgspec.structs.replace(it, message=quote("{0} of {x}")) for it in report.findings)
    document = log_of(msgspec.structs.replace(run, reports=(msgspec.structs.replace(report, findings=findings),)))
    assert document["results"][0]["message"].keys() == {"text"}


def fill(template: str, values: list[str]) -> str:
    return re.sub(r"\{(\d+)\}", lambda match: values[int(match[1])], template)


def places(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Where a result is, and what is said there, the main place first."""
    return [
        (place["physicalLocation"]["artifactLocation"]["uri"], place["message"]["text"])
        for place in (*result["locations"], *result["relatedLocations"])
    ]


def initiator_at(url: str, own: bool = True) -> dict[str, Any]:
    """The first result, with its sockets opened by code at this address."""
    run = make_run(["chrome-S2-overuse.har"])
    (report,) = run.reports
    code = Initiator("connect", "<Chat>", url, 42, 7, own=own)
    sessions = tuple(msgspec.structs.replace(session, initiator=code) for session in report.sessions)
    report = msgspec.structs.replace(report, sessions=sessions)
    return log_of(msgspec.structs.replace(run, reports=(report,)))["results"][0]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("webpack-internal:///./app/Chat.js", "app/Chat.js"),
        ("webpack://shop/./app/Chat.js", "app/Chat.js"),
        ("http://localhost:5173/src/Chat.js?t=1", "src/Chat.js"),
        ("http://localhost:5173/app/Chat.tsx", "app/Chat.tsx"),
        ("http://localhost:8080/Chat.vue", "Chat.vue"),
    ],
)
def test_a_result_is_at_the_source_that_opened_the_socket(url: str, path: str) -> None:
    result = initiator_at(url)
    assert places(result)[:2] == [(path, "Opened by <Chat>"), ("chrome-S2-overuse.har", "socket #1")]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 42, "startColumn": 7}


@pytest.mark.parametrize(
    ("url", "own"), [("https://a.example/assets/index-4f3a.js", True), ("https://a.example/src/lib.ts", False)]
)
def test_where_a_bundle_or_a_library_opened_it_the_result_is_in_the_capture(url: str, own: bool) -> None:
    main, code, *others = places(initiator_at(url, own))
    assert main == ("chrome-S2-overuse.har", "socket #1")
    assert code == (url.removeprefix("https://a.example/"), "Opened by <Chat>")
    assert [said for _, said in others] == ["socket #2", "socket #3", "socket #4"]


def test_a_bundle_keeps_its_line_and_address() -> None:
    (result,) = log_of(make_run(["chrome-S2-overuse.har"]))["results"]
    place = result["relatedLocations"][0]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "app/app.js"},  # GitHub takes no other scheme than `file`
        "region": {"startLine": 47186, "startColumn": 13},
    }
    assert place["properties"] == {"url": "http://127.0.0.1:38587/app/app.js"}
    assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "/log/entries/4"


def test_every_rule_has_a_manual_that_can_be_opened() -> None:
    driver = log_of(make_run(["chrome-S2-overuse.har"]))["tool"]["driver"]
    assert driver["informationUri"] == HOME
    assert len(driver["rules"]) == len(RULES)
    for rule in driver["rules"]:
        page = HERE.parent / rule["helpUri"].removeprefix(f"{HOME}/blob/HEAD/")
        assert rule["help"]["markdown"] == page.read_text("utf-8")


def test_where_no_code_is_known_it_is_in_the_capture() -> None:
    result = log_of(make_run(["httptoolkit-D.har"]))["results"][0]
    place = result["locations"][0]
    assert place["physicalLocation"] == {"artifactLocation": {"uri": "httptoolkit-D.har"}, "region": {"startLine": 1}}
    assert place["logicalLocations"][0]["fullyQualifiedName"].startswith("/log/entries/")


@pytest.mark.parametrize(
    ("source", "uri"),
    [
        pytest.param("a b/ü.har", "a%20b/%C3%BC.har", id="letters that no URI holds"),
        pytest.param("a\\b.har", "a/b.har", id="Windows"),
        pytest.param("/tmp/x.har", "file:///tmp/x.har", id="absolute"),
        pytest.param("-", "stdin", id="standard input"),
        pytest.param("https://ci.example/a b.har", "https://ci.example/a%20b.har", id="a URL"),
        pytest.param("a:b.har", "a%3Ab.har", id="what looks like a scheme"),
    ],
)
def test_a_path_is_a_uri(source: str, uri: str) -> None:
    report = analyze(read(CAPTURES / ALL[0], source=source))
    (artifact,) = log_of(Run((report,), (), Policy()))["artifacts"]
    assert artifact["location"]["uri"] == uri


@pytest.mark.parametrize(
    ("url", "path", "uri"),
    [
        pytest.param(
            "https://a.example/x.js?v=<token 1>", "x.js", "https://a.example/x.js?v=%3Ctoken%201%3E", id="a mask"
        ),
        pytest.param(
            "https://a.example/100%.js", "100%25.js", "https://a.example/100%25.js", id="a stray percent sign"
        ),
        pytest.param("https://a.example/x#y#z", "x", "https://a.example/x#y%23z", id="two fragments"),
        pytest.param(
            "webpack-internal:///./src/[id].tsx",
            "src/%5Bid%5D.tsx",
            "webpack-internal:///./src/%5Bid%5D.tsx",
            id="of a bundler",
        ),
        pytest.param("https://a.example/a:b.js", "a%3Ab.js", "https://a.example/a:b.js", id="what looks like a scheme"),
        pytest.param("https://a.example/", "index.html", "https://a.example/", id="a page"),
    ],
)
def test_a_url_is_a_path_and_a_uri(url: str, path: str, uri: str) -> None:
    place = sarif._in_source(Initiator(None, None, url, 0, 0))
    assert place["physicalLocation"] == {"artifactLocation": {"uri": path}}
    assert place["properties"] == {"url": uri}
    assert jsonschema.Draft4Validator({"format": "uri-reference"}, format_checker=jsonschema.FormatChecker()).is_valid(
        uri
    )


@pytest.mark.parametrize("url", ["", "<anonymous>", "x.js", "data:text/javascript,1"])
def test_what_names_no_file_is_no_place(url: str) -> None:
    assert not sarif._in_code(Initiator("f", None, url, 1, 1))


def test_fingerprints_stay_when_the_capture_is_another() -> None:
    first, second = (log_of(make_run([name])) for name in ("chrome-S6-strict-manual.har", "chrome-S8-offline-blip.har"))
    assert [it["partialFingerprints"] for it in log_of(make_run(["chrome-S6-strict-manual.har"]))["results"]] == [
        result["partialFingerprints"] for result in first["results"]
    ]
    for result in (*first["results"], *second["results"]):
        own = result["partialFingerprints"]
        assert own["primaryLocationLineHash"] == f"{own['harSockets/v1']}:1"


def test_what_is_known_is_suppressed() -> None:
    name = "chrome-S2-overuse.har"
    baseline = frozenset(finding.fingerprint for finding in make_run([name]).reports[0].findings)
    (result,) = log_of(make_run([name], Policy(baseline=baseline)))["results"]
    assert [it["kind"] for it in result["suppressions"]] == ["external"]


def test_what_cannot_be_read_or_told_is_notified() -> None:
    run = log_of(make_run(["cypress-har-generator-H.har"], Policy(), Unreadable("bad.har", "no log")))
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [(it["level"], it["message"]["text"][:15]) for it in invocation["toolExecutionNotifications"]] == [
        ("error", "Cannot be read:"),
        ("warning", "cypress-har-gen"),
        ("note", "Not checked: gh"),
        ("note", "Not checked: so"),
        ("note", "Not checked: re"),
    ]


def test_of_too_many_the_gravest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "RESULTS", 2)
    run = log_of(make_run(["chrome-16-hmr.har", "chrome-S2-overuse.har"]))
    assert [result["level"] for result in run["results"]] == ["error", "note"]
    last = run["invocations"][0]["toolExecutionNotifications"][-1]
    assert last["message"]["text"] == "1 more result left out, not more severe."


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_capture_is_valid(content: str) -> None:
    assert log_of(run(content))["results"]

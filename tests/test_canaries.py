"""No secret leaves: a canary in every place where a HAR may hold one, through every output and every command.

The outputs and commands are those of the registries: one that is added later is tested here without a line, or, a
command, fails until it is said how to call it.
"""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from flow_files import dump_har
from pyarrow import parquet
from typer.testing import CliRunner

from analyzer import dataframes, haralyzer_entry, outputs, read
from analyzer.cli import COMMANDS, app, watch
from analyzer.masking import mask
from analyzer.model import Policy, Run
from analyzer.outputs import comparison, comparison_pairs, show
from analyzer.pipeline import analyze

USER, NAME = "canary-user", "Canary-Name Surname"
CANARIES = {
    "the query": "canary-query-1",
    "a query without names": "canary2query34567890abcd",
    "an opaque part of the path": "canary3path45678901abcd",
    "a part of the path that its service keeps secret": "5-canarypubsub",
    "the fragment": "canary-fragment-5",
    "the user name of the URL": "canary-userinfo-6",
    "the password of the URL": "canary-password-7",
    "the subprotocol": "canary-protocol-8",
    "the authorization header": "canary-header-9",
    "a header of any name": "canary-header-10",
    "a cookie": "canary-cookie-11",
    "the value in the list of cookies": "canary-cookie-12",
    "the value in the list of the query": "canary-list-13",
    "the first message sent": "canary-sent-14",
    "the first message received": "canary-received-15",
    "a later message": "canary-later-16",
    "the URL of the page": "canary-page-17",
    "the title of the page": "Canary Title of a person",
    "the body of the document": "canary-body-18",
    "the URL of the document": "canary-document-19",
    "the URL of the initiator": "canary-initiator-20",
    "a parent of the initiator": "canary-parent-21",
    "a function of the initiator": "canary21function67890abcdef",
    "what scheduled the initiator": "canary21label567890abcdef",
    "posted data": "canary-post-22",
    "the key of the app": "canary-app-23",
    "the id of the user": USER,
    "the name of the user": NAME,
    "the payload of the token": "canary-claim-24",
    "the close reason": "canary25reason67890abcdef",
    "an error": "canary26error67890abcdef",
    "a comment": "canary-comment-27",
    "an unknown field": "canary-unknown-28",
    "a data URL": "canary-data-29",
    "the request of another entry": "canary-other-30",
    "a redirect": "canary-redirect-31",
    "a mail address, encoded twice": "canary-mail-32",
    "a telephone number": "170-555-12-34",
    "a card": "4111-1111-1111-1234",
    "a value with a name in the path": "canary-named-33",
    "a session id behind a semicolon": "canary-session-34",
    "a random token of letters": "kQzvWnXbTrLpYsHd",
    "a home folder": "canary-home-35",
    "the browser": "canary-browser-36",
    "the exporter's comment": "canary-comment-37",
}


def base64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


C = CANARIES
HOME, USERS = "home", "Users"  # no file of this project names a folder of a machine
CLAIMS = json.dumps({"user_id": USER, "role": C["the payload of the token"]})
TOKEN = f"eyJhbGciOiJIUzI1NiJ9.{base64url(CLAIMS)}.{base64url('not a signature')}"
CANARIES["the token"] = TOKEN
CANARIES["the encoded payload of the token"] = base64url(CLAIMS)


def stream(second: int) -> str:
    details = {"id": USER, "name": NAME, "seat": C["the query"]}
    arguments = json.dumps({"user_id": USER, "user_details": details, "client_request_id": f"r-{second}"})
    return (
        f"wss://chat.stream-io-api.com/connect?json={quote(arguments)}&api_key={C['the key of the app']}"
        f"&authorization={TOKEN}&stream-auth-type=jwt&X-Stream-Client=stream-chat-js-v9.53.0-browser"
    )


def socket(url: str, second: int, **more: Any) -> dict[str, Any]:
    frame = {
        "functionName": f"connectUser {C['a function of the initiator']}",
        "url": f"https://h.example/a.js?v={C['the URL of the initiator']}",
        "lineNumber": 1,
    }
    parent = {
        "description": f"await {C['what scheduled the initiator']}",
        "callFrames": [{**frame, "url": f"https://h.example/b.js?c={C['a parent of the initiator']}"}],
    }
    first = json.dumps({"type": "health.check", "me": {"id": USER, "name": NAME}, "x": C["the first message received"]})
    at = 1767225600.0 + second
    return {
        "startedDateTime": f"2026-01-01T00:00:{second:02}.000Z",
        "time": 900.0,
        "pageref": "page_1",
        "_resourceType": "websocket",
        "_unknown": C["an unknown field"],
        "comment": C["a comment"],
        "_initiator": {"type": "script", "stack": {"callFrames": [frame], "parent": parent}},
        "request": {
            "method": "GET",
            "url": url,
            "headers": [
                {"name": "Authorization", "value": f"Bearer {C['the authorization header']}"},
                {"name": "Cookie", "value": f"session={C['a cookie']}"},
                {"name": "X-Anything", "value": C["a header of any name"]},
                {"name": "Sec-WebSocket-Protocol", "value": f"chat, {C['the subprotocol']}"},
            ],
            "cookies": [{"name": "session", "value": C["the value in the list of cookies"]}],
            "queryString": [{"name": "json", "value": C["the value in the list of the query"]}],
            "postData": {"text": C["posted data"]},
        },
        "response": {"status": 101, "headers": []},
        "timings": {"wait": 900.0, "receive": 0},
        "_webSocketMessages": [
            {"type": "receive", "time": at + 0.3, "opcode": 1, "data": first},
            {"type": "send", "time": at + 0.4, "opcode": 1, "data": C["the first message sent"]},
            {"type": "send", "time": at + 0.9, "opcode": 1, "data": C["a later message"]},
        ],
        **more,
    }


def har(creator: str, title: str) -> dict[str, Any]:
    user, password = C["the user name of the URL"], C["the password of the URL"]
    document = {
        "startedDateTime": "2026-01-01T00:00:00.500Z",
        "time": 5.0,
        "pageref": "page_1",
        "_resourceType": "document",
        "request": {"method": "GET", "url": f"https://h.example/?d={C['the URL of the document']}", "headers": []},
        "response": {
            "status": 200,
            "redirectURL": C["a redirect"],
            "headers": [],
            "content": {"mimeType": "text/html", "text": f"<title>{C['the body of the document']}</title>"},
        },
        "timings": {"wait": 5.0},
    }
    other = {**document, "_resourceType": "xhr", "startedDateTime": "2026-01-01T00:00:00.900Z"}
    other["request"] = {"method": "GET", "url": f"https://h.example/?{C['the request of another entry']}"}
    failed = {
        "type": "error",
        "time": 1767225609.5,
        "opcode": -1,
        "data": f"refused {C['an error']} of {USER} {TOKEN} in C:\\Users\\{C['a home folder']}\\main.js",
    }
    home = f"file:///{HOME}/{C['a home folder']}/app/main.js"
    frames = [{"functionName": f"main (/{USERS}/{C['a home folder']}/main.js)", "url": home, "lineNumber": 1}]
    file = {"type": "script", "stack": {"callFrames": frames}}
    source = f"data:text/javascript,{C['a data URL']}"
    data = {
        "type": "script",
        "url": source,
        "stack": {"callFrames": [{"functionName": "main", "url": source, "lineNumber": 1}]},
    }
    sockets = [
        socket(stream(1), 1),
        socket(stream(2), 2),
        socket(f"wss://{user}:{password}@h.example/a/{C['an opaque part of the path']}/{USER}/b#{C['the fragment']}", 3),
        socket(f"wss://h.example/feed?{C['a query without names']}", 4, _initiator=data),
        socket(f"wss://nexus-websocket-a.intercom.io/pubsub/{C['a part of the path that its service keeps secret']}"
               "?X-Nexus-Version=1&user_role=user", 5),
        socket(f"wss://h.example/{quote(NAME)}/c", 6, _webSocketClose={"code": 4001, "reason": f"bye {C['the close reason']}"}),
        socket(f"wss://h.example/u/{C['a mail address, encoded twice']}%2540corp.test/%2B49-{C['a telephone number']}"
               f"/{C['a card']}/token={C['a value with a name in the path']}/a;jsessionid={C['a session id behind a semicolon']}"
               f"/{C['a random token of letters']}", 7, _initiator=file),
        socket("wss://h.example/never", 9, response={"status": 0, "headers": []}, _webSocketMessages=[failed]),
    ]  # fmt: skip
    pages = [{"id": "page_1", "title": title, "startedDateTime": "2026-01-01T00:00:00.500Z"}]
    return {
        "log": {
            "creator": {"name": creator, "version": "1.61", "comment": C["the exporter's comment"]},
            "browser": {"name": f"Chrome of {C['the browser']}", "version": f"120 {C['the browser']}"},
            "comment": C["a comment"],
            "pages": pages,
            "entries": [document, other, *sockets],
        }
    }


HARS = {
    "chrome": har("WebInspector", f"https://h.example/u/{USER}?p={C['the URL of the page']}"),
    "playwright": har("Playwright", C["the title of the page"]),
}


def trace(document: dict[str, Any]) -> bytes:
    """The same as a trace of Playwright, with messages in files of their own."""
    data = io.BytesIO()
    options = {"version": 10, "type": "context-options", "browserName": "chromium", "playwrightVersion": "1.65.0"}
    options |= {
        "wallTime": 1767225600000,
        "monotonicTime": 5.0,
        "title": C["a comment"],
        "options": {"baseURL": C["the query"]},
    }
    lines = []
    with zipfile.ZipFile(data, "w") as whole:
        for n, entry in enumerate(document["log"]["entries"]):
            content = dict(entry)
            messages = content.pop("_webSocketMessages", None)
            if messages:
                whole.writestr(f"resources/{n}.jsonl", "\n".join(map(json.dumps, messages)))
                file = {"content": {"_file": f"resources/{n}.jsonl"}}
                content["response"] = {**content.get("response", {}), **file}
            lines.append(json.dumps({"type": "resource-snapshot", "snapshot": content}))
        whole.writestr("trace.trace", json.dumps(options, separators=(",", ":")) + "\n")
        whole.writestr("trace.network", "\n".join(lines))
    return data.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("canaries")
    for name, document in HARS.items():
        text = json.dumps(document, indent=1)
        (folder / f"{name}.har").write_text(text)
        (folder / f"{name}-cut-off.har").write_text(text[: len(text) * 3 // 4])
        start, last = text.rsplit('"status": 101', 1)
        start, later = start.rsplit('"time": 900.0', 1)
        damaged = f'{start}"time": {TOKEN}{later}"status": "{C["the query"]}"{last}'
        (folder / f"{name}-damaged.har").write_text(damaged)
    flows = dump_har(HARS["chrome"])
    (folder / "mitmproxy.har").write_bytes(flows)
    (folder / "mitmproxy-cut-off.har").write_bytes(flows[: len(flows) * 3 // 4])
    (folder / "trace.har").write_bytes(trace(HARS["playwright"]))
    (folder / "no-har.har").write_text(json.dumps({C["the query"]: TOKEN}))
    return folder


def decoded(word: str) -> str:
    try:
        return base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode("utf-8", "replace")
    except ValueError:
        return ""


def leaks(text: str) -> list[str]:
    """Where what is in the text comes from; also where it was decoded or encoded on the way."""
    forms = (text, unquote(text), " ".join(map(decoded, re.findall(r"[A-Za-z0-9_-]{16,}", text))))
    return [where for where, canary in CANARIES.items() if any(canary in form for form in forms)]


def test_the_canaries_are_where_they_are_said_to_be() -> None:
    whole = json.dumps(list(HARS.values()))
    assert set(leaks(whole)) == set(CANARIES)


def test_the_services_of_the_captures_are_known(folder: Path) -> None:
    report = analyze(read(folder / "chrome.har"))
    assert [s.provider.id if s.provider else None for s in report.sessions][:2] == ["stream-chat"] * 2
    assert report.sessions[4].provider is not None
    assert report.sessions[0].user == ("stream-chat", C["the key of the app"], USER)
    assert report.verdict == "overlap"


def test_a_flow_file_holds_canaries_and_its_sockets_are_read(folder: Path) -> None:
    origins = leaks((folder / "mitmproxy.har").read_bytes().decode("utf-8", "replace"))
    assert {"the token", "a cookie", "the close reason", "a later message", "the body of the document"} <= set(origins)
    report = analyze(read(folder / "mitmproxy.har"))
    assert (report.capture.format, len(report.sessions), report.verdict) == ("mitmproxy-flows", 8, "overlap")


FILES = [*HARS, *(f"{name}-cut-off" for name in HARS), *(f"{name}-damaged" for name in HARS), "trace", "no-har"]
FILES += ["mitmproxy", "mitmproxy-cut-off"]


@pytest.mark.spread(3)
@pytest.mark.parametrize("name", outputs.OUTPUTS)
@pytest.mark.parametrize("file", FILES)
def test_no_canary_leaves_through_an_output(name: str, file: str, folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["analyze", str(folder / f"{file}.har"), "--out", f"{name}:{tmp_path / 'out'}"])
    assert done.exit_code == (3 if file == "no-har" else 0), done.output
    assert leaks(done.output) == []
    assert leaks(written(tmp_path / "out")) == []


def written(path: Path) -> str:
    """What a file says: Parquet packs it."""
    data = path.read_bytes()
    if data.startswith(b"PAR1"):
        return str(parquet.read_table(path).to_pylist())
    return data.decode("utf-8", "replace")


# For each command: the calls, by what they write. A command that is missing fails.
def results(har: str, folder: Path) -> str:
    """The capture's line of results."""
    path = folder / "results.ndjson"
    CliRunner().invoke(app, ["analyze", har, "-q", "--out", f"ndjson:{path}"])
    return str(path)


def pairs(har: str, folder: Path) -> list[list[str]]:
    """The capture compared with itself, each in a folder."""
    folders = [folder.with_name(f"{folder.name}-{side}") for side in ("before", "after")]
    for item in folders:
        item.mkdir(exist_ok=True)
        (item / "a.har").write_bytes(Path(har).read_bytes())
    names = comparison_pairs.RENDERERS
    return [[*map(str, folders), *(f"--out={name}:{folder / f'pairs-{name}'}" for name in names)]]


CALLS: dict[str, Callable[[str, Path], list[list[str]]]] = {
    "analyze": lambda har, out: [
        [har],
        [har, "--per", "user", "--app-mode", "development"],
        [har, "--format", "json", "--redaction-key", "k"],
    ],
    "show": lambda har, out: [
        *([har, str(number)] for number in range(1, 9)),
        *([har, *socket, f"--out={name}:{out / name}"] for socket in ([], ["1"], ["2"]) for name in show.RENDERERS),
    ],
    "timeline": lambda har, out: [[har, "-o", str(out / "a.svg")]],
    "record": lambda har, out: [],  # reads no capture; tests/test_recording.py says what it masks
    "extract": lambda har, out: [[har, "-o", str(out / "a.har")]],
    "check": lambda har, out: [
        [har],
        [har, "--fail-on", "note", "--format", "github"],
        [har, "--quiet", *(f"--out={name}:{out / name}" for name in outputs.OUTPUTS)],
        [har, "--write-baseline", str(out / "known.json")],
    ],
    "rules": lambda har, out: [[]],
    "summary": lambda har, out: [
        [har],
        [results(har, out), "--format", "csv"],
        [results(har, out)],
        [results(har, out), "--format", "json"],
    ],
    "compare": lambda har, out: [
        [har, har, *(f"--out={name}:{out / name}" for name in comparison.RENDERERS)],
        *pairs(har, out),
    ],
    "report": lambda har, out: [[har, "-o", str(out / "a.html")], [har, "-o", str(out / "a.html"), "--per", "user"]],
    "watch": lambda har, out: [[str(out), "--open"]],
}


@pytest.mark.spread(3)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("file", FILES)
def test_no_canary_leaves_through_a_command(
    command: str, file: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "list_saved", lambda *_: iter([folder / f"{file}.har"]))  # else it waits for one
    monkeypatch.setenv("BROWSER", "true")
    monkeypatch.chdir(tmp_path)
    for arguments in CALLS[command](str(folder / f"{file}.har"), tmp_path):
        done = CliRunner().invoke(app, [command, *arguments])
        assert not isinstance(done.exception, Exception) or isinstance(done.exception, SystemExit), done.exception
        assert leaks(done.output) == []
    assert [path.name for path in tmp_path.iterdir() if leaks(written(path))] == []


def test_no_canary_leaves_through_the_frames_or_a_masked_run(folder: Path) -> None:
    run = Run(tuple(analyze(read(folder / f"{name}.har")) for name in HARS), (), Policy())
    assert leaks(dataframes.sessions_frame(run).to_csv() + dataframes.overlaps_frame(run).to_csv()) == []
    assert leaks(repr(mask(run))) == []


def test_the_library_gives_what_the_file_holds(folder: Path) -> None:
    capture = read(folder / "chrome.har")
    entry = haralyzer_entry(capture, analyze(capture).sessions[0])
    assert TOKEN in entry.request.url

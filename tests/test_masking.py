"""Secrets leave no output."""

from __future__ import annotations

import ast
import io
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote as quote_url

import msgspec
import pytest
from pyarrow import parquet

import analyzer
from analyzer import dataframes, masking, model, outputs
from analyzer.formats import read
from analyzer.masking import Masks, Texts, mask_report, replace
from analyzer.masking.fields import FIELDS, NEVER, WITHIN
from analyzer.model import Capture, Identity, Policy, Report, Run, Session
from analyzer.model.sentence import Sentence, address, host, name, quote, term
from analyzer.outputs import show, timeline
from analyzer.pipeline import analyze
from analyzer.shapes import addresses

SAMPLES = Path(__file__).parent.parent / "sample_hars"
CANARIES = {
    "query": "canary-in-the-query-1",
    "path": "canary2inthepath34567890",
    "fragment": "canary-in-the-fragment-3",
    "user": "canary-user-4",
    "page": "canary-in-the-page-5",
    "initiator": "canary-in-the-initiator-6",
    "message": "canary-in-a-message-7",
    "header": "canary-in-a-header-8",
    "protocol": "canary-in-the-protocol-9",
    "body": "canary-in-the-body-10",
    "cookie": "canary-in-a-cookie-11",
}


def har() -> dict[str, object]:
    c = CANARIES
    url = f"wss://{c['user']}@h.example/a/{c['path']}/b?token={c['query']}#{c['fragment']}"
    page = f"https://h.example/?q={c['page']}"
    headers = [
        {"name": "Cookie", "value": c["cookie"]},
        {"name": "Authorization", "value": c["header"]},
        {"name": "Sec-WebSocket-Protocol", "value": c["protocol"]},
    ]
    stack = {
        "callFrames": [{"functionName": "f", "url": f"https://h.example/a.js?v={c['initiator']}", "lineNumber": 1}]
    }

    def socket(second: int) -> dict[str, object]:
        return {
            "startedDateTime": f"2026-01-01T00:00:0{second}.000Z",
            "time": 900.0,
            "pageref": "page_1",
            "_resourceType": "websocket",
            "_initiator": {"type": "script", "stack": stack},
            "request": {"method": "GET", "url": url, "headers": headers},
            "response": {"status": 101, "headers": []},
            "timings": {"wait": 900.0, "receive": 0},
            "_webSocketMessages": [
                {"type": "send", "time": 1767225600.0 + second + 0.5, "opcode": 1, "data": c["message"]},
                {"type": "send", "time": 1767225600.0 + second + 0.9, "opcode": 1, "data": c["message"]},
            ],
        }

    document = {
        "startedDateTime": "2026-01-01T00:00:00.500Z",
        "time": 5.0,
        "pageref": "page_1",
        "_resourceType": "document",
        "request": {"method": "GET", "url": page, "headers": headers},
        "response": {"status": 200, "headers": [], "content": {"mimeType": "text/html", "text": c["body"]}},
        "timings": {"wait": 5.0},
    }
    pages = [{"id": "page_1", "title": page, "startedDateTime": "2026-01-01T00:00:00.500Z"}]
    creator = {"name": "WebInspector", "version": "537.36"}
    return {"log": {"creator": creator, "pages": pages, "entries": [document, socket(1), socket(2)]}}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("secrets") / "a.har"
    path.write_text(json.dumps(har()))
    return masking.mask(Run((analyze(read(path)),), (), Policy()))


def leaks(text: str) -> list[str]:
    return [where for where, canary in CANARIES.items() if canary in text]


@pytest.mark.parametrize("name", outputs.OUTPUTS)
def test_no_canary_leaves_through(name: str, run: Run) -> None:
    assert run.reports[0].verdict == "overlap"
    data = outputs.render(name, run)
    text = str(parquet.read_table(io.BytesIO(data)).to_pylist()) if name == "parquet" else data.decode("utf-8")
    assert leaks(text) == []


def test_no_canary_leaves_through_show_the_chart_or_the_frames(run: Run) -> None:
    report = run.reports[0]
    assert leaks(show.render(report, report.sessions[0], width=200).decode()) == []
    assert leaks(timeline.render(run, "svg").decode()) == []
    assert leaks(dataframes.sessions_frame(run).to_csv() + dataframes.overlaps_frame(run).to_csv()) == []


def test_a_masked_run_holds_no_canary_at_all(run: Run) -> None:
    assert leaks(repr(run)) == []


def test_frames_of_an_unmasked_report_are_masked_by_default(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_text(json.dumps(har()))
    report = analyze(read(tmp_path / "a.har"))
    assert leaks(dataframes.sessions_frame(report).to_csv()) == []
    assert leaks(dataframes.sessions_frame(report, show_secrets=True).to_csv()) != []


def masked_urls(*urls: str, reading: Callable[[object], Capture]) -> list[str]:
    entries = [{"_resourceType": "websocket", "request": {"url": url}, "response": {"status": 101}} for url in urls]
    report: Report = analyze(reading({"log": {"entries": entries}}))
    return [s.url for s in masking.mask(Run((report,), (), Policy())).reports[0].sessions]


def test_equal_values_get_equal_masks_numbered_by_first_appearance(reading: Callable[[object], Capture]) -> None:
    assert masked_urls("ws://h/?a=x&b=y", "ws://h/?c=y&d=z", reading=reading) == [
        "ws://h/?a=<token 1>&b=<token 2>",
        "ws://h/?c=<token 2>&d=<token 3>",
    ]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("wss://h/chat/room", "wss://h/chat/room", id="a plain path stays"),
        pytest.param("wss://h/_next/webpack-hmr", "wss://h/_next/webpack-hmr", id="words in a path stay"),
        pytest.param("wss://h/a?", "wss://h/a?", id="an empty query stays"),
        pytest.param("wss://h/a?x", "wss://h/a?<token 1>", id="a query without names is masked whole"),
        pytest.param("wss://h/a?x=&y=z", "wss://h/a?x=&y=<token 1>", id="an empty value stays"),
        pytest.param("wss://u:p@h/a", "wss://h/a", id="user name and password go"),
        pytest.param("wss://h/eyJhbGciOi.eyJzdWIi.c2ln", "wss://h/<token 1>", id="a JWT in the path"),
        pytest.param("wss://h/s/0123456789abcdef0123", "wss://h/s/<token 1>", id="an opaque segment"),
    ],
)
def test_masks(url: str, expected: str, reading: Callable[[object], Capture]) -> None:
    assert masked_urls(url, reading=reading) == [expected]


@pytest.mark.parametrize(
    "pair",
    ["push=200", "n=1", "page=2", "delay=60000", "heartbeat_interval=0", "maxRetries=5", "x-attempt=10", "second=1"],
)
def test_a_small_number_in_a_query_is_shown(pair: str, reading: Callable[[object], Capture]) -> None:
    assert masked_urls(f"wss://h/a?{pair}", f"wss://h/a;{pair}/b", reading=reading) == [
        f"wss://h/a?{pair}",
        f"wss://h/a;{pair}/b",
    ]


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        pytest.param(f"{name}=1234", f"{name}=<token 1>", id=name)
        for name in (
            *("token", "accessToken", "api_key", "KEY", "pin", "code", "zip-code", "zipcode", "otp", "pass", "auth"),
            *("sid", "session", "sessionNumber", "sig", "user", "uid", "userid", "userId", "user%5Fid", "id", "ids"),
            *("user[no]", "clientId", "members", "account.no", "phone", "tel2", "u", "birthYear", "%D0%BF%D0%B8%D0%BD"),
        )
    ]
    + [
        pytest.param("push=200000", "push=<token 1>", id="six digits"),
        pytest.param("push=0123", "push=<token 1>", id="a code with a zero first"),
        pytest.param("push=00", "push=<token 1>", id="zeros"),
        pytest.param("push=-5", "push=<token 1>", id="no digit"),
        pytest.param("push=1.5", "push=<token 1>", id="a point"),
        pytest.param("push=12a", "push=<token 1>", id="a letter"),
        pytest.param("push=١٢", "push=<token 1>", id="digits that are not ASCII"),
        pytest.param("push=anna", "push=<token 1>", id="a word"),
        pytest.param("200", "<token 1>", id="without a name"),
        pytest.param("=200", "=<token 1>", id="with an empty name"),
        pytest.param("1=200", "1=<token 1>", id="with a number for a name"),
    ],
)
def test_a_number_in_a_query_that_may_be_a_secret_or_a_person_is_masked(
    pair: str, expected: str, reading: Callable[[object], Capture]
) -> None:
    assert masked_urls(f"wss://h/a?{pair}", reading=reading) == [f"wss://h/a?{expected}"]


def test_a_small_number_that_is_a_user_or_an_app_is_masked_wherever_it_stands(
    reading: Callable[[object], Capture],
) -> None:
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiNDIifQ.c2ln"  # {"user_id":"42"}
    query = f'json={{"user_id":"42"}}&api_key=77&authorization={jwt}&stream-auth-type=jwt'
    url = f"wss://chat.stream-io-api.com/connect?{query}&shard=42&region=77&retry=3"
    [address] = masked_urls(url, reading=reading)
    query = "json=<token 1>&api_key=<token 2>&authorization=<token 3>&stream-auth-type=<token 4>"
    assert address.partition("?")[2] == f"{query}&shard=user-1&region=<token 2>&retry=3"


def folders(text: str) -> str:
    """No file of this project names a folder of a machine, so tests write them in capitals."""
    return text.replace("HOME", "home").replace("USERS", "Users").replace("ROOT", "root")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("file:///HOME/carla/a.js", "file:///HOME/<token 1>/a.js", id="Linux"),
        pytest.param("file:///USERS/carla/a.js", "file:///USERS/<token 1>/a.js", id="macOS"),
        pytest.param("file:///C:/USERS/Carla%20M/a.js", "file:///C:/USERS/<token 1>/a.js", id="Windows"),
        pytest.param("file:///c:%5CUsers%5Ccarla%5Ca.js", "file:///c:%5CUsers%5C<token 1>%5Ca.js", id="encoded"),
        pytest.param(r"C:\Users\carla\a.js", r"C:\Users\<token 1>\a.js", id="no URL"),
        pytest.param(r"\\wsl$\Ubuntu\home\carla\a.js", r"\\wsl$\Ubuntu\home\<token 1>\a.js", id="of Linux from Windows"),
        pytest.param("file://wsl.localhost/Ubuntu/HOME/carla/a.js", "file://wsl.localhost/Ubuntu/HOME/<token 1>/a.js", id="as a URL"),
        pytest.param("file:///mnt/c/USERS/carla/a.js", "file:///mnt/c/USERS/<token 1>/a.js", id="of Windows from Linux"),
        pytest.param("http://localhost:5173/@fs/HOME/carla/a.js", "http://localhost:5173/@fs/HOME/<token 1>/a.js", id="Vite"),
        pytest.param("webpack-internal:///HOME/carla/a.js", "webpack-internal:///HOME/<token 1>/a.js", id="webpack"),
        pytest.param("app:///USERS/carla/a.js", "app:///USERS/<token 1>/a.js", id="an app"),
        pytest.param("vscode-webview://x/HOME/carla/a.js", "vscode-webview://x/HOME/<token 1>/a.js", id="VS Code"),
        pytest.param("https://file+.vscode-resource.vscode-cdn.net/HOME/carla/a.js", "https://file+.vscode-resource.vscode-cdn.net/HOME/<token 1>/a.js", id="its resources"),
        pytest.param("about://React/Server/file:///HOME/carla/a.js", "about://React/Server/file:///HOME/<token 1>/a.js", id="React"),
        pytest.param("rsc://React/file%3A%2F%2F%2FUsers%2Fcarla%2Fa.js", "rsc://React/file%3A%2F%2F%2FUsers%2F<token 1>%2Fa.js", id="in another URL"),
        pytest.param("webpack-internal:///./src/HOME/views/a.js", "webpack-internal:///./src/HOME/views/a.js", id="a folder of the project stays"),
        pytest.param("https://h/HOME/feed", "https://h/HOME/feed", id="a page of the web stays"),
        pytest.param("https://h/USERS/list", "https://h/USERS/list", id="another"),
        pytest.param("file:///ROOT/a.js", "file:///ROOT/a.js", id="root names no one"),
    ],
)  # fmt: skip
def test_whose_home_folder_it_is(url: str, expected: str) -> None:
    url, expected = folders(url), folders(expected)
    assert Texts().url(url) == expected
    assert Texts(Masks(secrets=False)).url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "wss://h/a/kQzvWnXb7rLpYsHd/b",
        "wss://h/token=kQzvWnXb7rLpYsHd/b;jsessionid=x;v=1",
        "wss://h/alice%2540corp.test/%2B49-170-555-12-34",
    ],
)
def test_the_shape_of_an_address_is_that_of_its_extract(url: str) -> None:
    text = Texts().url(url)
    written = re.sub(r"<token (\w+)>", r"%3Ctoken%20\1%3E", text)
    assert text != url
    assert addresses.shape(url) == addresses.shape(text) == addresses.shape(written)


def said(text: str, *, user: str | None = None) -> str:
    """A text of a capture as an output shows it, where a user is known."""
    return knowing(user).text(text)


def knowing(user: str | None) -> Texts:
    """What masks the texts of a capture in which a user is known."""
    return Texts(sessions=[knowing_session(user)])


def knowing_session(user: str | None) -> Session:
    session = analyze(read(SAMPLES / "three-reloads.har")).sessions[0]
    attribution = msgspec.structs.replace(session.attribution, identity=Identity(None, user))
    return msgspec.structs.replace(session, attribution=attribution)


@pytest.mark.parametrize("user", ["Jörg Strauß", "İpek", "ŉame"])
@pytest.mark.parametrize("text", ["{} left", "by%20{}", "{}: straße", "Straße, {}"])
def test_a_user_with_a_letter_that_folds_to_two_is_masked(user: str, text: str) -> None:
    for written in (user, user.capitalize()):
        assert said(text.format(written), user=user) == text.format("user-1")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("wss://u:p@ss@h/a", "wss://h/a", id="a password with an @"),
        pytest.param("wss://h/?one&two", "wss://h/?<token 1>&<token 2>", id="values without a name"),
        pytest.param("wss://h/a;one/b", "wss://h/a;<token 1>/b", id="a parameter of a path without a name"),
        pytest.param("wss://h/a/b@h.example", "wss://h/a/<token 1>", id="a mail address"),
        pytest.param("wss://h/u/123456789", "wss://h/u/<token 1>", id="a long number"),
        pytest.param("wss://h/a1b2c3d4e5", "wss://h/<token 1>", id="back and forth between letters and digits"),
        pytest.param("wss://h/room-2024-q1", "wss://h/room-2024-q1", id="a word with a year stays"),
        pytest.param("wss://h/main.8f3a9c2d1e0b4a5f6c7d8.js", "wss://h/main.8f3a9c2d1e0b4a5f6c7d8.js", id="a file stays"),
        pytest.param("wss://h/a1b2c3d4e5f6g7h8.j9k8l7m6n5o4p3q2", "wss://h/<token 1>", id="a signed value with a dot"),
        pytest.param("wss://h/token=abc/x", "wss://h/token=<token 1>/x", id="a value with a name"),
        pytest.param("wss://h/a%3Db%2540c.de/x", "wss://h/<token 1>/x", id="a value with a name, encoded"),
        pytest.param("wss://h/a;jsessionid=abc;v=1/b", "wss://h/a;jsessionid=<token 1>;v=1/b", id="parameters of a path"),
        pytest.param("wss://h/dGVzdDE=/tab=", "wss://h/<token 1>/tab=", id="Base64 with its padding"),
        pytest.param("wss://h/token:abc1/room:lobby", "wss://h/<token 1>/room:lobby", id="named a secret"),
        pytest.param("wss://h/npm/@scope/p@1.2.3/@me", "wss://h/npm/@scope/p@1.2.3/@me", id="packages"),
        pytest.param("wss://h/s/?EIO=4&transport=websocket&sid=a", "wss://h/s/?EIO=4&transport=websocket&sid=<token 1>", id="the protocol's own"),
        pytest.param("wss://h/?vsn=2.0.0&v=10&encoding=json", "wss://h/?vsn=2.0.0&v=10&encoding=json", id="of others, too"),
        pytest.param("wss://h/?v=1234567&EIO=x4y&transport=abc", "wss://h/?v=<token 1>&EIO=<token 2>&transport=<token 3>", id="but only what looks like it"),
    ],
)  # fmt: skip
def test_more_masks(url: str, expected: str, reading: Callable[[object], Capture]) -> None:
    assert masked_urls(url, reading=reading) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("see https://h/x?token=abc.", "see https://h/x?token=<token 1>", id="an address"),
        pytest.param("Bearer abcdef refused", "Bearer <token 1> refused", id="what follows Bearer"),
        pytest.param("sid=abc expired", "sid=<token 1> expired", id="what is named a secret"),
        pytest.param("access_token=abc&x=1", "access_token=<token 1>&x=1", id="at the end of a name"),
        pytest.param("apikey=abc client_secret: k3y", "apikey=<token 1> client_secret: <token 2>", id="in one word"),
        pytest.param('{"userToken":"abc"}', '{"userToken":"<token 1>"}', id="in JSON"),
        pytest.param('Token "abc" expired', 'Token "<token 1>" expired', id="in quotes after its name"),
        pytest.param("JWT a.b1.c expired", "JWT <token 1> expired", id="after JWT"),
        pytest.param("JWT expired, token expired", "JWT expired, token expired", id="but no word"),
        pytest.param("code=abcdef", "code=<token 1>", id="the code of an authorization"),
        pytest.param(
            "code=1006, Unexpected response code: 502", "code=1006, Unexpected response code: 502", id="no status"
        ),
        pytest.param("PIN=4711", "PIN=<token 1>", id="a PIN"),
        pytest.param("spin=1 mapping=2", "spin=1 mapping=2", id="no PIN"),
        pytest.param(
            "Response must not include 'Sec-WebSocket-Protocol' header if not present in request: abc",
            "Response must not include 'Sec-WebSocket-Protocol' header if not present in request: <token 1>",
            id="the subprotocol that Chrome quotes",
        ),
        pytest.param("Unexpected response code: 404", "Unexpected response code: 404", id="a status stays"),
        pytest.param("net::ERR_CONNECTION_REFUSED", "net::ERR_CONNECTION_REFUSED", id="an error's name stays"),
        pytest.param("key: not found", "key: not found", id="ordinary words stay"),
        pytest.param("no ALICE.B here", "no user-1 here", id="a user in another case"),
        pytest.param(r"at C:\Users\Carla M\a.js", r"at C:\Users\<token 1>\a.js", id="a home folder"),
        pytest.param("(/HOME/carla/a.js:3)", "(/HOME/<token 1>/a.js:3)", id="another home folder"),
        pytest.param("/HOME/carla and /b", "/HOME/<token 1> and /b", id="and what follows it stays"),
        pytest.param("GET /api/HOME/feed", "GET /api/HOME/feed", id="no home folder"),
        pytest.param("no alice%2540corp.test", "no <token 1>", id="an address, encoded twice"),
        pytest.param("connect_alice.b failed", "connect_user-1 failed", id="a user within a name"),
        pytest.param("alice.bobby stays", "alice.bobby stays", id="the beginning of another word is no user"),
    ],
)
def test_texts(text: str, expected: str) -> None:
    assert said(folders(text), user="alice.b") == folders(expected)


def test_a_user_is_found_where_the_path_encodes_it(reading: Callable[[object], Capture]) -> None:
    assert knowing("a b/c").url("https://h/u/a%20b%2Fc/x%20y") == "https://h/u/user-1/x%20y"


DIVIDED = [
    *(
        "org/alice",
        "/org/alice/",
        r"CORP\alice",
        "https://idp.example/u/alice",
        "Alice O'Brien",
        "a?b#c",
        "team=alice;x",
    ),
    *("Jörg & Co/Strauß", "chat.example/alice", "alice (2)/<x>", "a&b"),
]
ENCODINGS: list[Callable[[str], str]] = [
    str,
    str.upper,
    quote_url,
    lambda text: quote_url(text, safe=""),
    lambda text: quote_url(text, safe="").lower(),
    lambda text: quote_url(quote_url(text, safe=""), safe=""),
    lambda text: text.replace("\\", "/"),
]


@pytest.mark.parametrize("user", DIVIDED)
@pytest.mark.parametrize("encode", ENCODINGS)
def test_a_user_with_separators_is_masked_wherever_it_stands(user: str, encode: Callable[[str], str]) -> None:
    texts, written = knowing(user), encode(user)
    assert texts.word(f"of {written}") == "of user-1" or user.startswith("/")
    for text in (
        texts.url(f"wss://api.example/u/{written}/ws"),
        texts.url(f"https://h.example/{written}"),
        texts.text(f"no {written} here"),
        texts.text(f"wss://api.example/u/{written}/ws?x=ordinary failed"),
        texts.word(f"connect ({written})"),
        texts.title(f"https://h.example/u/{written.replace(' ', '%20')}"),
    ):
        assert "user-1" in text
        assert not re.search("alice|brien|strau|ordinary", text.casefold())


@pytest.mark.parametrize(
    ("user", "url", "expected"),
    [
        pytest.param("org/alice", "wss://h/u/org/alice/ws?x=y#z", "wss://h/u/user-1/ws?x=<token 2>#<token 3>", id="a slash"),
        pytest.param("org/alice", "wss://h/org/alice/%6Frg%2FAlice/b%20c", "wss://h/user-1/user-1/b%20c", id="twice"),
        pytest.param("org/alice", "wss://h/org/alicebob/borg/alice", "wss://h/org/alicebob/borg/alice", id="of other words"),
        pytest.param(r"CORP\alice", r"wss://h/u/corp\alice\ws", r"wss://h/u/user-1\ws", id="a backslash"),
        pytest.param("a?b", "wss://h/u/a?b/ws?x=y", "wss://h/u/user-1<token 2>", id="into the query"),
        pytest.param("h/alice", "wss://h/alice/ws", "wss://h/user-1/ws", id="the host stays"),
        pytest.param("https://idp.example/u/alice", "https://idp.example/u/alice?x=y", "https://idp.example/user-1?x=<token 2>", id="its own address"),
        pytest.param("https://idp.example/", "https://idp.example/u", "https://idp.example/u", id="an address of a host alone"),
        pytest.param("a/b", "wss://h/data/b/a/bc", "wss://h/data/b/a/bc", id="short, in other words"),
        pytest.param("/a", "wss://h/data/a/b", "wss://h/data/user-1/b", id="too short for a text"),
    ],
)  # fmt: skip
def test_a_user_with_separators_in_an_address(user: str, url: str, expected: str) -> None:
    texts = knowing(user)
    assert texts.user(user) == "user-1"
    assert re.sub(r"<token \w+>", "<token>", texts.url(url)) == re.sub(r"<token \w+>", "<token>", expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at https://idp.example/u/alice.", "at user-1."),
        ("https://idp.example/u/alice/x?y=z gone", "user-1/x?y=<token 1> gone"),
        ("id:https://IDP.example/u/Alice, wss://h/u/https://idp.example/u/alice/ws?y=z", "id:user-1, wss://h/u/user-1/ws?y=<token 1>"),
        ("https://idp.example/u/alice_2", "user-1_2"),
    ],
)  # fmt: skip
def test_a_user_that_is_an_address_is_masked_with_its_host(text: str, expected: str) -> None:
    assert said(text, user="https://idp.example/u/alice") == expected


def test_a_user_is_masked_in_a_query_that_shows_its_secrets() -> None:
    for user in ("a&alice", "org/alice", "x=alice#2"):
        session = knowing_session(user)
        texts = Texts(Masks(secrets=False), [session])
        assert texts.url(f"wss://h/{user}?b=c&u={user}&d=e") == "wss://h/user-1?b=c&u=user-1&d=e"


def test_a_host_is_shown_wherever_it_stands() -> None:
    host_name = "kqzvwnxb7rlpyshdkqzv9f8g.h.example"
    report = analyze(read(SAMPLES / "away-and-back.har"))
    url = f"wss://{host_name}/ws"
    [session, *_] = (
        msgspec.structs.replace(session, url=url, endpoint=url, problem=f"{host_name} not found, {url} failed")
        for session in report.sessions
    )
    finding = msgspec.structs.replace(
        report.findings[0], message=Sentence("{} of {}: {}", address(url), host(host_name), quote(f"to {host_name}"))
    )
    masked = mask_report(msgspec.structs.replace(report, sessions=(session,), findings=(finding,)), Masks())
    texts = (
        masked.sessions[0].url,
        masked.sessions[0].endpoint,
        masked.sessions[0].problem,
        masked.findings[0].message,
    )
    assert [str(it).count(host_name) for it in texts] == [1, 1, 2, 3]
    assert said(f"no {host_name}", user=None) == "no <token 1>"


@pytest.mark.parametrize("text", ["A" * 60_000, "a-" * 20_000, "eyJ" * 15_000, "a.1@" * 10_000, "key=" * 10_000])
def test_masking_takes_linear_time(text: str) -> None:
    start = time.process_time()
    texts = Texts()
    texts.text(text)
    texts.url(f"https://h/{text}?{text}")
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "text", ["org/alice/" * 6_000, "h://org/alice " * 4_000, "org%2Falice/%" * 4_000, "org/" * 15_000]
)
def test_masking_a_user_with_separators_takes_linear_time(text: str) -> None:
    start = time.process_time()
    texts = knowing("org/alice")
    texts.text(text)
    texts.url(f"https://h/{text}?{text}")
    assert time.process_time() - start < 2


def test_the_program_and_the_pages_are_masked_too(reading: Callable[[object], Capture]) -> None:
    mail = "bob@h.example"
    document = {
        "log": {
            "creator": {"name": f"Tool of {mail}", "version": mail},
            "pages": [{"id": mail, "title": "", "startedDateTime": "2026-01-01T00:00:00Z"}],
            "entries": [{"pageref": mail, "request": {"url": "wss://h/"}, "response": {"status": 101}}],
        }
    }
    report: Report = analyze(reading(document))
    text = masking.mask(Run((report,), (), Policy()))
    for output in outputs.OUTPUTS:
        assert mail not in outputs.render(output, text).decode("utf-8", "replace")


def test_what_an_extract_says_of_a_socket_is_believed_only_in_known_words(reading: Callable[[object], Capture]) -> None:
    options = {"provider": "canary", "client": "canary@h.example", "version": "canary"}
    entry = {"request": {"url": "wss://h/"}, "response": {"status": 101}, "_harSockets": options}
    log = {"entries": [entry], "_harSockets": {"caveats": ["canary", {"id": "canary", "message": "canary"}, 5]}}
    report: Report = analyze(reading({"log": log}))
    assert report.sessions[0].provider is None
    text = masking.mask(Run((report,), (), Policy()))
    assert "canary@h.example" not in outputs.render("json", text).decode()
    assert "canary" not in {caveat.id for caveat in report.capture.caveats}


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        pytest.param("page_12", "page_12", id="Chrome's"),
        pytest.param("page@5f3a9c0d1b2e4f60", "page@5f3a9c0d1b2e4f60", id="Playwright's"),
        pytest.param("frame@5f3a9c0d1b2e4f60#2", "frame@5f3a9c0d1b2e4f60#2", id="a frame's"),
        pytest.param("page_zoltan", "page_user-1", id="a user in it"),
    ],
)
def test_ids_of_pages(id: str, expected: str) -> None:
    assert knowing("zoltan").page_id(id) == expected


@pytest.mark.parametrize(
    ("title", "masked"),
    [
        pytest.param("https://a.example/app", False, id="an address"),
        pytest.param("about:blank", False, id="an empty page"),
        pytest.param("/zoltan", True, id="no address, though it begins like a path"),
        pytest.param("about:zoltan", True, id="no address, though it begins like one"),
        pytest.param("Zoltan's chats", True, id="words"),
    ],
)
def test_titles(title: str, masked: bool) -> None:
    assert (Texts().title(title) == "<token 1>") is masked


def test_what_is_masked_in_a_capture_depends_on_it_alone(reading: Callable[[object], Capture]) -> None:
    def asked(path: str) -> Report:
        entry = {"request": {"url": f"wss://h.example/{path}"}, "response": {"status": 101}}
        return analyze(reading({"log": {"creator": {"name": "WebInspector"}, "entries": [entry]}}))

    masks = Masks()
    mask_report(asked("?token=ordinary-word"), masks)
    text = mask_report(asked("ordinary-word?token=ordinary-word"), masks)
    assert text.sessions[0].url == "wss://h.example/ordinary-word?token=<token 1>"


def test_ordinals_may_be_remembered_elsewhere() -> None:
    requests: list[tuple[str, str]] = []

    def ordinal(kind: str, value: str) -> int:
        requests.append((kind, value))
        return 7

    texts = Texts(Masks(ordinal=ordinal))
    assert (texts.token("a"), texts.token("a"), texts.user("b")) == ("<token 7>", "<token 7>", "user-7")
    assert requests == [("token", "a"), ("user", "b")]


@pytest.mark.parametrize(
    ("reasons", "title"),
    [
        pytest.param(("closing for kf93hslw now", "token=kf93hslw expired"), None, id="a later text names it"),
        pytest.param(("token=kf93hslw expired", "closing for kf93hslw now"), None, id="an earlier text names it"),
        pytest.param(
            ("invite kf93hslw used", None), "https://h/?invite=kf93hslw", id="the address of the page holds it"
        ),
    ],
)
def test_what_is_masked_in_one_place_is_masked_in_all(reasons: tuple[str | None, ...], title: str | None) -> None:
    analysis = analyze(read(SAMPLES / "three-reloads.har"))
    sessions = tuple(
        msgspec.structs.replace(session, close_reason=reason)
        for session, reason in zip(analysis.sessions, reasons, strict=False)
    )
    page = msgspec.structs.replace(analysis.capture.pages[0], url=title or "")
    capture = msgspec.structs.replace(analysis.capture, pages=(page,))
    masked = mask_report(msgspec.structs.replace(analysis, sessions=sessions, capture=capture, findings=()), Masks())
    assert "kf93hslw" not in repr(masked)
    assert "<token" in repr(masked.sessions[0].close_reason)


# -- which fields, and which values of sentences ------------------------------------------------------------------

# Texts that are ours, or that the JSON has as they are: ids, pointers, names of files, sentences and catalogues of ours.
OURS = {
    "Session": {"id", "pointer", "context", "user_context"},
    "Frame": {"script"},
    "ConsoleLine": {"pointer"},
    "File": {"source", "format", "sha256", "content_sha256", "saved_as", "unit"},
    "Exporter": {"id"},
    "Skipped": {"pointer"},
    "Finding": {"rule", "sessions", "pointers", "remedy", "link", "fingerprint", "former_fingerprints", "cause"},
    "Proof": {"session", "pointer"},
    "Report": {"accepted", "redaction_key"},
    "Group": {"key", "sessions"},  # the values of its key are masked by their names
    "Unreadable": {"source"},
}
# Parts of a report in which all text is ours, or in no output (Loaded).
OUR_PARTS = {"Bounds", "Caveat", "Concurrency", "Excess", "Limit", "Loaded", "Messages", "Nearness", "NotChecked"}
OUR_PARTS |= {"Overlap", "Place", "Policy", "Provider"}


def written_type(field: msgspec.structs.FieldInfo) -> str:
    return field.type.__name__ if isinstance(field.type, type) else str(field.type)


def is_struct(name: str) -> bool:
    part = getattr(model, name, None)
    return name == "Sentence" or (isinstance(part, type) and issubclass(part, msgspec.Struct))


@pytest.mark.parametrize("kind", FIELDS, ids=lambda kind: kind.__name__)
def test_each_text_of_a_report_is_masked_or_ours(kind: type[msgspec.Struct]) -> None:
    fields = {field.name: written_type(field) for field in msgspec.structs.fields(kind)}
    assert {it for it in fields if "str" in re.findall(r"\w+", fields[it])} - set(FIELDS[kind]) == OURS.get(
        kind.__name__, set()
    )
    masked = {it.__name__ for it in FIELDS} | {"Sentence"}
    for field, words in fields.items():
        parts = {it for it in re.findall(r"\w+", words) if is_struct(it)}
        assert parts <= OUR_PARTS or FIELDS[kind].get(field) is NEVER or parts <= masked, field
        assert (FIELDS[kind].get(field) == WITHIN) is bool(parts & masked), field


def test_of_a_sentence_only_what_it_quotes_is_masked() -> None:
    token = "kQzvWnXb7rLpYsHdkQzv"
    texts = Texts()
    values = (name(f"f{token}"), address(f"wss://h/{token}"), host(f"{token}.example"), quote(f"token={token}"))
    sentence = Sentence(f"{token} {{}} {{}} {{}} {{}} {{}} of {{}}", *values, term(token), 1_000)
    assert replace(sentence, texts) == (
        f"{token} <token 1> h/<token 2> {token}.example token=<token 2> {token} of 1,000"
    )


def test_text_that_no_rule_of_ours_wrote_is_masked_as_a_whole() -> None:
    report = analyze(read(SAMPLES / "away-and-back.har"))
    finding = msgspec.structs.replace(report.findings[0], message="token=ordinary-word", why="PIN=4711 a@h.example")
    masked = mask_report(msgspec.structs.replace(report, findings=(finding,)), Masks()).findings[0]
    assert (masked.message, masked.why) == ("token=<token 1>", "PIN=<token 3> <token 2>")


PLACE_OF_TEMPLATE = {"Sentence": 0, "proves": 0, "by_whom": 1, "count": 1}
PARAMETERS = ("nameless", "template")  # of functions whose callers are looked at


def test_a_template_is_text_of_ours() -> None:
    """A value that stands in the template itself, and not beside it, would never be masked."""
    for path in (Path(analyzer.__file__).parent).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            function = node.func if isinstance(node, ast.Call) else None
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name in PLACE_OF_TEMPLATE and not (name == "count" and isinstance(function, ast.Attribute)):
                templates = node.args[PLACE_OF_TEMPLATE[name] :][:1]
                assert path.name == "sentence.py" or all(map(is_constant, templates)), f"{path.name}:{node.lineno}"


def is_constant(node: ast.expr) -> bool:
    """Is it a text of the source, one of two, or a name for such?"""
    if isinstance(node, ast.IfExp):
        return is_constant(node.body) and is_constant(node.orelse)
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id in PARAMETERS)

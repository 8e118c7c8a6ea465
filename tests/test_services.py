"""Whose socket it is: the rows of the catalogue do what their examples say, and how rows are matched and loaded."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given, strategies as st

from analyzer.model import Attribution, Identity, Provider, Trace
from analyzer.services import Match, Place, Row
from analyzer.services.examples import Counterexample, Example, Socket, expand
from analyzer.services.loading import SOURCE, CatalogueError, builtin, load, read
from analyzer.services.matching import attribute

DOCS = Path(__file__).parent.parent / "docs"
ROWS = {row.id: row for row in builtin()}
CATALOGUE = read(SOURCE)
STREAM = {"api_key": "k3y", "stream-auth-type": "jwt"}
BOB = expand('<jwt {"user_id":"bob"}>')
HELLO = '{"type":"health.check","connection_id":"c-1","me":{"id":"alice","name":"Alice A."}}'
PATTERNS = ("host", "path", "protocol", "sent", "received", "script")  # of a set of conditions
TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]])*\]|\((?:\?(?:[:=!]|<[=!]|\w+:))?|.", re.DOTALL)  # of a regular expression


def trace(url: str, query: dict[str, str] | None = None, cut: bool = False, **texts: Sequence[str]) -> Trace:
    """A socket that opened with these subprotocols, messages and code."""
    lists = {name: tuple(values) for name, values in texts.items()}
    socket = Socket(title="", url=url, query=query or {}, **lists).trace
    opening = tuple(msgspec.structs.replace(message, cut=cut) for message in socket.opening)
    return msgspec.structs.replace(socket, opening=opening)


# -- the rows do what their examples say -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "example"),
    [
        pytest.param(row, example, id=f"{row.id}: {example.title}")
        for row, examples in CATALOGUE.items()
        for example in examples
    ],
)
def test_a_row_does_what_its_example_says(row: Row, example: Example | Counterexample) -> None:
    assert example.find_problem(row, tuple(CATALOGUE)) is None


@pytest.mark.parametrize("kind", [Example, Counterexample])
def test_every_row_has_an_example_and_a_counterexample(kind: type[Socket]) -> None:
    lacking = [row.id for row, examples in CATALOGUE.items() if not any(isinstance(it, kind) for it in examples)]
    assert lacking == []


def claims(row: Row, **fields: object) -> list[bool]:
    """Which of its examples a row would claim if it were otherwise."""
    other = msgspec.structs.replace(row, **fields)
    examples = (it for it in CATALOGUE[row] if isinstance(it, Example))
    return [attribute(it.trace, [other]).provider is not None for it in examples]


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.id)
def test_every_set_of_conditions_has_an_example(row: Row) -> None:
    assert [match for match in row.match if not any(claims(row, match=(match,)))] == []


def alternatives(pattern: str) -> Iterator[str]:
    """A pattern without one of its alternatives, for each of them."""
    groups = [[0]]
    for token in TOKEN.finditer(f"{pattern})"):
        if token[0].startswith("("):
            groups.append([token.end()])
        elif token[0] == "|":
            groups[-1].append(token.start())
        elif token[0] == ")":
            start, *bars, end = *groups.pop(), token.start()
            for bar, next_bar in pairwise((*bars, end)):
                yield pattern[:bar] + pattern[next_bar:]
            if bars:
                yield pattern[:start] + pattern[bars[0] + 1 :]


def narrower(match: Match) -> Iterator[Match]:
    """A set of conditions without one alternative of one pattern, for each of them."""
    for field in PATTERNS:
        for pattern in alternatives(getattr(match, field) or ""):
            yield msgspec.structs.replace(match, **{field: pattern})
    for key, value in match.query.items():
        for pattern in alternatives(value):
            yield msgspec.structs.replace(match, query={**match.query, key: pattern})


def test_alternatives_are_those_of_each_group() -> None:
    assert [*alternatives(r"a(?:b|c\||[|)])|d")] == [
        r"a(?:b|[|)])|d", r"a(?:b|c\|)|d", r"a(?:c\||[|)])|d", r"a(?:b|c\||[|)])", "d"
    ]  # fmt: skip


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.id)
def test_every_alternative_of_a_condition_has_an_example(row: Row) -> None:
    for match in row.match:
        claimed = claims(row, match=(match,))
        assert [it for it in narrower(match) if claims(row, match=(it,)) == claimed] == []


def test_a_dot_that_fits_any_character_stands_for_several() -> None:
    """`api.acme.example` also fits `api-acme.example`."""
    matches = [match for row in CATALOGUE for match in row.match]
    patterns = [getattr(match, field) or "" for match in matches for field in PATTERNS]
    literal = [re.sub(r"\\.|\[(?:\\.|[^\]])*\]", "", it) for it in patterns]
    assert [it for it in literal if re.search(r"\.(?![*+{])", it)] == []


def yields(row: Row, place: Place) -> list[tuple[str, ...]]:
    """What stands at a place in each of the row's examples."""
    alone = Row(row.id, row.name, row.match, secrets=(place,))
    return [attribute(it.trace, [alone]).secrets for it in CATALOGUE[row] if isinstance(it, Example)]


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.id)
def test_every_place_and_each_alternative_in_its_pattern_has_an_example(row: Row) -> None:
    named = (row.client.name, row.client.version, row.client.runtime)
    for place in (*row.app, *row.user, *row.secrets, *(it for it in named if isinstance(it, Place))):
        values = yields(row, place)
        assert any(values), place.pattern or place.json or place.where
        narrow = (msgspec.structs.replace(place, pattern=it) for it in alternatives(place.pattern or ""))
        assert [it.pattern for it in narrow if yields(row, it) == values] == []


def test_no_dev_server_has_users_or_limits() -> None:
    dev_servers = [row for row in builtin() if row.dev_only]
    assert len(dev_servers) == 22
    assert [row.id for row in dev_servers if row.app or row.user or row.limits] == []


def test_the_limits_per_user_are_those_that_are_documented_so() -> None:
    options = {(row.id, it.mode, it.max) for row in builtin() for it in row.limits if it.scope == "user"}
    assert options == {("stream-chat", "development", 3), ("stream-chat", "production", 50), ("sendbird", None, 30)}


def test_a_remedy_is_a_short_instruction_with_its_source() -> None:
    for row in builtin():
        assert (row.remedy is None) == (row.link is None), row.id
        if row.remedy is not None:
            assert row.remedy[0].isupper(), row.id
            assert row.remedy.endswith("."), row.id
            assert len(row.remedy) <= 260, row.id


def test_sockets_by_design() -> None:
    several = {row.id: row.per_page for row in builtin() if row.per_page > 1}
    assert several == {"storybook": 2, "cypress": 2, "twilio-video": 2}


# -- which user -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "received", "user"),
    [
        pytest.param(
            {"json": '{"user_id":"alice"}', "authorization": BOB}, HELLO, "alice", id="the query's JSON first"
        ),
        pytest.param({"json": '{"client_request_id":"r"}', "authorization": BOB}, HELLO, "bob", id="then the token"),
        pytest.param({"json": "{}", "authorization": "undefined"}, HELLO, "alice", id="then the first message"),
        pytest.param({"json": "{", "authorization": "a.b.c"}, "{", None, id="nobody, where nothing can be read"),
        pytest.param({"json": '{"user_id":""}', "authorization": ""}, HELLO, "alice", id="an empty name is none"),
        pytest.param({"json": '{"user_id":42}'}, "", "42", id="a number is written as it is"),
    ],
)
def test_the_user_is_read_from_the_first_place_that_has_one(
    query: dict[str, str], received: str, user: str | None
) -> None:
    socket = trace("wss://chat.stream-io-api.com/connect", {**STREAM, **query}, received=[received])
    assert attribute(socket, builtin()).identity == Identity("k3y", user)


def test_the_beginning_of_a_long_first_message_is_enough() -> None:
    me = {"id": "alice", "name": "Alice", "devices": [{"id": f"device {n}", "note": '"[{'} for n in range(500)]}
    message = json.dumps({"type": "health.check", "connection_id": "c-1", "me": me, "cid": "*"}, separators=(",", ":"))
    assert len(message) > 4096
    socket = trace("wss://chat.stream-io-api.com/connect", STREAM, received=[message[:4096]], cut=True)
    assert attribute(socket, builtin()).identity == Identity("k3y", "alice")


@pytest.mark.parametrize("length", [*range(100), 4096])
def test_a_message_that_is_cut_anywhere_gives_the_user_or_none(length: int) -> None:
    socket = trace("wss://chat.stream-io-api.com/connect", STREAM, received=[HELLO[:length]], cut=True)
    whole = HELLO.index(',"name"')
    assert attribute(socket, builtin()).identity == Identity("k3y", "alice" if length > whole else None)


def test_a_message_that_is_whole_is_not_mended() -> None:
    socket = trace("wss://chat.stream-io-api.com/connect", STREAM, received=[HELLO[:-1]])
    assert attribute(socket, builtin()).identity == Identity("k3y", None)


def test_the_first_of_several_values_of_a_query_counts() -> None:
    socket = trace("wss://chat.stream-io-api.com/connect?api_key=first&api_key=second")
    assert attribute(socket, builtin()).identity == Identity("first", None)


def test_an_extracted_capture_tells_by_itself() -> None:
    texts = Attribution(Provider("stream-chat", "stream-chat"), Identity("<token 1>", "user-1"))
    socket = msgspec.structs.replace(trace("wss://host.example/<token 2>"), attribution=texts)
    assert attribute(socket, builtin()) == msgspec.structs.replace(texts, provider=ROWS["stream-chat"].provider)


# -- nothing that a capture holds raises ------------------------------------------------------------------------

ODD = ['{"a', '{"me":{"id":', "40{", "CONNECT {", "eyJ.eyJ.x", "a.b.c", "\x10\0\0\x04MQTT", "%ff%zz", "&=;?#", *"{["]
TEXT = st.text(st.characters(codec=None), max_size=60) | st.sampled_from(ODD)
PARTS = st.lists(TEXT, max_size=6).map("".join)


@given(
    url=PARTS | st.builds("wss://chat.stream-io-api.com/connect?{}".format, PARTS),
    key=st.sampled_from(["json", "authorization", "access_token", "header", "key", "X-Stream-Client", "token"]),
    value=PARTS,
    protocols=st.lists(PARTS | st.just("mqtt") | PARTS.map("header-{}".format), max_size=2),
    messages=st.lists(PARTS, max_size=3),
    cut=st.booleans(),
)
def test_malformed_input_raises_nothing(
    url: str, key: str, value: str, protocols: list[str], messages: list[str], cut: bool
) -> None:
    arguments = url + ("&" if "?" in url else "?") + f"{key}={quote(value, errors='surrogatepass')}"
    for one in (url, arguments):
        socket = trace(one, protocols=protocols, sent=messages, received=messages, scripts=messages, cut=cut)
        attribute(socket, builtin())
        for row in builtin():  # whatever matches, its places are read
            attribute(socket, [msgspec.structs.replace(row, match=(Match(path=".*"),))])


@pytest.mark.parametrize("depth", [100, 900, 1000, 2000])
def test_deeply_nested_json_raises_nothing(depth: int) -> None:
    nested = '{"user_details":' + "[" * depth + "1" + "]" * depth + "}"
    socket = trace("wss://chat.stream-io-api.com/connect", {**STREAM, "json": nested}, sent=[nested])
    assert attribute(socket, builtin()).provider == ROWS["stream-chat"].provider


# -- rows of one's own ------------------------------------------------------------------------------------------

OWN = """
[[provider]]
id = "own"
name = "Own"
match = [{ path = '/connect' }]
verified = { date = "2026-11-23", by = "us" }
"""
EXAMPLE = """
[[provider.example]]
title = "ours"
url = "wss://acme.example/connect"
"""


def loaded(folder: Path, text: str) -> Sequence[Row]:
    path = folder / "own.toml"
    path.write_text(text, "utf-8")
    return load(path)


def test_rows_of_ones_own_come_first(tmp_path: Path) -> None:
    own = loaded(tmp_path, OWN)
    socket = trace("wss://chat.stream-io-api.com/connect", STREAM)
    attribution = attribute(socket, builtin()).provider
    assert attribution is not None
    assert attribution.id == "stream-chat"
    assert attribute(socket, (*own, *builtin())).provider == own[0].provider


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(OWN + "nmae = 'x'", "provider own: there is no field `nmae`", id="an unknown field"),
        pytest.param(OWN.replace("path =", "paht ="), "provider own: match, entry 1: there is no field `paht`", id="an unknown condition"),
        pytest.param(OWN.replace("'/connect'", "'('"), "provider own: pattern '('", id="a path that is no pattern"),
        pytest.param(OWN.replace("path = '/connect'", "query = { key = '*' }"), "provider own: pattern '*'", id="a query that is no pattern"),
        pytest.param(OWN + OWN, "provider own: this id is used twice", id="an id that is there twice"),
        pytest.param(OWN.replace("{ path = '/connect' }", ""), "provider own: match", id="nothing to match"),
        pytest.param(OWN.replace(" path = '/connect' ", ""), "provider own: match", id="a match without conditions"),
        pytest.param(OWN + "user = [{ in = 'query', json = 'id' }]", "provider own: a place in the query needs a key", id="a place in the query without a key"),
        pytest.param(OWN + "user = [{ in = 'path', key = 'id' }]", "provider own: a place in the query needs a key, and no other", id="a key outside the query"),
        pytest.param(OWN + "secrets = [{ in = 'path', pattern = '/x' }]", "provider own: pattern '/x': it needs a group, whose text is the value", id="a pattern without a group"),
        pytest.param(OWN + "secrets = [{ in = 'path', pattern = '/(?:x)' }]", "provider own: pattern '/(?:x)': it needs a group, whose text is the value", id="a pattern whose only group captures nothing"),
        pytest.param(OWN + "secrets = [{ in = 'body' }]", "provider own: secrets, entry 1, in: there is no place 'body': choose query, ", id="a place that is none"),
        pytest.param(OWN + "per_page = 'two'", "provider own: per_page: must be a whole number, not a text", id="a wrong type"),
        pytest.param(OWN + "per_page = 0", "provider own: per_page", id="no sockets per page"),
        pytest.param(OWN + "limits = [{ scope = 'user', max = 0, source = 'https://x', checked = '2026-11-23' }]", "provider own: per_page and the max of a limit", id="a limit of none"),
        pytest.param(OWN + "limits = [{ scope = 'nonsense', max = 1, source = 'https://x', checked = '2026-11-23' }]", "provider own: scope 'nonsense': not one of user, app", id="a scope that is none"),
        pytest.param(OWN + "limits = [{ scope = 'user', max = 1, source = 'https://x', checked = 'yesterday' }]", "provider own: 'yesterday': write the date as YYYY-MM-DD", id="a date that is none"),
        pytest.param(OWN.replace("path = ", "host = 'Acme\\.example', path = "), "provider own: host 'Acme\\\\.example': write it in lower case", id="a host in upper case, which would never match"),
        pytest.param(OWN.replace("path = ", "port = 0, path = "), "provider own: port 0: ", id="a port that is none"),
        pytest.param(OWN + "link = 'http://x'", "provider own: http://x", id="a link that is not https"),
        pytest.param(OWN.replace(', by = "us"', ""), 'provider own: verified: needs `by`, such as { date = "2026-11-23", by = "acme-push 2.1.0" }', id="half of what it was checked against"),
        pytest.param(OWN.replace("match = [{ path = '/connect' }]", ""), "provider own: needs `match`, such as match = [{ host = 'push\\.acme\\.example' }]", id="no match"),
        pytest.param(OWN + "client = { name = 3 }", "provider own: client, name: must be a text or a table { ... }, not a whole number", id="one of several types"),
        pytest.param(OWN.replace('"own"', '"Own Row"'), "provider Own Row: id", id="an id with blanks"),
        pytest.param(OWN.replace('id = "own"', ""), "row 1: needs `id`", id="no id"),
        pytest.param(OWN + EXAMPLE.replace("connect", "other"), "provider own: example 'ours': no row claims it", id="an example that the row does not claim"),
        pytest.param(OWN + EXAMPLE + "user = 'bob'", "provider own: example 'ours': user is None, not 'bob'", id="an example with another user than the row reads"),
        pytest.param(OWN + EXAMPLE.replace("example", "counterexample"), "provider own: example 'ours': own claims it, not no row", id="a counterexample that the row claims"),
        pytest.param(OWN + EXAMPLE.replace("url", "ulr"), "provider own: example, entry 1: there is no field `ulr`", id="an example with an unknown field"),
        pytest.param(OWN + EXAMPLE + "sent = ['<hex 0>']", "provider own: <hex 0>: write each character as two hexadecimal digits", id="an example that is not written as it should"),
        pytest.param("[[provider", "not TOML", id="not TOML"),
        pytest.param("", "a catalogue has [[provider]] tables", id="an empty file"),
        pytest.param(OWN.replace("[[provider]]", "[provider]"), "a catalogue has [[provider]] tables", id="one table"),
    ],
)  # fmt: skip
def test_a_catalogue_that_cannot_work_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        loaded(tmp_path, text)
    assert str(refused.value).startswith(problem)


def test_a_row_of_ones_own_needs_no_date(tmp_path: Path) -> None:
    (row,) = loaded(tmp_path, OWN.replace('verified = { date = "2026-11-23", by = "us" }', ""))
    assert row.verified is None
    assert attribute(trace("wss://own.example/connect"), [row]).provider == row.provider


def test_every_row_of_the_program_says_what_it_was_checked_against() -> None:
    assert [row.id for row in builtin() if row.verified is None] == []


def test_a_catalogue_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no such file"):
        load(tmp_path / "none.toml")


def test_a_catalogue_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(CatalogueError, match="not TOML"):
        load(path)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("<hex 10 2f>MQTT", "\x10/MQTT"),
        ("<base64 {}>", "e30"),
        ('Bearer <jwt {"sub":"a"}>', "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"),
        ("<base64 <hex 41>>", "QQ"),
        ('<auth xmlns="x">', '<auth xmlns="x">'),
    ],
)
def test_examples_write_out_what_nobody_writes_by_hand(text: str, expanded: str) -> None:
    assert expand({"sent": [text]}) == {"sent": [expanded]}


# -- docs/services.md -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def docs_script() -> ModuleType:
    """docs/services.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("services", DOCS / "services.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_and_the_readme_are_what_the_script_writes(docs_script: ModuleType) -> None:
    assert (DOCS / "services.md").read_text("utf-8") == docs_script.page(builtin())
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    assert readme == docs_script.count_services(readme, builtin())


def test_the_example_of_the_page_works(docs_script: ModuleType, tmp_path: Path) -> None:
    assert f"```toml services\n{docs_script.EXAMPLE}```" in (DOCS / "services.md").read_text("utf-8")
    path = tmp_path / "services.toml"
    path.write_text(docs_script.EXAMPLE, "utf-8")
    assert len(load(path)) == 1
    ((*examples,),) = read(path).values()
    assert [type(it) for it in examples] == [Example, Example, Counterexample]

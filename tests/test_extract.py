"""An extract says the same as the capture that it comes from, and holds nothing else."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from analyzer import extract as extracting, masking, pipeline
from analyzer.clocks import shift
from analyzer.document import capture_document
from analyzer.extract import ANY_DATE, extract
from analyzer.formats import read
from analyzer.formats.har.originals import Originals
from analyzer.formats.har.recorded import request_start
from analyzer.model import Capture, CaptureError, Clock, Policy, Report, Run, Verdict
from analyzer.pipeline import analyze
from analyzer.services import Row
from analyzer.shapes.addresses import shape
from tests.kinds import of_the_lab

CAPTURES = Path(__file__).parent / "captures"
OF_OTHER_FORMATS = (".netlog.json", ".cdp.json", ".perflog.json", ".trace.json", ".mitm", ".flows")
NAMES = sorted(p.relative_to(CAPTURES).as_posix() for p in CAPTURES.rglob("*") if p.name.endswith((".har", ".har.zip")))
OTHERS = sorted(path.name for path in CAPTURES.iterdir() if path.name.endswith(OF_OTHER_FORMATS))
FEWER = [name for name in NAMES if not of_the_lab(CAPTURES / name)]
# HAR 1.2, what each object must have.
REQUIRED = {
    "log": {"version", "creator", "entries"},
    "page": {"startedDateTime", "id", "title", "pageTimings"},
    "entry": {"startedDateTime", "time", "request", "response", "cache", "timings"},
    "request": {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"},
    "response": {
        *("status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"),
        *("headersSize", "bodySize"),
    },
    "content": {"size", "mimeType"},
    "timings": {"send", "wait", "receive"},
}
OWN = {
    "_resourceType",
    "_initiator",
    "_webSocketMessages",
    "_webSocketClose",
    "_harSockets",
    "_failureText",
    "_error",
    "_frameref",
    "_tab",
    "_requestedBy",
    "_openedBy",
    "_aliveAt",
    "_userContext",
    "_kind",
}
OPTIONAL = {"pageref", "comment", "browser", "pages", "blocked", "dns", "connect", "ssl"}


def answer(report: Report) -> dict[str, Any]:
    """The JSON of a capture, but for what is of the file itself, and with masks by their kind alone."""
    masked = masking.mask(Run((report,), (), Policy())).reports[0]
    text = json.dumps(capture_document(masked))
    document: dict[str, Any] = json.loads(re.sub(r"(<token |user-|%3Ctoken%20)\w+", r"\1", text))
    for name in ("source", "sha256", "content_sha256", "bytes", "entries", "files"):
        del document[name]
    for record in document["sessions"]:
        del record["pointer"]
        record["seen_in"] = len(record["seen_in"])
    for record in document["findings"]:
        del record["pointers"]
        record["proof"] = [re.sub(r"/log/entries/\d+", "", line) for line in record["proof"]]
    return document


@pytest.mark.spread(4)
@pytest.mark.parametrize("name", NAMES)
def test_the_extract_gives_the_same_answer(name: str, tmp_path: Path) -> None:
    (tmp_path / "small.har").write_bytes(extract(str(CAPTURES / name)).data)
    small, whole = answer(analyze(read(tmp_path / "small.har"))), answer(analyze(read(CAPTURES / name)))
    for record in (small, whole):  # what could not be read is not in the extract; its caveats are
        record.pop("skipped")
        record["caveats"].sort(key=lambda caveat: caveat["id"])
    assert small == whole


@pytest.mark.spread(4)
@pytest.mark.parametrize("name", [*NAMES, *OTHERS])
def test_a_capture_of_any_format_is_written_in_the_form_of_the_recorder(name: str) -> None:
    """What was read of a HAR stands for any format: nothing of its entries is looked at."""
    capture = read(CAPTURES / name)
    dated = shift(capture, ANY_DATE) if capture.clock is Clock.RELATIVE else capture
    whole, small = analyze(dated), analyze(read(io.BytesIO(extract(capture).data), "small.har"))
    assert small.capture.exporter.id == "har-sockets"
    assert small.verdict == whole.verdict
    assert small.concurrency.possible_peak == whole.concurrency.possible_peak
    for before, after in zip(sorted(whole.sessions, key=request_start), small.sessions, strict=True):
        assert after.outcome is before.outcome
        assert after.messages.lengths == before.messages.lengths
        assert shape(after.endpoint) == shape(before.endpoint)
        proven = after.proven  # that one was open at the very end is certain of each that was open then
        if before.proven is None and proven is not None and small.capture.observed is not None:
            assert proven.start == small.capture.observed.end
            proven = None
        for wider, narrower in ((before.proven, proven), (after.possible, before.possible)):
            assert (wider is None) is (narrower is None)
            if wider is not None and narrower is not None:
                ends = ((it.end or 1 << 62) for it in (wider, narrower))
                assert wider.start - 1 <= narrower.start
                assert next(ends) + 1 >= next(ends)


@pytest.mark.spread(4)
@pytest.mark.parametrize("name", [*FEWER, *OTHERS])
def test_the_form_of_the_recorder_is_a_valid_har_without_data(name: str) -> None:
    document = json.loads(extract(read(CAPTURES / name)).data)
    for kind, record in objects(document):
        assert REQUIRED[kind] <= set(record), kind
        assert set(record) - REQUIRED[kind] <= OPTIONAL | OWN, kind
    messages = [m for entry in document["log"]["entries"] for m in entry.get("_webSocketMessages") or []]
    assert all(m["data"] == "" for m in messages)


def objects(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    log = document["log"]
    yield "log", log
    for page in log["pages"]:
        yield "page", page
    for entry in log["entries"]:
        yield "entry", entry
        for part in ("request", "response", "timings"):
            yield part, entry[part]
        yield "content", entry["response"]["content"]


@pytest.mark.spread(4)
@pytest.mark.parametrize("name", FEWER)
def test_the_extract_is_a_valid_har_of_allowed_members_only(name: str) -> None:
    document = json.loads(extract(str(CAPTURES / name)).data)
    for kind, record in objects(document):
        assert REQUIRED[kind] <= set(record), kind
        assert set(record) - REQUIRED[kind] <= OPTIONAL | OWN, kind
        assert all(record[empty] == [] for empty in ("cookies", "queryString") if empty in record)
    messages = [m for entry in document["log"]["entries"] for m in entry.get("_webSocketMessages") or []]
    assert all(m["data"] == "" for m in messages if m["type"] != "error")


def test_of_the_other_entries_only_those_stay_that_the_answer_rests_on(tmp_path: Path) -> None:
    har = json.loads((CAPTURES / "chrome-08-refresh3.har").read_text())
    entries = har["log"]["entries"]
    (last,) = [n for n, entry in enumerate(entries) if entry["_resourceType"] == "document"][:1]
    filler = [{**entries[last], "_resourceType": "image", "time": 1.0} for _ in range(50)]
    har["log"]["entries"] = [*entries[: last + 1], *filler, *entries[last + 1 :]]
    (tmp_path / "long.har").write_text(json.dumps(har))
    small = extract(str(tmp_path / "long.har"))
    assert small.dropped >= 46  # a few show how ordinary requests are sent
    assert dict(small.parts)["sockets"] == sum(entry["_resourceType"] == "websocket" for entry in entries)


def test_each_load_of_a_script_that_opens_sockets_stays_with_what_loaded_it(tmp_path: Path) -> None:
    """A page and its iframe have the same script, each with an id of its own."""
    har = json.loads((CAPTURES / "chrome-whole-frame-beside.har").read_text())
    *before, load, socket = har["log"]["entries"]
    image = {**before[1], "_resourceType": "image", "time": 1.0, "startedDateTime": load["startedDateTime"]}
    har["log"]["entries"] = [*before, *[image] * 20, load, *[image] * 20, socket]
    (tmp_path / "long.har").write_text(json.dumps(har))
    small = extract(str(tmp_path / "long.har"))
    assert small.dropped >= 30
    (tmp_path / "small.har").write_bytes(small.data)
    assert [it.context for it in analyze(read(tmp_path / "small.har")).sessions] == [None, "iframe"]


@pytest.mark.spread(4)
@pytest.mark.parametrize("name", [name for name in FEWER if name.startswith("chrome-")])
def test_a_cut_off_capture_stays_marked_and_gives_the_same_answer(name: str, tmp_path: Path) -> None:
    text = (CAPTURES / name).read_bytes()
    (tmp_path / "cut.har").write_bytes(text[: len(text) - 30])
    (tmp_path / "small.har").write_bytes(extract(str(tmp_path / "cut.har")).data)
    small, whole = analyze(read(tmp_path / "small.har")), analyze(read(tmp_path / "cut.har"))
    assert small.verdict == whole.verdict
    assert "cut-off" in {caveat.id for caveat in small.capture.caveats}


@pytest.mark.parametrize(
    ("page", "user", "more"),
    [
        pytest.param("Login (1)", "alice", {}, id="a page's id that is a text"),
        pytest.param("p" * 100, "alice", {}, id="a page's id that is long"),
        pytest.param("page_1", "user-1", {}, id="a user who is called like a mask"),
        pytest.param("page_1", "3000", {}, id="a user who is called like a port"),
        pytest.param("page_1", "page_1", {}, id="a user who is called like a page"),
        pytest.param("page_1", "https", {}, id="a user who is called like a scheme"),
        pytest.param("page_1", "alice", {"_webSocketClose": []}, id="a close record of an odd type"),
        pytest.param("\ud800", "\ud800", {"_initiator": {"type": 5, "url": "about:\ud800"}}, id="lone surrogates"),
    ],
)
def test_ordinary_names_and_odd_types_are_no_reason_to_refuse(
    page: str, user: str, more: dict[str, Any], tmp_path: Path
) -> None:
    query = json.dumps({"user_id": user})
    url = f"wss://chat.stream-io-api.com/connect?json={query}&api_key=k&stream-auth-type=jwt"
    messages = [{"type": "send", "time": 1767225600.5, "opcode": 1, "data": "x", "_length": 1e308}, "\ud800"]
    socket = {
        "pageref": page,
        "startedDateTime": "2026-01-01T00:00:00Z",
        "time": 900,
        "request": {"url": url},
        "response": {"status": 101},
        "timings": {"wait": 500, "blocked": -1e308},
        "_webSocketMessages": messages,
        **more,
    }
    pages = [{"id": page, "title": f"http://localhost:3000/u/{user}", "startedDateTime": "2026-01-01T00:00:00Z"}]
    log = {"creator": {"name": "WebInspector \ud800", "version": "1"}, "pages": pages, "entries": [socket]}
    (tmp_path / "a.har").write_text(json.dumps({"log": log}))
    assert dict(extract(str(tmp_path / "a.har")).parts)["sockets"] == 1


def test_a_compressed_capture_can_be_extracted(tmp_path: Path) -> None:
    (tmp_path / "a.har.gz").write_bytes(gzip.compress((CAPTURES / "chrome-S2-overuse.har").read_bytes()))
    assert dict(extract(str(tmp_path / "a.har.gz")).parts)["sockets"] == 4


def test_an_extract_of_an_extract_is_the_same(tmp_path: Path) -> None:
    first = extract(str(CAPTURES / "chrome-S2-overuse.har")).data
    (tmp_path / "first.har").write_bytes(first)
    assert extract(str(tmp_path / "first.har")).data == first


def test_the_messages_of_a_side_file_come_along(tmp_path: Path) -> None:
    small = json.loads(extract(str(CAPTURES / "playwright-E.fullzip.har.zip")).data)
    assert any(entry.get("_webSocketMessages") for entry in small["log"]["entries"])


def test_with_a_key_masks_are_equal_in_every_extract() -> None:
    def users(name: str, key: str) -> set[str]:
        document = json.loads(extract(str(CAPTURES / name), key=key).data)
        attributions = [entry["_harSockets"] for entry in document["log"]["entries"] if "_harSockets" in entry]
        return {it["user"] for it in attributions}

    assert users("chrome-S2-overuse.har", "k") == users("chrome-S1-correct.har", "k")
    assert users("chrome-S2-overuse.har", "k") != users("chrome-S2-overuse.har", "another")


def test_where_the_few_are_not_enough_all_entries_are_kept_stripped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    har = json.loads((CAPTURES / "chrome-08c-refresh3-idle.har").read_text())
    at = next(n for n, entry in enumerate(har["log"]["entries"]) if entry["_resourceType"] == "websocket")
    socket = har["log"]["entries"][at]
    later = re.sub(r"\.\d{3}Z$", ".999Z", socket["startedDateTime"])  # a last sign of life of the page
    image = {"pageref": socket["pageref"], "_resourceType": "image", "startedDateTime": later, "time": 1.0}
    har["log"]["entries"].insert(at + 1, image)
    (tmp_path / "a.har").write_text(json.dumps(har))
    alive = analyze(read(tmp_path / "a.har")).sessions[0].proven
    monkeypatch.setattr(Originals, "witnesses", lambda self: frozenset())
    small = extract(str(tmp_path / "a.har"))
    assert small.dropped == 0
    (tmp_path / "small.har").write_bytes(small.data)
    assert analyze(read(tmp_path / "small.har")).sessions[0].proven == alive


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda report: {"sessions": report.sessions[:-1]}, id="a socket is missing"),
        pytest.param(
            lambda report: {"sessions": (structs.replace(report.sessions[0], close_code=4000), *report.sessions[1:])},
            id="a socket closed otherwise",
        ),
        pytest.param(
            lambda report: {"sessions": (structs.replace(report.sessions[0], seen_in=()), *report.sessions[1:])},
            id="a socket has fewer records",
        ),
        pytest.param(lambda report: {"overlaps": ()}, id="an overlap is missing"),
        pytest.param(
            lambda report: {"overlaps": (structs.replace(report.overlaps[0], peak=9), *report.overlaps[1:])},
            id="more sockets overlap",
        ),
        pytest.param(lambda report: {"verdict": Verdict.INCONCLUSIVE}, id="the verdict is another"),
    ],
)
def test_nothing_leaves_where_the_answer_would_change(
    change: Callable[[Report], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def relate(capture: Capture, catalogue: Sequence[Row]) -> Report:
        report = pipeline.relate(capture, catalogue)
        return structs.replace(report, **change(report)) if capture.files[0].source == "extract" else report

    monkeypatch.setattr(extracting, "relate", relate)
    with pytest.raises(CaptureError, match="would not give the same answer"):
        extract(str(CAPTURES / "chrome-S2-overuse.har"))


def test_nothing_leaves_where_a_removed_value_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking.Texts, "url", lambda self, url: list(map(self.token, re.split("[=&]", url))) and url)
    with pytest.raises(CaptureError, match="would still contain a secret or a user"):
        extract(str(CAPTURES / "chrome-S2-overuse.har"))


def test_a_capture_is_read_once() -> None:
    """A stream that cannot be read again gives the same as the file."""
    path = CAPTURES / "chrome-S2-overuse.har"
    with path.open("rb") as stream:
        once = extract(stream)
        assert not stream.read(1)
    assert once == extract(str(path))

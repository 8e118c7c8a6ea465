"""No value, and no error, shows what a capture holds: in a prompt, a log, a traceback, a failing assertion."""

from __future__ import annotations

import io
import json
import logging
import pprint
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from analyzer import haralyzer_entry, haralyzer_har
from analyzer.extract import extract
from analyzer.formats import read
from analyzer.formats.har.raw import LAYOUT, RawEntry
from analyzer.formats.json_stream.array import Document
from analyzer.formats.source import open_source
from analyzer.intervals import Interval
from analyzer.model import CaptureError, Discreet, Policy, Report, Run, Unreadable
from analyzer.pipeline import analyze
from analyzer.testing import assert_sockets
from tests.test_canaries import CANARIES, HARS, leaks


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("repr") / "chat.har"
    file.write_text(json.dumps(HARS["chrome"]))
    return file


@pytest.fixture(scope="module")
def report(path: Path) -> Report:
    return analyze(read(path))


def values(value: object) -> Iterator[Discreet]:
    """A value, and all that it is made of."""
    if isinstance(value, Discreet):
        yield value
        for name in value.__struct_fields__:
            yield from values(getattr(value, name))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from values(each)


def shown(value: object) -> str:
    """All that one comes to see of a value by chance."""
    screen = Console(file=io.StringIO(), width=500)
    screen.print(value)
    assert isinstance(screen.file, io.StringIO)
    return f"{value} {value!r} {pprint.pformat(value)} {screen.file.getvalue()}"


def test_no_value_shows_what_the_capture_holds(report: Report, path: Path) -> None:
    problem = f"no https://h.example/a.har?token={CANARIES['the query']}, no {CANARIES['a random token of letters']}"
    assert len(leaks(problem)) == 2
    run = Run((report,), (Unreadable(str(path), problem),), Policy())
    with open_source(str(path)) as (source, _):
        raw = list(Document(source.stream, source.name, LAYOUT, RawEntry).elements())
    items = [run, *values(run), *values(raw)]
    kinds = {type(value).__name__ for value in items}
    assert {"Session", "Trace", "Initiator", "Frame", "Opening", "Identity", "Page", "Finding", "RawRequest"} <= kinds
    assert [value for value in items if leaks(shown(value)) or len(repr(value)) > 300] == []
    assert leaks(shown(report.sessions)) == []


def test_what_a_value_shows(report: Report) -> None:
    assert repr(report) == "<Report chat.har: overlap, 8 sockets, peak ≥ 6, 1 error, 1 warning>"
    assert str(report.sessions[0]) == "<Session #1 wss://chat.stream-io-api.com: open, 2 sent, 1 received>"
    assert repr(report.capture) == "<Capture chat.har: chrome, 8 sockets in 10 entries>"
    assert repr(Run((report,), (), Policy())) == "<Run of 1 report, 0 unreadable>"
    assert repr(Unreadable("x/a.har", "it is empty")) == "<Unreadable a.har: it is empty>"
    assert "tolerance=250 ms" in repr(Policy())
    assert repr(report.overlaps[0]).startswith("<Overlap proven: s1, s2, ")
    assert repr(report.findings[0]).startswith("<Finding ")
    assert repr(report.capture.pages[0]).startswith("<Page started=")


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        pytest.param("wss://h.example:444/a/b", " wss://h.example:444", id="a host and its port"),
        pytest.param("ws://[::1]:80", " ws://[::1]:80", id="an address"),
        pytest.param("wss://user:password@h.example/a", "", id="no user and no password"),
        pytest.param("/only/a/path", "", id="no path"),
    ],
)
def test_a_session_shows_its_host_alone(endpoint: str, host: str, report: Report) -> None:
    import msgspec

    session = msgspec.structs.replace(report.sessions[0], endpoint=endpoint)
    assert repr(session) == f"<Session #1{host}: open, 2 sent, 1 received>"


def test_rich_shows_numbers_and_words_of_ours(report: Report) -> None:
    texts = dict(report.sessions[0].__rich_repr__())
    assert texts["id"] == "s1"
    assert isinstance(texts["possible"], Interval)
    assert not {"url", "endpoint", "page", "pointer", "close_reason"} & set(texts)


def test_objects_of_haralyzer_show_no_address(report: Report) -> None:
    entry = haralyzer_entry(report.capture, report.sessions[0])
    parser = haralyzer_har(report)
    entries = [it for page in parser.pages for it in page.entries]
    assert entries[0].url
    for value in (entry, entry.request, entry.response, parser, *parser.pages, *entries):
        assert leaks(f"{value} {value!r}") == []


def test_a_log_shows_none(report: Report, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("%s %r", report, report.capture.traces)
    assert "Report chat.har" in caplog.text
    assert leaks(caplog.text) == []


FAILING = """
from analyzer import analyze, read
from analyzer.testing import assert_sockets
PATH = {path!r}

def test_the_assertion():
    assert_sockets(PATH)

def test_sessions():
    capture = read(PATH)
    report = analyze(capture)
    assert report.sessions == ()

def test_traces():
    capture = read(PATH)
    first, *others = capture.traces
    assert first == others[0]

def test_by_id():
    report = analyze(read(PATH))
    assert {{s.id: s for s in report.sessions}} == {{"s1": report.sessions[1]}}, report
"""


def test_a_failing_test_shows_none(path: Path, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(FAILING.format(path=str(path)))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-vv", "--showlocals", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    texts = done.stdout + done.stderr
    assert "4 failed" in texts, texts
    assert "<Session #1 wss://chat.stream-io-api.com: open" in texts
    assert leaks(texts.replace(str(path), "")) == []


def test_the_message_of_the_assertion_shows_none(path: Path) -> None:
    with pytest.raises(AssertionError) as raised:
        assert_sockets(path)
    assert leaks(str(raised.value)) == []


# -- errors ----------------------------------------------------------------------------------------------------

SECRET = "canary-in-the-query-1"
WHOLE = json.dumps({"log": {"entries": [{"request": {"url": f"wss://h/?{SECRET}"}}]}})


def zipped(**members: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return packed.getvalue()


DAMAGED = {
    "no JSON": f"secret={SECRET}".encode(),
    "no HAR": json.dumps({SECRET: SECRET}).encode(),
    "no entries": json.dumps({"log": {SECRET: SECRET}}).encode(),
    "entries that are none": json.dumps({"log": {"entries": SECRET}}).encode(),
    "a log that is none": json.dumps({"log": SECRET}).encode(),
    "cut off before its entries": WHOLE[:9].encode() + b'"' + SECRET.encode(),
    "a comma missing": b'{"a": "' + SECRET.encode() + b'" "b": 1}',
    "no key": b'{"log": {"' + SECRET.encode() + b'": 1, ' + SECRET.encode() + b"}}",
    "too deep": b'{"a": ' + b"[" * 200_000 + SECRET.encode(),
    "JSONP": f"{SECRET.replace('-', '_')}({WHOLE})".encode(),
    "UTF-16": WHOLE.encode("utf-16"),
    "damaged gzip": b"\x1f\x8b\x08\x00" + SECRET.encode(),
    "damaged zip": b"PK\x03\x04" + SECRET.encode(),
    "a zip of two HARs": zipped(**{f"{SECRET}.har": WHOLE, "b.har": WHOLE}),
    "a zip with another name within": zipped(**{f"{SECRET}.har": WHOLE}).replace(SECRET.encode(), SECRET.upper().encode(), 1),
    "only refused elements": json.dumps({"log": {"entries": [SECRET] * 200_000}}).encode(),
}  # fmt: skip


def held_by(error: BaseException) -> str:
    """All that an error holds: what it says, notes, attributes, errors behind it, the frames that it came through."""
    texts, visited = [], {id(error)}
    errors: list[BaseException | None] = [error]
    while errors:
        analysis = errors.pop()
        if analysis is None:
            continue
        texts += [
            str(analysis),
            repr(analysis),
            repr(analysis.args),
            repr(vars(analysis)),
            repr(getattr(analysis, "__notes__", "")),
        ]
        frame = analysis.__traceback__
        while frame is not None:
            if frame.tb_frame.f_code.co_filename != __file__:
                texts += [f"{name}={value!r}" for name, value in frame.tb_frame.f_locals.items()]
            frame = frame.tb_next
        for other in (analysis.__cause__, analysis.__context__):
            if id(other) not in visited:
                visited.add(id(other))
                errors.append(other)
    return "\n".join(texts)


DOORS: dict[str, Callable[[str], object]] = {"read": read, "extract": extract}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("damage", DAMAGED)
def test_an_error_holds_no_text_of_the_file(damage: str, door: str, tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(DAMAGED[damage])
    try:
        DOORS[door](str(path))
    except CaptureError as error:
        memory = held_by(error)
        assert SECRET.casefold() not in memory.casefold().replace("_", "-")
        assert error.__context__ is None
    else:
        assert damage == "a zip with another name within"


def test_an_entry_that_is_gone_is_an_error_without_text(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_text(json.dumps(HARS["chrome"]))
    report = analyze(read(path))
    path.write_bytes(DAMAGED["no HAR"])
    with pytest.raises(CaptureError) as raised:
        haralyzer_entry(report.capture, report.sessions[0])
    assert leaks(held_by(raised.value)) == []

"""Files that are not read: each is named, with the way out, in one line; by what is in it, whatever it is called."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import pprint
import pty
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from analyzer.formats import read
from analyzer.formats.foreign import BEGINNINGS, MEMBERS
from analyzer.model import CaptureError

PDF = b"%PDF-1.7\n"
CHARLES = [{"status": "COMPLETE", "method": "GET", "protocolVersion": "HTTP/1.1", "scheme": "https", "actualPort": 443}]
BIDI = {"type": "event", "method": "network.beforeRequestSent", "params": {"context": "A"}}
CONSOLE = {"level": "INFO", "message": 'http://h/ 1:2 "hello"', "source": "console-api", "timestamp": 1}
ENTRY = {"startedDateTime": "2026-01-01T00:00:00Z", "request": {}}


def as_json(value: object, **how: int) -> bytes:
    return json.dumps(value, **how).encode()  # type: ignore[arg-type]


def zipped(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    return data.getvalue()


def encrypt(archive: bytes) -> bytes:
    """A zip whose headers say that its files are encrypted."""
    data = bytearray(archive)
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + flags] |= 1
            at = data.find(signature, at + 4)
    return bytes(data)


def netlog(types: dict[str, int]) -> bytes:
    return as_json({"constants": {"logEventTypes": types, "timeTickOffset": "1"}, "events": []})


FOREIGN = [
    pytest.param(b"[1790000000.123][INFO]: Starting ChromeDriver 150", "chromedriver", id="chromedriver's own log"),
    pytest.param(zipped("a/trace.trace", "a/trace.network", "b/trace.network"), "by itself", id="Playwright traces"),
    pytest.param(zipped("test.trace"), "by itself", id="of a test without a browser"),
    pytest.param(b'{"type":"resource-snapshot","snapshot":{}}\n', "Playwright trace", id="a part of it"),
    pytest.param(zipped("raw/1_c.txt", "raw/1_s.txt", "[Content_Types].xml"), "Fiddler archive", id="Fiddler .saz"),
    pytest.param(encrypt(zipped("raw/1_c.txt", "raw/1_s.txt")), "Fiddler archive", id="Fiddler .saz, encrypted"),
    pytest.param(encrypt(zipped("a.har")), "encrypted", id="an encrypted zip"),
    pytest.param(b"7z\xbc\xaf\x27\x1c\0\4", "unpack it", id="7z"),
    pytest.param(b"-----BEGIN PGP MESSAGE-----\n\nhQEM", "decrypt it", id="gpg, as text"),
    pytest.param(b"\x85\x01\x0c\x03\xa1\xb2" + b"\x99" * 40, "decrypt it", id="gpg"),
    pytest.param(b"\x8c\x0d\x04\x09\x03\x02", "decrypt it", id="gpg, with a password"),
    pytest.param(b"age-encryption.org/v1\n-> X25519", "decrypt it", id="age"),
    pytest.param(b"\xfd7zXZ\0\0\x04", "decompress it", id="xz"),
    pytest.param(b"BZh91AY&SY", "decompress it", id="bzip2"),
    pytest.param(base64.b64encode(as_json({"log": {"version": "1.2", "entries": []}})), "base64 -d", id="base64"),
    pytest.param(base64.b64encode(gzip.compress(b"{}")), "base64 -d", id="gzip in base64"),
    pytest.param(
        b"2026-11-29 02:33:08.326000 UTC - [Parent 1234: Main Thread]: D/nsWebSocket x", "MOZ_LOG", id="MOZ_LOG"
    ),
    pytest.param(b"[Child 77: Main Thread]: V/nsWebSocket WebSocketChannel", "MOZ_LOG", id="MOZ_LOG without time"),
    pytest.param(as_json({"meta": {"interval": 1, "startTime": 0.5, "product": "Firefox"}}), "Firefox", id="profile"),
    pytest.param(as_json({"version": 1, "recording": {"displayName": "Timeline 1"}}), "Safari", id="Safari timeline"),
    pytest.param(b"bplist00\xd1\x01\x02_\x10\x0fWebMainResource\xd5", "Safari", id="Safari web archive"),
    pytest.param(as_json([BIDI]), "BiDi", id="WebDriver BiDi"),
    pytest.param(as_json(BIDI) + b"\n" + as_json(BIDI), "BiDi", id="WebDriver BiDi, one per line"),
    pytest.param(as_json([CONSOLE]), 'get_log("performance")', id="Selenium's console log"),
    pytest.param(repr([CONSOLE]).encode(), "json.dump", id="a log of Selenium as Python writes it"),
    pytest.param(pprint.pformat({"message": {"method": "x" * 90, "a": 1}}).encode(), "json.dump", id="pprint"),
    pytest.param(
        b"\n\n<!DOCTYPE html>\n<html style='x'><head><title>Playwright Test Report</title>", "--any", id="HTML report"
    ),
    pytest.param(as_json({"config": {"configFile": "a", "suites": []}}), "results of tests", id="Playwright's JSON"),
    pytest.param(as_json({"stats": {"suites": 1, "tests": 2}}), "results of tests", id="Cypress, mochawesome"),
    pytest.param(netlog({}), "no names of events", id="a NetLog without names"),
    pytest.param(netlog({"SOCKET_STREAM_CONNECT": 3}), "Chrome 45 or older", id="a NetLog of Chrome 30"),
    pytest.param(as_json(CHARLES), "Charles session", id="Charles .chlsj"),
    pytest.param(zipped("0-meta.json", "0.xml"), "Charles session", id="Charles .chlz"),
    pytest.param(as_json(CHARLES, indent=2), "Charles session", id="indented"),
    pytest.param(b"\xac\xed\x00\x05sr\x00\x1fcom.xk72.charles.model.Session", "Charles session", id="Charles .chls"),
    pytest.param(b'<?xml version="1.0"?>\n<charles-session>', "Charles session", id="Charles .xml"),
    pytest.param(b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "pcap", id="pcap"),
    pytest.param(b"\xa1\xb2\xc3\xd4\x00\x02\x00\x04", "pcap", id="the other order of bytes"),
    pytest.param(b"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00", "pcap", id="pcapng"),
    pytest.param(b"\x0a\x2e\x08\x00\x12\x10" + b"\x00\x01" * 40, "Perfetto", id="Perfetto"),
    pytest.param(b"\x0a\x82\x01\x50\x01" + b"\x00\x01" * 40, "Perfetto", id="a longer packet"),
    pytest.param(b"{'log': {'version': '1.2', 'entries': []}}", "json.dump", id="a Python dict"),
    pytest.param(b"{\"log\": {'version': \"it's\", 'entries': None}}", "json.dump", id="mixed quotes"),
    pytest.param(b"[{'method': 'Network.webSocketCreated'}]", "json.dump", id="a Python list"),
    pytest.param(b"<!DOCTYPE html>\n<html><title>Sign in</title>", "login", id="a login page"),
    pytest.param(b"\xef\xbb\xbf\n  <html lang=en>", "login", id="after a mark and white space"),
    pytest.param(b"<svg/>", "HTML or XML", id="other XML"),
    pytest.param(zipped("request_0_Abc-1", "request_1_Abc-2"), "Proxyman", id="Proxyman"),
    pytest.param(as_json({"error": {"code": 403}}), "the answer of a server", id="an error of an API"),
    pytest.param(b"curl: (22) The requested URL returned error: 404", "the error message", id="an error of curl"),
    pytest.param(b"\xff\xd8\xff\xe0\x00\x10JFIF", "a picture", id="a photo"),
    pytest.param(b"Rar!\x1a\x07\x01\x00", "unpack it", id="RAR"),
    pytest.param(zipped("word/document.xml", "[Content_Types].xml"), "Office document", id="Word"),
    pytest.param(zipped(), "an empty zip", id="an empty zip"),
    pytest.param(zipped("a.txt"), "a zip without a capture", id="a zip without a capture"),
    pytest.param(b"a.har".ljust(257, b"\0") + b"ustar  \0", "a tar archive: unpack it", id="tar"),
    pytest.param(b"\x7fELF\2\1\1\0", "a program", id="a program of Linux"),
    pytest.param(b"MZ\x90\0\3\0", "a program", id="a program of Windows"),
    pytest.param(b"export default {log: 1}", "JavaScript", id="JavaScript, a module"),
    pytest.param(b"/*! app */(function(){})()", "JavaScript", id="JavaScript, a bundle"),
    pytest.param(as_json({"format": 1, "tool": {"name": "har-sockets"}}, indent=2), "results of", id="our JSON"),
    pytest.param(b'{"source":"a \\"b.har","sha256":null,"bytes":1}\n', "`har-sockets summary`", id="our lines"),
    pytest.param(b'{"source":"a.har","problem":"no such file"}\n', "`har-sockets summary`", id="our lines of errors"),
    pytest.param(as_json({"any": 1}), "choose Network > Export HAR", id="other JSON"),
    pytest.param(b"hello", "choose Network > Export HAR", id="other text"),
    pytest.param(b" \n", "export or download it again", id="nothing"),
    pytest.param(as_json([ENTRY]), '{"log": {"version": "1.2", "entries": ...}}', id="entries alone"),
]


@pytest.mark.parametrize(("content", "sentence"), FOREIGN)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_file_of_another_kind_is_named(content: bytes, sentence: str, packed: bool) -> None:
    if packed and content.startswith(b"PK"):
        pytest.skip("a zip in gzip is no capture")
    with pytest.raises(CaptureError) as error:
        read(io.BytesIO(gzip.compress(content) if packed else content), "chat.har")
    assert sentence in error.value.problem
    assert "\n" not in error.value.problem


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"log": {"entries": [], "traceEvents": [{"ph": "M"}]}}, id="a member of a trace"),
        pytest.param({"constants": {}, "log": {"entries": []}}, id="a member of a NetLog"),
        pytest.param({"method": "Network.enable", "log": {"entries": []}}, id="a member of CDP"),
    ],
)
def test_a_har_that_begins_like_another_file_is_read(content: object) -> None:
    assert read(io.BytesIO(as_json(content)), "chat.har").records == 0


def test_no_text_of_the_file_is_in_what_is_said_of_it() -> None:
    secret = b"kQzvWnXb7rLpYsHd"
    for content in (b"{'token': '" + secret + b"'}", as_json([{"token": secret.decode()}])):
        with pytest.raises(CaptureError) as error:
            read(io.BytesIO(content), "chat.har")
        assert secret.decode() not in str(error.value)


@pytest.mark.parametrize("sentence", [sentence for _, sentence in (*BEGINNINGS, *MEMBERS)])
def test_every_row_is_one_short_line_that_says_what_it_is(sentence: str) -> None:
    assert sentence.isprintable()
    assert len(sentence) < 140


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(
    ("args", "times"),
    [
        pytest.param([], 1, id="analyze"),
        pytest.param(["check"], 1, id="check"),
        pytest.param(["analyze", "--format", "json", "-q"], 1, id="nothing else is shown"),
    ],
)
def test_on_a_terminal_an_unreadable_file_is_told_once(args: list[str], times: int, tmp_path: Path) -> None:
    path = tmp_path / "x.har"
    path.write_bytes(PDF)
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "analyzer", *args, str(path)]
    done = subprocess.run(command, stdout=follower, stderr=follower, stdin=subprocess.DEVNULL, check=False)
    os.close(follower)
    beginning = b""
    try:
        while block := os.read(leader, 1 << 16):
            beginning += block
    except OSError:  # Linux: the other end is closed
        pass
    os.close(leader)
    assert done.returncode == 3
    assert " ".join(beginning.decode().split()).count("a PDF, not a capture") == times

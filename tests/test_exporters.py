"""Rows: who wrote a file, and what that means."""

from __future__ import annotations

import pytest

from analyzer.formats.har.exporters import EXPORTERS, UNKNOWN, caveats, identify, label


@pytest.mark.parametrize(
    ("name", "version", "id", "sockets"),
    [
        pytest.param("WebInspector", "537.36", "chrome", True, id="Chrome"),
        pytest.param("WebKit Web Inspector", "1.0", "webkit", False, id="Safari"),
        pytest.param("Firefox", "153.7.0", "firefox", True, id="Firefox"),
        pytest.param("Playwright", "1.60.0", "playwright", False, id="Playwright before sockets"),
        pytest.param("Playwright", "1.61.0", "playwright", True, id="Playwright with sockets"),
        pytest.param("Playwright", "1.61.0-alpha-2026", "playwright", True, id="an alpha of it"),
        pytest.param("Playwright", None, "playwright", True, id="Playwright of an unknown version"),
        pytest.param("mitmproxy", "11.0.2", "mitmproxy", True, id="mitmproxy"),
        pytest.param("HTTP Toolkit", "1", "http-toolkit", True, id="HTTP Toolkit"),
        pytest.param("Chrome HAR Capturer", "0.14.4", "chrome-har-capturer", True, id="chrome-har-capturer"),
        pytest.param("chrome-har", "1.3.1", "chrome-har", False, id="chrome-har"),
        pytest.param("@neuralegion/cypress-har-generator", "5", "cypress-har-generator", True, id="Cypress"),
        pytest.param("WebInspectorish", "1", "unknown", True, id="a longer name is another program"),
        pytest.param("", None, "unknown", True, id="no name"),
        pytest.param(None, None, "unknown", True, id="no creator"),
    ],
)
def test_identify(name: str | None, version: str | None, id: str, sockets: bool) -> None:
    row = identify(name, version)
    assert row.id == id
    assert ("sockets-not-exported" in {caveat.id for caveat in caveats(row)}) is not sockets


@pytest.mark.parametrize("row", [*EXPORTERS, UNKNOWN], ids=lambda row: row.label)
def test_every_row_that_leaves_sockets_out_says_so(row: object) -> None:
    from analyzer.formats.har.exporters import Omits, Row

    assert isinstance(row, Row)
    hides = any(caveat.hides_sockets for caveat in caveats(row))
    assert hides is (row.omits is not Omits.NONE)


@pytest.mark.parametrize(
    ("name", "version", "comment", "expected"),
    [
        pytest.param("WebInspector", "537.36", None, "Chrome DevTools", id="Chrome writes a constant"),
        pytest.param("WebKit Web Inspector", "1.0", None, "Safari / WebKit Web Inspector", id="so does WebKit"),
        pytest.param("Firefox", "153.7.0", None, "Firefox 153.7.0", id="a version"),
        pytest.param("Playwright", "1.32.3", None, "Playwright 1.32.3", id="the row of older versions"),
        pytest.param("mitmproxy", "11.0.2", "", "mitmproxy 11.0.2", id="the program itself"),
        pytest.param(
            "mitmproxy har_dump", "0.1", "mitmproxy version mitmproxy 9.0.1", "mitmproxy 9.0.1", id="its addon"
        ),
        pytest.param("mitmproxy har_dump", "0.1", None, "mitmproxy har_dump 0.1", id="its addon alone"),
        pytest.param("Charles Proxy", "4.6.3", None, "Charles Proxy 4.6.3", id="no row knows it"),
        pytest.param("Charles Proxy 4.6.3", "4.6.3", None, "Charles Proxy 4.6.3", id="its name has its version"),
        pytest.param("", "1", None, "an unknown program 1", id="no name"),
        pytest.param(None, None, "mitmproxy 9.0.1", "an unknown program", id="a comment alone names nobody"),
    ],
)
def test_the_program_is_named_with_its_own_version(
    name: str | None, version: str | None, comment: str | None, expected: str
) -> None:
    assert label(identify(name, version), name, version, comment) == expected


def test_a_program_is_not_called_unknown_beside_its_name() -> None:
    (named,) = caveats(UNKNOWN)
    (nameless,) = caveats(UNKNOWN, named=False)
    assert named.message == "It is unknown which sockets this program leaves out."
    assert "does not name the program" in nameless.message
    assert named.hides_sockets and nameless.hides_sockets


def test_a_limit_of_older_versions_says_of_which() -> None:
    (caveat,) = caveats(identify("Playwright", "1.32.3"))
    assert caveat.message == "Playwright before 1.61 never writes WebSockets into a HAR."

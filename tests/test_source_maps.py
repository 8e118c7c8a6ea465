"""Source maps: where frames are in the sources, by maps in the capture, beside it and in folders.

`tests/source_maps` holds captures of a small TypeScript app (Chromium 156's "Export HAR (with content)", esbuild 0.28,
Vite 7, webpack 5) with its builds. `NAME.frames.json` is what @jridgewell/trace-mapping 0.3 says of each frame: url,
line, column and function in the loaded file, then source, line, column and name.
"""

from __future__ import annotations

import gzip
import io
import json
import shutil
from base64 import b64encode
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st
from typer.testing import CliRunner

from analyzer import Report, load
from analyzer.cli import app
from analyzer.formats import read, source
from analyzer.formats.har import bodies
from analyzer.formats.source import Source
from analyzer.masking import Masks, mask_report
from analyzer.model import Frame, Policy, Run
from analyzer.outputs import html, json as json_output, markdown, sarif, text
from analyzer.rules import RULES
from analyzer.source_maps import mappings, maps, references, sources
from analyzer.source_maps.mappings import Damaged

FOLDER = Path(__file__).parent / "source_maps"
INSIDE = ("esbuild-minified-inline", "webpack-eval-source-map")  # the map is in the capture
BUILDS = ("vite-build", "webpack-production")  # it is in the build's output
OPENER = "openChat.ts:12"
DIGITS = mappings.DIGITS.decode()


def capture_of(name: str) -> Path:
    packed = FOLDER / f"{name}.har.gz"
    return packed if packed.exists() else FOLDER / f"{name}.har"


def report_of(name: str) -> Report:
    report = load(capture_of(name), source_maps=FOLDER / name if name in BUILDS else ())
    assert isinstance(report, Report)
    return report


def frames(report: Report) -> list[Frame]:
    return [frame for session in report.sessions if session.initiator is not None for frame in session.initiator.frames]


def number(value: int) -> str:
    """Write a number as a map does (VLQ)."""
    value, digits = (-value << 1) | 1 if value < 0 else value << 1, ""
    while True:
        value, digit = value >> 5, value & 31
        digits += DIGITS[digit | 32 if value else digit]
        if not value:
            return digits


def encode(rows: list[tuple[int, ...]]) -> str:
    """Write segments, each (line, column[, source, line, column[, name]]), in the order of lines."""
    last, lines = [0] * 5, [[] for _ in range(max((row[0] for row in rows), default=-1) + 1)]  # type: ignore[var-annotated]
    for at, (line, *fields) in enumerate(rows):
        if (at and rows[at - 1][0] != line) or not at:
            last[0] = 0
        lines[line].append("".join(number(field - before) for field, before in zip(fields, last, strict=False)))
        last[: len(fields)] = fields
    return ";".join(",".join(line) for line in lines)


def plain(**fields: Any) -> bytes:
    rows = fields.pop("rows", [(0, 0, 0, 4, 2), (0, 9, 1, 7, 0, 0)])
    whole = {"version": 3, "sources": ["src/a.ts", "src/b.ts"], "names": ["open"], "mappings": encode(rows), **fields}
    return json.dumps(whole).encode()


# -- real captures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*INSIDE, *BUILDS])
def test_each_frame_is_where_another_implementation_says(name: str) -> None:
    expected = json.loads((FOLDER / f"{name}.frames.json").read_text())
    answer = [
        [
            frame.url,
            frame.line,
            frame.column,
            frame.source and frame.source.url.rpartition("/")[2],
            frame.source and frame.source.line,
            frame.source and frame.source.column,
        ]
        for frame in frames(report_of(name))
    ]
    assert answer == [
        [url, line, column, source and source.rpartition("/")[2], at, place]
        for url, line, column, _, source, at, place, _ in expected
    ]
    assert sum(row[3] is not None for row in answer) > 30


@pytest.mark.parametrize("name", [*INSIDE, *BUILDS])
def test_the_opener_is_the_innermost_frame_of_own_sources(name: str) -> None:
    report = report_of(name)
    for session in report.sessions:
        assert session.initiator is not None
        assert session.initiator.is_own
        assert session.initiator.opener.place.partition("?")[0].endswith(("openChat.ts:12:10", "openChat.ts"))
    assert OPENER in text.render(Run((report,), (), Policy(), rules=RULES)).decode()


@pytest.mark.parametrize("name", INSIDE)
def test_a_minified_function_has_its_name_of_the_source(name: str) -> None:
    own = [frame for frame in frames(report_of(name)) if frame.source is not None and frame.source.own]
    assert own[0].original_name == "connectTo"
    if name == "esbuild-minified-inline":
        assert own[0].function == "jt"


@pytest.mark.parametrize("name", BUILDS)
def test_verdict_findings_and_fingerprints_are_the_same_without_maps(name: str) -> None:
    with_maps, without = report_of(name), load(capture_of(name))
    assert isinstance(without, Report)
    assert with_maps.verdict == without.verdict
    ours, theirs = (
        [(it.rule, it.severity, it.fingerprint, it.sessions, it.cause) for it in report.findings]
        for report in (with_maps, without)
    )
    assert ours == theirs
    assert without.findings
    assert not any(frame.source for frame in frames(without))


@pytest.mark.parametrize("name", [*INSIDE, *BUILDS])
def test_outputs_show_the_source_and_none_of_its_text(name: str) -> None:
    run = Run((report_of(name),), (), Policy(), rules=RULES)
    rendered = [it.render(run).decode() for it in (text, markdown, html, json_output, sarif)]
    assert all("openChat.ts" in it for it in rendered)
    assert not any("params: { token }" in it for it in rendered)
    code = json.loads(rendered[3])["captures"][0]["sessions"][0]["initiator"]
    assert code["source"]["line"] == 12
    assert code["url"].endswith(".js") or code["url"].startswith("webpack-internal:")


def test_a_map_beside_the_capture_is_used(tmp_path: Path) -> None:
    shutil.copy(capture_of("vite-build"), tmp_path / "run.har")
    shutil.copy(next((FOLDER / "vite-build").rglob("*.map")), tmp_path)
    report = load(tmp_path / "run.har")
    assert isinstance(report, Report)
    assert report.sessions[0].initiator is not None
    assert report.sessions[0].initiator.opener.place.endswith("openChat.ts:12:10")


def test_a_capture_in_memory_has_its_own_maps() -> None:
    report = load(gzip.decompress(capture_of(INSIDE[0]).read_bytes()))
    assert isinstance(report, Report)
    assert any(frame.source for frame in frames(report))


@pytest.mark.parametrize("sign", [b"//# sourceMappingURL=app.js.map", b"X-SourceMap", b"x-sourcemap"])
@pytest.mark.parametrize("size", [1, 5, 8, 64])
def test_a_sign_of_a_map_is_found_wherever_blocks_end(sign: bytes, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BLOCK", size)
    for place in range(20):
        text = b"_" * place + sign + b"_" * (20 - place)
        assert bodies.has_signs(Source(io.BytesIO(text), "x"))
        assert not bodies.has_signs(Source(io.BytesIO(text.replace(b"ap", b"_p")), "x"))


def test_a_file_without_the_scripts_of_its_stacks_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    monkeypatch.setattr(bodies, "has_signs", lambda source: looks.append(source.name))
    load(capture_of(INSIDE[0]))
    assert looks
    looks.clear()
    filtered = Path(__file__).parent / "captures" / "chrome-36-ws-filter-export.har"
    assert any(trace.initiator is not None and trace.initiator.frames for trace in read(filtered).traces)
    assert not looks


def test_addresses_beyond_the_limit_may_all_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_ADDRESSES", 2)
    addresses = source.Addresses()
    addresses.add("a")
    assert addresses.may_have(["b", "a"]) and not addresses.may_have(["b"])
    addresses.add("c")
    assert addresses.may_have(["b"])


def test_the_command_takes_folders_and_refuses_what_is_none(tmp_path: Path) -> None:
    capture = str(capture_of("vite-build"))
    answer = CliRunner().invoke(app, [capture, "--source-maps", str(FOLDER / "vite-build")])
    assert OPENER in answer.output
    refused = CliRunner().invoke(app, [capture, "--source-maps", str(tmp_path / "nowhere")])
    assert refused.exit_code == 2
    with pytest.raises(ValueError, match="no such folder"):
        load(capture, source_maps=tmp_path / "nowhere")


# -- folders ---------------------------------------------------------------------------------------------------


def placed(folder: Path) -> tuple[bool, list[str]]:
    """Is any frame placed by the maps of this folder, and what limits the report because of them?"""
    report = load(capture_of("vite-build"), source_maps=folder)
    assert isinstance(report, Report)
    limits = [it.message for it in report.capture.caveats if it.id == "source-map-unused"]
    return any(frame.source for frame in frames(report)), limits


def test_the_longest_common_path_decides(tmp_path: Path) -> None:
    build = next((FOLDER / "vite-build").rglob("*.map"))
    for folder, data in (("new/assets", build.read_bytes()), ("new/old", plain())):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / build.name).write_bytes(data)
    assert placed(tmp_path) == (True, [])


def test_several_maps_that_fit_equally_well_are_not_used(tmp_path: Path) -> None:
    build = next((FOLDER / "vite-build").rglob("*.map"))
    for folder, data in (("one", build.read_bytes()), ("two", plain())):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / build.name).write_bytes(data)
    is_placed, limits = placed(tmp_path)
    assert not is_placed
    assert len(limits) == 1
    assert "equally well" in limits[0]


def test_another_hash_is_another_script(tmp_path: Path) -> None:
    build = next((FOLDER / "vite-build").rglob("*.map"))
    shutil.copy(build, tmp_path / "index-00000000.js.map")
    assert placed(tmp_path) == (False, [])


def test_a_damaged_map_limits_the_report(tmp_path: Path) -> None:
    build = next((FOLDER / "vite-build").rglob("*.map"))
    (tmp_path / build.name).write_bytes(build.read_bytes()[:-200])
    is_placed, limits = placed(tmp_path)
    assert not is_placed
    assert limits == [
        f"The source map of {build.name.removesuffix('.map')} is damaged (not a source map), so the lines of the loaded "
        "file are shown."
    ]


# -- maps ------------------------------------------------------------------------------------------------------

SEGMENTS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 3), st.integers(0, 90)),
        st.tuples(st.integers(0, 3), st.integers(0, 90), st.integers(0, 5), st.integers(0, 9999), st.integers(0, 99)),
        st.tuples(
            *(st.integers(0, 3), st.integers(0, 90), st.integers(0, 5)),
            *(st.integers(0, 9999), st.integers(0, 99), st.integers(0, 40)),
        ),
    ),
    max_size=60,
    unique_by=lambda row: row[:2],
).map(lambda rows: sorted(rows, key=lambda row: row[:2]))


@given(SEGMENTS, st.integers(64, 200))
def test_positions_are_found_as_by_counting(rows: list[tuple[int, ...]], part: int) -> None:
    positions = [(line, column) for line in range(5) for column in (0, 1, 17, 50, 91)]
    before, mappings.PART = mappings.PART, part
    try:
        answer = mappings.find(encode(rows).encode(), positions)
    finally:
        mappings.PART = before
    expected = {}
    for line, column in positions:
        members = [row for row in rows if row[0] == line and row[1] <= column]
        if members:
            _, start, *rest = members[-1]
            name = rest[3] if len(rest) == 4 else None
            expected[line, column] = (start, *(rest[:3] if rest else (None,)), name)
    assert {at: (it.column, it.source) for at, it in answer.items()} == {at: it[:2] for at, it in expected.items()}
    mapped = {at: tuple(it) for at, it in answer.items() if it.source is not None}
    assert mapped == {at: it for at, it in expected.items() if it[1] is not None}


@given(st.one_of(st.binary(max_size=60), st.text("AgB,;+/9!", max_size=60).map(str.encode)))
def test_any_mappings_are_found_or_damaged(data: bytes) -> None:
    try:
        assert isinstance(mappings.find(data, [(0, 0), (1, 7)]), dict)
    except Damaged as problem:
        assert str(problem)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"[]", "not a source map", id="no object"),
        pytest.param(
            b'{"version":3,"mappings":"AAAA!","sources":["a"]}', "unknown character", id="a character that is none"
        ),
        pytest.param(b'{"version":3,"mappings":"AA","sources":["a"]}', "wrong length", id="two fields"),
        pytest.param(b'{"version":3,"mappings":"AAAg","sources":["a"]}', "without end", id="a number without end"),
        pytest.param(b'{"version":3,"mappings":"AAAD","sources":["a"]}', "below zero", id="a negative column"),
        pytest.param(b'{"version":3,"mappings":"ACAA","sources":["a"]}', "not in its lists", id="a source too many"),
        pytest.param(b'{"version":2,"mappings":"AAAA","sources":["a"]}', "version", id="another version"),
        pytest.param(b'{"version":3,"mappings":"gggggggggE","sources":["a"]}', "too large", id="a number too large"),
    ],
)
def test_a_damaged_map_says_what_is_wrong(data: bytes, problem: str) -> None:
    with pytest.raises(Damaged, match=problem):
        maps.locate(data, "https://h/app.js.map", [(0, 0)])


def located(data: bytes, *positions: tuple[int, int]) -> list[str]:
    origins = maps.locate(data, "https://h/js/app.js.map", positions)
    return [origins[it].source.place for it in positions if it in origins]


def test_a_map_names_its_sources_by_their_addresses() -> None:
    assert located(plain(), (0, 3), (0, 9)) == ["https://h/js/src/a.ts:5:3", "https://h/js/src/b.ts:8:1"]
    assert located(plain(sourceRoot="/app"), (0, 3)) == ["https://h/app/src/a.ts:5:3"]
    assert located(plain(sources=[None, "b.ts"]), (0, 3), (0, 9)) == ["https://h/js/b.ts:8:1"]
    assert located(b")]}'\n" + plain(), (0, 3)) == ["https://h/js/src/a.ts:5:3"]
    assert located(plain(), (3, 0)) == []


def test_a_map_with_sections_counts_from_their_offsets() -> None:
    sections = [
        {"offset": {"line": 0, "column": 0}, "map": json.loads(plain())},
        {"offset": {"line": 2, "column": 10}, "map": json.loads(plain(sources=["c.ts", "d.ts"]))},
    ]
    data = json.dumps({"version": 3, "sections": sections}).encode()
    assert located(data, (0, 0), (2, 3), (2, 12), (2, 19)) == [
        "https://h/js/src/a.ts:5:3",
        "https://h/js/c.ts:5:3",
        "https://h/js/d.ts:8:1",
    ]


@pytest.mark.parametrize(
    ("source", "field"),
    [
        pytest.param("../node_modules/phoenix/priv/phoenix.mjs", {}, id="a package"),
        pytest.param("webpack://app/webpack/bootstrap", {}, id="webpack"),
        pytest.param("\0vite/preload-helper.js", {}, id="a virtual module"),
        pytest.param("../../deps/phoenix/assets/js/phoenix/socket.js", {}, id="Phoenix in Elixir"),
        pytest.param("src/vendor.ts", {"ignoreList": [0]}, id="ignoreList"),
        pytest.param("src/vendor.ts", {"x_google_ignoreList": [0]}, id="its former name"),
    ],
)
def test_code_of_others_is_known_by_its_source(source: str, field: dict[str, Any]) -> None:
    origins = maps.locate(plain(sources=[source, "src/b.ts"], **field), "https://h/app.js.map", [(0, 0), (0, 9)])
    assert [origins[at].source.own for at in ((0, 0), (0, 9))] == [False, True]


@pytest.mark.parametrize(
    ("source", "root", "base", "address"),
    [
        ("../src/a.ts", "", "https://h/assets/app.js.map", "https://h/src/a.ts"),
        ("webpack://app/./src/a.ts", "", "https://h/app.js.map", "webpack://app/src/a.ts"),
        ("./src/a.ts", "webpack:///", "https://h/app.js.map", "webpack:///src/a.ts"),
        ("C:/code/a.ts", "", "data:x", "C:/code/a.ts"),
        ("a.ts", "", "https://[", "a.ts"),
    ],
)
def test_a_source_has_an_address(source: str, root: str, base: str, address: str) -> None:
    assert sources.resolve(source, root, base) == address


# -- references ------------------------------------------------------------------------------------------------

INLINE = "data:application/json;charset=utf-8;base64," + b64encode(plain()).decode()


@pytest.mark.parametrize(
    ("script", "headers", "expected"),
    [
        pytest.param("f()\n//# sourceMappingURL=app.js.map\n", {}, "https://h/js/app.js.map", id="a comment"),
        pytest.param("f()\n/*# sourceMappingURL=app.js.map */", {}, "https://h/js/app.js.map", id="between stars"),
        pytest.param("f()//# sourceMappingURL=a.map\n//# sourceURL=x", {}, "https://h/js/a.map", id="others follow"),
        pytest.param("//# sourceMappingURL=a.map\nf()", {}, None, id="code follows"),
        pytest.param("f()", {"sourcemap": "/m/a.map"}, "https://h/m/a.map", id="a header"),
        pytest.param("f()", {"x-sourcemap": "/m/a.map"}, "https://h/m/a.map", id="its former name"),
        pytest.param("f()", {}, None, id="none"),
    ],
)
def test_a_script_names_its_map(script: str, headers: dict[str, str], expected: str | None) -> None:
    reference = references.find(script, "https://h/js/app.js", headers)
    assert (reference and reference.url) == expected


def test_a_map_may_be_in_its_script() -> None:
    reference = references.find(f"f()\n//# sourceMappingURL={INLINE}", "https://h/app.js", {})
    assert reference is not None
    assert reference.text == plain()
    script = f'eval("f()\\n//# sourceMappingURL={INLINE}\\n//# sourceURL=webpack-internal:///./src/a.ts\\n")'
    assert dict(references.list_modules(script)) == {"webpack-internal:///./src/a.ts": plain()}


# -- masking ---------------------------------------------------------------------------------------------------


def test_what_a_map_says_is_masked_and_harmless(tmp_path: Path) -> None:
    build = next((FOLDER / "vite-build").rglob("*.map"))
    whole = msgspec.json.decode(build.read_bytes())
    homes = "Users"
    bad = f"webpack:///{homes}/jane/\x1b[31mwork/token=sk_live_4eC39HqLyjWDarjtT1zdp7dc/a.ts"
    whole["sources"] = [it if "node_modules" in it else bad for it in whole["sources"]]
    (tmp_path / build.name).write_bytes(msgspec.json.encode(whole))
    report = load(capture_of("vite-build"), source_maps=tmp_path)
    assert isinstance(report, Report)
    masked = mask_report(report, Masks())
    run = Run((masked,), (), Policy(), rules=RULES)
    for output in (text, markdown, html, json_output, sarif):
        rendered = output.render(run).decode()
        assert "sk_live_4eC39" not in rendered, output.__name__
        assert "jane" not in rendered, output.__name__
        assert "\x1b[31mwork" not in rendered, output.__name__
    assert "a.ts:12" in text.render(run).decode()

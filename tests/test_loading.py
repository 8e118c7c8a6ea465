"""`load` takes a capture however it is given; everything else is refused with what is expected, and quotes nothing."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import analyzer
from analyzer import CaptureError, Policy, Report, Run, analyze, load, read

CAPTURES = Path(__file__).parent / "captures"
OVERUSE = CAPTURES / "chrome-S2-overuse.har"
SECRET = "canary-secret"


def opened(mode: str) -> Callable[[], Any]:
    return lambda: OVERUSE.open(mode)


WAYS: dict[str, Callable[[], Any]] = {
    "a path": lambda: OVERUSE,
    "a name": lambda: str(OVERUSE),
    "a binary file": opened("rb"),
    "a text file": opened("r"),
    "its bytes": OVERUSE.read_bytes,
    "its text": OVERUSE.read_text,
    "its text in memory": lambda: io.StringIO(OVERUSE.read_text()),
    "a byte order mark before it": lambda: "\ufeff" + OVERUSE.read_text(),
    "json.load": lambda: json.loads(OVERUSE.read_text()),
    "a capture": lambda: read(OVERUSE),
    "a report": lambda: load(OVERUSE),
}


@pytest.mark.parametrize("way", WAYS)
def test_one_capture_is_a_report_however_it_is_given(way: str) -> None:
    given = WAYS[way]()
    report = load(given)
    if hasattr(given, "close"):
        given.close()
    assert isinstance(report, Report)
    assert (report.verdict, len(report.sessions)) == ("overlap", 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(OVERUSE, tmp_path / "a.har")
    shutil.copy(CAPTURES / "chrome-08-refresh3.har", tmp_path / "b.har")
    (tmp_path / "c.har").write_text(f"{SECRET} is no JSON")
    return tmp_path


def test_a_collection_is_a_run(folder: Path) -> None:
    for given in (
        folder,
        str(folder),
        f"{folder}/*.har",
        [folder],
        [folder / "a.har", folder / "b.har", folder / "c.har"],
    ):
        run = load(given)  # type: ignore[call-overload]
        assert isinstance(run, Run)
        assert [report.verdict for report in run.reports] == ["overlap", "no-overlap"]
        assert [Path(it.source).name for it in run.unreadable] == ["c.har"]
    assert isinstance(load(folder / "a.har"), Report)


def test_a_collection_of_one_is_a_run(folder: Path) -> None:
    (folder / "b.har").unlink()
    (folder / "c.har").unlink()
    for given in (folder, f"{folder}/*.har", [OVERUSE], iter([OVERUSE]), [load(OVERUSE)], [OVERUSE.read_bytes()]):
        run = load(given)  # type: ignore[call-overload]
        assert isinstance(run, Run)
        assert len(run.reports) == 1
    assert load([]).reports == ()


def test_captures_without_a_name_are_numbered() -> None:
    run = load([OVERUSE.read_bytes(), OVERUSE.read_text(), f"{SECRET}\n"])
    assert [report.capture.source for report in run.reports] == ["capture 1", "capture 2"]
    assert [it.source for it in run.unreadable] == ["capture 3"]


def test_the_policy_acts_and_stays_with_the_report() -> None:
    policy = Policy(max_open=4)
    report = load(OVERUSE, policy)
    assert isinstance(report, Report)
    assert (report.findings, report.policy) == ((), policy)
    assert load([report]).reports[0].findings != ()
    assert load([report], policy).policy == policy


REFUSED: list[tuple[Any, type[Exception], str]] = [
    ("nowhere.har", CaptureError, "nowhere.har: no such file"),
    ("", CaptureError, "'': no such file"),
    ("no*where.har", CaptureError, "no*where.har: no file matches"),
    (b"", CaptureError, "capture: the file is empty: export or download it again"),
    (
        {},
        CaptureError,
        "capture: no log.entries: this is JSON, but not a HAR: in Chrome DevTools choose Network > Export HAR",
    ),
    (
        5,
        TypeError,
        "load takes a path, a folder, a pattern, an open file, the content of a HAR (text, bytes or dict), or a list of these, not int",
    ),
    (None, TypeError, "not NoneType"),
    ([5], TypeError, "item 1 of the list: load takes "),
    ([[OVERUSE]], TypeError, "not list"),
    (f"{SECRET}\n", CaptureError, "capture: "),
    ('{"a": "' + SECRET, CaptureError, "capture: "),
    (SECRET.encode(), CaptureError, "capture: "),
]


@pytest.mark.parametrize(("given", "kind", "message"), REFUSED, ids=range(len(REFUSED)))
def test_anything_else_is_refused(given: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as refused:
        load(given)
    assert message in str(refused.value)
    assert SECRET not in str(refused.value)


def test_read_and_analyze_name_load_and_quote_nothing() -> None:
    text = OVERUSE.read_text()
    with OVERUSE.open() as file:
        cases: list[tuple[Callable[[Any], object], Any, type[Exception]]] = [
            (read, CAPTURES, CaptureError),
            (read, text, CaptureError),
            (read, file, TypeError),
            (read, json.loads(text), TypeError),
            (read, text.encode(), TypeError),
            (analyze, str(OVERUSE), TypeError),
            (analyze, text, TypeError),
        ]
        for call, given, kind in cases:
            with pytest.raises(kind, match="load") as refused:
                call(given)
            assert len(str(refused.value)) < 250


def test_a_policy_is_checked() -> None:
    with pytest.raises(TypeError, match="policy: expected a Policy, not str"):
        load(OVERUSE, "user")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="severities: there is no rule 'ghost'; did you mean 'ghost-socket'"):
        load(OVERUSE, Policy(severities={"ghost": "off"}))


def test_a_report_without_its_capture_is_not_analysed_anew() -> None:
    import msgspec

    report = load(OVERUSE.read_bytes())
    bare = msgspec.structs.replace(report, capture=msgspec.structs.replace(report.capture, traces=()))
    with pytest.raises(CaptureError, match="no longer holds its capture"):
        load(bare)


def test_every_public_name_completes_and_has_a_type() -> None:
    assert set(analyzer.__all__) | {"__version__"} <= set(dir(analyzer))
    assert analyzer.__version__.count(".") == 2
    homes = " ".join(analyzer._HOMES.values()).split()
    assert sorted(homes) == sorted(analyzer.__all__)
    assert (Path(analyzer.__file__).parent / "py.typed").exists()


def test_archives_and_files_of_any_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.write(OVERUSE, "a.har")
        archive.write(CAPTURES / "chrome-08-refresh3.har", "b.har")
    run = load(tmp_path / "two.zip")
    assert isinstance(run, Run)
    assert [report.verdict for report in run.reports] == ["overlap", "no-overlap"]
    (tmp_path / "two.zip").unlink()
    shutil.copy(OVERUSE, tmp_path / "ticket.json")
    with pytest.raises(CaptureError, match="any_name=True reads files of any name"):
        load(tmp_path)
    named = load(tmp_path, any_name=True)
    assert isinstance(named, Run)
    assert len(named.reports) == 1

"""`load` takes a capture however it is given; everything else is refused with what is expected, and quotes nothing."""

from __future__ import annotations

import copy
import io
import json
import pickle
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
    value = WAYS[way]()
    report = load(value)
    if hasattr(value, "close"):
        value.close()
    assert isinstance(report, Report)
    assert (report.verdict, len(report.sessions)) == ("overlap", 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(OVERUSE, tmp_path / "a.har")
    shutil.copy(CAPTURES / "chrome-08-refresh3.har", tmp_path / "b.har")
    (tmp_path / "c.har").write_text(f"{SECRET} is no JSON")
    return tmp_path


def test_a_collection_is_a_run(folder: Path) -> None:
    for each in (
        folder,
        str(folder),
        f"{folder}/*.har",
        [folder],
        [folder / "a.har", folder / "b.har", folder / "c.har"],
    ):
        run = load(each)  # type: ignore[call-overload]
        assert isinstance(run, Run)
        assert [report.verdict for report in run.reports] == ["overlap", "no-overlap"]
        assert [Path(it.source).name for it in run.unreadable] == ["c.har"]
    assert isinstance(load(folder / "a.har"), Report)


def test_a_collection_of_one_is_a_run(folder: Path) -> None:
    (folder / "b.har").unlink()
    (folder / "c.har").unlink()
    for each in (folder, f"{folder}/*.har", [OVERUSE], iter([OVERUSE]), [load(OVERUSE)], [OVERUSE.read_bytes()]):
        run = load(each)  # type: ignore[call-overload]
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
        "capture: no log.entries: this is JSON, but not a capture that har-sockets reads: in Chrome DevTools choose Network > Export HAR",
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


@pytest.mark.parametrize(("value", "kind", "message"), REFUSED, ids=range(len(REFUSED)))
def test_anything_else_is_refused(value: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as refused:
        load(value)
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
        for call, each, kind in cases:
            with pytest.raises(kind, match="load") as refused:
                call(each)
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


def test_what_a_list_names_and_cannot_be_read_is_unreadable(folder: Path) -> None:
    sources = [
        folder / "nothere.har",
        folder / "a.har",
        folder / "c.har",
        f"{folder}/*.nothing",
        "https://h.example/a.har",
    ]
    run = load(sources)
    assert [Path(report.capture.source).name for report in run] == ["a.har"]
    assert [Path(it.source).name for it in run.unreadable] == ["nothere.har", "c.har", "*.nothing", "a.har"]
    assert run.unreadable[0].problem == "no such file"
    assert "no file matches" in run.unreadable[2].problem
    assert not load([folder / "nothere.har"]).reports


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        (
            "https://h.example/a.har?token=canary-query-1",
            "urllib.request.urlretrieve(URL, 'a.har'), then load('a.har')",
        ),
        ("https://h.example/app", "run the command `har-sockets record URL`, then load the file"),
        ("wss://h.example/app", "run the command `har-sockets record URL`, then load the file"),
    ],
)
def test_a_web_address_is_refused_with_what_to_do_in_python(address: str, advice: str) -> None:
    with pytest.raises(CaptureError) as refused:
        load(address)
    assert advice in str(refused.value)
    assert "curl" not in str(refused.value)
    assert "canary" not in str(refused.value)


def test_a_run_is_a_sequence_of_reports(folder: Path) -> None:
    run = load([folder])
    assert len(run) == 2
    assert list(run) == [run[0], run[1]] == [*run.reports] == [*run[:2]]
    assert run[-1] is run.reports[1]
    for name in ("a.har", str(folder / "a.har"), f"{folder.name}/a.har", "./a.har"):
        assert run[name] is run[0]
    with pytest.raises(KeyError, match=r"no capture has the name 'aa.har'; did you mean 'a.har'\?"):
        _ = run["aa.har"]
    with pytest.raises(KeyError, match=r"no capture has the name '\.har'"):
        _ = run[".har"]  # a part of a name is none
    with pytest.raises(IndexError):
        _ = run[2]
    again = load(run, Policy(max_open=4))
    assert [report.findings for report in again] == [(), ()]


def test_a_name_of_several_captures_is_refused(folder: Path) -> None:
    (folder / "in").mkdir()
    shutil.copy(OVERUSE, folder / "in/a.har")
    run = load([folder])
    with pytest.raises(KeyError, match=r"2 captures have the name 'a.har': give more of the path"):
        _ = run["a.har"]
    assert run["in/a.har"].capture.source == str(folder / "in/a.har")


def test_who_looks_for_a_table_is_shown_the_frame(folder: Path) -> None:
    run: Any = load([folder])
    with pytest.raises(AttributeError, match=r"from analyzer import sessions_frame; sessions_frame\(run\)"):
        _ = run.sessions
    with pytest.raises(AttributeError, match=r"findings_frame\(report\)"):
        _ = run[0].findings_frame
    with pytest.raises(AttributeError, match=r"^'Run' object has no attribute 'colour'$"):
        _ = run.colour
    assert not hasattr(run, "_repr_png_")
    assert pickle.loads(pickle.dumps(run)) == copy.copy(run) == run

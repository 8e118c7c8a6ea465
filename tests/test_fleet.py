"""Many captures: expanded, read by one process or several, in order, each once, whoever dies."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer import fleet
from analyzer.fleet import workers
from analyzer.model import Policy, Report, Unreadable

CAPTURES = Path(__file__).parent / "captures"
REAL = CAPTURES / "chrome-01-one-closed.har"


def killed_by(chunk: tuple[str, ...]) -> list[workers.Result]:
    """A task as the fleet has it, of which a name kills the worker: `once` the first time, `always` each time."""
    items: list[workers.Result] = []
    for name in chunk:
        path = Path(name)
        if "always" in path.name or ("once" in path.name and not path.with_suffix(".seen").exists()):
            path.with_suffix(".seen").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        items.append(Unreadable(name, "read"))
    return items


@pytest.fixture
def two() -> Iterator[workers.Workers]:
    folder = workers.processes(2)
    yield folder
    folder.stop(at_once=False)


def told(results: Iterator[workers.Result]) -> list[tuple[str, bool]]:
    return [(Path(it.source).name, "died" in it.problem) for it in results if isinstance(it, Unreadable)]


def test_a_killed_worker_loses_nothing_and_counts_nothing_twice(tmp_path: Path, two: workers.Workers) -> None:
    names = [str(tmp_path / f"{n}{'-once' if n == 7 else ''}") for n in range(20)]
    chunks = [tuple(names[n : n + 4]) for n in range(0, 20, 4)]
    assert told(workers.spread(killed_by, chunks, two)) == [(Path(name).name, False) for name in names]


def test_a_capture_that_kills_every_worker_is_told_and_the_rest_is_done(tmp_path: Path, two: workers.Workers) -> None:
    names = [str(tmp_path / f"{n}{'-always' if n == 5 else ''}") for n in range(12)]
    chunks = [tuple(names[n : n + 4]) for n in range(0, 12, 4)]
    assert told(workers.spread(killed_by, chunks, two)) == [(Path(name).name, n == 5) for n, name in enumerate(names)]


def test_processes_give_what_one_process_gives(tmp_path: Path) -> None:
    for n in range(30):
        shutil.copy(REAL, tmp_path / f"{n:02}.har")
    (tmp_path / "10.har").write_text("no HAR")
    names = fleet.expand([str(tmp_path)])
    alone, spread = (list(fleet.results(names, Policy(), jobs=jobs)) for jobs in (1, 2))
    assert [type(it) for it in spread] == [Unreadable if n == 10 else Report for n in range(30)]
    for one, other in zip(alone, spread, strict=True):
        if isinstance(one, Report) and isinstance(other, Report):
            assert (one.sessions, one.findings, one.overlaps) == (other.sessions, other.findings, other.overlaps)
            assert (one.capture.source, one.capture.sha256) == (other.capture.source, other.capture.sha256)
        else:
            assert one == other


@pytest.mark.parametrize(
    ("sizes", "chunks"),
    [
        pytest.param([], [], id="none"),
        pytest.param([1_000] * 3, [3], id="small ones go together"),
        pytest.param([9_000_000, 9_000_000, 1_000], [1, 2], id="by bytes"),
        pytest.param([20_000_000, 1_000], [1, 1], id="a large one alone"),
        pytest.param([1] * 450, [200, 200, 50], id="not too many in one"),
    ],
)
def test_captures_are_chunked_by_bytes(tmp_path: Path, sizes: list[int], chunks: list[int]) -> None:
    for n, size in enumerate(sizes):
        with (tmp_path / f"{n:03}").open("wb") as file:
            file.truncate(size)
    names = [str(tmp_path / f"{n:03}") for n in range(len(sizes))]
    parts = list(fleet.chunks(names))
    assert ([len(it) for it in parts], [name for it in parts for name in it]) == (chunks, names)


def test_what_is_at_a_url_is_read_like_a_file() -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.pipe("/fleet/a.har", REAL.read_bytes())
    memory.pipe("/fleet/b.har.gz", __import__("gzip").compress(REAL.read_bytes()))
    memory.pipe("/fleet/notes.txt", b"no capture")
    names = fleet.expand(["memory://fleet"])
    assert names == ["memory:///fleet/a.har", "memory:///fleet/b.har.gz"]
    first, second = fleet.results(names, Policy())
    assert isinstance(first, Report)
    assert isinstance(second, Report)
    assert [len(first.sessions), first.sessions] == [1, second.sessions]
    assert fleet.expand(["memory://fleet/*.gz"]) == names[1:]
    for nothing in ("memory://empty", "nosuch://x/y.har"):
        with pytest.raises(fleet.NothingToRead):
            fleet.expand([nothing])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("captures/chat.har", "captures/chat.har"),
        ("s3://bucket/day/chat.har", "s3://bucket/day/chat.har"),
        ("https://me:pa@ss@host/chat.har", "https://***@host/chat.har"),
        ("https://host/chat.har?X-Amz-Signature=0a1b&v=2", "https://host/chat.har?X-Amz-Signature=***&v=***"),
        ("https://host/chat.har?sv0a1b", "https://host/chat.har?***"),
        ("simplecache::https://me:secret@host/x.har?a", "simplecache::https://***@host/x.har?***"),
    ],
)
def test_what_lets_others_in_stands_in_no_name(source: str, expected: str) -> None:
    assert fleet.sources.mask_name(source) == expected


def test_a_url_that_cannot_be_read_is_told_without_its_secrets() -> None:
    pytest.importorskip("fsspec")
    url = "memory://me:secret@nowhere/x.har?sig=0a1b2c"
    with pytest.raises(fleet.NothingToRead) as problem:
        fleet.expand([url])
    items = fleet.result(url, Policy())
    assert isinstance(items, Unreadable)
    for text in (str(problem.value), items.source, items.problem):
        assert "secret" not in text
        assert "0a1b2c" not in text


def test_a_link_to_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "gone.har").symlink_to(tmp_path / "nowhere.har")
    (items,) = fleet.results(fleet.expand([str(tmp_path)]), Policy())
    assert isinstance(items, Unreadable)
    assert items.problem == "no such file"

"""A real Dask cluster of two processes: whoever is killed, nothing is lost and nothing is counted twice."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from pathlib import Path
from typing import Any

import pytest

from analyzer import fleet
from analyzer.fleet import workers
from analyzer.model import Policy, Report, Unreadable

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # of Dask, about what it loses when a worker is killed

REAL = Path(__file__).parent / "captures/chrome-01-one-closed.har"


LONGEST = 300  # seconds of a test


@pytest.fixture(autouse=True)
def no_waiting_for_ever() -> Iterator[None]:
    """A cluster whose last worker does not come back (seen once, on a machine with load 15) is waited for without end."""

    def end(*_: object) -> None:
        raise TimeoutError(f"no result for {LONGEST} seconds")

    if sys.platform == "win32":
        yield
        return
    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(LONGEST)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0, "distributed.admin.tick.limit": "1h"}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as archive,
    ):
        yield archive


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("captures")
    for n in range(120):
        shutil.copy(REAL, folder / f"{n:03}.har")
    (folder / "050.har").write_text("no HAR")
    return fleet.expand([str(folder)])


def test_a_cluster_gives_what_one_process_gives(cluster: Any, captures: list[str]) -> None:
    items = list(fleet.results(captures, Policy(), scheduler=cluster.scheduler_address))
    assert [it.capture.source if isinstance(it, Report) else it.source for it in items] == captures
    assert [n for n, it in enumerate(items) if isinstance(it, Unreadable)] == [50]
    alone = fleet.result(captures[0], Policy())
    assert isinstance(alone, Report)
    assert isinstance(items[0], Report)
    assert (items[0].sessions, items[0].verdict) == (alone.sessions, alone.verdict)


def test_names_are_those_of_the_folder_that_asks(
    cluster: Any, captures: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker has a folder of its own."""
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(captures[0], tmp_path / "elsewhere" / "a.har")
    monkeypatch.chdir(tmp_path)
    names = ["elsewhere/a.har", "elsewhere/gone.har"]
    items = list(fleet.results(names, Policy(), scheduler=cluster.scheduler_address))
    assert [type(it) for it in items] == [Report, Unreadable]
    assert [it.capture.source if isinstance(it, Report) else it.source for it in items] == names


@pytest.mark.slow  # in one run of about thirty the library itself fails as its cluster closes
def test_a_scheduler_that_goes_away_is_told(captures: list[str]) -> None:
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as own:
        items = fleet.results(captures, Policy(), scheduler=own.scheduler_address)
        next(items)
        own.close()
        with pytest.raises(workers.NoWorkers, match="--scheduler: it is gone"):
            list(items)


class Answers(Executor):
    """What each task that is asked for comes to, in turn: results, what is raised, or nothing ever."""

    def __init__(self, *answers: list[workers.Result] | Exception | None) -> None:
        self.answers = list(answers)

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        future: Future[Any] = Future()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            future.set_exception(answer)
        elif answer is not None:
            future.set_result(answer)
        return future


def spread(executor: Executor, lost: bool = False) -> list[workers.Result]:
    """One chunk of one capture, done by a cluster that works through this executor."""
    crew = workers.Workers(
        lambda: executor, 1, (BrokenExecutor,), (CancelledError,), lambda: lost, garbled=(ValueError, AttributeError)
    )
    return list(workers.spread(lambda chunk: [], [("a",)], crew))


@pytest.mark.parametrize(
    "answers", [(None,), (BrokenExecutor(), None), (ValueError(), None), (Exception("after closing"),)]
)
def test_what_was_asked_for_as_the_scheduler_went_is_not_waited_for(answers: Any) -> None:
    with pytest.raises(workers.NoWorkers, match="it is gone"):
        spread(Answers(*answers), lost=True)


def test_what_cannot_be_sent_as_the_scheduler_went_is_told() -> None:
    class Closed(Executor):
        def submit(self, *_: Any, **__: Any) -> Future[Any]:
            raise RuntimeError("Tried sending message after closing")

        def shutdown(self, *_: Any, **__: Any) -> None:
            raise RuntimeError("Tried sending message after closing")

    with pytest.raises(workers.NoWorkers, match="it is gone"):
        spread(Closed(), lost=True)
    with pytest.raises(RuntimeError, match="after closing"):
        spread(Closed())


@pytest.mark.parametrize("results", [1, 3])
def test_a_result_that_is_lost_on_its_way_is_had_again(results: int) -> None:
    """A worker dies as the library fetches what it did: the result is taken for an exception."""
    from distributed import cfexecutor

    class Lost:
        status = "lost"

        async def _result(self, raiseit: bool) -> list[workers.Result]:
            return answer

    answer: list[workers.Result] = [Unreadable("a", "read")] * results
    fetched: Future[Any] = Future()
    asyncio.run(_run(cfexecutor._cascade_future, Lost(), fetched))
    error = fetched.exception()
    assert isinstance(error, Exception)
    assert spread(Answers(error, answer)) == answer
    with pytest.raises(type(error)):  # an error of the task itself comes again
        spread(Answers(error, error))


async def _run(coroutine: Any, *values: Any) -> None:
    await coroutine(*values)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "ended"])
def test_a_scheduler_process_that_goes_away_is_one_line(number: int, captures: list[str]) -> None:
    """Of a cluster as operators start it, in mid-run."""
    run = [sys.executable, "-c", "import sys; from distributed.cli.%s import main; main(sys.argv[1:])"]
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    scheduler = subprocess.Popen([*run[:2], run[2] % "dask_scheduler", *options], stderr=subprocess.PIPE, text=True)
    assert scheduler.stderr is not None
    address = next(line.split()[-1] for line in scheduler.stderr if "Scheduler at:" in line)
    options = [address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard"]
    worker = subprocess.Popen([*run[:2], run[2] % "dask_worker", *options], stderr=subprocess.DEVNULL)
    try:
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
        command = [sys.executable, "-m", "analyzer", *captures * 20, "--format", "ndjson", "--scheduler", address]
        done = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert done.stdout is not None
        assert json.loads(done.stdout.readline())["verdict"]
        scheduler.send_signal(number)
        output = done.communicate(timeout=60)[1]
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()
    last = output.splitlines()[-1]
    assert (done.returncode, "--scheduler: it is gone" in last, "Traceback" in output) == (2, True, False)


def test_a_worker_killed_in_mid_run_loses_nothing(cluster: Any, captures: list[str]) -> None:
    items = []
    for result in fleet.results(captures, Policy(), scheduler=cluster.scheduler_address):
        items.append(result.capture.source if isinstance(result, Report) else result.source)
        if len(items) == 10:
            os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
    assert items == captures


def test_a_capture_that_kills_its_worker_each_time_is_told_and_the_rest_is_done(cluster: Any) -> None:
    def task(chunk: tuple[str, ...]) -> list[workers.Result]:
        import os
        import signal
        import time

        from analyzer.model import Unreadable

        if "deadly" in chunk:
            time.sleep(1)  # Dask replaces no worker that dies before its nanny has heard that it started
            os.kill(os.getpid(), signal.SIGKILL)
        return [Unreadable(name, "read") for name in chunk]

    chunks = [("a", "b"), ("c", "deadly"), ("d",)]
    items = workers.spread(task, chunks, workers.cluster(cluster.scheduler_address))
    assert [(it.source, "died" in it.problem) for it in items if isinstance(it, Unreadable)] == [
        ("a", False), ("b", False), ("c", False), ("deadly", True), ("d", False),
    ]  # fmt: skip


def test_the_command_takes_a_scheduler(cluster: Any, captures: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "analyzer", *captures[:20], "-q", "--out"]
    alone, spread = tmp_path / "alone.ndjson", tmp_path / "spread.ndjson"
    subprocess.run([*command, f"ndjson:{alone}"], check=True)
    subprocess.run([*command, f"ndjson:{spread}", "--scheduler", cluster.scheduler_address], check=True)
    assert spread.read_bytes() == alone.read_bytes()
    assert len([json.loads(line) for line in alone.read_bytes().splitlines()]) == 20


def test_a_scheduler_that_is_not_there_is_one_line() -> None:
    command = [sys.executable, "-m", "analyzer", str(REAL), "--scheduler", "tcp://127.0.0.1:9"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n"), "--scheduler tcp://127.0.0.1:9" in done.stderr) == (2, 1, True)

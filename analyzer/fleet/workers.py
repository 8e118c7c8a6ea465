"""Tasks spread over processes of this machine or over a Dask cluster, so that no death of a worker loses a result.

Results come in the order of the tasks, each once. A chunk of captures whose worker died is done again by itself, then
in halves, until the capture that kills is found; that one is told as unreadable, and the rest goes on.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from analyzer.fleet.sources import mask_name
from analyzer.installation import install_hint
from analyzer.model import Report, Unreadable

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future  # most runs have no use for it, and it is slow to import

Result: TypeAlias = Report | Unreadable
Chunk: TypeAlias = tuple[str, ...]
Task: TypeAlias = Callable[[Chunk], list[Result]]

AHEAD = 3  # tasks a worker that are under way: what bounds the memory that results wait in
TICK = 0.2  # seconds from one to the next, while nothing comes
TRIES = 3  # of a capture whose worker died, before it is given up


class NoWorkers(Exception):  # noqa: N818 - what it says
    """The workers that were asked for cannot be had: why."""


class Workers:
    """An executor that can be had anew. `dead`: what its futures raise where a worker died; `gone`: where all are.
    `garbled`: where the result may have been lost on its way: the task is done again, and its own error comes again.
    `lost`: is it gone? What was asked for while the scheduler went may never be done, and whatever is raised then
    means just that."""

    def __init__(
        self,
        make: Callable[[], Executor],
        count: int,
        dead: tuple[type[BaseException], ...],
        gone: tuple[type[BaseException], ...] = (),
        lost: Callable[[], bool] = lambda: False,
        garbled: tuple[type[BaseException], ...] = (),
    ) -> None:
        self._make = make
        self._executor = make()
        self.ahead = AHEAD * count
        self.dead = dead
        self.gone = gone
        self.lost = lost
        self.garbled = garbled

    def submit(self, task: Task, chunk: Chunk) -> Future[list[Result]]:
        with _deaf():
            try:
                return self._executor.submit(task, chunk)
            except self.dead:  # a worker, since the last result
                self.renew()
                return self._executor.submit(task, chunk)

    def renew(self) -> None:
        """After a death. A cluster replaces its workers by itself; a pool of processes is broken for good."""
        if isinstance(self._executor, _pool()):
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = self._make()

    def stop(self, at_once: bool) -> None:
        """Processes end before this one does: they hold its standard output open. A cluster goes on without us."""
        if isinstance(self._executor, _pool()):
            if at_once:  # whatever they are at: they only read (`terminate_workers` does so from Python 3.14 on)
                for process in list((getattr(self._executor, "_processes", None) or {}).values()):
                    process.terminate()
            self._executor.shutdown(wait=True, cancel_futures=True)
        elif not self.lost():  # else nobody hears it
            with suppress(Exception):  # it goes just now
                self._executor.shutdown(wait=False)


@contextmanager
def _deaf() -> Iterator[None]:
    """Processes that begin in here are deaf to Ctrl-C, which this one hears afterwards (Windows has no such thing)."""
    import signal

    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _pool() -> type[Executor]:
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor


def processes(count: int) -> Workers:
    """So many processes of this machine."""
    from concurrent.futures import BrokenExecutor
    from multiprocessing import get_context

    # Not forked: threads of the libraries in use would be copied in whatever state they are.
    return Workers(
        lambda: _pool()(count, mp_context=get_context("spawn"), initializer=_begin),  # type: ignore[call-arg]
        count,
        (BrokenExecutor,),
    )


def _begin() -> None:
    """In each process. Ctrl-C reaches all of a terminal: the one that collects the results ends the run. If that one
    is killed, nothing else would tell these that nobody waits for them."""
    import signal
    from multiprocessing import parent_process
    from threading import Thread

    def follow() -> None:
        if (parent := parent_process()) is not None:
            parent.join()
            os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=follow, daemon=True).start()


def cluster(address: str) -> Workers:
    """The workers of a running Dask cluster, on which this program is installed as well. Raises NoWorkers."""
    try:
        from concurrent.futures import BrokenExecutor, CancelledError

        from distributed import Client, KilledWorker
        from distributed.comm.core import CommClosedError
    except ModuleNotFoundError:
        raise NoWorkers(f"--scheduler needs Dask: {install_hint('cluster')}") from None
    _silence_dask()
    try:
        client: Any = Client(address, timeout="10s", set_as_default=False)  # type: ignore[no-untyped-call] # it has no types
        count = sum(client.nthreads().values())
    except (OSError, ValueError, CommClosedError) as error:
        raise NoWorkers(f"--scheduler {address}: {error or type(error).__name__}") from None
    if not count:
        raise NoWorkers(f"--scheduler {address}: this cluster has no workers")
    gone = (CancelledError, CommClosedError)
    dead = (BrokenExecutor, KilledWorker)
    # Where a worker dies as its result is fetched, `distributed.cfexecutor` takes the result itself for the three parts
    # of an exception, and raises what comes of that.
    garbled = (ValueError, AttributeError)
    return Workers(
        lambda: client.get_executor(pure=False), count, dead, gone, lambda: client.status != "running", garbled
    )


def _silence_dask() -> None:
    """It logs tracebacks where a connection ends (`distributed.batched` as information): we say it in one line."""
    import logging

    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def spread(
    task: Task, chunks: Iterable[Chunk], workers: Workers, tick: Callable[[], None] | None = None
) -> Generator[Result]:
    """The results of all chunks, in their order; a few of them are under way at any time. `tick` is called now and then
    while nothing comes. Raises NoWorkers."""
    waiting: deque[tuple[Chunk, Future[list[Result]]]] = deque()
    done = False
    try:
        for chunk in chunks:
            waiting.append((chunk, workers.submit(task, chunk)))
            if len(waiting) > workers.ahead:
                yield from _next(task, waiting, workers, tick)
        while waiting:
            yield from _next(task, waiting, workers, tick)
        done = True
    except NoWorkers:
        raise
    except Exception as error:
        if isinstance(error, workers.gone) or workers.lost():
            raise NoWorkers(f"--scheduler: it is gone ({type(error).__name__})") from None
        raise
    finally:
        workers.stop(at_once=not done)


def _next(
    task: Task,
    waiting: deque[tuple[Chunk, Future[list[Result]]]],
    workers: Workers,
    tick: Callable[[], None] | None,
) -> Iterator[Result]:
    chunk, future = waiting.popleft()
    try:
        results = _wait(future, workers, tick)
    except (*workers.dead, *workers.garbled):
        workers.renew()
        results = list(_alone(task, chunk, workers))
        for n, (later, lost) in enumerate(waiting):  # with its process a pool loses all that it was asked for
            if lost.done() and (lost.cancelled() or isinstance(lost.exception(), workers.dead)):
                waiting[n] = (later, workers.submit(task, later))
    yield from results


def _wait(future: Future[list[Result]], workers: Workers, tick: Callable[[], None] | None = None) -> list[Result]:
    """What it gives, or raises; NoWorkers where nobody is left to do it."""
    from concurrent.futures import wait

    while not future.done():
        wait([future], TICK)
        if tick is not None:
            tick()
        if workers.lost() and not future.done():
            raise NoWorkers("--scheduler: it is gone")
    return future.result()


def _alone(task: Task, chunk: Chunk, workers: Workers) -> Iterator[Result]:
    """A chunk whose worker died, with nothing else under way that could have killed it."""
    tries = TRIES if len(chunk) == 1 else 1
    for _ in range(tries):
        try:
            yield from _wait(workers.submit(task, chunk), workers)
            return
        except workers.dead:
            workers.renew()
    if len(chunk) == 1:
        yield Unreadable(mask_name(chunk[0]), f"the process that read it died, {TRIES} times")
        return
    half = len(chunk) // 2
    yield from _alone(task, chunk[:half], workers)
    yield from _alone(task, chunk[half:], workers)

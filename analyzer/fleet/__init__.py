"""Many captures -> results as they come, in the order of the captures: in this process, in several, on a cluster."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import TypeAlias

import msgspec

from analyzer.fleet import sources, workers
from analyzer.fleet.sources import STANDARD_INPUT, Found, NothingToRead, expand, file_of, find, list_suffixes, size
from analyzer.fleet.workers import NoWorkers
from analyzer.formats import archive
from analyzer.formats.compression import Progress
from analyzer.model import Capture, CaptureError, Policy, Report, Unreadable
from analyzer.pipeline import analyze
from analyzer.services import Row

__all__ = [
    "STANDARD_INPUT",
    "Found",
    "NoWorkers",
    "NothingToRead",
    "expand",
    "file_of",
    "find",
    "list_suffixes",
    "read_each",
    "result",
    "results",
    "size",
]

Result: TypeAlias = Report | Unreadable

WORTH_A_PROCESS = 100_000_000  # bytes: with less, one more process and the moving of results cost more than they save
CHUNK_BYTES, CHUNK_CAPTURES = 16_000_000, 200  # of a task: a cluster takes 4 ms for one, a capture of 40 KB about 2
READ_FIRST = 4  # captures that are read before the first of them is analysed


def results(
    captures: Sequence[str],
    policy: Policy,
    catalogue: Sequence[Row] = (),
    source_maps: Sequence[str] = (),
    *,
    jobs: int | None = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Generator[Result]:
    """One result a capture, as they come; one that cannot be read does not stop the others.

    `jobs`: processes, None: as many as pay by the size of the captures. `scheduler`: a Dask cluster's address.
    `progress` is called as bytes of the captures are done. Raises NoWorkers.
    """
    count = _count_processes(captures) if jobs is None else jobs
    task = partial(_results_of_chunk, policy=policy, catalogue=tuple(catalogue), source_maps=tuple(source_maps))
    if (scheduler is None and count <= 1) or STANDARD_INPUT in captures:  # which no other process can read
        return _one_by_one(captures, policy, catalogue, source_maps, progress)
    crew = workers.cluster(scheduler) if scheduler is not None else workers.processes(count)
    # A worker of a cluster has a folder of its own.
    paths = captures if scheduler is None else [sources.absolute(it) for it in captures]
    tick = None if progress is None else lambda: progress(0)
    results = workers.spread(task, chunks(paths, max(1, len(captures) // (4 * crew.ahead))), crew, tick)
    return _rename(results, captures, progress)


def _one_by_one(
    captures: Sequence[str],
    policy: Policy,
    catalogue: Sequence[Row],
    source_maps: Sequence[str],
    progress: Progress | None = None,
) -> Generator[Result]:
    """Read captures in this process, and close the last zip that they were in.

    A few small ones are read before they are analysed: the code of a reader and that of an analysis push each other out
    of the processor's caches, which costs a tenth of the time.
    """
    try:
        for chunk in chunks(captures, READ_FIRST):
            for capture in [_read(source, progress) for source in chunk]:
                yield _conclude(capture, policy, catalogue, source_maps)
    finally:
        archive.close_archives()


def _rename(results: Generator[Result], captures: Sequence[str], progress: Progress | None) -> Generator[Result]:
    """Return what other processes found, under the names that were given here; count what they read as results come."""
    with closing(results):  # with it the workers end
        for source, result in zip(captures, results, strict=True):
            if progress is not None:
                progress(sources.size(source))
            name = sources.mask_name(source)
            if isinstance(result, Report):
                yield msgspec.structs.replace(result, capture=result.capture.with_file(source=name))
            else:
                yield Unreadable(name, result.problem)


def read_each(captures: Sequence[str], progress: Progress | None = None) -> Generator[Capture | Unreadable]:
    """Read captures in this process, and conclude nothing: what is to be united is concluded together."""
    try:
        for source in captures:
            yield _read(source, progress)
    finally:
        archive.close_archives()


def _read(source: str, progress: Progress | None) -> Capture | Unreadable:
    try:
        return sources.capture(source, progress)
    except CaptureError as error:
        return Unreadable(error.source, f"{error.pointer}: {error.problem}" if error.pointer else error.problem)


def result(
    source: str,
    policy: Policy,
    catalogue: Sequence[Row] = (),
    source_maps: Sequence[str] = (),
    progress: Progress | None = None,
) -> Result:
    """The report of a capture, or why it cannot be read."""
    return _conclude(_read(source, progress), policy, catalogue, source_maps)


def _conclude(
    capture: Capture | Unreadable, policy: Policy, catalogue: Sequence[Row], source_maps: Sequence[str]
) -> Result:
    return capture if isinstance(capture, Unreadable) else analyze(capture, policy, catalogue, source_maps)


def _results_of_chunk(
    chunk: Sequence[str], policy: Policy, catalogue: Sequence[Row], source_maps: Sequence[str]
) -> list[Result]:
    """The results of a chunk, without the raw traces: they are large, and no output has them."""
    results = _one_by_one(chunk, policy, catalogue, source_maps)
    return [
        msgspec.structs.replace(result, capture=msgspec.structs.replace(result.capture, traces=()))
        if isinstance(result, Report)
        else result
        for result in results
    ]


def _count_processes(captures: Sequence[str]) -> int:
    return min(os.cpu_count() or 1, sum(map(sources.size, captures)) // WORTH_A_PROCESS)


def chunks(captures: Iterable[str], most: int = CHUNK_CAPTURES) -> Iterator[tuple[str, ...]]:
    """Captures in tasks of about the same size."""
    chunk: list[str] = []
    total = 0
    for source in captures:
        size = sources.size(source)
        if chunk and (total + size > CHUNK_BYTES or len(chunk) >= min(most, CHUNK_CAPTURES)):
            yield tuple(chunk)
            chunk, total = [], 0
        chunk.append(source)
        total += size
    if chunk:
        yield tuple(chunk)

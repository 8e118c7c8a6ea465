"""Say what limits several captures of one run: a log of the whole browser has the sockets that another one lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

import msgspec

from analyzer.model import Capture, Caveat, CaveatKind, File, Trace

# What only says that sockets may be missing. The others say, too, that times are not what they seem.
LIFTED = frozenset(
    {
        CaveatKind.SOCKETS_NOT_EXPORTED,
        CaveatKind.OPEN_SOCKETS_NOT_EXPORTED,
        CaveatKind.EXPORTER_UNKNOWN,
        CaveatKind.CUT_OFF,
        CaveatKind.TRAILING_DATA,
        CaveatKind.ENTRIES_SKIPPED,
        CaveatKind.RECORDED_LATE,
        CaveatKind.BEGINNING_LOST,
        CaveatKind.PAGES_ONLY,
        CaveatKind.EARLIER_PAGE_KEPT,
        CaveatKind.FILTERED,
        CaveatKind.EXPORT_BEHIND,
        CaveatKind.RECORDING_STARTED_LATE,
        CaveatKind.SHARED_WORKER,
        CaveatKind.SERVICE_WORKER,
        CaveatKind.RECORDING_CUT_SHORT,
        CaveatKind.PAGE_HEARD_LATE,
        CaveatKind.WORKERS_NOT_HEARD,
        CaveatKind.OUT_OF_SIGHT,
    }
)


def limit(captures: Sequence[Capture], groups: Sequence[Sequence[Trace]], apart: Set[int]) -> Iterator[Caveat]:
    """Yield the limits of all captures: once what limits all, with their names what limits some.

    groups: the traces of each socket. apart: the files whose clock differs, or that are of another run.
    """
    own = [list(_lift(capture, log)) for capture, log in zip(captures, _logs(captures, groups, apart), strict=True)]
    for caveat in dict.fromkeys(caveat for caveats in own for caveat in caveats):
        sources = [capture.source for capture, caveats in zip(captures, own, strict=True) if caveat in caveats]
        if len(sources) == len(captures):
            yield caveat
        else:
            yield msgspec.structs.replace(caveat, message=f"{', '.join(sources)}: {caveat.message}")


def _logs(captures: Sequence[Capture], groups: Sequence[Sequence[Trace]], apart: Set[int]) -> Iterator[File | None]:
    """For each capture the file that has all sockets of its browser, or of its proxy, for as long as it was recorded.

    That both are of one browser is shown by a socket that is in both.
    """
    files = [file for capture in captures for file in capture.files]
    shared = {(trace.file, other.file) for group in groups for trace in group for other in group}
    first = 0
    for capture in captures:
        numbers = range(first, first + len(capture.files))
        first += len(capture.files)
        yield next(
            (
                log
                for place, log in enumerate(files)
                if capture.observed is not None
                and log.has_all_that(capture.exporter, capture.observed)
                and place not in apart
                and all((number, place) in shared and number not in apart for number in numbers)
            ),
            None,
        )


def _lift(capture: Capture, log: File | None) -> Iterator[Caveat]:
    """The caveats of a capture, of which those that say no more than that it lacks sockets hide none any longer."""
    for caveat in capture.caveats:
        hides = caveat.hides_sockets or caveat.id == CaveatKind.OUT_OF_SIGHT
        if log is None or not hides or caveat.id not in LIFTED:
            yield caveat
        else:
            message = f"{caveat.message} {log.source} has them."
            yield msgspec.structs.replace(caveat, message=message, hides_sockets=False)

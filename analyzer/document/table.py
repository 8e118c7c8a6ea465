"""Flatten the sessions of a report into rows of a table, each with the same columns: CSV, Parquet, DataFrames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.document import Json, seconds, session_document
from analyzer.model import Duration, Report, Session


def flat_sessions(report: Report) -> Iterator[Json]:
    """Yield a row per session: its fields flattened with `_`, then what the capture says of it."""
    rules: dict[str, dict[str, None]] = {}
    for finding in report.findings:
        for id in finding.sessions:
            rules.setdefault(id, {})[finding.rule] = None
    for session in report.sessions:
        yield {
            **dict(_flatten(_cells(session_document(session)), "")),
            "source": report.capture.source,
            "verdict": report.verdict,
            "open_s": seconds(_certainly_open(session, report)),
            "open_at_most_s": seconds(_possibly_open(session)),
            "rules": " ".join(rules.get(session.id, ())),
        }


def _cells(session: Json) -> Json:
    """Leave out what only programs compare, and add what is absent: each row of a table has the same columns."""
    code = session["initiator"]
    cells = {name: value for name, value in session.items() if name != "websocket_key"}
    return cells if code is None else {**cells, "initiator": {**code, "source": code.get("source")}}


def _certainly_open(session: Session, report: Report) -> Duration | None:
    """Measure for how long the socket was open at least; None: it never opened."""
    if session.possible is None:
        return None
    if session.proven is None:
        return 0
    start, end = session.proven
    if end is None:  # still open when the capture was saved: until its last instant
        observed = report.capture.observed
        ends = (session.last_seen, observed.end if observed is not None else None)
        end = max((it for it in ends if it is not None), default=start)
    return max(0, end - start)


def _possibly_open(session: Session) -> Duration | None:
    """Measure for how long it was open at most; None: it never opened, or nothing bounds it."""
    life = session.possible
    return None if life is None or life.end is None else life.end - life.start


# What is null as a whole still has its columns, so that every row has the same.
_SHAPES: dict[str, tuple[str, ...]] = {
    "identity": ("app", "user"),
    "client": ("name", "version", "runtime"),
    "initiator": ("function", "component", "url", "line", "column", "source_url", "source_line", "source_column"),
    "initiator_source": ("url", "line", "column"),
    "created": ("earliest", "latest", "evidence"),
    "opened": ("earliest", "latest", "evidence"),
    "closed": ("earliest", "latest", "evidence"),
    "proven": ("start", "end"),
    "possible": ("start", "end"),
}


OF_THE_CAPTURE = ("source", "verdict", "open_s", "open_at_most_s", "rules")


def columns() -> list[str]:
    """Name the columns of a flat session, in order."""
    whose = ("provider", "identity", "dev_only", "extension", "scope", "client", "page")
    plain = dict.fromkeys(("id", "pointer", "url", "endpoint", *whose))
    ends = dict.fromkeys(("initiator", "outcome", "created", "opened", "closed", "proven", "possible"))
    tail = {"close_code": None, "close_reason": None, "messages": dict.fromkeys(("sent", "received", "first", "last"))}
    return [*(key for key, _ in _flatten({**plain, **ends, **tail, "problem": None}, "")), *OF_THE_CAPTURE]


def _flatten(value: Json, prefix: str) -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if item is None and f"{prefix}{key}" in _SHAPES:
            yield from ((f"{prefix}{key}_{part}", None) for part in _SHAPES[f"{prefix}{key}"])
        elif isinstance(item, list):
            continue  # no cell of a table
        elif isinstance(item, dict):
            yield from _flatten(item, f"{prefix}{key}_")
        else:
            yield f"{prefix}{key}", item

"""Build the JSON of docs/json.md, format 1, from plain dicts: its own keys, never a dump of our classes."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

from analyzer.intervals import Interval
from analyzer.model import (
    MILLISECOND,
    SECOND,
    Bounds,
    Client,
    ConsoleLine,
    Duration,
    Exporter,
    File,
    Finding,
    Frame,
    Identity,
    Initiator,
    Instant,
    Overlap,
    Policy,
    Report,
    Run,
    Selection,
    Session,
    Where,
)
from analyzer.model.time import EPOCH
from analyzer.version import VERSION
from analyzer.wording.coverage import list_covered_steps

FORMAT = 1
Json: TypeAlias = dict[str, Any]


def compact(document: Json) -> bytes:
    """Encode JSON in ASCII, on one line: lone surrogates and control characters of a capture stay escaped."""
    try:
        encoded = msgspec.json.encode(document, enc_hook=_plain)  # ten times as fast as `json`
        if encoded.isascii():
            return encoded
    except UnicodeEncodeError:  # a lone surrogate
        pass
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def _plain(value: object) -> str:
    """Return the text of a Sentence."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} in a document")


def pretty(document: Json) -> bytes:
    """Encode JSON in ASCII, indented."""
    try:
        return msgspec.json.format(compact(document), indent=2) + b"\n"
    except msgspec.DecodeError:  # it refuses lone surrogates
        return json.dumps(document, indent=2).encode("ascii") + b"\n"


def run_document(run: Run) -> Json:
    return {
        **run_head(run),
        "captures": [capture_document(report) for report in run.reports],
        "unreadable": [{"source": it.source, "problem": it.problem} for it in run.unreadable],
        **({} if run.selection is None else {"selection": _selection(run.selection)}),
    }


def run_head(run: Run) -> Json:
    """Begin a document: its format, the program that wrote it, the policy."""
    return {
        "format": FORMAT,
        "tool": {"name": "har-sockets", "version": VERSION},
        "policy": policy_document(run.policy),
    }


def capture_head(run: Run) -> Json:
    """Begin a document about the only capture of a run."""
    capture = run.reports[0].capture
    return {**run_head(run), "source": capture.source, "sha256": capture.sha256}


def _selection(selection: Selection) -> Json:
    """Say which captures are in this document, of how many."""
    return {
        "only": list(selection.only),
        "top": selection.top,
        "matching": selection.matching,
        "captures": len(selection),
    }


def policy_document(policy: Policy) -> Json:
    return {
        "per": policy.per,
        "scope": policy.scope,
        "max_open": policy.max_open,
        "tolerance_ms": policy.tolerance // MILLISECOND,
        "app_mode": policy.app_mode,
        "fail_on": policy.fail_on or "never",
        "assume": sorted(policy.assume),
    }


def capture_document(report: Report) -> Json:
    capture = report.capture
    return {
        "source": capture.source,
        "sha256": capture.sha256,
        "content_sha256": capture.content_sha256,
        "bytes": capture.bytes,
        "format": capture.format,
        "files": [_file(file) for file in capture.files],
        "clock": capture.clock,
        "exporter": _exporter(capture.exporter),
        "observed": _interval(capture.observed),
        "entries": capture.records,
        "verdict": report.verdict,
        "concurrency": {
            "proven_peak": report.concurrency.proven_peak,
            "possible_peak": report.concurrency.possible_peak,
            "proven_overlap_ms": milliseconds(report.concurrency.proven_overlap),
        },
        "pages": [
            {"id": page.id, "url": page.url, "start": timestamp(page.started), "kind": page.kind}
            for page in capture.pages
        ],
        "tried": list_covered_steps(capture.pages, report.sessions),
        "sessions": [session_document(session) for session in report.sessions],
        "overlaps": [overlap_document(overlap) for overlap in report.overlaps],
        "groups": [
            {
                "per": group.per,
                "key": dict(group.key),
                "sessions": len(group.sessions),
                "proven_peak": group.proven_peak,
                "possible_peak": group.possible_peak,
                "limits": [{"mode": limit.mode, "max": limit.max} for limit in group.limits],
            }
            for group in report.groups
        ],
        "findings": [finding_document(finding) for finding in report.findings],
        "not_checked": [{"rule": it.rule, "reason": it.reason} for it in report.not_checked],
        "console": [console_document(line) for line in capture.console],
        "console_dropped": capture.console_dropped,
        "caveats": [{"id": it.id, "message": it.message, "assumed": it.assumed} for it in capture.caveats],
        "skipped": [
            {"pointer": skipped.pointer, "offset": skipped.offset, "problem": skipped.problem, "reason": skipped.reason}
            for skipped in capture.skipped
        ],
    }


def _file(file: File) -> Json:
    return {
        "source": file.source,
        "sha256": file.sha256,
        "bytes": file.bytes,
        "format": file.format,
        "exporter": _exporter(file.exporter),
        "records": file.records,
    }


def _exporter(exporter: Exporter) -> Json:
    return {"id": exporter.id, "name": exporter.name, "version": exporter.version}


def session_document(session: Session) -> Json:
    messages = session.messages
    return {
        "id": session.id,
        "pointer": session.pointer,
        "seen_in": [{"file": place.file, "pointer": place.pointer} for place in session.seen_in],
        "websocket_key": session.key,
        "url": session.url,
        "endpoint": session.endpoint,
        "provider": session.provider.id if session.provider is not None else None,
        "identity": _identity(session.identity),
        "dev_only": session.dev_only,
        "extension": bool(session.extension),
        "scope": None if session.where is Where.UNKNOWN else session.where,
        "client": _client(session.client),
        "page": session.page,
        "initiator": _initiator(session.initiator),
        "outcome": session.outcome,
        "created": _bounds(session.created),
        "opened": _bounds(session.opened),
        "closed": _bounds(session.closed),
        "proven": _interval(session.proven),
        "possible": _interval(session.possible),
        "close_code": session.close_code,
        "close_reason": session.close_reason,
        "messages": {
            "sent": messages.sent,
            "received": messages.received,
            "first": timestamp(messages.first),
            "last": timestamp(messages.last),
        },
        "problem": session.problem,
    }


def finding_document(finding: Finding) -> Json:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "fingerprint": finding.fingerprint,
        "message": finding.message,
        "start": timestamp(finding.interval.start if finding.interval else None),
        "end": timestamp(finding.interval.end if finding.interval else None),
        "sessions": list(finding.sessions),
        "pointers": list(finding.pointers),
        "dev_only": finding.dev_only,
        "cause": finding.cause,
        "cause_confidence": finding.cause_confidence,
        "cause_unknown": finding.cause_unknown,
        "proof": [*([finding.explanation] if finding.explanation else []), *(it.line for it in finding.proof)],
        "remedy": finding.remedy,
        "link": finding.link,
    }


def console_document(line: ConsoleLine) -> Json:
    about = line.about
    return {
        "time": timestamp(line.at),
        "level": line.level,
        "text": line.text,
        "page": line.page,
        "pointer": line.pointer,
        "initiator": _initiator(line.code),
        "session": about.session if about is not None else None,
        "named": about.named if about is not None else None,
        "step": about.step.name.lower() if about is not None else None,
        "after_ms": milliseconds(about.after) if about is not None else None,
    }


def overlap_document(overlap: Overlap) -> Json:
    return {
        "confidence": overlap.confidence,
        **(_interval(overlap.interval) or {}),
        "duration_ms": milliseconds(overlap.duration),
        "duration_is_lower_bound": overlap.duration_is_lower_bound,
        "peak": overlap.peak,
        "sessions": list(overlap.sessions),
    }


@lru_cache(4096)  # an event dates several instants of its socket
def timestamp(at: Instant | None) -> str | None:
    """Write an instant in ISO 8601: UTC, microseconds, `Z`."""
    return None if at is None else f"{_date(at // SECOND)}.{at % SECOND:06}Z"


@lru_cache(4096)  # what happens in one second comes together
def _date(seconds: int) -> str:
    return (EPOCH + timedelta(seconds=seconds)).isoformat()[:19]


def milliseconds(duration: Duration) -> float:
    return duration / MILLISECOND


def seconds(duration: Duration | None) -> float | None:
    return None if duration is None else duration / SECOND


def _bounds(bounds: Bounds | None) -> Json | None:
    if bounds is None:
        return None
    return {"earliest": timestamp(bounds.earliest), "latest": timestamp(bounds.latest), "evidence": bounds.evidence}


def _interval(interval: Interval | None) -> Json | None:
    return None if interval is None else {"start": timestamp(interval.start), "end": timestamp(interval.end)}


def _identity(identity: Identity | None) -> Json | None:
    return None if identity is None else {"app": identity.app, "user": identity.user}


def _client(client: Client | None) -> Json | None:
    return None if client is None else {"name": client.name, "version": client.version, "runtime": client.runtime}


def _initiator(code: Initiator | None) -> Json | None:
    if code is None:
        return None
    opener = code.opener
    return {
        "function": opener.function,
        "component": code.component,
        "url": opener.url,
        "line": opener.line,
        "column": opener.column,
        **source_document(opener),
    }


def source_document(frame: Frame) -> Json:
    """Say where a frame is in a source file, where a source map has that."""
    source = frame.source
    return {} if source is None else {"source": {"url": source.url, "line": source.line, "column": source.column}}

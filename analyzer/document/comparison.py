"""Build the JSON of two captures compared (docs/json.md)."""

from __future__ import annotations

from analyzer.compare import Comparison, Side
from analyzer.document import Json, finding_document, milliseconds
from analyzer.model import Report


def comparison_document(comparison: Comparison) -> Json:
    return {
        "standing": comparison.standing,
        "result": comparison.result,
        "missing": [dict(it.key) for it in comparison.missing],
        "before": _capture(comparison.before),
        "after": _capture(comparison.after),
        "whole": {"before": _side(comparison.whole.before), "after": _side(comparison.whole.after)},
        "groups": [
            {"key": dict(change.key), "before": _side(change.before), "after": _side(change.after)}
            for change in comparison.groups
        ],
        "findings": {
            "added": [finding_document(it) for it in comparison.added],
            "gone": [finding_document(it) for it in comparison.gone],
            "same": [finding_document(it) for it in comparison.same],
            "same_before": [finding_document(it) for it in comparison.same_before],
            "unchecked_after": [finding_document(it) for it in comparison.unchecked_after],
            "unchecked_before": [finding_document(it) for it in comparison.unchecked_before],
        },
    }


def _capture(report: Report) -> Json:
    return {"source": report.capture.source, "sha256": report.capture.sha256, "verdict": report.verdict}


def _side(side: Side) -> Json:
    return {
        "sessions": side.sessions,
        "proven_peak": side.proven_peak,
        "possible_peak": side.possible_peak,
        "proven_overlap_ms": milliseconds(side.proven_overlap),
        "overlap_is_lower_bound": side.overlap_is_lower_bound,
    }

"""Check a HAR against a policy, and raise an AssertionError that a person can act on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from analyzer import gate, masking
from analyzer.formats import read
from analyzer.model import (
    MILLISECOND,
    Bounds,
    CaveatKind,
    Confidence,
    Finding,
    Instant,
    Outcome,
    Policy,
    Report,
    Run,
    Scope,
    Session,
    plural,
)
from analyzer.patterns import Pattern
from analyzer.pipeline import analyze
from analyzer.wording.verdict import advice

OF_THE_POLICY = ("duplicate-connection", "concurrent-sockets", "unrelated-sockets", "brief-overlap")  # by max_open
OPTION = Pattern(r"--(per) (\w+)")  # in the words of a rule, which are for the command line


def assert_sockets(
    har: str | os.PathLike[str] | Report,
    *,
    per: str = "capture",
    max_open: int = 1,
    tolerance: timedelta | str | float = 250,
    fail_on: str = "warning",
    app_mode: str | None = None,
    count_dev_servers: bool = False,
    count_extensions: bool = False,
    allow_undecided: bool = False,
    allow_empty: bool = False,
) -> Report:
    """Raise AssertionError unless at most `max_open` sockets were open at the same time, and return the report.

    Sockets are counted `per` capture, context (of a browser), page, endpoint, service or user. An overlap shorter than
    `tolerance` (milliseconds, `"250ms"` or a timedelta) is allowed. The assertion fails on findings of the severity
    `fail_on` and above, on an undecided HAR (unless `allow_undecided`), and on a HAR in which no socket opened (unless
    `allow_empty`). Raises CaptureError if the HAR cannot be read, and ValueError for an unknown word.
    """
    __tracebackhide__ = True  # of pytest: the message is complete
    policy = Policy(
        per=per,
        max_open=max_open,
        tolerance=tolerance,
        app_mode=app_mode,
        count_dev_servers=count_dev_servers,
        count_extensions=count_extensions,
        fail_on=fail_on,
        allow_undecided=allow_undecided,
        allow_empty=allow_empty,
    )
    report = analyze(har.capture if isinstance(har, Report) else read(os.fspath(har)), policy)
    masked_report = masking.mask(Run((report,), (), policy)).reports[0]
    judged = gate.judge(masked_report, policy)
    if judged.result is not gate.Result.PASS:
        source = report.capture.source
        lines = [f"{_headline(judged, policy)}: {source}", *_problems(masked_report, judged)]
        lines += [f"  counted: {it.message}" for it in report.capture.caveats if it.id == CaveatKind.USER_UNKNOWN]
        raise AssertionError("\n".join([*lines, f"  more: har-sockets {source}"]))
    return report


def _headline(judged: gate.Judgement, policy: Policy) -> str:
    """What is wrong, in a few words: the first line is all that a list of failed tests shows."""
    scope = "address" if policy.per is Scope.ENDPOINT else policy.per
    if judged.status == gate.EMPTY:
        return "no socket opened"
    if judged.status == gate.UNDECIDED:
        return (
            f"undecided whether too many sockets were open at the same time ({policy.max_open:,} allowed per {scope})"
        )
    peaks = [finding.peak for finding in judged.failing if finding.rule in OF_THE_POLICY and finding.peak]
    if not peaks:
        return judged.failing[0].rule
    return f"{plural(max(peaks), 'socket')} open at once ({policy.max_open:,} allowed per {scope})"


def _problems(report: Report, judged: gate.Judgement) -> Iterator[str]:
    """A line or more for each, of a masked report."""
    for finding in judged.failing:
        yield from _describe(finding, report.named(finding.sessions))
    if judged.status == gate.EMPTY:
        nothing = "no socket opened" if report.sessions else "no WebSocket in this capture"
        yield f"  {nothing}, so nothing was checked (allow_empty=True accepts that)"
    if judged.status == gate.UNDECIDED:
        possible = [finding for finding in report.findings if finding.confidence is Confidence.POSSIBLE]
        hidden = [caveat for caveat in report.capture.caveats if caveat.hides_sockets]
        for finding in possible:
            yield from _describe(finding, report.named(finding.sessions))
        yield from (f"  undecided: {it.message}" for it in hidden)
        if hidden and not possible:
            yield f"    what to do: {advice(report)}"
        if not possible and not hidden:  # switched off by its severity
            yield "  undecided: more sockets were possibly open at the same time"


def _describe(finding: Finding, sessions: Sequence[Session]) -> Iterator[str]:
    yield f"  {finding.severity} {finding.rule}: {finding.message}"
    yield from (f"    {_line(session)}" for session in sessions)
    if finding.remedy is not None:
        yield f"    what to do: {OPTION.sub(_as_argument, finding.remedy)}"


def _line(session: Session) -> str:
    sentence = f"opened {_when(session.opened)}"
    if session.outcome is Outcome.OPEN:
        sentence += ", still open at the end"
    elif session.closed is not None and session.closed.latest is not None:
        sentence += f", closed {_when(session.closed)}"
    return f"{session.name} {session.endpoint}: {sentence}"


def _as_argument(option: re.Match[str]) -> str:
    """Write an option of the command line as the argument of `check_every_test`, the marker and assert_sockets."""
    return f'{option[1]}="{option[2]}"'


def _when(bounds: Bounds | None) -> str:
    """By when it happened; at which instant, if that is known."""
    if bounds is None or bounds.latest is None:
        return "at an unknown time"
    is_exact = bounds.earliest is not None and bounds.latest - bounds.earliest < MILLISECOND
    return _clock(bounds.latest) if is_exact else f"by {_clock(bounds.latest)}"


def _clock(at: Instant) -> str:
    """Of the day, in UTC."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).strftime("%H:%M:%S.%f")[:-3]

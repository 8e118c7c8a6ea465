"""The words of the domain, as frozen values. What they mean: docs/architecture.md.

Every instant is an integer, microseconds since the Unix epoch (UTC); every duration likewise in microseconds.
Datetimes, floats and strings of time exist only at the edges (readers, outputs).
"""

from analyzer.model.attribution import (
    Attribution as Attribution,
    Client as Client,
    Identity as Identity,
    Limit as Limit,
    Provider as Provider,
)
from analyzer.model.callstack import (
    Calls as Calls,
    Frame as Frame,
    Initiator as Initiator,
    Source as Source,
)
from analyzer.model.capture import (
    Accepted as Accepted,
    Active as Active,
    Assume as Assume,
    Bounds as Bounds,
    Capture as Capture,
    Closed as Closed,
    Closes as Closes,
    Coverage as Coverage,
    Direction as Direction,
    Event as Event,
    Messages as Messages,
    Opening as Opening,
    Page as Page,
    PageEnd as PageEnd,
    PageKind as PageKind,
    Place as Place,
    Rejected as Rejected,
    Requested as Requested,
    Trace as Trace,
    Where as Where,
)
from analyzer.model.caveats import (
    Caveat as Caveat,
    CaveatKind as CaveatKind,
    Effect as Effect,
)
from analyzer.model.console import (
    ConsoleLine as ConsoleLine,
    Level as Level,
    Nearness as Nearness,
    Step as Step,
)
from analyzer.model.errors import CaptureError as CaptureError, Given as Given, Returned as Returned, bare as bare
from analyzer.model.evidence import (
    About as About,
    Evidence as Evidence,
)
from analyzer.model.file import (
    Clock as Clock,
    Exporter as Exporter,
    File as File,
    Load as Load,
    Loaded as Loaded,
)
from analyzer.model.finding import (
    CauseConfidence as CauseConfidence,
    Finding as Finding,
    Severity as Severity,
    Verdict as Verdict,
)
from analyzer.model.needs import Need as Need
from analyzer.model.policy import AppMode as AppMode, Policy as Policy, Reach as Reach, Scope as Scope
from analyzer.model.report import (
    LONG as LONG,
    NAMED as NAMED,
    Concurrency as Concurrency,
    Excess as Excess,
    Group as Group,
    NotChecked as NotChecked,
    Relation as Relation,
    Report as Report,
    describe_overlaps as describe_overlaps,
)
from analyzer.model.rule import (
    MATTERS as MATTERS,
    Cause as Cause,
    Explanation as Explanation,
    Rule as Rule,
    list_unchecked as list_unchecked,
)
from analyzer.model.run import Run as Run, Selection as Selection, Unreadable as Unreadable
from analyzer.model.session import (
    Confidence as Confidence,
    Outcome as Outcome,
    Overlap as Overlap,
    Proof as Proof,
    Session as Session,
    describe as describe,
    describe_overlap as describe_overlap,
    describe_peak as describe_peak,
)
from analyzer.model.skips import Skipped as Skipped, SkipReason as SkipReason
from analyzer.model.text import (
    HOST as HOST,
    TOGETHER as TOGETHER,
    count_rest as count_rest,
    file_name as file_name,
    join_some as join_some,
    join_words as join_words,
    name_source as name_source,
    plural as plural,
)
from analyzer.model.time import (
    MILLISECOND as MILLISECOND,
    SECOND as SECOND,
    Duration as Duration,
    Instant as Instant,
    format_duration as format_duration,
)
from analyzer.model.value import MANY as MANY, PLAIN as PLAIN, Discreet as Discreet, Value as Value

"""The answer for one capture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

from analyzer.intervals import Interval
from analyzer.model.attribution import Limit, Provider
from analyzer.model.capture import Capture
from analyzer.model.finding import Finding, Severity, Verdict
from analyzer.model.policy import Policy, Scope
from analyzer.model.sentence import Sentence, address, chain, count, host, length
from analyzer.model.session import Confidence, Overlap, Proof, Session, describe_peak
from analyzer.model.text import file_name, plural
from analyzer.model.time import Duration, Instant
from analyzer.model.value import Value
from analyzer.views import Picturable

NAMED, LONG = 5, 400  # addresses that are named one by one, and letters of all of them


class Relation(StrEnum):
    """How sockets that are open at once belong together."""

    SAME_USER = "same-user"  # same service, app and user
    RELATED = "related"  # same endpoint or service, or nothing is known about how they belong together
    UNRELATED = "unrelated"  # each of another known service


class Excess(Value, frozen=True):
    """A stretch with more sockets open than the policy allows within its scope."""

    relation: Relation
    overlap: Overlap


class Group(Value, frozen=True):
    """The sessions that are counted together, with what their service documents."""

    per: Scope
    key: tuple[tuple[str, str | None], ...]  # (name, value) pairs: provider, app, user; endpoint; page
    sessions: tuple[str, ...]  # Session.id
    proven_peak: int
    possible_peak: int
    provider: Provider | None
    limits: tuple[Limit, ...]  # those that are counted per user


class Concurrency(Value, frozen=True):
    proven_peak: int
    possible_peak: int
    proven_overlap: Duration


class NotChecked(Value, frozen=True):
    """Hold why a rule says nothing of a capture: the capture does not record what the rule needs."""

    rule: str
    reason: str  # without a full stop: `this capture has no messages`


class Report(Picturable, Value, frozen=True):
    """Hold the answer for one capture. In a notebook it shows verdict, chart and findings.

    capture: what was read, with its source, exporter and caveats.
    sessions: one per socket, in the order in which they were asked for; the first has the id `s1`.
    verdict: what the capture as a whole shows; it counts every socket.
    concurrency: `proven_peak` and `possible_peak`, how many sockets were open at the same time at most, certainly and
    possibly; `proven_overlap`, how long two or more were certainly open.
    overlaps: every stretch with two or more open, certain and possible.
    groups: the sockets that are counted together, with the limits of their service.
    findings: what the rules say, by the policy.
    not_checked: the rules that need what the capture does not record, each with `rule` and `reason`.
    policy: by which the findings were made.
    opened: whether any socket opened.

    An instant is an integer, microseconds since 1970 in UTC: `pandas.to_datetime(instant, unit="us", utc=True)`. A
    duration is an integer, microseconds. Frames have datetimes and seconds. `repr`, `plot` and what a notebook shows
    are masked; the fields hold what the capture holds.
    """

    capture: Capture
    sessions: tuple[Session, ...]
    verdict: Verdict
    concurrency: Concurrency
    overlaps: tuple[Overlap, ...]
    groups: tuple[Group, ...]
    excesses: tuple[Excess, ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...] = ()
    unsure: bool = False  # what the capture leaves open may break the policy
    accepted: tuple[str, ...] = ()  # fingerprints of possible findings that pass because the baseline holds them
    policy: Policy = Policy()  # by which the findings were made
    redaction_key: str | None = None  # with which all that people see is masked; None: masks are numbered

    @property
    def opened(self) -> bool:
        """Was any socket seen to open? Else nothing is shown about overlaps."""
        return any(session.possible is not None for session in self.sessions)

    @property
    def peak(self) -> str:
        """How many sockets were open at the same time at most: `2`, `1 to 3`, or `≥ 2` if some may be missing."""
        possible = None if self.capture.hides_sockets else self.concurrency.possible_peak
        return describe_peak(self.concurrency.proven_peak, possible)

    @property
    def zero(self) -> Instant:
        """From where every output counts: the first instant that the capture witnesses. 0: it has no times."""
        if self.capture.observed is not None:
            return self.capture.observed.start
        bounds = (it for session in self.sessions for it in (session.created, session.opened, session.closed))
        return min((it.earliest for it in bounds if it is not None and it.earliest is not None), default=0)

    def __repr__(self) -> str:
        grave = Counter(it.severity for it in self.findings)
        counts = [plural(len(self.sessions), "socket"), f"peak {self.peak}"]
        counts += [plural(grave[it], it) for it in (Severity.ERROR, Severity.WARNING) if grave[it]]
        return f"<Report {file_name(self.capture.source)}: {self.verdict}, {', '.join(counts)}>"

    def named(self, ids: Iterable[str]) -> tuple[Session, ...]:
        """The sessions with these ids (s1 is the first, so no search)."""
        return tuple([self.sessions[int(id[1:]) - 1] for id in ids])  # a list: faster, and these are thousands

    def exceeding(self, relation: Relation, tolerance: Duration) -> tuple[Overlap, ...]:
        """The stretches with more open than allowed that belong together so, and lasted more than a moment."""
        stretches = (it.overlap for it in self.excesses if it.relation is relation)
        return tuple(overlap for overlap in stretches if not overlap.brief(tolerance))

    def finding(
        self,
        rule: str,
        severity: Severity,
        message: Sentence,
        sessions: Iterable[str],
        *,
        confidence: Confidence = Confidence.PROVEN,
        interval: Interval | None = None,
        remedy: str | None = None,
        link: str | None = None,
        proof: tuple[Proof, ...] = (),
        peak: int | None = None,
    ) -> Finding:
        """What a rule says of these sessions, with where they stand in the file."""
        ids = tuple(sessions)
        named = self.named(ids)
        return Finding(
            rule=rule,
            severity=severity,
            confidence=confidence,
            message=message,
            interval=interval,
            sessions=ids,
            pointers=tuple(session.pointer for session in named),
            remedy=remedy,
            link=link,
            dev_only=bool(named) and all(session.dev_only for session in named),
            proof=proof,
            peak=peak,
        )

    def endpoints(self, ids: Iterable[str]) -> Sentence:
        """Where these sessions connect to, without the scheme: up to five addresses, or hosts where those are too
        long or too many. A path gives way as a whole."""
        endpoints = dict.fromkeys(session.endpoint for session in self.named(ids))
        addresses: dict[str, str] = {}  # as they are shown: the endpoint
        for endpoint in endpoints:
            addresses.setdefault(endpoint.partition("://")[2], endpoint)
        if not addresses:
            return Sentence("no address")
        if len(addresses) < 3 or (len(addresses) <= NAMED and sum(map(len, addresses)) <= LONG):
            return chain([address(endpoint) for endpoint in addresses.values()], last=" and ")
        hosts = [host(it) for it in dict.fromkeys(place.partition("/")[0] for place in addresses)]
        several = len(hosts) < len(addresses)
        if len(hosts) > NAMED:
            hosts = [*hosts[:NAMED], count(len(hosts) - NAMED, "other host")]
        places = chain(hosts, last=" and ")
        return Sentence("{} addresses of {}", len(addresses), places) if several else places


def describe_overlaps(report: Report, findings: Sequence[Finding], whose: Sentence) -> Sentence:
    """Say of several overlaps: `2 overlaps of 3 sockets of HOST, peak 2: the longest lasted at least 405 ms.`"""
    sockets = {id for finding in findings for id in finding.sessions}
    longest = max(_last(finding.interval, finding, report) for finding in findings if finding.interval is not None)
    is_last_open = any(finding.interval is not None and finding.interval.end is None for finding in findings)
    return Sentence(
        "{} overlaps of {} of {}, peak {}: the longest lasted at least {}{}.",
        len(findings),
        count(len(sockets), "socket"),
        whose,
        max(finding.peak or 0 for finding in findings),
        length(longest),
        Sentence(", the last until the capture was saved" if is_last_open else ""),
    )


def _last(interval: Interval, finding: Finding, report: Report) -> Duration:
    """Return how long it lasted at least; one without end lasted until the last sign of one of its sockets."""
    signs = (session.last_sign for session in report.named(finding.sessions))
    last = max((at for at in signs if at is not None), default=interval.start)
    return max(0, (last if interval.end is None else interval.end) - interval.start)

"""A capture and a policy -> a report, one line a stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from analyzer import (
    arguments,
    assumptions,
    callstacks,
    folding,
    former_openers,
    gate,
    overlaps,
    sessions,
)
from analyzer.hashing import sha256
from analyzer.memo import memoize
from analyzer.model import (
    Attribution,
    Bounds,
    Capture,
    CaveatKind,
    Confidence,
    Evidence,
    Finding,
    Initiator,
    Outcome,
    Overlap,
    Policy,
    Provider,
    Report,
    Scope,
    Session,
    Verdict,
    Where,
    list_unchecked,
)
from analyzer.patterns import Pattern
from analyzer.rules import RULES
from analyzer.services import Row, loading, matching
from analyzer.shapes import addresses

# The port of an address on this machine, which says nothing about who answers there.
OWN_PORT = Pattern(r"(?i)^(wss?://(?:localhost|127(?:\.\d+){3}|\[::1\])):\d+(?=/|$)")

Violations: TypeAlias = dict[str, set[tuple[str, ...]]]  # the sockets of each finding that breaks the policy, by rule


def analyze(
    capture: Capture, policy: Policy | None = None, catalogue: Sequence[Row] = (), source_maps: Sequence[str] = ()
) -> Report:
    """Find out which sockets of a capture were open when, every overlap and every finding.

    `capture` is what `read` returns (`load` takes paths and folders). `catalogue`: rows of `analyzer.services` that
    come before those of the program. `source_maps`: folders with the source maps of a build. Raises TypeError for
    anything else than a Capture and a Policy, ValueError for a policy that sets the severity of an unknown rule.
    """
    if not isinstance(capture, Capture):
        raise TypeError(f"analyze takes a Capture, as read returns it, not {type(capture).__name__}: use load instead")
    policy = _check(policy)
    capture = assumptions.apply(capture, policy.assume)
    if source_maps:
        from analyzer.source_maps import folders

        capture = folders.apply(capture, source_maps)
    return judge(*_conclude(capture, policy, catalogue), policy)


def relate(capture: Capture, catalogue: Sequence[Row] = ()) -> Report:
    """Find out which sockets of a capture were open when, and every overlap, without what the rules say of these."""
    policy = Policy()
    return _relate(*_conclude(assumptions.apply(capture, policy.assume), policy, catalogue), policy)


def _conclude(capture: Capture, policy: Policy, catalogue: Sequence[Row]) -> tuple[Capture, tuple[Session, ...]]:
    """Conclude what became of each socket; return the capture with the lines of its console that are about sockets."""
    rows = (*catalogue, *loading.builtin())
    members = _attribute(sessions.conclude(capture, policy.assume), capture, rows)
    if capture.console:
        from analyzer import console

        capture = msgspec.structs.replace(capture, console=console.relate(capture.console, members, rows))
    return capture, members


def _check(policy: Policy | None) -> Policy:
    """The policy, of which every rule is known."""
    if policy is None:
        return Policy()
    if not isinstance(policy, Policy):
        raise TypeError(f"policy: expected a Policy, not {type(policy).__name__}")
    ids = [rule.id for rule in RULES]
    for rule, _ in policy.severities:
        if rule not in ids:
            raise ValueError(f"severities: there is no rule {rule!r}{arguments.hint(rule, ids)}")
    return policy


def judge(capture: Capture, members: tuple[Session, ...], policy: Policy) -> Report:
    """What these sessions mean together: overlaps, verdict, findings with their causes."""
    report = _relate(capture, members, policy)
    report = msgspec.structs.replace(report, excesses=overlaps.excesses(members, policy, report.overlaps))
    certain: Violations = {}
    findings = tuple(_list_findings(report, policy, certain))
    unsure, accepted = _worst_case(report, findings, policy, certain)
    not_checked = list_unchecked(RULES, report)
    return msgspec.structs.replace(report, findings=findings, not_checked=not_checked, unsure=unsure, accepted=accepted)


def _relate(capture: Capture, members: tuple[Session, ...], policy: Policy) -> Report:
    """How these sessions overlap, and the verdict."""
    stretches = overlaps.find(members)
    concurrency = overlaps.concurrency(members, stretches)
    return Report(
        capture=_add_user_caveat(assumptions.add_caveats(capture, members), members, policy),
        sessions=members,
        verdict=_verdict(capture, members, stretches),
        concurrency=concurrency,
        overlaps=stretches,
        groups=overlaps.groups(members, policy.per, concurrency),
        excesses=(),
        findings=(),
        policy=policy,
    )


def _list_findings(report: Report, policy: Policy, violations: Violations) -> Iterator[Finding]:
    """What the rules say, each finding with its cause and the severity that the policy gives it. `violations` gets the
    sockets of each that breaks the policy, before equal ones become one and after."""
    explained, severities = _make_explainer(report), dict(policy.severities)
    for rule in RULES:
        findings = []
        for finding in rule.check(report, policy):
            result = explained(finding) if rule.has_cause else finding
            severity = severities.get(rule.id, result.severity)
            if severity is not None:
                findings.append(_fingerprint(msgspec.structs.replace(result, severity=severity), report))
        folded = findings if rule.fold is None else folding.fold(findings, report, rule.fold)
        violations[rule.id] = {finding.sessions for finding in (*findings, *folded) if gate.fails(finding, policy)}
        yield from folded


def _make_explainer(report: Report, *, weighs: bool = False) -> Callable[[Finding], Finding]:
    """Make what gives findings of a report their causes: a report without such findings needs no causes imported.

    `weighs`: the causes that change how grave a finding is are enough.
    """

    explainer: Callable[[Finding], Finding] | None = None

    def explain(finding: Finding) -> Finding:
        nonlocal explainer
        if explainer is None:
            from analyzer import causes

            explainer = causes.explainer(report, causes.WEIGHING if weighs else causes.CAUSES)
        return explainer(finding)

    return explain


def _worst_case(
    report: Report, findings: Iterable[Finding], policy: Policy, violations: Violations
) -> tuple[bool, tuple[str, ...]]:
    """May what happened break the policy, beyond what is found for certain? And which findings would, if the baseline
    did not hold them (their fingerprints)?

    Nothing that the capture allows is worse than that each socket was open for as long as it possibly was: more are
    open at once, for longer; for rules about ends, than that each closed as soon as it may have. So what the rules say
    of these decides; a cause, which makes no finding graver, is asked for last. What is certain breaks the policy
    already, so a stretch of the same sockets (`violations`) is not described again.
    """
    unplaced = any(
        session.where is not None and policy.may_count(session) and not policy.counts(session)
        for session in report.sessions
    )
    if not unplaced and all(session.possible == session.proven for session in report.sessions):
        return False, ()
    accepted: list[str] = []
    certain = {finding.fingerprint for finding in findings if gate.fails(finding, policy)}
    baseline = {finding.fingerprint for finding in findings if gate.is_in_baseline(finding, policy)}
    longest, shortest = _open_longest(report, policy), _open_shortest(report)
    weighed_by_cause = _make_explainer(longest, weighs=True)
    severities = dict(policy.severities)
    for rule in RULES:
        if not (rule.counts or rule.ends or unplaced):
            continue
        gravest = severities.get(rule.id, rule.gravest or rule.severity)
        if gravest is None or not policy.fails(gravest):
            continue
        certainly = violations[rule.id]
        worst = longest if rule.counts or not rule.ends else shortest
        if rule.counts:
            rest = tuple(it for it in worst.excesses if it.overlap.sessions not in certainly)
            worst = msgspec.structs.replace(worst, excesses=rest)
        for finding in rule.check(worst, policy):
            severity = severities.get(rule.id, finding.severity)
            if severity is None or not policy.fails(severity) or finding.sessions in certainly:
                continue
            because = weighed_by_cause(finding) if rule.has_cause else finding
            weighed = msgspec.structs.replace(because, severity=severities.get(rule.id, because.severity))
            marked = _fingerprint(weighed, worst)
            if gate.fails(marked, policy) and marked.fingerprint not in certain:
                return True, ()
            if gate.is_in_baseline(marked, policy) and marked.fingerprint not in baseline:
                accepted.append(marked.fingerprint)
    return False, tuple(accepted)


def _open_shortest(report: Report) -> Report:
    """The report as if each socket of which the end is not known had ended as soon as it may have."""

    def close(session: Session) -> Session:
        end, outcome = session.closed.earliest if session.closed is not None else None, session.outcome
        if outcome is Outcome.UNKNOWN and session.possible is not None:
            end = session.possible.start if session.proven is None or session.proven.end is None else session.proven.end
            outcome = Outcome.CLOSED
        elif outcome not in (Outcome.CLOSED, Outcome.FAILED) or end is None:
            return session
        return msgspec.structs.replace(session, outcome=outcome, closed=Bounds(end, end, Evidence.NO_CLOSE_RECORDED))

    return msgspec.structs.replace(report, sessions=tuple(close(_in_tab(session)) for session in report.sessions))


def _in_tab(session: Session) -> Session:
    """The session as one of this tab, if it may be."""
    return msgspec.structs.replace(session, where=Where.TAB) if session.where is Where.UNKNOWN else session


def _open_longest(report: Report, policy: Policy) -> Report:
    """The report as if each socket had been open whenever it may have been, on one clock, in this tab if it may be."""
    observed = report.capture.observed
    saved = observed.end if observed is not None else None
    sessions = tuple(
        msgspec.structs.replace(
            session,
            proven=session.possible,
            clock=0,
            last_seen=saved if session.possible is not None and session.possible.end is None else session.last_seen,
        )
        for session in map(_in_tab, report.sessions)
    )
    stretches = overlaps.find(sessions)
    excesses = overlaps.excesses(sessions, policy, stretches)
    return msgspec.structs.replace(report, sessions=sessions, overlaps=stretches, excesses=excesses)


def _attribute(members: Sequence[Session], capture: Capture, rows: Sequence[Row]) -> tuple[Session, ...]:
    """The sessions with what they belong to and the code that opened them (there is one a trace)."""
    pairs = zip(members, capture.traces, strict=True)
    attributed = [(session, matching.attribute(trace, rows)) for session, trace in pairs]
    services = _services_by_endpoint(attributed)
    openers: dict[tuple[int, str | None], Initiator | None] = {}  # a client opens from the same place again

    def opener(session: Session, of: Attribution) -> Initiator | None:
        provider = of.provider or services.get(session.endpoint)
        key = id(session.initiator), provider.id if provider is not None else None
        if key not in openers:
            openers[key] = callstacks.by_map(callstacks.opener(session.initiator, provider))
        return openers[key]

    return tuple(
        msgspec.structs.replace(session, attribution=of, initiator=opener(session, of), extension=trace.extension)
        for (session, of), trace in zip(attributed, capture.traces, strict=True)
    )


def _services_by_endpoint(attributed: Iterable[tuple[Session, Attribution]]) -> dict[str, Provider]:
    """The one service of each address. A socket that exchanged no message shows none itself, and its call stack is read
    by what the others show."""
    by_endpoint: dict[str, dict[str, Provider]] = {}
    for session, of in attributed:
        if of.provider is not None:
            by_endpoint.setdefault(session.endpoint, {})[of.provider.id] = of.provider
    return {
        endpoint: next(iter(providers.values())) for endpoint, providers in by_endpoint.items() if len(providers) == 1
    }


def _add_user_caveat(capture: Capture, members: Sequence[Session], policy: Policy) -> Capture:
    """The capture with a caveat where it cannot say what the policy asks for."""
    nameless = [session for session in members if session.user is None and policy.counts(session)]
    if policy.per is not Scope.USER or not nameless:
        return capture
    by_context = overlaps.count_by_context(filter(policy.counts, members))
    how = "browser context, which is one login" if by_context else "address"
    message = f"The user of {len(nameless):,} of the sockets is unknown, so they are counted by {how}."
    return msgspec.structs.replace(capture, caveats=(*capture.caveats, CaveatKind.USER_UNKNOWN.caveat(message)))


def _verdict(capture: Capture, members: Sequence[Session], stretches: Sequence[Overlap]) -> Verdict:
    if any(overlap.confidence is Confidence.PROVEN for overlap in stretches):
        return Verdict.OVERLAP
    if stretches:
        return Verdict.POSSIBLE_OVERLAP
    if capture.hides_sockets:
        return Verdict.INCONCLUSIVE
    return Verdict.NO_OVERLAP if members else Verdict.NO_SOCKETS


def _fingerprint(finding: Finding, report: Report) -> Finding:
    """The same for the same fault in another capture: rule, endpoints, service, users as they are counted, and the
    application's code that opened (within a library it differs from socket to socket); no times, no ids, no secret (a
    path's tokens differ in each run), and no port of this machine (a test server's differs, too)."""
    users: dict[object, int] = {}
    parts, former, first = {finding.rule}, {finding.rule}, {finding.rule}
    for session in report.named(finding.sessions):
        code = session.initiator
        user = users.setdefault(session.user, len(users)) if session.user is not None else ""
        opened_by = f"{code.component or ''} {code.function or '' if code.own else ''}" if code is not None else ""
        address = addresses.shape(session.endpoint)
        portless, then = _drop_own_port(address), _former_opener(session)
        parts.add(f"{portless} {user} {opened_by}")
        former.add(f"{portless} {user} {then}")
        first.add(f"{address} {user} {then}")
    fingerprint = _digest(parts)
    earlier = [_digest(former)] if former != parts else []
    earlier += [_digest(first)] if first not in (former, parts) else []
    others = tuple(dict.fromkeys(it for it in earlier if it != fingerprint))
    return msgspec.structs.replace(finding, fingerprint=fingerprint, former_fingerprints=others)


@memoize(8192)  # many findings are about one address
def _drop_own_port(address: str) -> str:
    return OWN_PORT.sub(r"\1", address)


def _former_opener(session: Session) -> str:
    """Name what opened it as earlier versions did."""
    if session.initiator is None:
        return ""
    return former_openers.name_former(session.initiator, session.provider)


def _digest(parts: Iterable[str]) -> str:
    data = "\n".join(sorted(parts)).encode("utf-8", "surrogatepass")
    digest = sha256(len(data))
    digest.update(data)
    return str(digest.hexdigest()[:16])

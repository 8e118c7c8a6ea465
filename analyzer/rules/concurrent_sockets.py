"""More sockets than allowed were open at the same time, to one address or to services that har-sockets does not know.

Why it matters: an application needs one connection per service. If the server sends each event to every socket, users
can get each message several times. Each extra connection costs the server, and often stays open unnoticed until the
user leaves the page.

How it is detected: this rule applies where the capture does not show that the sockets belong to one user, for example
because the service is not in the catalogue. Where it does, `duplicate-connection` or `unrelated-sockets` applies.

Overlaps that repeat with one cause, of the same code, addresses and users, are one finding (three or more, where the
cause is unknown). It says how many there were, names all their sockets, and lasts from the first to the last of them.

What to do: open the connection once, outside of anything that mounts repeatedly (a React component, a route), and close
it in the clean-up. Where all the sockets are of one service of the catalogue, the finding says what that service asks
for. `har-sockets show CAPTURE SOCKET` names the code that opened each socket.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import openings, overlaps
from analyzer.model import (
    Finding,
    Policy,
    Relation,
    Report,
    Rule,
    Scope,
    Session,
    Severity,
    describe_overlap,
    describe_overlaps,
)
from analyzer.model.sentence import Sentence, term

SAME = "Open the connection once, and close it in the clean-up of the code that opened it."
USERS = "Connect one user at a time: close the old connection, and wait for the close, before the next user connects."
DIFFERENT = (
    "The sockets go to different addresses. If that is intended, count each address separately with --per endpoint."
)


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for overlap in report.exceeding(Relation.RELATED, policy.tolerance):
        sessions = report.named(overlap.sessions)
        remedy, link = _remedy(sessions)
        yield report.finding(
            RULE.id,
            RULE.severity,
            Sentence("{}.", describe_overlap(overlap, _whose(report, sessions), policy.max_open + 1)),
            overlap.sessions,
            interval=overlap.interval,
            peak=overlap.peak,
            remedy=remedy,
            link=link,
        )


def fold(report: Report, findings: Sequence[Finding]) -> Sentence:
    sockets = dict.fromkeys(id for finding in findings for id in finding.sessions)
    return describe_overlaps(report, findings, _whose(report, report.named(sockets)))


def _whose(report: Report, sessions: Sequence[Session]) -> Sentence:
    services = {session.provider.name if session.user and session.provider else None for session in sessions}
    (service,) = services if len(services) == 1 else (None,)
    if service is None:
        return report.endpoints(session.id for session in sessions)
    apps = {session.user[1] for session in sessions if session.user is not None}
    within = Sentence(" in {} apps", len(apps)) if len(apps) > 1 else Sentence("")
    return Sentence("{} users of {}{}", len({session.user for session in sessions}), term(service), within)


def _remedy(sessions: Sequence[Session]) -> tuple[str, str | None]:
    """Say what to do, and where to read more. What a service asks for counts where all are its sockets."""
    ids = {session.provider.id if session.provider is not None else None for session in sessions}
    service = sessions[0].provider if len(ids) == 1 else None
    link = service.link if service is not None else None
    apps = {session.user[:2] if session.user is not None else None for session in sessions}
    if len(apps) == 1 and None not in apps:
        return USERS, link
    remedy = (service.remedy or None) if service is not None else None
    parts = (members for _, members in overlaps.partition(sessions, Scope.ENDPOINT) if len(members) > 1)
    twice, handed_over = False, True
    for lot in (lot for members in parts for lot in overlaps.together(openings.in_order(members))):
        twice = True
        handed_over = handed_over and openings.is_handed_over(lot)
        if remedy is not None and _are_of_several_users(lot):
            remedy = None
        if remedy is None and not handed_over:  # whatever the others are
            return SAME, None
    if not twice:
        return DIFFERENT, None
    return (openings.WAIT if handed_over or remedy is None else remedy), link


def _are_of_several_users(sessions: Sequence[Session]) -> bool:
    """Does each of them belong to a user of its own? Then none of them is one too many of its user."""
    users = [session.user for session in sessions]
    return None not in users and len(set(users)) == len(users)


RULE = Rule(
    "concurrent-sockets",
    "Sockets were open at the same time",
    Severity.WARNING,
    check,
    counts=True,
    has_cause=True,
    fold=fold,
)

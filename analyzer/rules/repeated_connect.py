"""The application connected the same user again and again on one page, although the connection had not been lost.

Why it matters: each call opens a socket, authenticates and loads the user again. Messages between two connections are
missed, and services that bill by connections or by active users count each one. Stream's documentation says of
`connectUser`: "it should only be used once per session per user".

How it is detected: the stack of each opening shows that the application called the client's function to connect. The
socket before it, of the same user on the same page, had been closed without an error, without a close code of the
server and not by the server. A reconnect by the client itself does not count, nor does an opening in a handler of
`close`, the second mount of React's StrictMode, or a module that ran again after an edit. From 4 calls on there is a
finding; from 3 on where the stacks show that each call came from the mount of a component. Fewer are a user who logged
out and in again. Where less than half a second lies between two connections, possibly the component was only updated:
the effect that connects ran again. It applies to services whose documentation asks for one connection per session
([services](../services.md)). Connections that overlap for longer than the tolerance are left to `duplicate-connection`.

What to do: connect above the router, or in the root component, so that a change of route does not connect again.
Disconnect when the session ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from analyzer import callstacks, openings, triggers, visits
from analyzer.model import Duration, Evidence, Finding, Need, Outcome, Policy, Report, Rule, Session, Severity
from analyzer.model.sentence import Sentence, name, term

OFTEN, MOUNTED = 4, 3  # calls: in all, and where each came from the mount of a component
PROPER = (None, 1000, 1005)  # the close codes of a close that the page asked for, or that was not recorded


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for members in _by_user(filter(policy.counts, report.sessions)):
        calls = _list_calls(members, policy.tolerance)
        provider, is_mounted = members[0].provider, all(triggers.read(it.initiator).mount for it in calls)
        if provider is None or provider.once is None or len(calls) < (MOUNTED if is_mounted else OFTEN):
            continue
        yield report.finding(
            RULE.id,
            RULE.severity,
            Sentence(
                '{} {} times for one user on this page{}. The documentation of {} says: "{}". The page did close each '
                "connection before the next one.",
                _action(calls[-1]),
                len(calls),
                _place(calls, is_mounted),
                term(provider.name),
                term(provider.once),
            ),
            (session.id for session in calls),
            remedy=provider.remedy,
            link=provider.link,
        )


def _by_user(sessions: Iterable[Session]) -> Iterable[list[Session]]:
    """Group the sockets of each user that one document opened, in the order in which they were requested."""
    groups: dict[object, list[Session]] = {}
    for session in sessions:
        if session.user is not None and session.page is not None and openings.creation_of(session) != openings.FOREVER:
            key = session.user, session.page, session.context, session.user_context, session.clock
            groups.setdefault(key, []).append(session)
    return map(openings.in_order, groups.values())


def _list_calls(members: Sequence[Session], tolerance: Duration) -> list[Session]:
    """List those that a call of the application opened, each after the page had closed what was open before."""
    calls: list[Session] = []
    open_until, is_lost = -openings.FOREVER, False  # of all before, and of the one that closed last
    for session in members:
        if _is_called(session) and not is_lost and open_until - openings.creation_of(session) < tolerance:
            calls.append(session)
        end = session.closed.latest if _has_ended(session) and session.closed is not None else None
        until = openings.FOREVER if end is None else end
        if until >= open_until:
            open_until, is_lost = until, not _is_closed_by_page(session)
    return calls


def _is_called(session: Session) -> bool:
    """Did the application call the client's function to connect, of its own accord, and did that open the socket?"""
    trigger = triggers.read(session.initiator)
    if session.possible is None or trigger.end_handler or trigger.second_mount or trigger.refresh:
        return False
    return callstacks.call(session) is not None and callstacks.reconnect(session) is None


def _has_ended(session: Session) -> bool:
    return session.outcome in (Outcome.CLOSED, Outcome.FAILED)


def _is_closed_by_page(session: Session) -> bool:
    """Does the capture show that the page closed it, and not the server or a loss?"""
    if session.outcome is Outcome.FAILED:
        return openings.is_abandoned(session)
    by_server = session.closed is not None and session.closed.evidence is Evidence.SERVER_CLOSE
    return session.problem is None and session.close_code in PROPER and not by_server


def _action(session: Session) -> Sentence:
    """Name the client's function without its class; empty where the build left no name."""
    frame = callstacks.call(session)
    own_name = ((frame.function if frame is not None else None) or "").rpartition(".")[2]
    return Sentence("{}() ran", name(own_name)) if own_name else Sentence("The application connected")


def _place(calls: Sequence[Session], is_mounted: bool) -> Sentence:
    """Say what called it each time, where that is one and the same."""
    names = {openings.by_whom(session, "") for session in calls}
    (by,) = names if len(names) == 1 else (Sentence(""),)
    if not is_mounted:
        return Sentence(", each time from {}", by) if by else by
    is_component = callstacks.COMPONENT.fullmatch(by) is not None
    if not all(visits.is_return(old, new) for old, new in pairwise(calls)):
        component = by if is_component else Sentence("a component")
        return Sentence(", each time {} was mounted or updated", component)
    if not is_component:
        return Sentence(", each time a component was mounted")
    return Sentence(", once per mount of {}", by)


NEEDS = (Need.STACKS, Need.PAGES)
RULE = Rule("repeated-connect", "The same user connected again and again", Severity.NOTE, check, NEEDS, ends=True)

"""A socket still receives messages, but its client no longer sends heartbeats on it.

Why it matters: the client has lost its reference to the socket, because it reconnected or dropped the socket while it
was connecting. Nothing in the application can close it any more. The server keeps delivering to it, and counts one
connection too many, until the user leaves the page.

How it is detected: another socket of the same address, user and client sends a heartbeat. Where the user is unknown,
both sockets were opened by the same code. The heartbeat period is known for the client, or measured: at least three
messages of similar length at regular intervals of 5 s or more. This socket received messages for longer than two
periods (`ghost_beats`; one heartbeat may be late) without sending one. The capture must be long enough to show that:
one minute for Stream's clients, which send every 25 s.

What to do: find the code that opened it (`har-sockets show CAPTURE SOCKET`), and close the socket before you drop its
client.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer import heartbeats
from analyzer.model import Finding, Need, Policy, Report, Rule, Severity
from analyzer.model.sentence import Sentence, length

REMEDY = "Close the socket before you drop its client or connect again."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for ghost in heartbeats.ghosts(filter(policy.counts, report.sessions), policy.ghost_beats):
        session, sibling = ghost.session, ghost.sibling
        yield report.finding(
            RULE.id,
            Severity.WARNING,
            Sentence(
                "{} still receives messages, but its client no longer sends heartbeats on it. Since then {} sent {} "
                "heartbeats, one every {}.",
                session.name.capital,
                sibling.name,
                ghost.beats,
                length(ghost.period),
            ),
            (session.id, sibling.id),
            interval=session.proven,
            remedy=REMEDY,
            proof=tuple(it.proves("{}", heartbeats.rhythm(it)) for it in (session, sibling)),
        )


NEEDS = (Need.MESSAGES, Need.TIMES, Need.STACKS)
RULE = Rule("ghost-socket", "A socket that no client uses any more", Severity.WARNING, check, NEEDS)

"""A WebSocket still receives, while its client no longer sends on it the heartbeat that it sends on others.

Why it matters: the client has lost its handle on the socket: it reconnected, or let go of it while it was connecting.
Nothing in the application can close it any more. The server goes on delivering, and counts one connection too many
until the page is left.

How it is told: another socket of the same address, user (where none is known: opened by the same code) and client
sends a heartbeat. The time between two is known of the client, or measured: at least three of like length at regular
intervals of 5 s and more. This one received for longer than two of them (`ghost_beats`: one may be late) without having
sent any. A capture has to be that long: for Stream's clients, which send every 25 s, a minute.

What to do: find what opened it (`har-sockets show CAPTURE SOCKET`), and close it before its client is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer import heartbeats
from analyzer.model import Finding, Policy, Report, Rule, Severity, spoken

REMEDY = "Close the socket before its client is dropped or connects anew."


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    for ghost in heartbeats.ghosts(filter(policy.counts, report.sessions), policy.ghost_beats):
        session, sibling = ghost.session, ghost.sibling
        yield report.finding(
            RULE.id,
            Severity.WARNING,
            f"{session.name} still receives, but its client no longer sends on it: {sibling.name} sent "
            f"{ghost.beats:,} heartbeats since, one every {spoken(ghost.period)}.",
            (session.id, sibling.id),
            interval=session.proven,
            remedy=REMEDY,
            proof=(session.proves(heartbeats.rhythm(session)), sibling.proves(heartbeats.rhythm(sibling))),
        )


RULE = Rule("ghost-socket", "A socket that its client has let go of", Severity.WARNING, check)

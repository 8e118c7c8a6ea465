"""WebSockets that a browser extension opened.

How it is told: every script on the call stack is an extension's (`chrome-extension:`, `moz-extension:` and the like),
or the handshake's `Origin` is an extension's. A page's code that an extension called, or that called something which an
extension had wrapped (`WebSocket`, a timer), is still the page's: its script is on the stack, and the socket counts as
the page's. A script that an extension put into the page's own text cannot be told from the page's.

Why it matters: they are not the application's, which cannot mend them, and other people's browsers have none of them.
They are in the verdict, which counts every socket, and count in no overlap rule unless `--count-extensions` is given.

What to do: nothing. To see the application alone, record in a profile without extensions, or in a private window. Who
tests an extension gives `--count-extensions`.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Finding, Policy, Report, Rule, Severity


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    ids = [session.id for session in report.sessions if session.extension]
    if ids:
        counted = "" if policy.count_extensions else ", in no overlap rule (--count-extensions counts them)"
        many = "1 socket" if len(ids) == 1 else f"{len(ids):,} sockets"
        said = f"{many} of a browser extension, to {report.endpoints(ids)}{counted}."
        yield report.finding(RULE.id, RULE.severity, said, ids)


RULE = Rule("extension-socket", "Sockets of a browser extension", Severity.NOTE, check)

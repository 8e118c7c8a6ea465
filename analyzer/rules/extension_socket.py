"""A browser extension opened sockets.

How it is detected: every script on the call stack belongs to an extension (`chrome-extension:`, `moz-extension:` and
similar), or the handshake's `Origin` does. If a script of the page is on the stack, the socket counts as the page's.
That includes page code that an extension called, and page code that called something an extension had wrapped
(`WebSocket`, a timer). A script that an extension injected as inline text looks like the page's own code and counts as
the page's.

Why it matters: the application does not open these sockets and cannot fix them, and users without the extension do not
have them. The verdict counts every socket, so it counts these too. No overlap rule counts them unless you pass
`--count-extensions`.

What to do: nothing. To record the application alone, use a profile without extensions or a private window. To test an
extension itself, pass `--count-extensions`.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Finding, Need, Policy, Report, Rule, Severity
from analyzer.model.sentence import Sentence, count


def check(report: Report, policy: Policy) -> Iterator[Finding]:
    ids = [session.id for session in report.sessions if session.extension]
    if ids:
        message = Sentence("{} of a browser extension, to {}.", count(len(ids), "socket"), report.endpoints(ids))
        if not policy.count_extensions:
            them = Sentence("it" if len(ids) == 1 else "them")
            message = Sentence("{} Overlap rules ignore {} unless you pass --count-extensions.", message, them)
        yield report.finding(RULE.id, RULE.severity, message, ids)


RULE = Rule("extension-socket", "Sockets of a browser extension", Severity.NOTE, check, (Need.OPENERS,))

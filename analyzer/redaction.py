"""Masking: secrets leave no output. What outputs get is a run in which they are already masked.

Masks are `<token 1>`, `<token 2>` ... by first appearance in the run: equal values stay equal, and the same
input gives the same bytes. Every value of a URL's query is masked, its user name and password and its fragment
too, and what has the shape of a secret in a path. Message data is never kept in the first place.
"""

from __future__ import annotations

import re

import msgspec

from analyzer.model import Capture, Finding, Initiator, Page, Report, Run, Session

QUERY_VALUE = re.compile(r"=([^&;#]+)")
# A JSON Web Token, or a segment of 20 characters and more that mixes digits and letters and names no file.
OPAQUE = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*|(?=[\w~+=%-]*\d)(?=[\w~+=%-]*[A-Za-z])[\w~+=%-]{20,}(?![\w~+=%.-])")
LONG_ENOUGH = 8  # shorter values are masked where they stand, and not looked for elsewhere


def masked(run: Run) -> Run:
    """The run without secrets, and without the raw traces that hold them."""
    masks = _Masks()
    return msgspec.structs.replace(run, reports=tuple(masks.report(report) for report in run.reports))


class _Masks:
    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def report(self, report: Report) -> Report:
        # In the order in which a reader meets them, so that ordinals rise.
        sessions = tuple(self.session(session) for session in report.sessions)
        return msgspec.structs.replace(
            report,
            capture=self.capture(report.capture),
            sessions=sessions,
            findings=tuple(self.finding(finding) for finding in report.findings),
        )

    def capture(self, capture: Capture) -> Capture:
        return msgspec.structs.replace(
            capture,
            traces=(),
            pages=tuple(self.page(page) for page in capture.pages),
            skipped=tuple(msgspec.structs.replace(it, problem=self.text(it.problem)) for it in capture.skipped),
        )

    def page(self, page: Page) -> Page:
        return msgspec.structs.replace(page, url=self.url(page.url))

    def session(self, session: Session) -> Session:
        return msgspec.structs.replace(
            session,
            url=self.url(session.url),
            endpoint=self.url(session.endpoint),
            initiator=self.initiator(session.initiator),
            close_reason=None if session.close_reason is None else self.text(session.close_reason),
            problem=None if session.problem is None else self.text(session.problem),
        )

    def initiator(self, code: Initiator | None) -> Initiator | None:
        return code and msgspec.structs.replace(code, url=None if code.url is None else self.url(code.url))

    def finding(self, finding: Finding) -> Finding:
        return msgspec.structs.replace(finding, message=self.text(finding.message))

    def url(self, url: str) -> str:
        address, question, query = url.partition("?")
        query, hash_, fragment = query.partition("#") if question else ("", "", "")
        if not question:
            address, hash_, fragment = address.partition("#")
        address = re.sub(r"(?<=//)[^/@]*@", lambda _: "", address)
        address = OPAQUE.sub(self._mask, address)
        if question and "=" not in query and query:
            query = self._name(query)
        query = QUERY_VALUE.sub(lambda found: "=" + self._name(found[1]), query)
        return address + question + query + (hash_ + self._name(fragment) if fragment else hash_)

    def text(self, text: str) -> str:
        """Any other text: what was masked elsewhere, and what has the shape of a secret."""
        for secret in sorted((s for s in self._names if len(s) >= LONG_ENOUGH and s in text), key=len, reverse=True):
            text = text.replace(secret, self._names[secret])
        return OPAQUE.sub(self._mask, text)

    def _mask(self, found: re.Match[str]) -> str:
        return self._name(found[0])

    def _name(self, secret: str) -> str:
        return self._names.setdefault(secret, f"<token {len(self._names) + 1}>")

"""Masking: secrets and users leave no output. What outputs get is a run in which they are already masked.

Masks are `<token 1>`, `<token 2>` ... and `user-1`, `user-2` ... by first appearance in the run: equal values stay
equal, and the same input gives the same bytes. With a key they are a keyed hash instead, equal across runs.

Masked are, in every URL: each value of the query but for those of a protocol's own and small numbers, user name and
password, the fragment, what in the path is secret by its provider's row or by its shape, and whose home folder it
names; titles that are no address; and in other text whatever was masked elsewhere.
Message data, headers, cookies and bodies are never
kept in the first place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import msgspec

from analyzer.masking.names import SHORTEST_WORD, Names
from analyzer.model import (
    Attribution,
    Calls,
    Capture,
    Client,
    ConsoleLine,
    File,
    Finding,
    Frame,
    Group,
    Identity,
    Initiator,
    Page,
    Report,
    Run,
    Session,
    Source,
    Unreadable,
)
from analyzer.shapes.addresses import ADDRESS, SMALL_NUMBER, names_secret
from analyzer.shapes.tokens import RUN, opaque

WORD = re.compile(r"[A-Z][a-z]{2,}|[a-z]{3,}|[A-Z]{2,5}(?![A-Za-z])|[A-Z]{2,4}(?=[A-Z][a-z])")
VOWEL, UNSPOKEN = re.compile("(?i)[aeiouy]|^https?$"), re.compile("(?i)(?!http)[^aeiouy]{4}")
DIGITS = re.compile(r"\d+(?:\.\d+)*")
# Sec-WebSocket-Key (RFC 6455): 16 random bytes. Anything else may be a secret.
NONCE = re.compile(r"[A-Za-z0-9+/]{22}==")
# page_1, page_1_0, page@5f3a..., frame@5f3a...#2
EXPORTERS_PAGE = re.compile(
    r"(?:page_\d{1,9}(?:_(?:\d{1,9}|[\da-f]{8,64}))?|(?:page|frame)@[\da-f]{8,64})(?:#\d{1,9})?"
)
PAGE = re.compile(r"[\w.:#@ -]{1,80}")


def mask(run: Run, *, secrets: bool = True, users: bool = True, key: str | None = None) -> Run:
    """The run without secrets and users, and without the raw traces that hold them.

    `secrets`, `users`: mask these. `key`: masks are a keyed hash (HMAC-SHA256), equal for equal values in every run;
    without it each report is masked with the key that it was loaded with.
    """
    keys = dict.fromkeys((*(key or report.redaction_key for report in run.reports), key))
    masks = {it: Masks(secrets, users, it) for it in keys}
    return msgspec.structs.replace(
        run,
        reports=tuple(masks[key or report.redaction_key].report(report) for report in run.reports),
        unreadable=tuple(Unreadable(it.source, masks[key].text(it.problem)) for it in run.unreadable),
    )


def _is_worded(run: str) -> bool:
    """Are the letters of a run those of words that can be spoken, with a number or two? Those of tokens are not."""
    letters = sum(map(str.isalpha, run))
    spoken = sum(len(word) for word in WORD.findall(run) if VOWEL.search(word) and not UNSPOKEN.search(word))
    return "@" not in run and "%40" not in run and 10 * spoken >= 9 * letters and len(DIGITS.findall(run)) < 4


class Masks(Names):
    """Mask the values of a report: the same values with names in place of secrets and users."""

    def __init__(
        self,
        secrets: bool = True,
        users: bool = True,
        key: str | None = None,
        ordinal: Callable[[str, str], int] | None = None,
    ) -> None:
        super().__init__(secrets, users, key, ordinal)
        # By id, beside the value that has it: a client opens from the same place again and again.
        self._code: dict[int, tuple[Initiator, Initiator]] = {}

    def result(self, result: Report | Unreadable) -> Report | Unreadable:
        return (
            self.report(result) if isinstance(result, Report) else Unreadable(result.source, self.text(result.problem))
        )

    def report(self, report: Report) -> Report:
        self.forget_capture()
        # In the order in which a reader meets them, so that ordinals rise.
        self.learn(report.sessions)
        self._code.clear()
        sessions = tuple(self.session(session) for session in report.sessions)
        self.meet(report)
        sessions = tuple(self.mask_texts(session) for session in sessions)
        by_id = {session.id: session for session in sessions}
        return msgspec.structs.replace(
            report,
            capture=self.capture(report.capture),
            sessions=sessions,
            groups=tuple(self.group(group) for group in report.groups),
            findings=tuple(self.finding(finding, report, by_id) for finding in report.findings),
        )

    def learn(self, sessions: Iterable[Session]) -> None:
        """Users, and what is secret by a provider's row, before anything is masked: they may stand elsewhere too."""
        for session in sessions:
            user = session.identity.user if session.identity is not None else None
            values = [user] if user and self.masks_users else []
            secrets = session.attribution.secrets if self.masks_secrets else ()
            values += [it for it in secrets if len(it) >= SHORTEST_WORD and (it != user or values)]
            for value in values:
                self.learn_value(value)
            if user and self.masks_users:
                self._known_users.add(user)
            app = session.identity.app if session.identity is not None else None
            if app and self.masks_secrets and SMALL_NUMBER.fullmatch(app):  # other values of a query are masked anyway
                self._known.setdefault(app, app)

    def meet(self, report: Report) -> None:
        """All addresses, titles and texts, before any text is shown: what one of them names as a secret may stand in
        another."""
        for session in report.sessions:
            self.url(session.url)
            self.mask_texts(session)
        for page in report.capture.pages:
            self.page_id(page.id)
            self.title(page.url)
        for line in report.capture.console:
            self.line(line)
        self._texts.clear()

    def capture(self, capture: Capture) -> Capture:
        return msgspec.structs.replace(
            capture,
            traces=(),
            files=tuple(self.file(file) for file in capture.files),
            pages=tuple(self.page(page) for page in capture.pages),
            skipped=tuple(msgspec.structs.replace(it, problem=self.text(it.problem)) for it in capture.skipped),
            console=tuple(self.line(line) for line in capture.console),
        )

    def line(self, line: ConsoleLine) -> ConsoleLine:
        """A line of the console: its words may be anybody's."""
        page = None if line.page is None else self.page_id(line.page)
        return msgspec.structs.replace(line, text=self.text(line.text), page=page, code=self.initiator(line.code))

    def file(self, file: File) -> File:
        exporter = msgspec.structs.replace(
            file.exporter,
            name=None if file.exporter.name is None else self.program(file.exporter.name),
            version=None if file.exporter.version is None else self.text(file.exporter.version),
            label=self.program(file.exporter.label),
        )
        return msgspec.structs.replace(file, exporter=exporter)

    def program(self, name: str) -> str:
        """The name of a program: as long as it may be, what is made of words is no secret."""
        runs = list(filter(opaque, RUN.findall(name)))
        worded = bool(runs) and all(map(_is_worded, runs)) and not names_secret(name)
        return self._words(name) if worded else self.text(name)

    def page(self, page: Page) -> Page:
        end = page.end and msgspec.structs.replace(page.end, successor=self.page_id(page.end.successor))
        return msgspec.structs.replace(page, id=self.page_id(page.id), url=self.title(page.url), end=end)

    def page_id(self, id: str) -> str:
        """The id of a page: an exporter's own stays."""
        if EXPORTERS_PAGE.fullmatch(id):
            return id
        return self.word(id) if PAGE.fullmatch(id) else self.token(id)

    def title(self, title: str) -> str:
        """A page's title: its address in Chrome, elsewhere that of the document, which may name anyone."""
        return self.url(title) if ADDRESS.fullmatch(title) else self.token(title) if title else title

    def session(self, session: Session) -> Session:
        return msgspec.structs.replace(
            session,
            url=self.url(session.url),
            endpoint=self.url(session.endpoint),
            page=None if session.page is None else self.page_id(session.page),
            initiator=self.initiator(session.initiator),
            key=None if session.key is None or not NONCE.fullmatch(session.key) else session.key,
            attribution=self.attribution(session.attribution),
        )

    def mask_texts(self, session: Session) -> Session:
        """The session with its texts masked: once all that is masked in URLs is known."""
        if session.close_reason is None and session.problem is None:
            return session
        return msgspec.structs.replace(
            session,
            close_reason=None if session.close_reason is None else self.text(session.close_reason),
            problem=None if session.problem is None else self.text(session.problem),
        )

    def attribution(self, attribution: Attribution) -> Attribution:
        client = attribution.client and Client(
            *(
                None if word is None else self.word(word)
                for word in (attribution.client.name, attribution.client.version, attribution.client.runtime)
            )
        )
        return msgspec.structs.replace(
            attribution, identity=self.identity(attribution.identity), client=client, secrets=()
        )

    def identity(self, identity: Identity | None) -> Identity | None:
        return identity and Identity(
            None if identity.app is None else self.token(identity.app),
            None if identity.user is None else self.user(identity.user),
        )

    def group(self, group: Group) -> Group:
        mask = {"app": self.token, "user": self.user, "endpoint": self.url, "page": self.page_id}
        pairs = ((name, mask[name](value) if value and name in mask else value) for name, value in group.key)
        return msgspec.structs.replace(group, key=tuple(pairs))

    def initiator(self, code: Initiator | None) -> Initiator | None:
        if code is None:
            return None
        if id(code) not in self._code:
            masked = msgspec.structs.replace(
                code,
                url=None if code.url is None else self.url(code.url),
                function=None if code.function is None else self.word(code.function),
                component=None if code.component is None else self.word(code.component),
                mapped=None if code.mapped is None else self.frame(code.mapped),
                stack=tuple(
                    Calls(
                        tuple(self.frame(frame) for frame in calls.frames),
                        None if calls.label is None else self.word(calls.label),
                    )
                    for calls in code.stack
                ),
            )
            self._code[id(code)] = code, masked
        return self._code[id(code)][1]

    def frame(self, frame: Frame) -> Frame:
        return msgspec.structs.replace(
            frame,
            function=None if frame.function is None else self.word(frame.function),
            url=None if frame.url is None else self.url(frame.url),
            source=None if frame.source is None else self.source(frame.source),
        )

    def source(self, source: Source) -> Source:
        return msgspec.structs.replace(
            source,
            url=self.url(source.url),
            function=None if source.function is None else self.word(source.function),
        )

    def finding(self, finding: Finding, report: Report, by_id: Mapping[str, Session]) -> Finding:
        """A rule's sentence: ours, but for what it quotes of its sessions."""
        message = finding.message
        quoted: dict[str, str] = {}
        for raw in report.named(finding.sessions):
            quoted[raw.endpoint.partition("://")[2]] = by_id[raw.id].endpoint.partition("://")[2]
            quoted[raw.problem or ""] = by_id[raw.id].problem or ""
        for text in sorted(quoted, key=len, reverse=True):
            if text != quoted[text]:
                message = message.replace(text, quoted[text])
        return msgspec.structs.replace(
            finding,
            message=self._mask_shapes(message),
            why=None if finding.why is None else self.word(finding.why),
            proof=tuple(
                msgspec.structs.replace(
                    line, statement=self.word(line.statement), frame=line.frame and self.frame(line.frame)
                )
                for line in finding.proof
            ),
        )

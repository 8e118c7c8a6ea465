"""Masking: secrets and users leave no output. What outputs get is a run in which they are already masked.

Masks are `<token 1>`, `<token 2>` ... and `user-1`, `user-2` ... by first appearance in the run: equal values stay
equal, and the same input gives the same bytes. With a key they are a keyed hash instead, equal across runs.

Masked are, in every URL: each value of the query, user name and password, the fragment, and what in the path is
secret by its provider's row or by its shape; titles that are no address; and in other text whatever was masked
elsewhere. Message data, headers, cookies and bodies are never kept in the first place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

import msgspec

from analyzer.model import (
    Affiliation,
    Capture,
    Finding,
    Group,
    Identity,
    Initiator,
    Page,
    Report,
    Run,
    Session,
    Unreadable,
)

JWT = r"eyJ[\w-]+\.[\w-]+\.[\w-]*"
# In any text: a JSON Web Token, a mail address, or 20 characters and more that mix digits and letters and name no file.
OPAQUE = re.compile(
    rf"{JWT}|[\w.+-]+(?:@|%40)[\w-]+\.[\w.-]+"
    r"|(?=[\w~+=%-]*\d)(?=[\w~+=%-]*[A-Za-z])[\w~+=%-]{20,}(?![\w~+=%.-])"
)
# A whole segment of a path: also with dots in it, long numbers, what goes from letters to digits and back again and
# again, and a mask that an extracted capture holds.
SEGMENT = re.compile(
    rf"{JWT}|[^/]*(?:@|%40)[^/]*|\d{{9,}}|(?=[^/]*\d)(?=[^/]*[A-Za-z])[^/]{{20,}}|(?i:%3Ctoken%20)\w+(?i:%3E)"
    r"|(?=(?:[^/]*?[A-Za-z][^A-Za-z0-9/]*\d){2})(?=(?:[^/]*?\d[^A-Za-z0-9/]*[A-Za-z]){2})[^/]{10,}"
)
FILE = re.compile(r"[\w@.,~+-]+\.(?:[cm]?[jt]sx?|html?|css|json|map|wasm|vue|svelte|php|aspx?|jsp|mjs)", re.IGNORECASE)
ADDRESS = re.compile(r"(?:[A-Za-z][\w+.-]*://|(?:about|blob|data|javascript):|/)\S*")
WORD = re.compile(r"%[0-9A-Fa-f]{2}|[\w.@+-]+")
OPAQUE_SCHEMES = ("data:", "javascript:")
URL = re.compile(r"((?:[A-Za-z][\w+.-]*:)?(?://)?)(?:([^/?#@]*)@)?([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
SHORTEST_WORD = 4  # what is shorter stands for itself in too many places
LONG_ENOUGH = 8  # shorter values are masked where they stand, and not looked for in other text


def masked(run: Run, *, secrets: bool = True, users: bool = True, key: str | None = None) -> Run:
    """The run without secrets and users, and without the raw traces that hold them.

    `secrets`, `users`: mask these. `key`: masks are a keyed hash (HMAC-SHA256), equal for equal values in every run.
    """
    masks = Masks(secrets, users, key)
    return msgspec.structs.replace(
        run,
        reports=tuple(masks.report(report) for report in run.reports),
        unreadable=tuple(Unreadable(it.source, masks.text(it.problem)) for it in run.unreadable),
    )


def shape(endpoint: str) -> str:
    """An endpoint without what differs from run to run: opaque parts of its path are `*`."""
    head, path = _split(endpoint)
    return head + "/".join("*" if _opaque(part) or part.startswith("<token ") else part for part in path.split("/"))


def _split(address: str) -> tuple[str, str]:
    """`scheme://host` and the path."""
    start = address.find("/", address.find("://") + 3) if "://" in address else address.find("/")
    return (address[:start], address[start:]) if start >= 0 else (address, "")


def _opaque(segment: str) -> bool:
    return SEGMENT.fullmatch(segment) is not None and FILE.fullmatch(segment) is None


class Masks:
    """Names for what is masked, given as it is met."""

    def __init__(self, secrets: bool = True, users: bool = True, key: str | None = None) -> None:
        self.masks_secrets = secrets
        self.masks_users = users
        self.key = key
        self.tokens: dict[str, str] = {}
        self.users: dict[str, str] = {}
        self._known: dict[str, str] = {}  # as it may be written -> what is masked wherever it stands by itself
        self._known_users: set[str] = set()
        self._said: dict[str, str] = {}  # texts that were masked

    def report(self, report: Report) -> Report:
        # In the order in which a reader meets them, so that ordinals rise.
        self.learn(report.sessions)
        sessions = tuple(self.session(session) for session in report.sessions)
        self._said.clear()
        sessions = tuple(self.said(session) for session in sessions)
        return msgspec.structs.replace(
            report,
            capture=self.capture(report.capture),
            sessions=sessions,
            groups=tuple(self.group(group) for group in report.groups),
            findings=tuple(self.finding(finding, report, sessions) for finding in report.findings),
        )

    def learn(self, sessions: Iterable[Session]) -> None:
        """Users, and what is secret by a provider's row, before anything is masked: they may stand elsewhere too."""
        for session in sessions:
            user = session.identity.user if session.identity is not None else None
            values = [user] if user and self.masks_users else []
            secrets = session.affiliation.secrets if self.masks_secrets else ()
            values += [it for it in secrets if len(it) >= SHORTEST_WORD and (it != user or values)]
            for value in values:
                for form in (value, quote(value, "", errors="surrogatepass"), quote(value, errors="surrogatepass")):
                    self._known[form] = value
            if user and self.masks_users:
                self._known_users.add(user)

    def capture(self, capture: Capture) -> Capture:
        return msgspec.structs.replace(
            capture,
            traces=(),
            pages=tuple(self.page(page) for page in capture.pages),
            skipped=tuple(msgspec.structs.replace(it, problem=self.text(it.problem)) for it in capture.skipped),
        )

    def page(self, page: Page) -> Page:
        return msgspec.structs.replace(page, url=self.title(page.url))

    def title(self, title: str) -> str:
        """A page's title: its address in Chrome, elsewhere that of the document, which may name anyone."""
        return self.url(title) if ADDRESS.fullmatch(title) else self.token(title) if title else title

    def session(self, session: Session) -> Session:
        url = self.url(session.url)
        user = session.identity.user if session.identity is not None else None
        if user and self.masks_users and not self.masks_secrets:
            url = re.sub(rf"(?<![A-Za-z]){re.escape(quote(user, ''))}(?![A-Za-z])", self.user(user), url)
        return msgspec.structs.replace(
            session,
            url=url,
            endpoint=self.url(session.endpoint),
            initiator=self.initiator(session.initiator),
            affiliation=self.affiliation(session.affiliation),
        )

    def said(self, session: Session) -> Session:
        """The session with its texts masked: once all that is masked in URLs is known."""
        if session.close_reason is None and session.problem is None:
            return session
        return msgspec.structs.replace(
            session,
            close_reason=None if session.close_reason is None else self.text(session.close_reason),
            problem=None if session.problem is None else self.text(session.problem),
        )

    def affiliation(self, told: Affiliation) -> Affiliation:
        return msgspec.structs.replace(told, identity=self.identity(told.identity), secrets=())

    def identity(self, identity: Identity | None) -> Identity | None:
        return identity and Identity(
            None if identity.app is None else self.token(identity.app),
            None if identity.user is None else self.user(identity.user),
        )

    def group(self, group: Group) -> Group:
        mask = {"app": self.token, "user": self.user, "endpoint": self.url}
        pairs = ((name, mask[name](value) if value and name in mask else value) for name, value in group.key)
        return msgspec.structs.replace(group, key=tuple(pairs))

    def initiator(self, code: Initiator | None) -> Initiator | None:
        return code and msgspec.structs.replace(
            code,
            url=None if code.url is None else self.url(code.url),
            function=None if code.function is None else self.word(code.function),
        )

    def finding(self, finding: Finding, report: Report, sessions: Sequence[Session]) -> Finding:
        """A rule's sentence: ours, but for what it quotes of its sessions."""
        message = finding.message
        by_id = {session.id: session for session in sessions}
        quoted: dict[str, str] = {}
        for raw in report.named(finding.sessions):
            quoted[raw.endpoint.partition("://")[2]] = by_id[raw.id].endpoint.partition("://")[2]
            quoted[raw.problem or ""] = by_id[raw.id].problem or ""
        for text in sorted(quoted, key=len, reverse=True):
            if text != quoted[text]:
                message = message.replace(text, quoted[text])
        return msgspec.structs.replace(finding, message=self._shaped(message))

    def url(self, url: str) -> str:
        if url.lower().startswith(OPAQUE_SCHEMES):
            scheme, _, rest = url.partition(":")
            return f"{scheme}:{self.token(rest)}"
        scheme, _, host, path, query, fragment = URL.match(url).groups()  # type: ignore[union-attr]  # all optional
        address = scheme + host + "/".join(map(self._segment, path.split("/")))
        asked = "" if query is None else "?" + self._query(query)
        return address + asked + ("" if fragment is None else "#" + self.token(fragment))

    def _segment(self, segment: str) -> str:
        name, *parameters = segment.split(";")  # RFC 3986, section 3.3
        shown = self._mask(name) if name in self._known or _opaque(name) else self._words(name)
        return ";".join([shown, *(self._pair(it) for it in parameters)])

    def _query(self, query: str) -> str:
        pairs = query.split("&")
        return "&".join(self._pair(it, alone=len(pairs) == 1) for it in pairs)

    def _pair(self, pair: str, alone: bool = False) -> str:
        name, equals, value = pair.partition("=")
        if not equals:
            return self.token(name) if name and (alone or _opaque(name)) else name
        return (self.token(name) if _opaque(name) else name) + "=" + (self.token(value) if value else "")

    def text(self, text: str) -> str:
        """Any other text of a capture: known words, what was masked elsewhere, and what has the shape of a secret."""
        if text not in self._said:
            shown = self._words(text)
            for secret in sorted({*self._known, *self.tokens}, key=len, reverse=True):
                if len(secret) < LONG_ENOUGH:
                    break
                if secret in shown:
                    shown = shown.replace(secret, self._mask(secret))
            self._said[text] = self._shaped(shown)
        return self._said[text]

    def word(self, name: str) -> str:
        """The name of a function or the like: mostly itself."""
        return self._shaped(self._words(name))

    def _words(self, text: str) -> str:
        """Users, and what a provider's row says is secret, where they stand by themselves."""
        return WORD.sub(lambda it: self._mask(it[0]) if it[0] in self._known else it[0], text) if self._known else text

    def _shaped(self, text: str) -> str:
        return OPAQUE.sub(lambda it: self.token(it[0]), text)

    def _mask(self, form: str) -> str:
        """The mask of a value that is known, or of an opaque one, as it is written."""
        return self.token(self._known.get(form, form))

    def token(self, secret: str) -> str:
        """The mask of a secret; that of a user, where it is one."""
        if secret in self._known_users:
            return self.user(secret)
        if not self.masks_secrets:
            return secret
        if secret not in self.tokens:
            self.tokens[secret] = f"<token {self._hash('token', secret) or len(self.tokens) + 1}>"
        return self.tokens[secret]

    def user(self, user: str) -> str:
        if not self.masks_users:
            return user
        if user not in self.users:
            self.users[user] = f"user-{self._hash('user', user) or len(self.users) + 1}"
        return self.users[user]

    def _hash(self, kind: str, value: str) -> str:
        if self.key is None:
            return ""
        import hashlib
        import hmac

        data = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self.key.encode("utf-8", "surrogatepass"), data, hashlib.sha256).hexdigest()[:12]

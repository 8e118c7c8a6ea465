"""Masking: secrets and users leave no output. What outputs get is a run in which they are already masked.

Masks are `<token 1>`, `<token 2>` ... and `user-1`, `user-2` ... by first appearance in the run: equal values stay
equal, and the same input gives the same bytes. With a key they are a keyed hash instead, equal across runs.

Masked are, in every URL: each value of the query but for those of a protocol's own, user name and password, the
fragment, what in the path is secret by its provider's row or by its shape, and whose home folder it names; titles that
are no address; and in other text whatever was masked elsewhere. Message data, headers, cookies and bodies are never
kept in the first place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from urllib.parse import quote, unquote

import msgspec

from analyzer.masking.shapes import RUN, decode, find_homes, mask_homes, opaque, opaque_segment
from analyzer.memo import memoize
from analyzer.model import (
    Attribution,
    Calls,
    Capture,
    Client,
    Finding,
    Frame,
    Group,
    Identity,
    Initiator,
    Page,
    Report,
    Run,
    Session,
    Unreadable,
)

ADDRESS = re.compile(r"(?:[A-Za-z][\w+.-]*://|(?:blob|data|javascript|view-source):)\S*|about:(?:blank|newtab|srcdoc)")
WITHIN = re.compile(r"\b[A-Za-z][\w+.-]{0,20}://[^\s'\"<>()]+")  # an address in a text
NAMED = re.compile(  # a secret by the word before it, also at the end of a name: access_token=, {"apiKey":"
    r"(\b(?:bearer|basic)\s+|\bjwt\s+(?=[a-z.,]*[^\sa-z.,])"
    r"|(?:token|key|secret|passw(?:or)?d|passphrase|session|ticket|signature|credentials?|auth\w{0,20}"
    r"|(?<![^\W\d_])(?:jwt|pwd?|pin|sid|sig))"
    r"(?:[\"']?\s*=\s*[\"']?|[\"']?\s*:\s*(?:[\"']|(?=[a-z.,]*[^\sa-z.,]))|\s+[\"'])"
    r"|(?<![^\W\d_])code\s*=\s*[\"']?(?!\d{1,4}\b)"  # of an authorization; not a status, nor a close code
    # Chrome quotes the subprotocol that a server answered with: many carry a token in it.
    r"|header if not present in request: |'Sec-WebSocket-Protocol' header value ')"
    r"([^\s&;,'\"<>]+)",
    re.IGNORECASE,
)
PIECE = re.compile(r"[^\s\"'<>&?=/,;()]{8,}")  # of a text, as long as what is looked for in other text
WORD = re.compile(r"[A-Z][a-z]{2,}|[a-z]{3,}|[A-Z]{2,5}(?![A-Za-z])|[A-Z]{2,4}(?=[A-Z][a-z])")
VOWEL, UNSPOKEN = re.compile("(?i)[aeiouy]|^https?$"), re.compile("(?i)(?!http)[^aeiouy]{4}")
DIGITS = re.compile(r"\d+(?:\.\d+)*")
ALNUM = re.compile(r"[^\W_]+")
# page_1, page_1_0, page@5f3a..., frame@5f3a...#2
EXPORTERS_PAGE = re.compile(
    r"(?:page_\d{1,9}(?:_(?:\d{1,9}|[\da-f]{8,64}))?|(?:page|frame)@[\da-f]{8,64})(?:#\d{1,9})?"
)
PAGE = re.compile(r"[\w.:#@ -]{1,80}")
OPAQUE_SCHEMES = ("data:", "javascript:", "view-source:data:", "about:srcdoc")
URL = re.compile(
    r"((?:[A-Za-z][\w+.-]*:)?(?://)?)(?:([^/?#]*)@)?([^/?#\\]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL
)
SLASH = re.compile(r"([/\\])")
WEB = ("http", "https", "ws", "wss", "blob")  # schemes of which a path is no folder of a computer
PACKAGES = ("node_modules", "npm", "deps")  # folders of packages, whose names may begin with an @
# Values that a protocol asks for and that say nothing of anyone, by their names: only where they look like it.
VERSION_NUMBER = r"v?\d{1,3}(?:\.\d{1,3}){0,3}"
PROTOCOLS_OWN = {
    name: re.compile(pattern, re.IGNORECASE)
    for names, pattern in (
        ("eio v vsn ver version apiversion api_version api-version protocol protocolversion", VERSION_NUMBER),
        ("protocol_version protocol-version negotiateversion x-nexus-version", VERSION_NUMBER),
        ("transport", "websockets?|polling|longpolling|webtransport|serversentevents|sse"),
        ("encoding format", "json|etf|msgpack|messagepack|protobuf|cbor|avro|text|binary"),
        ("compress", "zlib-stream|zstd-stream|gzip|deflate|true|false"),
    )
    for name in names.split()
}
SHORTEST_WORD = 3  # what is shorter stands for itself in too many places: it is masked as a whole part of a path alone
LONG_ENOUGH = 8  # shorter values are masked where they stand, and not looked for in other text


def _is_worded(run: str) -> bool:
    """Are the letters of a run those of words that can be spoken, with a number or two? Those of tokens are not."""
    letters = sum(map(str.isalpha, run))
    spoken = sum(len(word) for word in WORD.findall(run) if VOWEL.search(word) and not UNSPOKEN.search(word))
    return "@" not in run and "%40" not in run and 10 * spoken >= 9 * letters and len(DIGITS.findall(run)) < 4


@memoize(8192)  # captures of one application say the same things
def _has_one(text: str) -> bool:
    """Is there a run of characters in it that has the shape of a secret?"""
    return any(map(opaque, RUN.findall(text)))


@memoize(1024)
def _names_one(text: str) -> bool:
    """Does it name something as a secret?"""
    return NAMED.search(text) is not None


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


@memoize(8192)  # many findings are about one address
def shape(endpoint: str) -> str:
    """An endpoint without what differs from run to run: what is masked in its path by its shape is `*`."""
    head, path = _split(endpoint)
    return head + "/".join(_shape(part) for part in path.split("/"))


def _shape(part: str) -> str:
    if part.startswith("<token "):
        return "*"
    return _mask_segment(part, lambda _: "*", lambda it: it)


def _mask_segment(segment: str, mask: Callable[[str], str], shown: Callable[[str], str]) -> str:
    """A part of a path: what has the shape of a secret is masked, and each value with a name; the rest is shown."""
    if ";" in segment:  # RFC 3986, section 3.3
        name, *parameters = segment.split(";")
        return ";".join([_mask_segment(name, mask, shown), *(_mask_pair(it, mask) for it in parameters)])
    if segment.partition("=")[2].strip("="):
        return _mask_pair(segment, mask)
    return mask(segment) if opaque_segment(segment) or _names_one(decode(segment)) else shown(segment)


def _mask_pair(pair: str, mask: Callable[[str], str]) -> str:
    """A name and its value, which is masked unless it is a protocol's own; alone it may be a value."""
    name, equals, value = pair.partition("=")
    if not equals:
        return mask(name) if name else name
    own = PROTOCOLS_OWN.get(name.casefold())
    hidden = value if not value or (own is not None and own.fullmatch(value)) else mask(value)
    return (mask(name) if opaque_segment(name) else name) + "=" + hidden


def _split(address: str) -> tuple[str, str]:
    """`scheme://host` and the path."""
    start = address.find("/", address.find("://") + 3) if "://" in address else address.find("/")
    return (address[:start], address[start:]) if start >= 0 else (address, "")


def _is_file(scheme: str, host: str) -> bool:
    """Say whether the path of such an address is that of a file, not of a page of the web."""
    kind = scheme.partition(":")[0].casefold()
    if host.casefold().startswith("file+"):  # as VS Code shows files to its web views
        return True
    return kind == "file" or kind.startswith("vscode") or bool(kind and not host and kind not in WEB)


def has_host(url: str) -> bool:
    found = URL.match(url)
    return found is not None and bool(found[3])


class Masks:
    """Names for what is masked, given as it is met. What is masked in a capture depends on that capture alone; how it
    is called, without a key, on those before it.

    `ordinal`: the number of a new value of a kind (token, user); by default one more than before.
    """

    def __init__(
        self,
        secrets: bool = True,
        users: bool = True,
        key: str | None = None,
        ordinal: Callable[[str, str], int] | None = None,
    ) -> None:
        self.masks_secrets = secrets
        self.masks_users = users
        self.key = key
        self._ordinal = ordinal
        self.tokens: dict[str, str] = {}
        self.users: dict[str, str] = {}
        self._here: dict[str, str] = {}  # tokens of this capture
        self._urls: dict[str, str] = {}  # that were masked
        self._known: dict[str, str] = {}  # case folded, as it may be written -> the value
        self._index: dict[str, list[str]] = {}  # by its first word, where that may stand in a text
        self._known_users: set[str] = set()
        self._words_shown: dict[str, str] = {}  # names and the like
        self._said: dict[str, str] = {}  # texts that were masked
        self._code: dict[int, Initiator] = {}  # by id: a client opens from the same place again and again

    def result(self, result: Report | Unreadable) -> Report | Unreadable:
        return (
            self.report(result) if isinstance(result, Report) else Unreadable(result.source, self.text(result.problem))
        )

    def report(self, report: Report) -> Report:
        for of_capture in (self._here, self._urls, self._words_shown, self._known, self._index, self._known_users):
            of_capture.clear()
        if self.key is not None:  # names that can be worked out again need not be kept: a run may have millions
            self.tokens.clear()
            self.users.clear()
        # In the order in which a reader meets them, so that ordinals rise.
        self.learn(report.sessions)
        self._code.clear()
        sessions = tuple(self.session(session) for session in report.sessions)
        self.meet(report)
        sessions = tuple(self.said(session) for session in sessions)
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
                self._learn(value)
            if user and self.masks_users:
                self._known_users.add(user)

    def meet(self, report: Report) -> None:
        """All addresses, titles and texts, before any text is shown: what one of them names as a secret may stand in
        another."""
        for session in report.sessions:
            self.url(session.url)
            self.said(session)
        for page in report.capture.pages:
            self.page_id(page.id)
            self.title(page.url)
        self._said.clear()

    def _learn(self, value: str) -> None:
        for form in {value, quote(value, "", errors="surrogatepass"), json.dumps(value)[1:-1]}:
            folded = form.casefold()
            if folded not in self._known:
                self._known[folded] = value
                self._urls.clear()
                self._words_shown.clear()
                first = ALNUM.search(folded)
                if first is not None and len(folded) >= SHORTEST_WORD:
                    self._index.setdefault(first[0], []).append(folded)

    def capture(self, capture: Capture) -> Capture:
        exporter = capture.exporter
        return msgspec.structs.replace(
            capture,
            traces=(),
            exporter=msgspec.structs.replace(
                exporter,
                name=None if exporter.name is None else self.program(exporter.name),
                version=None if exporter.version is None else self.text(exporter.version),
                label=self.program(exporter.label),
            ),
            pages=tuple(self.page(page) for page in capture.pages),
            skipped=tuple(msgspec.structs.replace(it, problem=self.text(it.problem)) for it in capture.skipped),
        )

    def program(self, name: str) -> str:
        """The name of a program: as long as it may be, what is made of words is no secret."""
        runs = list(filter(opaque, RUN.findall(name)))
        worded = bool(runs) and all(map(_is_worded, runs)) and not _names_one(name)
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
            attribution=self.attribution(session.attribution),
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

    def attribution(self, told: Attribution) -> Attribution:
        client = told.client and Client(
            *(
                None if it is None else self.word(it)
                for it in (told.client.name, told.client.version, told.client.runtime)
            )
        )
        return msgspec.structs.replace(told, identity=self.identity(told.identity), client=client, secrets=())

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
            self._code[id(code)] = msgspec.structs.replace(
                code,
                url=None if code.url is None else self.url(code.url),
                function=None if code.function is None else self.word(code.function),
                component=None if code.component is None else self.word(code.component),
                stack=tuple(
                    Calls(
                        tuple(self.frame(frame) for frame in calls.frames),
                        None if calls.label is None else self.word(calls.label),
                    )
                    for calls in code.stack
                ),
            )
        return self._code[id(code)]

    def frame(self, frame: Frame) -> Frame:
        return msgspec.structs.replace(
            frame,
            function=None if frame.function is None else self.word(frame.function),
            url=None if frame.url is None else self.url(frame.url),
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
            message=self._shaped(message),
            why=None if finding.why is None else self.word(finding.why),
            proof=tuple(
                msgspec.structs.replace(it, said=self.word(it.said), frame=it.frame and self.frame(it.frame))
                for it in finding.proof
            ),
        )

    def url(self, url: str) -> str:
        if url not in self._urls:  # the frames of a stack name few files, again and again
            self._urls[url] = self._url(url)
        return self._urls[url]

    def _url(self, url: str) -> str:
        url = url.strip()
        scheme, colon, rest = url.partition(":")
        if url.lower().startswith(OPAQUE_SCHEMES):
            return scheme + colon + self.token(rest)
        scheme, _, host, path, query, fragment = URL.match(url).groups()  # type: ignore[union-attr]  # all optional
        address = scheme + host + self._path(scheme, host, path)
        asked = "" if query is None else "?" + "&".join(_mask_pair(it, self.token) for it in query.split("&"))
        return address + asked + ("" if fragment is None else "#" + self.token(fragment))

    def _path(self, scheme: str, host: str, path: str) -> str:
        shown, at = [], 0
        for start, end in find_homes(host, path, _is_file(scheme, host)):
            shown += [self._parts(path[at:start]), self._mask(path[start:end])]
            at = end
        return "".join([*shown, self._parts(path[at:])])

    def _parts(self, path: str) -> str:
        parts = SLASH.split(path)  # those of the path, with what is between them
        for place in range(0, len(parts), 2):
            part = parts[place]
            if not (part.startswith("@") and place and parts[place - 2] in PACKAGES):
                parts[place] = _mask_segment(part, self._mask, self._shown)
        return "".join(parts)

    def _shown(self, segment: str) -> str:
        return self._mask(segment) if segment.casefold() in self._known else self._words(segment)

    def text(self, text: str) -> str:
        """Any other text of a capture: addresses in it, known words, what was masked elsewhere, what has the shape of
        a secret or is named one."""
        if text not in self._said:
            shown = self.word(text)
            if self.masks_secrets:
                if _names_one(shown):
                    shown = NAMED.sub(lambda it: it[1] + self.token(it[2]), shown)
                shown = PIECE.sub(lambda it: self._here.get(it[0], it[0]), shown)
            self._said[text] = shown
        return self._said[text]

    def word(self, name: str) -> str:
        """The name of a function or the like: mostly itself."""
        if name not in self._words_shown:
            self._words_shown[name] = self._word(name)
        return self._words_shown[name]

    def _word(self, name: str) -> str:
        if "://" not in name:
            return self._plain(name)
        parts, at = [], 0
        for found in WITHIN.finditer(name):
            parts += [self._plain(name[at : found.start()]), self.url(found[0])]
            at = found.end()
        return "".join([*parts, self._plain(name[at:])])

    def _plain(self, text: str) -> str:
        """A text without addresses."""
        return self._shaped(self._words(mask_homes(text, self.token)))

    def _words(self, text: str) -> str:
        """Users, and what a provider's row says is secret, where they stand by themselves, in any case or encoding."""
        if not self._index:
            return text
        plain = unquote(text, errors="surrogateescape") if "%" in text else text
        folded = plain.casefold()
        if len(folded) != len(plain):  # a letter that folds to two: places would not fit
            folded = plain.lower() if len(plain.lower()) == len(plain) else plain
        kept = partial(quote, safe="", errors="surrogateescape") if plain is not text else str
        parts: list[str] = []
        at = 0
        for word in ALNUM.finditer(folded):
            if word.start() < at:
                continue
            for form in self._index.get(word[0], ()):
                start = word.start() - form.index(word[0])
                end = start + len(form)
                if start >= at and folded[start:end] == form and not folded[end : end + 1].isalnum():
                    parts += [kept(plain[at:start]), self._mask(form)]
                    at = end
                    break
        return "".join([*parts, kept(plain[at:])]) if parts else text

    def _shaped(self, text: str) -> str:
        return RUN.sub(lambda it: self.token(it[0]) if opaque(it[0]) else it[0], text) if _has_one(text) else text

    def _mask(self, form: str) -> str:
        """The mask of a value that is known, or of an opaque one, as it is written."""
        return self.token(self._known.get(form.casefold(), form))

    def token(self, secret: str) -> str:
        """The mask of a secret; that of a user, where it is one."""
        if secret in self._known_users:
            return self.user(secret)
        if not self.masks_secrets:
            return self._words(secret)
        if secret not in self.tokens:
            self.tokens[secret] = f"<token {self._name('token', secret, len(self.tokens) + 1)}>"
        self._here[secret] = self.tokens[secret]
        return self.tokens[secret]

    def user(self, user: str) -> str:
        if not self.masks_users:
            return user
        if user not in self.users:
            self.users[user] = f"user-{self._name('user', user, len(self.users) + 1)}"
        return self.users[user]

    def _name(self, kind: str, value: str, next: int) -> str | int:
        if self.key is not None:
            return digest(self.key, kind, value)[:12]
        return next if self._ordinal is None else self._ordinal(kind, value)


def digest(key: str, kind: str, value: str) -> str:
    """HMAC-SHA256 of a value, in hex: equal for equal values, and telling nothing to whom lacks the key."""
    import hmac

    data = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
    return hmac.digest(key.encode("utf-8", "surrogatepass"), data, "sha256").hex()

"""Rules and causes: an id, a title, and a pure function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cache

from analyzer.model.finding import Finding, Severity
from analyzer.model.needs import Need
from analyzer.model.policy import Policy
from analyzer.model.report import NotChecked, Report
from analyzer.model.sentence import Sentence
from analyzer.model.session import Proof, Session
from analyzer.model.text import join_words
from analyzer.model.value import Value


class Explanation(Value, frozen=True):
    """Why sockets were open at the same time, where the capture shows it."""

    why: Sentence
    proof: tuple[Proof, ...]
    remedy: str | None = None  # None: that of the rule
    link: str | None = None
    sure: bool = True  # False: another cause that looks the same in this capture is not ruled out


class Cause(Value, frozen=True):
    """Why several sockets were open at once: a pure function over what a rule says of an overlap, proven or possible,
    and sessions in the order in which they were asked for; its module's docstring is its manual page.

    The sessions are some of the finding's that have the same `key`, each of which was open together with another of
    them: certainly, where the overlap is proven. So a cause names no socket that was alone.

    `sign`: is this on a socket without which the cause explains nothing? It may look at the code that opened the socket
    and at the service alone, and is asked once for each of these.
    """

    id: str
    title: str
    explain: Callable[[Finding, Sequence[Session]], Explanation | None]
    key: Callable[[Session], Hashable] = lambda _: None  # None: this socket is none of the cause's business
    sign: Callable[[Session], bool] | None = None  # None: it has no such sign
    dev_only: bool = False  # production does not have it
    at_most: Severity | None = None  # an overlap that it explains is not graver
    of_possible: bool = False  # it explains overlaps that are not certain, too
    of_all: bool = False  # its function gets all sessions of the capture: what closed before tells, too

    @property
    def manual(self) -> str:
        """Return its manual page: the docstring of its module."""
        return (sys.modules[self.explain.__module__].__doc__ or "").strip()


def concerns_every(session: Session, policy: Policy) -> bool:
    """Say yes for every socket: most rules may speak of any. A function with a name can be pickled for a worker."""
    return True


def concerns_users(session: Session, policy: Policy) -> bool:
    """Check whether a socket has a user, or may have one that the capture does not show."""
    return session.may_have_user


MATTERS = "Why it matters: "  # begins that paragraph of a manual page


class Rule(Value, frozen=True):
    """What is wrong: an id, a title for lists, how severe it mostly is, and a pure function.

    `gravest`: no finding is graver than this; None: than `severity`.

    `counts`: it is about what was open at the same time, so it cannot be told where that cannot.
    `needs`: what a capture must record of one socket at least, else the rule says nothing, whatever happened.
    `concerns`: is this socket one that the rule may speak of? No capture makes it speak of the others.
    `least`: how many of them must at least have been open at the same time, certainly or possibly.
    """

    id: str
    title: str
    severity: Severity
    check: Callable[[Report, Policy], Iterable[Finding]]
    needs: tuple[Need, ...] = ()
    concerns: Callable[[Session, Policy], bool] = concerns_every
    least: int = 1
    counts: bool = False
    has_cause: bool = False  # what it says is of an overlap, which has a cause
    ends: bool = False  # it is about sockets that end: the sooner they may have, the worse
    fold: Callable[[Report, Sequence[Finding]], Sentence] | None = (
        None  # says of equal findings in one sentence what they say
    )
    gravest: Severity | None = None

    @property
    def manual(self) -> str:
        """Its manual page: the docstring of its module."""
        return (sys.modules[self.check.__module__].__doc__ or "").strip()

    @property
    def importance(self) -> str:
        """Return why it matters, from its manual page, as plain text; empty where that does not say so."""
        return _find_importance(self.manual)


@cache  # a page of many captures says it of each
def _find_importance(manual: str) -> str:
    paragraphs = [" ".join(paragraph.split()) for paragraph in manual.split("\n\n")]
    sentence = next((it.removeprefix(MATTERS) for it in paragraphs if it.startswith(MATTERS)), "")
    return (sentence[:1].upper() + sentence[1:]).replace("`", "")


def list_unchecked(rules: Iterable[Rule], report: Report) -> tuple[NotChecked, ...]:
    """List the rules of which the capture records for no socket all that they need, each with what is missing.

    Only sockets that opened, count and concern the rule are asked: without enough of them there is nothing to check. A
    rule that is off is not meant to say anything.
    """
    policy, pages = report.policy, {page.id: page for page in report.capture.pages}
    opened = [it for it in report.sessions if it.possible is not None and policy.counts(it)]
    off = {id for id, severity in policy.severities if severity is None}

    def has_all(session: Session, needs: tuple[Need, ...]) -> bool:
        page = pages.get(session.page or "")
        for need in needs:  # noqa: SIM110 - a generator for each of thousands of sockets costs more
            if not need.is_met(session, page):
                return False
        return True

    chosen: dict[Callable[[Session, Policy], bool], list[Session]] = {concerns_every: opened}
    unchecked = []
    for rule in rules:
        if not rule.needs or rule.id in off:
            continue
        sessions = chosen.get(rule.concerns)
        if sessions is None:
            sessions = chosen[rule.concerns] = [it for it in opened if rule.concerns(it, policy)]
        if len(sessions) < rule.least or any(has_all(session, rule.needs) for session in sessions):
            continue
        if not _were_open(rule.least, sessions, report):
            continue
        missing = [need for need in rule.needs if not any(has_all(session, (need,)) for session in sessions)]
        unchecked.append(NotChecked(rule.id, _reason(missing, rule.needs)))
    return tuple(unchecked)


def _were_open(least: int, sessions: Sequence[Session], report: Report) -> bool:
    """Check whether at least `least` of these sockets, all of which opened, were possibly open at the same time."""
    ids = {session.id for session in sessions}
    return len(ids) >= least and (
        least == 1 or any(len(ids.intersection(overlap.sessions)) >= least for overlap in report.overlaps)
    )


def _reason(missing: Sequence[Need], needs: Sequence[Need]) -> str:
    """Say what the capture records of no socket; where that is nothing, that it records all of it of none."""
    if missing:
        return f"this capture has {join_words([need.lack for need in missing])}"
    return f"no socket of this capture has {join_words([need.thing for need in needs])}"

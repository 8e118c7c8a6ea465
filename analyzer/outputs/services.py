"""The services of a capture in plain words: whose sockets, how many at once, and what the service documents.

All outputs say the same. Names of users and addresses come from the capture: each output makes them harmless.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer import overlaps
from analyzer.model import Group, Limit, Policy, Provider, Report, Scope, Session, Value

ELSEWHERE = "one browser seen, other tabs and devices count too"
USERS = 6  # that are told one by one


class Service(Value, frozen=True):
    """A service in this capture, and how what was seen stands to what it documents. Sentences without a full stop."""

    name: str
    sockets: str
    limits: tuple[str, ...]
    billing: str | None
    clients: str | None
    sources: tuple[tuple[str, str], ...]  # of the limits: URL, and the date on which it said so

    @property
    def sentences(self) -> str:
        told = (self.sockets, *self.limits, self.billing, self.clients)
        return ". ".join(part for part in told if part) + "."


def title(group: Group) -> str:
    """`Stream Chat, user-1`; where no service is known, the endpoint; a page's id."""
    if group.per is Scope.PAGE:
        return f"page {dict(group.key).get('page') or 'not recorded'}"
    name = group.provider.name if group.provider is not None else ""
    user = "user not known" if name and group.per is Scope.USER and not dict(group.key).get("user") else ""
    return ", ".join(part for part in (name, user or _within(group)) if part) or "address not known"


def _within(group: Group) -> str:
    """What tells a group from the others of its service: its user; without one its address or page."""
    key = dict(group.key)
    return key.get("user") or (key.get("endpoint") or "").partition("://")[2] or key.get("page") or ""


def told(report: Report, policy: Policy) -> list[Service]:
    """Each known service with its users, and its limits whenever it has any."""
    by_service: dict[str, list[Group]] = {}
    for group in report.groups:
        if group.provider is not None:
            by_service.setdefault(group.provider.id, []).append(group)
    return [_service(groups, report, policy) for groups in by_service.values()]


def _service(groups: Sequence[Group], report: Report, policy: Policy) -> Service:
    provider = groups[0].provider
    assert provider is not None
    members = report.named(id for group in groups for id in group.sessions)
    limits = (_per_user(provider, overlaps.groups(members, Scope.USER), policy), _others(provider))
    return Service(
        name=f"{provider.name}{_whose(members)}",
        sockets=_counts(groups),
        limits=tuple(part for part in limits if part),
        billing=f"Billed {provider.billing}" if provider.billing else None,
        clients=_clients(members),
        sources=tuple(dict.fromkeys((limit.source, limit.checked) for limit in provider.limits)),
    )


def _whose(members: Sequence[Session]) -> str:
    """What is to be known of a service that is not the application's."""
    if all(session.extension for session in members):
        return " (a browser extension's)"
    return " (development only)" if all(session.dev_only for session in members) else ""


def _counts(groups: Sequence[Group]) -> str:
    told = [f"{_within(group)}: {_count(group)}" if _within(group) else _count(group) for group in groups[:USERS]]
    more = f"; and {len(groups) - USERS:,} more" if len(groups) > USERS else ""
    return "; ".join(told) + more


def _count(group: Group) -> str:
    """How many, and how many at once: what is proven from below, what is possible from above."""
    assert group.provider is not None
    many = "1 socket" if len(group.sessions) == 1 else f"{len(group.sessions):,} sockets"
    least, most = group.proven_peak, group.possible_peak
    if len(group.sessions) > 1 and most:
        at_once = f"up to {least} at once" if least == most else f"at least {least}, perhaps {most} at once"
        many += f", {'one at a time' if most == 1 else at_once}"
    return many + (f" ({group.provider.per_page} a page by design)" if group.provider.per_page > 1 else "")


def _per_user(provider: Provider, users: Sequence[Group], policy: Policy) -> str:
    """`Limit per user: 3 in development mode (1 too many), 50 in production; one browser seen, ...`"""
    limits = [limit for limit in provider.limits if limit.scope == "user"]
    if not limits:
        return ""
    sure = max((group.proven_peak for group in users), default=0)
    perhaps = max((group.possible_peak for group in users), default=0)
    told = [
        _limit(limit, first=n == 0)
        + (_excess(sure - limit.max, perhaps - limit.max) if policy.app_mode in (None, limit.mode) else "")
        for n, limit in enumerate(limits)
    ]
    return f"Limit per user: {', '.join(told)}; {ELSEWHERE}"


def _limit(limit: Limit, first: bool) -> str:
    if limit.mode not in ("development", "production"):
        return f"{limit.max:,}" + (f" ({limit.mode})" if limit.mode else "")
    return f"{limit.max:,} in {limit.mode}" + (" mode" if first else "")


def _excess(sure: int, perhaps: int) -> str:
    if sure > 0:
        return f" ({sure:,} too many)"
    return f" (cannot rule out {perhaps:,} too many)" if perhaps > 0 else ""


def _others(provider: Provider) -> str:
    """Limits that are not counted per user."""
    others = [limit for limit in provider.limits if limit.scope != "user"]
    told = [f"{limit.max:,} per {limit.scope}" + (f" ({limit.mode})" if limit.mode else "") for limit in others]
    return f"Documented limit: {', '.join(told)}" if told else ""


def _clients(members: Sequence[Session]) -> str | None:
    clients = dict.fromkeys(client(session) for session in members if session.client is not None)
    return f"Client: {', '.join(clients)}" if clients else None


def client(session: Session) -> str:
    """`stream-chat-js 9.53.0 (browser)`."""
    it = session.client
    if it is None:
        return ""
    name = " ".join(part for part in (it.name, it.version) if part)
    return f"{name} ({it.runtime})" if it.runtime else name

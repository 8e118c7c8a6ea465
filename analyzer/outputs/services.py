"""The services of a capture in plain words: whose sockets, how many at once, and what the service documents."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.model import Group, Limit, Provider, Report, Scope, Session

ELSEWHERE = "one browser seen, other tabs and devices count too"
USERS = 6  # that are told one by one


def title(group: Group) -> str:
    """`Stream Chat, user-1`; where no service is known, the endpoint; a page's id."""
    key = dict(group.key)
    name = group.provider.name if group.provider is not None else ""
    return ", ".join(part for part in (name, _within(group)) if part) or key.get("page") or "no page"


def _within(group: Group) -> str:
    """What tells a group from the others of its service: its user; without one its address or page."""
    key = dict(group.key)
    return key.get("user") or (key.get("endpoint") or "").partition("://")[2] or key.get("page") or ""


def sentences(report: Report) -> list[tuple[str, str]]:
    """For each known service its name and what is known of it, with its limits whenever it has any."""
    by_service: dict[str, list[Group]] = {}
    for group in report.groups:
        if group.provider is not None:
            by_service.setdefault(group.provider.id, []).append(group)
    return [_told(groups, report) for groups in by_service.values()]


def _told(groups: Sequence[Group], report: Report) -> tuple[str, str]:
    provider = groups[0].provider
    assert provider is not None
    members = report.named(id for group in groups for id in group.sessions)
    parts = [_counts(groups), _limits(groups), _documented(provider), _clients(members)]
    name = f"{provider.name} (development only)" if provider.dev_only else provider.name
    return name, ". ".join(part for part in parts if part) + "."


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


def _limits(groups: Sequence[Group]) -> str:
    """`Limit per user: 3 in development mode (1 too many), 50 in production; one browser seen, ...`"""
    if not groups[0].limits:
        return ""
    most = max((group.proven_peak for group in groups if group.per is Scope.USER), default=0)
    told = [_limit(limit, most, first=n == 0) for n, limit in enumerate(groups[0].limits)]
    return f"Limit per user: {', '.join(told)}; {ELSEWHERE}"


def _limit(limit: Limit, open_at_once: int, first: bool) -> str:
    mode = f" in {limit.mode}{' mode' if first else ''}" if limit.mode in ("development", "production") else ""
    plan = f" ({limit.mode})" if limit.mode and not mode else ""
    excess = open_at_once - limit.max
    return f"{limit.max:,}{mode}{plan}" + (f" ({excess:,} too many)" if excess > 0 else "")


def _documented(provider: Provider) -> str:
    """Limits that are not counted per user, and how the service bills."""
    others = [limit for limit in provider.limits if limit.scope != "user"]
    told = [f"{limit.max:,} per {limit.scope}" + (f" ({limit.mode})" if limit.mode else "") for limit in others]
    limits = f"Documented limit: {', '.join(told)}" if told else ""
    billing = f"Billed {provider.billing}" if provider.billing else ""
    return ". ".join(part for part in (limits, billing) if part)


def _clients(members: Sequence[Session]) -> str:
    clients = dict.fromkeys(client(session) for session in members if session.client is not None)
    return f"Client: {', '.join(clients)}" if clients else ""


def client(session: Session) -> str:
    """`stream-chat-js 9.53.0 (browser)`."""
    it = session.client
    if it is None:
        return ""
    name = " ".join(part for part in (it.name, it.version) if part)
    return f"{name} ({it.runtime})" if it.runtime else name

"""Describe the services of a capture, the same in every output: users, sockets, peaks and documented limits.

Names of users and addresses come from the capture: each output makes them harmless.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer import overlaps
from analyzer.model import Group, Policy, Provider, Report, Scope, Session, Value, join_some, plural

ELSEWHERE = "Other tabs and devices also count"
EXCEEDED = r"(?<!possibly )exceeded by [\d,]*\d"  # in its sentences
USERS = 6  # that are named one by one


class Service(Value, frozen=True):
    """Hold a service in this capture, compared with its documented limits. Sentences have no full stop."""

    name: str
    sockets: str
    limits: tuple[str, ...]
    billing: str | None
    clients: str | None
    sources: tuple[tuple[str, str], ...]  # of the limits: URL, and the date on which it said so

    @property
    def sentences(self) -> str:
        parts = (self.sockets, *self.limits, self.billing, self.clients)
        return ". ".join(part for part in parts if part) + "."


def title(group: Group) -> str:
    """Name a group: `Stream Chat, user-1`; where no service is known, its address; a page by its id."""
    if group.per is Scope.PAGE:
        return f"page {dict(group.key).get('page') or 'not recorded'}"
    if group.per is Scope.CONTEXT:
        return f"browser context {(dict(group.key).get('user_context') or 'not recorded').removeprefix('context_')}"
    name = group.provider.name if group.provider is not None else ""
    user = "unknown user" if name and group.per is Scope.USER and not dict(group.key).get("user") else ""
    return ", ".join(part for part in (name, user or _within(group)) if part) or "unknown address"


def _within(group: Group) -> str:
    """Name what sets a group apart within its service: its user; without one its address or page."""
    key = dict(group.key)
    return key.get("user") or (key.get("endpoint") or "").partition("://")[2] or key.get("page") or ""


def list_services(report: Report, policy: Policy) -> list[Service]:
    """List each known service with its users, and its limits where it has any."""
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
    """Name who else than the application uses the service."""
    if all(session.extension for session in members):
        return " (a browser extension's)"
    return " (development only)" if all(session.dev_only for session in members) else ""


def _counts(groups: Sequence[Group]) -> str:
    each = [f"{_within(group)}: {_count(group)}" if _within(group) else _count(group) for group in groups]
    return join_some(each, USERS, "; ")


def _count(group: Group) -> str:
    """Count the sockets: `4 sockets, peak 4`; where the peak is not certain, its bounds: `peak 1 to 2`."""
    assert group.provider is not None
    number = plural(len(group.sessions), "socket")
    least, most = group.proven_peak, group.possible_peak
    if len(group.sessions) > 1 and most:
        number += f", peak {least:,}" if least == most else f", peak {least:,} to {most:,}"
    return number + (f" ({group.provider.per_page} per page by design)" if group.provider.per_page > 1 else "")


def _per_user(provider: Provider, users: Sequence[Group], policy: Policy) -> str:
    """Write the limits per user.

    `Limit per user: 3 (development, exceeded by 1), 50 (production). Other tabs and devices also count`
    """
    limits = [limit for limit in provider.limits if limit.scope == "user"]
    if not limits:
        return ""
    certain = max((group.proven_peak for group in users), default=0)
    possible = max((group.possible_peak for group in users), default=0)
    parts = []
    for limit in limits:
        applies = policy.app_mode in (None, limit.mode)
        excess = _excess(certain - limit.max, possible - limit.max) if applies else ""
        notes = ", ".join(filter(None, (limit.mode, excess)))
        parts.append(f"{limit.max:,}" + (f" ({notes})" if notes else ""))
    return f"Limit per user: {', '.join(parts)}. {ELSEWHERE}"


def _excess(certain: int, possible: int) -> str:
    if certain > 0:
        return f"exceeded by {certain:,}"
    return f"possibly exceeded by {possible:,}" if possible > 0 else ""


def _others(provider: Provider) -> str:
    """Write the limits that are not counted per user."""
    others = [limit for limit in provider.limits if limit.scope != "user"]
    parts = [f"{limit.max:,} per {limit.scope}" + (f" ({limit.mode})" if limit.mode else "") for limit in others]
    return f"Documented limit: {', '.join(parts)}" if parts else ""


def _clients(members: Sequence[Session]) -> str | None:
    clients = dict.fromkeys(client(session) for session in members if session.client is not None)
    return f"Client: {', '.join(clients)}" if clients else None


def client(session: Session) -> str:
    """Name the library that opened a socket: `stream-chat-js 9.53.0 (browser)`."""
    library = session.client
    if library is None:
        return ""
    name = " ".join(part for part in (library.name, library.version) if part)
    return f"{name} ({library.runtime})" if library.runtime else name

"""Group the lanes of a capture: as its sockets are counted together, in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.model import Group, Report, Scope, Value
from analyzer.timeline.axis import Axis
from analyzer.timeline.lanes import Lane

SEPARATE = 8  # addresses of one host that get a section each; more are one section


class Section(Value, frozen=True):
    """Hold lanes that are drawn under one heading, in order of time."""

    groups: tuple[Group, ...]  # one; or several addresses: of `host`, or with one socket each
    lanes: tuple[Lane, ...]
    host: str = ""

    @property
    def peaks(self) -> tuple[int, int]:
        """Return how many of one group were open at the same time at most: certainly, and possibly."""
        return max(it.proven_peak for it in self.groups), max(it.possible_peak for it in self.groups)

    @property
    def total(self) -> int:
        """Count its sockets, also those that are not on the axis."""
        return sum(len(group.sessions) for group in self.groups)


def sections_of(report: Report, lanes: Iterable[Lane], axis: Axis) -> tuple[Section, ...]:
    """Group the lanes that have a sign on the axis, by which section begins first.

    Many addresses of one host are one section, and so are addresses with one socket each, at the end: a heading per
    lane would only be noise.
    """
    by_id = {lane.session.id: lane for lane in lanes if lane.is_within(axis)}
    hosts: dict[str, list[Group]] = {}
    for group in report.groups:
        hosts.setdefault(_host(group), []).append(group)
    crowded = {host for host, groups in hosts.items() if host and len(groups) > SEPARATE}
    apart = [group for host, groups in hosts.items() if host not in crowded for group in groups]
    single = [group for group in apart if _is_single(group)]
    if len(single) < 2:
        single = []
    sections = [_section([group], by_id) for group in apart if not (single and _is_single(group))]
    sections += [_section(hosts[host], by_id, host) for host in crowded]
    sections.sort(key=lambda section: [lane.order for lane in section.lanes[:1]])
    rest = [_section(single, by_id)] if single else []
    return tuple(section for section in (*sections, *rest) if section.lanes)


def _section(groups: Sequence[Group], lanes: dict[str, Lane], host: str = "") -> Section:
    members = [lanes[id] for group in groups for id in group.sessions if id in lanes]
    return Section(tuple(groups), tuple(sorted(members, key=lambda lane: lane.order)), host)


def _is_single(group: Group) -> bool:
    return bool(_host(group)) and len(group.sessions) == 1


def _host(group: Group) -> str:
    if group.per is not Scope.ENDPOINT:
        return ""
    return (dict(group.key).get("endpoint") or "").partition("://")[2].partition("/")[0]


def choose(sections: Sequence[Section], most: int) -> list[int]:
    """Choose the places of the sections to show by themselves, where there is room for this many.

    Those with the most sockets open at the same time come first, then those with the most sockets.
    """
    ranks = sorted(range(len(sections)), key=lambda n: (*sections[n].peaks, len(sections[n].lanes)), reverse=True)
    return sorted(ranks[:most])

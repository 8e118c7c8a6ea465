"""Name what a timeline shows, the same in text, page and chart: groups, sockets, page loads, limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from analyzer.intervals import Interval
from analyzer.model import Outcome, Page, PageKind, Session, plural
from analyzer.model.text import join_some
from analyzer.timeline import Axis, Lane, Layout, Line, Scale, Section
from analyzer.wording import facts, instants, lifetimes, origins
from analyzer.wording.harmless import safe, safe_middle

LONGEST = 100  # letters of an address
OVERLAPS = 3  # that are described one by one
AT_END = "still open at the end"
MARKS = {  # what each mark means, for the legend of a picture
    "proven": "certainly open",
    "possible": "possibly open",
    "proven-endless": f"arrow: {AT_END}",
    "possible-endless": f"arrow: possibly {AT_END}",
    "connecting": "connecting",
    "failed": f"failed: {lifetimes.OUTCOMES[Outcome.FAILED].brief}",
    "overlap": "2 or more certainly open",
    "possible-overlap": "2 or more possibly open",
}


def titles(sections: Sequence[Section]) -> list[str]:
    """Name each section: by what its sockets are counted for, and by the app where that is the same for several."""
    names = [_title(section) for section in sections]
    several = {name for name, count in Counter(names).items() if count > 1}
    return [
        f"{name}, {app}" if name in several and (app := dict(section.groups[0].key).get("app")) else name
        for name, section in zip(names, sections, strict=True)
    ]


def _title(section: Section) -> str:
    if section.host:
        return f"{safe_middle(section.host, 120)}, {len(section.groups):,} addresses"
    if len(section.groups) > 1:
        return f"{len(section.groups):,} addresses, one socket each"
    return facts.group_name(section.groups[0])


def note(section: Section, axis: Axis) -> str:
    """Count the sockets of a section, and say how many were open at the same time: `3 of 4 sockets, peak 2`."""
    many = plural(section.total, "socket")
    parts = [f"{len(section.lanes):,} of {many}" if len(section.lanes) < section.total else many]
    if len(section.groups) == 1 and section.total > 1:
        parts.append(_peak(*section.peaks) + (" in the whole capture" if axis.cut_start or axis.cut_end else ""))
    return ", ".join(parts)


def _peak(proven: int, possible: int) -> str:
    if possible < 2:
        return "one at a time"
    if proven == possible:
        return f"peak {proven:,}"
    return f"possible peak {possible:,}" if proven < 2 else f"peak {proven:,}, possible peak {possible:,}"


def common(section: Section) -> int:
    """Count the letters with which every address of a section begins: the host, or all of it."""
    by_endpoint = {lane.session.endpoint: lane.session for lane in section.lanes}
    addresses = set(map(address, by_endpoint.values()))
    if len(addresses) == 1:
        return len(next(iter(addresses)))
    hosts = {it.partition("/")[0] for it in addresses}
    return len(next(iter(hosts))) if len(hosts) == 1 else 0


def label(lane: Lane, common: int) -> str:
    """Name what sets a lane apart from its neighbours: `#12 /ws`."""
    return f"#{lane.session.id[1:]} {address(lane.session)[common:]}".rstrip()


class Caption(NamedTuple):
    """Hold who opened a socket, and from when to when it was open; empty where that is not recorded."""

    who: str  # `alice`
    opener: str  # `<ChatPage> ChatPage.tsx:31`
    span: str  # by what is certain

    def __str__(self) -> str:
        return " · ".join(part for part in self if part)


def caption(lane: Lane, axis: Axis) -> Caption:
    """Say whose a socket is, what opened it, and when it was open, in few words."""
    session = lane.session
    user = session.identity.user if session.identity is not None else None
    return Caption(safe_middle(user or "", 40), safe_middle(origins.brief(session), 60), lifetimes.span(session, axis))


def describe(verdict: Sequence[str], layout: Layout) -> str:
    """Say what a picture of a capture shows, for those who do not see it: the verdict, how many, and when."""
    sentences = [safe(sentence, 400) for sentence in verdict]
    if not layout.lanes:
        return " ".join(sentences)
    (certain, possible), axis = layout.peaks, layout.axis
    whole = " in the whole capture" if axis.cut_start or axis.cut_end else ""
    sentences.append(
        f"The timeline shows {plural(len(layout.lanes), 'socket')}: at most {certain:,} certainly open at the same "
        f"time{whole}, and {possible:,} possibly."
    )
    period = Interval(axis.start, axis.end if axis.cut_end else None)
    if spans := [_when(overlap, axis) for overlap in layout.overlaps if overlap.meet(period)]:
        sentences.append(f"Certain overlap: {join_some(spans, OVERLAPS)}.")
    return " ".join(sentences)


def _when(interval: Interval, axis: Axis) -> str:
    end = "the end" if interval.end is None else instants.since(interval.end, axis)
    return f"{instants.since(interval.start, axis)} to {end}"


def address(session: Session) -> str:
    return safe_middle(session.endpoint.partition("://")[2] or session.endpoint, LONGEST)


def load_kind(page: Page) -> str:
    return "page" if page.kind is PageKind.UNKNOWN else page.kind.value


def page_name(page: Page) -> str:
    """Name a page by its path, where it goes by its address, without query and fragment."""
    scheme, separator, rest = page.url.partition("://")
    if not separator or not scheme.isalpha():
        return safe_middle(page.url, 60)
    path = rest.partition("?")[0].partition("#")[0]
    slash = path.find("/")
    return safe_middle(path[slash:] if slash >= 0 else path, 60)


def limit(line: Line) -> str:
    """Say who limits what: `Stream Chat allows 3 per user in development mode`."""
    if line.limit is None or line.provider is None:
        return f"the policy allows {line.level:,}"
    mode = f" in {line.limit.mode} mode" if line.limit.mode else ""
    return f"{line.provider.name} allows {line.level:,} per {line.limit.scope}{mode}"


def short_limit(line: Line) -> str:
    """Say the same in two words, beside its line: `3 development`."""
    if line.limit is None or line.provider is None:
        return f"{line.level:,} allowed"
    return f"{line.level:,} {line.limit.mode or line.provider.name}"


def describe_scale(scale: Scale) -> str:
    """Say what is counted on a scale: `open sockets: certain peak 3, possible peak 5`."""
    kinds = {"certain": scale.proven, "possible": scale.possible}
    peaks = [f"{kind} peak {max(level for _, level in steps):,}" for kind, steps in kinds.items() if steps]
    return ": ".join(filter(None, ("open sockets", ", ".join(peaks))))

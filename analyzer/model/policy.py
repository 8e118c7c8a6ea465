"""What is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from analyzer import arguments
from analyzer.durations import Microseconds
from analyzer.model.capture import Assume, Where
from analyzer.model.finding import Finding, Severity
from analyzer.model.session import Session
from analyzer.model.time import MILLISECOND, SECOND
from analyzer.model.value import Value


class Scope(StrEnum):
    """Within what sockets are counted together."""

    CAPTURE = "capture"
    CONTEXT = "context"
    PAGE = "page"
    ENDPOINT = "endpoint"
    SERVICE = "service"
    USER = "user"


class Reach(StrEnum):
    """Which sockets findings are about, if a HAR of one tab and a log of the whole browser are analysed together."""

    TAB = "tab"
    BROWSER = "browser"


class AppMode(StrEnum):
    """Which of a service's limits holds."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def _severity(rule: str, value: object) -> Severity | None:
    if arguments.is_never(value):
        return None
    return arguments.word(f"severities, {rule}", value, Severity, arguments.SEVERITIES)


class _NamesChecked(msgspec.StructMeta):
    """Refuse a value without a name, and a keyword that is no field, for which the nearest one is named."""

    def __call__(self, *args: Any, **settings: Any) -> Any:
        fields: tuple[str, ...] = self.__struct_fields__
        if args:
            raise TypeError(f"{self.__name__} takes settings by name, such as {fields[0]}=...")
        for name in settings:
            if name not in fields:
                raise TypeError(f"{self.__name__} has no setting {name!r}{arguments.hint(name, fields)}")
        return super().__call__(*args, **settings)


class Policy(Value, frozen=True, kw_only=True, metaclass=_NamesChecked):
    """Say what is allowed. A policy decides on findings only: verdict and overlaps count every socket.

    per: count sockets together within one `capture`, `context` (of a browser), `page`, `endpoint`, `service` or `user`.
    scope: with a HAR of one tab and a log of the whole browser, count the sockets of the `tab` or of the `browser`.
    None: of the browser if `per` asks for an endpoint, service or user, else of the tab.
    max_open: how many may be open at the same time, 1 or more.
    tolerance: a shorter overlap is brief, which is a note.
    app_mode: `development` or `production`: which of a service's documented limits to enforce. None: neither.
    count_dev_servers, count_extensions: count the sockets of development servers, of browser extensions.
    severities: per rule id `note`, `warning`, `error` or `off`, in place of the rule's own.
    fail_on: `note`, `warning` or `error`: the least severity that fails a check; `never`: no finding fails.
    allow_undecided, allow_empty: pass captures that cannot prove it; captures in which no socket opened.
    baseline: fingerprints of findings that are known, and pass.
    baseline_peaks: per fingerprint how many sockets may be open at the same time for the finding to pass.
    assume: `no-bfcache`, `bfcache`, `recorded-from-start`: what the capture does not show.
    ghost_beats: heartbeats that a socket may miss before it counts as a ghost.
    storm_opens: reconnects per minute that count as a storm.
    outlives: how long a socket may stay open after its page was left.

    A duration is a `timedelta`, a text such as `"250ms"` or `"1.5 s"`, or a number of milliseconds. The policy holds
    it in microseconds. Raises ValueError for a value and TypeError for a name that it does not know.
    """

    per: Scope = Scope.CAPTURE
    scope: Reach | None = None
    max_open: int = 1
    tolerance: Microseconds = Microseconds(250 * MILLISECOND)
    app_mode: str | None = None
    count_dev_servers: bool = False
    count_extensions: bool = False
    severities: tuple[tuple[str, Severity | None], ...] = ()  # None: off
    fail_on: Severity | None = Severity.WARNING  # None: never
    allow_undecided: bool = False
    allow_empty: bool = False
    baseline: frozenset[str] = frozenset()
    baseline_peaks: tuple[tuple[str, int], ...] = ()
    assume: frozenset[Assume] = frozenset()
    ghost_beats: int = 2  # one may be late
    storm_opens: int = 10  # a client that waits twice as long after each failure makes 7
    outlives: Microseconds = Microseconds(1 * SECOND)  # the swap of documents takes 0.2 s
    file: str | None = None  # the settings file that it is from, as far as options do not say else

    if TYPE_CHECKING:  # wider than the fields: they hold what is given in one form

        def __init__(
            self,
            *,
            per: Scope | str = "capture",
            scope: Reach | str | None = None,
            max_open: int = 1,
            tolerance: timedelta | str | float = "250ms",
            app_mode: str | None = None,
            count_dev_servers: bool = False,
            count_extensions: bool = False,
            severities: Mapping[str, Severity | str | None] | Iterable[tuple[str, Severity | str | None]] = (),
            fail_on: Severity | str | None = "warning",
            allow_undecided: bool = False,
            allow_empty: bool = False,
            baseline: Iterable[str] = (),
            baseline_peaks: Mapping[str, int] | Iterable[tuple[str, int]] = (),
            assume: Assume | str | Iterable[Assume | str] = (),
            ghost_beats: int = 2,
            storm_opens: int = 10,
            outlives: timedelta | str | float = "1s",
            file: str | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        pairs = self.severities.items() if isinstance(self.severities, Mapping) else self.severities
        peaks = self.baseline_peaks.items() if isinstance(self.baseline_peaks, Mapping) else self.baseline_peaks
        assumed = (self.assume,) if isinstance(self.assume, str) else self.assume
        checked: dict[str, Any] = {
            "per": arguments.word("per", self.per, Scope, arguments.SCOPES),
            "scope": self.scope and arguments.word("scope", self.scope, Reach),
            "max_open": arguments.count("max_open", self.max_open, 1),
            "tolerance": arguments.duration("tolerance", self.tolerance),
            "app_mode": self.app_mode and arguments.word("app_mode", self.app_mode, AppMode, arguments.APP_MODES).value,
            "severities": tuple((rule, _severity(rule, given)) for rule, given in pairs),
            "fail_on": None
            if arguments.is_never(self.fail_on)
            else arguments.word("fail_on", self.fail_on, Severity, arguments.SEVERITIES),
            "baseline": frozenset(arguments.texts("baseline", self.baseline)),
            "baseline_peaks": tuple((key, arguments.count("baseline_peaks", peak, 1)) for key, peak in peaks),
            "assume": frozenset(arguments.word("assume", it, Assume) for it in arguments.texts("assume", assumed)),
            "ghost_beats": arguments.count("ghost_beats", self.ghost_beats, 1),
            "storm_opens": arguments.count("storm_opens", self.storm_opens, 2),
            "outlives": arguments.duration("outlives", self.outlives),
        }
        for name in ("count_dev_servers", "count_extensions", "allow_undecided", "allow_empty"):
            checked[name] = arguments.switch(name, getattr(self, name))
        for name, value in checked.items():
            msgspec.structs.force_setattr(self, name, value)

    def fails(self, severity: Severity) -> bool:
        """Check whether a finding of this severity fails, unless it is in the baseline."""
        return self.fail_on is not None and severity.at_least(self.fail_on)

    def accepts(self, finding: Finding) -> bool:
        """Check whether the baseline holds a finding, with no fewer sockets open at the same time."""
        accepted = self.accepted_peak(finding)
        return self.holds(finding) and (accepted is None or finding.peak is None or finding.peak <= accepted)

    def holds(self, finding: Finding) -> bool:
        """Check whether the baseline holds a finding, whatever its peak."""
        return not self.baseline.isdisjoint((finding.fingerprint, *finding.former_fingerprints))

    def accepted_peak(self, finding: Finding) -> int | None:
        """Return how many sockets the baseline accepts for a finding. None: as many as there are."""
        keys = (finding.fingerprint, *finding.former_fingerprints)
        key = next((it for it in keys if it in self.baseline), None)
        return None if key is None else dict(self.baseline_peaks).get(key)

    def counts(self, session: Session) -> bool:
        """Is it one of the application's, as rules count them? The others are shown, and in the verdict."""
        return self._is_of_application(session) and (session.where is None or self.reaches(session.where))

    def may_count(self, session: Session) -> bool:
        """Is it one of the application's, or possibly so: of this tab or of another one?"""
        return self._is_of_application(session) and (session.where is Where.UNKNOWN or self.reaches(session.where))

    def reaches(self, where: Where | None) -> bool:
        """Is a socket that belongs there in the scope of this policy?"""
        if where is None or where is Where.TAB:
            return True
        wide = self.per in (Scope.ENDPOINT, Scope.SERVICE, Scope.USER)
        return wide if self.scope is None else self.scope is Reach.BROWSER

    def _is_of_application(self, session: Session) -> bool:
        return (self.count_dev_servers or not session.dev_only) and (self.count_extensions or not session.extension)

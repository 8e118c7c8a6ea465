"""What rules say of a capture."""

from __future__ import annotations

from enum import StrEnum

from analyzer.intervals import Interval
from analyzer.model.sentence import Sentence
from analyzer.model.session import Confidence, Proof
from analyzer.model.value import Value


class Severity(StrEnum):
    """As SARIF has it."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for the least grave."""
        return RANKS[self]

    def at_least(self, threshold: Severity) -> bool:
        return self.rank >= threshold.rank


RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Verdict(StrEnum):
    """Say what a capture as a whole shows. It counts every socket, whatever the policy.

    OVERLAP: two or more sockets were certainly open at the same time.
    POSSIBLE_OVERLAP: that is possible, and not certain.
    INCONCLUSIVE: nothing overlaps, but sockets may be missing from the file.
    NO_OVERLAP: all sockets are there, and none overlap, not even possibly.
    NO_SOCKETS: there are none.
    """

    OVERLAP = "overlap"
    POSSIBLE_OVERLAP = "possible-overlap"
    INCONCLUSIVE = "inconclusive"
    NO_OVERLAP = "no-overlap"
    NO_SOCKETS = "no-sockets"


class CauseConfidence(StrEnum):
    """How certain a cause is. LIKELY: another cause can look the same in this capture."""

    LIKELY = "likely"
    CERTAIN = "certain"


class Finding(Value, frozen=True):
    """Hold what a rule says of some sockets.

    rule: its id (docs/rules).
    severity: `note`, `warning` or `error`.
    confidence: `proven` (certain) or `possible`.
    message: one sentence: a string; `message.template` and `message.values` are its parts.
    interval: the stretch of time that it is about, or None.
    sessions, pointers: the ids of the sockets, and their places in the file.
    remedy, link: what to do, and where to read more.
    fingerprint: equal for the same fault in another capture: no times and no ids are in it.
    dev_only: it concerns development alone.
    cause: id of the cause (docs/causes), or None.
    cause_unknown: why no cause is named, where one would be due; None otherwise.
    proof: the places in the capture that show the cause.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    message: Sentence
    interval: Interval | None
    sessions: tuple[str, ...]
    pointers: tuple[str, ...]
    remedy: str | None = None
    link: str | None = None
    fingerprint: str = ""
    former_fingerprints: tuple[str, ...] = ()  # of earlier versions, if they differ: baselines of then still match
    peak: int | None = None  # of an overlap: how many were open at the same time at most
    dev_only: bool = False  # it concerns development alone: dev servers, or a cause that production does not have
    cause: str | None = None  # Cause.id
    why: Sentence | None = None  # that cause, in one sentence
    cause_confidence: CauseConfidence | None = None
    cause_unknown: Sentence | None = None  # why none is named, where one would be due
    proof: tuple[Proof, ...] = ()  # where one can see it

    def __repr__(self) -> str:
        cause = "" if self.cause is None else f", {self.cause}"
        return f"<Finding {self.rule}: {self.severity}, {self.confidence}{cause}, {', '.join(self.sessions)}>"

    @property
    def cause_label(self) -> str | None:
        """What stands before the cause, or before why none is named."""
        if self.why is None:
            return None if self.cause_unknown is None else "Cause not known"
        return "Cause" if self._is_cause_certain else "Likely cause"

    @property
    def _is_cause_certain(self) -> bool:
        return self.cause_confidence is CauseConfidence.CERTAIN

    @property
    def explanation(self) -> Sentence | None:
        """The cause as people read it: `Likely cause: ...` or `Cause: ...`."""
        if self.why is None:
            return None
        return Sentence("Cause: {}" if self._is_cause_certain else "Likely cause: {}", self.why)

    @property
    def silence(self) -> str | None:
        """Why no cause is named, as people read it: `Cause not known: ...`."""
        return None if self.cause_unknown is None else f"{self.cause_label}: {self.cause_unknown}"

"""Word the block with which QA signs a report: what was checked, with which result, and where to sign."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.model import Report, Run, Value, count_rest
from analyzer.wording import facts, harmless, judgements, results
from analyzer.wording.harmless import safe

TITLE = "Sign-off"
HEADS = ("Capture", "SHA-256", "Verdict", "By the policy")
DECISIONS = ("accepted", "not accepted")
BLANKS = ("Name", "Role", "Date", "Signature")
MOST = 14  # captures: the block has to fit one sheet


class SignOff(Value, frozen=True):
    """Hold the block in words, harmless."""

    facts: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]  # under HEADS, the worst captures first
    rest: str  # how many captures have no row


def describe_sign_off(run: Run, reports: Sequence[Report]) -> SignOff:
    """Describe what is signed. `reports`: those of the run, the worst first."""
    names = harmless.names(run)
    rows = [
        *((names[it.source], "", results.UNREADABLE_HEADLINE.words, "") for it in run.unreadable),
        *(_row(report, names[report.capture.source], run) for report in reports),
    ]
    return SignOff(
        facts=(
            ("Title", safe(run.title or facts.TITLE, 200)),
            *facts.head(run),
            ("Policy", safe(facts.describe_policy(run.policy), 600)),
            ("Result", safe(judgements.total_sentence(run), 600)),
        ),
        rows=tuple(rows[:MOST]),
        rest=count_rest(len(rows) - MOST, "capture"),
    )


def _row(report: Report, name: str, run: Run) -> tuple[str, ...]:
    words = results.headline(report, run.policy).words
    return name, report.capture.sha256 or "not computed", words, judgements.name_result(report, run.policy)

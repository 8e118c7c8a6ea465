"""Say what a recording covers: of the steps that QA should take, load, reload, navigation, back; and of the rules."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from analyzer import visits
from analyzer.model import NotChecked, Page, PageKind, Report, Session

STEPS = {"load": "load", "reload": "reload", "navigation": "navigation", "return": "back"}
NO_PAGES = (
    f"This recording covers: unknown. The file does not show how pages were loaded ({', '.join(STEPS.values())})."
)
WITHIN_PAGE = "back (on one page: a component was mounted again after its socket had closed)"
FROM_ANOTHER = "back from another page"
LEFT_BY = (PageKind.NAVIGATION, PageKind.RESTORE)


def list_covered_steps(pages: tuple[Page, ...], sessions: Iterable[Session] = ()) -> list[str]:
    """List the steps that the capture shows, of those that QA should take, in the order in which to take them."""
    recorded = [page for page in pages if page.recorded]
    kinds = {page.kind for page in recorded}
    steps = {
        "load": bool(kinds & {PageKind.LOAD, PageKind.NAVIGATION, PageKind.UNKNOWN}),
        "reload": PageKind.RELOAD in kinds,
        "navigation": any(page.recorded and after.kind in LEFT_BY for page, after in pairwise(pages)),
        "return": _has_come_back(pages) or (bool(recorded) and visits.has_return(sessions)),
    }
    return [name for name, done in steps.items() if done]


def _has_come_back(pages: tuple[Page, ...]) -> bool:
    """Check whether a page was left and came back."""
    return any(page.recorded and (page.kind is PageKind.RESTORE or page.returned) for page in pages)


def describe_coverage(report: Report) -> str:
    """Say which of the steps that QA should take the capture covers."""
    pages = report.capture.pages
    done = list_covered_steps(pages, report.sessions)
    if not done:
        return NO_PAGES
    within_page = "return" in done and not _has_come_back(pages)
    steps = {**STEPS, "return": WITHIN_PAGE} if within_page else STEPS
    left_out = [step for name, step in STEPS.items() if name not in done]
    rest = ", ".join([*left_out, FROM_ANOTHER] if within_page else left_out)
    covered = f"This recording covers: {', '.join(steps[name] for name in done)}."
    if not rest:
        return covered
    gone = any(caveat.id == "earlier-pages-missing" for caveat in report.capture.caveats)
    if gone or any(page.kind is PageKind.UNKNOWN or not page.recorded for page in pages):
        return f"{covered} Unknown: {rest} (the file does not show how each page was loaded)."
    return f"{covered} It does not cover: {rest}."


def describe_unchecked(unchecked: Iterable[NotChecked]) -> str:
    """Name the rules that a capture cannot show, those with one reason together: `a, b (reason); c (reason)`."""
    by_reason: dict[str, list[str]] = {}
    for unmet in unchecked:
        by_reason.setdefault(unmet.reason, []).append(unmet.rule)
    return "; ".join(f"{', '.join(rules)} ({reason})" for reason, rules in by_reason.items())


def list_coverage(report: Report) -> list[str]:
    """Say what the capture covers: a sentence about steps, and one about rules where some are not checked."""
    unchecked = describe_unchecked(report.not_checked)
    return [describe_coverage(report), *([f"Not checked: {unchecked}."] if unchecked else [])]

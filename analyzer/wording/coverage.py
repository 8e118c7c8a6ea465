"""Say which of the steps that QA should take a recording covers: load, reload, navigation, back."""

from __future__ import annotations

from itertools import pairwise

from analyzer.model import Page, PageKind, Report

STEPS = {"load": "load", "reload": "reload", "navigation": "navigation", "return": "back"}
NO_PAGES = (
    f"This recording covers: unknown. The file does not show how pages were loaded ({', '.join(STEPS.values())})."
)
LEFT_BY = (PageKind.NAVIGATION, PageKind.RESTORE)


def list_covered_steps(pages: tuple[Page, ...]) -> list[str]:
    """List the steps that the capture shows, of those that QA should take, in the order in which to take them."""
    recorded = [page for page in pages if page.recorded]
    kinds = {page.kind for page in recorded}
    steps = {
        "load": bool(kinds & {PageKind.LOAD, PageKind.NAVIGATION, PageKind.UNKNOWN}),
        "reload": PageKind.RELOAD in kinds,
        "navigation": any(page.recorded and after.kind in LEFT_BY for page, after in pairwise(pages)),
        "return": PageKind.RESTORE in kinds or any(page.returned for page in recorded),
    }
    return [name for name, done in steps.items() if done]


def describe_coverage(report: Report) -> str:
    """Say which of the steps that QA should take the capture covers."""
    pages = report.capture.pages
    done = list_covered_steps(pages)
    if not done:
        return NO_PAGES
    rest = ", ".join(words for name, words in STEPS.items() if name not in done)
    covered = f"This recording covers: {', '.join(STEPS[name] for name in done)}."
    if not rest:
        return covered
    gone = any(caveat.id == "earlier-pages-missing" for caveat in report.capture.caveats)
    if gone or any(page.kind is PageKind.UNKNOWN or not page.recorded for page in pages):
        return f"{covered} Unknown: {rest} (the file does not show how each page was loaded)."
    return f"{covered} It does not cover: {rest}."

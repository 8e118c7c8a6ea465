"""Masking: secrets and users leave no output. What outputs get is a run in which they are already masked.

Masks are `<token 1>`, `<token 2>` ... and `user-1`, `user-2` ... by first appearance in the run: equal values stay
equal, and the same input gives the same bytes. With a key they are a keyed hash instead, equal across runs.

Masked are, in every URL: each value of the query but for those of a protocol's own and small numbers, user name and
password, the fragment, what in the path is secret by its provider's row or by its shape, and whose home folder it
names; titles that are no address; and in other text whatever was masked elsewhere. Of a sentence of ours only what it
quotes is masked. Message data, headers, cookies and bodies are never kept in the first place.

A report is masked in three passes: `collect` what is secret in it, `meet` all its texts, so that secrets have their
names in the order in which a reader meets them, and put the masked texts in their place.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from analyzer.masking.fields import Walk
from analyzer.masking.names import Masks as Masks
from analyzer.masking.texts import Mask, Texts as Texts
from analyzer.model import Report, Run, Unreadable

T = TypeVar("T")


def mask(run: Run, *, secrets: bool = True, users: bool = True, key: str | None = None) -> Run:
    """The run without secrets and users, and without the raw traces that hold them.

    `secrets`, `users`: mask these. `key`: masks are a keyed hash (HMAC-SHA256), equal for equal values in every run;
    without it each report is masked with the key that it was loaded with.
    """
    keys = dict.fromkeys((*(key or report.redaction_key for report in run.reports), key))
    masks = {it: Masks(secrets, users, it) for it in keys}
    return msgspec.structs.replace(
        run,
        reports=tuple(mask_report(report, masks[key or report.redaction_key]) for report in run.reports),
        unreadable=tuple(mask_unreadable(it, masks[key]) for it in run.unreadable),
    )


def mask_result(result: Report | Unreadable, masks: Masks) -> Report | Unreadable:
    """Mask one result of a run, after those that had their masks before it."""
    return mask_report(result, masks) if isinstance(result, Report) else mask_unreadable(result, masks)


def mask_report(report: Report, masks: Masks) -> Report:
    return replace(report, meet(report, masks))


def replace(value: T, texts: Texts) -> T:
    """Return the value with masked texts in the place of its own."""
    return Walk(lambda mask, text: mask(texts, text)).over(value)


def mask_unreadable(unreadable: Unreadable, masks: Masks) -> Unreadable:
    return msgspec.structs.replace(unreadable, problem=Texts(masks).text(unreadable.problem))


def meet(report: Report, masks: Masks) -> Texts:
    """Name all that is secret in a report: what one text names as a secret may stand in another."""
    texts = Texts(masks, report.sessions)
    sessions, others = _list_texts(report.sessions), _list_texts((report.capture, report.groups, report.findings))
    for mask, text in sessions:
        if mask is not Texts.text:
            mask(texts, text)
    for mask, text in sessions:
        if mask is Texts.text:
            mask(texts, text)
    for mask, text in others:
        mask(texts, text)
    return texts


def _list_texts(value: object) -> dict[tuple[Mask, str], None]:
    """List the texts of a value, each once, with what it is, in the order in which a reader meets them."""
    pairs: dict[tuple[Mask, str], None] = {}

    def note(mask: Mask, text: str) -> str:
        pairs[mask, text] = None
        return text

    Walk(note).over(value)
    return pairs

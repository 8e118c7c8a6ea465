"""What each field of a report holds that may have to be masked, and two passes over it: read these values, put others
in their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import is_
from typing import Any, TypeVar, cast

import msgspec

from analyzer.masking.texts import Mask, Texts
from analyzer.model import (
    Attribution,
    Calls,
    Capture,
    Client,
    ConsoleLine,
    Exporter,
    File,
    Finding,
    Frame,
    Group,
    Identity,
    Initiator,
    Page,
    PageEnd,
    Proof,
    Report,
    Session,
    Skipped,
    Source,
    Unreadable,
)
from analyzer.model.sentence import Kind, Quote, Sentence, assemble, parts_of

T = TypeVar("T")

WITHIN = "within"  # a value, or several, with fields of their own; or a sentence of ours with what it quotes
NEVER = "never"  # it leaves no output
# The fields that hold text of a capture, in the order in which a reader meets them. What a text is says the method of
# Texts that masks it. Text of other fields is ours.
FIELDS: Mapping[type[msgspec.Struct], Mapping[str, Mask | str]] = {
    Session: {
        "url": Texts.url,
        "endpoint": Texts.url,
        "page": Texts.page_id,
        "initiator": WITHIN,
        "key": Texts.nonce,
        "attribution": WITHIN,
        "close_reason": Texts.text,
        "problem": Texts.text,
    },
    Attribution: {"client": WITHIN, "identity": WITHIN, "secrets": NEVER},
    Client: {"name": Texts.word, "version": Texts.word, "runtime": Texts.word},
    Identity: {"app": Texts.token, "user": Texts.user},
    Initiator: {
        "url": Texts.url,
        "function": Texts.word,
        "component": Texts.word,
        "mapped": WITHIN,
        "stack": WITHIN,
    },
    Calls: {"frames": WITHIN, "label": Texts.word},
    Frame: {"function": Texts.word, "url": Texts.url, "source": WITHIN},
    Source: {"url": Texts.url, "function": Texts.word},
    Page: {"id": Texts.page_id, "url": Texts.title, "end": WITHIN},
    PageEnd: {"successor": Texts.page_id},
    ConsoleLine: {"page": Texts.page_id, "text": Texts.text, "code": WITHIN},
    File: {"exporter": WITHIN},
    Exporter: {"name": Texts.program, "version": Texts.text, "label": Texts.program},
    Skipped: {"problem": Texts.text},
    Capture: {"pages": WITHIN, "console": WITHIN, "files": WITHIN, "skipped": WITHIN, "traces": NEVER},
    Finding: {"message": WITHIN, "why": WITHIN, "cause_unknown": WITHIN, "proof": WITHIN},
    Proof: {"statement": WITHIN, "frame": WITHIN},
    Group: {},
    Report: {"sessions": WITHIN, "capture": WITHIN, "groups": WITHIN, "findings": WITHIN},
    Unreadable: {"problem": Texts.text},
}
KEYS: Mapping[str, Mask] = {"app": Texts.token, "user": Texts.user, "endpoint": Texts.url, "page": Texts.page_id}
QUOTES: Mapping[Kind, Mask] = {  # not a host: addresses show it
    Kind.ADDRESS: Texts.url,
    Kind.NAME: Texts.word,
    Kind.TEXT: Texts.text,
}
SHARED = frozenset((Initiator, Calls, Frame, Attribution))  # a client opens from the same place again and again


class Walk:
    """Walk over the texts of values, and put in the place of each what an action makes of it: a pure pass."""

    def __init__(self, act: Callable[[Mask, str], str | None]) -> None:
        self._act = act
        self._shared: dict[object, Any] = {}

    def over(self, value: T) -> T:
        """Return the value with other texts: a struct, a sentence, or a tuple of such."""
        return cast("T", self._replace(value))

    def _replace(self, value: Any) -> Any:
        kind = type(value)
        if kind in SHARED:
            result = self._shared.get(value)
            if result is None:
                result = self._shared[value] = self._replace_fields(value)
            return result
        if kind in FIELDS:
            return self._replace_fields(value)
        if isinstance(value, tuple):
            results = [self._replace(item) for item in value]
            return value if all(map(is_, results, value)) else tuple(results)
        if value is None:
            return None
        parts = parts_of(value)
        results = [self._replace_quote(part) for part in parts]
        return value if isinstance(value, Sentence) and all(map(is_, results, parts)) else assemble(results)

    def _replace_fields(self, value: Any) -> Any:
        """Return the value itself where nothing of it is masked: most have no secret, and are thousands."""
        changes: dict[str, Any] = {}
        for name, mask in FIELDS[type(value)].items():
            field = getattr(value, name)
            if field is None:
                continue
            if isinstance(mask, str):
                result = self._replace(field) if mask is WITHIN else ()
            else:
                text = self._act(mask, field)
                result = field if text == field else text
            if result is not field:
                changes[name] = result
        if type(value) is Group:
            pairs = ((name, self._act(KEYS[name], text) if text and name in KEYS else text) for name, text in value.key)
            changes["key"] = tuple(pairs)
        return msgspec.structs.replace(value, **changes) if changes else value

    def _replace_quote(self, part: str | Quote) -> str | Quote:
        if not isinstance(part, Quote) or part.kind not in QUOTES:
            return part
        text = self._act(QUOTES[part.kind], part.value) or ""
        return part if text == part.value else Quote(part.kind, text)

"""Place the frames of a capture by the source maps that it has itself, in its bodies or beside its file."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

from analyzer.formats.har import bodies
from analyzer.formats.har.bodies import Bodies
from analyzer.formats.source import Addresses, Attachment, Source
from analyzer.model import Capture, CaptureError
from analyzer.source_maps import placing
from analyzer.source_maps.placing import ScriptMap, Unusable

Reopen = Callable[[], AbstractContextManager[Source]]


def apply(capture: Capture, attachment: Attachment, reopen: Reopen | None, addresses: Addresses) -> Capture:
    """Place its frames. `attachment`: gives files beside it; `reopen`: opens a HAR once more, if that is possible.

    `addresses`: those that its entries are for. Most scripts are not in the file, which then is not searched.
    """
    wanted = placing.scripts(capture)
    if not wanted:
        return capture
    may_be_there = addresses.may_have(wanted) or bodies.with_modules(wanted)
    own = _bodies(wanted, reopen) if reopen is not None and may_be_there else Bodies()
    answers = {address: _find(own, attachment, address) for address in wanted}
    return placing.place(capture, answers.get) if any(answers.values()) else capture


def _bodies(wanted: set[str], reopen: Reopen) -> Bodies:
    try:
        with reopen() as source:
            if not bodies.has_signs(source):
                return Bodies()
        with reopen() as source:
            return bodies.read(source, wanted)
    except CaptureError:  # it was read once, so it changed in between, or is damaged further on
        return Bodies()


def _find(own: Bodies, attachment: Attachment, address: str) -> ScriptMap | Unusable | None:
    answer = own.find(address)
    if answer is not None:
        return answer
    for map_address in (*sorted(own.list_maps(address)), f"{address.partition('?')[0].partition('#')[0]}.map"):
        name = re.split(r"[/\\]", map_address.partition("?")[0])[-1]
        text = attachment(name) if name not in ("", ".map") else None
        if text is not None:
            return ScriptMap(text, map_address, own.text(address))
    return None

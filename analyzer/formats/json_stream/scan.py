"""Find where a JSON value ends, token by token: linear, whatever the value holds, and with no memory but a depth."""

import re

from analyzer.patterns import Pattern

DEEPEST = 5000  # brackets within each other; no decoder goes as deep
ATOM = rb'[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+"'  # white space, scalars, commas; a whole string


def _nest(inner: bytes) -> bytes:
    return rb"%b|\{(?:%b)*+\}|\[(?:%b)*+\]" % (ATOM, inner, inner)


# As much as nests no deeper than two levels, then a bracket, or the quote of a string that goes on beyond the bytes.
STEP = Pattern(rb'(?:%b){0,4096}+(["\[\]{}]?)' % _nest(_nest(ATOM)), re.DOTALL)
REST = Pattern(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)  # of a string
QUOTE = ord('"')


class TooDeep(Exception):  # noqa: N818 - an event, not an error
    """Nesting beyond reason: nothing could decode it."""


class Walk:
    """A walk through one object, array or string, from its beginning; or through the rest of an object (depth 1).

    `at`: so many bytes are behind us, in so many `steps`; `complete`: these are all of it. Which kind of bracket closes
    which is not looked at: decoding tells.
    """

    def __init__(self, depth: int = 0) -> None:
        self.at = 0
        self.steps = 0  # each takes as long as some dozen bytes
        self.complete = False
        self._begun = depth > 0
        self._depth = depth
        self._in_string = False

    def on(self, buffer: bytearray, start: int, stop: int) -> bool:
        """Go on in `buffer[start + at : stop]`, where `start` is that of the value; is it complete? Raises TooDeep."""
        at = start + self.at
        if not self._begun and at < stop:
            self._begun, self._in_string = True, buffer[at] == QUOTE
            self._depth = 0 if self._in_string else 1
            at += 1
        while at < stop and not self.complete:
            self.steps += 1
            if self._in_string:
                at = REST.match(buffer, at, stop).end()  # type: ignore[union-attr]  # it matches nothing, too
                if at == stop or buffer[at] != QUOTE:
                    break  # the end, or a backslash before it
                self._in_string, at = False, at + 1
            else:
                step = STEP.match(buffer, at, stop)
                assert step is not None  # likewise
                at = step.end()
                if step[1] == b'"':
                    self._in_string = True
                elif step[1]:
                    self._depth += 1 if step[1] in b"[{" else -1
                    if self._depth > DEEPEST:
                        raise TooDeep
            self.complete = self._depth == 0 and not self._in_string
        self.at = at - start
        return self.complete

"""Compile regular expressions on first use: a start has need of few of them, and each costs more than a module.

`Pattern` stands where `re.compile` would, at the top of a module. For the type checker it is `re.compile`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")

if TYPE_CHECKING:
    Pattern = re.compile
else:

    class Pattern:
        """A regular expression that is compiled when one of its methods is used first: from then on it has them all."""

        __slots__ = ("flags", "pattern", *METHODS)

        def __init__(self, pattern, flags=0):  # noqa: ANN001, ANN204 - the type checker reads the other branch
            self.pattern, self.flags = pattern, flags

        def __getattr__(self, name):  # noqa: ANN001, ANN204 - called for a method that is not there yet
            if name not in METHODS:
                raise AttributeError(name)
            compiled = re.compile(self.pattern, self.flags)
            for method in METHODS:
                setattr(self, method, getattr(compiled, method))
            return getattr(compiled, name)

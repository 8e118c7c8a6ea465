"""Hash a few bytes without OpenSSL: to load it takes longer than to analyse a small capture."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

FEW = 1 << 19  # bytes: with more, OpenSSL's speed, four times as high, has paid for loading it
OWN = "_sha2" if sys.version_info >= (3, 12) else "_sha256"  # Python's own, as its `random` takes it
_left = [FEW]  # of one process


def sha256(size: int) -> Any:
    """Begin a SHA-256. `size`: about how many bytes follow; 0 where nobody can say."""
    _left[0] -= size
    if size and _left[0] >= 0:
        try:
            return import_module(OWN).sha256()
        except ImportError:  # a Python that was built with OpenSSL's alone
            pass
    import hashlib

    return hashlib.sha256()

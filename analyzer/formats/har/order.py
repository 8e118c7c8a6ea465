"""Check whether entries stand in the order in which they ended."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from analyzer.model import MILLISECOND, Instant

CONFIRM = 3  # entries that end in order: fewer do so by chance in any view of a proxy
ORDER_SLACK = 100 * MILLISECOND  # a proxy notes an entry as done a little after its last byte


class Order:
    """The order of entries, as they come. None may outlast an entry that comes after it.

    Of a socket only a last sign of life is known, and that only when all is read; so what ended between two sockets is
    kept as its earliest. A proxy may also have saved the order of a view (by address), which few entries can agree with
    by chance.
    """

    def __init__(self) -> None:
        self._ends = 0  # of what is no socket
        self._rises = self._falls = True  # addresses stand in order, or in the reverse of it
        self._address: str | None = None
        self._latest: Instant = 0  # end of what is no socket
        self._holds = True
        self._earliest: array[int] = array("q", [0])  # by the number of sockets before; 0 for none

    def add_address(self, address: str) -> None:
        """Take the address of the next entry."""
        before = self._address
        if before is not None and (self._rises or self._falls):
            self._rises = self._rises and before <= address
            self._falls = self._falls and before >= address
        self._address = address

    def add_end(self, at: Instant) -> None:
        """Take the end of the next entry, which is no socket."""
        self._ends += 1
        if self._latest > at + ORDER_SLACK:
            self._holds = False
        self._latest = max(self._latest, at)
        earliest = self._earliest[-1]
        if not earliest or at < earliest:
            self._earliest[-1] = at

    def add_socket(self) -> None:
        """Take the next entry, which is a socket."""
        self._earliest.append(0)

    def may_be_of_view(self) -> bool:
        """May it be another order?"""
        return self._ends < CONFIRM or self._rises or self._falls

    def is_of_end(self, alive: Sequence[Instant | None]) -> bool:
        """Is it the order of ends? `alive`: the last sign of life of each socket. Sockets alone confirm no order."""
        following = 0
        for earliest, at in zip(reversed(self._earliest), [*reversed(alive), None], strict=True):
            following = min(earliest or following, following or earliest)
            if at is not None and following and at > following + ORDER_SLACK:
                return False
        return self._holds and self._latest > 0

"""Name secrets and users of a run: equal values get equal names."""

from __future__ import annotations

from collections.abc import Callable


class Masks:
    """The masks of a run: names for what is secret.

    `secrets`, `users`: which of them are masked. `key`: names are a keyed hash. `ordinal`: the number of a new value of
    a kind (token, user); by default one more than before.
    """

    def __init__(
        self,
        secrets: bool = True,
        users: bool = True,
        key: str | None = None,
        ordinal: Callable[[str, str], int] | None = None,
    ) -> None:
        self.secrets = secrets
        self.users = users
        self._key = key
        self._ordinal = ordinal
        self._numbers: dict[str, dict[str, int]] = {}  # by kind, in the order in which values were met

    def name(self, kind: str, value: str) -> str:
        """Name a value of a kind: `1`, `2` ... by first appearance, or by the key."""
        if self._key is not None:
            return digest(self._key, kind, value)[:12]
        if self._ordinal is not None:
            return str(self._ordinal(kind, value))
        numbers = self._numbers.setdefault(kind, {})
        return str(numbers.setdefault(value, len(numbers) + 1))


def digest(key: str, kind: str, value: str) -> str:
    """HMAC-SHA256 of a value, in hex: equal for equal values, and telling nothing to whom lacks the key."""
    import hmac

    data = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
    return hmac.digest(key.encode("utf-8", "surrogatepass"), data, "sha256").hex()

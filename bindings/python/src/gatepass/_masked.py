"""Text that a program keeps for later and nobody should come across."""

import secrets
from typing import NoReturn, Optional


class Masked:
    """A secret that is needed again when a store is opened anew.

    It is stored under a random mask, so that no dump of variables shows it. Whoever reads the memory of the
    process finds it all the same.
    """

    __slots__ = ("_mask", "_masked")

    def __init__(self, secret: bytes) -> None:
        self._mask = secrets.token_bytes(len(secret))
        self._masked = xor(secret, self._mask)

    @classmethod
    def of(cls, secret: Optional[bytes]) -> Optional["Masked"]:
        """One of that secret, if there is a secret."""
        return None if secret is None else cls(secret)

    def reveal(self) -> bytes:
        """The secret, for the moment of one call."""
        return xor(self._masked, self._mask)

    def __repr__(self) -> str:
        return "<secret>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret can't be pickled")


def xor(one: bytes, other: bytes) -> bytes:
    """Both, bit by bit."""
    length = len(one)
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(length, "big")

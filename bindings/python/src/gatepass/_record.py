"""What answers have in common: they are frozen, and those that hold a secret can't be pickled."""

import sys
from typing import NoReturn

#: Arguments of ``dataclass`` beside ``frozen``: slots where Python has them.
SLOTS: dict[str, bool] = {"slots": True} if sys.version_info >= (3, 10) else {}


class Unpicklable:
    """Holds something that must not be written down by accident, or that lives in this process alone."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} can't be pickled or copied")

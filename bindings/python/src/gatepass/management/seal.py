"""The sealing key, under which AutoAuth keys are stored."""

import os
from dataclasses import dataclass
from typing import Union

from gatepass._arguments import checked
from gatepass._record import SLOTS
from gatepass.management._namespace import Namespace, decode


@dataclass(frozen=True, **SLOTS)
class Resealed:
    """What sealing anew did."""

    #: How many keys were sealed anew.
    keys: int


class Seal(Namespace):
    """The sealing key."""

    __slots__ = ()

    @checked
    def rotate(self, file: Union[str, os.PathLike[str]]) -> Resealed:
        """Seal all AutoAuth keys anew under the key in a file, in one act.

        Args:
            file: Made by ``gatepass seal new``; not in the store's folder.

        Raises:
            Refused: ``sealing_key_missing``, ``sealing_key_wrong``: the key that the gate was opened with.
            InvalidArgument: ``sealing_key_file`` or ``sealing_key``.
        """
        return decode(Resealed, self._ask("seal.rotate", file=os.fspath(file)))

"""Destinations: the pages that people land on."""

from dataclasses import dataclass
from typing import Union

from gatepass._arguments import checked
from gatepass._record import SLOTS
from gatepass.enums import DestinationInput
from gatepass.management._namespace import Namespace, decode, decode_all


@dataclass(frozen=True, **SLOTS)
class Destination:
    """A named landing page."""

    #: Two words with ``:`` between, such as ``clientarea:product_details``.
    name: str
    #: Relative to the system URL, with ``{id}`` where the id goes; empty if it comes with the request.
    path: str
    #: What it needs from the caller.
    input: DestinationInput


@dataclass(frozen=True, **SLOTS)
class RemovedDestination:
    """What was removed."""

    removed: str


class Destinations(Namespace):
    """Destinations."""

    __slots__ = ()

    @checked
    def list(self) -> tuple[Destination, ...]:
        """List the destinations in force, by name."""
        return decode_all(Destination, self._ask("destination.list"))

    @checked
    def set(
        self, name: str, path: str = "", input: Union[DestinationInput, str] = DestinationInput.NONE
    ) -> Destination:
        """Add a destination or change one.

        Args:
            name: Two words of ``[a-z0-9_]`` with ``:`` between, at most 64 bytes.
            path: A safe path relative to the system URL, with ``{id}`` once where an id is needed.
            input: What it needs from the caller.

        Raises:
            InvalidArgument: ``name``, ``path`` or ``input``.
        """
        return decode(Destination, self._ask("destination.set", name=name, path=path, input=input))

    @checked
    def remove(self, name: str) -> RemovedDestination:
        """Remove a destination, a built-in one too; setting it again brings it back.

        Raises:
            Refused: ``destination_unknown``.
        """
        return decode(RemovedDestination, self._ask("destination.remove", name=name))

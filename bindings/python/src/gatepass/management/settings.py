"""Settings that every process and language agrees on."""

from dataclasses import dataclass
from typing import Any

from gatepass._arguments import checked
from gatepass._record import SLOTS
from gatepass.management._namespace import Namespace, decode, decode_all


@dataclass(frozen=True, **SLOTS)
class Setting:
    """One setting."""

    name: str
    #: The value in force.
    value: Any
    #: The value of a new store; None where ``init`` asks for it.
    default: Any
    #: What it does, with its unit and range.
    about: str


class Settings(Namespace):
    """Settings."""

    __slots__ = ()

    @checked
    def list(self) -> tuple[Setting, ...]:
        """List every setting with its value, default and meaning."""
        return decode_all(Setting, self._ask("settings.list"))

    @checked
    def get(self, name: str) -> Setting:
        """Tell one setting.

        Raises:
            InvalidArgument: ``name``, when there is none of that name.
        """
        return decode(Setting, self._ask("settings.get", name=name))

    @checked
    def set(self, name: str, value: Any) -> Setting:
        """Change one setting, for every process.

        Args:
            name: Its name, such as ``token_life_seconds``.
            value: A number, text, bool or list, as the setting says.

        Raises:
            InvalidArgument: ``name``; or the setting's own name, when the value can't be used.
        """
        # No setting takes null, so it is the library that says so.
        return decode(Setting, self._gate.call("settings.set", name=name, value=value))

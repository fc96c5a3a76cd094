"""Admins: the owners of credentials."""

from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from gatepass._arguments import checked
from gatepass._record import SLOTS
from gatepass.management._namespace import Namespace, decode, decode_all


@dataclass(frozen=True, **SLOTS)
class Admin:
    """An owner of credentials."""

    admin_id: int
    username: str
    #: Disabling an admin disables its credentials.
    enabled: bool
    #: Whether a password is set for the legacy form of authentication.
    has_password: bool
    created_at: datetime


class Admins(Namespace):
    """Admins."""

    __slots__ = ()

    @checked
    def add(self, username: str, *, password: Optional[str] = None) -> Admin:
        """Add an admin.

        Args:
            username: 1 to 64 bytes.
            password: In clear, 8 to 1,024 bytes, for the legacy form of authentication; None for no password.

        Raises:
            Refused: ``already_exists``.
            InvalidArgument: ``username`` or ``password``.
        """
        return decode(Admin, self._ask("admin.add", username=username, password=password))

    @checked
    def list(self) -> tuple[Admin, ...]:
        """List the admins."""
        return decode_all(Admin, self._ask("admin.list"))

    @checked
    def enable(self, username: str) -> Admin:
        """Enable an admin.

        Raises:
            Refused: ``admin_unknown``.
        """
        return decode(Admin, self._ask("admin.enable", username=username))

    @checked
    def disable(self, username: str) -> Admin:
        """Disable an admin and all its credentials, at once.

        Raises:
            Refused: ``admin_unknown``.
        """
        return decode(Admin, self._ask("admin.disable", username=username))

    @checked
    def set_password(self, username: str, password: Optional[str]) -> Admin:
        """Set an admin's password, given in clear; None removes it.

        Raises:
            Refused: ``admin_unknown``.
            InvalidArgument: ``password``.
        """
        # None means something here, so it is sent.
        answer = self._gate.call("admin.set_password", username=username, password=password)
        return decode(Admin, answer)

"""Clients: the accounts that people sign in to, in a store of mode ``managed``."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Optional, Union

from gatepass._arguments import checked
from gatepass._record import SLOTS
from gatepass.enums import ClientStatus, OrderBy
from gatepass.management._namespace import Namespace, Page, decode, decode_page


@dataclass(frozen=True, **SLOTS)
class Member:
    """Somebody's place in a client."""

    user_id: int
    #: Whether the user owns the client.
    owner: bool


@dataclass(frozen=True, **SLOTS)
class Client:
    """A billable account."""

    client_id: int
    email: str
    first_name: str
    last_name: str
    company_name: str
    status: ClientStatus
    #: The client's own switch for single sign-on.
    allow_sso: bool
    #: The host's group number, 0 for none.
    group_id: int
    created_at: datetime
    #: Who has a place in it; one is the owner.
    members: tuple[Member, ...]


class Clients(Namespace):
    """Clients. In a store of mode ``host`` every call is refused with ``host_mode``."""

    __slots__ = ()

    @checked
    def add(
        self,
        *,
        email: str,
        first_name: str = "",
        last_name: str = "",
        company_name: str = "",
        status: Union[ClientStatus, str] = ClientStatus.ACTIVE,
        group_id: int = 0,
        owner: Optional[int] = None,
        client_id: Optional[int] = None,
    ) -> Client:
        """Add a client.

        Args:
            email: The account's address; clients may share one.
            first_name: At most 200 bytes, as the other names.
            last_name: The last name.
            company_name: The company.
            status: The standing.
            group_id: The host's group number.
            owner: The user who owns it.
            client_id: The number; the next free one if None.

        Raises:
            Refused: ``already_exists``, ``user_unknown`` for the owner.
            InvalidArgument: The field that can't be used.
        """
        answer = self._ask(
            "client.add",
            email=email,
            first_name=first_name,
            last_name=last_name,
            company_name=company_name,
            status=status,
            group_id=group_id,
            owner=owner,
            client_id=client_id,
        )
        return decode(Client, answer)

    @checked
    def list(
        self,
        *,
        email: Optional[str] = None,
        search: Optional[str] = None,
        status: Optional[Union[ClientStatus, str]] = None,
        offset: int = 0,
        limit: int = 100,
        order_by: Union[OrderBy, str] = OrderBy.ID,
        descending: bool = False,
    ) -> "Page[Client]":
        """List clients.

        Args:
            email: Exactly this address.
            search: The start of the address, first, last, full or company name; ASCII letters in any case.
            status: Of this standing.
            offset: Skip so many.
            limit: At most so many, 1 to 1,000.
            order_by: By what; ASCII letters in any case are alike.
            descending: The other way round, the highest number first.

        Raises:
            InvalidArgument: ``search``, ``status``, ``order_by``, ``offset`` or ``limit``.
        """
        answer = self._ask(
            "client.list",
            email=email,
            search=search,
            status=status,
            offset=offset,
            limit=limit,
            order_by=order_by,
            descending=descending,
        )
        return decode_page(Client, answer)

    @checked
    def each(
        self,
        *,
        email: Optional[str] = None,
        search: Optional[str] = None,
        status: Optional[Union[ClientStatus, str]] = None,
        page_size: int = 1000,
    ) -> Iterator[Client]:
        """All clients that match, one after the other by number; pages are fetched as they are needed."""
        offset = 0
        while True:
            page = self.list(email=email, search=search, status=status, offset=offset, limit=page_size)
            if not page.items:
                return
            yield from page.items
            offset += len(page.items)

    @checked
    def show(self, client_id: int) -> Client:
        """Tell one client.

        Raises:
            Refused: ``client_unknown``.
        """
        return decode(Client, self._ask("client.show", client_id=client_id))

    @checked
    def set_status(self, client_id: int, status: Union[ClientStatus, str]) -> Client:
        """Set a client's standing. A closed one signs nobody in from now on.

        Raises:
            Refused: ``client_unknown``.
            InvalidArgument: ``status``.
        """
        return decode(Client, self._ask("client.set_status", client_id=client_id, status=status))

    @checked
    def allow_sso(self, client_id: int, allow: bool) -> Client:
        """Switch a client's single sign-on on or off.

        Raises:
            Refused: ``client_unknown``.
        """
        return decode(Client, self._ask("client.allow_sso", client_id=client_id, allow=allow))

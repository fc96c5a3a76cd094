"""Users: the people who sign in, in a store of mode ``managed``."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Optional, Union

from gatepass._arguments import checked
from gatepass._record import SLOTS
from gatepass.enums import OrderBy
from gatepass.management._namespace import Namespace, Page, decode, decode_page
from gatepass.management.audit import AuditEvent
from gatepass.management.links import LinkInspection
from gatepass.management.sessions import SessionRecord
from gatepass.management.tokens import TokenRecord


@dataclass(frozen=True, **SLOTS)
class Place:
    """A user's place in a client."""

    client_id: int
    #: Whether the user owns it.
    owner: bool


@dataclass(frozen=True, **SLOTS)
class User:
    """A person who signs in."""

    user_id: int
    #: None once erased.
    email: Optional[str]
    first_name: str
    last_name: str
    #: Whether the user may sign in at all.
    enabled: bool
    created_at: datetime
    #: When the personal data was erased.
    erased_at: Optional[datetime]
    clients: tuple[Place, ...]


@dataclass(frozen=True, **SLOTS)
class UserExport:
    """Everything that a store holds about one user."""

    user: User
    sessions: tuple[SessionRecord, ...]
    tokens: tuple[TokenRecord, ...]
    #: The sign-in links that are still stored.
    links: tuple[LinkInspection, ...]
    events: tuple[AuditEvent, ...]


@dataclass(frozen=True, **SLOTS)
class Erased:
    """What an erasure did."""

    #: The number that stays as a pseudonym.
    user_id: int
    tokens_ended: int
    links_ended: int
    sessions_ended: int


class Users(Namespace):
    """Users. In a store of mode ``host`` every call is refused with ``host_mode``."""

    __slots__ = ()

    @checked
    def add(
        self, *, email: str, first_name: str = "", last_name: str = "", user_id: Optional[int] = None
    ) -> User:
        """Add a user.

        Args:
            email: The address, which no other user has. Stored trimmed, ASCII letters in lower case.
            first_name: At most 200 bytes.
            last_name: At most 200 bytes.
            user_id: The number; the next free one if None.

        Raises:
            Refused: ``already_exists``.
            InvalidArgument: ``email``, a name or the number.
        """
        answer = self._ask("user.add", email=email, first_name=first_name, last_name=last_name, user_id=user_id)
        return decode(User, answer)

    @checked
    def list(
        self,
        *,
        email: Optional[str] = None,
        search: Optional[str] = None,
        offset: int = 0,
        limit: int = 100,
        order_by: Union[OrderBy, str] = OrderBy.ID,
        descending: bool = False,
    ) -> "Page[User]":
        """List users.

        Args:
            email: Exactly this address.
            search: The start of the address, first, last or full name; ASCII letters in any case.
            offset: Skip so many.
            limit: At most so many, 1 to 1,000.
            order_by: By what; ASCII letters in any case are alike.
            descending: The other way round, the highest number first.

        Raises:
            InvalidArgument: ``search``, ``order_by``, ``offset`` or ``limit``.
        """
        answer = self._ask(
            "user.list",
            email=email,
            search=search,
            offset=offset,
            limit=limit,
            order_by=order_by,
            descending=descending,
        )
        return decode_page(User, answer)

    @checked
    def each(
        self, *, email: Optional[str] = None, search: Optional[str] = None, page_size: int = 1000
    ) -> Iterator[User]:
        """All users that match, one after the other by number; pages are fetched as they are needed."""
        offset = 0
        while items := self.list(email=email, search=search, offset=offset, limit=page_size).items:
            yield from items
            offset += len(items)

    @checked
    def show(self, user_id: int) -> User:
        """Tell one user.

        Raises:
            Refused: ``user_unknown``.
        """
        return decode(User, self._ask("user.show", user_id=user_id))

    @checked
    def set_email(self, user_id: int, email: str) -> User:
        """Set a user's e-mail address. The sign-in links that were mailed to the one before end at once.

        Raises:
            Refused: ``user_unknown``, ``already_exists``.
            InvalidArgument: ``email``.
        """
        return decode(User, self._ask("user.set_email", user_id=user_id, email=email))

    @checked
    def enable(self, user_id: int) -> User:
        """Enable a user.

        Raises:
            Refused: ``user_unknown``.
        """
        return decode(User, self._ask("user.enable", user_id=user_id))

    @checked
    def disable(self, user_id: int) -> User:
        """Disable a user and end the sessions. Unspent tokens are refused for as long as it lasts.

        Raises:
            Refused: ``user_unknown``.
        """
        return decode(User, self._ask("user.disable", user_id=user_id))

    @checked
    def export(self, user_id: int) -> UserExport:
        """Give everything that is stored about a user. The export itself is audited.

        Raises:
            Refused: ``user_unknown``.
        """
        return decode(UserExport, self._ask("user.export", user_id=user_id))

    @checked
    def erase(self, user_id: int) -> Erased:
        """Erase a user's personal data for good. The number stays as a pseudonym.

        Raises:
            Refused: ``user_unknown``.
        """
        return decode(Erased, self._ask("user.erase", user_id=user_id))

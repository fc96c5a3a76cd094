"""Sessions, as far as they are managed: checked they are by the gate itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from gatepass._arguments import checked, rfc3339
from gatepass._record import SLOTS
from gatepass.enums import Origin
from gatepass.management._namespace import Namespace, decode, decode_all


@dataclass(frozen=True, **SLOTS)
class SessionRecord:
    """A session as an operator sees it. Nobody can use it with what stands here."""

    #: Its public name, 24 hex characters.
    session: str
    user_id: Optional[int]
    client_id: Optional[int]
    #: The clients that it may enter; told by ``gate.check_session`` only.
    clients: tuple[int, ...]
    origin: Origin
    #: The credential that issued its token.
    credential_id: Optional[int]
    #: The admin who issued its token by password.
    admin_id: Optional[int]
    #: The AutoAuth key that signed its link.
    autoauth_key_id: Optional[int]
    redemption: Optional[str]
    started_at: datetime
    #: When it was last seen, to about a minute.
    touched_at: datetime
    #: When it ends if nobody uses it.
    idle_at: datetime
    #: When it ends in any case.
    ends_at: datetime
    ended_at: Optional[datetime]


@dataclass(frozen=True, **SLOTS)
class Ended:
    """How many sessions were ended."""

    ended: int


class Sessions(Namespace):
    """Sessions."""

    __slots__ = ()

    @checked
    def list(
        self,
        *,
        user_id: Optional[int] = None,
        client_id: Optional[int] = None,
        credential_id: Optional[int] = None,
        all: bool = False,
        before: Optional[str] = None,
        limit: int = 100,
    ) -> tuple[SessionRecord, ...]:
        """List sessions, newest first.

        Args:
            user_id: Only of this user.
            client_id: Only of this client.
            credential_id: Only through this credential.
            all: Also those that are over.
            before: Only those before the one of this public name: the last of the page before.
            limit: At most so many, 1 to 1,000.

        Raises:
            InvalidArgument: An id, ``before`` or ``limit``.
        """
        answer = self._ask(
            "session.list",
            user_id=user_id,
            client_id=client_id,
            credential_id=credential_id,
            all=all,
            before=before,
            limit=limit,
        )
        return decode_all(SessionRecord, answer)

    @checked
    def each(
        self,
        *,
        user_id: Optional[int] = None,
        client_id: Optional[int] = None,
        credential_id: Optional[int] = None,
        all: bool = False,
        page_size: int = 1000,
    ) -> Iterator[SessionRecord]:
        """All sessions that match, newest first; pages are fetched as they are needed."""
        before: Optional[str] = None
        while True:
            page = self.list(
                user_id=user_id,
                client_id=client_id,
                credential_id=credential_id,
                all=all,
                before=before,
                limit=page_size,
            )
            if not page:
                return
            yield from page
            before = page[-1].session

    @checked
    def end(self, session: str) -> Ended:
        """End one session, by its id or its public name. One that is over already counts as none.

        Raises:
            Refused: ``session_unknown``.
            InvalidArgument: ``session``.
        """
        return decode(Ended, self._ask("session.end", session=session))

    @checked
    def end_user(self, user_id: int) -> Ended:
        """End all sessions of a user.

        Raises:
            InvalidArgument: ``user_id``.
        """
        return decode(Ended, self._ask("session.end_user", user_id=user_id))

    @checked
    def end_credential(self, credential_id: int, *, since: Optional[datetime] = None) -> Ended:
        """End all sessions that a credential started, by choice only those since a time.

        Raises:
            InvalidArgument: ``credential_id`` or ``since``.
        """
        answer = self._ask("session.end_credential", credential_id=credential_id, since=rfc3339("since", since))
        return decode(Ended, answer)

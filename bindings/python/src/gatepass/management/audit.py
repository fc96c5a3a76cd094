"""The audit: what happened, when, through which credential, to whom, and how it came out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from gatepass._arguments import checked, rfc3339
from gatepass._record import SLOTS
from gatepass.management._namespace import Namespace, decode_all


@dataclass(frozen=True, **SLOTS)
class AuditEvent:
    """An event as it was written. It never holds a secret or an e-mail address."""

    #: Its number, as refusals show it to people.
    reference: str
    at: datetime
    #: What happened, such as ``token.redeemed``.
    event: str
    #: ``ok``, or the reason why not.
    outcome: str
    #: The credential that asked.
    credential_id: Optional[int]
    admin_id: Optional[int]
    user_id: Optional[int]
    client_id: Optional[int]
    #: The thing acted on: the public name of a token or session, a label, a setting's name.
    object: Optional[str]
    #: Where the call came from; cut to /24 or /48 after a time.
    address: Optional[str]
    #: Who acted, in the caller's words.
    actor: Optional[str]
    detail: Optional[str]
    #: How often it happened in the minute after ``at``.
    count: int
    last_at: datetime


class Audit(Namespace):
    """The audit."""

    __slots__ = ()

    @checked
    def list(
        self,
        *,
        from_: datetime,
        to: datetime,
        event: Optional[str] = None,
        outcome: Optional[str] = None,
        credential_id: Optional[int] = None,
        user_id: Optional[int] = None,
        client_id: Optional[int] = None,
        object: Optional[str] = None,
        after: Optional[str] = None,
        limit: int = 100,
    ) -> tuple[AuditEvent, ...]:
        """List audit events of a time range, oldest first.

        Args:
            from_: From this time on.
            to: Up to and not including this time.
            event: Only this kind, or with a trailing ``.`` all kinds that begin so (``token.``).
            outcome: ``ok``, ``refused`` for any refusal, or a reason.
            credential_id: Only through this credential.
            user_id: Only about this user.
            client_id: Only about this client.
            object: Only about this thing.
            after: Only events after the one of this reference: the last of the page before.
            limit: At most so many, 1 to 10,000.

        Raises:
            InvalidArgument: A time without a zone, ``to`` before ``from``, an id, ``after`` or ``limit``.
        """
        answer = self._ask(
            "audit.list",
            **{"from": rfc3339("from_", from_)},
            to=rfc3339("to", to),
            event=event,
            outcome=outcome,
            credential_id=credential_id,
            user_id=user_id,
            client_id=client_id,
            object=object,
            after=after,
            limit=limit,
        )
        return decode_all(AuditEvent, answer)

    @checked
    def each(
        self,
        *,
        from_: datetime,
        to: datetime,
        event: Optional[str] = None,
        outcome: Optional[str] = None,
        credential_id: Optional[int] = None,
        user_id: Optional[int] = None,
        client_id: Optional[int] = None,
        object: Optional[str] = None,
        page_size: int = 1000,
    ) -> Iterator[AuditEvent]:
        """All events that match, oldest first; pages are fetched as they are needed."""
        after: Optional[str] = None
        while True:
            page = self.list(
                from_=from_,
                to=to,
                event=event,
                outcome=outcome,
                credential_id=credential_id,
                user_id=user_id,
                client_id=client_id,
                object=object,
                after=after,
                limit=page_size,
            )
            if not page:
                return
            yield from page
            after = page[-1].reference

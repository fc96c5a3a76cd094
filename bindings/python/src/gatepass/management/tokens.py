"""Tokens, as far as they are managed: issued, inspected and redeemed they are by the gate itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from gatepass._arguments import checked
from gatepass._record import SLOTS
from gatepass.enums import Confirm, Reason, TokenState
from gatepass.management._namespace import Namespace, decode, decode_all
from gatepass.management.audit import AuditEvent


@dataclass(frozen=True, **SLOTS)
class TokenRecord:
    """A token as an operator sees it. It can't be redeemed with what stands here."""

    #: Its public name, 24 hex characters.
    token: str
    state: TokenState
    #: Why a redemption would be refused now.
    refusal: Optional[Reason]
    user_id: Optional[int]
    client_id: Optional[int]
    destination: Optional[str]
    #: The relative path of the landing page.
    landing: str
    #: The credential that issued it.
    credential_id: Optional[int]
    #: The admin who issued it by password.
    admin_id: Optional[int]
    #: On whose behalf it was issued.
    actor: Optional[str]
    #: Whether it is bound to a browser.
    bound: bool
    issued_at: datetime
    expires_at: datetime
    redeemed_at: Optional[datetime]
    redemption: Optional[str]
    #: The public name of the session that it started.
    session: Optional[str]
    revoked_at: Optional[datetime]
    #: How often it was tried again after it was spent.
    replays: int
    replayed_at: Optional[datetime]
    #: When a sign-in page asks before it spends it.
    confirm: Optional[Confirm]


@dataclass(frozen=True, **SLOTS)
class Explanation:
    """The whole story of one token."""

    token: TokenRecord
    #: In plain words, in the order of time.
    story: tuple[str, ...]
    #: The audit events about it.
    events: tuple[AuditEvent, ...]


@dataclass(frozen=True, **SLOTS)
class Revoked:
    """What a revocation did."""

    #: How many unspent tokens there were.
    revoked: int


class Tokens(Namespace):
    """Tokens."""

    __slots__ = ()

    @checked
    def list(
        self,
        *,
        user_id: Optional[int] = None,
        client_id: Optional[int] = None,
        credential_id: Optional[int] = None,
        live: bool = False,
        before: Optional[str] = None,
        limit: int = 100,
    ) -> tuple[TokenRecord, ...]:
        """List tokens, newest first. ``refusal`` leaves the person's standing out here.

        Args:
            user_id: Only of this user.
            client_id: Only of this client.
            credential_id: Only of this credential.
            live: Only those that could be redeemed now.
            before: Only those before the one of this public name: the last of the page before.
            limit: At most so many, 1 to 1,000.

        Raises:
            InvalidArgument: An id, ``before`` or ``limit``.
        """
        answer = self._ask(
            "token.list",
            user_id=user_id,
            client_id=client_id,
            credential_id=credential_id,
            live=live,
            before=before,
            limit=limit,
        )
        return decode_all(TokenRecord, answer)

    @checked
    def each(
        self,
        *,
        user_id: Optional[int] = None,
        client_id: Optional[int] = None,
        credential_id: Optional[int] = None,
        live: bool = False,
        page_size: int = 1000,
    ) -> Iterator[TokenRecord]:
        """All tokens that match, newest first; pages are fetched as they are needed."""
        before: Optional[str] = None
        while True:
            page = self.list(
                user_id=user_id,
                client_id=client_id,
                credential_id=credential_id,
                live=live,
                before=before,
                limit=page_size,
            )
            if not page:
                return
            yield from page
            before = page[-1].token

    @checked
    def explain(self, token: str) -> Explanation:
        """Tell the whole story of one token, by the token or its public name.

        Raises:
            Refused: ``token_unknown``.
            InvalidArgument: ``token``.
        """
        return decode(Explanation, self._ask("token.explain", token=token))

    @checked
    def revoke(
        self,
        *,
        token: Optional[str] = None,
        user_id: Optional[int] = None,
        client_id: Optional[int] = None,
        credential_id: Optional[int] = None,
    ) -> Revoked:
        """Revoke unspent tokens: one, by the token or its public name, or all of a user, client or credential.

        Exactly one argument is needed.

        Raises:
            Refused: For a single one ``token_unknown``, or ``token_redeemed`` when it is too late.
            InvalidArgument: ``token`` or an id.
        """
        answer = self._ask(
            "token.revoke", token=token, user_id=user_id, client_id=client_id, credential_id=credential_id
        )
        return decode(Revoked, answer)

"""Credentials: identifier and secret of a calling system, or a name for code in the same process."""

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Optional

from gatepass._arguments import Duration, checked, rfc3339, whole_seconds
from gatepass._record import SLOTS, Unpicklable
from gatepass.enums import Confirm, CredentialKind
from gatepass.management._namespace import Namespace, decode, decode_all


@dataclass(frozen=True, **SLOTS)
class Limits:
    """What a credential may do. None means any, but ``sso:custom_redirect`` must be named."""

    #: API actions in lower case, such as ``createssotoken``.
    actions: Optional[tuple[str, ...]] = None
    #: Destinations; ``*`` stands for all of them.
    destinations: Optional[tuple[str, ...]] = None
    #: The numbers of clients.
    clients: Optional[tuple[int, ...]] = None
    #: Addresses or CIDR ranges that calls may come from; empty for any.
    addresses: tuple[str, ...] = ()
    #: Longest life of its tokens, 1 to 60 seconds.
    max_token_life_seconds: Optional[int] = None
    #: Issues per minute.
    issues_per_minute: Optional[int] = None
    #: It may make sign-in links, which live for hours or days.
    links: bool = False
    #: Destinations that its sign-in links may lead to, of those above; None for all of those.
    link_destinations: Optional[tuple[str, ...]] = None
    #: Longest life of its sign-in links, 60 to 604,800 seconds.
    max_link_life_seconds: Optional[int] = None
    #: Sign-in links per minute.
    links_per_minute: Optional[int] = None
    #: API calls may carry the secret in the query of the URL, where logs keep it.
    secret_in_query: bool = False
    #: When a sign-in page asks before it spends one of its tokens; the stricter of this and the setting holds.
    confirm: Optional[Confirm] = None


@dataclass(frozen=True, **SLOTS)
class Credential:
    """A credential as an operator sees it."""

    credential_id: int
    kind: CredentialKind
    #: What it is for; unique.
    label: str
    #: What callers send; None for a host credential.
    identifier: Optional[str]
    #: The owner; None for a host credential.
    admin_id: Optional[int]
    #: Where a refusal page sends people back to.
    home_url: Optional[str]
    limits: Limits
    created_at: datetime
    #: When it ends by itself.
    expires_at: Optional[datetime]
    revoked_at: Optional[datetime]
    #: A host credential may be switched off and on.
    enabled: bool
    #: Until when the secret before the last rotation is still accepted.
    old_secret_until: Optional[datetime]
    #: To the minute.
    last_used_at: Optional[datetime]


@dataclass(frozen=True, **SLOTS)
class NewSecret(Unpicklable):
    """A credential with a new secret, which is shown this once."""

    credential: Credential
    #: None for a host credential.
    secret: Optional[str] = field(repr=False)
    #: Unspent tokens that a rotation with ``leaked_since`` ended.
    tokens_ended: int
    #: Sign-in links that it ended.
    links_ended: int
    #: Sessions that it ended.
    sessions_ended: int


@dataclass(frozen=True, **SLOTS)
class RevokedCredential:
    """What ended with a credential that was revoked."""

    #: Its row stays.
    credential: Credential
    tokens_ended: int
    links_ended: int
    sessions_ended: int


class Credentials(Namespace):
    """Credentials. Each is named by its label or its identifier."""

    __slots__ = ()

    @checked
    def create(
        self,
        label: str,
        *,
        admin: Optional[str] = None,
        host: bool = False,
        home_url: Optional[str] = None,
        limits: Optional[Limits] = None,
        expires_at: Optional[datetime] = None,
    ) -> NewSecret:
        """Make a credential. Its secret is in the answer and never shown again.

        Args:
            label: What it is for; unique, 1 to 100 bytes.
            admin: The owner's username; needed unless ``host``.
            host: Make a host credential: a name without a secret, for code in the same process.
            home_url: Where a refusal page sends people back to.
            limits: What it may do; anything if None.
            expires_at: When it ends by itself.

        Raises:
            Refused: ``admin_unknown``, ``already_exists``.
            InvalidArgument: ``label``, ``admin``, ``home_url``, ``expires_at`` or a limit.
        """
        answer = self._ask(
            "credential.create",
            label=label,
            admin=admin,
            host=host,
            home_url=home_url,
            limits=_limits(limits),
            expires_at=rfc3339("expires_at", expires_at),
        )
        return decode(NewSecret, answer)

    @checked
    def list(self) -> tuple[Credential, ...]:
        """List the credentials, host credentials too, oldest first."""
        return decode_all(Credential, self._ask("credential.list"))

    @checked
    def show(self, credential: str) -> Credential:
        """Tell one credential.

        Raises:
            Refused: ``credential_unknown``.
        """
        return decode(Credential, self._ask("credential.show", credential=credential))

    @checked
    def rotate(
        self, credential: str, *, overlap: Duration = 0, leaked_since: Optional[datetime] = None
    ) -> NewSecret:
        """Give a credential a new secret, shown this once.

        Args:
            credential: Label or identifier.
            overlap: How long the old secret is still accepted, at most 30 days: a timedelta or seconds.
            leaked_since: The old secret leaked: no overlap, its unspent tokens and links end, and so do the
                sessions that it started since this time.

        Raises:
            Refused: ``credential_unknown``, ``credential_revoked``.
            InvalidArgument: ``overlap``, ``overlap_seconds``, ``leaked_since``, or ``credential`` when it is a
                host credential.
        """
        answer = self._ask(
            "credential.rotate",
            credential=credential,
            overlap_seconds=whole_seconds("overlap", overlap),
            leaked_since=rfc3339("leaked_since", leaked_since),
        )
        return decode(NewSecret, answer)

    @checked
    def revoke(self, credential: str, *, end_sessions: bool = False) -> RevokedCredential:
        """Revoke a credential, its unspent tokens and its sign-in links for good, and by choice its sessions.

        Raises:
            Refused: ``credential_unknown``.
        """
        answer = self._ask("credential.revoke", credential=credential, end_sessions=end_sessions)
        return decode(RevokedCredential, answer)

    @checked
    def enable(self, credential: str) -> Credential:
        """Switch a host credential on.

        Raises:
            Refused: ``credential_unknown``.
            InvalidArgument: ``credential``, when it is no host credential.
        """
        return decode(Credential, self._ask("credential.enable", credential=credential))

    @checked
    def disable(self, credential: str) -> Credential:
        """Switch a host credential off.

        Raises:
            Refused: ``credential_unknown``.
            InvalidArgument: ``credential``, when it is no host credential.
        """
        return decode(Credential, self._ask("credential.disable", credential=credential))


def _limits(limits: Optional[Limits]) -> Optional[dict[str, Any]]:
    return None if limits is None else dataclasses.asdict(limits)

"""A person who was just signed in, by a token or an AutoAuth link."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Optional

from gatepass._library import LIB
from gatepass._outcome import text
from gatepass._record import SLOTS, Unpicklable
from gatepass._time import moment_or_none


@dataclass(frozen=True, **SLOTS)
class SignIn(Unpicklable):
    """A person who was just signed in, by a token or an AutoAuth link."""

    #: The id of this sign-in. No secret. Whoever tries the token once more makes the host hear it again.
    redemption: str
    #: The user; in a store of mode ``host`` what the token was issued for.
    user_id: Optional[int]
    #: The client that the session is bound to.
    client_id: Optional[int]
    #: The clients that the session may enter; empty in a store of mode ``host``.
    clients: tuple[int, ...]
    #: The id of the new session, a secret for the browser's cookie alone; None when none was asked for.
    session: Optional[str] = field(repr=False)
    #: Until when that session may last at most.
    session_expires_at: Optional[datetime]
    #: The name of the landing page, as the token was issued for.
    destination: Optional[str]
    #: Where the browser goes.
    landing_url: str
    #: The credential that issued the token.
    credential_id: Optional[int]
    #: On whose behalf the token was issued.
    actor: Optional[str]
    #: The address that an AutoAuth link was signed for. In mode ``host`` the application looks it up, byte for
    #: byte.
    email: Optional[str] = field(repr=False)
    #: The stored AutoAuth key that signed the link.
    key_label: Optional[str]
    #: What was not checked and is the host's business, in a store of mode ``host``.
    unchecked: tuple[str, ...]


def read(handle: Any) -> SignIn:
    """What stands behind the handle."""
    clients = range(LIB.gatepass_sign_in_client_count(handle))
    unchecked = range(LIB.gatepass_sign_in_unchecked_count(handle))
    return SignIn(
        redemption=text(LIB.gatepass_sign_in_redemption(handle)),
        user_id=LIB.gatepass_sign_in_user_id(handle) or None,
        client_id=LIB.gatepass_sign_in_client_id(handle) or None,
        clients=tuple(LIB.gatepass_sign_in_client_at(handle, index) for index in clients),
        session=text(LIB.gatepass_sign_in_session(handle)) or None,
        session_expires_at=moment_or_none(LIB.gatepass_sign_in_session_expires_at_ms(handle)),
        destination=text(LIB.gatepass_sign_in_destination(handle)) or None,
        landing_url=text(LIB.gatepass_sign_in_landing_url(handle)),
        credential_id=LIB.gatepass_sign_in_credential_id(handle) or None,
        actor=text(LIB.gatepass_sign_in_actor(handle)) or None,
        email=text(LIB.gatepass_sign_in_email(handle)) or None,
        key_label=text(LIB.gatepass_sign_in_key_label(handle)) or None,
        unchecked=tuple(text(LIB.gatepass_sign_in_unchecked_at(handle, index)) for index in unchecked),
    )

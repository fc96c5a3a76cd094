"""A session that is good, as a check found it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

from gatepass._library import LIB
from gatepass._outcome import text
from gatepass._record import SLOTS
from gatepass._time import moment
from gatepass.enums import Origin, origin


@dataclass(frozen=True, **SLOTS)
class Session:
    """A session that is good, as a check found it."""

    #: The session's public name, as the audit and ``gate.sessions.list`` know it. No secret.
    name: str
    #: Who is signed in.
    user_id: Optional[int]
    #: The client that the session is bound to.
    client_id: Optional[int]
    #: The clients that it may enter; empty in a store of mode ``host``.
    clients: tuple[int, ...]
    #: How it began.
    origin: Origin
    #: The credential that issued its token.
    credential_id: Optional[int]
    #: The AutoAuth key that signed its link.
    autoauth_key_id: Optional[int]
    #: The sign-in that started it.
    redemption: Optional[str]
    started_at: datetime
    #: When it was last seen, to about a minute.
    touched_at: datetime
    #: When it ends if nobody uses it.
    idle_at: datetime
    #: When it ends in any case.
    ends_at: datetime


def read(handle: Any) -> Session:
    """What stands behind the handle."""
    clients = range(LIB.gatepass_session_client_count(handle))
    return Session(
        name=text(LIB.gatepass_session_name(handle)),
        user_id=LIB.gatepass_session_user_id(handle) or None,
        client_id=LIB.gatepass_session_client_id(handle) or None,
        clients=tuple(LIB.gatepass_session_client_at(handle, index) for index in clients),
        origin=origin(LIB.gatepass_session_origin(handle)),
        credential_id=LIB.gatepass_session_credential_id(handle) or None,
        autoauth_key_id=LIB.gatepass_session_autoauth_key_id(handle) or None,
        redemption=text(LIB.gatepass_session_redemption(handle)) or None,
        started_at=moment(LIB.gatepass_session_started_at_ms(handle)),
        touched_at=moment(LIB.gatepass_session_touched_at_ms(handle)),
        idle_at=moment(LIB.gatepass_session_idle_at_ms(handle)),
        ends_at=moment(LIB.gatepass_session_ends_at_ms(handle)),
    )

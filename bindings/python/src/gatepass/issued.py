"""A token that was just issued."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Optional

from gatepass._library import LIB
from gatepass._outcome import text
from gatepass._record import SLOTS, Unpicklable
from gatepass._time import moment


@dataclass(frozen=True, **SLOTS)
class Issued(Unpicklable):
    """A token that was just issued."""

    #: 40 hex characters, a secret until it is spent.
    token: str = field(repr=False)
    #: Where to send the browser: the redemption page of the system URL, with the token.
    redirect_url: str = field(repr=False)
    #: Who will be signed in; in a store of mode ``host`` only what was asked for.
    user_id: Optional[int]
    #: The client that the session will be bound to.
    client_id: Optional[int]
    #: When the token's life ends: at exactly this time it is expired.
    expires_at: datetime


def read(handle: Any) -> Issued:
    """What stands behind the handle."""
    return Issued(
        token=text(LIB.gatepass_issued_token(handle)),
        redirect_url=text(LIB.gatepass_issued_redirect_url(handle)),
        user_id=LIB.gatepass_issued_user_id(handle) or None,
        client_id=LIB.gatepass_issued_client_id(handle) or None,
        expires_at=moment(LIB.gatepass_issued_expires_at_ms(handle)),
    )

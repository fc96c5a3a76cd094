"""A use of a sign-in link that was just spent."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Optional

from gatepass._library import LIB
from gatepass._outcome import text
from gatepass._record import SLOTS, Unpicklable
from gatepass._time import moment


@dataclass(frozen=True, **SLOTS)
class OpenedLink(Unpicklable):
    """A use of a sign-in link that was just spent."""

    #: Where to send the browser: the redemption page of the system URL, with the token.
    redirect_url: str = field(repr=False)
    #: The token of this use: 40 hex characters, a secret until it is spent.
    token: str = field(repr=False)
    #: Where the person lands once the token is redeemed.
    landing_url: str
    #: The link's public name. No secret.
    reference: str
    #: Who will be signed in; in a store of mode ``host`` what the link was made for.
    user_id: Optional[int]
    #: The client that the session will be bound to.
    client_id: Optional[int]
    #: When the token's life ends.
    expires_at: datetime
    #: How often the link can still be used.
    uses_left: int
    #: What was not checked and is the host's business, in a store of mode ``host``.
    unchecked: tuple[str, ...]


def read(handle: Any) -> OpenedLink:
    """What stands behind the handle."""
    unchecked = range(LIB.gatepass_opened_link_unchecked_count(handle))
    return OpenedLink(
        redirect_url=text(LIB.gatepass_opened_link_redirect_url(handle)),
        token=text(LIB.gatepass_opened_link_token(handle)),
        landing_url=text(LIB.gatepass_opened_link_landing_url(handle)),
        reference=text(LIB.gatepass_opened_link_reference(handle)),
        user_id=LIB.gatepass_opened_link_user_id(handle) or None,
        client_id=LIB.gatepass_opened_link_client_id(handle) or None,
        expires_at=moment(LIB.gatepass_opened_link_expires_at_ms(handle)),
        uses_left=LIB.gatepass_opened_link_uses_left(handle),
        unchecked=tuple(text(LIB.gatepass_opened_link_unchecked_at(handle, index)) for index in unchecked),
    )

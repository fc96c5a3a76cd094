"""A sign-in link that was just made."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Optional

from gatepass._library import LIB
from gatepass._outcome import text
from gatepass._record import SLOTS, Unpicklable
from gatepass._time import moment


@dataclass(frozen=True, **SLOTS)
class CreatedLink(Unpicklable):
    """A sign-in link that was just made."""

    #: What goes into the mail: the URL with the link, a secret for that person. It is shown this once.
    url: str = field(repr=False)
    #: The link alone, 32 characters, as secret as the URL.
    link: str = field(repr=False)
    #: Its public name, 24 hex characters, for tables, logs and ``gate.links.revoke``. No secret.
    reference: str
    #: Who will be signed in; in a store of mode ``host`` only what was asked for.
    user_id: Optional[int]
    #: The client that the session will be bound to.
    client_id: Optional[int]
    #: When the link's life ends: at exactly this time it is expired.
    expires_at: datetime


def read(handle: Any) -> CreatedLink:
    """What stands behind the handle."""
    return CreatedLink(
        url=text(LIB.gatepass_created_link_url(handle)),
        link=text(LIB.gatepass_created_link_text(handle)),
        reference=text(LIB.gatepass_created_link_reference(handle)),
        user_id=LIB.gatepass_created_link_user_id(handle) or None,
        client_id=LIB.gatepass_created_link_client_id(handle) or None,
        expires_at=moment(LIB.gatepass_created_link_expires_at_ms(handle)),
    )

"""What can be told of a token without spending it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

from gatepass._library import LIB
from gatepass._outcome import text
from gatepass._record import SLOTS
from gatepass._time import moment, moment_or_none
from gatepass.enums import Reason, TokenState, token_state


@dataclass(frozen=True, **SLOTS)
class Inspection:
    """What can be told of a token without spending it."""

    #: The token's public name, as the audit and ``gate.tokens.explain`` know it. No secret.
    name: str
    #: Where the token stands.
    state: TokenState
    #: Why a redemption would be refused now, the person's and client's standing included; None if it would not.
    refusal: Optional[Reason]
    #: Whom the token signs in.
    user_id: Optional[int]
    #: The client that it signs in to.
    client_id: Optional[int]
    #: The name of the landing page.
    destination: Optional[str]
    #: The path of the landing page, relative to the system URL.
    landing: str
    #: The credential that issued it.
    credential_id: Optional[int]
    #: On whose behalf it was issued.
    actor: Optional[str]
    #: Whether it is bound to a browser.
    bound: bool
    issued_at: datetime
    #: When its life ends.
    expires_at: datetime
    redeemed_at: Optional[datetime]
    #: The id of the redemption.
    redemption: Optional[str]


def read(handle: Any) -> Inspection:
    """What stands behind the handle."""
    refusal = LIB.gatepass_inspection_refusal(handle)
    return Inspection(
        name=text(LIB.gatepass_inspection_name(handle)),
        state=token_state(LIB.gatepass_inspection_state(handle)),
        refusal=Reason(text(LIB.gatepass_code_name(refusal)) or f"code_{refusal}") if refusal else None,
        user_id=LIB.gatepass_inspection_user_id(handle) or None,
        client_id=LIB.gatepass_inspection_client_id(handle) or None,
        destination=text(LIB.gatepass_inspection_destination(handle)) or None,
        landing=text(LIB.gatepass_inspection_landing(handle)),
        credential_id=LIB.gatepass_inspection_credential_id(handle) or None,
        actor=text(LIB.gatepass_inspection_actor(handle)) or None,
        bound=bool(LIB.gatepass_inspection_bound(handle)),
        issued_at=moment(LIB.gatepass_inspection_issued_at_ms(handle)),
        expires_at=moment(LIB.gatepass_inspection_expires_at_ms(handle)),
        redeemed_at=moment_or_none(LIB.gatepass_inspection_redeemed_at_ms(handle)),
        redemption=text(LIB.gatepass_inspection_redemption(handle)) or None,
    )

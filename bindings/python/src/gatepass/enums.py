"""The words that have a fixed set of values today.

Each is a text, so ``state == "live"`` holds too. A word that a newer library adds becomes a member without a
name in the class: it has a value and compares like any other, and nothing breaks.
"""

from enum import Enum
from typing import Optional


class Word(str, Enum):
    """A text of a known set, open to what later releases add."""

    @classmethod
    def _missing_(cls, value: object) -> Optional["Word"]:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value.upper()
        member._value_ = value
        return member

    def __str__(self) -> str:
        return str(self.value)


class Confirm(Word):
    """When a sign-in page asks before it signs somebody in."""

    #: When the browser holds a session of somebody else.
    OTHER_USER = "other_user"
    #: Each time.
    ALWAYS = "always"


class Mode(Word):
    """Where users and clients live; chosen when a store is made."""

    #: In the store: ids must exist there and are checked at every step.
    MANAGED = "managed"
    #: In the application's database: ids are stored as given, and the application checks them.
    HOST = "host"


class TokenState(Word):
    """Where a token stands."""

    LIVE = "live"
    REDEEMED = "redeemed"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    CREDENTIAL_VOID = "credential_void"


class LinkState(Word):
    """Where a sign-in link stands."""

    LIVE = "live"
    #: All its uses are spent.
    USED = "used"
    REVOKED = "revoked"
    #: Another one of its label and person was used.
    SUPERSEDED = "superseded"
    #: The person's e-mail address or password was changed.
    OUTDATED = "outdated"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    CREDENTIAL_VOID = "credential_void"


class LinkEnd(Word):
    """Why a sign-in link ended before its time."""

    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    EMAIL_CHANGED = "email_changed"
    PASSWORD_CHANGED = "password_changed"


class AccountChange(Word):
    """What was changed of somebody's account, so that links mailed before must not be used any more."""

    EMAIL = "email"
    PASSWORD = "password"


class OrderBy(Word):
    """By what users and clients are listed; those alike come by their number."""

    ID = "id"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    CREATED_AT = "created_at"
    #: Clients only, as what follows.
    COMPANY_NAME = "company_name"
    GROUP_ID = "group_id"
    STATUS = "status"


class Origin(Word):
    """How a session began."""

    TOKEN = "token"
    AUTOAUTH = "auto_auth"


class ClientStatus(Word):
    """A client's standing. A closed one signs nobody in."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"
    CLOSED = "Closed"


class CredentialKind(Word):
    """With identifier and secret, or a registered name for code in the same process."""

    API = "api"
    HOST = "host"


class DestinationInput(Word):
    """What a destination needs from the caller."""

    NONE = "none"
    SERVICE = "service"
    DOMAIN = "domain"
    PATH = "path"


class Severity(Word):
    """How bad a finding of ``gate.store.check()`` is."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


class Reason(Word):
    """Why something was refused, by the names of ``gatepass.h``."""

    TOKEN_UNKNOWN = "token_unknown"
    TOKEN_REDEEMED = "token_redeemed"
    TOKEN_REVOKED = "token_revoked"
    TOKEN_NOT_YET_VALID = "token_not_yet_valid"
    TOKEN_EXPIRED = "token_expired"
    BROWSER_MISMATCH = "browser_mismatch"
    AUTHENTICATION_FAILED = "authentication_failed"
    CREDENTIAL_REVOKED = "credential_revoked"
    CREDENTIAL_EXPIRED = "credential_expired"
    CREDENTIAL_DISABLED = "credential_disabled"
    ADMIN_DISABLED = "admin_disabled"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    ACTION_NOT_ALLOWED = "action_not_allowed"
    DESTINATION_NOT_ALLOWED = "destination_not_allowed"
    CLIENT_NOT_ALLOWED = "client_not_allowed"
    LIFE_NOT_ALLOWED = "life_not_allowed"
    RATE_LIMITED = "rate_limited"
    LEGACY_AUTH_OFF = "legacy_auth_off"
    LOCKED_OUT = "locked_out"
    SECRET_IN_QUERY = "secret_in_query"
    LINKS_NOT_ALLOWED = "links_not_allowed"
    USER_UNKNOWN = "user_unknown"
    USER_DISABLED = "user_disabled"
    CLIENT_UNKNOWN = "client_unknown"
    CLIENT_CLOSED = "client_closed"
    SSO_DISABLED = "sso_disabled"
    NOT_A_MEMBER = "not_a_member"
    NO_CLIENT = "no_client"
    NO_OWNER = "no_owner"
    AUTOAUTH_OFF = "autoauth_off"
    AUTOAUTH_HASH = "autoauth_hash"
    AUTOAUTH_TOO_OLD = "autoauth_too_old"
    AUTOAUTH_TOO_NEW = "autoauth_too_new"
    AUTOAUTH_USED = "autoauth_used"
    AUTOAUTH_FORGOTTEN = "autoauth_forgotten"
    GOTO_NOT_ALLOWED = "goto_not_allowed"
    NO_MATCH = "no_match"
    SEVERAL_CLIENTS = "several_clients"
    LINK_UNKNOWN = "link_unknown"
    LINK_USED = "link_used"
    LINK_REVOKED = "link_revoked"
    LINK_SUPERSEDED = "link_superseded"
    LINK_OUTDATED = "link_outdated"
    LINK_NOT_YET_VALID = "link_not_yet_valid"
    LINK_EXPIRED = "link_expired"
    LANDING_NOT_ALLOWED = "landing_not_allowed"
    SESSION_UNKNOWN = "session_unknown"
    SESSION_ENDED = "session_ended"
    SESSION_IDLE = "session_idle"
    SESSION_EXPIRED = "session_expired"
    ADMIN_UNKNOWN = "admin_unknown"
    CREDENTIAL_UNKNOWN = "credential_unknown"
    DESTINATION_UNKNOWN = "destination_unknown"
    KEY_UNKNOWN = "key_unknown"
    ALREADY_EXISTS = "already_exists"
    OWNER_EXISTS = "owner_exists"
    OWNER_STAYS = "owner_stays"
    HOST_MODE = "host_mode"
    SEALING_KEY_MISSING = "sealing_key_missing"
    SEALING_KEY_WRONG = "sealing_key_wrong"


# The numbers that the C ABI has for words.
MODES = {1: Mode.MANAGED, 2: Mode.HOST}
TOKEN_STATES = {
    1: TokenState.LIVE,
    2: TokenState.REDEEMED,
    3: TokenState.REVOKED,
    4: TokenState.EXPIRED,
    5: TokenState.NOT_YET_VALID,
    6: TokenState.CREDENTIAL_VOID,
}
ORIGINS = {1: Origin.TOKEN, 2: Origin.AUTOAUTH}


def token_state(number: int) -> TokenState:
    """The state of that number, also of one that a later release adds."""
    return TOKEN_STATES.get(number) or TokenState(f"unknown_{number}")


def origin(number: int) -> Origin:
    """The origin of that number, also of one that a later release adds."""
    return ORIGINS.get(number) or Origin(f"unknown_{number}")

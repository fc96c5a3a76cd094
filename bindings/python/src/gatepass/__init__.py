"""Single-use sign-on tokens over one SQLite file.

    with gatepass.open("gatepass.db") as gate:
        issued = gate.issue(client_id=1)
        signed_in = gate.redeem(issued.token)

README.md has a complete program and what to know of threads, forks and errors.
"""

from typing import Optional, Union

from gatepass._arguments import Duration, checked
from gatepass._library import LIB
from gatepass._opening import Opening, Path
from gatepass._outcome import text
from gatepass._version import __version__
from gatepass.caller import Caller
from gatepass.created_link import CreatedLink
from gatepass.enums import (
    AccountChange,
    ClientStatus,
    Confirm,
    CredentialKind,
    DestinationInput,
    LinkEnd,
    LinkState,
    Mode,
    OrderBy,
    Origin,
    Reason,
    Severity,
    TokenState,
)
from gatepass.errors import (
    GateClosed,
    GatepassError,
    InternalError,
    InvalidArgument,
    Refused,
    StoreError,
)
from gatepass.gate import Gate
from gatepass.inspection import Inspection
from gatepass.issued import Issued
from gatepass.management._namespace import Page
from gatepass.management.admins import Admin
from gatepass.management.audit import AuditEvent
from gatepass.management.autoauth import AutoAuthKey, AutoAuthReport, AutoAuthSwitch
from gatepass.management.clients import Client, Member
from gatepass.management.credentials import Credential, Limits, NewSecret, RevokedCredential
from gatepass.management.destinations import Destination, RemovedDestination
from gatepass.management.links import (
    EndedLinks,
    LinkExplanation,
    LinkInspection,
    LinkMoment,
    LinkReport,
    LinkReportRow,
    RefusalCount,
)
from gatepass.management.seal import Resealed
from gatepass.management.sessions import Ended, SessionRecord
from gatepass.management.settings import Setting
from gatepass.management.store import BackedUp, Finding, Purged, Restored, StoreInfo
from gatepass.management.tokens import Explanation, Revoked, TokenRecord
from gatepass.management.users import Erased, Place, User, UserExport
from gatepass.opened_link import OpenedLink
from gatepass.session import Session
from gatepass.sign_in import SignIn

__all__ = [
    "AccountChange",
    "Admin",
    "AuditEvent",
    "AutoAuthKey",
    "AutoAuthReport",
    "AutoAuthSwitch",
    "BackedUp",
    "Caller",
    "Client",
    "ClientStatus",
    "Confirm",
    "CreatedLink",
    "Credential",
    "CredentialKind",
    "Destination",
    "DestinationInput",
    "Ended",
    "EndedLinks",
    "Erased",
    "Explanation",
    "Finding",
    "Gate",
    "GateClosed",
    "GatepassError",
    "Inspection",
    "InternalError",
    "InvalidArgument",
    "Issued",
    "Limits",
    "LinkEnd",
    "LinkExplanation",
    "LinkInspection",
    "LinkMoment",
    "LinkReport",
    "LinkReportRow",
    "LinkState",
    "Member",
    "Mode",
    "NewSecret",
    "OpenedLink",
    "OrderBy",
    "Origin",
    "Page",
    "Place",
    "Purged",
    "Reason",
    "RefusalCount",
    "Refused",
    "RemovedDestination",
    "Resealed",
    "Restored",
    "Revoked",
    "RevokedCredential",
    "Session",
    "SessionRecord",
    "Setting",
    "Severity",
    "SignIn",
    "StoreError",
    "StoreInfo",
    "TokenRecord",
    "TokenState",
    "User",
    "UserExport",
    "__version__",
    "init",
    "library_version",
    "open",
    "operations",
    "sqlite_version",
]


@checked
def open(
    path: Path,
    *,
    deadline: Optional[Duration] = None,
    sealing_key_file: Optional[Path] = None,
    sealing_key: Optional[str] = None,
    actor: Optional[str] = None,
    kept: bool = False,
) -> Gate:
    """Open an existing store. Opening costs some milliseconds, so open once and use it for long.

    Args:
        path: The store's file, or the URL of a shared one, in builds that have it.
        deadline: How long a call may wait for other users of the store: a timedelta or seconds, at most an
            hour; 10 seconds if None.
        sealing_key_file: The file that holds the key under which AutoAuth keys are sealed. It must not stand in
            the store's folder, and is read when something first needs it.
        sealing_key: The sealing key itself. It goes before a file.
        actor: Who makes the changes, for the audit: the name of the program or person, at most 200 bytes.
        kept: Keep the store open in this process after the gate is closed, so that opening it again by the same
            options costs next to nothing.

    Raises:
        StoreError: Nothing there, a folder, a foreign file, a newer schema, no permission; ``code`` says which.
        InvalidArgument: ``path``, ``deadline``, ``sealing_key`` or ``actor``.
    """
    opening = Opening(
        path,
        deadline=deadline,
        sealing_key_file=sealing_key_file,
        sealing_key=sealing_key,
        actor=actor,
        kept=kept,
    )
    return Gate(opening, opening.open)


@checked
def init(
    path: Path,
    *,
    mode: Union[Mode, str],
    system_url: str,
    group_writable: bool = False,
    deadline: Optional[Duration] = None,
    sealing_key_file: Optional[Path] = None,
    sealing_key: Optional[str] = None,
    actor: Optional[str] = None,
) -> Gate:
    """Make a new store and open it. Nothing may stand at the path.

    Args:
        path: The store's file, whose folder must be there, or the URL of a shared one.
        mode: ``managed`` when users and clients live in the store, ``host`` when the application keeps them.
        system_url: The address of the system that people are signed in to; https, http on this machine only.
        group_writable: The file's group may read and write it too (mode 0660 instead of 0600).
        deadline: As for :func:`open`, like everything that follows.
        sealing_key_file: The sealing key's file.
        sealing_key: The sealing key itself.
        actor: Who makes the changes.

    Raises:
        StoreError: ``store_exists``, or what else is wrong with the place.
        InvalidArgument: ``mode``, ``system_url``, ``path``, ``deadline``, ``sealing_key`` or ``actor``.
    """
    opening = Opening(
        path,
        deadline=deadline,
        sealing_key_file=sealing_key_file,
        sealing_key=sealing_key,
        actor=actor,
        kept=False,
    )
    chosen = Mode(mode)
    return Gate(opening, lambda out: opening.init(chosen, system_url, group_writable, out))


def library_version() -> str:
    """The release of the library, such as ``0.1.0``."""
    return text(LIB.gatepass_version())


def sqlite_version() -> str:
    """The version of the SQLite inside."""
    return text(LIB.gatepass_sqlite_version())


def operations() -> dict[str, str]:
    """The name of each operation that :meth:`Gate.call` knows, and what it does."""
    known: dict[str, str] = {}
    while name := LIB.gatepass_operation_name(len(known)):
        known[text(name)] = text(LIB.gatepass_operation_about(len(known)))
    return known

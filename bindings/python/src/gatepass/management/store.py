"""The store itself: what it is, purge, backup, restore, check."""

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Union

from gatepass._arguments import checked
from gatepass._record import SLOTS
from gatepass.enums import Severity
from gatepass.management._namespace import Namespace, decode, decode_all
from gatepass.management.credentials import Credential


@dataclass(frozen=True, **SLOTS)
class StoreInfo:
    """What a store says about itself."""

    #: Its random name.
    store_id: str
    created_at: datetime
    #: The version of its schema.
    schema: int
    #: The version of the database library.
    database: str


@dataclass(frozen=True, **SLOTS)
class Purged:
    """How many rows a purge deleted."""

    tokens: int
    #: Sign-in links.
    links: int
    sessions: int
    autoauth_links: int
    audit_events: int
    #: Audited addresses that were cut.
    addresses_cut: int


@dataclass(frozen=True, **SLOTS)
class BackedUp:
    """What a backup wrote."""

    file: str
    pages: int


@dataclass(frozen=True, **SLOTS)
class Restored:
    """What a restore did."""

    tokens_ended: int
    links_ended: int
    sessions_ended: int
    #: Links of before this time are no longer accepted by AutoAuth.
    autoauth_floor: datetime
    #: Those that are good again now: check each, since an old copy brings revoked ones back.
    credentials_to_check: tuple[Credential, ...]


@dataclass(frozen=True, **SLOTS)
class Finding:
    """One thing that a check looked at."""

    #: ``integrity``, ``schema``, ``permissions``, ``identity``, ``clock``, ``sealed_keys``, a setting's name.
    subject: str
    severity: Severity
    message: str


class StoreUpkeep(Namespace):
    """The store itself."""

    __slots__ = ()

    @checked
    def info(self) -> StoreInfo:
        """Tell the store's name, age, schema and database version."""
        return decode(StoreInfo, self._ask("store.info"))

    @checked
    def purge(self) -> Purged:
        """Delete everything whose time is over. Only a store that issues nothing for long needs it."""
        return decode(Purged, self._ask("store.purge"))

    @checked
    def backup(self, file: Union[str, os.PathLike[str]]) -> BackedUp:
        """Copy the store to a new file while others use it.

        Raises:
            StoreError: ``store_exists`` when something stands there.
        """
        return decode(BackedUp, self._ask("store.backup", file=os.fspath(file)))

    @checked
    def restore(self, file: Union[str, os.PathLike[str]]) -> Restored:
        """Put a backup in place of everything. All its sessions, unspent tokens and sign-in links end.

        Raises:
            StoreError: ``store_missing``, ``not_a_store``, and whatever else a file can be.
        """
        return decode(Restored, self._ask("store.restore", file=os.fspath(file)))

    @checked
    def check(self) -> tuple[Finding, ...]:
        """Look for damage, danger and settings that endanger. Each thing looked at gives a finding."""
        return decode_all(Finding, self._ask("store.check"))

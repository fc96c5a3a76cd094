"""AutoAuth: the switch, the keys, and who still uses the old links."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Optional, Union

from gatepass._arguments import checked
from gatepass._record import SLOTS
from gatepass.enums import Confirm
from gatepass.management._namespace import Namespace, decode, decode_all


@dataclass(frozen=True, **SLOTS)
class AutoAuthKey:
    """An AutoAuth key as an operator sees it."""

    key_id: int
    #: Which calling system has it; unique.
    label: str
    #: The key has fewer than 20 characters, so that it can be guessed from a link.
    weak: bool
    #: When a sign-in page asks before it accepts one of its links; None: as the setting says.
    confirm: Optional[Confirm]
    added_at: datetime
    #: Its links are refused since.
    retired_at: Optional[datetime]
    #: When a link of it was first accepted.
    first_used_at: Optional[datetime]
    last_used_at: Optional[datetime]
    #: How many links of it were accepted.
    uses: int
    #: The least of (our clock - the link's time), in seconds.
    least_skew_seconds: Optional[int]
    #: The most of it.
    most_skew_seconds: Optional[int]


@dataclass(frozen=True, **SLOTS)
class AutoAuthSwitch:
    """Whether links are accepted, and by how many keys."""

    enabled: bool
    active_keys: int


@dataclass(frozen=True, **SLOTS)
class AutoAuthReport:
    """Who still uses the old links."""

    #: Whether links are accepted at all.
    enabled: bool
    keys: tuple[AutoAuthKey, ...]
    #: From when the counts below are.
    since: datetime
    #: Links whose hash was right, by outcome: ``ok``, or a reason.
    outcomes: Mapping[str, int]
    #: Links whose hash fitted no key, as far as they were told to the audit.
    wrong_hashes: int


class AutoAuth(Namespace):
    """The switch and the keys of AutoAuth. Links are signed and accepted by the gate itself."""

    __slots__ = ()

    @checked
    def enable(self) -> AutoAuthSwitch:
        """Accept AutoAuth links."""
        return decode(AutoAuthSwitch, self._ask("autoauth.enable"))

    @checked
    def disable(self) -> AutoAuthSwitch:
        """Refuse AutoAuth links."""
        return decode(AutoAuthSwitch, self._ask("autoauth.disable"))

    @checked
    def key_add(self, label: str, key: str, *, confirm: Optional[Union[Confirm, str]] = None) -> AutoAuthKey:
        """Store an AutoAuth key, sealed. One key per calling system, so that each can be retired alone.

        Args:
            label: Which calling system has it; unique, 1 to 100 bytes.
            key: The key, 1 to 1,024 bytes; not the same as, or the end of, another active key.
            confirm: When a sign-in page asks before it accepts one of its links; the stricter of this and the
                setting holds.

        Raises:
            Refused: ``already_exists``, ``sealing_key_missing``, ``sealing_key_wrong``.
            InvalidArgument: ``label``, ``key`` or the sealing key's file.
        """
        return decode(AutoAuthKey, self._ask("autoauth.key_add", label=label, key=key, confirm=confirm))

    @checked
    def key_list(self) -> tuple[AutoAuthKey, ...]:
        """List the AutoAuth keys and their use."""
        return decode_all(AutoAuthKey, self._ask("autoauth.key_list"))

    @checked
    def key_retire(self, label: str) -> AutoAuthKey:
        """Retire a key: its links are refused from now on, and it is wiped from the store.

        Raises:
            Refused: ``key_unknown``.
        """
        return decode(AutoAuthKey, self._ask("autoauth.key_retire", label=label))

    @checked
    def report(self, days: int = 30) -> AutoAuthReport:
        """Tell who still uses AutoAuth links, over the last days, 1 to 3,650.

        Raises:
            InvalidArgument: ``days``.
        """
        return decode(AutoAuthReport, self._ask("autoauth.report", days=days))

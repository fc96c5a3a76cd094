"""What is managed, in one namespace for each noun."""

from gatepass.management._namespace import Calls
from gatepass.management.admins import Admins
from gatepass.management.audit import Audit
from gatepass.management.autoauth import AutoAuth
from gatepass.management.clients import Clients
from gatepass.management.credentials import Credentials
from gatepass.management.destinations import Destinations
from gatepass.management.links import Links
from gatepass.management.members import Members
from gatepass.management.seal import Seal
from gatepass.management.sessions import Sessions
from gatepass.management.settings import Settings
from gatepass.management.store import StoreUpkeep
from gatepass.management.tokens import Tokens
from gatepass.management.users import Users


class Management:
    """The namespaces of a gate. They hold the gate and it holds none of them: no cycle keeps it alive."""

    @property
    def users(self: Calls) -> Users:
        """The people who sign in."""
        return Users(self)

    @property
    def clients(self: Calls) -> Clients:
        """The accounts that people sign in to."""
        return Clients(self)

    @property
    def members(self: Calls) -> Members:
        """Users' places in clients."""
        return Members(self)

    @property
    def admins(self: Calls) -> Admins:
        """The owners of credentials."""
        return Admins(self)

    @property
    def credentials(self: Calls) -> Credentials:
        """Calling systems and registered callers."""
        return Credentials(self)

    @property
    def autoauth(self: Calls) -> AutoAuth:
        """The switch and the keys of AutoAuth."""
        return AutoAuth(self)

    @property
    def seal(self: Calls) -> Seal:
        """The sealing key."""
        return Seal(self)

    @property
    def tokens(self: Calls) -> Tokens:
        """Tokens, as far as they are managed."""
        return Tokens(self)

    @property
    def links(self: Calls) -> Links:
        """Sign-in links, as far as they are managed."""
        return Links(self)

    @property
    def sessions(self: Calls) -> Sessions:
        """Sessions, as far as they are managed."""
        return Sessions(self)

    @property
    def destinations(self: Calls) -> Destinations:
        """The pages that people land on."""
        return Destinations(self)

    @property
    def settings(self: Calls) -> Settings:
        """Settings that every process agrees on."""
        return Settings(self)

    @property
    def audit(self: Calls) -> Audit:
        """What happened."""
        return Audit(self)

    @property
    def store(self: Calls) -> StoreUpkeep:
        """The store itself."""
        return StoreUpkeep(self)

"""Members: users' places in clients, in a store of mode ``managed``."""

from gatepass._arguments import checked
from gatepass.management._namespace import Namespace, decode, decode_all
from gatepass.management.clients import Client, Member


class Members(Namespace):
    """Users' places in clients. In a store of mode ``host`` every call is refused with ``host_mode``."""

    __slots__ = ()

    @checked
    def add(self, user_id: int, client_id: int, owner: bool = False) -> Client:
        """Give a user a place in a client, by choice as its owner.

        Raises:
            Refused: ``user_unknown``, ``client_unknown``, ``already_exists``, ``owner_exists``.
        """
        return decode(Client, self._ask("member.add", user_id=user_id, client_id=client_id, owner=owner))

    @checked
    def remove(self, user_id: int, client_id: int) -> Client:
        """Take a user's place in a client away. The owner stays.

        Raises:
            Refused: ``client_unknown``, ``not_a_member``, ``owner_stays``.
        """
        return decode(Client, self._ask("member.remove", user_id=user_id, client_id=client_id))

    @checked
    def list(self, client_id: int) -> tuple[Member, ...]:
        """List the members of a client.

        Raises:
            Refused: ``client_unknown``.
        """
        return decode_all(Member, self._ask("member.list", client_id=client_id))

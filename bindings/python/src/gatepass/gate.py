"""The gate: an open store and what is done with it."""

from typing import Any, Optional, Union

from gatepass._abi import (
    CreatedLinkHandle,
    InspectionHandle,
    IssuedHandle,
    OpenedLinkHandle,
    SessionHandle,
    SignInHandle,
)
from gatepass._arguments import Bytes, Duration, checked, pair
from gatepass._document import json_object
from gatepass._library import LIB
from gatepass._request import Fields
from gatepass._store import Open
from gatepass.autoauth_links import AutoAuthLinks
from gatepass.caller import Caller
from gatepass.created_link import CreatedLink
from gatepass.created_link import read as read_created_link
from gatepass.inspection import Inspection
from gatepass.inspection import read as read_inspection
from gatepass.issued import Issued
from gatepass.issued import read as read_issued
from gatepass.management import Management
from gatepass.management._namespace import decode
from gatepass.management.links import LinkInspection
from gatepass.opened_link import OpenedLink
from gatepass.opened_link import read as read_opened_link
from gatepass.session import Session
from gatepass.session import read as read_session
from gatepass.sign_in import SignIn
from gatepass.sign_in import read as read_sign_in


class Gate(AutoAuthLinks, Management):
    """An open store. Any number of threads may use it at once.

    Get one by :func:`gatepass.open` or :func:`gatepass.init`, use it in a ``with``, or ``close`` it. It is
    closed before a fork and opened again at the next use, on both sides.

    What is managed has a namespace for each noun: ``gate.users``, ``gate.clients``, ``gate.members``,
    ``gate.admins``, ``gate.credentials``, ``gate.autoauth``, ``gate.seal``, ``gate.tokens``,
    ``gate.links``, ``gate.sessions``, ``gate.destinations``, ``gate.settings``, ``gate.audit``, ``gate.store``.

    Every method may raise ``TypeError`` for a value of a wrong type, :class:`GateClosed`, :class:`StoreError`.
    """

    # Tokens.

    @checked
    def issue(
        self,
        *,
        caller: Union[Caller, str] = "cli",
        user_id: Optional[int] = None,
        client_id: Optional[int] = None,
        destination: Optional[str] = None,
        service_id: Optional[int] = None,
        domain_id: Optional[int] = None,
        redirect_path: Optional[str] = None,
        life: Optional[Duration] = None,
        binding: Optional[Bytes] = None,
        actor: Optional[str] = None,
        address: Optional[str] = None,
    ) -> Issued:
        """Issue a token for a person.

        Args:
            caller: Who asks: a :class:`Caller`, or the label of a host credential.
            user_id: The user. Alone: bound to the one client, if there is exactly one.
            client_id: The client. Alone: its owner is signed in. One of the two is needed.
            destination: The landing page by name, such as ``clientarea:product_details``; the home page if
                None.
            service_id: The service, for a destination that shows one.
            domain_id: The domain, for a destination that shows one.
            redirect_path: The relative path to land on, for the destination ``sso:custom_redirect``.
            life: A shorter life than the usual 60 seconds: a timedelta or seconds.
            binding: The value of a cookie that the redeeming site set in the browser before. Only that browser
                can redeem the token.
            actor: On whose behalf the caller asks, for the audit; at most 200 bytes.
            address: Where the call came from.

        Raises:
            Refused: The caller may not, or the person may not sign in.
            InvalidArgument: ``field`` names the argument that can't be used.
        """
        fields = Fields(
            user_id=user_id,
            client_id=client_id,
            destination=destination,
            service_id=service_id,
            domain_id=domain_id,
            redirect_path=redirect_path,
            life=life,
            binding=binding,
            actor=actor,
            address=address,
        )
        proof = self._proof(caller)

        def act(opened: Open, request: Any, out: Any) -> None:
            asking = proof.handle(opened)
            LIB.gatepass_token_issue(opened.handle, asking, request, out)

        return self._perform(fields, IssuedHandle, act, read_issued)

    @checked
    def inspect(self, token: str, *, address: Optional[str] = None) -> Inspection:
        """Tell where a token stands, spending nothing and writing nothing: for pages that answer GET.

        Raises:
            Refused: ``token_unknown``. A token that is spent or expired is no refusal here.
        """
        fields = Fields(token=token, address=address)

        def act(opened: Open, request: Any, out: Any) -> None:
            LIB.gatepass_token_inspect(opened.handle, request, out)

        return self._perform(fields, InspectionHandle, act, read_inspection)

    @checked
    def redeem(
        self,
        token: str,
        *,
        session: Optional[str] = None,
        confirmed: bool = True,
        start_session: bool = True,
        binding: Optional[Bytes] = None,
        address: Optional[str] = None,
    ) -> SignIn:
        """Spend a token. At most one call ever succeeds for each; then it is on the disk.

        Args:
            token: As the browser brought it.
            session: The session that the browser holds here already, so that a second click is told apart from
                a theft. What can't be one counts as none.
            confirmed: Whether a person confirmed it, or nobody needed to. What is not confirmed never counts as
                a replay.
            start_session: Whether to start a session of the library's own.
            binding: The value of the browser's cookie, for a token that was issued with one.
            address: Where the call came from.

        Raises:
            Refused: ``token_unknown``, ``token_redeemed`` (``redemption`` and ``same_browser`` say more),
                ``token_revoked``, ``token_not_yet_valid``, ``token_expired``, what became of the credential,
                why the person may not sign in, ``browser_mismatch``; looked for in this order.
            StoreError: With the code ``indeterminate`` the token may be spent; nobody is signed in.
        """
        fields = Fields(
            token=token,
            session=session,
            confirmed=confirmed,
            start_session=start_session,
            binding=binding,
            address=address,
        )

        def act(opened: Open, request: Any, out: Any) -> None:
            LIB.gatepass_token_redeem(opened.handle, request, out)

        return self._perform(fields, SignInHandle, act, read_sign_in)

    # Sign-in links for e-mail.

    @checked
    def create_link(
        self,
        *,
        caller: Union[Caller, str] = "cli",
        user_id: Optional[int] = None,
        client_id: Optional[int] = None,
        destination: Optional[str] = None,
        service_id: Optional[int] = None,
        domain_id: Optional[int] = None,
        redirect_path: Optional[str] = None,
        life: Optional[Duration] = None,
        uses: int = 1,
        label: Optional[str] = None,
        title: Optional[str] = None,
        end_siblings: bool = False,
        actor: Optional[str] = None,
        address: Optional[str] = None,
    ) -> CreatedLink:
        """Make a sign-in link for a mail. Then it is on the disk.

        Args:
            caller: Who asks: a :class:`Caller` that may make links, or the label of a host credential.
            user_id: The user, as for :meth:`issue`.
            client_id: The client, as for :meth:`issue`. One of the two is needed.
            destination: The landing page by name; the home page if None.
            service_id: The service, for a destination that shows one.
            domain_id: The domain, for a destination that shows one.
            redirect_path: The relative path to land on, for the destination ``sso:custom_redirect``.
            life: How long the link lives, a minute to 7 days: a timedelta or seconds; None for the setting
                ``link_life_seconds``.
            uses: How often it may be used, 1 to 100.
            label: What the mailing is called, for reports and to revoke all of it; at most 100 bytes.
            title: What waits for the person there, as the page that asks says it: ``invoice 5``.
            end_siblings: Whether its use ends all others of its label for the same user and client.
            actor: On whose behalf the caller asks, for the audit; at most 200 bytes.
            address: Where the call came from.

        Raises:
            Refused: ``links_not_allowed``, or else the caller may not, or the person may not sign in.
            InvalidArgument: ``field`` names the argument that can't be used.
        """
        fields = Fields(
            user_id=user_id,
            client_id=client_id,
            destination=destination,
            service_id=service_id,
            domain_id=domain_id,
            redirect_path=redirect_path,
            life=life,
            uses=uses,
            label=label,
            title=title,
            end_siblings=end_siblings,
            actor=actor,
            address=address,
        )
        proof = self._proof(caller)

        def act(opened: Open, request: Any, out: Any) -> None:
            asking = proof.handle(opened)
            LIB.gatepass_link_create(opened.handle, asking, request, out)

        return self._perform(fields, CreatedLinkHandle, act, read_created_link)

    @checked
    def inspect_link(self, link: str, *, address: Optional[str] = None) -> LinkInspection:
        """Tell where a link stands, using nothing and writing nothing: for pages that answer GET.

        Args:
            link: Its text, its URL or its public name.
            address: Where the call came from.

        Raises:
            Refused: ``link_unknown``, also for what can't be a link. One that is used or ended is no refusal
                here.
            InvalidArgument: ``address``.
        """
        given = {"link": link} if address is None else {"link": link, "address": address}
        return decode(LinkInspection, self.call("link.inspect", **given))

    @checked
    def open_link(self, link: str, *, address: Optional[str] = None) -> OpenedLink:
        """Spend a use of a link and mint its token. Never for a GET: robots look into mailboxes.

        As many calls succeed as the link has uses; then it is on the disk. What fails spends no use.

        Args:
            link: Its text or its URL, as the browser brought it.
            address: Where the call came from.

        Raises:
            Refused: ``link_unknown``, ``link_used``, ``link_revoked``, ``link_superseded`` or
                ``link_outdated``, ``link_not_yet_valid``, ``link_expired``, what became of the credential,
                ``landing_not_allowed``, why the person may not sign in; looked for in this order.
            StoreError: With the code ``indeterminate`` the use may be spent.
        """
        fields = Fields(link=link, address=address)

        def act(opened: Open, request: Any, out: Any) -> None:
            LIB.gatepass_link_open(opened.handle, request, out)

        return self._perform(fields, OpenedLinkHandle, act, read_opened_link)

    # Sessions.

    @checked
    def check_session(self, session: str, *, address: Optional[str] = None) -> Session:
        """Is a session good now? The person's and client's standing are checked each time. It counts as a use.

        Raises:
            Refused: ``session_unknown``, ``session_ended``, ``session_expired``, ``session_idle``, or why the
                person may not be signed in any more.
        """
        fields = Fields(session=session, address=address)

        def act(opened: Open, request: Any, out: Any) -> None:
            LIB.gatepass_session_check(opened.handle, request, out)

        return self._perform(fields, SessionHandle, act, read_session)

    @checked
    def end_session(self, session: str, *, address: Optional[str] = None) -> None:
        """End a session for good. One that is over already is no error.

        Raises:
            Refused: ``session_unknown``.
        """
        fields = Fields(session=session, address=address)

        def act(opened: Open) -> None:
            request = fields.make()
            try:
                LIB.gatepass_session_end(opened.handle, request)
            finally:
                LIB.gatepass_free(request)

        self._store.run(act)

    # Everything that is managed.

    def call(self, operation: str, /, **parameters: Any) -> Any:
        """Run an operation by its name, JSON in and JSON out. The namespaces do the same with types.

        Args:
            operation: Its name, such as ``user.add``; :func:`gatepass.operations` lists them.
            parameters: What JSON can say. Times are RFC 3339 in UTC, durations whole seconds.

        Raises:
            Refused: What the operation says.
            InvalidArgument: ``field`` names the parameter, or is ``operation``.
        """
        if not isinstance(operation, str):
            raise TypeError(f"operation must be str, not {type(operation).__name__}")
        document = json_object(parameters)

        def act(opened: Open, out: Any) -> None:
            LIB.gatepass_call(opened.handle, *pair(operation), *pair(document), out)

        return self._document(act)

    @checked
    def local_api(self, action: str, /, *, caller: Union[Caller, str] = "cli", **parameters: Any) -> Any:
        """Run an action of the WHMCS-compatible API in this process, as ``localAPI`` does.

        Args:
            action: ``CreateSsoToken``, ``GetClients``, ``GetClientsDetails`` or ``GetUsers``, in any letter
                case.
            caller: Who asks: a :class:`Caller`, or the label of a host credential.
            parameters: Those of the action, such as ``client_id=1``.

        Returns:
            A dict with ``result``, which is ``success`` or ``error``, and for an error ``message``.

        Raises:
            Refused: ``credential_unknown`` or ``credential_disabled``, for the label of a host credential.
            InvalidArgument: ``parameters``.
        """
        document = json_object(parameters)
        proof = self._proof(caller)

        def act(opened: Open, out: Any) -> None:
            asking = proof.handle(opened)
            LIB.gatepass_api_call(opened.handle, asking, *pair(action), *pair(document), out)

        return self._document(act)

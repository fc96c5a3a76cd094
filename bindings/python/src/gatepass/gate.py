"""The gate: an open store and what is done with it."""

import json
import sys
import warnings
from ctypes import byref
from types import TracebackType
from typing import Any, Callable, Optional, TypeVar, Union

from gatepass._abi import DocumentHandle, InspectionHandle, IssuedHandle, SessionHandle, SignInHandle
from gatepass._arguments import Duration, checked, pair
from gatepass._document import json_object
from gatepass._document import read as read_document
from gatepass._library import LIB
from gatepass._opening import Opening
from gatepass._record import Unpicklable
from gatepass._request import Fields
from gatepass._store import Open, Store
from gatepass.caller import Caller, Hosts, Proof
from gatepass.errors import InvalidArgument
from gatepass.inspection import Inspection
from gatepass.inspection import read as read_inspection
from gatepass.issued import Issued
from gatepass.issued import read as read_issued
from gatepass.management import Management
from gatepass.session import Session
from gatepass.session import read as read_session
from gatepass.sign_in import SignIn
from gatepass.sign_in import read as read_sign_in

T = TypeVar("T")

Bytes = Union[str, bytes]


class Gate(Management, Unpicklable):
    """An open store. Any number of threads may use it at once.

    Get one by :func:`gatepass.open` or :func:`gatepass.init`, use it in a ``with``, or ``close`` it. It is
    closed before a fork and opened again at the next use, on both sides.

    What is managed has a namespace for each noun: ``gate.users``, ``gate.clients``, ``gate.members``,
    ``gate.admins``, ``gate.credentials``, ``gate.autoauth``, ``gate.seal``, ``gate.tokens``,
    ``gate.sessions``, ``gate.destinations``, ``gate.settings``, ``gate.audit``, ``gate.store``.

    Every method may raise ``TypeError`` for a value of a wrong type, :class:`GateClosed`, :class:`StoreError`.
    """

    def __init__(self, opening: Opening, first: Callable[[Any], None]) -> None:
        """Made by :func:`gatepass.open` and :func:`gatepass.init`."""
        self._path = opening.path
        self._hosts = Hosts()
        self._store = Store(first, opening.open)

    # Who asks.

    @checked
    def caller(self, label: str = "cli") -> Caller:
        """The registered host credential of a label, for code in this process.

        It proves nothing: code under the same system user owns the store. It says who asks, and limits honest
        mistakes.

        Raises:
            Refused: ``credential_unknown`` or ``credential_disabled``.
        """
        return Caller(self, Proof(label=label))

    @checked
    def authenticate(self, identifier: str, secret: str, address: Optional[str] = None) -> Caller:
        """Authenticate a calling system. A right secret always succeeds, whatever others did.

        Args:
            identifier: ``GPI`` and 29 more characters.
            secret: ``GPS`` and 29 more characters.
            address: The caller's network address, such as ``203.0.113.9``; None when there is none.

        Raises:
            Refused: ``authentication_failed`` for unknown, wrong, revoked and expired alike;
                ``address_not_allowed``.
            InvalidArgument: ``address`` is none.
        """
        shown = (pair(identifier)[0] or b"", pair(secret)[0] or b"")
        return Caller(self, Proof(secret=shown, address=address))

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

    # AutoAuth links.

    @checked
    def accept_autoauth(
        self,
        *,
        query: Optional[Bytes] = None,
        email: Optional[Bytes] = None,
        timestamp: Optional[Bytes] = None,
        hash: Optional[Bytes] = None,
        goto: Optional[Bytes] = None,
        key: Optional[str] = None,
        session: Optional[str] = None,
        start_session: bool = True,
        address: Optional[str] = None,
    ) -> SignIn:
        """Accept an AutoAuth link, once, whatever its spelling.

        Args:
            query: The raw query string of the request, with or without ``?``. It goes before the four fields.
            email: The decoded field of that name.
            timestamp: The decoded field of that name.
            hash: The decoded field of that name.
            goto: The decoded field of that name.
            key: The key itself; no stored key is tried then.
            session: The session that the browser holds here already.
            start_session: Whether to start a session of the library's own.
            address: Where the call came from.

        Raises:
            Refused: AutoAuth is off, the hash fits no key, the link is too old, too new or used, or its
                address names nobody, several, or one who may not sign in.
            InvalidArgument: ``query``, ``email``, ``timestamp``, ``hash`` or ``goto``.
        """
        fields = Fields(
            query=query,
            email=email,
            timestamp=timestamp,
            hash=hash,
            goto=goto,
            key=key,
            session=session,
            start_session=start_session,
            address=address,
        )

        def act(opened: Open, request: Any, out: Any) -> None:
            LIB.gatepass_autoauth_accept(opened.handle, request, out)

        return self._perform(fields, SignInHandle, act, read_sign_in)

    @checked
    def sign_autoauth(
        self,
        email: str,
        *,
        key: Optional[str] = None,
        key_label: Optional[str] = None,
        goto: Optional[str] = None,
    ) -> str:
        """Build an AutoAuth link, signed for now by ``key`` or by the stored key ``key_label``.

        Raises:
            Refused: ``key_unknown``, ``sealing_key_missing``, ``sealing_key_wrong``.
            InvalidArgument: ``email``, ``goto`` or ``key``.
        """
        fields = Fields(email=email, key=key, key_label=key_label, goto=goto)

        def act(opened: Open, request: Any, out: Any) -> None:
            LIB.gatepass_autoauth_sign(opened.handle, request, out)

        return self._perform(fields, DocumentHandle, act, read_document)

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

    # Its life.

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._store.closed

    def close(self) -> None:
        """Close the store. Calls of other threads end as usual. A second time does nothing."""
        self._store.close()

    def __enter__(self) -> "Gate":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # At the end of the process the system closes everything, and half of Python is gone.
        store: Optional[Store] = getattr(self, "_store", None)
        if store is None or store.closed or sys.is_finalizing():
            return
        try:
            if store.is_open:
                warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)
        finally:
            # A filter may make an exception of the warning.
            store.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else "open"
        return f"<gatepass.Gate {self._path.decode(errors='replace')!r}, {state}>"

    def _proof(self, caller: Union[Caller, str]) -> Proof:
        if isinstance(caller, Caller):
            if caller._gate is not self:
                raise InvalidArgument(
                    "caller: is one of another gate", code="wrong_handle", number=1004, field="caller"
                )
            return caller._proof
        return self._hosts.proof(caller)

    def _document(self, act: Callable[[Open, Any], None]) -> Any:
        def run(opened: Open) -> str:
            out = DocumentHandle()
            try:
                act(opened, byref(out))
                return read_document(out)
            finally:
                LIB.gatepass_free(out)

        return json.loads(self._store.run(run))

    def _perform(
        self,
        fields: Fields,
        handle: Any,
        act: Callable[[Open, Any, Any], None],
        read: Callable[[Any], T],
    ) -> T:
        def run(opened: Open) -> T:
            request = fields.make()
            out = handle()
            try:
                act(opened, request, byref(out))
                return read(out)
            finally:
                LIB.gatepass_free(out)
                LIB.gatepass_free(request)

        return self._store.run(run)

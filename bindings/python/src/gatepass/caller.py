"""Who asks for tokens."""

import sys
from ctypes import byref
from typing import TYPE_CHECKING, Any, Optional

from gatepass._abi import CallerHandle
from gatepass._arguments import checked, pair
from gatepass._library import LIB
from gatepass._masked import Masked
from gatepass._outcome import exception
from gatepass._record import Unpicklable
from gatepass._store import Open

if TYPE_CHECKING:
    from gatepass._acting import Acting


class Proof:
    """How a caller is derived, and the handle that came of it for an opening of the store."""

    __slots__ = ("_address", "_held", "_label", "_secret")

    def __init__(
        self,
        *,
        label: Optional[str] = None,
        secret: Optional[tuple[bytes, bytes]] = None,
        address: Optional[str] = None,
    ) -> None:
        """By the label of a host credential, or by identifier and secret."""
        self._held: dict[Open, Any] = {}
        self._label = label
        self._secret = None if secret is None else (secret[0], Masked(secret[1]))
        self._address = address

    def handle(self, opened: Open) -> Any:
        """The handle for that opening of the store, derived anew where there is none yet.

        It takes no lock: a thread that waits here would hold up a fork.
        """
        held = self._held.get(opened)
        if held is not None:
            return held
        fresh = CallerHandle()
        self._derive(opened, fresh)
        held = self._held.setdefault(opened, fresh)
        if held is not fresh:
            LIB.gatepass_free(fresh)
        for other in [other for other in list(self._held) if not other.handle]:
            gone = self._held.pop(other, None)
            if gone is not None:
                LIB.gatepass_free(gone)
        return held

    def _derive(self, opened: Open, fresh: Any) -> None:
        if self._secret is None:
            LIB.gatepass_caller_host(opened.handle, *pair(self._label), byref(fresh))
            return
        identifier, secret = self._secret
        LIB.gatepass_caller_authenticate(
            opened.handle, *pair(identifier), *pair(secret.reveal()), *pair(self._address), byref(fresh)
        )

    def __del__(self) -> None:
        if not sys.is_finalizing():
            for held in self._held.values():
                LIB.gatepass_free(held)


class Hosts:
    """The host credentials that a gate was asked for by their labels."""

    # A program has a few.
    MOST = 64

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, Proof] = {}

    def proof(self, label: str) -> Proof:
        """The one of that label."""
        proof = self._known.get(label)
        if proof is None:
            if len(self._known) >= self.MOST:
                self._known.clear()
            proof = self._known[label] = Proof(label=label)
        return proof


class Caller(Unpicklable):
    """Who asks for tokens: a registered caller of this process, or the proof of an authentication.

    What it may do is read anew each time it is used. It outlives a fork: the store is opened again then, and
    the caller is derived again, by its label, or by its identifier, secret and address. For that the secret of
    an authenticated caller is kept as long as the object, masked, so that no dump of variables shows it. If
    the credential was revoked meanwhile, the next use is refused.
    """

    __slots__ = ("__weakref__", "_gate", "_proof", "credential_id")

    #: The number of the credential, as the audit names it.
    credential_id: Optional[int]

    def __init__(self, gate: "Acting", proof: Proof) -> None:
        """Made by :meth:`Gate.caller` and :meth:`Gate.authenticate`."""
        self._gate = gate
        self._proof = proof

        def credential(opened: Open) -> int:
            number = int(LIB.gatepass_caller_credential_id(proof.handle(opened)))
            if number == 0 and (code := LIB.gatepass_last_error_code()):
                raise exception(LIB, code)
            return number

        self.credential_id = gate._store.run(credential) or None

    @checked
    def authorise(self, action: str, address: Optional[str] = None) -> None:
        """Ask whether this caller may do an API action, from there, now. It returns if so.

        Args:
            action: Its name in lower case, such as ``getclients``.
            address: The caller's network address; a credential bound to addresses is refused without one.

        Raises:
            Refused: ``action_not_allowed``, ``address_not_allowed``, or what became of the credential.
            InvalidArgument: ``action`` or ``address`` can't be one.
            StoreError: The store could not answer.
        """

        def act(opened: Open) -> None:
            handle = self._proof.handle(opened)
            LIB.gatepass_caller_authorise(opened.handle, handle, *pair(action), *pair(address))

        self._gate._store.run(act)

    def __repr__(self) -> str:
        return f"<gatepass.Caller credential_id={self.credential_id}>"

"""An open store, and how acts are done with it."""

import json
import sys
import warnings
from ctypes import byref
from types import TracebackType
from typing import Any, Callable, Optional, TypeVar, Union

from gatepass._abi import DocumentHandle
from gatepass._arguments import checked, pair
from gatepass._document import read as read_document
from gatepass._library import LIB
from gatepass._opening import Opening
from gatepass._record import Unpicklable
from gatepass._request import Fields
from gatepass._store import Open, Store
from gatepass.caller import Caller, Hosts, Proof
from gatepass.errors import InvalidArgument

T = TypeVar("T")
Self = TypeVar("Self", bound="Acting")


class Acting(Unpicklable):
    """An open store: who asks, its life, and what all acts have in common. The acts are the gate's."""

    def __init__(self, opening: Opening, first: Callable[[Any], None]) -> None:
        """Made by :func:`gatepass.open` and :func:`gatepass.init`."""
        self._shown = opening.shown
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

    # Its life.

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._store.closed

    def close(self) -> None:
        """Close the store. Calls of other threads end as usual. A second time does nothing."""
        self._store.close()

    def __enter__(self: Self) -> Self:
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
        return f"<gatepass.Gate {self._shown!r}, {state}>"

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

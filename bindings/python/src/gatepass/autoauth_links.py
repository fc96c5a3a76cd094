"""AutoAuth links: accepted once, judged by themselves, and built."""

from typing import Any, Optional

from gatepass._abi import DocumentHandle, SignInHandle
from gatepass._acting import Acting
from gatepass._arguments import Bytes, Duration, checked, pair, whole_seconds
from gatepass._document import read as read_document
from gatepass._library import LIB
from gatepass._outcome import link_refused
from gatepass._request import Fields
from gatepass._store import Open
from gatepass.sign_in import SignIn
from gatepass.sign_in import read as read_sign_in


class AutoAuthLinks(Acting):
    """What a gate does with AutoAuth links."""

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

    @staticmethod
    @checked
    def verify_autoauth(query: Bytes, *, key: str, past: Duration = 900, future: Duration = 900) -> bool:
        """Whether a link is well-formed, was made with that key, and its time is near enough to the clock.

        **It makes no link single-use and looks nobody up**: whoever has seen a link passes with it again until
        its time is over, and ``goto`` is not judged. To sign somebody in, accept the link:
        :meth:`accept_autoauth`. It needs no store, so it is called as ``Gate.verify_autoauth``.

        Args:
            query: The raw query string of the request, with or without ``?``.
            key: The key that it must have been made with.
            past: How old it may be, in whole seconds.
            future: How far its time may lie ahead of this clock, likewise.

        Raises:
            InvalidArgument: ``key``, ``past_seconds`` or ``future_seconds``.
        """
        times = whole_seconds("past_seconds", past), whole_seconds("future_seconds", future)
        code = LIB.gatepass_autoauth_verify(*pair(query), *pair(key), *times)
        if code:
            link_refused(LIB, code)
        return not code

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

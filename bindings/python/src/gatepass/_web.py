"""Requests and answers of the endpoints, over the border of C."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from ctypes import byref
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gatepass._abi import SessionHandle, WebRequestHandle, WebResponseHandle
from gatepass._arguments import pair
from gatepass._library import LIB
from gatepass._record import SLOTS
from gatepass._store import Open
from gatepass.errors import InternalError, InvalidArgument
from gatepass.gate import Gate
from gatepass.session import Session
from gatepass.session import read as read_session

T = TypeVar("T")

#: What the library answers, below the system URL. A test compares it with the library's own list.
ENDPOINTS = frozenset({"includes/api.php", "oauth/singlesignon.php", "dologin.php", "signin.php", "logout.php"})

#: Enough of a body for the library to see that it is too long.
MOST_OF_A_BODY = 65_537


@dataclass(frozen=True, **SLOTS)
class WebRequest:
    """A request as a web server hands it over. Its ``repr`` shows no token and no cookie."""

    method: str
    #: Below the system URL, without a slash at its start.
    path: str
    query: bytes = field(default=b"", repr=False)
    headers: Iterable[tuple[str, bytes]] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    #: Who is at the other end of the connection; what is no address counts as unknown.
    peer: str = ""

    @contextmanager
    def made(self) -> Iterator[Any]:
        """The request as C takes it."""
        request = WebRequestHandle()
        try:
            LIB.gatepass_web_request_new(*pair(self.method), *pair(self.path), byref(request))
            LIB.gatepass_web_request_set_query(request, *pair(self.query))
            for name, value in self.headers:
                LIB.gatepass_web_request_add_header(request, *pair(name), *pair(value))
            LIB.gatepass_web_request_set_body(request, *pair(self.body))
            try:
                LIB.gatepass_web_request_set_peer(request, *pair(self.peer or None))
            except InvalidArgument:
                # Such as the empty one of a Unix socket.
                LIB.gatepass_web_request_set_peer(request, None, 0)
            yield request
        finally:
            LIB.gatepass_free(request)


@dataclass(frozen=True, **SLOTS)
class WebResponse:
    """An answer to send. Its ``repr`` shows the status only: the rest may hold a session's cookie."""

    status: int
    #: All but ``Content-Length``; a name may come several times.
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    body: bytes = field(repr=False)


def handle(gate: Gate, request: WebRequest) -> WebResponse:
    """Answer a request."""
    return _asked(gate, request, LIB.gatepass_web_handle, WebResponseHandle, _read)


def session(gate: Gate, request: WebRequest) -> Session:
    """The session whose cookie the request brings.

    Raises:
        Refused: Nobody is signed in.
    """
    return _asked(gate, request, LIB.gatepass_web_session, SessionHandle, read_session)


def _asked(
    gate: Gate,
    request: WebRequest,
    call: Callable[..., Any],
    handle: Callable[[], Any],
    read: Callable[[Any], T],
) -> T:
    """What a call comes to that takes a request and gives an object."""

    def act(opened: Open) -> T:
        out = handle()
        try:
            with request.made() as made:
                call(opened.handle, made, byref(out))
            return read(out)
        finally:
            LIB.gatepass_free(out)

    return gate._store.run(act)


def _read(response: Any) -> WebResponse:
    headers = tuple(
        (
            LIB.gatepass_web_response_header_name(response, index),
            LIB.gatepass_web_response_header_value(response, index),
        )
        for index in range(LIB.gatepass_web_response_header_count(response))
    )
    body = LIB.gatepass_web_response_body(response)
    if body is None or len(body) != LIB.gatepass_web_response_body_length(response):
        raise InternalError("an answer could not be read")
    return WebResponse(status=LIB.gatepass_web_response_status(response), headers=headers, body=body)

"""The endpoints for a WSGI server: the API, the sign-in pages and sign-out.

``gatepass.wsgi:application`` is what a server runs; it opens the store that ``GATEPASS_STORE`` names. A
program of its own makes an :class:`Application` of its gate, in front of its site or alone, and asks
:func:`session` who is signed in.
"""

import os
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Optional

from gatepass import _web
from gatepass._arguments import checked
from gatepass._opening import Opening
from gatepass._web import ENDPOINTS, MOST_OF_A_BODY, WebRequest
from gatepass.errors import GatepassError, InvalidArgument, Refused
from gatepass.gate import Gate
from gatepass.session import Session

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIEnvironment

__all__ = ["Application", "application", "session"]


class Application:
    """The endpoints of a gate, as a WSGI application. Any number of threads may call it at once.

    Mount it at the path of the store's system URL: ``SCRIPT_NAME`` is that path, ``PATH_INFO`` what follows.
    """

    __slots__ = ("_fallback", "_gate")

    @checked
    def __init__(self, gate: Gate, *, fallback: Optional[Callable[..., Iterable[bytes]]] = None) -> None:
        """Over an open gate, which stays the caller's to close.

        Args:
            gate: The gate.
            fallback: The WSGI application that answers every other path; otherwise they are not found.
        """
        self._gate = gate
        self._fallback = fallback

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request."""
        if self._fallback is not None and _path(environ) not in ENDPOINTS:
            return self._fallback(environ, start_response)
        try:
            response = _web.handle(self._gate, _request(environ, _body(environ)))
        except GatepassError as error:
            # Such as a store that is gone when it is opened again after a fork.
            return _unavailable(environ, start_response, error)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers]
        return _send(environ, start_response, response.status, headers, response.body)


@checked
def session(gate: Gate, environ: dict[str, Any]) -> Optional[Session]:
    """Who is signed in: the session whose cookie the request brings, None if there is none that is good.

    It counts as a use of the session. The person's and client's standing are checked each time.

    Raises:
        StoreError: The store could not answer. Treat it as "nobody".
    """
    try:
        return _web.session(gate, _request(environ, b""))
    except Refused:
        return None


# The one that `application` runs, once it could be opened.
_opened: dict[str, Application] = {}


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """The endpoints of the store that the environment names, opened when the first request comes.

    ``GATEPASS_STORE`` is the store's file, ``GATEPASS_SEAL_KEY`` the sealing key's if there is one. While the
    store can't be opened every request is answered 503, and why stands in the server's error log.
    """
    serving = _opened.get("application")
    if serving is None:
        try:
            gate = _open()
        except GatepassError as error:
            return _unavailable(environ, start_response, error)
        # Two first requests may come at once; a lock could be held over a fork.
        fresh = Application(gate)
        serving = _opened.setdefault("application", fresh)
        if serving is not fresh:
            gate.close()
    return serving(environ, start_response)


def _open() -> Gate:
    path = os.environ.get("GATEPASS_STORE")
    if not path:
        raise InvalidArgument("GATEPASS_STORE names no store", field="path")
    opening = Opening(
        path,
        deadline=None,
        sealing_key_file=os.environ.get("GATEPASS_SEAL_KEY") or None,
        sealing_key=None,
        actor=None,
        kept=False,
    )
    return Gate(opening, opening.open)


def _unavailable(
    environ: "WSGIEnvironment", start_response: "StartResponse", error: GatepassError
) -> Iterable[bytes]:
    """Why stands in the server's error log alone."""
    environ["wsgi.errors"].write(f"gatepass: {error.code}: {error}\n")
    media, body = "text/plain", b"Not available now. Please try again later.\n"
    if _path(environ) == "includes/api.php":
        media, body = "application/json", b'{"result":"error","message":"temporarily_unavailable"}'
    headers = [
        ("Content-Type", f"{media}; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Retry-After", "30"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    return _send(environ, start_response, 503, headers, body)


def _send(
    environ: "WSGIEnvironment",
    start_response: "StartResponse",
    status: int,
    headers: list[tuple[str, str]],
    body: bytes,
) -> Iterable[bytes]:
    length = ("Content-Length", str(len(body)))
    start_response(f"{status} {HTTPStatus(status).phrase}", [*headers, length])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _request(environ: "WSGIEnvironment", body: bytes) -> WebRequest:
    return WebRequest(
        method=_text(environ["REQUEST_METHOD"]),
        path=_path(environ),
        query=environ.get("QUERY_STRING", "").encode("latin-1"),
        headers=_headers(environ),
        body=body,
        peer=environ.get("REMOTE_ADDR", ""),
    )


def _path(environ: "WSGIEnvironment") -> str:
    return _text(environ.get("PATH_INFO", "")).removeprefix("/")


def _text(given: str) -> str:
    """Bytes that WSGI shows as Latin-1. What the library would not take as text can be no endpoint's."""
    return given.encode("latin-1").decode("utf-8", "replace").replace("\0", "\ufffd")


def _headers(environ: "WSGIEnvironment") -> list[tuple[str, bytes]]:
    headers = [("Content-Type", environ.get("CONTENT_TYPE", ""))]
    for key, value in environ.items():
        # These two have names of their own; under this one they come of a header with underscores.
        if key.startswith("HTTP_") and key not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
            headers.append((key[len("HTTP_") :].replace("_", "-"), value))
    return [(name, value.encode("latin-1")) for name, value in headers if value]


def _body(environ: "WSGIEnvironment") -> bytes:
    """The body, or as much of it as shows that it is too long."""
    stream: InputStream = environ["wsgi.input"]
    told = environ.get("CONTENT_LENGTH") or ""
    if told.isdecimal():
        # More digits than that are as long as can be, and Python refuses to read very many.
        left = min(int(told), MOST_OF_A_BODY) if len(told) < 20 else MOST_OF_A_BODY
    else:
        # A server that promises an end lets a body of unknown length be read; with others that would hang.
        left = MOST_OF_A_BODY if environ.get("wsgi.input_terminated") and not told else 0
    parts = []
    while left > 0 and (part := stream.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)

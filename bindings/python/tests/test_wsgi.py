"""The endpoints as a WSGI application: what goes in and out is the server's, and nothing is added."""

import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

import gatepass
from conftest import SYSTEM_URL, program
from gatepass import Gate, _web, wsgi
from gatepass._web import WebRequest, WebResponse

PATH = "/oauth/singlesignon.php"


class Answer:
    """What an application answered, by the rules of WSGI, which the validator checks."""

    status: str
    headers: list[tuple[str, str]]

    def __init__(self, application: Any, **environ: Any) -> None:
        request: dict[str, Any] = {"PATH_INFO": PATH, "SCRIPT_NAME": "", "QUERY_STRING": "", **environ}
        request["wsgi.errors"] = io.StringIO()
        setup_testing_defaults(request)
        answered: Any = validator(application)(request, self._start)
        try:
            self.body = b"".join(answered)
        finally:
            answered.close()

    def _start(self, status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
        self.status, self.headers = status, headers
        return None


class Body(io.BytesIO):
    """A body as some servers give it: a few bytes at a time, and a read beyond its end would wait for ever."""

    asked = 0

    def __init__(self, content: bytes, end: Optional[int] = None) -> None:
        super().__init__(content)
        self.end = len(content) if end is None else end

    def read(self, size: Optional[int] = -1, /) -> bytes:
        assert size is not None
        assert size > 0
        assert self.asked < self.end, "read beyond the end"
        part = super().read(min(size, 5))
        self.asked += len(part)
        return part


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[WebRequest]:
    """What the library would be asked; it answers with two cookies."""
    requests: list[WebRequest] = []

    def handle(_gate: Gate, request: WebRequest) -> WebResponse:
        requests.append(request)
        cookies = ((b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2"), (b"Content-Type", b"text/plain"))
        return WebResponse(status=403, headers=cookies, body=b"no")

    monkeypatch.setattr(_web, "handle", handle)
    return requests


def test_a_request_comes_over_as_the_server_gave_it(gate: Gate, seen: list[WebRequest]) -> None:
    Answer(
        wsgi.Application(gate),
        REQUEST_METHOD="POST",
        SCRIPT_NAME="/whmcs",
        QUERY_STRING="email=j%C3%B6\xff+x",
        CONTENT_TYPE="application/x-www-form-urlencoded",
        CONTENT_LENGTH="7",
        HTTP_COOKIE="a=1; b=\xe9",
        HTTP_SEC_PURPOSE="prefetch",
        REMOTE_ADDR="2001:db8::1",
        **{"wsgi.input": Body(b"x=1&y=2&z=3", end=7)},
    )
    (request,) = seen
    assert (request.method, request.path) == ("POST", "oauth/singlesignon.php")
    assert request.query == b"email=j%C3%B6\xff+x"
    assert request.body == b"x=1&y=2"
    assert request.peer == "2001:db8::1"
    headers = {(name.lower(), value) for name, value in request.headers}
    assert ("cookie", b"a=1; b=\xe9") in headers
    assert ("sec-purpose", b"prefetch") in headers
    assert [value for name, value in headers if name == "content-type"] == [
        b"application/x-www-form-urlencoded"
    ]


def test_a_content_type_spelled_with_underscores_is_nobody_s(gate: Gate, seen: list[WebRequest]) -> None:
    environ = {"PATH_INFO": PATH, "CONTENT_TYPE": "text/plain", "HTTP_CONTENT_TYPE": "text/html"}
    setup_testing_defaults(environ)
    list(wsgi.Application(gate)(environ, lambda *_: lambda _: None))
    assert ("Content-Type", b"text/plain") in seen[0].headers
    assert b"text/html" not in [value for _, value in seen[0].headers]


def test_an_answer_goes_out_as_the_library_gave_it(gate: Gate, seen: list[WebRequest]) -> None:
    answer = Answer(wsgi.Application(gate))
    assert answer.status == "403 Forbidden"
    assert answer.headers == [
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Content-Type", "text/plain"),
        ("Content-Length", "2"),
    ]
    assert answer.body == b"no"
    assert len(seen) == 1


def test_head_is_answered_without_a_body(gate: Gate, seen: list[WebRequest]) -> None:
    answer = Answer(wsgi.Application(gate), REQUEST_METHOD="HEAD")
    assert (answer.status, answer.body) == ("403 Forbidden", b"")
    assert seen[0].method == "HEAD"


@pytest.mark.parametrize(
    ("length", "terminated", "content", "wanted"),
    [
        ("", False, b"never read", 0),
        ("", True, b"chunked", 7),
        ("0", True, b"never read", 0),
        ("-1", True, b"never read", 0),
        ("seven", True, b"never read", 0),
        ("70000", False, b"x" * 70_000, 65_537),
        ("", True, b"x" * 70_000, 65_537),
        ("9", False, b"cut off", 7),
        ("9" * 5_000, False, b"cut off", 7),
    ],
)
def test_a_body_is_read_up_to_its_end_or_the_limit(
    gate: Gate, seen: list[WebRequest], length: str, terminated: bool, content: bytes, wanted: int
) -> None:
    environ = {"PATH_INFO": PATH, "CONTENT_LENGTH": length, "wsgi.input_terminated": terminated}
    setup_testing_defaults(environ)
    environ["wsgi.input"] = Body(content, end=len(content) + 1)
    list(wsgi.Application(gate)(environ, lambda *_: lambda _: None))
    assert seen[0].body == content[:wanted]


def test_a_path_below_another_mount_goes_to_the_site(gate: Gate, seen: list[WebRequest]) -> None:
    def site(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["PATH_INFO"].encode("latin-1")]

    both = wsgi.Application(gate, fallback=site)
    for path in ("/", "/clientarea.php", "//dologin.php", "/dologin.php/", "/oauth\0", "/\xe9"):
        assert Answer(both, PATH_INFO=path).body == path.encode("latin-1")
    assert seen == []
    for path in _web.ENDPOINTS:
        assert Answer(both, PATH_INFO=f"/{path}").body == b"no"
    assert len(seen) == len(_web.ENDPOINTS)


def test_a_path_that_nobody_has_is_not_found(gate: Gate) -> None:
    for path in ("/", "/clientarea.php", "//dologin.php", "/oauth\0", "/\xe9", "/\xc3\xa9"):
        assert Answer(wsgi.Application(gate), PATH_INFO=path).status == "404 Not Found"


def test_nobody_is_signed_in_without_a_good_cookie(gate: Gate) -> None:
    environ: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.9"}
    setup_testing_defaults(environ)
    assert wsgi.session(gate, environ) is None
    assert wsgi.session(gate, {**environ, "HTTP_COOKIE": "x=1", "REMOTE_ADDR": ""}) is None


def test_a_store_that_can_not_answer_is_not_nobody(gate: Gate) -> None:
    environ: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.9"}
    setup_testing_defaults(environ)
    gate.close()
    with pytest.raises(gatepass.GateClosed):
        wsgi.session(gate, environ)


def test_a_caller_without_an_address_is_on_no_list(gate: Gate) -> None:
    gate.settings.set("allowed_addresses", ["127.0.0.0/8"])
    for peer, why in ("", b"Invalid IP"), ("unix:", b"Invalid IP"), ("127.0.0.1", b"credentials"):
        environ = {"PATH_INFO": "/includes/api.php", "QUERY_STRING": "action=GetUsers", "REMOTE_ADDR": peer}
        assert why in Answer(wsgi.Application(gate), **environ).body


def test_whoever_signed_in_is_known_by_the_cookie_until_signed_out(gate: Gate) -> None:
    def visit(**environ: Any) -> tuple[str, list[tuple[str, str]]]:
        # Not through the validator: it wants a Content-Type for a redirect without a body.
        told: list[Any] = []

        def start(*given: Any) -> Any:
            told.extend(given)

        setup_testing_defaults(environ)
        list(wsgi.Application(gate)(environ, start))
        return told[0], told[1]

    token = gate.issue(client_id=1).token
    status, headers = visit(PATH_INFO=PATH, QUERY_STRING=f"access_token={token}")
    assert status == "303 See Other"
    given = [value for name, value in headers if name == "Set-Cookie"]
    (cookie,) = re.findall(r"__Host-gp_[0-9a-f]{16}=[0-9a-f]{64}", " ".join(given))
    environ: dict[str, Any] = {"HTTP_COOKIE": cookie, "REMOTE_ADDR": "203.0.113.9"}
    session = wsgi.session(gate, environ | {"REQUEST_METHOD": "GET"})
    assert session is not None
    assert (session.user_id, session.clients) == (1, (1,))
    status, _ = visit(REQUEST_METHOD="POST", PATH_INFO="/logout.php", HTTP_COOKIE=cookie)
    assert status == "303 See Other"
    assert wsgi.session(gate, environ | {"REQUEST_METHOD": "GET"}) is None


def test_who_makes_an_application_of_something_else_is_told(gate: Gate) -> None:
    with pytest.raises(TypeError, match="gate must be Gate, not str"):
        wsgi.Application("gatepass.db")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="fallback must be Callable or None, not str"):
        wsgi.Application(gate, fallback="site")  # type: ignore[arg-type]


def test_no_repr_shows_what_a_request_or_an_answer_holds() -> None:
    headers = (("Cookie", b"hidden"),)
    request = WebRequest("GET", "dologin.php", query=b"hidden", headers=headers, body=b"hidden")
    response = WebResponse(status=303, headers=((b"Set-Cookie", b"hidden"),), body=b"hidden")
    assert "hidden" not in f"{request!r}{response!r}"


LAZY = """
import sys
import warnings
from wsgiref.util import setup_testing_defaults
from gatepass import wsgi

def ask():
    environ = {"PATH_INFO": "/clientarea.php", "wsgi.errors": sys.stdout}
    setup_testing_defaults(environ)
    print(b"".join(wsgi.application(environ, lambda status, headers: print(status, dict(headers)))))

for ready in sys.argv[1:]:
    if ready:
        import gatepass
        gatepass.init(ready, mode="managed", system_url="https://billing.example.com").close()
    ask()
ask()
wsgi._opened["application"]._gate.close() if wsgi._opened else None
"""


def test_the_application_of_the_environment_opens_its_store_when_it_is_there(tmp_path: Path) -> None:
    path = str(tmp_path / "gatepass.db")
    ended = program(LAZY, "", path, GATEPASS_STORE=path)
    assert ended.stderr == ""
    log, closed, apology, found, _, again, _ = ended.stdout.splitlines()
    assert log.startswith("gatepass: store_missing: ")
    assert closed.startswith("503 Service Unavailable {")
    assert "'Cache-Control': 'no-store'" in closed
    assert "gatepass" not in apology
    assert found.startswith("404")
    assert again.startswith("404")


def test_an_application_without_a_store_says_so_to_the_log_alone() -> None:
    ended = program(LAZY, GATEPASS_STORE="")
    assert ended.stdout.splitlines()[0] == "gatepass: invalid: GATEPASS_STORE names no store"
    assert re.search(r"^503 ", ended.stdout, flags=re.MULTILINE)


FORKED = """
import os
import sys
from wsgiref.util import setup_testing_defaults
import gatepass
from gatepass import wsgi

gate = gatepass.init(sys.argv[1], mode="managed", system_url="https://billing.example.com")
application = wsgi.Application(gate)
if (child := os.fork()) == 0:
    os._exit(0)
os.waitpid(child, 0)
os.remove(sys.argv[1])
for path in "/dologin.php", "/includes/api.php":
    environ = {"PATH_INFO": path, "wsgi.errors": sys.stdout}
    setup_testing_defaults(environ)
    print(b"".join(application(environ, lambda status, headers: print(status, dict(headers)))).decode())
"""


def test_a_store_that_is_gone_after_a_fork_is_an_answer_too(tmp_path: Path) -> None:
    ended = program(FORKED, str(tmp_path / "gatepass.db"))
    log, page, apology, *_, answer, error = [line for line in ended.stdout.splitlines() if line]
    assert log.startswith("gatepass: store_missing: ")
    assert page.startswith("503 Service Unavailable {'Content-Type': 'text/plain")
    assert apology == "Not available now. Please try again later."
    assert answer.startswith("503 Service Unavailable {'Content-Type': 'application/json")
    assert error == '{"result":"error","message":"temporarily_unavailable"}'


def test_an_action_of_the_api_is_a_call_in_process(gate: Gate) -> None:
    token = gate.local_api("CreateSsoToken", client_id=1, destination="clientarea:invoices")
    assert token["result"] == "success"
    assert token["redirect_url"] == f"{SYSTEM_URL}/oauth/singlesignon.php?access_token={token['access_token']}"
    assert gate.redeem(token["access_token"]).user_id == 1
    refused = gate.local_api("createssotoken", client_id=9)
    assert refused == {"result": "error", "message": "Invalid client_id"}
    with pytest.raises(gatepass.Refused, match="credential"):
        gate.local_api("GetClients", caller="nobody")
    with pytest.raises(TypeError):
        gate.local_api("GetClients", caller=1)  # type: ignore[arg-type]

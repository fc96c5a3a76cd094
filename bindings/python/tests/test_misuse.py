"""Whatever a program does wrong is a typed exception, and never a crash."""

import ctypes
import os
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

import pytest

import gatepass
from conftest import program
from gatepass import Gate, GateClosed, InvalidArgument, Refused, StoreError, _abi, wsgi
from gatepass._library import LIB

HUGE = 16 * 1024 * 1024 + 1


def every_call(gate: Gate) -> Iterator[Callable[[], Any]]:
    caller = gate.caller()
    yield lambda: gate.caller("other")
    yield lambda: gate.authenticate("a", "b")
    yield lambda: gate.issue(client_id=1)
    yield lambda: gate.issue(caller=caller, client_id=1)
    yield lambda: gate.inspect("x")
    yield lambda: gate.redeem("x")
    yield lambda: gate.check_session("x")
    yield lambda: gate.end_session("x")
    yield lambda: gate.accept_autoauth(query="x")
    yield lambda: gate.sign_autoauth("a@b", key="x")
    yield lambda: gate.create_link(client_id=1)
    yield lambda: gate.inspect_link("x")
    yield lambda: gate.open_link("x")
    yield lambda: gate.links.list()
    yield lambda: gate.call("store.info")
    yield lambda: gate.local_api("GetClients")
    yield lambda: wsgi.session(gate, {"REQUEST_METHOD": "GET"})
    yield lambda: gate.users.list()
    yield lambda: next(gate.users.each())
    yield lambda: caller.authorise("getclients")


def issue(gate: Gate, **fields: Any) -> None:
    gate.issue(**fields)


def test_closing_twice_does_nothing(gate: Gate) -> None:
    assert not gate.closed
    gate.close()
    gate.close()
    assert gate.closed


def test_a_closed_gate_says_so_whatever_is_asked(gate: Gate) -> None:
    calls = list(every_call(gate))
    gate.close()
    for call in calls:
        with pytest.raises(GateClosed) as caught:
            call()
        assert isinstance(caught.value, ValueError)
        assert caught.value.code == "invalid_handle"


def test_a_caller_of_another_gate_is_none_here(gate: Gate, tmp_path: Path) -> None:
    other_path = tmp_path / "other.db"
    with gatepass.init(other_path, mode="host", system_url="https://b.example.com") as other:
        with pytest.raises(InvalidArgument) as caught:
            gate.issue(caller=other.caller(), client_id=1)
        assert (caught.value.code, caught.value.field) == ("wrong_handle", "caller")


@pytest.mark.parametrize("name", ["destination", "redirect_path", "actor", "address", "binding"])
def test_text_that_can_t_be_used_names_its_field(gate: Gate, name: str) -> None:
    for bad, code in (("\udcff", "invalid_utf8"), ("\ud800", "invalid_utf8"), ("a\0b", "nul_inside")):
        if name == "binding":
            gate.issue(client_id=1, binding=bad)
            continue
        with pytest.raises(InvalidArgument) as caught:
            issue(gate, client_id=1, **{name: bad})
        assert (caught.value.code, caught.value.field) == (code, name)
    if name != "binding":
        with pytest.raises(InvalidArgument) as caught:
            issue(gate, client_id=1, **{name: "a" * HUGE})
        assert caught.value.field == name


def test_tokens_and_sessions_that_are_none_are_refused_or_named(gate: Gate) -> None:
    for bad in ("", "x", "ä" * 40, "0" * 40, "a" * 1_000_000):
        for call in (gate.redeem, gate.inspect, gate.check_session, gate.end_session):
            with pytest.raises(Refused):
                call(bad)
    for bad in ("\udcff", "\0", "a" * HUGE):
        for call in (gate.redeem, gate.inspect, gate.check_session, gate.end_session):
            with pytest.raises(InvalidArgument):
                call(bad)


def test_links_that_are_none_are_refused_or_named(gate: Gate) -> None:
    for call in (gate.open_link, gate.inspect_link):
        for bad in ("", "x", "ä" * 32, "a" * 32, "https://x.example/signin.php?", "a" * 1_000_000):
            with pytest.raises(Refused) as refused:
                call(bad)
            assert refused.value.code == "link_unknown"
    for bad in ("\udcff", "\0", "a" * HUGE):
        with pytest.raises(InvalidArgument) as caught:
            gate.open_link(bad)
        assert caught.value.field == "link"
    for call in (gate.open_link, gate.inspect_link):
        with pytest.raises(InvalidArgument) as caught:
            call("a" * 32, address="nowhere")
        assert caught.value.field == "address"


def test_what_a_link_can_t_be_made_with_names_its_field(gate: Gate) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("uses", {"uses": uses}) for uses in (0, -1, 101, 2**32 + 1, 2**63, 10**5000)
    ]
    wrong += [("life", {"life": life}) for life in (0, 59, -1, timedelta(days=7, milliseconds=1), 1e300)]
    texts = ("", "a\n", "\0", "a" * 101, "\udcff")
    wrong += [(name, {name: bad}) for name in ("label", "title") for bad in texts]
    wrong += [("label", {"end_siblings": True}), ("actor", {"actor": "a\n"}), ("address", {"address": "x"})]
    for field, fields in wrong:
        with pytest.raises(InvalidArgument) as caught:
            gate.create_link(client_id=1, **fields)
        assert caught.value.field == field, fields
    assert gate.links.list() == (), "nothing was made"


@pytest.mark.parametrize("name", ["user_id", "client_id", "service_id", "domain_id"])
def test_numbers_that_are_no_ids_name_their_field(gate: Gate, name: str) -> None:
    subject = {"client_id": 1} if name.endswith(("service_id", "domain_id")) else {}
    for bad in (0, -1, -(2**63), 2**63, 2**64 + 1, -(2**70), 10**5000):
        with pytest.raises(InvalidArgument) as caught:
            issue(gate, **{**subject, name: bad})
        assert caught.value.field == name
    for wrong in ("1", 1.0, True, b"1", [1], object()):
        with pytest.raises(TypeError, match=f"^{name} must be int or None, not"):
            issue(gate, **{**subject, name: wrong})


def test_lengths_of_time_that_are_none_name_their_field(gate: Gate) -> None:
    for bad in (0, -1, 0.0001, float("nan"), float("inf"), 1e300, 61, timedelta(), timedelta(days=-1), 10**400):
        with pytest.raises(InvalidArgument) as caught:
            gate.issue(client_id=1, life=bad)
        assert caught.value.field == "life"
    issued = gate.issue(client_id=1, life=1.5)
    left = gate.inspect(issued.token)
    assert left.expires_at - left.issued_at == timedelta(seconds=1.5)


def test_a_value_of_a_wrong_type_is_a_type_error_that_names_the_argument(gate: Gate) -> None:
    wrong: list[tuple[str, Callable[[], Any]]] = [
        ("token", lambda: gate.redeem(None)),  # type: ignore[arg-type]
        ("token", lambda: gate.redeem(b"x")),  # type: ignore[arg-type]
        ("confirmed", lambda: gate.redeem("x", confirmed=1)),  # type: ignore[arg-type]
        ("caller", lambda: gate.issue(caller=None, client_id=1)),  # type: ignore[arg-type]
        ("caller", lambda: gate.issue(caller=1, client_id=1)),  # type: ignore[arg-type]
        ("life", lambda: gate.issue(client_id=1, life="30")),  # type: ignore[arg-type]
        ("label", lambda: gate.caller(None)),  # type: ignore[arg-type]
        ("identifier", lambda: gate.authenticate(1, "b")),  # type: ignore[arg-type]
        ("secret", lambda: gate.authenticate("a", None)),  # type: ignore[arg-type]
        ("email", lambda: gate.users.add(email=5)),  # type: ignore[arg-type]
        ("user_id", lambda: gate.users.show("1")),  # type: ignore[arg-type]
        ("limits", lambda: gate.credentials.create("x", limits={})),  # type: ignore[arg-type]
        ("from_", lambda: gate.audit.list(from_="now", to="then")),  # type: ignore[arg-type]
        ("all", lambda: gate.sessions.list(all=1)),  # type: ignore[arg-type]
        ("file", lambda: gate.store.backup(5)),  # type: ignore[arg-type]
        ("operation", lambda: gate.call(5)),  # type: ignore[arg-type]
        ("path", lambda: gatepass.open(b"x")),  # type: ignore[arg-type]
        ("path", lambda: gatepass.open(None)),  # type: ignore[arg-type]
        ("kept", lambda: gatepass.open("x", kept=1)),  # type: ignore[arg-type]
        ("mode", lambda: gatepass.init("x", mode=1, system_url="")),  # type: ignore[arg-type]
        ("action", lambda: gate.caller().authorise(5)),  # type: ignore[arg-type]
    ]
    for name, call in wrong:
        with pytest.raises(TypeError, match=f"^{name} must be "):
            call()
    with pytest.raises(TypeError):
        gate.issue(client=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        gate.call("user.add", email=object())


def test_parameters_that_are_no_json_are_named(gate: Gate) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    circle: list[Any] = []
    circle.append(circle)
    for bad in (float("nan"), deep, circle, "\udcff", 10**5000):
        with pytest.raises((InvalidArgument, TypeError)):
            gate.call("user.add", email=bad)
    with pytest.raises(InvalidArgument) as caught:
        gate.call("no.such")
    assert caught.value.field == "operation"
    with pytest.raises(InvalidArgument):
        gate.call("user.add", email="a" * HUGE)
    with pytest.raises(InvalidArgument):
        gate.call("\udcff")


def test_times_must_have_a_zone(gate: Gate) -> None:
    now = datetime.now(timezone.utc)
    for bad in (now.replace(tzinfo=None), datetime.max):
        with pytest.raises(InvalidArgument) as caught:
            gate.audit.list(from_=bad, to=now)
        assert caught.value.field == "from_"
    edge = datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))
    with pytest.raises(InvalidArgument):
        gate.audit.list(from_=now, to=edge)
    ages = datetime.min.replace(tzinfo=timezone.utc), datetime.max.replace(tzinfo=timezone.utc)
    assert gate.audit.list(from_=ages[0], to=ages[1])


def test_what_can_t_be_opened_says_why(tmp_path: Path, path: Path) -> None:
    (tmp_path / "text").write_text("no store" * 500)
    for place, code in (
        (path, "store_missing"),
        (tmp_path, "is_a_folder"),
        (tmp_path / "text", "not_a_store"),
    ):
        with pytest.raises(StoreError) as stored:
            gatepass.open(place)
        assert (stored.value.code, stored.value.retryable) == (code, False)
    for bad in ("", "a\0b", str(tmp_path / "\udcff")):
        with pytest.raises((InvalidArgument, StoreError)):
            gatepass.open(bad)
    options: list[tuple[str, dict[str, Any]]] = [
        ("actor", {"actor": "a\nb"}),
        ("deadline", {"deadline": -1}),
        ("deadline", {"deadline": float("nan")}),
        ("sealing_key", {"sealing_key": "no key"}),
    ]
    for field, option in options:
        with pytest.raises(InvalidArgument) as caught:
            gatepass.init(path, mode="host", system_url="https://b.example.com", **option)
        assert caught.value.field == field
    with pytest.raises(InvalidArgument, match="mode"):
        gatepass.init(path, mode="other", system_url="https://b.example.com")
    with pytest.raises(InvalidArgument, match="system_url"):
        gatepass.init(path, mode="host", system_url="nonsense")
    assert not path.exists()


def test_a_wrong_handle_is_rejected_by_ctypes_and_a_stale_one_by_the_library(gate: Gate) -> None:
    request, issued = _abi.RequestHandle(), _abi.IssuedHandle()
    LIB.gatepass_request_new(ctypes.byref(request))
    with pytest.raises(ctypes.ArgumentError):
        LIB.gatepass_issued_token(request)
    with pytest.raises(ctypes.ArgumentError):
        LIB.gatepass_token_redeem(request, request, ctypes.byref(issued))
    forced = ctypes.cast(request, _abi.IssuedHandle)
    assert LIB.gatepass_issued_token(forced) is None
    assert LIB.gatepass_last_error_code() == 1004
    assert LIB.gatepass_free(request) == 0
    assert LIB.gatepass_free(request) == 1003
    with pytest.raises(InvalidArgument) as caught:
        LIB.gatepass_request_set_user_id(request, 1)
    assert caught.value.code == "invalid_handle"
    for bits in (1, 0xDEADBEEF, 2**64 - 1):
        assert LIB.gatepass_issued_user_id(ctypes.cast(bits, _abi.IssuedHandle)) == 0


def test_bytes_that_never_were_a_cookie_bind_all_the_same(gate: Gate) -> None:
    nonce = bytes(range(256)) + os.urandom(16)
    issued = gate.issue(client_id=1, binding=nonce)
    with pytest.raises(Refused) as caught:
        gate.redeem(issued.token, binding=nonce[:-1])
    assert caught.value.reason is gatepass.Reason.BROWSER_MISMATCH
    assert gate.redeem(issued.token, binding=nonce).user_id == 1


def test_a_socket_is_no_path(tmp_path: Path) -> None:
    place = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(place))
        with pytest.raises(StoreError):
            gatepass.open(place)


def test_a_class_derived_from_bytes_or_str_can_t_lie_about_its_length(path: Path) -> None:
    source = """
        import sys, gatepass

        class Long(bytes):
            def __len__(self):
                return 15 << 20

        class Odd(str):
            def encode(self, *_):
                return Long(b"x")

        with gatepass.init(sys.argv[1], mode="host", system_url="https://b.example.com") as gate:
            token = gate.issue(client_id=1, binding=Long(b"x")).token
            print(gate.redeem(Odd(token), binding=b"x").client_id)
    """
    ended = program(source, str(path))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "1\n", "")


def test_a_path_leads_where_the_system_goes(tmp_path: Path) -> None:
    (tmp_path / "releases" / "5").mkdir(parents=True)
    (tmp_path / "current").symlink_to(tmp_path / "releases" / "5")
    gatepass.init(tmp_path / "current" / ".." / "a.db", mode="host", system_url="https://b.example.com").close()
    assert (tmp_path / "releases" / "a.db").exists()

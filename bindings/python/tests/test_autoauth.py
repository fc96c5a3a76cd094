"""An AutoAuth link judged by itself, without a store."""

import hashlib
import time
from datetime import timedelta
from typing import Callable
from urllib.parse import urlencode

import pytest

from gatepass import Gate, InvalidArgument, Reason, Refused

KEY = "a key of the old website"


def link(key: str = KEY, age: int = 0, email: str = "ann@example.com") -> str:
    signed_at = int(time.time()) - age
    digest = hashlib.sha1(f"{email}{signed_at}{key}".encode()).hexdigest()
    return urlencode({"email": email, "timestamp": signed_at, "hash": digest, "goto": "cart.php?a=view"})


def test_a_genuine_link_is_good_with_and_without_its_question_mark() -> None:
    for query in (link(), "?" + link(), link().encode(), link(email="jo+news@example.com").replace("%2B", "+")):
        assert Gate.verify_autoauth(query, key=KEY) is True


def test_a_forged_or_mangled_link_is_not() -> None:
    good = link()
    for query in (
        link(key="another key, as long"),
        good.replace("ann%40", "bob%40"),
        f"{good}&email=bob%40example.com",
        f"{good}&hash=",
        good.replace("hash=", "hash=0"),
        good.replace("timestamp=", "timestamp=0"),
        good.replace("email=", "mail="),
        f"{good}&x={'x' * 8192}",
        b"email=\xff@b&" + good.partition("&")[2].encode(),
        "",
        "\ud800",
        "\0",
    ):
        assert Gate.verify_autoauth(query, key=KEY) is False, query
    assert Gate.verify_autoauth(good, key=KEY)
    assert not Gate.verify_autoauth(good, key=KEY + "x")


def test_a_link_out_of_its_time_is_not() -> None:
    for age in (960, -960):
        assert not Gate.verify_autoauth(link(age=age), key=KEY)
    for age in (840, -840):
        assert Gate.verify_autoauth(link(age=age), key=KEY)
    assert Gate.verify_autoauth(link(age=960), key=KEY, past=1000, future=0)
    assert not Gate.verify_autoauth(link(age=100), key=KEY, past=timedelta(minutes=1))
    assert not Gate.verify_autoauth(link(age=-100), key=KEY, future=timedelta(minutes=1))


def test_what_is_the_program_s_own_mistake_is_raised() -> None:
    good = link()
    mistakes: dict[str, Callable[[], bool]] = {
        "key": lambda: Gate.verify_autoauth(good, key=""),
        "past_seconds": lambda: Gate.verify_autoauth(good, key=KEY, past=-1),
        "future_seconds": lambda: Gate.verify_autoauth(good, key=KEY, future=0.5),
    }
    for field, call in mistakes.items():
        with pytest.raises(InvalidArgument) as caught:
            call()
        assert caught.value.field == field
    for key in ("a\0b", "\ud800"):
        with pytest.raises(InvalidArgument) as caught:
            Gate.verify_autoauth(good, key=key)
        assert caught.value.field == "key"
        assert key not in str(caught.value)
    with pytest.raises(TypeError):
        Gate.verify_autoauth(good, key=None)  # type: ignore[arg-type]


def test_it_spends_nothing_and_minds_no_spending(gate: Gate) -> None:
    gate.autoauth.enable()
    query = link()
    assert gate.verify_autoauth(query, key=KEY)
    assert gate.accept_autoauth(query=query, key=KEY).user_id == 1
    with pytest.raises(Refused) as caught:
        gate.accept_autoauth(query=query, key=KEY)
    assert caught.value.reason is Reason.AUTOAUTH_USED
    assert gate.verify_autoauth(query, key=KEY)
    gate.close()
    assert gate.verify_autoauth(query, key=KEY)

"""Threads: one gate, used by many at once."""

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, Callable

import pytest

from gatepass import Gate, GateClosed, Reason, Refused, TokenState

THREADS = 8
TOKENS = 60


@pytest.fixture(autouse=True)
def hurried() -> Iterator[None]:
    """Threads take turns as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """The same work in several threads that begin together; what came of each."""
    start = threading.Barrier(THREADS)
    came: list[Any] = [None] * THREADS

    def run(number: int) -> None:
        start.wait()
        try:
            came[number] = work(number)
        except BaseException as error:
            came[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def race(gate: Gate, redeem: Callable[[str], bool]) -> Counter[str]:
    """How many threads were told that they redeemed each token."""
    tokens = [gate.issue(client_id=1).token for _ in range(TOKENS)]
    winners: Counter[str] = Counter()

    def work(_number: int) -> list[str]:
        return [token for token in tokens if redeem(token)]

    for won in at_once(work):
        assert not isinstance(won, BaseException), won
        winners.update(won)
    return winners


def test_each_token_is_redeemed_by_one_thread(gate: Gate) -> None:
    def redeem(token: str) -> bool:
        try:
            return gate.redeem(token, start_session=False).user_id == 1
        except Refused as refused:
            assert refused.reason is Reason.TOKEN_REDEEMED
            assert refused.redemption is not None
            return False

    winners = race(gate, redeem)
    assert set(winners.values()) == {1}
    assert len(winners) == TOKENS


def test_a_look_before_the_act_is_caught_by_the_same_race(gate: Gate) -> None:
    done: set[str] = set()

    def redeem(token: str) -> bool:
        if token in done or gate.inspect(token).state is not TokenState.LIVE:
            return False
        # What lies between the look and the act, long enough for the others to come in.
        time.sleep(0.001)
        done.add(token)
        return True

    assert max(race(gate, redeem).values()) > 1


def test_a_link_is_opened_as_often_as_it_has_uses(gate: Gate) -> None:
    links = [(gate.create_link(client_id=1, uses=1 + number % 3).link, 1 + number % 3) for number in range(30)]

    def work(_number: int) -> list[tuple[str, str]]:
        won = []
        for link, _ in links:
            try:
                won.append((link, gate.open_link(link).token))
            except Refused as refused:
                assert refused.reason is Reason.LINK_USED
        return won

    opened = [each for won in at_once(work) for each in won]
    assert Counter(link for link, _ in opened) == Counter(dict(links))
    assert len({token for _, token in opened}) == len(opened), "each use has a token of its own"


def test_errors_of_threads_don_t_mix(gate: Gate) -> None:
    wanted = ["user_id", "client_id", "service_id", "domain_id", "address", "actor", "destination", "life"]
    bad = [-1, -1, -1, -1, "nowhere", "a\n", "no:such", 61]

    def work(number: int) -> set[str]:
        fields: dict[str, Any] = {"client_id": 1}
        if number == 0:
            fields = {}
        if wanted[number] == "service_id":
            fields["destination"] = "clientarea:product_details"
        if wanted[number] == "domain_id":
            fields["destination"] = "clientarea:domain_details"
        fields[wanted[number]] = bad[number]
        told = set()
        for _ in range(100):
            try:
                gate.issue(**fields)
            except ValueError as error:
                told.add(error.field)  # type: ignore[attr-defined]
        return told

    assert at_once(work) == [{name} for name in wanted]


def test_one_caller_serves_all_threads(gate: Gate) -> None:
    caller = gate.caller()
    came = at_once(lambda number: [gate.issue(caller=caller, client_id=1).user_id for _ in range(20)])
    assert came == [[1] * 20] * THREADS


def test_a_gate_that_is_closed_meanwhile_ends_calls_as_usual_or_says_so(gate: Gate) -> None:
    token = gate.issue(client_id=1).token

    def work(number: int) -> str:
        for count in range(10_000):
            if number == 0 and count == 50:
                gate.close()
            try:
                gate.inspect(token)
            except GateClosed:
                return "closed"
        return "never"

    assert at_once(work) == ["closed"] * THREADS

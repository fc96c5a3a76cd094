"""The scenario that is told in every language."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import gatepass
from conftest import SEALING_KEY, SYSTEM_URL
from gatepass import Gate
from scenario import Runner, Wrong, lines


@pytest.fixture
def empty(path: Path) -> Iterator[Gate]:
    with gatepass.init(path, mode="managed", system_url=SYSTEM_URL, sealing_key=SEALING_KEY) as gate:
        yield gate


def test_every_line_of_the_scenario_comes_out_as_written(empty: Gate) -> None:
    runner = Runner(empty)
    wrong = []
    told = 0
    for number, line in lines():
        told += 1
        try:
            runner.run(line)
        except (Wrong, KeyError, AttributeError) as error:
            wrong.append(f"line {number}: {error!r}")
    assert not wrong, "\n".join(wrong)
    assert told > 140


@pytest.mark.parametrize(
    "lie",
    [
        'call user.add {"email":"ann@example.com"} -> already_exists',
        'call user.add {"email":"ann@example.com"} -> ok contains "user_id":2',
        'call user.add {"email":"ann@example.com"} -> ok lacks "user_id":1',
        "issue -> invalid field=user_id",
        "redeem token=x -> token_unknown same_browser=1",
        "authenticate identifier=a secret=b -> ok",
    ],
)
def test_a_line_that_is_not_true_is_noticed(empty: Gate, lie: str) -> None:
    with pytest.raises(Wrong):
        Runner(empty).run(lie)


def test_an_answer_that_is_not_as_written_is_noticed(gate: Gate) -> None:
    for lie in ("user_id=2", "token=-", "client_id=-", "expires_at_ms=1"):
        with pytest.raises(Wrong):
            Runner(gate).run(f"issue client_id=1 -> ok {lie}")
    Runner(gate).run("issue client_id=1 -> ok user_id=1 client_id=1 token=*")

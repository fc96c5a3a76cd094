"""Tries what its standard input tells, one thing a line, each at a moment of the clock that all processes share.

It says on its standard output what came of it: outcome, begin and end in microseconds.
"""

import sqlite3
import sys
import time
from typing import Any, Callable

import gatepass

path, deadline, by_hand_path = sys.argv[1], float(sys.argv[2]), sys.argv[3]
gate = gatepass.open(path, deadline=deadline)
# A table of one's own, as they are written by hand.
table = sqlite3.connect(by_hand_path, timeout=60, isolation_level=None)


def spent(spend: Callable[[str], Any], name: str) -> str:
    try:
        spend(name)
    except gatepass.GatepassError as error:
        return error.code
    return "ok"


def look_redeem(token: str) -> str:
    """Deliberately broken: what others do between the look and the act is not seen."""
    if gate.inspect(token).state is not gatepass.TokenState.LIVE:
        return "token_redeemed"
    spent(gate.redeem, token)
    return "ok"


def look_open(link: str) -> str:
    """Broken in the same way."""
    if gate.inspect_link(link).state is not gatepass.LinkState.LIVE:
        return "link_used"
    spent(gate.open_link, link)
    return "ok"


def by_hand(token: str) -> str:
    """Broken in the same way."""
    (used,) = table.execute("SELECT used FROM token WHERE name = ?", (token,)).fetchone()
    if used:
        return "token_redeemed"
    table.execute("UPDATE token SET used = 1 WHERE name = ?", (token,))
    return "ok"


WAYS: dict[str, Callable[[str], str]] = {
    "redeem": lambda token: spent(gate.redeem, token),
    "open": lambda link: spent(gate.open_link, link),
    "look-redeem": look_redeem,
    "look-open": look_open,
    "by-hand": by_hand,
}


def now() -> int:
    return time.monotonic_ns() // 1000


print("@ready", flush=True)
for line in sys.stdin:
    moment, way, name = line.split()
    time.sleep(max(0, int(moment) - now() - 300) / 1_000_000)
    while now() < int(moment):
        pass
    begin = now()
    outcome = WAYS[way](name)
    print(f"@{outcome} {begin} {now()}", flush=True)

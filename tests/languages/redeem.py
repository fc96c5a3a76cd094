"""Tries all tokens of its standard input on a store, from a given moment on, and says what came of each."""

import sys
import time

import gatepass

path, way, start = sys.argv[1], sys.argv[2], int(sys.argv[3]) / 1000
tokens = sys.stdin.read().split()


def spend(gate: gatepass.Gate, token: str) -> str:
    try:
        gate.redeem(token)
    except gatepass.GatepassError as error:
        return error.code
    return "ok"


def look_first(gate: gatepass.Gate, token: str) -> str:
    """Deliberately broken: what others do between the look and the act is not seen."""
    if gate.inspect(token).state is not gatepass.TokenState.LIVE:
        return "token_redeemed"
    spend(gate, token)
    return "ok"


with gatepass.open(path) as gate:
    time.sleep(max(0.0, start - time.time()))
    for token in tokens:
        print(spend(gate, token) if way == "redeem" else look_first(gate, token))

"""Tries to open all links of its standard input on a store, from a given moment on, and says what came of each."""

import sys
import time

import gatepass

path, way, start = sys.argv[1], sys.argv[2], int(sys.argv[3]) / 1000
links = sys.stdin.read().split()


def spend(gate: gatepass.Gate, link: str) -> str:
    try:
        gate.open_link(link)
    except gatepass.GatepassError as error:
        return error.code
    return "ok"


def look_first(gate: gatepass.Gate, link: str) -> str:
    """Deliberately broken: what others do between the look and the act is not seen."""
    if gate.inspect_link(link).state is not gatepass.LinkState.LIVE:
        return "link_used"
    spend(gate, link)
    return "ok"


with gatepass.open(path) as gate:
    time.sleep(max(0.0, start - time.time()))
    for link in links:
        print(spend(gate, link) if way == "open" else look_first(gate, link))

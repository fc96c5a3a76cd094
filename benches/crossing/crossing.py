"""The work of the bench, from Python: see main.rs."""

import sys
import time

import gatepass

path, count = sys.argv[1], int(sys.argv[2])


def timed(act):
    begun = time.perf_counter()
    given = [act(number) for number in range(count)]
    print((time.perf_counter() - begun) * 1e6 / count)
    return given


with gatepass.open(path) as gate:
    caller = gate.caller("cli")
    tokens = timed(
        lambda _: gate.issue(caller=caller, client_id=1, destination="clientarea:invoices", actor="bench").token
    )
    timed(lambda number: gate.inspect(tokens[number]))
    sessions = timed(lambda number: gate.redeem(tokens[number]).session)
    timed(lambda number: gate.check_session(sessions[number]))

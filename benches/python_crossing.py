"""What a call costs through the Python package: issue (not synced) and inspect, in turn, in microseconds.

    PYTHONPATH=bindings/python/src python3 benches/python_crossing.py [ROUNDS [CALLS]]

One JSON document on standard output. What counts is the ratio to the same acts called from Rust in the same run
on the same machine.
"""

import json
import statistics
import sys
import tempfile
import time
from typing import Callable

import gatepass


def microseconds_per_call(act: Callable[[], object], calls: int) -> float:
    """The time of one call, over that many."""
    begun = time.perf_counter()
    for _ in range(calls):
        act()
    return (time.perf_counter() - begun) / calls * 1e6


def main() -> None:
    """Both acts in turn, round by round; the median and all rounds of each."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    calls = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with tempfile.TemporaryDirectory(dir=".") as folder, gatepass.init(
        f"{folder}/gatepass.db", mode="managed", system_url="https://billing.example.com"
    ) as gate:
        gate.users.add(email="ann@example.com")
        gate.clients.add(email="ann@example.com", owner=1)
        token = gate.issue(client_id=1).token
        acts: dict[str, Callable[[], object]] = {
            "issue": lambda: gate.issue(client_id=1),
            "inspect": lambda: gate.inspect(token),
        }
        taken: dict[str, list[float]] = {name: [] for name in acts}
        for act in acts.values():
            microseconds_per_call(act, calls // 10 + 1)
        for _ in range(rounds):
            for name, act in acts.items():
                taken[name].append(microseconds_per_call(act, calls))
    told = {
        name: {"median_us": round(statistics.median(each), 2), "rounds_us": [round(one, 2) for one in each]}
        for name, each in taken.items()
    }
    print(json.dumps({"language": "python", "calls": calls, **told}))


if __name__ == "__main__":
    main()

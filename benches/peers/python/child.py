"""What all peers in Python have in common: they do what the bench's lines say, and answer how long it took."""

import json
import platform
import sys
import time
from pathlib import Path

# Whose results an act works on: a redemption takes the tokens that were issued before it.
AFTER = {
    "inspect": "issue",
    "redeem": "issue",
    "check": "redeem",
    "verify": "sign",
    "accept": "sign",
    "refuse": "forge",
}


def serve(acts, versions=None, sync=""):
    """Answer lines until there are no more. They take what the act before them gave."""
    say({"ready": True, "versions": {"python": platform.python_version(), **(versions or {})}, "sync": sync})
    given = {}
    for line in sys.stdin:
        asked = json.loads(line)
        name, count = asked["act"], asked["count"]
        before = given[AFTER[name]] if name in AFTER else range(count)
        act = acts[name]
        began = time.perf_counter()
        given[name] = [act(one) for one in before]
        say({"seconds": time.perf_counter() - began})


def say(answer):
    """One line."""
    print(json.dumps(answer), flush=True)


def sync_call():
    """The call by which the SQLite of this process syncs: one without fdatasync was built to call fsync."""
    libraries = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "sqlite3" in line}
    synced = any(b"\0fdatasync\0" in Path(library).read_bytes() for library in libraries)
    return "fdatasync" if synced else "fsync"

"""The end of a program: nothing on standard error, whatever is still open."""

import sys
import textwrap
import time
from pathlib import Path

import pytest

from conftest import program
from gatepass import Gate

BEGINNING = """
    import sys, gatepass
    gate = gatepass.open(sys.argv[1])
    caller = gate.caller()
    token = gate.issue(caller=caller, client_id=1).token
"""

ENDS = {
    "nothing is closed": "",
    "the module goes first": "del gatepass; sys.modules.pop('gatepass')",
    "the modules of the package go first": """
    for name in [name for name in sys.modules if name.startswith('gatepass')]:
        del sys.modules[name]
    """,
    "the gate is in a circle": """
    class Holder: pass
    one, other = Holder(), Holder()
    one.other, other.one, one.gate, other.caller = other, one, gate, caller
    del gate, caller
    """,
    "it is used at exit": """
    import atexit
    atexit.register(lambda: gate.inspect(token))
    """,
    "a finalizer uses it": """
    class Late:
        def __init__(self, gate): self.gate = gate
        def __del__(self): self.gate.inspect(token)
    late = Late(gate)
    """,
    "a finalizer closes it": """
    class Late:
        def __init__(self, gate): self.close = gate.close
        def __del__(self): self.close()
    late = Late(gate)
    """,
    "a daemon thread is in a call": """
    import threading, time
    def work():
        while True: gate.inspect(token)
    threading.Thread(target=work, daemon=True).start()
    time.sleep(0.2)
    """,
    "it is closed": "gate.close()",
}


@pytest.mark.parametrize("end", ENDS)
def test_the_end_is_silent_when(gate: Gate, path: Path, end: str) -> None:
    ended = program(textwrap.dedent(BEGINNING) + textwrap.dedent(ENDS[end]), str(path))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


HOLDER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


def test_the_end_is_silent_and_soon_while_a_daemon_thread_waits_for_the_store(gate: Gate, path: Path) -> None:
    waiting = """
        import threading, time
        threading.Thread(target=lambda: gate.redeem(token), daemon=True).start()
        time.sleep(0.2)
    """
    lock = [sys.executable, "-c", HOLDER, str(path)]
    locking = """
        import subprocess
        holder = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        holder.stdout.readline()
    """
    letting_go = """
        import atexit
        atexit.register(lambda: (holder.communicate(), None)[1])
    """
    begun = time.monotonic()
    source = "".join(map(textwrap.dedent, (BEGINNING, locking, waiting, letting_go)))
    ended = program(source, str(path), *lock)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert time.monotonic() - begun < 8


def test_noise_at_the_end_is_noticed(gate: Gate, path: Path) -> None:
    noisy = "class Late:\n    def __del__(self): raise ValueError\nlate = Late()\n"
    ended = program(noisy, str(path))
    assert "ValueError" in ended.stderr

"""Forks: both sides go on with the store, and a child that works with it holds locks of its own."""

import textwrap
from pathlib import Path

from conftest import program
from gatepass import Gate

# What the programs below share. A child ends with what its work returned, and tells errors by a pipe.
COMMON = """
import os, signal, sqlite3, sys, threading, time, warnings
import gatepass
from gatepass import _fork

# Forking with threads is what this is about.
warnings.simplefilter("ignore", DeprecationWarning)

def locks_of(path, process):
    '''The POSIX locks of a process on a file, as (kind, first byte) each.'''
    inode = os.stat(path).st_ino
    found = set()
    with open("/proc/locks") as locks:
        for line in locks:
            words = line.split()
            if words[1] == "POSIX" and words[4] == str(process) and words[5].endswith(f":{inode}"):
                found.add((words[3], int(words[6])))
    return found

def holds_its_locks(path):
    '''A connection in WAL mode holds a shared lock of the database, and one at byte 128 of the -shm.'''
    # The kernel gives its list in pieces, and lines get lost between them while others come and go.
    for _ in range(20):
        shared = any(kind == "READ" and first >= 1 << 30 for kind, first in locks_of(path, os.getpid()))
        if shared and ("READ", 128) in locks_of(f"{path}-shm", os.getpid()):
            return True
    return False

def child(work, fork=os.fork):
    '''What work says in a forked child, as text.'''
    out, into = os.pipe()
    process = fork()
    if process == 0:
        try:
            said = str(work())
        except BaseException as error:
            said = f"{type(error).__name__} {getattr(error, 'code', error)}"
        os.write(into, said.encode())
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as reading:
        said = reading.read()
    os.waitpid(process, 0)
    return said

path = sys.argv[1]
"""


def tell(source: str, path: Path, *arguments: str) -> list[str]:
    ended = program(COMMON + textwrap.dedent(source), str(path), *arguments)
    assert ended.stderr == ""
    assert ended.returncode == 0
    return ended.stdout.splitlines()


def test_both_sides_go_on_with_the_gate_and_the_callers(gate: Gate, path: Path) -> None:
    gate.admins.add("ops")
    made = gate.credentials.create("portal", admin="ops")
    assert made.credential.identifier is not None
    assert made.secret is not None
    source = """
        with gatepass.open(path) as gate:
            host, portal = gate.caller(), gate.authenticate(sys.argv[2], sys.argv[3])
            token = gate.issue(caller=host, client_id=1).token

            def work():
                mine = gate.issue(caller=portal, client_id=1).token
                hers = gate.issue(caller=host, client_id=1)
                return gate.redeem(mine).credential_id, gate.redeem(token).user_id, hers.user_id

            print(child(work))
            print(gate.inspect(token).state, gate.issue(caller=portal, client_id=1).user_id)
            # A child of a child.
            print(child(lambda: child(lambda: gate.issue(caller=portal, client_id=1).user_id)))
    """
    told = tell(source, path, made.credential.identifier, made.secret)
    assert told == ["(2, 1, 1)", "redeemed 1", "1"]


def test_a_child_that_uses_the_gate_holds_locks_of_its_own(gate: Gate, path: Path) -> None:
    source = """
        with gatepass.open(path) as gate:
            gate.users.list()
            print(holds_its_locks(path))
            print(child(lambda: (holds_its_locks(path), gate.users.list().total, holds_its_locks(path))))
            gate.users.list()
            print(holds_its_locks(path))
    """
    assert tell(source, path) == ["True", "(False, 1, True)", "True"]


def test_a_child_that_works_over_inherited_locks_is_noticed(gate: Gate, path: Path) -> None:
    # What would happen without the wrapper's care, shown with a connection of Python's own SQLite.
    source = """
        other = sqlite3.connect(path, isolation_level=None)
        count = lambda: other.execute("SELECT count(*) FROM user").fetchone()[0]
        count()
        print(holds_its_locks(path))
        print(child(lambda: (count(), holds_its_locks(path))))
        other.close()
    """
    assert tell(source, path) == ["True", "(1, False)"]


RAW_FORK = """
import ctypes
raw_fork = ctypes.PyDLL(None).fork
with gatepass.open(path) as gate:
    caller = gate.caller()
    token = gate.issue(client_id=1).token
    print(child(lambda: gate.redeem(token), raw_fork))
    print(child(lambda: gate.issue(caller=caller, client_id=1), raw_fork))
    print(child(lambda: gatepass.open(path), raw_fork))
    print(child(gate.close, raw_fork))
    print(gate.inspect(token).state)
"""


def test_a_child_of_a_fork_behind_python_s_back_is_told(gate: Gate, path: Path) -> None:
    told = tell(RAW_FORK, path)
    assert told == ["StoreError forked", "StoreError forked", "StoreError forked", "None", "live"]


def test_a_kept_store_survives_a_fork_on_both_sides_too(gate: Gate, path: Path) -> None:
    source = """
        def ask():
            with gatepass.open(path, kept=True) as gate:
                return gate.users.list().total

        print(ask())
        print(child(ask))
        with gatepass.open(path, kept=True) as gate:
            print(gate.users.list().total)
            print(child(lambda: gate.users.list().total))
            print(gate.users.list().total)
    """
    assert tell(source, path) == ["1", "1", "1", "1", "1"]


STORM = """
broken = sys.argv[2] == "broken"
gate = gatepass.open(path)
caller = gate.caller()
stop, wrong, done = threading.Event(), [], []

def work():
    while not stop.is_set():
        try:
            done.append(gate.redeem(gate.issue(caller=caller, client_id=1).token).user_id)
        except Exception as error:
            wrong.append(repr(error))

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()

def in_child():
    token = gate.issue(caller=caller, client_id=1).token
    return gate.redeem(token).user_id, holds_its_locks(path)

if broken:
    # As if nobody closed the store before the fork.
    _fork._stores.clear()
said = set()
for _ in range(15):
    time.sleep(0.02)
    said.add(child(in_child))
stop.set()
for thread in threads:
    thread.join()
gate.close()
print(sorted(said), wrong[:3], len(done) > 30)
"""


def test_forks_in_the_midst_of_busy_threads_harm_nobody(gate: Gate, path: Path) -> None:
    assert tell(STORM, path, "sound") == ["['(1, True)'] [] True"]


def test_a_store_that_stays_open_over_a_fork_is_noticed(gate: Gate, path: Path) -> None:
    assert tell(STORM, path, "broken") == ["['StoreError forked'] [] True"]


SIGNALS = """
gate = gatepass.open(path)
caller = gate.caller()
said, worst = [], 0.0

if sys.argv[2] == "broken":
    # As if the forking thread waited for its own call too.
    from gatepass._store import Store
    patient = Store.prepare_fork

    def prepare_fork(self, until):
        while self._inside and time.monotonic() < until:
            time.sleep(0.001)
        patient(self, until)

    Store.prepare_fork = prepare_fork
    _fork.LONGEST_WAIT = 2.5

def handler(_number, _frame):
    global worst
    # One at a time.
    signal.setitimer(signal.ITIMER_REAL, 0)
    begun = time.monotonic()
    said.append(child(lambda: gate.issue(caller=caller, client_id=1).user_id))
    worst = max(worst, time.monotonic() - begun)
    signal.setitimer(signal.ITIMER_REAL, 0.02)

signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.02)
until = time.monotonic() + 2
done = 0
while time.monotonic() < until:
    done += gate.redeem(gate.issue(caller=caller, client_id=1).token).user_id
signal.setitimer(signal.ITIMER_REAL, 0)
gate.close()
print(set(said), done > 1, worst < 2)
"""


def test_a_signal_handler_that_forks_waits_for_nobody(gate: Gate, path: Path) -> None:
    assert tell(SIGNALS, path, "sound") == ["{'1'} True True"]


def test_a_fork_that_waits_for_its_own_thread_is_noticed(gate: Gate, path: Path) -> None:
    assert tell(SIGNALS, path, "broken")[0].endswith("False")


def test_a_call_that_is_forked_in_its_midst_is_the_parent_s(gate: Gate, path: Path) -> None:
    source = """
        gate = gatepass.open(path)
        token = gate.issue(client_id=1).token

        def act(opened):
            # What a signal handler would do, at its worst: the child goes on where the parent is.
            acts.append(os.getpid())
            return os.fork()

        acts, out, into = [], *os.pipe()
        try:
            process = gate._store.run(act)
        except gatepass.StoreError as error:
            os.write(into, f"{error.code} {len(acts)} {gate.redeem(token).user_id}".encode())
            os._exit(0)
        os.close(into)
        print(os.read(out, 100).decode())
        os.waitpid(process, 0)
        print(gate.inspect(token).state, len(acts))
        gate.close()
    """
    assert tell(source, path) == ["forked 1 1", "redeemed 1"]


def test_a_fork_waits_for_others_as_long_as_it_says_and_no_longer(gate: Gate, path: Path) -> None:
    source = """
        import subprocess
        gate = gatepass.open(path, deadline=3)
        token = gate.issue(client_id=1).token
        hold = "import sqlite3, sys; o = sqlite3.connect(sys.argv[1], isolation_level=None);"
        hold += "o.execute('BEGIN IMMEDIATE'); print(1, flush=True); sys.stdin.read()"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        holder = subprocess.Popen([sys.executable, "-c", hold, path], **pipes)
        holder.stdout.readline()
        told = []

        def work():
            try:
                gate.redeem(token)
            except gatepass.StoreError as error:
                told.append(error.code)

        waiting = threading.Thread(target=work)
        waiting.start()
        time.sleep(0.2)
        _fork.LONGEST_WAIT = 0.5
        begun = time.monotonic()
        print(child(lambda: gate.inspect(token)), 0.4 < time.monotonic() - begun < 2)
        waiting.join()
        holder.communicate()
        print(told, gate.inspect(token).state)
        print(child(lambda: gate.inspect(token).state))
        gate.close()
    """
    assert tell(source, path) == ["StoreError forked True", "['store_busy'] live", "live"]


WORKERS = """
import multiprocessing, queue

gate = gatepass.open(path)
caller = gate.caller()
tokens = [gate.issue(caller=caller, client_id=1).token for _ in range(60)]

def worker(answers):
    won = []
    for token in tokens:
        try:
            gate.redeem(token, start_session=False)
            won.append(token)
        except gatepass.Refused as refused:
            assert refused.reason == "token_redeemed", refused
    answers.put((won, gate.issue(caller=caller, client_id=1).user_id, holds_its_locks(path)))

if __name__ == "__main__":
    # As gunicorn does with preload_app: everything is there before the workers are forked.
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    workers = [context.Process(target=worker, args=(answers,)) for _ in range(4)]
    for each in workers:
        each.start()
    came = [answers.get(timeout=30) for _ in workers]
    for each in workers:
        each.join()
    won = [token for tokens_won, _, _ in came for token in tokens_won]
    print(len(won), len(set(won)), {(user, locks) for _, user, locks in came})
    print([each.exitcode for each in workers], gate.inspect(tokens[0]).state)
    gate.close()
"""


def test_preloaded_workers_redeem_each_token_once(gate: Gate, path: Path) -> None:
    assert tell(WORKERS, path) == ["60 60 {(1, True)}", "[0, 0, 0, 0] redeemed"]


def test_a_gate_of_a_relative_path_finds_its_store_again(gate: Gate, path: Path) -> None:
    source = """
        os.chdir(os.path.dirname(path))
        gate = gatepass.open(os.path.basename(path))
        os.chdir("/")
        print(child(lambda: gate.users.list().total), gate.users.list().total)
        gate.close()
    """
    assert tell(source, path) == ["1 1"]

"""Everything that the library gives is given back."""

from pathlib import Path

from conftest import program
from gatepass import Gate

ROUNDS = 20_000

# A handle's number has its slot in 24 bits; a slot is new only when no freed one is left. So the slots of new
# handles say how many are in use.
PROGRAM = """
    import ctypes, sys, gatepass
    from wsgiref.util import setup_testing_defaults
    from gatepass import _abi, wsgi
    from gatepass._library import LIB

    def resident():
        with open('/proc/self/statm') as statm:
            return int(statm.read().split()[1]) * 4096

    def in_use():
        # Several: freed slots are used again first, and low ones may be left.
        requests = [_abi.RequestHandle() for _ in range(16)]
        for request in requests:
            LIB.gatepass_request_new(ctypes.byref(request))
        slots = [ctypes.cast(request, ctypes.c_void_p).value >> 28 & 0xFFFFFF for request in requests]
        for request in requests:
            LIB.gatepass_free(request)
        return max(slots)

    leaky = sys.argv[2] == 'leaky'
    with gatepass.open(sys.argv[1]) as gate:
        token = gate.issue(client_id=1).token
        spent = gate.create_link(client_id=1).link
        gate.open_link(spent)

        def round(number):
            gate.inspect(token)
            try:
                gate.redeem('x' * 40, address='203.0.113.9')
            except gatepass.Refused:
                pass
            if number % 20 == 0:
                gate.caller()
                gate.call('store.info')
                gate.create_link(client_id=1, label='leak test')
                gate.open_link(gate.create_link(client_id=1).url)
                for link in (spent, 'no link'):
                    try:
                        gate.open_link(link)
                    except gatepass.Refused:
                        pass
                gate.inspect_link(spent)
                try:
                    gate.issue(client_id=99)
                except gatepass.Refused:
                    pass
                environ = {'PATH_INFO': '/dologin.php'}
                setup_testing_defaults(environ)
                list(wsgi.Application(gate)(environ, lambda *_: None))
                wsgi.session(gate, environ)
                # What fails before the act is begun.
                try:
                    gate.issue(client_id=1, address='\\0')
                except gatepass.InvalidArgument:
                    pass
                try:
                    gatepass.open('/nowhere/at/all', actor='leak test')
                except gatepass.StoreError:
                    pass
            if leaky:
                LIB.gatepass_request_new(ctypes.byref(_abi.RequestHandle()))

        for number in range(2000):
            round(number)
        before = resident()
        for number in range(int(sys.argv[3])):
            round(number)
        grown = resident() - before
        most = in_use()
    print(grown, most)
"""


def measure(path: Path, kind: str) -> tuple[int, int]:
    ended = program(PROGRAM, str(path), kind, str(ROUNDS))
    assert ended.stderr == ""
    grown, in_use = map(int, ended.stdout.split())
    return grown, in_use


def test_handles_and_memory_stay_level(gate: Gate, path: Path) -> None:
    grown, in_use = measure(path, "tidy")
    assert in_use < 32
    assert grown < 3_000_000


def test_a_leak_is_noticed(gate: Gate, path: Path) -> None:
    grown, in_use = measure(path, "leaky")
    assert in_use > ROUNDS
    assert grown > 3_000_000

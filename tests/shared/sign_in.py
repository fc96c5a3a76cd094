"""What the other programs of this test do too: ``issue`` tells a token, ``redeem TOKEN`` how that ended."""

import sys

import gatepass

[store, act, *rest] = sys.argv[1:]
try:
    gate = gatepass.open(store)
    assert "hunter2" not in repr(gate), "the password is shown"
    if act == "issue":
        print(gate.issue(client_id=1).token)
    else:
        print(gate.redeem(rest[0]) and "ok")
except gatepass.GatepassError as error:
    assert "hunter2" not in str(error), "the password is told"
    print(error.code)

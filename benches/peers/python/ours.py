"""ours.py FILE: Gatepass through its Python package."""

import sys

import gatepass
from child import serve

with gatepass.open(sys.argv[1]) as gate:
    caller = gate.caller("cli")
    serve(
        {
            "issue": lambda _: gate.issue(
                caller=caller, client_id=1, destination="clientarea:product_details", service_id=1
            ).token,
            "inspect": gate.inspect,
            "redeem": lambda token: gate.redeem(token).session,
            "check": gate.check_session,
        },
        {"sqlite": gatepass.sqlite_version()},
    )

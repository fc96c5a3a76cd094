"""Redeems the tokens of its standard input as they come, and says what came of each."""

import sys

import gatepass

with gatepass.open(sys.argv[1]) as gate:
    print("ready", flush=True)
    for token in sys.stdin:
        try:
            gate.redeem(token.strip())
            print("ok", flush=True)
        except gatepass.StoreError as error:
            print("StoreError", error.code, *(["retryable"] if error.retryable else []), flush=True)
        except gatepass.Refused as error:
            print("Refused", error.code, flush=True)

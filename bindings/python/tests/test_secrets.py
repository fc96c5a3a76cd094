"""Nothing that a program prints, logs or writes down by accident lets anybody in."""

import copy
import gc
import pickle
import warnings
from pathlib import Path

import pytest

import gatepass
from conftest import SEALING_KEY, program
from gatepass import Gate, GatepassError, InvalidArgument, Reason, Refused, StoreError
from gatepass._masked import Masked


def test_no_repr_shows_a_secret(gate: Gate) -> None:
    gate.admins.add("ops", password="correct horse")
    made = gate.credentials.create("portal", admin="ops")
    assert made.secret is not None
    assert made.credential.identifier is not None
    portal = gate.authenticate(made.credential.identifier, made.secret)
    issued = gate.issue(caller=portal, client_id=1)
    signed_in = gate.redeem(issued.token)
    assert signed_in.session is not None
    shown = "".join(
        map(repr, (gate, made, portal, portal._proof, issued, signed_in, gate.check_session(signed_in.session)))
    )
    shown += repr(gate.tokens.explain(issued.token)) + repr(gate.sessions.list())
    created = gate.create_link(client_id=1)
    opened = gate.open_link(created.url)
    shown += repr((created, opened, gate.inspect_link(created.link), gate.links.explain(created.link)))
    shown += repr([getattr(portal._proof, name) for name in portal._proof.__slots__])
    with pytest.raises(Refused) as caught:
        gate.redeem(issued.token)
    shown += repr(caught.value) + str(caught.value)
    with pytest.raises(Refused) as caught:
        gate.open_link(created.link)
    shown += repr(caught.value) + str(caught.value)
    of_links = (created.link, created.url, opened.token, opened.redirect_url)
    for secret in (issued.token, issued.redirect_url, made.secret, signed_in.session, SEALING_KEY, *of_links):
        assert secret not in shown
    assert shown.count(created.reference) > 2
    assert made.credential.identifier in shown, "the check would not notice anything"


def test_what_holds_a_secret_or_a_handle_is_neither_pickled_nor_copied(gate: Gate) -> None:
    issued = gate.issue(client_id=1)
    signed_in = gate.redeem(issued.token)
    made = gate.credentials.create("cron", host=True)
    created = gate.create_link(client_id=1)
    opened = gate.open_link(created.link)
    for thing in (gate, gate.caller(), issued, signed_in, made, created, opened, Masked(b"x")):
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="can't be pickled"):
                attempt(thing)


def test_what_holds_none_is_pickled(gate: Gate) -> None:
    for thing in (
        gate.users.show(1),
        gate.users.list(),
        gate.credentials.list(),
        gate.links.report(),
        gate.store.info(),
        Reason.HOST_MODE,
    ):
        assert pickle.loads(pickle.dumps(thing)) == thing


def test_an_exception_is_pickled_with_all_that_it_says(gate: Gate) -> None:
    token = gate.issue(client_id=1).token
    gate.redeem(token)
    with pytest.raises(Refused) as refused:
        gate.redeem(token)
    with pytest.raises(InvalidArgument) as invalid:
        gate.issue(client_id=-1)
    with pytest.raises(StoreError) as stored:
        gatepass.open("/nowhere/at/all")
    gate.close()
    with pytest.raises(InvalidArgument) as closed:
        gate.redeem(token)
    for error in (refused.value, invalid.value, stored.value, closed.value):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert isinstance(again, GatepassError)
        assert (str(again), vars(again)) == (str(error), vars(error))


def test_a_gate_that_is_dropped_open_warns_and_closes(gate: Gate, path: Path) -> None:
    with pytest.warns(ResourceWarning, match="unclosed"):
        gatepass.open(path)
        gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gatepass.open(path).close()
        gc.collect()


def test_a_gate_that_is_dropped_is_closed_also_when_the_warning_is_an_error(gate: Gate, path: Path) -> None:
    source = """
        import gc, os, sys, warnings, gatepass
        warnings.simplefilter("error")
        sys.unraisablehook = lambda raised: print(raised.exc_type.__name__)
        gatepass.open(sys.argv[1]).users.list()
        gc.collect()
        links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
        print([link for link in links if os.path.exists(link) and os.readlink(link) == sys.argv[1]])
    """
    ended = program(source, str(path))
    assert (ended.stdout.splitlines(), ended.stderr) == (["ResourceWarning", "[]"], "")


def test_a_masked_secret_comes_back_as_it_was() -> None:
    for secret in (b"", b"\0", b"\0\0a", b"GPS" + bytes(range(256))):
        masked = Masked(secret)
        assert masked.reveal() == secret
        if len(secret) > 3:
            assert masked._masked != secret

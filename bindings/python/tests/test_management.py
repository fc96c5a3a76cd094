"""Everything that is managed, by its typed methods."""

import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Optional

import pytest

import gatepass
from conftest import SEALING_KEY
from gatepass import (
    AccountChange,
    AutoAuthReport,
    ClientStatus,
    Confirm,
    CredentialKind,
    Destination,
    DestinationInput,
    Gate,
    InternalError,
    InvalidArgument,
    Limits,
    LinkEnd,
    LinkState,
    Member,
    Mode,
    OrderBy,
    Origin,
    Place,
    Reason,
    Refused,
    Severity,
    StoreError,
    TokenState,
    User,
)
from gatepass._library import LIB
from gatepass._outcome import exception
from gatepass._time import moment, read
from gatepass.management._namespace import decode, decode_all, decode_page

BEGINNING, END = datetime(2000, 1, 1, tzinfo=timezone.utc), datetime(2100, 1, 1, tzinfo=timezone.utc)


def refused(act: Callable[[], Any], reason: Reason) -> None:
    with pytest.raises(Refused) as caught:
        act()
    assert caught.value.reason is reason


def test_users(gate: Gate) -> None:
    bob = gate.users.add(email=" Bob@Example.com", first_name="Bob", last_name="Núñez 李", user_id=7)
    assert (bob.user_id, bob.email, bob.last_name, bob.enabled) == (7, "bob@example.com", "Núñez 李", True)
    assert bob.created_at.tzinfo is timezone.utc
    assert datetime.now(timezone.utc) - bob.created_at < timedelta(minutes=1)
    assert gate.users.show(1).clients == (Place(client_id=1, owner=True),)
    assert [user.user_id for user in gate.users.list(descending=True).items] == [7, 1]
    assert gate.users.list(search="bo").total == 1
    assert [user.user_id for user in gate.users.list(order_by="email", descending=True).items] == [7, 1]
    assert gate.clients.list(order_by=OrderBy.GROUP_ID).total == 1
    with pytest.raises(InvalidArgument) as caught:
        gate.users.list(order_by=OrderBy.STATUS)
    assert caught.value.field == "order_by"
    assert gate.users.list(email="ann@example.com").items == (gate.users.show(1),)
    assert not gate.users.disable(7).enabled
    assert gate.users.enable(7).enabled
    token = gate.issue(user_id=1).token
    link = gate.create_link(user_id=1).link
    assert gate.users.set_email(1, " Ann@Example.org").email == "ann@example.org"
    refused(lambda: gate.open_link(link), Reason.LINK_OUTDATED)
    refused(lambda: gate.users.set_email(1, "bob@example.com"), Reason.ALREADY_EXISTS)
    refused(lambda: gate.users.set_email(99, "zoe@example.com"), Reason.USER_UNKNOWN)
    link = gate.create_link(user_id=1).link
    export = gate.users.export(1)
    assert export.user == gate.users.show(1)
    assert [one.state for one in export.links] == [LinkState.LIVE, LinkState.OUTDATED]
    assert [record.state for record in export.tokens] == [TokenState.LIVE]
    assert export.events[0].event == "user.added"
    erased = gate.users.erase(1)
    assert (erased.user_id, erased.tokens_ended, erased.links_ended) == (1, 1, 1)
    refused(lambda: gate.open_link(link), Reason.LINK_REVOKED)
    assert gate.users.show(1).email is None
    refused(lambda: gate.redeem(token), Reason.TOKEN_REVOKED)
    refused(lambda: gate.users.show(99), Reason.USER_UNKNOWN)
    refused(lambda: gate.users.add(email="bob@example.com"), Reason.ALREADY_EXISTS)


def test_clients_and_members(gate: Gate) -> None:
    client = gate.clients.add(
        email="office@example.com", company_name="Office", status="Inactive", group_id=3, client_id=9
    )
    assert (client.client_id, client.status, client.group_id) == (9, ClientStatus.INACTIVE, 3)
    gate.users.add(email="bob@example.com")
    assert gate.members.add(2, 9, owner=True).members == (Member(user_id=2, owner=True),)
    refused(lambda: gate.members.add(1, 9, owner=True), Reason.OWNER_EXISTS)
    gate.members.add(1, 9)
    assert gate.members.list(9) == (Member(user_id=1, owner=False), Member(user_id=2, owner=True))
    assert gate.members.remove(1, 9).members == (Member(user_id=2, owner=True),)
    refused(lambda: gate.members.remove(2, 9), Reason.OWNER_STAYS)
    assert gate.clients.set_status(9, ClientStatus.CLOSED).status is ClientStatus.CLOSED
    assert gate.clients.list(status=ClientStatus.CLOSED).items == (gate.clients.show(9),)
    assert not gate.clients.allow_sso(9, False).allow_sso
    with pytest.raises(InvalidArgument) as caught:
        gate.clients.set_status(9, "Gone")
    assert caught.value.field == "status"


def test_admins_and_credentials(gate: Gate) -> None:
    assert gate.admins.add("ops", password="correct horse").has_password
    assert not gate.admins.set_password("ops", None).has_password
    assert [admin.username for admin in gate.admins.list()] == ["ops"]
    limits = Limits(
        actions=("createssotoken",),
        destinations=("clientarea:invoices",),
        clients=(1,),
        addresses=("203.0.113.0/24",),
        max_token_life_seconds=30,
        issues_per_minute=2,
        links=True,
        link_destinations=("clientarea:invoices",),
        max_link_life_seconds=86400,
        links_per_minute=2,
        secret_in_query=True,
        confirm=Confirm.ALWAYS,
    )
    end = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=1)
    made = gate.credentials.create(
        "portal", admin="ops", home_url="https://portal.example.com", limits=limits, expires_at=end
    )
    assert made.credential.kind is CredentialKind.API
    assert (made.credential.limits, made.credential.expires_at) == (limits, end)
    assert made.secret is not None
    assert made.credential.identifier is not None
    portal = gate.authenticate(made.credential.identifier, made.secret, "203.0.113.9")
    assert portal.credential_id == made.credential.credential_id
    portal.authorise("createssotoken", "203.0.113.9")
    refused(lambda: portal.authorise("getclients", "203.0.113.9"), Reason.ACTION_NOT_ALLOWED)
    refused(lambda: portal.authorise("createssotoken", "198.51.100.1"), Reason.ADDRESS_NOT_ALLOWED)

    def issue() -> None:
        gate.issue(caller=portal, client_id=1, address="203.0.113.9")

    def create() -> None:
        gate.create_link(caller=portal, client_id=1, address="203.0.113.9")

    issue()
    create()
    create()
    refused(create, Reason.RATE_LIMITED)
    rotated = gate.credentials.rotate("portal", overlap=timedelta(hours=1))
    assert rotated.credential.old_secret_until is not None
    assert rotated.secret not in (None, made.secret)
    leaked = gate.credentials.rotate("portal", leaked_since=datetime.now(timezone.utc))
    assert (leaked.tokens_ended, leaked.links_ended) == (1, 2)
    refused(issue, Reason.CREDENTIAL_REVOKED)
    assert gate.credentials.revoke("portal", end_sessions=True).credential.revoked_at is not None
    gate.credentials.create("mailer", host=True, limits=Limits(links=True))
    gate.create_link(caller="mailer", client_id=1)
    assert gate.credentials.revoke("mailer").links_ended == 1
    cron = gate.credentials.create("cron", host=True)
    assert (cron.secret, cron.credential.kind) == (None, CredentialKind.HOST)
    assert not gate.credentials.disable("cron").enabled
    refused(lambda: gate.caller("cron"), Reason.CREDENTIAL_DISABLED)
    assert gate.credentials.enable("cron") == gate.credentials.show("cron")
    assert [each.label for each in gate.credentials.list()] == ["cli", "portal", "mailer", "cron"]
    assert not gate.admins.disable("ops").enabled
    assert gate.admins.enable("ops").enabled
    with pytest.raises(InvalidArgument) as caught:
        gate.credentials.rotate("portal", overlap=1.5)
    assert caught.value.field == "overlap"


def test_autoauth_and_seal(gate: Gate, tmp_path: Path) -> None:
    assert gate.autoauth.enable().enabled
    key = gate.autoauth.key_add("crm", "a-key-of-many-characters")
    assert (key.label, key.weak, key.uses, key.retired_at, key.confirm) == ("crm", False, 0, None, None)
    link = gate.sign_autoauth("ann@example.com", key_label="crm", goto="viewinvoice.php?id=5")
    signed_in = gate.accept_autoauth(query=link.partition("?")[2], address="203.0.113.9")
    assert (signed_in.user_id, signed_in.email, signed_in.key_label) == (1, "ann@example.com", "crm")
    assert signed_in.session is not None
    assert gate.check_session(signed_in.session).origin is Origin.AUTOAUTH
    report = gate.autoauth.report(days=1)
    assert (report.enabled, report.outcomes["ok"], report.keys[0].uses) == (True, 1, 1)
    folder = tmp_path / "keys"
    folder.mkdir()
    with pytest.raises(InvalidArgument) as caught:
        gate.seal.rotate(folder / "none")
    assert caught.value.field == "sealing_key_file"
    assert gate.autoauth.key_retire("crm").retired_at is not None
    assert gate.autoauth.key_list()[0].last_used_at is not None
    assert (
        gate.autoauth.key_add("web", "another-key-of-many-characters", confirm="always").confirm
        == Confirm.ALWAYS
    )
    assert gate.autoauth.disable().active_keys == 1


def test_a_sealing_key_is_read_from_its_file_and_rotated(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "keys").mkdir()
    old, new = tmp_path / "keys" / "old", tmp_path / "keys" / "new"
    for file, text in ((old, SEALING_KEY), (new, SEALING_KEY.replace("0", "1"))):
        file.write_text(text)
        file.chmod(0o600)
    store = tmp_path / "store" / "gatepass.db"
    with gatepass.init(store, mode="host", system_url="https://b.example.com", sealing_key_file=old) as gate:
        gate.autoauth.key_add("crm", "a-key-of-many-characters")
        assert gate.seal.rotate(new).keys == 1
        refused(lambda: gate.sign_autoauth("a@b", key_label="crm"), Reason.SEALING_KEY_WRONG)
    with gatepass.open(store, sealing_key_file=new) as gate:
        assert "hash=" in gate.sign_autoauth("a@b", key_label="crm")
    with gatepass.open(store) as gate:
        refused(lambda: gate.sign_autoauth("a@b", key_label="crm"), Reason.SEALING_KEY_MISSING)


def test_tokens_and_sessions(gate: Gate) -> None:
    first, second = gate.issue(client_id=1), gate.issue(client_id=1, actor="Schäfer & Söhne")
    signed_in = gate.redeem(first.token, address="203.0.113.9")
    told = gate.tokens.explain(first.token)
    assert told.token.state is TokenState.REDEEMED
    assert told.token.refusal is Reason.TOKEN_REDEEMED
    assert told.token.redemption == signed_in.redemption
    assert "redeemed into session" in "".join(told.story)
    assert [event.event for event in told.events] == ["token.issued", "token.redeemed"]
    assert gate.tokens.list(live=True)[0].actor == "Schäfer & Söhne"
    assert gate.tokens.revoke(user_id=1).revoked == 1
    refused(lambda: gate.tokens.revoke(token=first.token), Reason.TOKEN_REDEEMED)
    with pytest.raises(InvalidArgument):
        gate.tokens.revoke()
    assert signed_in.session is not None
    session = gate.check_session(signed_in.session)
    record = gate.sessions.list(user_id=1)[0]
    assert (record.session, record.origin, record.ends_at) == (session.name, Origin.TOKEN, session.ends_at)
    assert gate.sessions.end(signed_in.session).ended == 1
    assert gate.sessions.end(session.name).ended == 0
    assert gate.sessions.end_user(1).ended == 0
    assert gate.sessions.end_credential(1, since=BEGINNING).ended == 0
    refused(lambda: gate.redeem(second.token), Reason.TOKEN_REVOKED)


def test_links(gate: Gate) -> None:
    created = gate.create_link(
        client_id=1,
        destination="sso:custom_redirect",
        redirect_path="viewinvoice.php?id=5",
        life=timedelta(days=2),
        uses=2,
        label="reminder",
        title="Rechnung № 5",
        actor="Schäfer & Söhne",
        address="203.0.113.9",
    )
    assert created.url == f"https://billing.example.com/whmcs/signin.php?{created.link}"
    assert (created.user_id, created.client_id, len(created.reference)) == (1, 1, 24)
    seen = gate.inspect_link(created.url, address="203.0.113.9")
    assert (seen.reference, seen.state, seen.refusal) == (created.reference, LinkState.LIVE, None)
    assert (seen.landing, seen.title, seen.label) == ("viewinvoice.php?id=5", "Rechnung № 5", "reminder")
    assert (seen.uses, seen.used, seen.actor) == (2, 0, "Schäfer & Söhne")
    assert seen.expires_at == created.expires_at == seen.created_at + timedelta(days=2)

    opened = gate.open_link(created.link, address="203.0.113.9")
    assert (opened.reference, opened.uses_left, opened.unchecked) == (created.reference, 1, ())
    assert opened.landing_url == "https://billing.example.com/whmcs/viewinvoice.php?id=5"
    assert opened.token in opened.redirect_url
    assert gate.redeem(opened.token).user_id == 1
    assert gate.links.revoke(label="reminder").ended == 1
    refused(lambda: gate.open_link(created.link), Reason.LINK_REVOKED)
    told = gate.links.explain(created.reference)
    assert (told.link.state, told.link.ended_by, told.link.used) == (LinkState.REVOKED, LinkEnd.REVOKED, 1)
    assert [event.event for event in told.events][:2] == ["link.created", "link.opened"]
    assert "opened for token" in "".join(told.story)
    with pytest.raises(InvalidArgument):
        gate.links.explain("no link")
    with pytest.raises(InvalidArgument):
        gate.links.revoke()

    first, second = (gate.create_link(client_id=1, label="offer", end_siblings=True) for _ in "ab")
    gate.open_link(second.link)
    refused(lambda: gate.links.revoke(link=second.link), Reason.LINK_USED)
    assert gate.inspect_link(first.link).state is LinkState.SUPERSEDED
    gate.create_link(client_id=1)
    assert gate.links.account_changed(AccountChange.PASSWORD, client_id=1).ended == 1
    assert gate.links.account_changed("email", user_id=1).ended == 0
    links = gate.links.list(user_id=1)
    # Newest first. Names sort by the millisecond, and two links may be made in one.
    assert [one.reference for one in links] == sorted((one.reference for one in links), reverse=True)
    ended = {LinkState.OUTDATED, LinkState.USED, LinkState.SUPERSEDED, LinkState.REVOKED}
    assert {one.state for one in links} == ended and len(links) == 4
    assert gate.links.list(live=True) == ()
    gate.credentials.create("mailer", host=True, limits=Limits(links=True))
    product = gate.create_link(
        caller="mailer", client_id=1, destination="clientarea:product_details", service_id=7
    )
    domain = gate.create_link(client_id=1, destination="clientarea:domain_details", domain_id=8)
    landings = [gate.inspect_link(one.reference).landing for one in (product, domain)]
    assert [landing.rpartition("id=")[2] for landing in landings] == ["7", "8"]
    mailer = gate.credentials.show("mailer").credential_id
    assert [one.reference for one in gate.links.list(credential_id=mailer)] == [product.reference]
    for listed in (gate.links.list, gate.links.each):
        assert [one.reference for one in listed(label="reminder")] == [created.reference]
        newest_first = sorted([domain.reference, product.reference], reverse=True)
        assert [one.reference for one in listed(live=True)] == newest_first

    report = gate.links.report(label="reminder", days=1)
    assert (report.step_seconds, report.from_ < report.to) == (3600, True)
    row = report.labels[0]
    assert (row.created, row.opened, row.openings, row.revoked) == (1, 1, 1, 1)
    assert [(one.reason, one.count) for one in row.refused] == [(Reason.LINK_REVOKED, 1)]
    assert (row.over_time[0].created, row.over_time[0].refused) == (1, 1)
    assert [each.label for each in gate.links.report().labels] == [None, "offer", "reminder"]


def test_destinations_and_settings(gate: Gate) -> None:
    page = Destination(
        name="clientarea:quotes", path="clientarea.php?action=quotes", input=DestinationInput.NONE
    )
    assert gate.destinations.set(page.name, page.path) == page
    assert page in gate.destinations.list()
    landing = gate.redeem(gate.issue(client_id=1, destination=page.name).token).landing_url
    assert landing.endswith("/whmcs/clientarea.php?action=quotes")
    assert gate.destinations.remove(page.name).removed == page.name
    refused(lambda: gate.destinations.remove(page.name), Reason.DESTINATION_UNKNOWN)
    life = gate.settings.set("token_life_seconds", 30)
    assert (life.value, life.default) == (30, 60)
    assert gate.settings.get("token_life_seconds") == life
    assert life in gate.settings.list()
    for bad in (0, None, "x", 2**70):
        with pytest.raises(InvalidArgument) as caught:
            gate.settings.set("token_life_seconds", bad)
        assert caught.value.field == "token_life_seconds"


def test_the_store_itself(gate: Gate, path: Path, tmp_path: Path) -> None:
    info = gate.store.info()
    assert (len(info.store_id), info.database) == (32, f"SQLite {gatepass.sqlite_version()}")
    assert {finding.severity for finding in gate.store.check()} == {Severity.GOOD}
    purged = gate.store.purge()
    assert (purged.tokens, purged.links) == (0, 0)
    link = gate.create_link(client_id=1).link
    backup = tmp_path / "backup.db"
    assert gate.store.backup(backup).pages > 5
    with pytest.raises(StoreError) as caught:
        gate.store.backup(backup)
    assert caught.value.code == "store_exists"
    token = gate.issue(client_id=1).token
    restored = gate.store.restore(backup)
    assert [credential.label for credential in restored.credentials_to_check] == ["cli"]
    refused(lambda: gate.redeem(token), Reason.TOKEN_UNKNOWN)
    assert restored.links_ended == 1
    refused(lambda: gate.open_link(link), Reason.LINK_REVOKED)
    path.unlink()
    with pytest.raises(StoreError) as caught:
        gate.users.list()
    assert (caught.value.code, caught.value.retryable) == ("store_replaced", False)


def test_a_store_that_is_locked_says_that_it_may_be_tried_again(gate: Gate, path: Path) -> None:
    hold = "import sqlite3, sys; o = sqlite3.connect(sys.argv[1], isolation_level=None);"
    hold += "o.execute('BEGIN IMMEDIATE'); print(1, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        soon = timedelta(milliseconds=100)
        with gatepass.open(path, deadline=soon) as other, pytest.raises(StoreError) as caught:
            other.users.add(email="bob@example.com")
        holder.communicate()
    assert (caught.value.code, caught.value.retryable) == ("store_busy", True)


def test_a_host_store_checks_no_person_and_says_so(tmp_path: Path) -> None:
    with gatepass.init(tmp_path / "h.db", mode=Mode.HOST, system_url="https://b.example.com") as gate:
        signed_in = gate.redeem(gate.issue(user_id=5, client_id=6).token)
        assert (signed_in.user_id, signed_in.client_id, signed_in.clients) == (5, 6, ())
        assert "membership" in signed_in.unchecked
        created = gate.create_link(user_id=5, client_id=6)
        assert (created.user_id, created.client_id) == (5, 6)
        opened = gate.open_link(created.link)
        assert timedelta(0) < opened.expires_at - datetime.now(timezone.utc) <= timedelta(minutes=1)
        assert (opened.user_id, opened.client_id) == (5, 6)
        assert "membership" in opened.unchecked
        refused(lambda: gate.users.set_email(5, "a@example.com"), Reason.HOST_MODE)
        refused(lambda: gate.users.list(), Reason.HOST_MODE)


def test_each_goes_through_all_pages(gate: Gate) -> None:
    for number in range(6):
        gate.users.add(email=f"u{number}@example.com")
        gate.clients.add(email=f"u{number}@example.com", owner=number + 2)
        gate.redeem(gate.issue(user_id=number + 2).token)
        gate.create_link(user_id=number + 2)

    def numbers(things: Iterable[Any], name: str) -> list[Any]:
        return [getattr(thing, name) for thing in things]

    for size in (1, 2, 3, 7, 1000):
        assert numbers(gate.users.each(page_size=size), "user_id") == list(range(1, 8))
        assert numbers(gate.clients.each(page_size=size), "client_id") == list(range(1, 8))
        assert numbers(gate.tokens.each(page_size=size), "user_id") == list(range(7, 1, -1))
        assert numbers(gate.links.each(page_size=size), "user_id") == list(range(7, 1, -1))
        assert numbers(gate.sessions.each(page_size=size), "user_id") == list(range(7, 1, -1))
        redeemed = gate.audit.each(from_=BEGINNING, to=END, event="token.redeemed", page_size=size)
        assert numbers(redeemed, "user_id") == list(range(2, 8))
    assert numbers(gate.users.each(search="u3"), "user_id") == [5]


def test_what_a_newer_library_adds_does_no_harm() -> None:
    user = {
        "user_id": 1,
        "email": None,
        "first_name": "",
        "last_name": "",
        "enabled": True,
        "created_at": "2026-11-22T14:13:46.123Z",
        "erased_at": None,
        "clients": [{"client_id": 1, "owner": True, "since": 5}],
        "nickname": "Annie",
    }
    assert decode(User, user).clients == (Place(1, True),)
    new = decode(TokenState, "on_hold")
    assert (new, new.value, str(new), repr(new.name)) == ("on_hold", "on_hold", "on_hold", "'ON_HOLD'")
    assert new not in list(TokenState)
    assert Reason("brand_new") == "brand_new"
    for broken in ({}, {**user, "user_id": "1"}, {**user, "created_at": 5}, {**user, "clients": None}, None):
        with pytest.raises(InternalError):
            decode(User, broken)
    nothings: list[Any] = [None, 1, {}, {"total": 1}, {"items": []}, {"total": "1", "items": []}, [1]]
    for nothing in nothings:
        with pytest.raises(InternalError):
            decode_page(User, nothing)
        with pytest.raises(InternalError):
            decode_all(User, nothing)
    report = {"enabled": True, "keys": [], "since": user["created_at"], "outcomes": [], "wrong_hashes": 0}
    with pytest.raises(InternalError):
        decode(AutoAuthReport, report)


def test_an_error_never_carries_the_details_of_another_call(gate: Gate) -> None:
    # What a signal handler leaves behind that runs between a failure and its exception.
    refused(lambda: gate.redeem("0" * 40), Reason.TOKEN_UNKNOWN)
    with pytest.raises(InvalidArgument):
        LIB.gatepass_request_set_user_id(None, 1)
    other = exception(LIB, 2001)
    assert (str(other), getattr(other, "field", "")) == ("unknown token", "")
    assert isinstance(exception(LIB, 1001), InvalidArgument)
    assert exception(LIB, 1001).field == ""  # type: ignore[attr-defined]


def test_whoever_fails_often_from_one_network_is_advised_when_to_ask_again(gate: Gate) -> None:
    def ask(address: str) -> Optional[timedelta]:
        with pytest.raises(Refused) as told:
            gate.check_session("no session", address=address)
        return told.value.retry_after

    advice = next(filter(None, (ask("203.0.113.9") for _ in range(50))))
    assert timedelta(0) < advice < timedelta(minutes=1)
    assert ask("198.51.100.7") is None, "another network failed once"


def test_a_session_ends(gate: Gate) -> None:
    session = gate.redeem(gate.issue(client_id=1).token).session
    assert session is not None
    gate.end_session(session, address="203.0.113.9")
    gate.end_session(session)
    refused(lambda: gate.check_session(session), Reason.SESSION_ENDED)
    refused(lambda: gate.end_session("0" * 64), Reason.SESSION_UNKNOWN)


def test_times_are_exact_to_the_millisecond_and_end_with_the_year_9999() -> None:
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
    for milliseconds in (-1, 0, 1, 999, 1_795_356_826_123, 253_402_300_799_999):
        assert moment(milliseconds) - epoch == timedelta(milliseconds=milliseconds)
        assert moment(milliseconds).tzinfo is timezone.utc
    for beyond in (253_402_300_800_000, 2**63 - 1):
        assert moment(beyond) == datetime.max.replace(tzinfo=timezone.utc)
    assert read(f"{2**63 - 1} ms") == moment(2**63 - 1)
    assert read("2026-11-22T14:13:46.123Z") == moment(1_795_356_826_123)

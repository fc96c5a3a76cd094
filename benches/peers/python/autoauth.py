"""autoauth.py by_hand|ours FILE: AutoAuth links, verified and accepted."""

import hashlib
import hmac
import itertools
import os
import re
import sqlite3
import sys
import time
from urllib.parse import parse_qs, urlencode

from child import serve, sync_call

KEY = "a key that the systems share, of some length"

signed = itertools.count()


def sign(_):
    """The query of a link that nobody had yet."""
    email = f"ann+{os.getpid()}-{next(signed)}@example.com"
    now = int(time.time())
    digest = hashlib.sha1(f"{email}{now}{KEY}".encode()).hexdigest()
    return urlencode({"email": email, "timestamp": now, "hash": digest, "goto": "cart.php?a=view"})


def forge(number):
    """The same with a hash that fits nothing."""
    return re.sub("hash=[0-9a-f]{8}", "hash=00000000", sign(number))


def verify(query):
    """Whom a link signs in, if it was signed with the key within 15 minutes."""
    fields = parse_qs(query, keep_blank_values=True)
    email, timestamp, digest = (fields.get(name, []) for name in ("email", "timestamp", "hash"))
    if not len(email) == len(timestamp) == len(digest) == 1 or not re.fullmatch(
        "[1-9][0-9]{9}", timestamp[0], re.ASCII
    ):
        return None
    if abs(time.time() - int(timestamp[0])) > 900:
        return None
    expected = hashlib.sha1(f"{email[0]}{timestamp[0]}{KEY}".encode()).hexdigest()
    return email[0] if hmac.compare_digest(expected, digest[0].lower()) else None


def verified(query):
    """A verified link."""
    email = verify(query)
    if email is None:
        raise PermissionError
    return email


def refused(query):
    """A refused one."""
    if verify(query) is not None:
        raise AssertionError


def by_hand(path):
    """Verified, and accepted once."""
    connection = sqlite3.connect(path, timeout=60, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE used (hash TEXT PRIMARY KEY, signed_at INTEGER NOT NULL) WITHOUT ROWID")
    connection.execute("CREATE TABLE audit (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL)")
    run = connection.execute

    def accept(query):
        email = verified(query)
        fields = parse_qs(query)
        run("BEGIN IMMEDIATE")
        once = run(
            "INSERT OR IGNORE INTO used (hash, signed_at) VALUES (?, ?)",
            (hashlib.sha256(fields["hash"][0].encode()).hexdigest(), int(fields["timestamp"][0])),
        )
        if once.rowcount != 1:
            run("ROLLBACK")
            raise PermissionError
        run("INSERT INTO audit (at, event) VALUES (?, ?)", (int(time.time()), "autoauth.accepted"))
        run("COMMIT")
        return email

    acts = {"sign": sign, "forge": forge, "verify": verified, "refuse": refused, "accept": accept}
    serve(acts, {"sqlite in python": sqlite3.sqlite_version}, sync_call())


def ours(path):
    """The same through the package."""
    import gatepass

    with gatepass.open(path) as gate:

        def accept(query):
            return gate.accept_autoauth(query=query, key=KEY, start_session=False).email

        def verify(query):
            if not gatepass.Gate.verify_autoauth(query, key=KEY):
                raise PermissionError

        def refuse(query):
            if gatepass.Gate.verify_autoauth(query, key=KEY):
                raise AssertionError

        serve({"sign": sign, "forge": forge, "verify": verify, "refuse": refuse, "accept": accept})


{"by_hand": by_hand, "ours": ours}[sys.argv[1]](sys.argv[2])

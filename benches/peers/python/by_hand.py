"""by_hand.py naive|careful FILE: tokens by hand, on a connection that stays open."""

import hashlib
import secrets
import sqlite3
import sys
import time

from child import serve, sync_call


class Naive:
    """Tokens as they are often written: the database's defaults, a commit a statement, look first and write then.

    Two who come at the same time both get in.
    """

    SCHEMA = """
        CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, user_id INTEGER, client_id INTEGER,
                                           destination TEXT, expires_at REAL, used INTEGER DEFAULT 0);
        CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY, at REAL, event TEXT, user_id INTEGER,
                                        client_id INTEGER);
    """

    def __init__(self, path):
        self.connection = sqlite3.connect(path)
        self.connection.executescript(self.SCHEMA)

    def issue(self, _):
        token = secrets.token_hex(20)
        self.connection.execute(
            "INSERT INTO tokens (token, user_id, client_id, destination, expires_at) VALUES (?, ?, ?, ?, ?)",
            (token, 1, 1, "clientarea:product_details", time.time() + 60),
        )
        self.connection.commit()
        self.log("issued")
        return token

    def redeem(self, token):
        row = self.connection.execute(
            "SELECT user_id, used, expires_at FROM tokens WHERE token = ?", (token,)
        ).fetchone()
        if row is None or row[1] or row[2] <= time.time():
            raise PermissionError
        self.connection.execute("UPDATE tokens SET used = 1 WHERE token = ?", (token,))
        self.connection.commit()
        self.log("redeemed")
        return row[0]

    def log(self, event):
        self.connection.execute(
            "INSERT INTO log (at, event, user_id, client_id) VALUES (?, ?, 1, 1)", (time.time(), event)
        )
        self.connection.commit()


class Careful:
    """Tokens as a careful program writes them.

    A write-ahead log, each commit synced, one transaction that takes the lock first, one conditional UPDATE
    that decides, digests instead of tokens, and an audit row.
    """

    SCHEMA = """
        CREATE TABLE IF NOT EXISTS token (
            key TEXT PRIMARY KEY, user_id INTEGER NOT NULL, client_id INTEGER NOT NULL,
            credential_id INTEGER NOT NULL, destination TEXT NOT NULL, issued_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL, redeemed_at INTEGER) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS audit (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, object TEXT NOT NULL,
            user_id INTEGER, client_id INTEGER);
    """

    def __init__(self, path):
        self.connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.executescript(self.SCHEMA)

    def issue(self, _):
        token = secrets.token_hex(20)
        key = hashlib.sha256(token.encode()).hexdigest()
        now = int(time.time() * 1000)
        run = self.connection.execute
        run("BEGIN IMMEDIATE")
        run(
            "INSERT INTO token (key, user_id, client_id, credential_id, destination, issued_at, expires_at)"
            " VALUES (?, 1, 1, 1, ?, ?, ?)",
            (key, "clientarea:product_details", now, now + 60_000),
        )
        self.audit(now, "token.issued", key)
        run("COMMIT")
        return token

    def redeem(self, token):
        key = hashlib.sha256(token.encode()).hexdigest()
        now = int(time.time() * 1000)
        run = self.connection.execute
        run("BEGIN IMMEDIATE")
        spent = run(
            "UPDATE token SET redeemed_at = ? WHERE key = ? AND redeemed_at IS NULL AND expires_at > ?",
            (now, key, now),
        )
        if spent.rowcount != 1:
            run("ROLLBACK")
            raise PermissionError
        row = run("SELECT user_id, client_id, destination FROM token WHERE key = ?", (key,)).fetchone()
        self.audit(now, "token.redeemed", key)
        run("COMMIT")
        return row

    def audit(self, now, event, key):
        self.connection.execute(
            "INSERT INTO audit (at, event, object, user_id, client_id) VALUES (?, ?, ?, 1, 1)", (now, event, key[:12])
        )


how, path = sys.argv[1:]
by_hand = {"naive": Naive, "careful": Careful}[how](path)
serve({"issue": by_hand.issue, "redeem": by_hand.redeem}, {"sqlite": sqlite3.sqlite_version}, sync_call())

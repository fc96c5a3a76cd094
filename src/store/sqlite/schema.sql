-- One row: what the store says about itself.
CREATE TABLE store (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    store_id       BLOB    NOT NULL CHECK (length(store_id) = 16),
    created_at     INTEGER NOT NULL,
    -- The oldest schema version whose release may still use this file.
    compatible     INTEGER NOT NULL,
    -- A new random number with every change of a setting, so that a parsed copy is known to be current.
    settings_nonce INTEGER NOT NULL,
    -- AutoAuth links with an earlier time (seconds) are no longer remembered, so they are refused.
    autoauth_floor INTEGER NOT NULL DEFAULT 0,
    -- Audited addresses of before this time are cut already.
    addresses_cut  INTEGER NOT NULL DEFAULT 0,
    -- Raised by a synced act that found nothing to change, so that its commit syncs all the same.
    syncs          INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE admin (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    username   TEXT    NOT NULL UNIQUE,
    enabled    INTEGER NOT NULL DEFAULT 1,
    -- Argon2id over the MD5 of the password, as a PHC string.
    password   TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE credential (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL CHECK (kind IN ('api', 'host')),
    label           TEXT    NOT NULL UNIQUE,
    identifier      TEXT    UNIQUE,
    admin_id        INTEGER REFERENCES admin (id),
    home_url        TEXT,
    limits          TEXT    NOT NULL,
    -- SHA-256 of the secret and, after a rotation, of the one before.
    digest          BLOB,
    old_digest      BLOB,
    old_until       INTEGER,
    -- Counts the secrets. Those up to void_serial are void, and so are the tokens issued with them.
    serial          INTEGER NOT NULL,
    void_serial     INTEGER NOT NULL,
    enabled         INTEGER NOT NULL DEFAULT 1,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER,
    revoked_at      INTEGER,
    last_used_at    INTEGER,
    minute          INTEGER NOT NULL DEFAULT 0,
    minute_issues   INTEGER NOT NULL DEFAULT 0,
    link_minute     INTEGER NOT NULL DEFAULT 0,
    minute_links    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE user (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    email      TEXT    UNIQUE,
    first_name TEXT    NOT NULL,
    last_name  TEXT    NOT NULL,
    enabled    INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    erased_at  INTEGER
) STRICT;

CREATE TABLE client (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    email        TEXT    NOT NULL,
    first_name   TEXT    NOT NULL,
    last_name    TEXT    NOT NULL,
    company_name TEXT    NOT NULL,
    status       TEXT    NOT NULL CHECK (status IN ('Active', 'Inactive', 'Closed')),
    allow_sso    INTEGER NOT NULL DEFAULT 1,
    group_id     INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX client_email ON client (email);

CREATE TABLE member (
    user_id   INTEGER NOT NULL REFERENCES user (id),
    client_id INTEGER NOT NULL REFERENCES client (id),
    owner     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_client ON member (client_id);
CREATE UNIQUE INDEX member_owner ON member (client_id) WHERE owner = 1;

-- What differs from the built-in destinations; a row without a path removes one.
CREATE TABLE destination (
    name  TEXT PRIMARY KEY,
    path  TEXT,
    input TEXT
) STRICT, WITHOUT ROWID;

-- The key is the token's six time bytes and its SHA-256: inserts go to the end, a purge is a range.
CREATE TABLE token (
    key           BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 38),
    user_id       INTEGER,
    client_id     INTEGER,
    destination   TEXT,
    landing       TEXT    NOT NULL,
    credential_id INTEGER,
    admin_id      INTEGER,
    serial        INTEGER NOT NULL,
    actor         TEXT,
    binding       BLOB,
    issued_at     INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    redeemed_at   INTEGER,
    redemption    BLOB,
    session_key   BLOB,
    revoked_at    INTEGER,
    replays       INTEGER NOT NULL DEFAULT 0,
    replayed_at   INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    key             BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 38),
    user_id         INTEGER,
    client_id       INTEGER,
    origin          TEXT    NOT NULL,
    credential_id   INTEGER,
    admin_id        INTEGER,
    autoauth_key_id INTEGER,
    redemption      BLOB,
    started_at      INTEGER NOT NULL,
    touched_at      INTEGER NOT NULL,
    ends_at         INTEGER NOT NULL,
    ended_at        INTEGER
) STRICT, WITHOUT ROWID;
-- By the minute of the start (the time's first bytes) and then by user: inserts stay near the end here too, however
-- many rows there are.
CREATE INDEX session_user ON session (substr(key, 1, 4), user_id);

-- Sign-in links. The key is the time at which one was made and its SHA-256; a visit brings only the latter.
CREATE TABLE link (
    key             BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 38),
    user_id         INTEGER,
    client_id       INTEGER,
    destination     TEXT,
    landing         TEXT    NOT NULL,
    title           TEXT,
    label           TEXT,
    credential_id   INTEGER NOT NULL,
    serial          INTEGER NOT NULL,
    actor           TEXT,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    uses            INTEGER NOT NULL,
    used            INTEGER NOT NULL DEFAULT 0 CHECK (used <= uses),
    end_siblings    INTEGER NOT NULL,
    first_opened_at INTEGER,
    last_opened_at  INTEGER,
    ended_at        INTEGER,
    ended_by        TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX link_digest ON link (substr(key, 7));
CREATE INDEX link_user ON link (user_id);
CREATE INDEX link_client ON link (client_id);
CREATE INDEX link_label ON link (label) WHERE label IS NOT NULL;

-- What happened to the links of a label ('' for none), by the hour.
CREATE TABLE link_tally (
    hour  INTEGER NOT NULL,
    label TEXT    NOT NULL,
    event TEXT    NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (hour, label, event)
) STRICT, WITHOUT ROWID;

CREATE TABLE autoauth_key (
    id         INTEGER PRIMARY KEY,
    label      TEXT    NOT NULL UNIQUE,
    sealed     BLOB    NOT NULL,
    weak       INTEGER NOT NULL,
    -- When a sign-in page asks first; NULL leaves it to the setting.
    confirm    TEXT    CHECK (confirm IN ('other_user', 'always')),
    added_at   INTEGER NOT NULL,
    retired_at INTEGER,
    first_used INTEGER,
    last_used  INTEGER,
    uses       INTEGER NOT NULL DEFAULT 0,
    least_skew INTEGER,
    most_skew  INTEGER
) STRICT;

-- Accepted links by their time (seconds) and a digest of their hash.
CREATE TABLE autoauth_link (
    signed_at   INTEGER NOT NULL,
    digest      BLOB    NOT NULL,
    session_key BLOB,
    PRIMARY KEY (signed_at, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    at            INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    event         TEXT    NOT NULL,
    outcome       TEXT    NOT NULL,
    credential_id INTEGER,
    admin_id      INTEGER,
    user_id       INTEGER,
    client_id     INTEGER,
    object        TEXT,
    address       TEXT,
    actor         TEXT,
    detail        TEXT,
    count         INTEGER NOT NULL DEFAULT 1,
    last_at       INTEGER NOT NULL,
    PRIMARY KEY (at, seq)
) STRICT, WITHOUT ROWID;

-- The audit event that counts the refusals of one subject, kind and reason in one minute.
CREATE TABLE refusal (
    minute  INTEGER NOT NULL,
    subject TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (minute, subject, reason)
) STRICT, WITHOUT ROWID;

-- The same nouns as in the store's file, for many hosts at once. What is looked up or compared stands in VARBINARY:
-- the default collations take `josé` for `jose`, and `x ` for `x`. Names that people search for have a second column
-- with ASCII letters folded. Times are milliseconds since 1970 UTC where nothing else is said.

-- One row, with the number 1: what the store says about itself. While a copy is being made there is none, but one with
-- the number 2.
CREATE TABLE IF NOT EXISTS gatepass_store (
    id             TINYINT      NOT NULL PRIMARY KEY,
    store_id       BINARY(16)   NOT NULL,
    created_at     BIGINT       NOT NULL,
    -- A new random number with every change of a setting, so that a parsed copy is known to be current.
    settings_nonce BIGINT       NOT NULL,
    -- AutoAuth links with an earlier time (seconds) are no longer remembered, so they are refused.
    autoauth_floor BIGINT       NOT NULL DEFAULT 0,
    -- Audited addresses of before this time are cut already.
    addresses_cut  BIGINT       NOT NULL DEFAULT 0,
    -- Whoever changes something that takes several statements writes a name of his own here first: they take
    -- turns, and who finds another name at the end has lost what he wrote.
    writer         VARBINARY(36) NOT NULL DEFAULT ''
) ENGINE = InnoDB;

-- The names of the last such changes that are really done.
CREATE TABLE IF NOT EXISTS gatepass_change (
    name VARBINARY(36) NOT NULL PRIMARY KEY,
    -- Seconds, by the server's clock.
    at   BIGINT        NOT NULL
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS gatepass_setting (
    name  VARBINARY(64) NOT NULL PRIMARY KEY,
    value MEDIUMBLOB    NOT NULL
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS gatepass_admin (
    id         BIGINT         NOT NULL PRIMARY KEY,
    username   VARBINARY(512) NOT NULL,
    enabled    TINYINT        NOT NULL DEFAULT 1,
    -- Argon2id over the MD5 of the password, as a PHC string.
    password   VARBINARY(512),
    created_at BIGINT         NOT NULL,
    UNIQUE KEY admin_username (username)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS gatepass_credential (
    id              BIGINT         NOT NULL PRIMARY KEY,
    kind            VARBINARY(8)   NOT NULL,
    label           VARBINARY(512) NOT NULL,
    identifier      VARBINARY(64),
    admin_id        BIGINT,
    home_url        VARBINARY(4096),
    limits          MEDIUMBLOB     NOT NULL,
    -- SHA-256 of the secret and, after a rotation, of the one before.
    digest          BINARY(32),
    old_digest      BINARY(32),
    old_until       BIGINT,
    -- Counts the secrets. Those up to void_serial are void, and so are the tokens issued with them.
    serial          BIGINT         NOT NULL,
    void_serial     BIGINT         NOT NULL,
    enabled         TINYINT        NOT NULL DEFAULT 1,
    created_at      BIGINT         NOT NULL,
    expires_at      BIGINT,
    revoked_at      BIGINT,
    last_used_at    BIGINT,
    minute          BIGINT         NOT NULL DEFAULT 0,
    minute_issues   BIGINT         NOT NULL DEFAULT 0,
    link_minute     BIGINT         NOT NULL DEFAULT 0,
    minute_links    BIGINT         NOT NULL DEFAULT 0,
    UNIQUE KEY credential_label (label),
    UNIQUE KEY credential_identifier (identifier)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS gatepass_user (
    id           BIGINT          NOT NULL PRIMARY KEY,
    email        VARBINARY(512),
    first_name   VARBINARY(2048) NOT NULL,
    last_name    VARBINARY(2048) NOT NULL,
    first_folded VARBINARY(2048) NOT NULL,
    last_folded  VARBINARY(2048) NOT NULL,
    enabled      TINYINT         NOT NULL DEFAULT 1,
    created_at   BIGINT          NOT NULL,
    erased_at    BIGINT,
    UNIQUE KEY user_email (email)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS gatepass_client (
    id             BIGINT          NOT NULL PRIMARY KEY,
    email          VARBINARY(512)  NOT NULL,
    first_name     VARBINARY(2048) NOT NULL,
    last_name      VARBINARY(2048) NOT NULL,
    company_name   VARBINARY(2048) NOT NULL,
    first_folded   VARBINARY(2048) NOT NULL,
    last_folded    VARBINARY(2048) NOT NULL,
    company_folded VARBINARY(2048) NOT NULL,
    status         VARBINARY(16)   NOT NULL,
    allow_sso      TINYINT         NOT NULL DEFAULT 1,
    group_id       BIGINT          NOT NULL DEFAULT 0,
    created_at     BIGINT          NOT NULL,
    KEY client_email (email)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS gatepass_member (
    user_id   BIGINT  NOT NULL,
    client_id BIGINT  NOT NULL,
    owner     TINYINT NOT NULL DEFAULT 0,
    -- The client, where the member is its owner: there is one at most.
    owned     BIGINT AS (IF(owner = 1, client_id, NULL)) PERSISTENT,
    PRIMARY KEY (user_id, client_id),
    KEY member_client (client_id),
    UNIQUE KEY member_owner (owned)
) ENGINE = InnoDB;

-- What differs from the built-in destinations; a row without a path removes one.
CREATE TABLE IF NOT EXISTS gatepass_destination (
    name  VARBINARY(512) NOT NULL PRIMARY KEY,
    path  VARBINARY(4096),
    input VARBINARY(16)
) ENGINE = InnoDB;

-- The key is the token's six time bytes and its SHA-256: inserts go to the end, a purge is a range.
CREATE TABLE IF NOT EXISTS gatepass_token (
    token_key     VARBINARY(38)   NOT NULL PRIMARY KEY,
    user_id       BIGINT,
    client_id     BIGINT,
    destination   VARBINARY(512),
    landing       VARBINARY(4096) NOT NULL,
    credential_id BIGINT,
    admin_id      BIGINT,
    serial        BIGINT          NOT NULL,
    actor         VARBINARY(2048),
    binding       BINARY(32),
    issued_at     BIGINT          NOT NULL,
    expires_at    BIGINT          NOT NULL,
    redeemed_at   BIGINT,
    -- Random, and new with each attempt: it tells who has redeemed the token.
    redemption    VARBINARY(32),
    session_key   VARBINARY(38),
    revoked_at    BIGINT,
    replays       BIGINT          NOT NULL DEFAULT 0,
    replayed_at   BIGINT
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS gatepass_session (
    session_key     VARBINARY(38) NOT NULL PRIMARY KEY,
    user_id         BIGINT,
    client_id       BIGINT,
    origin          VARBINARY(16) NOT NULL,
    credential_id   BIGINT,
    admin_id        BIGINT,
    autoauth_key_id BIGINT,
    redemption      VARBINARY(32),
    started_at      BIGINT        NOT NULL,
    touched_at      BIGINT        NOT NULL,
    ends_at         BIGINT        NOT NULL,
    ended_at        BIGINT,
    KEY session_user (user_id)
) ENGINE = InnoDB;

-- Sign-in links. The key is the time at which one was made and its SHA-256; a visit brings only the latter.
CREATE TABLE IF NOT EXISTS gatepass_link (
    link_key        VARBINARY(38)   NOT NULL PRIMARY KEY,
    digest          BINARY(32)      NOT NULL,
    user_id         BIGINT,
    client_id       BIGINT,
    destination     VARBINARY(512),
    landing         VARBINARY(4096) NOT NULL,
    title           VARBINARY(2048),
    label           VARBINARY(512),
    credential_id   BIGINT          NOT NULL,
    serial          BIGINT          NOT NULL,
    actor           VARBINARY(2048),
    created_at      BIGINT          NOT NULL,
    expires_at      BIGINT          NOT NULL,
    uses            BIGINT          NOT NULL,
    end_siblings    TINYINT         NOT NULL,
    first_opened_at BIGINT,
    last_opened_at  BIGINT,
    ended_at        BIGINT,
    ended_by        VARBINARY(32),
    UNIQUE KEY link_digest (digest),
    KEY link_user (user_id),
    KEY link_client (client_id),
    KEY link_label (label)
) ENGINE = InnoDB;

-- A row for each use of a link, which tells who has it: the key of the token that was minted with it.
CREATE TABLE IF NOT EXISTS gatepass_link_use (
    link_key   VARBINARY(38) NOT NULL,
    number     BIGINT        NOT NULL,
    token_key  VARBINARY(38),
    claimed_at BIGINT        NOT NULL,
    PRIMARY KEY (link_key, number)
) ENGINE = InnoDB;

-- What happened to the links of a label ('' for none), by the hour.
CREATE TABLE IF NOT EXISTS gatepass_link_tally (
    hour  BIGINT         NOT NULL,
    label VARBINARY(512) NOT NULL,
    event VARBINARY(64)  NOT NULL,
    count BIGINT         NOT NULL,
    PRIMARY KEY (hour, label, event)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS gatepass_autoauth_key (
    id         BIGINT          NOT NULL PRIMARY KEY,
    label      VARBINARY(512)  NOT NULL,
    sealed     VARBINARY(4096) NOT NULL,
    weak       TINYINT         NOT NULL,
    -- When a sign-in page asks first; NULL leaves it to the setting.
    confirm    VARBINARY(16),
    added_at   BIGINT          NOT NULL,
    retired_at BIGINT,
    first_used BIGINT,
    last_used  BIGINT,
    uses       BIGINT          NOT NULL DEFAULT 0,
    least_skew BIGINT,
    most_skew  BIGINT,
    UNIQUE KEY autoauth_key_label (label)
) ENGINE = InnoDB;

-- Accepted links by their time (seconds) and a digest of their hash.
CREATE TABLE IF NOT EXISTS gatepass_autoauth_link (
    signed_at   BIGINT        NOT NULL,
    digest      BINARY(32)    NOT NULL,
    session_key VARBINARY(38),
    -- Random, and new with each attempt: it tells whose link was accepted.
    redemption  VARBINARY(32),
    PRIMARY KEY (signed_at, digest)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS gatepass_audit (
    at            BIGINT         NOT NULL,
    seq           BIGINT         NOT NULL,
    event         VARBINARY(64)  NOT NULL,
    outcome       VARBINARY(64)  NOT NULL,
    credential_id BIGINT,
    admin_id      BIGINT,
    user_id       BIGINT,
    client_id     BIGINT,
    object        VARBINARY(2048),
    address       VARBINARY(64),
    actor         VARBINARY(2048),
    detail        MEDIUMBLOB,
    count         BIGINT         NOT NULL DEFAULT 1,
    last_at       BIGINT         NOT NULL,
    PRIMARY KEY (at, seq)
) ENGINE = InnoDB;

-- The audit event that counts the refusals of one subject, kind and reason (a digest of the three) in one minute.
CREATE TABLE IF NOT EXISTS gatepass_refusal (
    minute BIGINT     NOT NULL,
    what   BINARY(32) NOT NULL,
    at     BIGINT     NOT NULL,
    seq    BIGINT     NOT NULL,
    PRIMARY KEY (minute, what)
) ENGINE = InnoDB;

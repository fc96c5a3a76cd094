//! What a careful program would write by hand: the library's statements in a loop of its own.

use std::path::Path;

use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::{Gatepass, InitOptions};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use crate::contest::Sample;
use crate::load::timed;

/// What SQLite syncs with, here and in the library, as it is compiled in: `.cargo/config.toml` asks for the
/// cheaper one.
pub(crate) const SYNC_CALL: &str = match option_env!("LIBSQLITE3_FLAGS") {
    Some(flags) if names(flags.as_bytes(), b"HAVE_FDATASYNC") => "fdatasync",
    _ => "fsync",
};

const fn names(mut flags: &[u8], flag: &[u8]) -> bool {
    while flags.len() >= flag.len() {
        let mut same = 0;
        while same < flag.len() && flags[same] == flag[same] {
            same += 1;
        }
        if same == flag.len() {
            return true;
        }
        (_, flags) = flags.split_at(1);
    }
    false
}

/// The same work by hand: prepared statements, one `BEGIN IMMEDIATE` each, on a store of the shipped schema.
pub(crate) struct ByHand {
    connection: Connection,
    full: bool,
    /// The issue is synced too, and not only the redemption.
    full_always: bool,
}

impl ByHand {
    /// `tuned`: plans don't depend on bound values, as in the library; otherwise the driver's defaults, under
    /// which SQLite built with STAT4 compiles some statements anew at every binding.
    pub(crate) fn open(path: &Path, tuned: bool) -> Self {
        let connection = Connection::open(path).unwrap();
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, tuned).unwrap();
        connection.set_prepared_statement_cache_capacity(64);
        connection
            .execute_batch("PRAGMA busy_timeout = 60000; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA synchronous = FULL")
            .unwrap();
        ByHand { connection, full: true, full_always: false }
    }

    /// Sync the issue too.
    pub(crate) fn full(self) -> Self {
        ByHand { full_always: true, ..self }
    }

    fn run(&self, sql: &str, values: impl rusqlite::Params) -> usize {
        self.connection.prepare_cached(sql).unwrap().execute(values).unwrap()
    }

    fn look(&self, sql: &str, values: impl rusqlite::Params) {
        let mut statement = self.connection.prepare_cached(sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query(values).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                std::hint::black_box(row.get_ref(column).unwrap());
            }
        }
    }

    fn sync(&mut self, full: bool) {
        if self.full != full {
            let level = if full { "FULL" } else { "NORMAL" };
            self.connection.execute_batch(&format!("PRAGMA synchronous = {level}")).unwrap();
            self.full = full;
        }
    }

    fn audit(&self, now: i64, event: &str, outcome: &str, object: &str) {
        self.run(
            "INSERT INTO audit (at, seq, event, outcome, credential_id, admin_id, user_id, client_id, object, address,
                                actor, detail, count, last_at)
             VALUES (?1, ifnull((SELECT seq + 1 FROM audit WHERE at = ?1 ORDER BY seq DESC LIMIT 1), 0),
                     ?2, ?3, 1, NULL, 1, 1, ?4, NULL, NULL, NULL, 1, ?1)",
            params![now, event, outcome, object],
        );
    }

    pub(crate) fn issue(&mut self) -> Vec<u8> {
        self.sync(self.full_always);
        let now = now();
        let mut token = now.to_be_bytes()[2..].to_vec();
        token.extend([0; 14]);
        getrandom::fill(&mut token[6..]).unwrap();
        let key = [&token[..6], &Sha256::digest(&token)[..]].concat();
        self.run("BEGIN IMMEDIATE", []);
        self.look(
            "SELECT store.settings_nonce, admin.enabled, credential.enabled, ifnull(admin.enabled, 1),
                    credential.expires_at, credential.revoked_at, credential.serial, credential.old_until,
                    credential.void_serial, credential.limits, credential.last_used_at, credential.minute,
                    credential.minute_issues, credential.link_minute, credential.minute_links,
                    destination.name, destination.path, destination.input, user.id, user.enabled, client.id,
                    client.status, client.allow_sso, member.user_id IS NOT NULL
             FROM store
             LEFT JOIN credential ON credential.id = ?1
             LEFT JOIN admin ON admin.id = ifnull(credential.admin_id, ?2)
             LEFT JOIN destination ON destination.name = ?3
             LEFT JOIN client ON client.id = ?4
             LEFT JOIN member ON member.client_id = client.id AND member.owner = 1
             LEFT JOIN user ON user.id = member.user_id",
            params![1, rusqlite::types::Null, "clientarea:product_details", 1],
        );
        self.run(
            "INSERT INTO token (key, user_id, client_id, destination, landing, credential_id, admin_id, serial, actor, binding,
                                issued_at, expires_at)
             VALUES (?1, 1, 1, 'clientarea:product_details', 'clientarea.php?action=productdetails&id=1', 1, NULL, 0, NULL,
                     NULL, ?2, ?3)",
            params![key, now, now + 60_000],
        );
        self.audit(now, "token.issued", "ok", &hex(&key[..12]));
        self.run("COMMIT", []);
        key
    }

    pub(crate) fn redeem(&mut self, key: &[u8]) {
        self.look("SELECT 1 FROM token WHERE key = ?1", [key]);
        self.sync(true);
        let now = now();
        let mut session = now.to_be_bytes()[2..].to_vec();
        session.extend([0; 26]);
        getrandom::fill(&mut session[6..]).unwrap();
        let session_key = [&session[..6], &Sha256::digest(&session)[..]].concat();
        let mut redemption = [0; 16];
        getrandom::fill(&mut redemption).unwrap();
        self.run("BEGIN IMMEDIATE", []);
        self.look(
            "SELECT token.key, token.user_id, token.client_id, token.destination, token.landing, token.credential_id,
                    token.admin_id, token.serial, token.actor, token.binding, token.issued_at, token.expires_at,
                    token.redeemed_at, token.redemption, token.session_key, token.revoked_at, token.replays,
                    token.replayed_at, by_password.enabled, credential.enabled, ifnull(admin.enabled, 1),
                    credential.expires_at, credential.revoked_at, credential.serial, credential.old_until,
                    credential.void_serial, credential.limits, credential.last_used_at, credential.minute,
                    credential.minute_issues, credential.link_minute, credential.minute_links,
                    store.settings_nonce, user.id, user.enabled, client.id, client.status, client.allow_sso,
                    member.user_id IS NOT NULL
             FROM token
             LEFT JOIN credential ON credential.id = token.credential_id
             LEFT JOIN admin ON admin.id = credential.admin_id
             LEFT JOIN admin AS by_password ON by_password.id = token.admin_id
             JOIN store
             LEFT JOIN user ON user.id = token.user_id
             LEFT JOIN client ON client.id = token.client_id
             LEFT JOIN member ON member.user_id = user.id AND member.client_id = client.id
             WHERE token.key = ?1",
            [key],
        );
        let spent = self.run(
            "UPDATE token SET redeemed_at = ?2, redemption = ?3, session_key = ?4 WHERE key = ?1 AND redeemed_at IS NULL",
            params![key, now, redemption, session_key],
        );
        assert_eq!(spent, 1);
        self.run(
            "INSERT INTO session (key, user_id, client_id, origin, credential_id, redemption, started_at, touched_at, ends_at)
             VALUES (?1, 1, 1, 'token', 1, ?2, ?3, ?3, ?4)",
            params![session_key, redemption, now, now + 43_200_000],
        );
        self.audit(now, "token.redeemed", "ok", &hex(&key[..12]));
        self.run("COMMIT", []);
    }

    /// A round of so many guesses that are each refused and written down, synced or not.
    pub(crate) fn refusals(&mut self, count: usize, full: bool) -> Sample {
        self.sync(full);
        let keys: Vec<[u8; 38]> = (0..count)
            .map(|_| {
                let mut key = [0; 38];
                getrandom::fill(&mut key).unwrap();
                key
            })
            .collect();
        let took = timed(|| {
            for key in &keys {
                self.look("SELECT 1 FROM token WHERE key = ?1", [key]);
                self.run("BEGIN IMMEDIATE", []);
                self.audit(now(), "token.redeemed", "token_unknown", &hex(&key[..12]));
                self.run("COMMIT", []);
            }
        });
        Sample::of(count, took.as_secs_f64())
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// A store with one person in it.
pub(crate) fn store(folder: &Path, name: &str) -> Gatepass {
    let init = InitOptions::new(Mode::Managed, "https://billing.example.com").unwrap();
    let gate = Gatepass::init(folder.join(name), &init).unwrap();
    let user = gate.add_user(&NewUser { email: "ann@example.com".into(), ..NewUser::default() }).unwrap();
    let client =
        NewClient { email: "ann@example.com".into(), owner: Some(user.user_id), ..NewClient::default() };
    gate.add_client(&client).unwrap();
    gate
}

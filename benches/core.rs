//! Issue and redeem against a hand-written rusqlite loop that runs the same statements in one transaction
//! under the same sync rule. Both sides work in turn on the same disk in one run; what counts is the ratio.
//!
//! Run it with `cargo bench --bench core`. A number of rounds and of operations per round may be given:
//! `cargo bench --bench core -- 7 400`.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::cell::RefCell;
use std::path::Path;
use std::time::{Duration, Instant};

use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::id::{ClientId, ItemId};
use gatepass::token::{IssueRequest, RedeemRequest};
use gatepass::{Gatepass, InitOptions};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

/// The same work by hand: prepared statements, one `BEGIN IMMEDIATE` each, on a store of the shipped schema.
struct ByHand {
    connection: Connection,
    full: bool,
}

impl ByHand {
    /// `tuned`: plans don't depend on bound values, as in the library; otherwise the driver's defaults, under
    /// which SQLite built with STAT4 compiles some statements anew at every binding.
    fn open(path: &Path, tuned: bool) -> Self {
        let connection = Connection::open(path).unwrap();
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, tuned).unwrap();
        connection.set_prepared_statement_cache_capacity(64);
        connection
            .execute_batch("PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA synchronous = FULL")
            .unwrap();
        ByHand { connection, full: true }
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

    fn audit(&self, now: i64, event: &str, object: &str) {
        self.run(
            "INSERT INTO audit (at, seq, event, outcome, credential_id, admin_id, user_id, client_id, object, address,
                                actor, detail, count, last_at)
             VALUES (?1, (SELECT ifnull(max(seq), -1) + 1 FROM audit WHERE at = ?1),
                     ?2, 'ok', 1, NULL, 1, 1, ?3, NULL, NULL, NULL, 1, ?1)",
            params![now, event, object],
        );
    }

    fn subject(&self) {
        self.look(
            "SELECT user.id, user.enabled, client.id, client.status, client.allow_sso FROM client
             LEFT JOIN member ON member.client_id = client.id AND member.owner = 1
             LEFT JOIN user ON user.id = member.user_id WHERE client.id = ?1",
            [1],
        );
    }

    fn issue(&mut self) -> Vec<u8> {
        self.sync(false);
        let now = now();
        let mut token = now.to_be_bytes()[2..].to_vec();
        token.extend([0; 14]);
        getrandom::fill(&mut token[6..]).unwrap();
        let key = [&token[..6], &Sha256::digest(&token)[..]].concat();
        self.run("BEGIN IMMEDIATE", []);
        self.look("SELECT settings_nonce FROM store", []);
        self.look(
            "SELECT credential.enabled, ifnull(admin.enabled, 1), credential.expires_at, credential.revoked_at,
                    credential.serial, credential.old_until, credential.void_serial, credential.limits,
                    credential.last_used_at, credential.minute, credential.minute_issues, credential.link_minute,
                    credential.minute_links
             FROM credential LEFT JOIN admin ON admin.id = credential.admin_id WHERE credential.id = ?1",
            [1],
        );
        self.look(
            "SELECT name, path, input FROM destination WHERE name = ?1",
            ["clientarea:product_details"],
        );
        self.subject();
        self.run(
            "INSERT INTO token (key, user_id, client_id, destination, landing, credential_id, admin_id, serial, actor, binding,
                                issued_at, expires_at)
             VALUES (?1, 1, 1, 'clientarea:product_details', 'clientarea.php?action=productdetails&id=1', 1, NULL, 0, NULL,
                     NULL, ?2, ?3)",
            params![key, now, now + 60_000],
        );
        self.audit(now, "token.issued", &hex(&key[..12]));
        self.run("COMMIT", []);
        key
    }

    fn redeem(&mut self, key: &[u8]) {
        self.look("SELECT redeemed_at IS NOT NULL FROM token WHERE key = ?1", [key]);
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
                    credential.minute_issues, credential.link_minute, credential.minute_links
             FROM token
             LEFT JOIN credential ON credential.id = token.credential_id
             LEFT JOIN admin ON admin.id = credential.admin_id
             LEFT JOIN admin AS by_password ON by_password.id = token.admin_id
             WHERE token.key = ?1",
            [key],
        );
        self.look("SELECT settings_nonce FROM store", []);
        self.subject();
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
        self.audit(now, "token.redeemed", &hex(&key[..12]));
        self.run("COMMIT", []);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

fn store(folder: &Path, name: &str) -> Gatepass {
    let init = InitOptions::new(Mode::Managed, "https://billing.example.com").unwrap();
    let gate = Gatepass::init(folder.join(name), &init).unwrap();
    let user = gate.add_user(&NewUser { email: "ann@example.com".into(), ..NewUser::default() }).unwrap();
    let client =
        NewClient { email: "ann@example.com".into(), owner: Some(user.user_id), ..NewClient::default() };
    gate.add_client(&client).unwrap();
    gate
}

/// What the rounds of one side took.
struct Side {
    name: &'static str,
    issue: Vec<Duration>,
    redeem: Vec<Duration>,
}

impl Side {
    fn new(name: &'static str) -> Self {
        Side { name, issue: Vec::new(), redeem: Vec::new() }
    }

    /// One round; the first one of a run only warms up.
    fn round<T>(&mut self, count: usize, counts: bool, issue: impl FnMut() -> T, redeem: impl FnMut(T)) {
        let started = Instant::now();
        let made: Vec<T> = std::iter::repeat_with(issue).take(count).collect();
        let issued = started.elapsed();
        let started = Instant::now();
        made.into_iter().for_each(redeem);
        if counts {
            self.issue.push(issued);
            self.redeem.push(started.elapsed());
        }
    }
}

/// Microseconds per operation: the median round.
fn each(times: &mut [Duration], count: usize) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6 / count as f64
}

fn main() {
    // `cargo bench` passes `--bench`, and `cargo test --benches` nothing at all: then one short round shows
    // that it works.
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let benching = std::env::args().any(|word| word == "--bench");
    let rounds = numbers.first().copied().unwrap_or(if benching { 9 } else { 1 });
    let count = numbers.get(1).copied().unwrap_or(if benching { 400 } else { 10 });

    let folder = tempfile::tempdir_in(std::env::current_dir().unwrap()).unwrap();
    let gate = store(folder.path(), "ours.db");
    drop(store(folder.path(), "tuned.db"));
    drop(store(folder.path(), "usual.db"));
    let tuned = RefCell::new(ByHand::open(&folder.path().join("tuned.db"), true));
    let usual = RefCell::new(ByHand::open(&folder.path().join("usual.db"), false));

    let caller = gate.host_caller("cli").unwrap();
    let request = IssueRequest::for_client(ClientId::new(1).unwrap())
        .destination("clientarea:product_details")
        .service(ItemId::new(1).unwrap());
    let mut sides = [Side::new("gatepass"), Side::new("by hand"), Side::new("by hand, driver's defaults")];
    for round in 0..=rounds {
        let counts = round > 0;
        let [ours, hand, default] = &mut sides;
        ours.round(
            count,
            counts,
            || gate.issue(&caller, &request).unwrap().token,
            |token| drop(gate.redeem(&RedeemRequest::new(token)).unwrap()),
        );
        for (side, by_hand) in [(hand, &tuned), (default, &usual)] {
            side.round(
                count,
                counts,
                || by_hand.borrow_mut().issue(),
                |key| by_hand.borrow_mut().redeem(&key),
            );
        }
    }

    println!(
        "medians of {rounds} rounds of {count}, SQLite {}; ratio: throughput against gatepass",
        rusqlite::version()
    );
    println!("{:<28}{:>16}{:>8}{:>16}{:>8}", "", "issue, unsynced", "ratio", "redeem, synced", "ratio");
    let [ours, ..] = &mut sides;
    let (issue, redeem) = (each(&mut ours.issue, count), each(&mut ours.redeem, count));
    for side in &mut sides {
        let (own_issue, own_redeem) = (each(&mut side.issue, count), each(&mut side.redeem, count));
        println!(
            "{:<28}{own_issue:>13.1} us{:>8.2}{own_redeem:>13.1} us{:>8.2}",
            side.name,
            issue / own_issue,
            redeem / own_redeem
        );
    }
}

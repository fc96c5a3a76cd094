//! Stores with much in them, filled by SQL: what years of issues and redemptions would leave behind.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use gatepass::directory::Mode;
use gatepass::{Gatepass, InitOptions};
use rusqlite::{Connection, params};

/// What a store holds. Nothing of it is old enough to be purged.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rows {
    pub(crate) people: i64,
    pub(crate) tokens: i64,
    pub(crate) sessions: i64,
    pub(crate) events: i64,
}

const HOUR: i64 = 3_600_000;

/// A store with these rows, closed.
pub(crate) fn filled(folder: &Path, name: &str, rows: Rows) -> PathBuf {
    let path = folder.join(name);
    let init = InitOptions::new(Mode::Managed, "https://billing.example.com").unwrap();
    drop(Gatepass::init(&path, &init).unwrap());
    let connection = quick(&path);
    let now = now();
    people(&connection, rows.people, now);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    tokens(&connection, rows, (now - 20 * HOUR, now - 60_000), &mut dice);
    sessions(&connection, rows, (now - 11 * HOUR, now - 60_000), &mut dice);
    events(&connection, rows, (now - 25 * 24 * HOUR, now - 60_000), &mut dice);
    finish(connection);
    path
}

/// A connection that writes without any care.
pub(crate) fn quick(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN",
        )
        .unwrap();
    connection
}

/// Everything is in the file, on the disk, and in WAL mode again.
pub(crate) fn finish(connection: Connection) {
    connection.execute_batch("COMMIT; PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL").unwrap();
    let path = PathBuf::from(connection.path().unwrap());
    connection.close().unwrap();
    std::fs::File::open(path).unwrap().sync_all().unwrap();
}

fn people(connection: &Connection, count: i64, now: i64) {
    let numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)";
    for (table, values) in [
        (
            "user (id, email, first_name, last_name, created_at)",
            "i, 'person' || i || '@example.com', 'Ann', 'Example', ?2",
        ),
        (
            "client (id, email, first_name, last_name, company_name, status, created_at)",
            "i, 'person' || i || '@example.com', 'Ann', 'Example', '', 'Active', ?2",
        ),
        ("member (user_id, client_id, owner)", "i, i, 1 + 0 * ?2"),
    ] {
        let sql = format!("{numbers} INSERT INTO {table} SELECT {values} FROM n");
        connection.execute(&sql, params![count, now]).unwrap();
    }
}

/// Row by row in the order of time, which is that of the keys.
fn spread(count: i64, (from, to): (i64, i64), mut each: impl FnMut(i64)) {
    for number in 0..count {
        each(from + (to - from) * number / count);
    }
}

fn tokens(connection: &Connection, rows: Rows, times: (i64, i64), dice: &mut Dice) {
    let mut insert = connection
        .prepare(
            "INSERT INTO token (key, user_id, client_id, destination, landing, credential_id, serial, issued_at, expires_at,
                                redeemed_at, redemption, session_key)
             VALUES (?1, ?2, ?2, 'clientarea:product_details', 'clientarea.php?action=productdetails&id=1', 1, 0, ?3,
                     ?3 + 60000, ?4, ?5, ?6)",
        )
        .unwrap();
    spread(rows.tokens, times, |at| {
        // One in twenty is never redeemed.
        let redeemed = (!dice.roll().is_multiple_of(20)).then_some(at + 900);
        let redemption = redeemed.map(|_| dice.bytes::<16>());
        let session = redeemed.map(|at| dice.key(at));
        let person = dice.one_of(rows.people);
        insert.execute(params![dice.key(at), person, at, redeemed, redemption, session]).unwrap();
    });
}

fn sessions(connection: &Connection, rows: Rows, times: (i64, i64), dice: &mut Dice) {
    let mut insert = connection
        .prepare(
            "INSERT INTO session (key, user_id, client_id, origin, credential_id, redemption, started_at, touched_at, ends_at)
             VALUES (?1, ?2, ?2, 'token', 1, ?3, ?4, ?4, ?4 + 43200000)",
        )
        .unwrap();
    spread(rows.sessions, times, |at| {
        let person = dice.one_of(rows.people);
        insert.execute(params![dice.key(at), person, dice.bytes::<16>(), at]).unwrap();
    });
}

fn events(connection: &Connection, rows: Rows, times: (i64, i64), dice: &mut Dice) {
    let mut insert = connection
        .prepare(
            "INSERT OR IGNORE INTO audit (at, seq, event, outcome, credential_id, user_id, client_id, object, address, count,
                                          last_at)
             VALUES (?1, 0, 'token.redeemed', 'ok', 1, ?2, ?2, ?3, '203.0.113.9', 1, ?1)",
        )
        .unwrap();
    spread(rows.events, times, |at| {
        let object = hex(&dice.key(at)[..12]);
        insert.execute(params![at, dice.one_of(rows.people), object]).unwrap();
    });
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Quick numbers without a pattern (SplitMix64); nothing here is a secret.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn one_of(&mut self, count: i64) -> i64 {
        1 + i64::try_from(self.roll() % u64::try_from(count).unwrap()).unwrap()
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        bytes
            .chunks_mut(8)
            .for_each(|chunk| chunk.copy_from_slice(&self.roll().to_le_bytes()[..chunk.len()]));
        bytes
    }

    /// The key of something made at that millisecond.
    pub(crate) fn key(&mut self, at: i64) -> [u8; 38] {
        let mut key = self.bytes::<38>();
        key[..6].copy_from_slice(&at.to_be_bytes()[2..]);
        key
    }
}

//! Forgetting what is over: ranges of keys in the order of time, against random keys and an index.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatepass::Options;
use gatepass::clock::{ManualClock, Timestamp};
use rusqlite::{Connection, TransactionBehavior};

use crate::by_hand::SYNC_CALL;
use crate::contest::{Sample, contest, median, percentile, side};
use crate::fill::{Dice, Rows, filled, finish, now, quick};
use crate::part::{Goal, Line, Part, Plot, Table, figure, time};
use crate::setup::Setup;

/// What the library deletes in one step, and so do the hand-written loops.
const CHUNK: usize = 128;

const HOUR: i64 = 3_600_000;

pub(crate) fn run(setup: &Setup) -> Part {
    let folder = setup.folder("purge");
    let rows = setup.rows / 10;
    let rounds = setup.rounds;
    // A tenth of the tokens goes, in equal rounds; the first one warms up.
    let share = 0.1 / (rounds + 1) as f64;
    let mut ours = Ours::new(&folder, rows, share);
    let mut hand = ByHand::new(&folder, "hand.db", rows, share, true);
    let mut careless = ByHand::new(&folder, "careless.db", rows, share, false);
    let names = [
        "Gatepass",
        "by hand: random key, index on the expiry",
        "by hand, and what is deleted is not overwritten",
    ];
    let seen = contest(
        rounds,
        &mut [
            side(names[0], || ours.round()),
            side(names[1], || hand.round()),
            side(names[2], || careless.round()),
        ],
    );
    let chunks = [&ours.chunks, &hand.chunks, &careless.chunks];
    let held: Vec<f64> = chunks.iter().map(|all| mean(all)).collect();
    let mut table = Table::new(["purge", "rows/s", "by hand = 1", "time a chunk, mean", "median", "longest"]);
    for (at, name) in names.iter().enumerate() {
        table.row([
            (*name).into(),
            figure(seen[at].per_second),
            figure(seen[at].per_second / seen[1].per_second),
            time(held[at]),
            time(median(chunks[at].clone()).unwrap()),
            time(seen[at].worst.unwrap()),
        ]);
    }
    let lines = |at: usize| Line { name: names[at].into(), points: along(chunks[at]) };
    let plot = Plot {
        file: "purge.svg".into(),
        title: format!("How long {CHUNK} rows take"),
        x: "rows deleted so far".into(),
        y: "µs, on average".into(),
        log_x: false,
        log_y: true,
        lines: vec![lines(0), lines(1)],
    };
    let sync = SYNC_CALL;
    let amount = figure(rows as f64);
    let part = Part {
        id: "purge".into(),
        title: "Purge".into(),
        how: format!(
            "A store of {amount} tokens, a tenth of which is past its retention. Gatepass purges by its own operation: \
             tokens, sessions, links, audit events and addresses, as shipped. By hand: the same token columns under a \
             random key with an index on the expiry, and a delete of the {CHUNK} rows that expired first. Both in chunks of \
             {CHUNK} rows, one transaction each without a sync ({sync} when the log is written back), and both \
             overwrite what they delete (`secure_delete`) but for the last row. The time of a chunk is that from \
             one to the next, with the log's write-back where it fell into it. {rounds} rounds."
        ),
        tables: vec![table],
        goals: vec![
            Goal::faster(7, "purge: rows/s over random key and index", 15.0, &seen[0], &seen[1]),
            Goal::shorter(
                7,
                "purge: mean time of a chunk, random key and index over ours",
                20.0,
                held[0],
                held[1],
            ),
        ],
        plots: vec![plot],
        ..Part::default()
    };
    drop((ours, hand, careless));
    std::fs::remove_dir_all(folder).unwrap();
    part
}

fn mean(all: &[f64]) -> f64 {
    all.iter().sum::<f64>() / all.len() as f64
}

/// The chunks in the order in which they went, some twenty points.
fn along(chunks: &[f64]) -> Vec<(f64, f64)> {
    let size = chunks.len().div_ceil(20).max(1);
    let point = |(at, group): (usize, &[f64])| (((at * size + group.len()) * CHUNK) as f64, mean(group));
    chunks.chunks(size).enumerate().map(point).collect()
}

/// A round's sample, and its chunks to those before.
fn sample(rows: u64, took: Duration, of_round: &[f64], all: &mut Vec<f64>) -> Sample {
    all.extend(of_round);
    let mut sorted = of_round.to_vec();
    sorted.sort_by(f64::total_cmp);
    let sample = Sample::of(usize::try_from(rows).unwrap(), took.as_secs_f64());
    Sample { p50: percentile(&sorted, 0.5), worst: sorted.last().copied(), ..sample }
}

struct Ours {
    gate: gatepass::Gatepass,
    clock: Arc<ManualClock>,
    step: Duration,
    chunks: Vec<f64>,
}

impl Ours {
    fn new(folder: &Path, tokens: i64, share: f64) -> Self {
        let path = filled(folder, "ours.db", Rows { people: 1, tokens, ..Rows::default() });
        // The tokens are of the last 20 hours and kept for 24: in four hours from now the first is due.
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(now() + 4 * HOUR)));
        let gate = Options::new().clock(Arc::clone(&clock)).open(&path).unwrap();
        let step = Duration::from_secs_f64(20.0 * 3_600.0 * share);
        Ours { gate, clock, step, chunks: Vec::new() }
    }

    fn round(&mut self) -> Sample {
        self.clock.advance(self.step);
        let mut chunks = Vec::new();
        let began = Instant::now();
        let mut last = began;
        let purged = self.gate.purge(&mut |_, _| {
            chunks.push(last.elapsed().as_secs_f64() * 1e6);
            last = Instant::now();
        });
        let took = began.elapsed();
        // The last step finds nothing more.
        chunks.pop();
        sample(purged.unwrap().tokens, took, &chunks, &mut self.chunks)
    }
}

struct ByHand {
    connection: Connection,
    /// What expires before this is due.
    due: i64,
    step: i64,
    chunks: Vec<f64>,
}

impl ByHand {
    fn new(folder: &Path, name: &str, tokens: i64, share: f64, overwrite: bool) -> Self {
        let path = folder.join(name);
        let connection = quick(&path);
        let now = now();
        let from = now - 20 * HOUR;
        connection
            .execute_batch(
                "CREATE TABLE token (key BLOB NOT NULL PRIMARY KEY, user_id INTEGER, client_id INTEGER, destination TEXT,
                                     landing TEXT NOT NULL, credential_id INTEGER, issued_at INTEGER NOT NULL,
                                     expires_at INTEGER NOT NULL, redeemed_at INTEGER, redemption BLOB, session_key BLOB)
                 STRICT, WITHOUT ROWID;
                 CREATE INDEX token_expiry ON token (expires_at);",
            )
            .unwrap();
        let mut insert = connection
            .prepare(
                "INSERT INTO token VALUES (?1, 1, 1, 'clientarea:product_details',
                                           'clientarea.php?action=productdetails&id=1', 1, ?2, ?2 + 60000, ?2 + 900, ?3, ?4)",
            )
            .unwrap();
        let mut dice = Dice(11);
        for number in 0..tokens {
            let at = from + 20 * HOUR * number / tokens;
            insert.execute((dice.bytes::<32>(), at, dice.bytes::<16>(), dice.bytes::<38>())).unwrap();
        }
        drop(insert);
        finish(connection);
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "secure_delete", overwrite).unwrap();
        connection.pragma_update(None, "synchronous", "NORMAL").unwrap();
        let step = (20.0 * HOUR as f64 * share) as i64;
        ByHand { connection, due: from + 60_000, step, chunks: Vec::new() }
    }

    fn round(&mut self) -> Sample {
        self.due += self.step;
        let (mut rows, mut chunks) = (0, Vec::new());
        let began = Instant::now();
        loop {
            let began = Instant::now();
            let transaction =
                self.connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
            let deleted = transaction
                .prepare_cached(&format!(
                    "DELETE FROM token WHERE key IN (
                         SELECT key FROM token WHERE expires_at < ?1 ORDER BY expires_at LIMIT {CHUNK})"
                ))
                .unwrap()
                .execute([self.due])
                .unwrap();
            transaction.commit().unwrap();
            if deleted == 0 {
                break;
            }
            rows += deleted as u64;
            chunks.push(began.elapsed().as_secs_f64() * 1e6);
        }
        sample(rows, began.elapsed(), &chunks, &mut self.chunks)
    }
}

//! Moving house: a store is copied to a place of another kind, and compared before anybody may use it there.
//!
//! The rows are read from one moment of the source. What the target has already, from a copy that was
//! interrupted or is repeated, is left alone where it is the same, and replaced where it is not. Then both are
//! read once more, the source last, since it must not have changed meanwhile. Only if every table has the same
//! rows on both sides the target becomes a store.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::{Error, Result, StoreError};
use crate::store::content::{BATCH, Filling, Part, Range, STORE, Sum, TABLES, Taker, Value};
use crate::store::{Place, Store, StoreResult};
use crate::upkeep::{Copied, Progress, Verdict};

/// Every table's sum, by its name.
type Sums = BTreeMap<&'static str, Sum>;

/// Tells how far three readings of the same rows have come: the copy, the target's and the source's.
struct Readings<'a> {
    progress: &'a mut Progress<'a>,
    rows: u64,
    done: u64,
}

impl Readings<'_> {
    fn on(&mut self, rows: u64) {
        self.done += rows;
        (self.progress)(self.done, (3 * self.rows).max(self.done));
    }
}

/// What [`Options::copy`](super::Options::copy) does. `owner` is a random number that tells who goes on with the
/// copy.
pub(super) fn copy<'a>(
    (from, to): (&Place, &Place),
    deadline: Duration,
    owner: i64,
    progress: &'a mut Progress<'a>,
) -> Result<Copied> {
    let source = from.open(deadline)?;
    let store_id = source.info()?.store_id;
    let target = to.begin_copy(deadline, store_id, owner)?;
    let mut readings = Readings { progress, rows: 0, done: 0 };

    let mut filling = Filling::default();
    let copied = read_source(&*source, &mut |part| {
        readings.rows = part.of;
        readings.on(part.count());
        filling.take(part, &*target)
    })?;
    let there = read_target(&*target, &mut readings)?;
    let now = read_source(&*source, &mut |part| {
        readings.on(part.count());
        Ok(())
    })?;
    let found = filling.found;
    let differing = |other: &Sums, tables: &mut dyn Iterator<Item = &'static str>| -> Vec<_> {
        tables.filter(|table| copied.get(table) != other.get(table)).collect()
    };
    let names = || TABLES.iter().map(|table| table.name);
    let changed = differing(&now, &mut names().chain([STORE.name]));
    let (verdict, differing) = if !changed.is_empty() {
        (Verdict::SourceChanged, changed)
    } else {
        match differing(&there, &mut names()) {
            none if none.is_empty() => (Verdict::Verified, none),
            some => (Verdict::Differs, some),
        }
    };
    if verdict == Verdict::Verified {
        target.finish(&filling.store()?)?;
        if to.open(deadline)?.info()?.store_id != store_id {
            return Err(Error::Store(StoreError::Replaced));
        }
    }
    let tables: BTreeMap<_, _> =
        names().map(|name| (name, copied.get(name).map_or(0, |sum| sum.rows))).collect();
    Ok(Copied { verdict, differing, store_id, rows: tables.values().sum(), found, tables })
}

/// Read all that a source gives, and sum it up.
fn read_source(source: &dyn Store, each: &mut dyn FnMut(&Part<'_>) -> StoreResult<()>) -> Result<Sums> {
    let mut sums = Sums::new();
    source.give(&mut |part| {
        sums.entry(part.table.name).or_default().add(part.rows);
        each(part)
    })?;
    Ok(sums)
}

/// Read all that a target has, and sum it up.
fn read_target(target: &dyn Taker, readings: &mut Readings<'_>) -> Result<Sums> {
    let mut sums = Sums::new();
    for table in TABLES {
        let sum: &mut Sum = sums.entry(table.name).or_default();
        let mut after: Option<Vec<Value>> = None;
        loop {
            let rows = target.rows(&Range { table, after: after.as_deref(), upto: None }, BATCH)?;
            sum.add(&rows);
            readings.on(u64::try_from(rows.len()).unwrap_or(u64::MAX));
            match rows.last() {
                Some(last) if rows.len() == BATCH => after = Some(table.key_of(last).to_vec()),
                _ => break,
            }
        }
    }
    Ok(sums)
}

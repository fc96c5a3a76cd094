//! What a store holds, as plain rows: whole stores move between kinds of places by them.
//!
//! The tables are described once, here, and every backend follows. Only what a store means is told. What a
//! backend keeps for itself (an index, a fold, who may write) is made anew by the one that takes the rows, and
//! the running minute's index of refusals stays behind: at most, one more event is written in that minute.

use self::Kind::{Bytes as B, Integer as I, Text as T};
use super::StoreResult;
use crate::secret::{same, sha256};

/// How many rows are given or taken at once.
pub(crate) const BATCH: usize = 512;

/// A value in a row.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// What a column holds, unless it holds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Text,
    Bytes,
}

/// The values of a row, in the order of its table's columns.
pub(crate) type Row = Vec<Value>;

/// A table: its columns, the first `key` of which are its key. Rows are in the order of the key, numbers as such
/// and everything else byte by byte.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) key: usize,
    pub(crate) columns: &'static [(&'static str, Kind)],
}

impl Table {
    /// The columns of the key.
    pub(crate) fn key_columns(&self) -> &'static [(&'static str, Kind)] {
        &self.columns[..self.key]
    }

    /// The key of a row.
    pub(crate) fn key_of<'a>(&self, row: &'a Row) -> &'a [Value] {
        &row[..self.key]
    }
}

/// Every table but [`STORE`]. Those that others refer to come first.
pub(crate) static TABLES: &[Table] = &[
    Table { name: "setting", key: 1, columns: &[("name", T), ("value", T)] },
    Table {
        name: "admin",
        key: 1,
        columns: &[("id", I), ("username", T), ("enabled", I), ("password", T), ("created_at", I)],
    },
    Table {
        name: "credential",
        key: 1,
        columns: &[
            ("id", I),
            ("kind", T),
            ("label", T),
            ("identifier", T),
            ("admin_id", I),
            ("home_url", T),
            ("limits", T),
            ("digest", B),
            ("old_digest", B),
            ("old_until", I),
            ("serial", I),
            ("void_serial", I),
            ("enabled", I),
            ("created_at", I),
            ("expires_at", I),
            ("revoked_at", I),
            ("last_used_at", I),
            ("minute", I),
            ("minute_issues", I),
            ("link_minute", I),
            ("minute_links", I),
        ],
    },
    Table {
        name: "user",
        key: 1,
        columns: &[
            ("id", I),
            ("email", T),
            ("first_name", T),
            ("last_name", T),
            ("enabled", I),
            ("created_at", I),
            ("erased_at", I),
        ],
    },
    Table {
        name: "client",
        key: 1,
        columns: &[
            ("id", I),
            ("email", T),
            ("first_name", T),
            ("last_name", T),
            ("company_name", T),
            ("status", T),
            ("allow_sso", I),
            ("group_id", I),
            ("created_at", I),
        ],
    },
    Table { name: "member", key: 2, columns: &[("user_id", I), ("client_id", I), ("owner", I)] },
    Table { name: "destination", key: 1, columns: &[("name", T), ("path", T), ("input", T)] },
    Table {
        name: "token",
        key: 1,
        columns: &[
            ("key", B),
            ("user_id", I),
            ("client_id", I),
            ("destination", T),
            ("landing", T),
            ("credential_id", I),
            ("admin_id", I),
            ("serial", I),
            ("actor", T),
            ("binding", B),
            ("issued_at", I),
            ("expires_at", I),
            ("redeemed_at", I),
            ("redemption", B),
            ("session_key", B),
            ("revoked_at", I),
            ("replays", I),
            ("replayed_at", I),
        ],
    },
    Table {
        name: "session",
        key: 1,
        columns: &[
            ("key", B),
            ("user_id", I),
            ("client_id", I),
            ("origin", T),
            ("credential_id", I),
            ("admin_id", I),
            ("autoauth_key_id", I),
            ("redemption", B),
            ("started_at", I),
            ("touched_at", I),
            ("ends_at", I),
            ("ended_at", I),
        ],
    },
    Table {
        name: "link",
        key: 1,
        columns: &[
            ("key", B),
            ("user_id", I),
            ("client_id", I),
            ("destination", T),
            ("landing", T),
            ("title", T),
            ("label", T),
            ("credential_id", I),
            ("serial", I),
            ("actor", T),
            ("created_at", I),
            ("expires_at", I),
            ("uses", I),
            ("used", I),
            ("end_siblings", I),
            ("first_opened_at", I),
            ("last_opened_at", I),
            ("ended_at", I),
            ("ended_by", T),
        ],
    },
    Table { name: "link_tally", key: 3, columns: &[("hour", I), ("label", T), ("event", T), ("count", I)] },
    Table {
        name: "autoauth_key",
        key: 1,
        columns: &[
            ("id", I),
            ("label", T),
            ("sealed", B),
            ("weak", I),
            ("confirm", T),
            ("added_at", I),
            ("retired_at", I),
            ("first_used", I),
            ("last_used", I),
            ("uses", I),
            ("least_skew", I),
            ("most_skew", I),
        ],
    },
    Table { name: "autoauth_link", key: 2, columns: &[("signed_at", I), ("digest", B), ("session_key", B)] },
    Table {
        name: "audit",
        key: 2,
        columns: &[
            ("at", I),
            ("seq", I),
            ("event", T),
            ("outcome", T),
            ("credential_id", I),
            ("admin_id", I),
            ("user_id", I),
            ("client_id", I),
            ("object", T),
            ("address", T),
            ("actor", T),
            ("detail", T),
            ("count", I),
            ("last_at", I),
        ],
    },
];

/// What the store says about itself, in one row. It is given last, and makes a store of what took the others.
pub(crate) static STORE: Table = Table {
    name: "store",
    key: 1,
    columns: &[
        ("store_id", B),
        ("created_at", I),
        ("settings_nonce", I),
        ("autoauth_floor", I),
        ("addresses_cut", I),
    ],
};

/// The rows of a table after one key and up to another, which is in it.
#[derive(Clone, Copy)]
pub(crate) struct Range<'a> {
    pub(crate) table: &'static Table,
    /// From the first on, if nothing is named.
    pub(crate) after: Option<&'a [Value]>,
    /// To the last, if nothing is named.
    pub(crate) upto: Option<&'a [Value]>,
}

/// Some rows of a table, in the order of its key.
pub(crate) struct Part<'a> {
    pub(crate) table: &'static Table,
    pub(crate) rows: &'a [Row],
    /// Whether the table has no more.
    pub(crate) last: bool,
    /// How many rows [`TABLES`] have, all together.
    pub(crate) of: u64,
}

impl Part<'_> {
    /// How many rows these are of all.
    pub(crate) fn count(&self) -> u64 {
        if self.table.name == STORE.name { 0 } else { u64::try_from(self.rows.len()).unwrap_or(u64::MAX) }
    }
}

/// Who is told the rows.
pub(crate) type Take<'a> = dyn FnMut(&Part<'_>) -> StoreResult<()> + 'a;

/// Gives the rows of a store.
pub(crate) trait Giver {
    /// Give everything that the store holds at one moment, a few rows at a time: each of [`TABLES`], at least
    /// one part of it, and then [`STORE`].
    fn give(&self, take: &mut Take<'_>) -> StoreResult<()>;
}

/// Takes the rows of a store, and is none until it has all of them.
pub(crate) trait Taker {
    /// The first rows of a range.
    fn rows(&self, range: &Range<'_>, most: usize) -> StoreResult<Vec<Row>>;
    /// Have these rows in a range and no others.
    fn put(&self, range: &Range<'_>, rows: &[Row]) -> StoreResult<()>;
    /// Become a store with this row of [`STORE`]; how many pages its file has, if it is one.
    fn finish(self: Box<Self>, store: &Row) -> StoreResult<u64>;
}

/// What makes and reads the files that backups are.
#[cfg(feature = "mysql")]
pub(crate) trait BackupFiles: std::fmt::Debug + Send + Sync {
    /// A new file, which gets its name when it is finished.
    fn create(&self, to: &std::path::Path) -> StoreResult<Box<dyn Taker>>;
    /// The content of one, once it is found sound.
    fn open(&self, from: &std::path::Path) -> StoreResult<Box<dyn Giver>>;
}

/// Give tables from a backend that reads ranges; `of` is how many rows there are.
pub(super) fn give<E: From<crate::error::StoreError>>(
    of: u64,
    tables: impl Iterator<Item = &'static Table>,
    read: impl Fn(&Range<'_>, usize) -> Result<Vec<Row>, E>,
    take: &mut Take<'_>,
) -> Result<(), E> {
    for table in tables {
        let mut after: Option<Vec<Value>> = None;
        loop {
            let rows = read(&Range { table, after: after.as_deref(), upto: None }, BATCH)?;
            let last = rows.len() < BATCH;
            take(&Part { table, rows: &rows, last, of })?;
            if last {
                break;
            }
            after = rows.last().map(|row| table.key_of(row).to_vec());
        }
    }
    Ok(())
}

/// Every table, [`STORE`] at the end.
pub(super) fn all_tables() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().chain([&STORE])
}

/// Puts parts in their places as they come, and leaves alone what is there already.
#[derive(Default)]
pub(crate) struct Filling {
    after: Option<Vec<Value>>,
    /// The row of [`STORE`], once it came.
    store: Option<Row>,
    /// How many rows were there already.
    pub(crate) found: u64,
}

impl Filling {
    /// Take the next part.
    pub(crate) fn take(&mut self, part: &Part<'_>, target: &dyn Taker) -> StoreResult<()> {
        let table = part.table;
        if table.name == STORE.name {
            self.store = part.rows.first().cloned();
            return Ok(());
        }
        let end = part.rows.last().filter(|_| !part.last).map(|row| table.key_of(row).to_vec());
        let range = Range { table, after: self.after.as_deref(), upto: end.as_deref() };
        // One more would be one too many.
        if target.rows(&range, part.rows.len() + 1)? == part.rows {
            self.found += part.count();
        } else {
            target.put(&range, part.rows)?;
        }
        self.after = end;
        Ok(())
    }

    /// The row that makes a store of the rest.
    pub(crate) fn store(self) -> StoreResult<Row> {
        self.store.ok_or(crate::error::StoreError::Corrupt("it says nothing about itself"))
    }
}

/// How many rows a table has, and a digest of them all in their order.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    pub(crate) rows: u64,
    digest: [u8; 32],
}

impl PartialEq for Sum {
    fn eq(&self, other: &Sum) -> bool {
        self.rows == other.rows && same(&self.digest, &other.digest)
    }
}

impl Sum {
    /// Count the next rows in.
    pub(crate) fn add(&mut self, rows: &[Row]) {
        let mut text = Vec::new();
        for row in rows {
            text.clear();
            for value in row {
                let (kind, bytes) = match value {
                    Value::Null => (0, &[][..]),
                    Value::Integer(number) => (1, &number.to_be_bytes()[..]),
                    Value::Text(text) => (2, text.as_bytes()),
                    Value::Bytes(bytes) => (3, &bytes[..]),
                };
                text.push(kind);
                // With its length, so that two values can't be read as two others.
                text.extend_from_slice(&bytes.len().to_be_bytes());
                text.extend_from_slice(bytes);
            }
            self.digest = sha256(&[&self.digest, &text]);
            self.rows += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(rows: &[Row]) -> Sum {
        let mut sum = Sum::default();
        sum.add(rows);
        sum
    }

    #[test]
    fn a_sum_tells_any_two_contents_apart() {
        let text = |text: &str| Value::Text(text.to_owned());
        let contents = [
            vec![],
            vec![vec![]],
            vec![vec![Value::Null]],
            vec![vec![Value::Integer(0)]],
            vec![vec![text("")]],
            vec![vec![Value::Bytes(vec![])]],
            vec![vec![Value::Null, Value::Null]],
            vec![vec![Value::Null], vec![Value::Null]],
            vec![vec![text("ab"), text("c")]],
            vec![vec![text("a"), text("bc")]],
            vec![vec![text("a")], vec![text("b")]],
            vec![vec![text("b")], vec![text("a")]],
            vec![vec![Value::Bytes(b"a".to_vec())], vec![text("b")]],
        ];
        for (at, one) in contents.iter().enumerate() {
            for other in &contents[at + 1..] {
                assert_ne!(sum(one), sum(other));
            }
        }
        let mut parts = Sum::default();
        contents[10].chunks(1).for_each(|part| parts.add(part));
        assert_eq!(parts, sum(&contents[10]), "the parts that rows come in make no difference");
    }

    #[test]
    fn a_table_that_others_refer_to_comes_before_them() {
        let place = |name| TABLES.iter().position(|table| table.name == name).unwrap();
        assert!(place("admin") < place("credential"));
        assert!(place("user") < place("member") && place("client") < place("member"));
    }
}

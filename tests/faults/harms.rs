//! What other hands do to a store's files, and what is heard then: by who opens the store, and by who has it
//! open.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::support::with_suffix;

/// Something that is done to the files of a store.
pub(crate) struct Harm {
    pub(crate) name: &'static str,
    pub(crate) does: fn(&Path),
    /// What somebody hears who opens the store then: an error's code, or `yes`.
    pub(crate) at_open: &'static [&'static str],
    /// What somebody hears who has it open, if not what would be heard without; empty if nobody notices.
    pub(crate) in_flight: &'static [&'static str],
}

fn log(path: &Path) -> PathBuf {
    with_suffix(path, "-wal")
}

fn index(path: &Path) -> PathBuf {
    with_suffix(path, "-shm")
}

fn gate_file(path: &Path) -> PathBuf {
    with_suffix(path, "-gate")
}

/// Where what was there goes, to come back.
pub(crate) fn aside(path: &Path) -> PathBuf {
    with_suffix(path, ".aside")
}

fn take_away(path: &Path) {
    // Where nobody has the store open there is neither log nor index.
    if path.exists() {
        fs::rename(path, aside(path)).unwrap();
    }
}

/// Put something in a file's place in one step, as a rename does.
fn rename_over(path: &Path, make: impl FnOnce(&Path)) {
    let new = with_suffix(path, ".over");
    make(&new);
    if path.exists() {
        fs::hard_link(path, aside(path)).unwrap();
    }
    fs::rename(new, path).unwrap();
}

fn foreign_database(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("CREATE TABLE token (key); INSERT INTO token VALUES (1)").unwrap();
    connection.close().unwrap();
}

fn newer_store(path: &Path) {
    fs::copy(path.with_file_name("gatepass.db.backup"), path).unwrap();
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA user_version = 7; UPDATE store SET compatible = 7").unwrap();
    connection.close().unwrap();
}

/// Overwrite part of a file where it is.
fn overwrite(path: &Path, at: u64, length: usize) {
    if let Ok(file) = fs::File::options().write(true).open(path) {
        file.write_all_at(&vec![0xa5; length], at).unwrap();
    }
}

fn cut(path: &Path, length: u64) {
    if let Ok(file) = fs::File::options().write(true).open(path) {
        file.set_len(length).unwrap();
    }
}

const PAGE: u64 = 4_096;

/// A page of a table's rows in the file.
fn page_of(path: &Path, table: &str) -> u64 {
    let connection = Connection::open(with_suffix(path, ".backup")).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    connection.query_row(sql, [table], |row| row.get::<_, u64>(0)).unwrap()
}

const REPLACED: &[&str] = &["store_replaced"];
const MISSING: &[&str] = &["store_missing"];
const YES: &[&str] = &["yes"];
const NO_STORE: &[&str] = &["not_a_store"];

/// Files that are gone, or others: seen by who has the store open, whatever it does.
pub(crate) const OTHER_FILES: &[Harm] = &[
    Harm { name: "the database is deleted", does: take_away, at_open: MISSING, in_flight: REPLACED },
    Harm {
        name: "the folder is deleted",
        does: |path| fs::rename(path.parent().unwrap(), aside(path.parent().unwrap())).unwrap(),
        at_open: MISSING,
        in_flight: REPLACED,
    },
    Harm {
        name: "the folder is replaced",
        does: |path| {
            let folder = path.parent().unwrap();
            fs::rename(folder, aside(folder)).unwrap();
            fs::create_dir(folder).unwrap();
            fs::copy(aside(folder).join("gatepass.db.backup"), path).unwrap();
        },
        at_open: YES,
        in_flight: REPLACED,
    },
    Harm {
        name: "a backup is renamed over the database",
        does: |path| {
            rename_over(path, |new| {
                fs::copy(with_suffix(path, ".backup"), new).unwrap();
            })
        },
        at_open: YES,
        in_flight: REPLACED,
    },
    Harm {
        name: "a foreign database is renamed over it",
        does: |path| rename_over(path, foreign_database),
        at_open: NO_STORE,
        in_flight: REPLACED,
    },
    Harm {
        name: "a store of a newer release is renamed over it",
        does: |path| rename_over(path, newer_store),
        at_open: &["schema_newer"],
        in_flight: REPLACED,
    },
    Harm {
        name: "an empty file is renamed over it",
        does: |path| rename_over(path, |new| fs::write(new, "").unwrap()),
        at_open: NO_STORE,
        in_flight: REPLACED,
    },
    Harm {
        name: "a folder stands in its place",
        does: |path| {
            take_away(path);
            fs::create_dir(path).unwrap();
        },
        at_open: &["is_a_folder"],
        in_flight: REPLACED,
    },
    Harm {
        name: "a link to nowhere stands in its place",
        does: |path| {
            take_away(path);
            std::os::unix::fs::symlink("nowhere", path).unwrap();
        },
        at_open: MISSING,
        in_flight: REPLACED,
    },
    Harm {
        name: "the log is deleted",
        does: |path| take_away(&log(path)),
        at_open: YES,
        in_flight: REPLACED,
    },
    Harm {
        name: "another log is there",
        does: |path| rename_over(&log(path), |new| fs::write(new, "no log").unwrap()),
        at_open: YES,
        in_flight: REPLACED,
    },
    Harm {
        name: "a folder is in the log's place",
        does: |path| {
            take_away(&log(path));
            fs::create_dir(log(path)).unwrap();
        },
        at_open: &["not_a_store"],
        in_flight: REPLACED,
    },
    Harm {
        name: "the index is deleted",
        does: |path| take_away(&index(path)),
        at_open: YES,
        in_flight: REPLACED,
    },
    Harm {
        name: "another index is there",
        does: |path| rename_over(&index(path), |new| fs::write(new, vec![7; 32_768]).unwrap()),
        at_open: YES,
        in_flight: REPLACED,
    },
    Harm {
        name: "the gate is deleted",
        does: |path| take_away(&gate_file(path)),
        at_open: YES,
        in_flight: &[],
    },
    Harm {
        name: "another gate is there",
        does: |path| rename_over(&gate_file(path), |new| fs::write(new, "").unwrap()),
        at_open: YES,
        in_flight: &[],
    },
    Harm {
        name: "a folder is in the gate's place",
        does: |path| {
            take_away(&gate_file(path));
            fs::create_dir(gate_file(path)).unwrap();
        },
        at_open: YES,
        in_flight: &[],
    },
];

const DAMAGED: &[&str] = &["store_corrupt", "store_io", "not_a_store", "indeterminate", "store_poisoned"];

/// Files that are damaged where they are. Who has the store open has some of it in memory, and goes on with
/// that or hears that it is damaged.
pub(crate) const DAMAGE: &[Harm] = &[
    Harm {
        name: "the database is emptied",
        does: |path| cut(path, 0),
        at_open: NO_STORE,
        in_flight: DAMAGED,
    },
    Harm {
        name: "the database is cut",
        does: |path| cut(path, 3 * PAGE + 100),
        at_open: &["store_corrupt"],
        in_flight: DAMAGED,
    },
    Harm {
        name: "its header is overwritten",
        does: |path| overwrite(path, 0, 100),
        at_open: NO_STORE,
        in_flight: DAMAGED,
    },
    Harm {
        name: "its first page is overwritten behind the header",
        does: |path| overwrite(path, 100, 3_996),
        at_open: &["store_corrupt"],
        in_flight: DAMAGED,
    },
    Harm {
        name: "a page of tokens is overwritten",
        does: |path| overwrite(path, (page_of(path, "token") - 1) * PAGE, 4_096),
        at_open: YES,
        in_flight: DAMAGED,
    },
    Harm {
        name: "a page of sessions is overwritten",
        does: |path| overwrite(path, (page_of(path, "session") - 1) * PAGE, 4_096),
        at_open: YES,
        in_flight: DAMAGED,
    },
    Harm { name: "the log is emptied", does: |path| cut(&log(path), 0), at_open: YES, in_flight: DAMAGED },
    Harm { name: "the log is cut", does: |path| cut(&log(path), 5_000), at_open: YES, in_flight: DAMAGED },
    Harm {
        name: "the log's header is overwritten",
        does: |path| overwrite(&log(path), 0, 32),
        at_open: YES,
        in_flight: DAMAGED,
    },
    Harm {
        name: "a frame of the log is overwritten",
        does: |path| overwrite(&log(path), 32 + 24, 4_096),
        at_open: YES,
        in_flight: DAMAGED,
    },
];

//! Planted violations: each rule must catch every one, however it is written, and let pass what only looks
//! like one.

use crate::comparisons::secrets_are_compared_in_constant_time;
use crate::rules::{self, Rule};
use crate::tree::Tree;

fn judge(rule: Rule, file: &str, text: &str) -> Vec<String> {
    let files = [
        ("lib.rs", "pub mod error; pub use error::Error; pub mod session;"),
        ("error.rs", "pub enum Error {}"),
        ("store/mod.rs", "mod open; mod sqlite; pub(crate) use open::open;"),
        (file, text),
    ];
    let unplanted = files.iter().filter(|(name, _)| *name != file).chain([&files[3]]);
    let tree = Tree::of(&unplanted.copied().collect::<Vec<_>>());
    rule(&tree).iter().map(ToString::to_string).collect()
}

fn caught(rule: Rule, planted: &[(&str, &str)]) {
    for (file, text) in planted {
        let found = judge(rule, file, text);
        assert!(found.iter().any(|violation| violation.contains(file)), "missed in {file}: {text}");
    }
}

fn passed(rule: Rule, innocent: &[(&str, &str)]) {
    for (file, text) in innocent {
        let found = judge(rule, file, text);
        assert!(found.is_empty(), "{found:?} in {file}: {text}");
    }
}

#[test]
fn a_module_without_a_part_is_caught() {
    caught(rules::every_module_has_a_part, &[("helpers.rs", ""), ("util/mod.rs", "")]);
    passed(
        rules::every_module_has_a_part,
        &[("token/row.rs", ""), ("store/sqlite/x.rs", ""), ("cli/main.rs", ""), ("gatepass/mod.rs", "")],
    );
}

#[test]
fn hidden_source_is_caught() {
    caught(
        rules::no_source_is_hidden,
        &[
            ("id.rs", "#[path = \"../other.rs\"] mod x;"),
            ("id.rs", "include!(\"x.in\");"),
            ("id.rs", "# [ path = \"x.rs\" ] mod x;"),
        ],
    );
    passed(rules::no_source_is_hidden, &[("id.rs", "let path = 1; include_str!(\"README.md\");")]);
}

#[test]
fn a_part_that_knows_too_much_is_caught() {
    caught(
        rules::parts_know_only_whom_they_may,
        &[
            ("token.rs", "use crate::store::Store;"),
            ("token.rs", "fn f() { crate :: store :: sqlite :: open() }"),
            ("token.rs", "use crate::{store::{sqlite}, id};"),
            ("token.rs", "use crate::{self as c, id}; fn f() { c::ops::call() }"),
            ("token/row.rs", "fn f() { super::super::gatepass::issue() }"),
            ("token.rs", "use crate::*;"),
            ("token.rs", "use super::*;"),
            ("token.rs", "fn f() { crate::ffi::last_error() }"),
            ("session.rs", "mod x { use super::super::store; }"),
            ("gatepass/mod.rs", "use crate::ops;"),
            ("gatepass/issue.rs", "use crate::store::sqlite::Sqlite;"),
            ("gatepass/issue.rs", "use crate::store as s; fn f() { s::sqlite::open() }"),
            ("ops/mod.rs", "use crate::store;"),
            ("store/mod.rs", "mod open; mod sqlite; use sqlite::Sqlite;"),
            ("store/mod.rs", "mod open; mod sqlite; fn f() { self::sqlite::open() }"),
            ("store/sqlite/mod.rs", "use crate::gatepass::Gatepass;"),
            ("store/sqlite/mod.rs", "use super::super::store::mysql::X;"),
            ("sys.rs", "use crate::store::Store;"),
            ("lib.rs", "mod store; pub use store::sqlite::Sqlite;"),
            ("cli/show.rs", "use gatepass::store::sqlite;"),
            ("cli/main.rs", "use gatepass as g; fn f() { g::sys::lock() }"),
            ("api/mod.rs", "use crate::web;"),
        ],
    );
    passed(
        rules::parts_know_only_whom_they_may,
        &[
            ("token.rs", "use crate::error::Error; use crate::{id::UserId, clock}; use super::session;"),
            (
                "token.rs",
                "use crate::Error; //! crate::store\nlet store = x.store; let s = \"crate::store\";",
            ),
            ("token.rs", "mod row { use super::*; } #[cfg(test)] mod tests { use crate::store::Store; }"),
            (
                "gatepass/mod.rs",
                "use crate::store::{self, Store}; use super::session; mod issue; use issue::*;",
            ),
            ("store/open.rs", "use super::sqlite; use crate::store::Store; fn f() { sqlite::open() }"),
            ("store/sqlite/mod.rs", "mod row; use super::Store; use row::Row; use crate::sys;"),
            ("ops/mod.rs", "use crate::gatepass::Gatepass; mod admin; fn f() { admin::call() }"),
            ("cli/main.rs", "mod show; use gatepass::{Gatepass, id::UserId}; use crate::show::table;"),
            ("lib.rs", "mod store; mod ops; pub use gatepass::Gatepass; mod gatepass;"),
        ],
    );
}

#[test]
fn an_impure_domain_is_caught() {
    caught(
        rules::the_domain_is_pure,
        &[
            ("token.rs", "use rusqlite as x;"),
            ("token.rs", "use libc;"),
            ("token.rs", "fn f() { libc::getpid() }"),
            ("token.rs", "use std::{fs, fmt};"),
            ("token.rs", "use std::io::Read as R;"),
            ("token.rs", "use std::net::TcpStream;"),
            ("token.rs", "use std::net::*;"),
            ("token.rs", "use std as s; fn f() { s::fs::read(p) }"),
            ("token.rs", "fn f() { ::std::process::exit(1) }"),
            ("token.rs", "extern crate libc as c;"),
            ("destination/map.rs", "fn f(x: <http::Uri as T>::X) {}"),
            ("token.rs", "fn f() { <std::fs::File>::open(p) }"),
            ("token.rs", "fn f() { std::env::var(\"X\") }"),
        ],
    );
    passed(
        rules::the_domain_is_pure,
        &[
            (
                "token.rs",
                "use std::{fmt, net::IpAddr}; use sha2::Sha256; use time::macros::x; let fs = libc;",
            ),
            ("gatepass/mod.rs", "use std::fs;"),
            ("token.rs", "#[cfg(test)] mod tests { use std::fs; } /* libc::x */"),
        ],
    );
}

#[test]
fn a_backend_named_elsewhere_is_caught() {
    caught(
        rules::only_store_open_names_backends,
        &[
            ("gatepass/issue.rs", "fn f() { crate :: store :: sqlite :: open() }"),
            ("gatepass/issue.rs", "use crate::{store::{sqlite}, id};"),
            ("gatepass/issue.rs", "use rusqlite as x;"),
            ("gatepass/issue.rs", "use crate::store::*; fn f() { sqlite::open() }"),
            ("gatepass/issue.rs", "use crate::store::x::*; fn f() -> sqlite::Connection {}"),
            ("gatepass/issue.rs", "type C = ::rusqlite::Connection;"),
            ("gatepass/issue.rs", "extern crate rusqlite;"),
            ("gatepass/issue.rs", "fn f() { libc::getpid() }"),
            ("gatepass/issue.rs", "fn f() { r#rusqlite::open() }"),
            ("gatepass/issue.rs", "mac!(rusqlite::params![1])"),
            ("store/mod.rs", "use self::sqlite::X; mod sqlite;"),
            ("store/open.rs", "use rusqlite::Connection;"),
            ("store/mysql/mod.rs", "use super::sqlite::X;"),
            ("store/sqlite/mod.rs", "use mysql::Conn;"),
            ("ops/mod.rs", "fn f() { libsqlite3_sys::sqlite3_sleep(1) }"),
            ("cli/main.rs", "use rusqlite::Connection;"),
            ("lib.rs", "pub use rusqlite;"),
        ],
    );
    passed(
        rules::only_store_open_names_backends,
        &[
            ("store/open.rs", "use super::sqlite; fn f() { sqlite::open() }"),
            ("store/mod.rs", "mod sqlite; pub mod open; pub(crate) use open::open;"),
            ("store/sqlite/mod.rs", "use rusqlite::{Connection, params}; use super::Store;"),
            ("sys.rs", "use rusqlite::ffi; use libc;"),
            ("gatepass/mod.rs", "use crate::store; fn f() { store::open(x.sqlite) } // sqlite::x"),
            ("error.rs", "pub enum Error { SqliteTooOld { sqlite: u8 } }"),
        ],
    );
}

#[test]
fn time_and_randomness_elsewhere_are_caught() {
    caught(
        rules::only_use_cases_read_time_and_randomness,
        &[
            ("token.rs", "use std::time::SystemTime; fn f() { SystemTime::now() }"),
            ("token.rs", "fn f() { std :: time :: Instant :: now() }"),
            ("token.rs", "use std::time::{SystemTime as T}; fn f() { T::now() }"),
            ("token.rs", "use std::time::Instant as I; fn f() { map(I::now) }"),
            ("token.rs", "use std::time; fn f() { <time::SystemTime>::now() }"),
            ("token.rs", "type T = std::time::SystemTime; fn f() { T::now() }"),
            ("token.rs", "fn f() { std::time::UNIX_EPOCH.elapsed() }"),
            ("token.rs", "fn f() { time::OffsetDateTime::now_utc() }"),
            ("token.rs", "use getrandom as g;"),
            ("token.rs", "fn f() { getrandom::fill(&mut x) }"),
            ("token.rs", "use getrandom::SysRng;"),
            ("token.rs", "use argon2::password_hash::rand_core::OsRng as R;"),
            ("token.rs", "use crate::clock::SystemClock as C;"),
            ("clock.rs", "fn f() { getrandom::fill(x) }"),
            ("session.rs", "fn f(c: &dyn Clock) { c.now() }"),
            ("session.rs", "fn f(c: &dyn Clock) { Clock::now(c) }"),
            ("store/mod.rs", "use std::time::Instant; fn f() { Instant::now() }"),
            ("store/sqlite/mod.rs", "fn f() { std::time::SystemTime::now() }"),
            ("store/sqlite/mod.rs", "const A: &str = \"SELECT randomblob(16)\";"),
            ("store/sqlite/mod.rs", "const A: &str = \"UPDATE t SET a = strftime('%s', 'now')\";"),
            ("store/sqlite/mod.rs", "const A: &str = \"DELETE FROM t WHERE at < unixepoch ( )\";"),
            ("cli/show.rs", "fn f() { std::time::SystemTime::now() }"),
            ("cli/race.rs", "fn f() { getrandom::fill(x) }"),
            ("ops/mod.rs", "use rand::rng;"),
            ("lib.rs", "fn f() { std::time::SystemTime::now() }"),
        ],
    );
    passed(
        rules::only_use_cases_read_time_and_randomness,
        &[
            ("gatepass/mod.rs", "fn f(c: &C) { c.now(); std::time::Instant::now(); getrandom::SysRng; }"),
            ("clock.rs", "fn now() { std::time::SystemTime::now() } pub struct SystemClock;"),
            ("lib.rs", "pub use clock::{Clock, SystemClock};"),
            (
                "store/sqlite/mod.rs",
                "fn f(now: T) { std::time::Instant::now().elapsed(); x.now; } use std::time::SystemTime;",
            ),
            ("store/sqlite/mod.rs", "const A: &str = \"DELETE FROM t WHERE at < ?1 AND key = ?2\";"),
            ("cli/race/start.rs", "fn f() { std::time::SystemTime::now(); std::time::Instant::now(); }"),
            (
                "token.rs",
                "fn f(now: Timestamp, rand: &mut R) { g(now, rand.x); now.since(rand) } // Instant::now()",
            ),
            ("token.rs", "#[cfg(test)] mod tests { use getrandom::SysRng; }"),
        ],
    );
}

#[test]
fn sql_elsewhere_is_caught() {
    caught(
        rules::sql_stands_only_in_backends,
        &[
            ("token.rs", r##"const A: &str = "SELECT id FROM token";"##),
            ("token.rs", r##"const A: &str = r"SELECT id FROM token";"##),
            ("token.rs", r###"const A: &str = r#"delete from token where id = ?"#;"###),
            ("gatepass/issue.rs", r##"const A: &[u8] = b"\x53ELECT 1";"##),
            ("store/mod.rs", "const A: &str = \"\\\n   PRAGMA user_version\";"),
            ("cli/show.rs", r##"x(concat!("BEGIN IMMEDIATE"))"##),
            ("ops/mod.rs", r##"format!("{x} WHERE id = {id}")"##),
            ("ops/mod.rs", r##"include_str!("schema.sql")"##),
            ("sys.rs", r##"c"PRAGMA wal_checkpoint""##),
            ("web/mod.rs", r##"x! { "update t set a = 1" }"##),
        ],
    );
    passed(
        rules::sql_stands_only_in_backends,
        &[
            ("store/sqlite/token.rs", r##"const A: &str = "SELECT id FROM token";"##),
            ("store/mysql/token.rs", r##"const A: &str = "SELECT id FROM token";"##),
            (
                "token.rs",
                r##"/// "SELECT 1"
                fn f() { x("select a client") } #[cfg(test)] mod t { const A: &str = "SELECT 1"; }"##,
            ),
        ],
    );
}

#[test]
fn unsafe_elsewhere_is_caught() {
    caught(
        rules::unsafe_stands_only_in_sys_and_ffi,
        &[
            ("token.rs", "fn f() { unsafe { x() } }"),
            ("token.rs", "#[cfg(test)] mod tests { unsafe fn f() {} }"),
            ("store/sqlite/mod.rs", "unsafe impl Send for X {}"),
            ("store/sqlite/mod.rs", "macro_rules! m { () => { unsafe {} } }"),
            ("cli/main.rs", "unsafe extern \"C\" {}"),
        ],
    );
    passed(
        rules::unsafe_stands_only_in_sys_and_ffi,
        &[
            ("sys.rs", "unsafe fn f() {}"),
            ("sys/lock.rs", "fn f() { unsafe {} }"),
            ("ffi/mod.rs", "unsafe fn f() {}"),
            ("token.rs", "// unsafe\nconst A: &str = \"unsafe\"; #![deny(unsafe_code)]"),
        ],
    );
}

#[test]
fn an_opened_file_is_caught() {
    caught(
        rules::nobody_opens_files,
        &[
            ("store/sqlite/mod.rs", "use std::fs::File;"),
            ("store/sqlite/mod.rs", "fn f() { std::fs::read(p) }"),
            ("store/sqlite/mod.rs", "use std::fs; fn f() { fs::copy(a, b) }"),
            ("store/sqlite/mod.rs", "use std::fs as disk; fn f() { disk::write(a, b) }"),
            ("store/sqlite/mod.rs", "use std::fs::{self, metadata}; fn f() { fs :: rename(a, b) }"),
            ("store/sqlite/mod.rs", "use std::fs::*;"),
            ("store/sqlite/mod.rs", "use std::*; fn f() { fs::read(p) }"),
            ("store/open.rs", "fn f() { ::std::fs::OpenOptions::new() }"),
            ("store/open.rs", "use x::*; fn f() { File::open(p) }"),
            ("store/open.rs", "fn f() { std::fs::remove_file(p) }"),
            ("gatepass/mod.rs", "type F = std::fs::File;"),
            ("gatepass/mod.rs", "fn f() { <std::fs::File>::open(p) }"),
            ("gatepass/mod.rs", "use std::os::unix::fs::OpenOptionsExt;"),
            ("ops/mod.rs", "use libc::open as o;"),
        ],
    );
    passed(
        rules::nobody_opens_files,
        &[
            ("store/sqlite/mod.rs", "use std::fs; fn f() { fs::metadata(p); std::fs::canonicalize(p) }"),
            ("store/sqlite/mod.rs", "use std::os::unix::fs::MetadataExt; fn f() { store.open(); x.read() }"),
            ("sys.rs", "use std::fs::OpenOptions;"),
            ("cli/init.rs", "fn f() { std::fs::read(p) }"),
            ("gatepass/seal_file.rs", "fn f() { std::fs::read(p) }"),
            ("store/mod.rs", "mod open; pub use open::open; // File::open"),
        ],
    );
}

#[test]
fn syncing_switched_off_is_caught() {
    caught(
        rules::syncing_is_never_off,
        &[
            ("store/sqlite/mod.rs", "c.execute_batch(\"PRAGMA Synchronous =\\n off;\")"),
            ("store/sqlite/mod.rs", "c.pragma_update(None, \"synchronous\", \"OFF\")"),
            ("store/sqlite/mod.rs", "c.pragma_update(None, \"synchronous\", 0)"),
            ("store/sqlite/mod.rs", "c.pragma_update(Some(\"main\"), \"synchronous\", &false)"),
            ("store/sqlite/mod.rs", "c.execute(r#\"pragma main.synchronous('off')\"#)"),
            ("store/sqlite/mod.rs", "fn f(l: L) { g(\"PRAGMA synchronous={}\") } fn h() { \"off\" }"),
            ("store/sqlite/mod.rs", "#[cfg(test)] mod t { fn f() { x(\"PRAGMA synchronous = 0\") } }"),
        ],
    );
    passed(
        rules::syncing_is_never_off,
        &[
            ("store/sqlite/mod.rs", "c.pragma_update(None, \"synchronous\", \"FULL\"); x(0, false);"),
            ("store/sqlite/mod.rs", "x(\"PRAGMA synchronous=EXTRA; PRAGMA trusted_schema=OFF\")"),
            ("settings.rs", "match x { A => \"off\", B => \"warn\" }"),
        ],
    );
}

#[test]
fn a_long_file_is_caught() {
    let long = "\n".repeat(crate::house::LINES + 1);
    let fits = "\n".repeat(crate::house::LINES);
    caught(
        rules::no_file_is_too_long,
        &[("token.rs", &long), ("store/sqlite/mod.rs", &long), ("cli/main.rs", &long)],
    );
    passed(
        rules::no_file_is_too_long,
        &[("token.rs", &fits), ("store/conformance/token.rs", &long), ("tests/conformance.rs", &long)],
    );
}

#[test]
fn a_comparison_that_stops_early_is_caught() {
    caught(
        secrets_are_compared_in_constant_time,
        &[
            ("token.rs", "fn f() { if found.digest == given { x() } }"),
            ("token.rs", "fn f() -> bool { sha256(&[text]) != self.hash }"),
            ("token.rs", "fn f() { let right = a.secret.reveal() == b; }"),
            ("gatepass/mod.rs", "fn f() { x.is_some_and(|it| it.old_digest == Some(y)) }"),
            ("token.rs", "#[derive(Debug, PartialEq)] pub struct Key([u8; 32]);"),
            (
                "token.rs",
                "#[derive(Clone, PartialEq, Eq)] /// Text.\n struct Link { email: String, made: [u8; 20] }",
            ),
            ("token.rs", "#[derive(PartialEq)] pub(crate) struct TimedKey([u8; TimedKey::LENGTH]);"),
        ],
    );
    passed(
        secrets_are_compared_in_constant_time,
        &[
            ("token.rs", "fn f() { if same(&found.digest, given) && kind == Kind::Api { x() } }"),
            ("token.rs", "fn f() { if digest.len() > 3 || a <= b { let hash = x; y == z } }"),
            ("token.rs", "fn f() { let digest = 1; } #[cfg(test)] mod t { fn f() { digest == x } }"),
            ("token.rs", "#[derive(Clone)] struct A([u8; 32]); #[derive(PartialEq)] struct B(u8);"),
            ("token.rs", "#[derive(PartialEq)] struct StoreId([u8; 16]);"),
            ("secret.rs", "#[derive(PartialEq)] pub struct Reference([u8; Reference::LENGTH]);"),
        ],
    );
}

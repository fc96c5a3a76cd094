//! What opening and making a store promise: a clear answer for everything that is no store, nothing changed
//! by a refusal, and no error when many processes come at once.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use gatepass::{Gatepass, StoreError};
use rusqlite::Connection;
use support::{
    Talk, folder_with_store, init, issue, listen, names, part, place, play, played_under, redeem, root, run,
    say, store_error, with_suffix, world_readable_program,
};

/// Opening is refused, and leaves every byte of the folder as it was.
#[track_caller]
fn refused(path: &Path) -> StoreError {
    let folder = path.parent().unwrap();
    let content = || -> Vec<(String, Option<Vec<u8>>)> {
        let read = |name: &String| {
            let file = folder.join(name);
            // Reading a fifo would wait for ever; `-shm` holds locks and counters, and no data.
            let plain =
                fs::metadata(&file).is_ok_and(|metadata| metadata.is_file()) && !name.ends_with("-shm");
            plain.then(|| fs::read(&file).unwrap())
        };
        names(folder).into_iter().map(|name| (name.clone(), read(&name))).collect()
    };
    let before = content();
    let error = store_error(Gatepass::open(path));
    assert!(before == content(), "the refused open changed something");
    error
}

fn sqlite(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
}

#[test]
fn what_is_no_store_is_refused_by_its_own_error_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert_eq!(refused(&at("nothing")), StoreError::Missing);
    assert_eq!(store_error(Gatepass::open(at("no/folder"))), StoreError::Missing);
    fs::create_dir(at("folder")).unwrap();
    assert_eq!(refused(&at("folder")), StoreError::IsAFolder);
    fs::write(at("empty"), "").unwrap();
    assert_eq!(refused(&at("empty")).code(), "not_a_store");
    for (name, text) in [("short", "hello".to_owned()), ("long", "hello, world\n".repeat(1_000))] {
        fs::write(at(name), text).unwrap();
        assert_eq!(refused(&at(name)).code(), "not_a_store");
    }
    sqlite(&at("plain.db"), "CREATE TABLE store (id)");
    assert_eq!(refused(&at("plain.db")).code(), "not_a_store");
    sqlite(&at("other.db"), "PRAGMA application_id = 77; PRAGMA journal_mode = wal; CREATE TABLE store (id)");
    assert_eq!(refused(&at("other.db")).code(), "not_a_store");
    std::os::unix::fs::symlink(at("nowhere"), at("dangling")).unwrap();
    assert_eq!(refused(&at("dangling")), StoreError::Missing);
    assert!(Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
    assert_eq!(refused(&at("fifo")).code(), "not_a_store");
    assert_eq!(store_error(Gatepass::open("/dev/null")).code(), "not_a_store");
}

#[test]
fn a_foreign_database_keeps_the_log_that_a_crash_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.db");
    let live = Connection::open(&path).unwrap();
    live.execute_batch("PRAGMA journal_mode = wal; CREATE TABLE t (x); INSERT INTO t VALUES (1)").unwrap();
    // As a crash leaves it: the log is there, and nobody has it open.
    fs::create_dir(folder.path().join("crashed")).unwrap();
    let crashed = folder.path().join("crashed").join("copy.db");
    fs::copy(&path, &crashed).unwrap();
    fs::copy(with_suffix(&path, "-wal"), with_suffix(&crashed, "-wal")).unwrap();
    drop(live);
    let log = fs::read(with_suffix(&crashed, "-wal")).unwrap();
    let file = fs::read(&crashed).unwrap();
    assert_eq!(store_error(Gatepass::open(&crashed)).code(), "not_a_store");
    assert!(fs::read(with_suffix(&crashed, "-wal")).is_ok_and(|now| now == log), "its log was taken away");
    assert_eq!(fs::read(&crashed).unwrap(), file);
}

#[test]
fn a_store_whose_header_names_no_version_is_refused() {
    let (_folder, path) = folder_with_store();
    sqlite(&path, "PRAGMA user_version = 0");
    assert_eq!(refused(&path).code(), "not_a_store");
}

#[test]
fn a_newer_schema_is_refused_unless_it_says_that_we_may() {
    let (_folder, path) = folder_with_store();
    sqlite(&path, "PRAGMA user_version = 7; UPDATE store SET compatible = 1");
    assert_eq!(Gatepass::open(&path).unwrap().info().unwrap().schema, 7);
    sqlite(&path, "UPDATE store SET compatible = 2");
    assert_eq!(refused(&path), StoreError::SchemaNewer { found: 7, known: 1 });
}

#[test]
fn a_link_to_a_store_opens_the_store_itself() {
    let (folder, path) = folder_with_store();
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let gate = Gatepass::open(&link).unwrap();
    assert_eq!(names(elsewhere.path()), ["link.db"], "the side files stand beside the store");
    assert!(names(folder.path()).contains(&"gatepass.db-wal".to_owned()));
    assert_eq!(Gatepass::open(&path).unwrap().info().unwrap(), gate.info().unwrap());
}

#[test]
fn a_store_with_a_second_name_is_refused_under_both() {
    // Each name has a log of its own: a token spent in the one would be spent again in the other.
    let (folder, path) = folder_with_store();
    let second = folder.path().join("second.db");
    fs::hard_link(&path, &second).unwrap();
    assert_eq!(refused(&path).code(), "not_a_store");
    assert_eq!(refused(&second).code(), "not_a_store");
    fs::remove_file(&second).unwrap();
    Gatepass::open(&path).unwrap();
}

#[test]
fn what_this_user_may_not_read_or_write_is_refused_clearly() {
    const NAME: &str = "what_this_user_may_not_read_or_write_is_refused_clearly";
    match part().as_deref() {
        None => {}
        Some("denied") => return assert_eq!(refused_unread(&place()), StoreError::Denied),
        Some("read_only") => return assert_eq!(refused_unread(&place()), StoreError::ReadOnly),
        Some("init") => {
            let made = Gatepass::init(place().join("new.db"), &init());
            return assert_eq!(store_error(made), StoreError::ReadOnly);
        }
        Some(other) => panic!("no part {other}"),
    }
    let (folder, path) = folder_with_store();
    let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let program = world_readable_program(folder.path());
    let as_nobody = |part: &str, place: &Path| {
        // Permissions hold back everybody but root.
        let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
        let wrapper: &[&str] = if root() { &nobody } else { &["env"] };
        run(&mut played_under(wrapper, &program, NAME, part, place));
    };
    set(folder.path(), 0o777);
    for (bits, part) in [(0o000, "denied"), (0o222, "denied"), (0o444, "read_only")] {
        set(&path, bits);
        as_nobody(part, &path);
    }
    set(&path, 0o666);
    let before = fs::read(&path).unwrap();
    set(folder.path(), 0o555);
    as_nobody("read_only", &path);
    as_nobody("init", folder.path());
    set(folder.path(), 0o000);
    if !root() {
        as_nobody("denied", &path);
    }
    set(folder.path(), 0o755);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(
        names(folder.path()),
        ["gatepass.db", "gatepass.db-gate", "program"],
        "a refused open left something"
    );
}

fn refused_unread(path: &Path) -> StoreError {
    store_error(Gatepass::open(path))
}

/// Start eight children that do their work at one moment; each must succeed.
fn eight_at_once(test: &str, part: &str, path: &Path) {
    let mut children: Vec<Talk> = (0..8).map(|_| Talk::start(play(test, part, path))).collect();
    children.iter_mut().for_each(|child| child.hear("ready"));
    children.iter_mut().for_each(Talk::go_on);
    for child in children {
        assert!(child.end().success());
    }
}

#[test]
fn eight_processes_open_a_cold_store_at_once_without_an_error() {
    const NAME: &str = "eight_processes_open_a_cold_store_at_once_without_an_error";
    if part().is_some() {
        say("ready");
        listen();
        // Whoever closes last takes the log away, so that the store is cold again and again.
        for _ in 0..15 {
            let gate = Gatepass::open(place()).unwrap();
            let token = issue(&gate).unwrap();
            redeem(&gate, &token).unwrap();
        }
        return;
    }
    let (_folder, path) = folder_with_store();
    eight_at_once(NAME, "open", &path);
    // A store in another journal mode, such as a backup put in its place by hand, is switched by whoever
    // comes first.
    sqlite(&path, "PRAGMA journal_mode = delete");
    eight_at_once(NAME, "open", &path);
    // Everything that was acknowledged is there.
    let connection = Connection::open(&path).unwrap();
    let spent: i64 = connection
        .query_row("SELECT count(*) FROM token WHERE redeemed_at IS NOT NULL", [], |row| row.get(0))
        .unwrap();
    assert_eq!(spent, 2 * 8 * 15);
}

#[test]
fn of_eight_processes_that_make_a_store_exactly_one_does() {
    const NAME: &str = "of_eight_processes_that_make_a_store_exactly_one_does";
    if part().is_some() {
        say("ready");
        listen();
        let made = match Gatepass::init(place(), &init()) {
            Ok(gate) => gate.info().map(|_| "made").unwrap(),
            Err(error) => {
                assert_eq!(store_error::<()>(Err(error)), StoreError::Exists);
                "exists"
            }
        };
        fs::write(with_suffix(&place(), &format!(".{made}.{}", std::process::id())), "").unwrap();
        return;
    }
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gatepass.db");
        eight_at_once(NAME, "make", &path);
        let names = names(folder.path());
        let count = |what: &str| names.iter().filter(|name| name.contains(what)).count();
        assert_eq!((count(".made."), count(".exists.")), (1, 7), "{names:?}");
        // The store, its gate, and what the eight said.
        assert_eq!(names.len(), 10, "a scratch file was left: {names:?}");
        Gatepass::open(&path).unwrap().check(&mut |_, _| {}).unwrap();
    }
}

#[test]
fn a_store_is_not_made_where_something_stands() {
    let (folder, path) = folder_with_store();
    let before = fs::read(&path).unwrap();
    assert_eq!(store_error(Gatepass::init(&path, &init())), StoreError::Exists);
    assert_eq!(store_error(Gatepass::init(folder.path(), &init())), StoreError::IsAFolder);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(names(folder.path()), ["gatepass.db", "gatepass.db-gate"]);
    // It can still be opened, at once.
    support::open_within(&path, Duration::from_millis(100)).info().unwrap();
}

#[test]
fn users_who_share_a_store_open_it_at_once_whatever_their_umask() {
    const NAME: &str = "users_who_share_a_store_open_it_at_once_whatever_their_umask";
    if part().is_some() {
        say("ready");
        listen();
        // Whoever closes last takes the log away; the next makes it anew, with the store's rights a moment
        // later.
        for round in 0..150 {
            let gate = Gatepass::open(place()).unwrap_or_else(|error| panic!("open {round}: {error}"));
            let token = issue(&gate).unwrap_or_else(|error| panic!("issue {round}: {error}"));
            redeem(&gate, &token).unwrap_or_else(|error| panic!("redeem {round}: {error}"));
        }
        return;
    }
    if !root() {
        return eprintln!("SKIPPED {NAME}: only root can be two users");
    }
    const GROUP: u32 = 65_534;
    let folder = tempfile::tempdir().unwrap();
    let program = world_readable_program(folder.path());
    let path = folder.path().join("gatepass.db");
    drop(Gatepass::init(&path, &init().group_writable(true)).unwrap());
    for shared in [folder.path(), &path] {
        std::os::unix::fs::chown(shared, Some(65_533), Some(GROUP)).unwrap();
    }
    fs::set_permissions(folder.path(), Permissions::from_mode(0o2770)).unwrap();
    for umask in ["022", "077"] {
        let script = format!("umask {umask}; exec \"$@\"");
        let child = |user: &str| {
            let user = format!("--reuid={user}");
            let group = format!("--regid={GROUP}");
            let wrapper = ["setpriv", &user, &group, "--clear-groups", "sh", "-c", &script, "sh"];
            Talk::start(played_under(&wrapper, &program, NAME, "open", &path))
        };
        let mut children: Vec<Talk> = ["65533", "65534", "65533", "65534"].map(child).into();
        children.iter_mut().for_each(|child| child.hear("ready"));
        children.iter_mut().for_each(Talk::go_on);
        for child in children {
            assert!(child.end().success(), "under umask {umask}");
        }
    }
}

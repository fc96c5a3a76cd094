//! A store moves from a file to a server and back, and is restored on a server: every row comes along, an
//! interruption loses nothing, and what is not as the source never opens.
#![cfg(feature = "mysql")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod server;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{Place, Spy, command, issue, job, person, portal, redeem, refused, secret};
use gatepass::credential::{NewCredential, Rotation};
use gatepass::destination::{Destination, Input};
use gatepass::directory::Mode;
use gatepass::link::{LinkRequest, OpenRequest};
use gatepass::seal::SealingKey;
use gatepass::token::{IssueRequest, RedeemRequest, RevokeTokens};
use gatepass::upkeep::{Copied, Verdict};
use gatepass::{AutoAuthRequest, Gatepass, InitOptions, KeyChoice, Options, Reason};
use mysql::prelude::Queryable;
use server::server;

/// What is not told between kinds of places: the running minute's refusals are found by it.
const LEFT_BEHIND: &[&str] = &["refusal"];

fn key() -> SealingKey {
    SealingKey::parse(&format!("gatepass-sealing-key-1 {}", "ab".repeat(32))).unwrap()
}

fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> gatepass::Result<Copied> {
    Options::new().copy(from, to, &mut |_, _| {})
}

#[track_caller]
fn verified(copied: gatepass::Result<Copied>) -> Copied {
    let copied = copied.unwrap();
    assert_eq!((copied.verdict, copied.differing.len()), (Verdict::Verified, 0), "{copied:?}");
    copied
}

/// A store in a file, with a row of every kind in it.
fn full(place: &Place) -> Gatepass {
    let init = InitOptions::new(Mode::Managed, common::SYSTEM).unwrap();
    let gate = Options::new().sealing_key(key()).init(&place.store, &init).unwrap();
    let (user, client) = person(&gate, "ann@example.com");
    let (other, _) = person(&gate, "josé@example.com");
    gate.add_member(other, client, false).unwrap();
    gate.erase_user(other).unwrap();
    gate.add_admin("root", Some(&secret("a password that nobody has"))).unwrap();
    let new = NewCredential { label: "shop".into(), admin: Some("root".into()), ..NewCredential::default() };
    gate.create_credential(&new).unwrap();
    gate.rotate_credential("shop", &Rotation::with_overlap(Duration::from_secs(3_600))).unwrap();
    gate.create_credential(&NewCredential { label: "gone".into(), ..new }).unwrap();
    gate.revoke_credential("gone", true).unwrap();
    gate.set_destination(&Destination {
        name: "own:page".into(),
        path: "page.php".into(),
        input: Input::None,
    })
    .unwrap();
    gate.remove_destination("clientarea:services").unwrap();
    gate.set_setting("token_life_seconds", 50.into()).unwrap();
    gate.set_setting("autoauth_enabled", true.into()).unwrap();
    gate.add_autoauth_key("site", &secret("the key of an old portal, long"), None).unwrap();
    gate.add_autoauth_key("older", &secret("the key of an older portal, long"), None).unwrap();
    gate.retire_autoauth_key("older").unwrap();
    let link = gate.sign_autoauth("ann@example.com", KeyChoice::Label("site"), None).unwrap();
    let query = link.split_once('?').unwrap().1;
    gate.accept_autoauth(query.as_bytes(), &AutoAuthRequest::default()).unwrap();
    let spent = issue(&gate, client);
    redeem(&gate, &spent).unwrap();
    assert_eq!(refused(redeem(&gate, &spent)), Reason::TokenRedeemed);
    let revoked = issue(&gate, client);
    gate.revoke_tokens(&RevokeTokens::One(revoked.token)).unwrap();
    let request = LinkRequest::new(IssueRequest::for_client(client).actor("a clerk")).label("reminder");
    let made = gate.create_link(&portal(&gate), &request.clone().uses(3).title("Your invoice")).unwrap();
    gate.open_link(&OpenRequest::new(made.link.clone())).unwrap();
    gate.open_link(&OpenRequest::new(made.link).signing_in(None)).unwrap();
    let used = gate.create_link(&portal(&gate), &request).unwrap();
    gate.open_link(&OpenRequest::new(used.link.clone())).unwrap();
    assert_eq!(refused(gate.open_link(&OpenRequest::new(used.link))), Reason::LinkUsed);
    gate.set_user_email(user, "ann@example.org").unwrap();
    gate
}

/// So many tokens more, each with its event.
fn tokens(gate: &Gatepass, count: usize) {
    let client = gate.list_clients(&Default::default()).unwrap().items[0].client_id;
    for _ in 0..count {
        issue(gate, client);
    }
}

#[test]
fn a_store_moves_to_a_server_and_back_with_the_same_rows() {
    let place = Place::new();
    let gate = full(&place);
    // More than are moved at once, and tables of exactly that many.
    tokens(&gate, 1_100);
    let client = gate.list_clients(&Default::default()).unwrap().items[0].client_id;
    let (live, spent) = (issue(&gate, client), issue(&gate, client));
    let session = redeem(&gate, &spent).unwrap().session.unwrap();
    let link = gate
        .create_link(&portal(&gate), &LinkRequest::new(IssueRequest::for_client(client)).uses(2))
        .unwrap()
        .link;
    gate.open_link(&OpenRequest::new(link.clone())).unwrap();
    let id = gate.info().unwrap().store_id;
    let settings = gate.settings().unwrap();

    let (_, url) = server().tables();
    let mut told = Vec::new();
    let there = Options::new().copy(&place.store, &url, &mut |done, of| told.push((done, of))).unwrap();
    assert_eq!(there.verdict, Verdict::Verified, "{there:?}");
    assert!(there.tables.values().all(|rows| *rows > 0), "a row of every kind: {:?}", there.tables);
    assert_eq!((there.found, there.store_id), (0, id));
    assert!(told.is_sorted() && told.last().is_some_and(|(done, of)| done == of), "{told:?}");
    let back = place.beside("back.db");
    let home = verified(copy(&url, &back));
    assert_eq!(home.tables, there.tables);
    drop(gate);
    let rows = |path: &Path| Spy::on(path).dump_without(LEFT_BEHIND);
    assert_eq!(rows(&back), rows(&place.store));

    // What it means came along as well.
    let moved = Options::new().sealing_key(key()).open(&url).unwrap();
    assert_eq!((moved.info().unwrap().store_id, moved.settings().unwrap()), (id, settings));
    assert_eq!(moved.check_sealed_keys().unwrap(), 1);
    assert_eq!(refused(redeem(&moved, &spent)), Reason::TokenRedeemed);
    redeem(&moved, &live).unwrap();
    moved.check_session(&session, None).unwrap();
    assert_eq!(moved.open_link(&OpenRequest::new(link.clone())).unwrap().uses_left, 0);
    assert_eq!(refused(moved.open_link(&OpenRequest::new(link))), Reason::LinkUsed);
    // Numbers go on where they were, and names are found whatever their letters' case.
    let (user, _) = person(&moved, "new@example.com");
    assert_eq!(user.get(), 3);
    let bad = |finding: &gatepass::upkeep::Finding| finding.severity == gatepass::upkeep::Severity::Bad;
    for place in [url.as_ref(), back.as_path()] {
        let findings = Options::new().open(place).unwrap().check(&mut |_, _| {}).unwrap();
        assert!(!findings.iter().any(bad), "{}: {findings:?}", place.display());
    }
}

#[test]
fn a_copy_that_was_killed_in_the_middle_goes_on_where_it_was() {
    const NAME: &str = "a_copy_that_was_killed_in_the_middle_goes_on_where_it_was";
    if let Some(words) = job() {
        let last: u64 = words[2].parse().unwrap();
        let dies = &mut |done, _| {
            if done >= last {
                std::process::abort();
            }
        };
        Options::new().copy(&words[0], &words[1], dies).unwrap();
        return;
    }
    let place = Place::new();
    let gate = full(&place);
    tokens(&gate, 2_000);
    let (_, shared) = server().tables();
    let rows = verified(copy(&place.store, &shared)).rows;
    drop(gate);
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let dump = |path: &Path| Spy::on(path).dump_without(LEFT_BEHIND);
    let backup = place.beside("backup.db");
    Gatepass::open(&shared).unwrap().backup(&backup, &mut |_, _| {}).unwrap();
    // In the middle of the rows; while the target is read; while the source is read once more.
    for (after, whole) in [(rows / 2, false), (rows + rows / 2, true), (2 * rows + rows / 2, true)] {
        let (file, (_, url)) = (place.beside(&format!("copy{after}.db")), server().tables());
        for (from, to) in [(path(&place.store), url), (shared.clone(), path(&file))] {
            let died = command(NAME, &[&from, &to, &after.to_string()]).output().unwrap();
            assert!(!died.status.success(), "it was not killed");
            let told = Gatepass::open(&to).unwrap_err();
            assert_eq!(told.code(), "not_a_store");
            assert!(told.to_string().contains("not finished"), "{told}");
            let init = InitOptions::new(Mode::Managed, common::SYSTEM).unwrap();
            assert_eq!(Gatepass::init(&to, &init).unwrap_err().code(), "store_exists");
            let restored = Options::new().restore_to_new(&to, &backup, &mut |_, _| {});
            assert_eq!(restored.unwrap_err().code(), "store_exists");
            let found = verified(copy(&from, &to)).found;
            assert!(
                if whole { found == rows } else { found > rows / 3 && found < rows },
                "{found} of {rows}"
            );
            Gatepass::open(&to).unwrap();
        }
        assert_eq!(dump(&file), dump(&place.store));
    }
}

/// Copy, and do something to the target once all rows are there and before it is read again.
fn copy_while(from: &str, to: &str, then: impl Fn()) -> Copied {
    let done_so = AtomicBool::new(false);
    // The last rows are told before they are put, the first ones of the target after that.
    let then = &mut |done: u64, of: u64| {
        if done > of / 3 && !done_so.swap(true, Ordering::Relaxed) {
            then();
        }
    };
    let copied = Options::new().copy(from, to, then).unwrap();
    assert!(done_so.into_inner(), "nothing was done meanwhile");
    copied
}

#[test]
fn a_row_altered_on_the_way_is_caught() {
    let place = Place::new();
    drop(full(&place));
    let from = place.store.to_str().unwrap();
    let (name, url) = server().tables();
    let file = place.beside("altered.db");
    for (table, change) in [
        ("audit", "UPDATE {audit} SET outcome = 'other' WHERE event = 'user.added'"),
        ("audit", "DELETE FROM {audit} WHERE event = 'user.added'"),
        ("session", "UPDATE {session} SET ended_at = 7"),
        ("link_tally", "UPDATE {link_tally} SET count = count + 1"),
    ] {
        // The audit is given last, and the target's first rows are read after it.
        let at_server =
            || drop(server().say(&change.replace('{', &format!("{name}.gatepass_")).replace('}', "")));
        let in_file = || {
            let other = rusqlite::Connection::open(&file).unwrap();
            other.execute_batch(&change.replace(['{', '}'], "")).unwrap();
        };
        for (to, alter) in [(url.as_str(), &at_server as &dyn Fn()), (file.to_str().unwrap(), &in_file)] {
            let copied = copy_while(from, to, alter);
            assert_eq!((copied.verdict, &copied.differing[..]), (Verdict::Differs, &[table][..]), "{change}");
            assert_eq!(Gatepass::open(to).unwrap_err().code(), "not_a_store", "{change}");
        }
    }
    for to in [url.as_str(), file.to_str().unwrap()] {
        verified(copy(from, to));
    }
    assert_eq!(Spy::on(&file).dump_without(LEFT_BEHIND), Spy::on(&place.store).dump_without(LEFT_BEHIND));
}

#[test]
fn a_source_that_changes_meanwhile_is_told_and_the_next_copy_has_the_change() {
    let place = Place::new();
    drop(full(&place));
    let (_, url) = server().tables();
    let file = place.beside("back.db");
    let store = place.store.to_str().unwrap();
    for (number, (from, to)) in
        [(store, url.as_str()), (url.as_str(), file.to_str().unwrap())].iter().enumerate()
    {
        let gate = Gatepass::open(from).unwrap();
        let copied = copy_while(from, to, || {
            person(&gate, &format!("later{number}@example.com"));
        });
        assert_eq!(copied.verdict, Verdict::SourceChanged);
        assert_eq!(copied.differing, ["user", "client", "member", "audit"]);
        assert_eq!(Gatepass::open(to).unwrap_err().code(), "not_a_store");
        let again = verified(copy(from, to));
        let same = again.tables.iter().filter(|(table, _)| !copied.differing.contains(table));
        assert_eq!(again.found, same.map(|(_, rows)| rows).sum::<u64>(), "only what changed was put again");
        let moved = Gatepass::open(to).unwrap();
        assert_eq!(
            moved.list_users(&Default::default()).unwrap().total,
            gate.list_users(&Default::default()).unwrap().total
        );
    }
}

#[test]
fn a_foreign_target_is_refused_and_left_as_it_is() {
    let (place, other) = (Place::new(), Place::new());
    let gate = full(&place);
    drop(gate);
    other.init(Mode::Host);
    let from = place.store.to_str().unwrap();
    let code = |to: &str| copy(from, to).unwrap_err().code();
    // Stores.
    let (name, url) = server().tables();
    verified(copy(&other.store, &url));
    assert_eq!(code(&url), "store_exists");
    assert_eq!(code(other.store.to_str().unwrap()), "store_exists");
    assert_eq!(code(from), "store_exists");
    let kept = || server().say(&format!("SELECT COUNT(*) FROM {name}.gatepass_audit"));
    let before = kept();
    assert_eq!(code(&url), "store_exists");
    assert_eq!(kept(), before);
    // Unfinished copies of another store.
    let (begun, half) = (server().tables(), place.beside("half.db"));
    for to in [begun.1.as_str(), half.to_str().unwrap()] {
        let change = copy_while(other.store.to_str().unwrap(), to, || {
            Gatepass::open(&other.store).unwrap().set_setting("token_life_seconds", 40.into()).unwrap();
        });
        assert_eq!(change.verdict, Verdict::SourceChanged);
        assert_eq!(change.differing, ["setting", "audit", "store"]);
        let told = copy(from, to).unwrap_err();
        assert!(told.to_string().contains("another store"), "{told}");
        Gatepass::open(&other.store).unwrap().set_setting("token_life_seconds", 50.into()).unwrap();
        verified(copy(&other.store, to));
    }
    // No store at all.
    let (stray, (_, bare)) = (server().tables(), server().database());
    server().say(&format!("INSERT INTO {}.gatepass_destination (name) VALUES ('stray')", stray.0));
    let text = place.beside("text");
    std::fs::write(&text, "no store at all ".repeat(1_000)).unwrap();
    let empty = place.beside("empty");
    std::fs::write(&empty, "").unwrap();
    for to in [stray.1.as_str(), &bare, text.to_str().unwrap(), empty.to_str().unwrap()] {
        assert_eq!(code(to), "not_a_store", "{to}");
    }
    assert_eq!(code(place.folder.path().to_str().unwrap()), "is_a_folder");
    assert_eq!(std::fs::read_to_string(&text).unwrap().len(), 16_000);
    assert_eq!(server().say(&format!("SELECT COUNT(*) FROM {}.gatepass_destination", stray.0)), [1]);
}

#[test]
fn of_two_who_copy_at_once_one_goes_on() {
    let place = Place::new();
    let gate = full(&place);
    tokens(&gate, 600);
    let from = place.store.to_str().unwrap();
    let (_, url) = server().tables();
    let file = place.beside("copy.db");
    for to in [url.as_str(), file.to_str().unwrap()] {
        let inner = std::cell::Cell::new(None);
        let mut asked = 0;
        let outer = Options::new().copy(from, to, &mut |_, _| {
            asked += 1;
            if asked == 3 {
                inner.set(Some(copy(from, to)));
            }
        });
        verified(inner.take().unwrap());
        let code = outer.unwrap_err().code();
        assert!(matches!(code, "store_exists" | "store_busy"), "{code}");
        Gatepass::open(to).unwrap();
    }
    drop(gate);
    assert_eq!(Spy::on(&file).dump_without(LEFT_BEHIND), Spy::on(&place.store).dump_without(LEFT_BEHIND));
}

#[test]
fn whoever_signs_in_while_a_shared_store_is_restored_is_signed_out() {
    let place = Place::new();
    drop(full(&place));
    let (_, url) = server().tables();
    verified(copy(&place.store, &url));
    let gate = Gatepass::open(&url).unwrap();
    gate.set_setting("token_life_seconds", 60.into()).unwrap();
    let backup = place.beside("backup.db");
    gate.backup(&backup, &mut |_, _| {}).unwrap();
    let client = gate.list_clients(&Default::default()).unwrap().items[0].client_id;
    let mut sessions = 0;
    for _ in 0..3 {
        let tokens: Vec<_> = (0..400).map(|_| issue(&gate, client).token).collect();
        let restored = AtomicBool::new(false);
        let begun: Vec<_> = std::thread::scope(|scope| {
            let sign_in = |some: &[gatepass::token::Token]| {
                let gate = Gatepass::open(&url).unwrap();
                let mut begun = Vec::new();
                for token in some {
                    match gate.redeem(&RedeemRequest::new(token.clone())) {
                        Ok(redeemed) => begun.push(redeemed.session.unwrap()),
                        Err(error) => assert!(
                            matches!(error.reason(), Some(Reason::TokenUnknown | Reason::TokenRevoked))
                                || error.code() == "store_busy",
                            "{error:?}"
                        ),
                    }
                    if restored.load(Ordering::SeqCst) {
                        break;
                    }
                }
                begun
            };
            let threads: Vec<_> = tokens.chunks(100).map(|some| scope.spawn(move || sign_in(some))).collect();
            std::thread::sleep(Duration::from_millis(50));
            gate.restore(&backup, &mut |_, _| {}).unwrap();
            restored.store(true, Ordering::SeqCst);
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        sessions += begun.len();
        // Their tokens were issued before the restore, so each was let in by what is no more.
        let alive = begun.iter().filter(|session| gate.check_session(session, None).is_ok()).count();
        assert_eq!(alive, 0, "of {}", begun.len());
    }
    assert!(sessions > 50, "only {sessions} signed in meanwhile");
}

#[test]
fn what_is_let_in_in_the_middle_of_a_restore_ends_with_it() {
    let place = Place::new();
    drop(full(&place));
    let (_, url) = server().tables();
    verified(copy(&place.store, &url));
    let (gate, other) = (Gatepass::open(&url).unwrap(), Gatepass::open(&url).unwrap());
    let backup = place.beside("backup.db");
    gate.backup(&backup, &mut |_, _| {}).unwrap();
    let client = gate.list_clients(&Default::default()).unwrap().items[0].client_id;
    // So that the last use of the credential is written down for this minute.
    issue(&other, client);
    let (mut begun, mut live) = (None, None);
    // What was there is gone already, and nobody else sees that yet.
    gate.restore(&backup, &mut |_, _| {
        if begun.is_none() {
            live = Some(issue(&other, client));
            begun = redeem(&other, &issue(&other, client)).unwrap().session;
        }
    })
    .unwrap();
    assert_eq!(refused(other.check_session(&begun.unwrap(), None)), Reason::SessionEnded);
    assert_eq!(refused(redeem(&other, &live.unwrap())), Reason::TokenRevoked);
    redeem(&other, &issue(&other, client)).unwrap();
}

#[test]
fn what_comes_too_late_for_a_restore_to_see_ends_after_it() {
    let place = Place::new();
    drop(full(&place));
    let (name, url) = server().tables();
    verified(copy(&place.store, &url));
    let gate = Gatepass::open(&url).unwrap();
    let backup = place.beside("backup.db");
    gate.backup(&backup, &mut |_, _| {}).unwrap();
    // The rows that somebody on another node writes who has judged by the old content.
    let mut late = server().connection();
    for (table, key, open) in [("session", "session_key", "ended_at"), ("token", "token_key", "revoked_at")] {
        late.query_drop(format!(
            "CREATE TEMPORARY TABLE {name}.late_{table} AS SELECT * FROM {name}.gatepass_{table} LIMIT 1"
        ))
        .unwrap();
        let anew = format!("UPDATE {name}.late_{table} SET {key} = REPEAT('x', 38), {open} = NULL");
        late.query_drop(anew).unwrap();
    }
    late.query_drop(format!("UPDATE {name}.late_token SET redeemed_at = NULL")).unwrap();
    // Nobody may write a later event, which a restore does last of all.
    let mut held = server().connection();
    held.query_drop("BEGIN").unwrap();
    let ahead = format!("SELECT * FROM {name}.gatepass_audit WHERE at > 99999999999999 FOR UPDATE");
    held.query_drop(ahead).unwrap();
    std::thread::scope(|scope| {
        let restoring = scope.spawn(|| gate.restore(&backup, &mut |_, _| {}));
        let waits = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'
            AND trx_rows_modified > 50";
        while server().say(waits) == [0] {
            assert!(!restoring.is_finished(), "{:?}", restoring.join());
            // The server looks at most ten times a second.
            std::thread::sleep(Duration::from_millis(150));
        }
        for table in ["session", "token"] {
            let sql = format!("INSERT INTO {name}.gatepass_{table} SELECT * FROM {name}.late_{table}");
            late.query_drop(sql).unwrap();
        }
        held.query_drop("ROLLBACK").unwrap();
        restoring.join().unwrap().unwrap();
    });
    let left = |table: &str, open: &str| {
        server().say(&format!("SELECT COUNT(*) FROM {name}.gatepass_{table} WHERE {open}"))
    };
    assert_eq!(left("session", "ended_at IS NULL"), [0]);
    assert_eq!(left("token", "redeemed_at IS NULL AND revoked_at IS NULL"), [0]);
    assert_eq!(left("session", "session_key = REPEAT('x', 38)"), [1], "it came late");
}

#[test]
fn whoever_has_a_shared_store_open_sees_what_was_restored() {
    const NAME: &str = "whoever_has_a_shared_store_open_sees_what_was_restored";
    if let Some(words) = job() {
        let gate = Gatepass::open(&words[0]).unwrap();
        assert_eq!(gate.settings().unwrap().token_life_seconds, 30);
        common::say("open");
        common::wait_for_go();
        assert_eq!(gate.settings().unwrap().token_life_seconds, 50);
        return;
    }
    let place = Place::new();
    drop(full(&place));
    let (_, url) = server().tables();
    verified(copy(&place.store, &url));
    let gate = Gatepass::open(&url).unwrap();
    let backup = place.beside("backup.db");
    gate.backup(&backup, &mut |_, _| {}).unwrap();
    gate.set_setting("token_life_seconds", 30.into()).unwrap();
    let mut other = common::start(NAME, &[&url]);
    let mut lines = common::hear(&mut other);
    assert_eq!(lines.next().as_deref(), Some("open"));
    gate.restore(&backup, &mut |_, _| {}).unwrap();
    assert_eq!(lines.next().as_deref(), Some("ready"));
    std::io::Write::write_all(&mut other.stdin.take().unwrap(), b"go\n").unwrap();
    common::done(other);
    // A backup of a shared store is a store, which needs no server.
    let file = Gatepass::open(&backup).unwrap();
    assert_eq!(file.info().unwrap().store_id, gate.info().unwrap().store_id);
}

#[test]
#[cfg(feature = "cli")]
fn the_tool_copies_and_shows_no_password() {
    let place = Place::new();
    drop(full(&place));
    let (_, url) = server().tables();
    let tool = |words: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_gatepass"))
            .args(words)
            .env_remove("GATEPASS_STORE")
            .output()
            .unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!text.contains("unmistakable") && !text.contains("mover"), "{words:?}: {text}");
        (output.status.code(), text)
    };
    let from = place.store.to_str().unwrap();
    let (status, text) = tool(&["copy", "--from", from, "--to", &url, "--json"]);
    assert_eq!(status, Some(0), "{text}");
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["verdict"], "verified");
    assert_eq!(document["tables"]["user"], 2);
    let (status, text) = tool(&["copy", "--from", from, "--to", &url]);
    assert_eq!(status, Some(3), "{text}");
    // A restore needs to be told to replace a store, on a server too.
    let backup = place.beside("backup.db");
    let backup = backup.to_str().unwrap();
    assert_eq!(tool(&["--store", &url, "backup", backup]).0, Some(0));
    assert_eq!(tool(&["--store", &url, "restore", backup]).0, Some(2));
    assert_eq!(tool(&["--store", &url, "restore", backup, "--yes"]).0, Some(0));
    let (_, new) = server().tables();
    assert_eq!(tool(&["--store", &new, "restore", backup]).0, Some(0));
    assert_eq!(tool(&["--store", &new, "check"]).0, Some(0));
}

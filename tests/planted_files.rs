//! No tricks with links: whatever somebody else left where a file is to be made or opened, nothing outside of
//! the store's folder is made or changed, and the answer is clear.
//!
//! The other one may make names in the folder, as in one that everybody may write and that is sticky: links
//! that lead nowhere or to somebody's file, a second name of such a file, a pipe, a file that stays his own.
//! The search for damage is put to a program that goes wrong, too.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use gatepass::{Error, Gatepass, Options, StoreError};
use support::{Talk, folder_with_store, init, issue, names, part, place, play, redeem, root, with_suffix};

/// Who plants, where the tests may be somebody else.
const SOMEBODY: u32 = 65_534;

/// What is found where a file is expected.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Trap {
    LinkToNothing,
    LinkToFile,
    SecondName,
    Pipe,
    /// A file of the planter's own, open to everybody: he reads and changes what is written to it.
    OwnFile,
}

const TRAPS: [Trap; 5] = [Trap::LinkToNothing, Trap::LinkToFile, Trap::SecondName, Trap::Pipe, Trap::OwnFile];

/// A folder that everybody may write, and somebody's file elsewhere.
struct Stage {
    folder: tempfile::TempDir,
    elsewhere: tempfile::TempDir,
}

const PRECIOUS: &str = "what somebody can't do without\n";

impl Stage {
    fn new() -> Self {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
        let stage = Stage { folder, elsewhere };
        fs::write(stage.precious(), PRECIOUS.repeat(1_000)).unwrap();
        fs::set_permissions(stage.precious(), Permissions::from_mode(0o644)).unwrap();
        stage
    }

    fn precious(&self) -> PathBuf {
        self.elsewhere.path().join("precious")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn plant(&self, trap: Trap, at: &Path) {
        match trap {
            Trap::LinkToNothing => symlink(self.elsewhere.path().join("new"), at).unwrap(),
            Trap::LinkToFile => symlink(self.precious(), at).unwrap(),
            Trap::SecondName => fs::hard_link(self.precious(), at).unwrap(),
            Trap::Pipe => assert!(Command::new("mkfifo").arg(at).status().unwrap().success()),
            Trap::OwnFile => {
                fs::write(at, "mine").unwrap();
                fs::set_permissions(at, Permissions::from_mode(0o666)).unwrap();
                chown(at, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
            }
        }
    }

    /// What happened to things that are none of ours, besides the name that was planted there.
    fn damage(&self, trap: Trap) -> Option<&'static str> {
        let metadata = fs::metadata(self.precious()).unwrap();
        if names(self.elsewhere.path()) != ["precious"] {
            Some("a file was made where the link led")
        } else if fs::read_to_string(self.precious()).ok() != Some(PRECIOUS.repeat(1_000)) {
            Some("somebody's file was written over")
        } else if metadata.mode() & 0o777 != 0o644 {
            Some("somebody's file has other rights")
        } else if metadata.nlink() != if trap == Trap::SecondName { 2 } else { 1 } {
            Some("somebody's file lost or got a name")
        } else {
            None
        }
    }
}

/// What an act came to: an error's code, or that it was done. Whoever waits at a pipe waits for ever.
fn outcome<T>(act: impl FnOnce() -> gatepass::Result<T> + Send + 'static) -> String {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let told = match act() {
            Ok(_) => "done".to_owned(),
            Err(Error::Store(error)) => error.code().to_owned(),
            Err(Error::Invalid { field, .. }) => format!("invalid {field}"),
            Err(other) => format!("{other:?}"),
        };
        tell.send(told)
    });
    told.recv_timeout(Duration::from_secs(60)).expect("it hangs, or panicked")
}

/// Play an act before each trap at each place; what it came to must be what `wanted` says.
#[track_caller]
fn before_traps(
    places: &[&str],
    prepare: impl Fn(&Stage),
    act: impl Fn(&Stage) -> String,
    wanted: impl Fn(&str, Trap) -> &'static str,
) {
    let mut wrong = Vec::new();
    for place in places {
        for trap in TRAPS {
            if trap == Trap::OwnFile && !root() {
                continue;
            }
            let stage = Stage::new();
            prepare(&stage);
            let at = stage.at(place);
            let _ = fs::remove_file(&at);
            stage.plant(trap, &at);
            let told = act(&stage);
            if told != wanted(place, trap) {
                wrong.push(format!("{trap:?} at {place}: {told}, not {}", wanted(place, trap)));
            }
            wrong.extend(stage.damage(trap).map(|damage| format!("{trap:?} at {place}: {damage}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn sign_in(path: &Path) -> gatepass::Result<()> {
    // A second handle finds what the first one left.
    for _ in 0..2 {
        let gate = Options::new().deadline(Duration::from_secs(5)).open(path)?;
        let token = issue(&gate)?;
        redeem(&gate, &token)?;
    }
    Ok(())
}

const STORE: [&str; 5] = ["x.db", "x.db-wal", "x.db-shm", "x.db-journal", "x.db-gate"];

/// A gate is passed by when it can't be trusted; nothing else is.
fn of_side_files(place: &str, _: Trap) -> &'static str {
    if place.ends_with("-gate") { "done" } else { "not_a_store" }
}

#[test]
fn a_store_is_made_over_nothing_that_was_planted() {
    before_traps(
        &STORE,
        |_| (),
        |stage| {
            let path = stage.at("x.db");
            outcome(move || Gatepass::init(&path, &init()).and_then(|gate| issue(&gate)))
        },
        |place, trap| if place == "x.db" { "store_exists" } else { of_side_files(place, trap) },
    );
}

#[test]
fn a_store_is_opened_beside_nothing_that_was_planted() {
    before_traps(
        &STORE[1..],
        |stage| drop(Gatepass::init(stage.at("x.db"), &init()).unwrap()),
        |stage| {
            let path = stage.at("x.db");
            outcome(move || sign_in(&path))
        },
        of_side_files,
    );
}

#[test]
fn a_backup_and_a_restore_go_over_nothing_that_was_planted() {
    let prepare = |stage: &Stage| {
        let gate = Gatepass::init(stage.at("x.db"), &init()).unwrap();
        gate.backup(stage.at("good"), &mut |_, _| {}).unwrap();
    };
    let exists = |place: &str, _: Trap| if place == "copy" { "store_exists" } else { "done" };
    let copies = ["copy", "copy-wal", "copy-shm", "copy-journal"];
    let backup = |stage: &Stage| {
        let (path, copy) = (stage.at("x.db"), stage.at("copy"));
        outcome(move || Gatepass::open(path)?.backup(copy, &mut |_, _| {}))
    };
    before_traps(&copies, prepare, backup, exists);
    let restore = |stage: &Stage| {
        let (good, copy) = (stage.at("good"), stage.at("copy"));
        outcome(move || Options::new().restore_to_new(copy, good, &mut |_, _| {}))
    };
    before_traps(&copies, prepare, restore, exists);
    // Beside the backup that is read.
    let side_files = ["good-wal", "good-shm", "good-journal"];
    before_traps(&side_files, prepare, restore, |_, _| "not_a_store");
}

#[test]
fn a_scratch_file_is_made_beside_nothing_that_was_planted() {
    const NAME: &str = "a_scratch_file_is_made_beside_nothing_that_was_planted";
    if part().is_some() {
        support::say("ready");
        support::listen();
        drop(Gatepass::init(place(), &init()).unwrap());
        return sign_in(&place()).unwrap();
    }
    for trap in TRAPS {
        if trap == Trap::OwnFile && !root() {
            continue;
        }
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let stage = Stage::new();
            let mut child = Talk::start(play(NAME, "make", &stage.at("x.db")));
            child.hear("ready");
            // Its name can be foreseen.
            let planted = stage.at(&format!(".x.db.{}-0.new{suffix}", child.id()));
            stage.plant(trap, &planted);
            child.go_on();
            assert!(child.end().success(), "{trap:?} at {suffix}");
            assert_eq!(stage.damage(trap), None, "{trap:?} at {suffix}");
            assert!(fs::symlink_metadata(&planted).is_ok(), "{trap:?} at {suffix} was taken away");
        }
    }
}

#[test]
fn a_sealing_key_is_written_over_nothing_that_was_planted() {
    let act = |stage: &Stage| {
        let (file, store) = (stage.at("seal.key"), stage.elsewhere.path().join("x.db"));
        outcome(move || Gatepass::new_sealing_key_file(file, store))
    };
    before_traps(&["seal.key"], |_| (), act, |_, _| "invalid sealing_key_file");
}

#[cfg(feature = "cli")]
#[test]
fn an_export_is_written_over_nothing_that_was_planted() {
    let act = |stage: &Stage| {
        let (store, output) = (stage.at("x.db"), stage.at("out.jsonl"));
        outcome(move || {
            let mut tool = Command::new("timeout");
            tool.args(["30", env!("CARGO_BIN_EXE_gatepass"), "--json", "--store"]).arg(store);
            let ended = tool.args(["audit", "export", "--output"]).arg(output).output().unwrap();
            let told: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
            match told["error"]["field"].as_str() {
                Some(field) => Err(Error::Invalid { field: field.to_owned().into(), reason: "".into() }),
                None => Ok(()),
            }
        })
    };
    let prepare = |stage: &Stage| drop(Gatepass::init(stage.at("x.db"), &init()).unwrap());
    before_traps(&["out.jsonl"], prepare, act, |_, _| "invalid output");
}

/// Put links in the way and take them away again, as fast as it goes, until the parent says stop.
fn swap(store: &Path) {
    let folder = store.parent().unwrap();
    let precious = fs::read_link(folder.join("aim")).unwrap();
    let nothing = precious.with_file_name("new");
    support::say("ready");
    let (tell, stop) = mpsc::channel();
    std::thread::spawn(move || {
        support::listen();
        tell.send(())
    });
    while stop.try_recv().is_err() {
        for name in ["x.db", "x.db-wal", "x.db-shm", "x.db-journal", "x.db-gate", "copy", "seal.key"] {
            for aim in [&precious, &nothing] {
                // Where something stands, the planter may not put anything.
                if symlink(aim, folder.join(name)).is_ok() {
                    let _ = fs::remove_file(folder.join(name));
                }
            }
        }
    }
}

/// Do something again and again while links come and go; how often it was done and refused.
fn in_the_race(test: &str, mut act: impl FnMut(&Stage) -> Result<(), StoreError>) -> (Stage, [u32; 2]) {
    let stage = Stage::new();
    symlink(stage.precious(), stage.at("aim")).unwrap();
    let mut swapper = Talk::start(play(test, "swap", &stage.at("x.db")));
    swapper.hear("ready");
    let mut counts = [0; 2];
    for _ in 0..300 {
        match act(&stage) {
            Ok(()) => counts[0] += 1,
            Err(_) => counts[1] += 1,
        }
        for name in names(stage.folder.path()) {
            let path = stage.at(&name);
            // What the planter just made is his to take away.
            let ours = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
            if ours {
                fs::remove_file(path).unwrap();
            }
        }
    }
    swapper.go_on();
    assert!(swapper.end().success());
    (stage, counts)
}

#[test]
fn links_that_come_and_go_between_look_and_open_lead_nowhere() {
    const NAME: &str = "links_that_come_and_go_between_look_and_open_lead_nowhere";
    if part().is_some() {
        return swap(&place());
    }
    let (stage, [done, refused]) = in_the_race(NAME, |stage| {
        let made = Gatepass::init(stage.at("x.db"), &init()).and_then(|gate| {
            redeem(&gate, &issue(&gate)?)?;
            gate.backup(stage.at("copy"), &mut |_, _| {})?;
            Gatepass::new_sealing_key_file(stage.at("seal.key"), stage.precious())
        });
        match made {
            Ok(_) => Ok(()),
            Err(Error::Store(error)) => Err(error),
            Err(Error::Invalid { .. }) => Err(StoreError::Exists),
            Err(other) => panic!("{other:?}"),
        }
    });
    println!("{done} done, {refused} refused");
    assert_eq!(stage.damage(Trap::LinkToFile), None);
    assert!(done > 0 && refused > 0, "the links never met anybody: {done} done, {refused} refused");
}

#[test]
fn a_program_that_looks_and_then_writes_is_caught() {
    const NAME: &str = "a_program_that_looks_and_then_writes_is_caught";
    if part().is_some() {
        return swap(&place());
    }
    let (stage, _) = in_the_race(NAME, |stage| {
        for _ in 0..100 {
            let path = stage.at("seal.key");
            if fs::symlink_metadata(&path).is_err() {
                fs::write(&path, "a key").unwrap();
                let _ = fs::remove_file(path);
            }
        }
        Ok(())
    });
    assert!(stage.damage(Trap::LinkToFile).is_some(), "the race was never lost");
}

#[test]
fn damage_by_each_trap_is_seen() {
    for trap in [Trap::LinkToNothing, Trap::LinkToFile, Trap::SecondName] {
        let stage = Stage::new();
        stage.plant(trap, &stage.at("x"));
        assert_eq!(stage.damage(trap), None);
        fs::write(stage.at("x"), "a key").unwrap();
        assert!(stage.damage(trap).is_some(), "{trap:?}");
    }
    let stage = Stage::new();
    stage.plant(Trap::SecondName, &stage.at("x"));
    fs::set_permissions(stage.at("x"), Permissions::from_mode(0o600)).unwrap();
    assert!(stage.damage(Trap::SecondName).is_some());
}

#[test]
fn a_group_s_store_is_opened_beside_a_log_of_another_member() {
    if !root() {
        return eprintln!("SKIPPED: only root can be two users");
    }
    let (_folder, path) = folder_with_store();
    for (mode, told) in [(0o600, "not_a_store"), (0o660, "done")] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let wal = with_suffix(&path, "-wal");
        fs::write(&wal, "").unwrap();
        chown(&wal, Some(SOMEBODY), None).unwrap();
        let opened = path.clone();
        assert_eq!(outcome(move || sign_in(&opened)), told, "{mode:o}");
    }
}

//! Limits that an administrator sets, for real: how large a file may be, and a file system that may not be
//! written.

use std::path::Path;
use std::process::Command;

use gatepass::{Gatepass, StoreError};

use super::full::issued_until_full;
use super::support::{folder_with_store, init, issue, part, place, played_under, redeem, run, store_error};
use super::traced::sound;

/// Run a program; whether it succeeded.
fn done(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_limit_of_file_size_is_a_full_disk_and_ends_with_the_limit() {
    const NAME: &str = "limits::a_limit_of_file_size_is_a_full_disk_and_ends_with_the_limit";
    if part().is_some() {
        let gate = Gatepass::open(place()).unwrap();
        let tokens = issued_until_full(&gate);
        let own = std::process::id().to_string();
        assert!(done("prlimit", &["--pid", &own, "--fsize=unlimited"]));
        for token in &tokens[tokens.len() - 10..] {
            redeem(&gate, token).unwrap();
        }
        return;
    }
    // Who does not ignore the signal that comes with the limit is ended by it, as by any other.
    let wrapper = ["env", "--ignore-signal=XFSZ", "prlimit", "--fsize=400000:unlimited"];
    if !done(wrapper[0], &[&wrapper[1..], &["true"]].concat()) {
        return eprintln!("SKIPPED {NAME}: no prlimit here");
    }
    let (_folder, path) = folder_with_store();
    run(&mut played_under(&wrapper, &std::env::current_exe().unwrap(), NAME, "fill", &path));
    sound(&path);
}

#[test]
fn a_file_system_that_may_only_be_read_is_said_to_be_so_until_it_may_be_written() {
    const NAME: &str = "limits::a_file_system_that_may_only_be_read_is_said_to_be_so_until_it_may_be_written";
    if part().is_some() {
        let path = place().join("gatepass.db");
        let remount =
            |how: &str| done("mount", &["-o", &format!("remount,{how}"), place().to_str().unwrap()]);
        let gate = Gatepass::init(&path, &init()).unwrap();
        let token = issue(&gate).unwrap();
        // The system keeps a store that is open from it.
        assert!(!remount("ro"), "remounted under files that are open for writing");
        redeem(&gate, &token).unwrap();
        drop(gate);
        assert!(remount("ro"));
        assert_eq!(store_error(Gatepass::open(&path)), StoreError::ReadOnly);
        assert_eq!(store_error(Gatepass::init(place().join("new.db"), &init())), StoreError::ReadOnly);
        assert!(remount("rw"));
        drop(sound(&path));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mount =
        |folder: &Path| format!("mount -t tmpfs -o size=4m none '{}' && exec \"$@\"", folder.display());
    let mount = mount(folder.path());
    let wrapper = ["unshare", "--mount", "sh", "-c", &mount, "sh"];
    if !done(wrapper[0], &[&wrapper[1..], &["true"]].concat()) {
        return eprintln!("SKIPPED {NAME}: nothing can be mounted here");
    }
    run(&mut played_under(&wrapper, &std::env::current_exe().unwrap(), NAME, "remount", folder.path()));
}

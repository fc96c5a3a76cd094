//! Every file is private, whatever the umask and the folder: the store, what stands beside it, backups,
//! restored stores, the sealing key, exports, and what is made on the way.
//!
//! Everything is done in a child under each umask, in a plain folder, in one that gives its group away
//! (setgid) and in one whose default ACL lets somebody in. A file that the child makes without care must be
//! seen to be open, or the look at the others proves nothing.
#![cfg(feature = "cli")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use gatepass::{Gatepass, Options};
use support::{
    init, issue, mode, names, part, place, played_under, readable_by_all, redeem, root, run, with_suffix,
    world_readable_program,
};

const UMASKS: [&str; 4] = ["000", "022", "077", "777"];

/// Whose the files are, where the tests may choose.
const OWNER: u32 = 65_534;

/// Somebody else, whom the folder's default ACL lets in.
const OTHER: u32 = 65_533;

/// The group that a setgid folder gives its files.
const GROUP: u32 = 65_532;

/// What a user is called by `setpriv`.
fn as_user(user: u32) -> Vec<String> {
    let ids = [format!("--reuid={user}"), format!("--regid={user}"), "--clear-groups".to_owned()];
    ["setpriv".to_owned()].into_iter().chain(ids).collect()
}

/// Of the files in a folder those with rights beyond `wanted`.
fn too_open(folder: &Path, wanted: u32) -> BTreeSet<String> {
    let open = |name: &String| mode(&folder.join(name)) & !wanted != 0;
    names(folder).into_iter().filter(open).collect()
}

/// Make every file there is, and look at each while it is there.
fn make_everything(store: &Path, group: bool) {
    let folder = store.parent().unwrap();
    let wanted = if group { 0o660 } else { 0o600 };
    let mut scratch = BTreeSet::new();
    let mut look = |_, _| {
        assert!(too_open(folder, wanted).is_empty(), "{:?}", too_open(folder, wanted));
        scratch.extend(names(folder).into_iter().filter(|name| name.contains(".new")));
    };
    let gate = Gatepass::init(store, &init().group_writable(group)).unwrap();
    redeem(&gate, &issue(&gate).unwrap()).unwrap();
    let (backup, restored) = (with_suffix(store, ".backup"), with_suffix(store, ".restored"));
    gate.backup(&backup, &mut look).unwrap();
    Options::new().restore_to_new(&restored, &backup, &mut look).unwrap();
    gate.restore(&backup, &mut look).unwrap();
    let again = Gatepass::open(&restored).unwrap();
    redeem(&again, &issue(&again).unwrap()).unwrap();
    assert!(scratch.len() > 2, "no file was seen while it was made: {scratch:?}");

    let keys = tempfile::tempdir_in(folder.parent().unwrap()).unwrap();
    let key = keys.path().join("seal.key");
    // The folder of the test's own has the rights that the umask leaves.
    fs::set_permissions(keys.path(), Permissions::from_mode(0o700)).unwrap();
    Gatepass::new_sealing_key_file(&key, store).unwrap();
    assert_eq!(mode(&key), 0o600);

    let export = folder.join("export.jsonl");
    let mut tool = Command::new(folder.parent().unwrap().join("gatepass"));
    let tool = tool.arg("--store").arg(store).args(["audit", "export", "--output"]).arg(&export);
    let ended = tool.stdin(Stdio::null()).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(mode(&export), 0o600);

    for suffix in ["", "-wal", "-shm", "-gate", ".backup"] {
        assert_eq!(mode(&with_suffix(store, suffix)), wanted, "{suffix}");
    }
    for suffix in ["", "-wal", "-shm", "-gate"] {
        assert_eq!(mode(&with_suffix(&restored, suffix)), 0o600, "the restored store's {suffix}");
    }
    assert_eq!(names(folder).len(), 4 + 1 + 4 + 1, "{:?}", names(folder));
}

/// Let somebody in to every file that is made in a folder, for those who don't look.
fn with_default_acl(folder: &Path) -> bool {
    const NOBODY: u32 = u32::MAX;
    let entries: [(u16, u32); 5] = [(1, NOBODY), (2, OTHER), (4, NOBODY), (0x10, NOBODY), (0x20, NOBODY)];
    let mut acl = 2_u32.to_le_bytes().to_vec();
    for (tag, id) in entries {
        acl.extend(tag.to_le_bytes());
        acl.extend(7_u16.to_le_bytes());
        acl.extend(id.to_le_bytes());
    }
    let (path, name) = (CString::new(folder.as_os_str().as_bytes()).unwrap(), c"system.posix_acl_default");
    // SAFETY: all of them outlive the call, which only reads them.
    unsafe { libc::setxattr(path.as_ptr(), name.as_ptr(), acl.as_ptr().cast(), acl.len(), 0) == 0 }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    Setgid,
    DefaultAcl,
}

/// A folder of that kind, the owner's; `None` where there is no such thing.
fn folder_of(kind: Kind, inside: &Path, name: &str) -> Option<PathBuf> {
    let folder = inside.join(name);
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    match kind {
        Kind::Plain => {}
        Kind::Setgid if !root() => return None,
        Kind::Setgid => {
            chown(&folder, None, Some(GROUP)).unwrap();
            fs::set_permissions(&folder, Permissions::from_mode(0o2777)).unwrap();
        }
        Kind::DefaultAcl => {
            if !with_default_acl(&folder) {
                return None;
            }
        }
    }
    Some(folder)
}

/// Whether somebody else can read a file. He is asked himself.
fn others_read(file: &Path) -> bool {
    let user = as_user(OTHER);
    Command::new(&user[0])
        .args(&user[1..])
        .arg("cat")
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

#[test]
fn every_file_is_private_whatever_the_umask_and_the_folder() {
    const NAME: &str = "every_file_is_private_whatever_the_umask_and_the_folder";
    if let Some(bits) = part() {
        make_everything(&place(), bits == "660");
        fs::write(place().with_file_name("careless"), "made without care").unwrap();
        return;
    }
    let above = tempfile::tempdir().unwrap();
    fs::set_permissions(above.path(), Permissions::from_mode(0o777)).unwrap();
    let program = world_readable_program(above.path());
    readable_by_all(Path::new(env!("CARGO_BIN_EXE_gatepass")), &above.path().join("gatepass"));
    let owner = as_user(OWNER);
    let (mut looked_at, mut left_out) = (0, BTreeSet::new());
    for kind in [Kind::Plain, Kind::Setgid, Kind::DefaultAcl] {
        for umask in UMASKS {
            for bits in ["600", "660"] {
                let Some(folder) = folder_of(kind, above.path(), &format!("{kind:?}-{umask}-{bits}")) else {
                    left_out.insert(format!("{kind:?}"));
                    continue;
                };
                let script = format!("umask {umask}; exec \"$@\"");
                let mut wrapper: Vec<&str> = vec!["sh", "-c", &script, "sh"];
                if root() {
                    wrapper.splice(..0, owner.iter().map(String::as_str));
                }
                run(&mut played_under(&wrapper, &program, NAME, bits, &folder.join("x.db")));

                let wanted = if bits == "600" { 0o600 } else { 0o660 };
                let careless = ["000", "022"].contains(&umask) || kind == Kind::DefaultAcl;
                let seen: Vec<String> = too_open(&folder, wanted).into_iter().collect();
                assert_eq!(seen, if careless { &["careless"][..] } else { &[] }, "{kind:?} {umask} {bits}");
                if root() && bits == "600" {
                    let read = |name: &String| others_read(&folder.join(name));
                    let read: Vec<String> = names(&folder).into_iter().filter(read).collect();
                    let expected = mode(&folder.join("careless")) & 0o004 != 0 || kind == Kind::DefaultAcl;
                    assert_eq!(read, if expected { &["careless"][..] } else { &[] }, "{kind:?} {umask}");
                }
                looked_at += names(&folder).len();
            }
        }
    }
    println!("{looked_at} files looked at; left out: {left_out:?}");
}

#[test]
fn what_the_self_checks_make_for_a_moment_is_closed_to_others() {
    for umask in ["000", "777"] {
        for check in [&["demo"][..], &["race", "--tokens", "20", "--processes", "2"]] {
            let folder = tempfile::tempdir().unwrap();
            let script = format!("umask {umask}; exec \"$@\"");
            let mut tool = Command::new("sh");
            tool.args(["-c", &script, "sh", "timeout", "100", env!("CARGO_BIN_EXE_gatepass")]).args(check);
            let mut child = tool.arg("--folder").arg(folder.path()).stdout(Stdio::null()).spawn().unwrap();
            let mut seen = BTreeSet::new();
            while child.try_wait().unwrap().is_none() {
                for name in names(folder.path()) {
                    // It may be gone by now.
                    if let Ok(metadata) = fs::metadata(folder.path().join(&name)) {
                        assert_eq!(
                            metadata.permissions().mode() & 0o077,
                            0,
                            "{check:?} under {umask}: {name}"
                        );
                        seen.insert(name);
                    }
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            assert!(child.wait().unwrap().success(), "{check:?} under {umask}");
            assert!(!seen.is_empty(), "{check:?}: nothing was seen of it");
        }
    }
}

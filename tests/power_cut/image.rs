//! The machine's disk, a file: a store in a file system, and behind that the notes of those who act on it.
//!
//! The notes go past whatever the system keeps in memory, each to a sector of its own. So they stand in the
//! disk's log among the writes and flushes of the file system, and what was answered before any of these is
//! known. They are never dropped.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use super::fate::SECTOR;
use super::notes::Notes;

/// So long is the file system.
pub(crate) const SYSTEM: usize = 64 << 20;

/// So long are the notes of one process, and so many processes have room.
const REGION: u64 = 8 << 20;
const REGIONS: u64 = 4;

/// The store's folder in the file system, and its name there.
pub(crate) const FOLDER: &str = "store";
pub(crate) const STORE: &str = "gatepass.db";

/// What a disk writes as a whole, where the kernel can hand it over without a copy.
#[repr(align(4096))]
struct Sector([u8; SECTOR]);

/// Notes of one process, on the disk that the machine knows by this path.
pub(crate) fn noted_on(disk: &Path, process: u64) -> Notes {
    assert!(process < REGIONS);
    let file = OpenOptions::new().write(true).custom_flags(libc::O_DIRECT).open(disk).unwrap();
    let from = u64::try_from(SYSTEM).unwrap() + process * REGION;
    let next = AtomicU64::new(from);
    Notes::by(move |text| {
        let mut sector = Sector([0; SECTOR]);
        sector.0[..text.len()].copy_from_slice(text.as_bytes());
        let at = next.fetch_add(512, Ordering::Relaxed);
        assert!(at < from + REGION, "no room for more notes");
        file.write_all_at(&sector.0, at).unwrap();
    })
}

/// The notes in a write behind the file system. The kernel makes one write of two that lie side by side.
pub(crate) fn notes_of(bytes: &[u8]) -> impl Iterator<Item = &str> {
    let texts = bytes.chunks(SECTOR).map_while(|sector| sector.split(|byte| *byte == 0).next());
    texts.take_while(|text| !text.is_empty()).map(|text| std::str::from_utf8(text).unwrap())
}

/// A new disk, with the files of that folder.
pub(crate) fn make(image: &Path, folder: &Path) {
    File::create(image).unwrap().set_len(SYSTEM as u64).unwrap();
    let mut command = Command::new(program("mke2fs"));
    command.args([
        "-q",
        "-F",
        "-t",
        "ext4",
        "-E",
        "lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
        "-d",
    ]);
    run(command.arg(folder).arg(image));
    without_notes(image);
}

/// Take all notes away.
pub(crate) fn without_notes(image: &Path) {
    let file = OpenOptions::new().write(true).open(image).unwrap();
    file.set_len(SYSTEM as u64).unwrap();
    file.set_len(SYSTEM as u64 + REGIONS * REGION).unwrap();
}

/// Whether anybody has noted anything.
pub(crate) fn is_noted_on(image: &Path) -> bool {
    let file = File::open(image).unwrap();
    let mut first = [0];
    (0..REGIONS).any(|region| {
        file.read_exact_at(&mut first, SYSTEM as u64 + region * REGION).unwrap();
        first != [0]
    })
}

/// The notes of all processes, each one's in their order.
pub(crate) fn notes(image: &Path) -> Vec<String> {
    let mut file = File::open(image).unwrap();
    let mut notes = Vec::new();
    let mut region = vec![0; usize::try_from(REGION).unwrap()];
    file.seek(SeekFrom::Start(SYSTEM as u64)).unwrap();
    for _ in 0..REGIONS {
        file.read_exact(&mut region).unwrap();
        notes.extend(notes_of(&region).map(str::to_owned));
    }
    notes
}

/// The file system alone.
pub(crate) fn system(image: &Path) -> Vec<u8> {
    let mut system = vec![0; SYSTEM];
    File::open(image).unwrap().read_exact(&mut system).unwrap();
    system
}

/// Lay a file system down as a file; its empty parts take no room.
pub(crate) fn lay_down(system: &[u8], image: &Path) {
    const BLOCK: usize = 64 << 10;
    let mut file = File::create(image).unwrap();
    file.set_len(system.len() as u64).unwrap();
    for (place, block) in system.chunks(BLOCK).enumerate() {
        if block != &[0; BLOCK][..block.len()] {
            file.seek(SeekFrom::Start((place * BLOCK) as u64)).unwrap();
            file.write_all(block).unwrap();
        }
    }
}

/// Bring a file system back as the next start of a machine does, and take the store's folder out of it. What
/// is wrong with it otherwise is the error.
pub(crate) fn brought_back(image: &Path, to: &Path) -> Result<PathBuf, String> {
    // The journal is done again, and then everything is looked at.
    let check = Command::new(program("e2fsck")).args(["-f", "-p"]).arg(image).output().unwrap();
    // Bit 1: something was mended that `-p` mends without asking, such as files that were deleted while open.
    if check.status.code().is_none_or(|code| code & !1 != 0) {
        return Err(format!("the file system is broken: {}", String::from_utf8_lossy(&check.stdout)));
    }
    let dump = format!("rdump {FOLDER} {}", to.display());
    run(Command::new(program("debugfs")).args(["-R", &dump]).arg(image));
    Ok(to.join(FOLDER).join(STORE))
}

/// Programs of the administrator stand where not everybody looks.
pub(crate) fn program(name: &str) -> PathBuf {
    let folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
    let found = folders.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{name} is missing"))
}

pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

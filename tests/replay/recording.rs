//! A store in a folder that is watched: the programs that act on it run under the recorder, and what they did
//! to the disk is read from its log.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use super::common::{self, Place, person};
use super::disk::Disk;
use super::log::{Entry, Log};
use super::notes::Notes;
use super::preload::preload;
use gatepass::Gatepass;
use gatepass::directory::Mode;

/// The store's name in its folder.
pub(crate) const STORE: &str = "gatepass.db";

/// The file to which notes are written.
const NOTES: &str = "acknowledged";

/// The signal by which the recorder ends a process.
const KILLED: i32 = 9;

/// Notes in that file: each is one record.
pub(crate) fn noted_in(file: &Path) -> Notes {
    let file = OpenOptions::new().append(true).open(file).unwrap();
    Notes::by(move |text| assert_eq!((&file).write(text.as_bytes()).unwrap(), text.len()))
}

/// A folder of its own, with or without a store in it.
pub(crate) struct Stage {
    pub(crate) place: Place,
    files: Vec<(String, u64, Vec<u8>)>,
}

/// What was done on a stage.
pub(crate) struct Recording {
    log: Log,
    before: Disk<'static>,
    /// Where the log lies as long as this lives.
    pub(crate) stage: Stage,
}

impl Stage {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        let place = Place::new();
        std::fs::write(place.store.with_file_name(NOTES), []).unwrap();
        std::fs::write(place.beside("log"), []).unwrap();
        Stage { place, files: Vec::new() }
    }

    /// A store with Ann in it, to which `more` is done, whole on the disk.
    pub(crate) fn with_store(more: impl FnOnce(&Gatepass)) -> Self {
        let mut stage = Self::empty();
        let gate = stage.place.init(Mode::Managed);
        person(&gate, "ann@example.com");
        gate.set_setting("autoauth_enabled", true.into()).unwrap();
        gate.add_admin("owner", None).unwrap();
        more(&gate);
        drop(gate);
        stage.files = contents(stage.folder());
        stage
    }

    /// What a power cut has left, whole on the disk.
    pub(crate) fn left_by_a_power_cut(left: &BTreeMap<String, Vec<u8>>) -> Self {
        let mut stage = Self::empty();
        lay_out(stage.folder(), left);
        stage.files = contents(stage.folder());
        stage
    }

    /// The same store without a gate: a folder can't be locked, so that everybody goes on without.
    pub(crate) fn without_gate(self) -> Self {
        let gate = self.place.suffixed("-gate");
        if gate.exists() {
            std::fs::remove_file(&gate).unwrap();
        }
        std::fs::create_dir(gate).unwrap();
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.place.store.parent().unwrap()
    }

    /// A program that acts here, under the recorder; of what it wants synced, `swallowed` is not.
    pub(crate) fn command(&self, test: &str, words: &[&str], swallowed: &str) -> Command {
        let notes = self.folder().join(NOTES);
        let all = [&[self.place.store.to_str().unwrap(), notes.to_str().unwrap()], words].concat();
        let mut command = common::command(test, &all);
        command
            .env("LD_PRELOAD", recorder())
            .env("GATEPASS_TEST_FOLDER", self.folder())
            .env("GATEPASS_TEST_LOG", self.place.beside("log"))
            .env("GATEPASS_TEST_SWALLOW", swallowed)
            .stdout(Stdio::null());
        command
    }

    /// Let these run at once, to their ends or until they are killed; how many were.
    pub(crate) fn run(&self, commands: Vec<Command>) -> usize {
        let children: Vec<Child> = commands.into_iter().map(|mut command| command.spawn().unwrap()).collect();
        let mut all_killed = 0;
        for mut child in children {
            let status = child.wait().unwrap();
            let killed = status.signal() == Some(KILLED);
            assert!(status.success() || killed, "a process of the test failed; its output stands above");
            all_killed += usize::from(killed);
        }
        all_killed
    }

    /// What was done here until now.
    pub(crate) fn recording(self) -> Recording {
        let log = Log::read(&self.place.beside("log"));
        let folder = std::fs::metadata(self.folder()).unwrap().ino();
        let before = Disk::new(folder, self.files.clone());
        let recording = Recording { log, before, stage: self };
        recording.is_complete();
        recording
    }

    /// Let these run at once to their ends, and take the log.
    pub(crate) fn record(self, commands: Vec<Command>) -> Recording {
        self.run(commands);
        self.recording()
    }
}

impl Recording {
    pub(crate) fn entries(&self) -> Vec<Entry<'_>> {
        self.log.entries()
    }

    /// The disk as it was before all of it.
    pub(crate) fn before(&self) -> Disk<'_> {
        self.before.clone()
    }

    /// Nothing escaped the recorder: what it wrote down makes, byte for byte, what stands in the folder now.
    fn is_complete(&self) {
        let mut disk = self.before();
        for entry in self.entries() {
            disk.apply(&entry);
        }
        let there: BTreeMap<_, _> =
            contents(self.stage.folder()).into_iter().map(|(name, _, content)| (name, content)).collect();
        let replayed = disk.seen();
        assert!(replayed.keys().eq(there.keys()), "{:?} and {:?}", replayed.keys(), there.keys());
        for (name, content) in &there {
            assert!(replayed[name] == *content, "{name} is not as the log makes it");
        }
    }
}

/// Make these files.
pub(crate) fn lay_out(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for (name, content) in files {
        let mut private = OpenOptions::new();
        let mut file = private.create_new(true).write(true).mode(0o600).open(folder.join(name)).unwrap();
        file.write_all(content).unwrap();
    }
}

/// Name, inode and content of every file that the recorder watches.
fn contents(folder: &Path) -> Vec<(String, u64, Vec<u8>)> {
    let left_out = |name: &str| name == NOTES || name.contains("-shm") || name.contains("-gate");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    let named = files.map(|file| (file.file_name().into_string().unwrap(), file));
    let watched = named.filter(|(name, _)| !left_out(name));
    watched
        .map(|(name, file)| (name, file.metadata().unwrap().ino(), std::fs::read(file.path()).unwrap()))
        .collect()
}

/// The recorder, compiled once per run.
fn recorder() -> &'static Path {
    static RECORDER: OnceLock<PathBuf> = OnceLock::new();
    RECORDER.get_or_init(|| preload("replay/recorder.c"))
}

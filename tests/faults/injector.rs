//! Orders to the injector (`injector.c`), which a child runs under: which of its calls fail, and how.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::preload::preload;

const FOLDER: &str = "GATEPASS_TEST_FOLDER";
const ORDERS: &str = "GATEPASS_TEST_ORDERS";

/// Calls of the system that can be harmed, as the injector knows them.
pub(crate) mod calls {
    pub(crate) const WRITE: u32 = 1;
    pub(crate) const SYNC: u32 = 2;
    pub(crate) const READ: u32 = 4;
    pub(crate) const OPEN: u32 = 8;
    pub(crate) const TRUNCATE: u32 = 16;
    pub(crate) const NAME: u32 = 32;
    pub(crate) const MAP: u32 = 64;
    pub(crate) const STAT: u32 = 128;
    pub(crate) const LOCK: u32 = 256;
}

/// Files whose calls can be harmed.
pub(crate) mod files {
    pub(crate) const ALL: u32 = 31;
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Harm {
    /// It fails with this error.
    Fails(i32),
    /// Half of it is done, and told to be half.
    CutShort,
    /// Nothing is done, and it is told to have succeeded: a broken disk, which must be noticed by the tests.
    Swallowed,
}

/// A kind of fault.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) calls: u32,
    pub(crate) files: u32,
    pub(crate) harm: Harm,
}

impl Fault {
    pub(crate) const fn on_all(calls: u32, harm: Harm) -> Self {
        Fault { calls, files: files::ALL, harm }
    }
}

/// The file of orders.
pub(crate) struct Injector {
    path: PathBuf,
    orders: File,
}

impl Injector {
    /// For children that are to be started; nothing is harmed before it is ordered. The file must not stand
    /// in the folder that is watched.
    pub(crate) fn new(path: PathBuf) -> Self {
        std::fs::write(&path, [0; 32]).unwrap();
        Self::at(path)
    }

    /// The one that this process runs under.
    pub(crate) fn here() -> Self {
        Self::at(std::env::var_os(ORDERS).expect("a child is told where its orders are").into())
    }

    fn at(path: PathBuf) -> Self {
        let orders = File::options().write(true).read(true).open(&path).unwrap();
        Injector { path, orders }
    }

    /// Have a program run under it, and watch its calls on files in this folder.
    pub(crate) fn watch(&self, command: &mut Command, folder: &Path) {
        static OBJECT: OnceLock<PathBuf> = OnceLock::new();
        let object = OBJECT.get_or_init(|| preload("faults/injector.c"));
        command.env("LD_PRELOAD", object).env(FOLDER, folder).env(ORDERS, &self.path);
    }

    fn put(&self, at: u64, words: &[u32]) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.orders.write_all_at(&bytes, at * 4).unwrap();
    }

    /// Harm the calls from the `from`th to the `until`th that come after this.
    pub(crate) fn order(&self, fault: Fault, from: u32, until: u32) {
        let (harm, error) = match fault.harm {
            Harm::Fails(error) => (1, error.unsigned_abs()),
            Harm::CutShort => (2, 0),
            Harm::Swallowed => (3, 0),
        };
        self.stop();
        self.put(1, &[fault.files, from, until, harm, error, 0, 0]);
        self.put(0, &[fault.calls]);
    }

    /// Harm nothing any more. How many calls were harmed since the order.
    pub(crate) fn stop(&self) -> u32 {
        self.put(0, &[0]);
        let mut harmed = [0; 4];
        self.orders.read_exact_at(&mut harmed, 7 * 4).unwrap();
        u32::from_ne_bytes(harmed)
    }
}

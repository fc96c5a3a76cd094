//! What every part is given, and the machine that it runs on.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

/// How much is to be done, and where.
pub(crate) struct Setup {
    /// Rounds of each contest.
    pub(crate) rounds: usize,
    /// Acts in a round that counts acts.
    pub(crate) count: usize,
    /// How long a round lasts that counts time.
    pub(crate) length: Duration,
    /// Rows of the fullest store.
    pub(crate) rows: i64,
    /// An empty folder on the disk of the working tree, removed at the end.
    pub(crate) folder: PathBuf,
    /// Whether figures are wanted, or only to see that it works: then one tiny round, without other
    /// languages.
    pub(crate) benching: bool,
    _folder: TempDir,
}

impl Setup {
    pub(crate) fn new(benching: bool, quick: bool, rounds: Option<usize>) -> Self {
        let folder = tempfile::tempdir_in(target()).unwrap();
        assert!(!(benching && in_memory(folder.path())), "{:?} is in memory: nothing syncs there", target());
        let (own, count, length, rows) = match (benching, quick) {
            (false, _) => (1, 10, 20, 1_000),
            (true, true) => (3, 100, 200, 1_000_000),
            (true, false) => (5, 400, 500, 10_000_000),
        };
        Setup {
            rounds: rounds.unwrap_or(own),
            count,
            length: Duration::from_millis(length),
            rows,
            folder: folder.path().into(),
            benching,
            _folder: folder,
        }
    }

    /// Rounds of a contest whose rounds are short: what the machine does besides differs from one to the
    /// next, and the median of many says more than a long one.
    pub(crate) fn many_rounds(&self) -> usize {
        self.rounds * 5
    }

    /// A folder of its own for a part.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Cargo's target directory.
pub(crate) fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// The shared library that other languages load: what `GATEPASS_LIBRARY` names, or cargo's.
pub(crate) fn library() -> PathBuf {
    let library = std::env::var_os("GATEPASS_LIBRARY")
        .map_or_else(|| target().join("release/libgatepass.so"), PathBuf::from);
    assert!(library.exists(), "{library:?} is missing: cargo build --release -p gatepass-c");
    library
}

/// A program of the bench in C, made in `folder` against the committed header and the shared library.
pub(crate) fn c_program(source: &str, folder: &Path) -> Command {
    let (program, library) = (folder.join(source).with_extension(""), library());
    let status = Command::new("cc")
        .args(["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-O2", "-o"])
        .args([&program, &root().join("benches/performance").join(source)])
        .arg("-I")
        .arg(root().join("include"))
        .arg(&library)
        .status()
        .unwrap();
    assert!(status.success());
    // The name that the program asks the loader for.
    std::os::unix::fs::symlink(&library, folder.join("libgatepass.so.1")).unwrap();
    let mut command = Command::new(program);
    command.env("LD_LIBRARY_PATH", folder);
    command
}

fn in_memory(folder: &Path) -> bool {
    ["tmpfs", "ramfs"].contains(&file_system(folder).as_str())
}

/// The kind of file system that a folder lies on: of the mounts above it the nearest.
pub(crate) fn file_system(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap();
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?, words.next()?))
    });
    // A later mount on the same folder hides an earlier one; `max_by_key` takes the last.
    let nearest = mounts
        .filter(|(at, _)| folder.starts_with(at))
        .max_by_key(|(at, _)| Path::new(at).components().count());
    nearest.map_or_else(|| "unknown".into(), |(_, kind)| kind.into())
}

/// The machine in a line: what a reader needs to judge absolute figures.
pub(crate) fn machine() -> String {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = read("/proc/cpuinfo");
    let processor = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, name)| name);
    let memory = read("/proc/meminfo");
    let memory = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0);
    format!(
        "{cores} cores ({processor}, {}), {:.0} GiB of memory, {} on the disk, Linux {}; {}",
        std::env::consts::ARCH,
        memory / 1024.0 / 1024.0,
        file_system(target()),
        read("/proc/sys/kernel/osrelease").trim(),
        surroundings(),
    )
}

/// What else may have had a part in the figures: other work, and at which priority ours was done.
fn surroundings() -> String {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The 41st field is the scheduling policy; the second, in parentheses, may hold blanks.
    let policy = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(41 - 3));
    let priority = match policy {
        Some("1" | "2") => "at real-time priority",
        _ => "at default priority",
    };
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("load {} at the start, measured {priority}", load.split(' ').next().unwrap_or("unknown"))
}

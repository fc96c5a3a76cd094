//! The clock and the random bytes of every program that a story runs: `fixed.c`, and the file that it looks at.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) struct Fixed {
    shim: PathBuf,
    path: PathBuf,
    file: File,
}

impl Fixed {
    pub(crate) fn new(folder: &Path) -> Self {
        let (shim, path) = (folder.join("fixed.so"), folder.join("fixed"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/fixed.c");
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let options = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"];
        let made = Command::new(compiler).args(options).arg(&shim).arg(source).status().unwrap();
        assert!(made.success(), "fixed.c does not compile");
        std::fs::write(&path, [0; 16]).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        let fixed = Fixed { shim, path, file };
        fixed.set(super::story::START_MS, 0x11);
        fixed
    }

    pub(crate) fn set(&self, ms: i64, fill: u8) {
        self.file.write_all_at(&ms.to_ne_bytes(), 0).unwrap();
        self.file.write_all_at(&[fill], 8).unwrap();
    }

    /// A program under this clock.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("LD_PRELOAD", &self.shim).env("GATEPASS_TEST_FIXED", &self.path);
        command
    }
}

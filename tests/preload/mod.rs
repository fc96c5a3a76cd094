//! Shared objects that are loaded before libc, to see or to harm what a program does with its files.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The object of a C file of the tests (`replay/recorder.c`), compiled.
pub(crate) fn preload(source: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(source);
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join(source.with_extension("so").file_name().unwrap());
    let new = made.with_extension(format!("{}.so", std::process::id()));
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let options = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"];
    let done = Command::new(compiler).args(options).arg(&new).arg(&source).status().unwrap();
    assert!(done.success(), "{} does not compile", source.display());
    // Another run may be using the one that is there.
    std::fs::rename(new, &made).unwrap();
    made
}

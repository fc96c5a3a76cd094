//! The shared library that the tests of other languages use.

use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The shared library of this source: the one that `GATEPASS_LIBRARY` names, as `tests/run` does, or cargo's.
pub(crate) fn shared_library() -> PathBuf {
    if let Some(library) = std::env::var_os("GATEPASS_LIBRARY") {
        return library.into();
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--locked", "--quiet", "-p", "gatepass-c", "--message-format=json"]);
    let made = cargo.current_dir(root()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let messages = String::from_utf8(made.stdout).unwrap();
    let file = messages.split('"').find(|text| text.ends_with("/libgatepass.so"));
    file.expect("cargo names the library").into()
}

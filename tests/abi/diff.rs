//! Two headers held against each other, types included, by libabigail. It compares libraries, so of each
//! header one is made whose functions do nothing: it has the interface that the header declares and nothing
//! that depends on the machine's compiler for Rust. That the real library is what today's header says is
//! shown by the tests beside this.

use std::fs;
use std::path::Path;
use std::process::Command;

/// What a program that was compiled against the header `old` would stumble over in a library with the header
/// `new`; none if `new` only has more.
pub(crate) fn breaks(place: &Path, old: &str, new: &str) -> Option<String> {
    let libraries = [("old", old), ("new", new)].map(|(name, header)| library(place, name, header));
    let told = Command::new("abidiff").arg("--no-added-syms").args(libraries).output().unwrap();
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    match told.status.code() {
        Some(0) => None,
        // Bit 4: a change; bit 8: one that breaks what was compiled. 1 and 2 are faults of its own.
        Some(code) if code & 3 == 0 => Some(said),
        code => panic!("abidiff ended with {code:?}: {said}{}", String::from_utf8_lossy(&told.stderr)),
    }
}

fn library(place: &Path, name: &str, header: &str) -> std::path::PathBuf {
    let (source, library) = (place.join(name).with_extension("c"), place.join(name).with_extension("so"));
    let code = header.lines().filter(|line| !line.trim_start().starts_with("//"));
    // With their bodies in place, the declarations are the program.
    let bodies: String = code
        .flat_map(|line| [&line.replace(");", ") { __builtin_trap(); }"), "\n"].map(str::to_owned))
        .collect();
    fs::write(&source, bodies).unwrap();
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let flags = ["-std=gnu99", "-g", "-w", "-shared", "-fPIC", "-o"];
    let told = Command::new(compiler).args(flags).arg(&library).arg(&source).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    library
}

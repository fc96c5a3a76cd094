//! Takes the combiner's sources as they are or, if `GATEPASS_MODEL_FAULT` names one, with a fault in them.

#[path = "src/faults.rs"]
mod faults;

use std::path::Path;
use std::{env, fs};

use faults::{FAULTS, SOURCES};

fn main() {
    println!("cargo:rerun-if-env-changed=GATEPASS_MODEL_FAULT");
    println!("cargo:rerun-if-changed=src/faults.rs");
    let wanted = env::var("GATEPASS_MODEL_FAULT").unwrap_or_default();
    let fault = FAULTS.iter().find(|fault| fault.name == wanted);
    assert!(wanted.is_empty() || fault.is_some(), "there is no fault {wanted}");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src");
    let out = env::var("OUT_DIR").expect("cargo names the folder");
    for name in SOURCES {
        let path = source.join(name);
        println!("cargo:rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for fault in FAULTS.iter().filter(|fault| fault.source == *name) {
            let places = text.matches(fault.right).count();
            assert_eq!(places, 1, "src/{name} has what the fault {} changes in {places} places", fault.name);
        }
        let text = match fault {
            Some(fault) if fault.source == *name => text.replace(fault.right, fault.wrong),
            _ => text,
        };
        // What describes a module must stand at its head, where `include!` is none.
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("//!")).collect();
        let file = Path::new(name).file_name().expect("a source has a name");
        fs::write(Path::new(&out).join(file), lines.join("\n")).expect("cargo's folder can be written");
    }
}

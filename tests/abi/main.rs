//! The C ABI as a whole: header, exported symbols, committed list and source say the same, and every export
//! passes through the one guard. What the functions do is tested from C, in `tests/c`.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod diff;
mod exports;
#[path = "../library/mod.rs"]
mod library;
#[path = "../programs/mod.rs"]
mod programs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use library::{root, shared_library};
use programs::is_here;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The header as the source makes it now.
fn made_header() -> String {
    let mut header = Vec::new();
    cbindgen::generate(root()).expect("cbindgen makes the header").write(&mut header);
    String::from_utf8(header).unwrap()
}

/// The functions that a header declares.
fn declared(header: &str) -> BTreeSet<String> {
    let code: String = header.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '(')
        .filter_map(|word| word.split_once('(').map(|(name, _)| name))
        .filter(|name| name.starts_with("gatepass_"))
        .map(str::to_owned)
        .collect()
}

/// The enumerators of a header, with their numbers.
fn enumerators(header: &str) -> BTreeMap<String, i64> {
    header
        .lines()
        .filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "))
        .filter(|(name, _)| name.starts_with("GATEPASS_"))
        .map(|(name, number)| (name.to_owned(), number.parse().unwrap()))
        .collect()
}

fn committed() -> BTreeSet<String> {
    read("tests/abi/symbols.txt").lines().map(str::to_owned).collect()
}

fn told(program: &str, arguments: &[&str], file: &Path) -> String {
    let told = Command::new(program).args(arguments).arg(file).output().unwrap();
    assert!(told.status.success(), "{program}: {}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8(told.stdout).unwrap()
}

#[test]
fn the_header_is_what_the_source_says() {
    let made = made_header();
    if std::env::var_os("GATEPASS_WRITE_HEADER").is_some() {
        fs::write(root().join("include/gatepass.h"), &made).unwrap();
    }
    assert!(
        made == read("include/gatepass.h"),
        "include/gatepass.h is out of date: make it with tests/header"
    );
}

#[test]
fn header_source_and_committed_list_name_the_same_functions() {
    let committed = committed();
    assert!(committed.len() > 100, "the list is short");
    assert_eq!(declared(&read("include/gatepass.h")), committed);
    let exports: BTreeSet<String> = exports::all(root()).into_iter().map(|export| export.name).collect();
    assert_eq!(exports, committed);
}

#[cfg(target_os = "linux")]
#[test]
fn the_library_exports_exactly_the_committed_list_under_the_name_of_its_abi() {
    let library = shared_library();
    let exported: BTreeSet<String> = told("nm", &["-D", "--defined-only"], &library)
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .map(str::to_owned)
        .collect();
    assert_eq!(exported, committed());

    let dynamic = told("readelf", &["-d"], &library);
    let version = enumerators(&read("include/gatepass.h"))["GATEPASS_ABI_VERSION"];
    assert!(dynamic.contains(&format!("[libgatepass.so.{version}]")), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "PHP would unload it at the end of each request: {dynamic}");
    let packaged = read("bindings/c/Cargo.toml");
    assert!(packaged.contains(&format!("version = \"{version}.0.0\"")), "cargo-c makes another SONAME");
}

#[test]
fn every_export_is_one_call_of_the_guard() {
    let exports = exports::all(root());
    assert!(exports.len() > 100);
    let bare: Vec<&str> =
        exports.iter().filter(|export| !export.guarded).map(|export| export.name.as_str()).collect();
    assert!(bare.is_empty(), "not behind the guard: {bare:?}");
}

#[test]
fn an_export_that_leaves_the_guard_out_is_noticed() {
    let planted = [
        "#[unsafe(no_mangle)] pub extern \"C\" fn gatepass_bad() -> i32 { 5 }",
        "#[unsafe(no_mangle)] pub extern \"C\" fn gatepass_bad() -> i32 { let x = y(); guard::constant(0, || x) }",
        "#[unsafe(no_mangle)] pub extern \"C\" fn gatepass_bad() -> i32 { guard::constant(y(), || 5) }",
        "#[unsafe(no_mangle)] pub extern \"C\" fn gatepass_bad() -> i32 { guard::value(|| Ok(5)); 5 }",
        "#[unsafe(no_mangle)] pub extern \"C\" fn gatepass_bad() -> i32 { other::value(|| Ok(5)) }",
        "mod inner { #[no_mangle] pub extern \"C\" fn gatepass_bad() {} }",
        "#[unsafe(export_name = \"gatepass_bad\")] pub extern \"C\" fn bad() {}",
    ];
    for source in planted {
        let found = exports::in_source(source);
        assert_eq!(found.len(), 1, "{source}");
        assert!(!found[0].guarded, "{source}");
    }
    let sound = "#[unsafe(no_mangle)] pub extern \"C\" fn gatepass_good() -> i32 { guard::value(|| Ok(5)) }";
    assert!(exports::in_source(sound)[0].guarded);
}

#[test]
fn no_export_can_be_called_with_the_wrong_kind_of_number() {
    // `bool` and enums as arguments are undefined behaviour when C passes anything but their values.
    for export in exports::all(root()) {
        for argument in &export.arguments {
            let plain = ["i32", "i64", "usize"].contains(&argument.as_str()) || argument.starts_with('*');
            assert!(plain, "{} takes {argument}", export.name);
        }
    }
}

/// The headers of the releases whose programs today's library must serve.
fn frozen_headers() -> Vec<String> {
    let version = |header: &str| enumerators(header)["GATEPASS_ABI_VERSION"];
    let now = version(&read("include/gatepass.h"));
    let folders = fs::read_dir(root().join("tests/abi")).unwrap();
    let headers =
        folders.filter_map(|entry| fs::read_to_string(entry.unwrap().path().join("gatepass.h")).ok());
    let frozen: Vec<String> = headers.filter(|header| version(header) == now).collect();
    assert!(!frozen.is_empty(), "no header of this ABI is frozen");
    frozen
}

#[test]
fn the_frozen_numbers_have_not_changed() {
    let now = enumerators(&read("include/gatepass.h"));
    for header in frozen_headers() {
        for (name, number) in enumerators(&header) {
            let grown = name == "GATEPASS_ABI_REVISION" && now[&name] >= number;
            assert!(grown || now.get(&name) == Some(&number), "{name} was {number}");
        }
        let gone: Vec<String> = declared(&header).difference(&committed()).cloned().collect();
        assert!(gone.is_empty(), "functions that a release had are gone: {gone:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_that_a_release_declared_has_another_type_today() {
    if !is_here("abidiff", "nothing_that_a_release_declared_has_another_type_today") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    for header in frozen_headers() {
        let broken = diff::breaks(place.path(), &header, &read("include/gatepass.h"));
        assert_eq!(broken, None);
    }
}

/// Headers that a program of today's would stumble over, and ones that it would not.
#[cfg(target_os = "linux")]
#[test]
fn a_broken_interface_is_noticed_and_a_grown_one_is_not() {
    if !is_here("abidiff", "a_broken_interface_is_noticed_and_a_grown_one_is_not") {
        return;
    }
    let (place, now) = (tempfile::tempdir().unwrap(), read("include/gatepass.h"));
    let judged = |from: &str, to: &str| {
        let other = now.replacen(from, to, 1);
        assert_ne!(other, now, "{from} does not stand in the header");
        diff::breaks(place.path(), &now, &other)
    };
    for (from, to) in [
        ("int32_t gatepass_abi_revision(void);", ""),
        ("int32_t gatepass_abi_revision(void);", "int64_t gatepass_abi_revision(void);"),
        ("int32_t gatepass_abi_revision(void);", "int32_t gatepass_abi_revision(int32_t of);"),
        ("gatepass_store_open(const char *path,", "gatepass_store_open(int64_t path,"),
        ("gatepass_store_open(const char *path,", "gatepass_store_open("),
        ("GATEPASS_NULL_ARGUMENT = 1002,", "GATEPASS_NULL_ARGUMENT = 1999,"),
        ("GATEPASS_NULL_ARGUMENT = 1002,", ""),
    ] {
        assert!(judged(from, to).is_some(), "{from} as {to:?} was not noticed");
    }
    for (from, to) in [
        (
            "int32_t gatepass_abi_revision(void);",
            "int32_t gatepass_abi_revision(void);\nint32_t gatepass_new(void);",
        ),
        ("GATEPASS_NULL_ARGUMENT = 1002,", "GATEPASS_NULL_ARGUMENT = 1002,\nGATEPASS_NEW = 1998,"),
    ] {
        assert_eq!(judged(from, to), None);
    }
}

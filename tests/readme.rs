//! The programs in the README run as they are printed.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "library/mod.rs"]
mod library;
mod programs;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use library::{root, shared_library};
use programs::is_here;

/// What stands in the README between ```` ```language ```` and the next fence.
fn program(language: &str) -> String {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let fence = format!("```{language}\n");
    let mut found = readme.split(&fence).skip(1).filter_map(|rest| rest.split("```").next());
    let program = found.next().unwrap_or_else(|| panic!("no {language} in the README")).to_owned();
    assert!(found.next().is_none(), "which {language} program is meant?");
    program
}

/// The lines of the README that are commands and hold all of these words.
fn command(words: &[&str]) -> String {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let commands = readme.lines().filter_map(|line| line.strip_prefix("    "));
    let found: Vec<&str> = commands.filter(|line| words.iter().all(|word| line.contains(word))).collect();
    assert_eq!(found.len(), 1, "commands with {words:?}: {found:?}");
    found[0].to_owned()
}

fn come_out(output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("https://billing.example.com/clientarea.php"), "{said}");
    assert!(said.contains("already redeemed"), "{said}");
}

/// A folder that looks like a checkout in which the library was just built.
fn checkout() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let release = folder.path().join("target/release");
    fs::create_dir_all(&release).unwrap();
    for part in ["include", "bindings"] {
        std::os::unix::fs::symlink(root().join(part), folder.path().join(part)).unwrap();
    }
    for kind in ["so", "a"] {
        let library = shared_library().with_extension(kind);
        std::os::unix::fs::symlink(library, release.join(format!("libgatepass.{kind}"))).unwrap();
    }
    folder
}

fn in_shell(folder: &Path, command: &str) -> Output {
    Command::new("sh")
        .args(["-ec", command])
        .current_dir(folder)
        .env_remove("GATEPASS_LIBRARY")
        .output()
        .unwrap()
}

#[test]
fn the_c_program_compiles_links_and_runs_as_printed() {
    let folder = checkout();
    fs::write(folder.path().join("handoff.c"), program("c")).unwrap();
    let run = command(&["./handoff", "gatepass"]);
    for link in ["libgatepass.a", "-lgatepass"] {
        let soname = command(&["ln -s", "libgatepass.so.1"]);
        let compile = command(&["cc ", "handoff.c", link]);
        come_out(&in_shell(folder.path(), &format!("{soname}\n{compile}\n{run}\nrm gatepass.db handoff")));
    }
}

#[test]
fn the_c_program_frees_what_it_is_given() {
    let program = program("c");
    let outputs = program.split("need(gatepass_").filter_map(|call| {
        let (call, _) = call.split_once(");\n")?;
        Some(call.rsplit_once(", &").or_else(|| call.rsplit_once("(&"))?.1.trim_end_matches(')'))
    });
    let mut given = std::collections::BTreeMap::new();
    outputs.for_each(|name| *given.entry(name).or_insert(0) += 1);
    assert!(given.len() > 5, "outputs: {given:?}");
    for (name, count) in given {
        let freed = ["gatepass_free", "gatepass_store_close"].map(|it| format!("{it}({name})"));
        let freed: usize = freed.iter().map(|free| program.matches(free).count()).sum();
        assert_eq!(freed, count, "{name}");
    }
}

#[test]
fn the_python_program_runs_as_printed() {
    if is_here("python3", "the Python program of the README") {
        let folder = checkout();
        fs::write(folder.path().join("handoff.py"), program("python")).unwrap();
        let mut run = Command::new("python3");
        run.arg("handoff.py").current_dir(folder.path()).env("GATEPASS_LIBRARY", shared_library());
        run.env("PYTHONPATH", root().join("bindings/python/src")).env("PYTHONDONTWRITEBYTECODE", "1");
        come_out(&run.output().unwrap());
    }
}

#[test]
fn the_php_program_runs_as_printed() {
    if is_here("php", "the PHP program of the README") {
        let folder = checkout();
        // What Composer makes of the package's autoload section.
        let vendor = folder.path().join("vendor");
        fs::create_dir(&vendor).unwrap();
        let source = root().join("bindings/php/src");
        let autoload = format!(
            "<?php spl_autoload_register(static function (string $class): void {{
                 require '{}/' . strtr(substr($class, 9), '\\\\', '/') . '.php';
             }});",
            source.display()
        );
        fs::write(vendor.join("autoload.php"), autoload).unwrap();
        fs::write(folder.path().join("handoff.php"), program("php")).unwrap();
        let mut run = Command::new("php");
        run.arg("handoff.php").current_dir(folder.path()).env("GATEPASS_LIBRARY", shared_library());
        come_out(&run.output().unwrap());
    }
}

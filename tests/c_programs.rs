//! The programs of `tests/c`, compiled as users in C compile theirs and run against the library of this
//! source: as they are, under Valgrind and under AddressSanitizer. Each of the tools is also shown a fault
//! that it must find.
//!
//! The library is built as cargo builds it, unless `GATEPASS_LIBRARY` names one; its archive lies beside it.
//! What compilers and programs said is kept in `tmp/c` of cargo's target folder.
//!
//! Only Linux shows a process's locks and memory in /proc.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "library/mod.rs"]
mod library;
mod programs;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use library::{root, shared_library};
use programs::is_here;

/// No program takes so long, in seconds.
const LONGEST: &str = "300";

const C99: [&str; 7] = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-g", "-O1"];

#[derive(Clone, Copy, PartialEq)]
enum Tool {
    None,
    Valgrind,
    AddressSanitizer,
}

use Tool::{AddressSanitizer, Valgrind};

/// An empty folder for one test, in the target folder.
fn place(test: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c").join(test);
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).unwrap();
    place
}

/// A folder with the shared library under the names by which the linker and the loader look for it, and the
/// archive.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let shared = shared_library();
        let shared = fs::canonicalize(shared).expect("the library is there");
        let place = place("library");
        symlink(&shared, place.join("libgatepass.so")).unwrap();
        symlink(&shared, place.join("libgatepass.so.1")).unwrap();
        symlink(shared.with_extension("a"), place.join("libgatepass.a")).unwrap();
        place
    })
}

/// What a command came to, and all that it said.
struct Told {
    succeeded: bool,
    text: String,
}

fn run(command: &mut Command, place: &Path, log: &str) -> Told {
    // cargo's own folders must not help the loader.
    let output = command.current_dir(place).env_remove("LD_LIBRARY_PATH").output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    fs::write(place.join(log), format!("{command:?}\n{text}")).unwrap();
    Told { succeeded: output.status.success(), text }
}

/// The compiler for C, and what all programs must pass.
fn c99() -> Vec<String> {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    std::iter::once(compiler).chain(C99.map(Into::into)).collect()
}

/// Compile `source` in a test's folder, against a header in `header` and the library that `link` names; the
/// program's path.
fn compile(compiler: &[String], source: &str, header: &str, link: &[String], place: &Path) -> PathBuf {
    let program = place.join("program");
    let mut command = Command::new(&compiler[0]);
    command.args(&compiler[1..]).arg("-I").arg(root().join(header));
    command.arg("-o").arg(&program).arg(root().join(source)).args(link).args(["-pthread", "-ldl", "-lm"]);
    let told = run(&mut command, place, "compiler.txt");
    assert!(told.succeeded, "{source} does not compile:\n{}", told.text);
    program
}

fn shared() -> Vec<String> {
    let library = library().display();
    vec![format!("-L{library}"), format!("-Wl,-rpath,{library}"), "-lgatepass".into()]
}

fn archive() -> Vec<String> {
    vec![library().join("libgatepass.a").display().to_string()]
}

/// Compile and run one of `tests/c`.
fn program(tool: Tool, name: &str, arguments: &[&str], place: &Path) -> Told {
    let mut compiler = c99();
    if tool == AddressSanitizer {
        compiler.extend(["-fsanitize=address", "-fno-omit-frame-pointer"].map(String::from));
    }
    let program = compile(&compiler, &format!("tests/c/{name}.c"), "include", &shared(), place);
    let mut command = Command::new("timeout");
    command.arg(LONGEST);
    if tool == Valgrind {
        // A forked child keeps what its parent's store had, for it must not close it, and a kept store stays
        // open. SQLite points into the middle of its pages, which looks like a possible loss.
        let kinds = if name == "fork" { "definite,indirect" } else { "definite,indirect,possible" };
        command.args(["valgrind", "-q", "--leak-check=full", "--error-exitcode=99"]);
        command.args([format!("--show-leak-kinds={kinds}"), format!("--errors-for-leak-kinds={kinds}")]);
    }
    run(command.arg(program).args(arguments), place, "program.txt")
}

/// A program of `tests/c` keeps all its promises and the tool finds nothing.
fn holds(tool: Tool, name: &str, arguments: &[&str]) {
    let test = match tool {
        Tool::None => name.to_owned(),
        Valgrind => format!("{name}-valgrind"),
        AddressSanitizer => format!("{name}-address-sanitizer"),
    };
    if tool == Valgrind && !is_here("valgrind", &test) {
        return;
    }
    let told = program(tool, name, arguments, &place(&test));
    assert!(told.succeeded && told.text.is_empty(), "{test}:\n{}", told.text);
}

fn path(path: &str) -> String {
    root().join(path).display().to_string()
}

macro_rules! every_program_holds {
    ($module:ident, $tool:expr, $rounds:literal, $tokens:literal) => {
        mod $module {
            use super::*;

            #[test]
            fn smoke() {
                holds($tool, "smoke", &[]);
            }

            #[test]
            fn links() {
                holds($tool, "links", &[]);
            }

            #[test]
            fn autoauth() {
                holds($tool, "autoauth", &[]);
            }

            #[test]
            fn web() {
                holds($tool, "web", &[]);
            }

            #[test]
            fn ownership() {
                holds($tool, "ownership", &[$rounds]);
            }

            #[test]
            fn errors() {
                holds($tool, "errors", &[]);
            }

            #[test]
            fn options() {
                holds($tool, "options", &[]);
            }

            #[test]
            fn misuse() {
                let [symbols, header] = ["tests/abi/symbols.txt", "include/gatepass.h"].map(path);
                holds($tool, "misuse", &[&symbols, &header, "libgatepass.so.1"]);
            }

            #[test]
            fn threads() {
                holds($tool, "threads", &[$tokens]);
            }

            #[test]
            fn fork() {
                holds($tool, "fork", &[]);
            }

            #[test]
            fn scenario() {
                holds($tool, "scenario", &[&path("tests/scenario/scenario.txt")]);
            }
        }
    };
}

every_program_holds!(plain, Tool::None, "100000", "100");
every_program_holds!(valgrind, Valgrind, "500", "20");
every_program_holds!(address_sanitizer, AddressSanitizer, "500", "50");

#[test]
fn what_is_freed_is_wiped() {
    holds(Tool::None, "wiped", &[]);
}

#[test]
fn the_archive_does_the_same() {
    let place = place("archive");
    let program = compile(&c99(), "tests/c/smoke.c", "include", &archive(), &place);
    let told = run(&mut Command::new(&program), &place, "program.txt");
    assert!(told.succeeded, "{}", told.text);
}

#[test]
fn the_header_serves_cxx() {
    const NAME: &str = "the_header_serves_cxx";
    if !is_here("c++", NAME) {
        return;
    }
    let place = place("cxx");
    let compiler = ["c++", "-std=c++11", "-pedantic", "-Wall", "-Wextra", "-Werror"].map(String::from);
    let program = compile(&compiler, "tests/c/cxx.cpp", "include", &shared(), &place);
    assert!(run(&mut Command::new(&program), &place, "program.txt").succeeded);
}

#[test]
fn a_program_of_an_earlier_release_still_works() {
    let mut seen = 0;
    for entry in fs::read_dir(root().join("tests/abi")).unwrap() {
        let frozen = entry.unwrap().path();
        if !frozen.join("program.c").exists() {
            continue;
        }
        seen += 1;
        let name = format!("tests/abi/{}", frozen.file_name().unwrap().display());
        let place = place(&name.replace('/', "-"));
        let program = compile(&c99(), &format!("{name}/program.c"), &name, &shared(), &place);
        let told = run(&mut Command::new(&program), &place, "program.txt");
        assert!(told.succeeded, "{name}: {}", told.text);
        let (then, now) = (declarations(&format!("{name}/gatepass.h")), declarations("include/gatepass.h"));
        let gone: Vec<&String> = then.difference(&now).collect();
        assert!(gone.is_empty(), "{name}: declared differently or not any more: {gone:#?}");
    }
    assert!(seen > 0, "no release is frozen");
}

/// The functions that a header declares, with their arguments.
fn declarations(header: &str) -> BTreeSet<String> {
    let header = fs::read_to_string(root().join(header)).unwrap();
    let code: Vec<&str> = header.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let words = |declaration: &str| declaration.split_whitespace().collect::<Vec<_>>().join(" ");
    let found: BTreeSet<String> =
        code.join("\n").split(';').map(words).filter(|it| it.ends_with(')')).collect();
    assert!(found.len() > 100, "few declarations");
    found
}

/// A tool finds a fault that was put there for it.
fn finds(tool: Tool, fault: &str, said: &str) {
    let test = format!("planted-{fault}-{}", if tool == Valgrind { "valgrind" } else { "address-sanitizer" });
    if tool == Valgrind && !is_here("valgrind", &test) {
        return;
    }
    let told = program(tool, "planted", &[fault], &place(&test));
    assert!(!told.succeeded && told.text.contains(said), "{fault} was not found:\n{}", told.text);
}

#[test]
fn valgrind_finds_what_it_should() {
    finds(Valgrind, "overread", "Invalid read");
    finds(Valgrind, "leak", "100 bytes in 1 blocks are definitely lost");
    finds(Valgrind, "use_after_free", "Invalid read of size 1");
}

#[test]
fn address_sanitizer_finds_what_it_should() {
    finds(AddressSanitizer, "overread", "heap-buffer-overflow");
    finds(AddressSanitizer, "leak", "detected memory leaks");
    finds(AddressSanitizer, "use_after_free", "heap-use-after-free");
}

#[test]
fn a_second_winner_is_noticed() {
    let told = program(Tool::None, "threads", &["10", "broken"], &place("planted-winner"));
    assert!(!told.succeeded && told.text.contains("exactly one winner, not 8"), "{}", told.text);
}

#[test]
fn a_link_of_another_key_is_noticed() {
    let told = program(Tool::None, "autoauth", &["broken"], &place("planted-key"));
    let said = "verify(query, key) must come to ok, not autoauth_hash";
    assert!(!told.succeeded && told.text.contains(said), "{}", told.text);
}

#[test]
fn a_wrong_outcome_of_the_scenario_is_noticed() {
    let place = place("planted-outcome");
    let scenario = fs::read_to_string(root().join("tests/scenario/scenario.txt")).unwrap();
    let wrong = [
        ("-> token_expired", "-> token_revoked"),
        (
            " landing=clientarea.php?action=productdetails&id=7",
            " landing=clientarea.php?action=productdetails&id=8",
        ),
        (" session=- ", " session=* "),
        ("field=operation", "field=parameters"),
        ("contains \"tokens_ended\":1", "lacks \"tokens_ended\":1"),
        ("same_browser=1", "same_browser=0"),
        (" clients=1,2", " clients=1"),
    ];
    for (right, planted) in wrong {
        assert!(scenario.contains(right), "{right}");
        let text = scenario.replacen(right, planted, 1);
        let line =
            1 + text.lines().zip(scenario.lines()).position(|(planted, right)| planted != right).unwrap();
        fs::write(place.join("scenario.txt"), text).unwrap();
        for name in ["scenario.db", "scenario.db-wal", "scenario.db-shm"] {
            let _ = fs::remove_file(place.join(name));
        }
        let told = program(Tool::None, "scenario", &["scenario.txt"], &place);
        assert!(
            !told.succeeded && told.text.contains(&format!("scenario.txt:{line}: ")),
            "{planted}: {}",
            told.text
        );
    }
}

//! What the documents on reliability and threats name as proof is there: each test, each command.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const DOCUMENTS: [&str; 3] = ["docs/reliability.md", "docs/threat-model.md", "SECURITY.md"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What stands between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// All that could hold a test, of whatever language.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        let theirs = ["node_modules", "target", "vendor"].contains(&name.as_str()) || name.starts_with('.');
        if entry.file_type().unwrap().is_dir() && !theirs {
            sources(&path, found);
        } else if [".rs", ".py", ".php", ".js"].iter().any(|kind| name.ends_with(kind)) {
            found.push(path);
        }
    }
}

/// The name of a test, as it is quoted: `race::nobody_is_let_in_twice`, or `FpmTest::testIt`.
fn test_name(quoted: &str) -> Option<(&str, &str)> {
    let (file, name) = quoted.split_once("::")?;
    let word = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (word(file) && word(name) && name.len() > 12).then_some((file, name))
}

/// What a document names and is not there.
fn missing(document: &str, sources: &[(PathBuf, String)]) -> Vec<String> {
    let mut missing = Vec::new();
    for quoted in quoted(document) {
        let command = quoted.split_whitespace().next().unwrap_or_default();
        if command.starts_with("tests/") && command != "tests/" {
            let there = fs::metadata(root().join(command));
            let runs = there.as_ref().is_ok_and(|it| it.is_dir() || it.permissions().mode() & 0o111 != 0);
            let text = there.is_ok() && command.contains('.');
            if !runs && !text {
                missing.push(quoted.to_owned());
            }
        }
        if let Some(rest) = quoted.strip_prefix("cargo test --test ") {
            let test = rest.split_whitespace().next().unwrap();
            let places = [format!("tests/{test}.rs"), format!("tests/{test}/main.rs")];
            if !places.iter().any(|place| root().join(place).is_file()) {
                missing.push(quoted.to_owned());
            }
        }
        if let Some((file, name)) = test_name(quoted) {
            let function = [format!("fn {name}("), format!("def {name}("), format!("function {name}(")];
            let holds = |(path, text): &(PathBuf, String)| {
                path.components().any(|part| Path::new(part.as_os_str()).file_stem() == Some(file.as_ref()))
                    && function.iter().any(|function| text.contains(function))
            };
            if !sources.iter().any(holds) {
                missing.push(quoted.to_owned());
            }
        }
    }
    missing
}

fn all_sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["src", "tests", "bindings", "benches", "fuzz"] {
        sources(&root().join(folder), &mut found);
    }
    found
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path.strip_prefix(root()).unwrap().to_owned(), text)
        })
        .collect()
}

#[test]
fn every_proof_that_the_documents_name_is_there() {
    let sources = all_sources();
    for document in DOCUMENTS {
        let text = fs::read_to_string(root().join(document)).unwrap();
        assert_eq!(missing(&text, &sources), Vec::<String>::new(), "{document}");
    }
    let model = fs::read_to_string(root().join("docs/threat-model.md")).unwrap();
    assert!(quoted(&model).filter_map(test_name).count() > 20, "it names what proves it");
}

#[test]
fn every_long_command_is_described() {
    let described = fs::read_to_string(root().join("tests/long/README.md")).unwrap();
    let written_up = fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    for entry in fs::read_dir(root().join("tests/long")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name != "README.md" {
            assert!(described.contains(&format!("`tests/long/{name}`")), "{name}");
            assert!(written_up.contains(&format!("tests/long/{name}")), "{name}");
        }
    }
}

#[test]
fn a_proof_that_is_not_there_is_noticed() {
    let planted = "`tests/long/none` `cargo test --test none` `race::nobody_has_ever_written_this` \
                   `promises_docs::a_proof_that_is_not_there_is_noticed` `tests/long/asan`";
    let found = missing(planted, &all_sources());
    let expected = ["tests/long/none", "cargo test --test none", "race::nobody_has_ever_written_this"];
    assert_eq!(found, expected);
}

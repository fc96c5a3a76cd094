//! Who may know whom: the rules of the design, kept by scanning the source. Each rule runs over `src` and, in
//! the same run, over planted violations that it must catch, since a check that can't fail proves nothing.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod comparisons;
mod house;
mod manifest;
mod planted;
mod rules;
mod scan;
mod sql;
mod tree;
mod walk;

use std::path::Path;

use rules::Rule;
use tree::Tree;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Fail with every place in `src` that breaks `rule`.
fn holds(rule: Rule) {
    let tree = Tree::read(&root().join("src"), manifest::crates(&manifest::package(root())));
    let found: Vec<String> = rule(&tree).iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_module_has_a_part() {
    holds(rules::every_module_has_a_part);
}

#[test]
fn no_source_is_hidden_from_the_scan() {
    holds(rules::no_source_is_hidden);
}

#[test]
fn parts_know_only_whom_they_may() {
    holds(rules::parts_know_only_whom_they_may);
}

#[test]
fn the_domain_is_pure() {
    holds(rules::the_domain_is_pure);
}

#[test]
fn only_store_open_names_backends() {
    holds(rules::only_store_open_names_backends);
}

#[test]
fn only_use_cases_read_time_and_randomness() {
    holds(rules::only_use_cases_read_time_and_randomness);
}

#[test]
fn sql_stands_only_in_backends() {
    holds(rules::sql_stands_only_in_backends);
}

#[test]
fn unsafe_stands_only_in_sys_and_ffi() {
    holds(rules::unsafe_stands_only_in_sys_and_ffi);
}

#[test]
fn nobody_but_sqlite_opens_the_database() {
    holds(rules::nobody_opens_files);
}

#[test]
fn syncing_is_never_switched_off() {
    holds(rules::syncing_is_never_off);
}

#[test]
fn secrets_are_compared_in_constant_time() {
    holds(comparisons::secrets_are_compared_in_constant_time);
}

#[test]
fn no_file_is_too_long() {
    holds(rules::no_file_is_too_long);
}

#[test]
fn a_library_user_compiles_none_of_the_tool() {
    let found = manifest::tool_crates_outside_the_tool(&manifest::package(root()));
    assert!(found.is_empty(), "{found:?}");
    let tree = manifest::cargo(root(), &["tree", "--offline", "--edges", "normal,build", "--prefix", "none"]);
    for line in tree.lines() {
        let name = line.split(' ').next().unwrap_or_default();
        let tools = house::TOOL_CRATES.iter().any(|(_, crates)| crates.contains(&name));
        assert!(!tools, "a library user compiles {line}");
    }
    assert!(tree.contains("rusqlite"), "cargo tree showed no dependencies");
}

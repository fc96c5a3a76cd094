//! `docs/operations.md` has a section for every operation, and for nothing else.

use std::collections::BTreeSet;

/// The operations that have a heading, `` ### `noun.verb` ``, below that of their noun.
fn documented(text: &str) -> BTreeSet<String> {
    let mut noun = "";
    let mut found = BTreeSet::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            noun = heading;
        } else if let Some(heading) = line.strip_prefix("### ") {
            let name = heading.trim_matches('`');
            assert_eq!(name.split('.').next(), Some(noun), "{name} stands below {noun}");
            assert!(found.insert(name.to_owned()), "{name} stands twice");
        }
    }
    found
}

#[test]
fn every_operation_is_described_and_nothing_else() {
    let operations: BTreeSet<String> =
        gatepass::ops::all().map(|operation| operation.name.to_owned()).collect();
    assert_eq!(documented(include_str!("../docs/operations.md")), operations);
}

#[test]
fn an_operation_without_a_section_is_noticed() {
    let text = include_str!("../docs/operations.md").replace("### `user.add`", "### `user.added`");
    let found = documented(&text);
    assert!(found.contains("user.added"));
    assert!(gatepass::ops::all().any(|operation| !found.contains(operation.name)));
}

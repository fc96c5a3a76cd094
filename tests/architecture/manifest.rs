//! The manifest's promise: a library user compiles none of the tool's crates.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::house::TOOL_CRATES;

/// Our package, as cargo reads the manifest.
pub(crate) fn package(root: &Path) -> Value {
    let answer = cargo(root, &["metadata", "--no-deps", "--format-version", "1", "--offline"]);
    let mut all: Value = serde_json::from_str(&answer).unwrap();
    let packages = all["packages"].as_array_mut().unwrap();
    let at = packages.iter().position(|package| package["name"] == "gatepass").unwrap();
    packages.swap_remove(at)
}

/// What cargo prints.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).current_dir(root).args(arguments).output().unwrap();
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The crates that the manifest brings to `src`, as code names them.
pub(crate) fn crates(package: &Value) -> Vec<String> {
    dependencies(package).filter(|d| d["kind"].is_null()).map(|d| name_in_code(&d)).collect()
}

fn dependencies(package: &Value) -> impl Iterator<Item = Value> + '_ {
    package["dependencies"].as_array().into_iter().flatten().cloned()
}

fn name_in_code(dependency: &Value) -> String {
    let name = dependency["rename"].as_str().or_else(|| dependency["name"].as_str());
    name.unwrap_or_default().replace('-', "_")
}

/// What breaks the rule that the tool's crates are optional and come with its features alone.
pub(crate) fn tool_crates_outside_the_tool(package: &Value) -> Vec<String> {
    let of = |(feature, crates): &(&str, &[&str])| crates_outside(package, feature, crates);
    TOOL_CRATES.iter().flat_map(of).collect()
}

fn crates_outside(package: &Value, tool: &str, crates: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for dependency in dependencies(package) {
        let name = dependency["name"].as_str().unwrap_or_default();
        if !crates.contains(&name) || dependency["kind"] == "dev" {
            continue;
        }
        names.insert(dependency["rename"].as_str().unwrap_or(name).to_owned());
        if dependency["optional"] != true {
            found.push(format!("{name} is not optional"));
        }
    }
    let features = package["features"].as_object().cloned().unwrap_or_default();
    let entries = |feature: &str| -> Vec<String> {
        let listed = features.get(feature).and_then(Value::as_array).cloned().unwrap_or_default();
        listed.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    for feature in features.keys().filter(|feature| *feature != tool) {
        for entry in entries(feature) {
            let brought = entry.strip_prefix("dep:").or_else(|| entry.split_once('/').map(|(name, _)| name));
            if brought.is_some_and(|name| !name.ends_with('?') && names.contains(name)) {
                found.push(format!("the feature {feature} brings {entry}"));
            }
        }
    }
    let mut reached = BTreeSet::new();
    let mut open = vec!["default".to_owned()];
    while let Some(feature) = open.pop() {
        open.extend(entries(&feature).into_iter().filter(|entry| !reached.contains(entry)));
        reached.insert(feature);
    }
    if reached.contains(tool) {
        found.push(format!("default brings {tool}"));
    }
    found
}

#[test]
fn a_tool_crate_for_everyone_is_seen() {
    let package = |optional: bool, features: &str| -> Value {
        let text = format!(
            r#"{{"dependencies": [
                {{"name": "clap", "rename": null, "kind": null, "optional": {optional}}},
                {{"name": "comfy-table", "rename": "table", "kind": null, "optional": true}},
                {{"name": "indicatif", "rename": null, "kind": "dev", "optional": false}},
                {{"name": "tokio", "rename": null, "kind": null, "optional": true}}
            ], "features": {{{features}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    };
    let right =
        r#""cli": ["dep:clap", "dep:table"], "default": ["bundled"], "bundled": ["rusqlite/bundled"]"#;
    assert_eq!(tool_crates_outside_the_tool(&package(true, right)), Vec::<String>::new());
    assert_eq!(tool_crates_outside_the_tool(&package(false, right)).len(), 1);
    for wrong in [
        r#""default": ["dep:clap"]"#,
        r#""default": ["a"], "a": ["b"], "b": ["cli"], "cli": []"#,
        r#""serve": ["dep:table"], "default": []"#,
        r#""cli": ["dep:tokio"], "default": []"#,
        r#""serve": ["dep:tokio"], "default": ["serve"]"#,
        r#""serve": ["clap/derive"], "default": []"#,
        r#""clap": ["dep:clap"], "cli": ["clap"]"#,
    ] {
        assert!(!tool_crates_outside_the_tool(&package(true, wrong)).is_empty(), "missed: {wrong}");
    }
    assert_eq!(crates(&package(true, right)), ["clap", "table", "tokio"]);
}

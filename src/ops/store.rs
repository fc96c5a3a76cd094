//! The store itself: settings, destinations, audit, upkeep.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, operation};
use crate::audit::AuditQuery;
use crate::destination::Destination;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewValue {
    name: String,
    value: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    file: PathBuf,
}

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("store.info", "Tell the store's name, age, schema and database version.", |gate| gate.info()),
    operation!("settings.list", "List every setting with its value, default and meaning.", |gate| {
        gate.settings().map(|settings| settings.list())
    }),
    operation!("settings.get", "Tell one setting.", |gate, named: Name| gate.setting(&named.name)),
    operation!("settings.set", "Change one setting, for every process.", |gate, new: NewValue| {
        gate.set_setting(&new.name, new.value)
    }),
    operation!("destination.list", "List the destinations in force.", |gate| gate.list_destinations()),
    operation!("destination.set", "Add a destination or change one.", |gate, new: Destination| {
        gate.set_destination(&new).map(|()| new)
    }),
    operation!("destination.remove", "Remove a destination, a built-in one too.", |gate, named: Name| {
        gate.remove_destination(&named.name).map(|()| json!({ "removed": named.name }))
    }),
    operation!(
        "audit.list",
        "List audit events of a time range, oldest first.",
        |gate, query: AuditQuery| { gate.audit_events(&query) }
    ),
    operation!("store.purge", "Delete everything whose time is over.", |gate| gate.purge(&mut |_, _| {})),
    operation!("store.backup", "Copy the store to a new file while others use it.", |gate, to: File| {
        gate.backup(&to.file, &mut |_, _| {}).map(|pages| json!({ "file": to.file, "pages": pages }))
    }),
    operation!("store.restore", "Put a backup in place of everything.", |gate, from: File| {
        gate.restore(&from.file, &mut |_, _| {})
    }),
    operation!("store.check", "Look for damage, danger and settings that endanger.", |gate| {
        gate.check(&mut |_, _| {})
    }),
];

//! The parts of the bench, in the order in which the page shows them.

mod autoauth;
mod crossing;
mod durability;
mod growth;
pub(crate) mod memory;
mod opening;
mod peers;
mod php_requests;
mod processes;
mod purge;
mod refusals;
mod single;
mod threads;

use crate::part::Part;
use crate::setup::Setup;

pub(crate) type Run = fn(&Setup) -> Part;

/// Name and function of each.
pub(crate) const PARTS: &[(&str, Run)] = &[
    ("single", single::run),
    ("threads", threads::run),
    ("processes", processes::run),
    ("durability", durability::run),
    ("refusals", refusals::run),
    ("crossing", crossing::run),
    ("php_requests", php_requests::run),
    ("peers", peers::run),
    ("autoauth", autoauth::run),
    ("growth", growth::run),
    ("purge", purge::run),
    ("opening", opening::run),
    ("memory", memory::run),
];

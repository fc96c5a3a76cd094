//! The parts of the bench, in the order in which the page shows them.

mod durability;
mod growth;
pub(crate) mod memory;
mod opening;
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
    ("growth", growth::run),
    ("purge", purge::run),
    ("opening", opening::run),
    ("memory", memory::run),
];

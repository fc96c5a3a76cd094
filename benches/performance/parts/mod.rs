//! The parts of the bench, in the order in which the page shows them.

use crate::part::Part;
use crate::setup::Setup;

pub(crate) type Run = fn(&Setup) -> Part;

/// Name and function of each.
pub(crate) const PARTS: &[(&str, Run)] = &[];

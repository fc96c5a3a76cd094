//! How a self-check can end otherwise than well.

use std::fmt;

/// What ends a self-check that did not succeed.
#[derive(Debug)]
pub(crate) enum SelfCheckError {
    /// The library's answer.
    Library(gatepass::Error),
    /// A self-check did not come out as promised. Its document was given out already: this line is for stderr
    /// alone.
    Unproven(String),
}

impl fmt::Display for SelfCheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SelfCheckError::Library(error) => error.fmt(f),
            SelfCheckError::Unproven(line) => f.write_str(line),
        }
    }
}

impl From<gatepass::Error> for SelfCheckError {
    fn from(error: gatepass::Error) -> Self {
        SelfCheckError::Library(error)
    }
}

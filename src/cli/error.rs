//! Why a command did not succeed, and the exit status for it.

use std::fmt;

/// What ends a command.
#[derive(Debug)]
pub(crate) enum CliError {
    /// The library's answer.
    Library(gatepass::Error),
    /// A self-check did not come out as promised. Its document was given out already: this line is for stderr
    /// alone.
    Unproven(String),
}

impl CliError {
    /// 1 refused, 2 invalid input, 3 the store could not answer.
    pub(crate) fn exit_status(&self) -> u8 {
        match self {
            CliError::Unproven(_) | CliError::Library(gatepass::Error::Refused(_)) => 1,
            CliError::Library(gatepass::Error::Invalid { .. }) => 2,
            CliError::Library(_) => 3,
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CliError::Library(error) => error.fmt(f),
            CliError::Unproven(line) => f.write_str(line),
        }
    }
}

impl From<gatepass::Error> for CliError {
    fn from(error: gatepass::Error) -> Self {
        CliError::Library(error)
    }
}

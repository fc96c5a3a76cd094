//! What the server and the driver say, as a [`StoreError`] or as something to try again. Their messages may quote
//! a value, so none is passed on.

use mysql::{DriverError, Error};

use crate::error::StoreError;

/// The answer of a statement, or of several.
pub(super) type Done<T> = Result<T, Fault>;

/// Why a statement was not done, or is not known to be.
#[derive(Debug)]
pub(super) enum Fault {
    /// Another writer was in the way, here or on another node. Nothing was done; try again from the beginning.
    Conflict,
    /// A key that must be unique is taken.
    Duplicate,
    /// The connection is gone, or says nothing any more. What was sent last may have been done or not.
    Lost,
    /// The store can't answer.
    Store(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Fault::Store(error)
    }
}

impl Fault {
    /// What it means where it is not tried again, and nothing was sent that could have changed something.
    pub(super) fn unchanged(self) -> StoreError {
        match self {
            Fault::Conflict | Fault::Duplicate => StoreError::Busy,
            Fault::Lost => LOST,
            Fault::Store(error) => error,
        }
    }

    /// What it means for a change that was sent: only what says that nothing was done is no doubt.
    pub(super) fn sent(self) -> Fault {
        match self {
            Fault::Lost => Fault::Store(StoreError::Indeterminate),
            other => other,
        }
    }
}

/// The server can't be reached, or not any more.
pub(super) const LOST: StoreError = StoreError::Unavailable("no connection to the server");

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::MySqlError(error) => of_code(error.code),
            Error::IoError(_) | Error::CodecError(_) | Error::TlsError(_) => Fault::Lost,
            Error::DriverError(
                DriverError::ConnectTimeout
                | DriverError::CouldNotConnect(_)
                | DriverError::Timeout
                | DriverError::PacketOutOfSync
                | DriverError::PacketTooLarge
                | DriverError::SetupError
                | DriverError::UnexpectedPacket,
            ) => Fault::Lost,
            Error::DriverError(DriverError::TlsNotSupported) => {
                Fault::Store(StoreError::Unavailable("the server offers no TLS, which tls=require asks for"))
            }
            _ => Fault::Store(StoreError::Database("unexpected answer of the driver".to_owned())),
        }
    }
}

/// By the server's number of the error (<https://mariadb.com/kb/en/mariadb-error-code-reference/>).
fn of_code(code: u16) -> Fault {
    Fault::Store(match code {
        // A deadlock or a lost certification; a lock not got in time; a row that changed since it was read.
        1213 | 1205 | 1020 | 1614 => return Fault::Conflict,
        1062 | 1586 | 1859 => return Fault::Duplicate,
        // Killed, shut down, or the network failed in the middle.
        1053 | 1077 | 1152 | 1158 | 1159 | 1160 | 1161 | 1184 | 1927 => return Fault::Lost,
        // The node is not part of a majority.
        1047 => StoreError::Unavailable("the server is no part of a cluster that can decide"),
        // A statement that ran out of time.
        1317 | 1969 | 3024 => StoreError::Busy,
        1040 | 1203 | 1226 => StoreError::Busy,
        // The commit failed, and the server does not say whether it is one on other nodes.
        1180 | 1181 | 1196 | 4031 => StoreError::Indeterminate,
        1021 | 1114 => StoreError::Full,
        1290 | 1792 | 1836 => StoreError::ReadOnly,
        1044 | 1045 | 1142 | 1143 | 1227 | 1698 | 3118 | 4151 => StoreError::Denied,
        1049 | 1146 => StoreError::Missing,
        1033 | 1034 | 1035 | 1194 | 1195 | 1712 | 1877 => {
            StoreError::Corrupt("the server calls a table damaged")
        }
        code => StoreError::Database(format!("error {code}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_does_not_answer_a_connection_is_unavailable() {
        for error in [DriverError::ConnectTimeout, DriverError::CouldNotConnect(None), DriverError::Timeout] {
            let told = Fault::from(Error::DriverError(error)).unchanged();
            assert!(matches!(told, StoreError::Unavailable(_)), "{told:?}");
        }
    }
}

//! Numbers that name rows: positive, and never mixed up with one another.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

macro_rules! ids {
    ($( $(#[$doc:meta])* $name:ident, $field:literal; )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "i64", into = "i64")]
        pub struct $name(i64);

        impl $name {
            /// From its number, which must be positive; otherwise [`Error::Invalid`].
            pub fn new(id: i64) -> Result<Self> {
                if id > 0 { Ok($name(id)) } else { Err(Error::invalid($field, "must be a positive integer")) }
            }

            /// The number.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = Error;
            fn try_from(id: i64) -> Result<Self> {
                $name::new(id)
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> i64 {
                id.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = Error;
            /// Decimal digits without sign or leading zero.
            fn from_str(text: &str) -> Result<Self> {
                let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
                let number = if plain { text.parse().ok() } else { None };
                $name::new(number.unwrap_or(0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )* };
}

ids! {
    /// A person who signs in.
    UserId, "user_id";
    /// A billable account.
    ClientId, "client_id";
    /// An owner of credentials.
    AdminId, "admin_id";
    /// A credential or host credential, as the audit and the tables name it. Not the identifier that a caller
    /// sends.
    CredentialId, "credential_id";
    /// An AutoAuth key.
    KeyId, "key_id";
    /// The service or domain that a destination shows. Whether it belongs to the client is the landing page's
    /// business.
    ItemId, "item_id";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_positive_numbers_are_ids() {
        for bad in ["0", "-1", "+1", "01", "", " 1", "1 ", "1e3", "9223372036854775808", "١"] {
            assert!(bad.parse::<UserId>().is_err(), "{bad:?} was taken for an id");
        }
        assert_eq!("9223372036854775807".parse::<UserId>().unwrap().get(), i64::MAX);
        let error = ClientId::new(0).unwrap_err();
        assert_eq!(error.to_string(), "client_id: must be a positive integer");
    }
}

//! How domain values stand in columns, and how they are read back.

use mysql::Value;

use super::error::{Done, Fault};
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::id::{AdminId, ClientId, CredentialId, ItemId, KeyId, UserId};
use crate::secret::TimedKey;
use crate::session::RedemptionId;
use crate::settings::Confirm;

/// The values of a statement, by their names in it.
pub(super) type Named = Vec<(&'static str, Value)>;

/// Values by name: `named! { key: token.key, now: now }`.
macro_rules! named {
    ($($name:ident: $value:expr),* $(,)?) => {
        vec![$((stringify!($name), mysql::Value::from($value))),*]
    };
}
pub(super) use named;

/// What a column may be read as.
pub(super) trait Column: Sized {
    /// `None` if it holds something of another kind.
    fn of(value: &Value) -> Option<Self>;
}

/// A row of an answer.
#[derive(Debug)]
pub(super) struct Row(pub(super) mysql::Row);

impl Row {
    /// The column at a place, counted from 0.
    pub(super) fn get<T: Column>(&self, at: usize) -> Done<T> {
        self.0.as_ref(at).and_then(T::of).ok_or(Fault::Store(WRONG_KIND))
    }

    /// The bytes of a column, without copying them; `None` for NULL.
    pub(super) fn bytes(&self, at: usize) -> Done<Option<&[u8]>> {
        match self.0.as_ref(at) {
            Some(Value::Bytes(bytes)) => Ok(Some(bytes)),
            Some(Value::NULL) => Ok(None),
            _ => Err(Fault::Store(WRONG_KIND)),
        }
    }

    /// The text of a column that is never NULL, without copying it.
    pub(super) fn text(&self, at: usize) -> Done<&str> {
        let bytes = self.bytes(at)?.ok_or(Fault::Store(WRONG_KIND))?;
        std::str::from_utf8(bytes).map_err(|_| Fault::Store(WRONG_KIND))
    }
}

pub(super) const WRONG_KIND: StoreError = StoreError::Corrupt("a row holds a value of the wrong kind");

impl<T: Column> Column for Option<T> {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::NULL => Some(None),
            other => T::of(other).map(Some),
        }
    }
}

impl Column for i64 {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Int(number) => Some(*number),
            Value::UInt(number) => i64::try_from(*number).ok(),
            _ => None,
        }
    }
}

macro_rules! numbers {
    ($($name:ty),*) => { $(
        impl Column for $name {
            fn of(value: &Value) -> Option<Self> {
                i64::of(value)?.try_into().ok()
            }
        }
    )* };
}

numbers!(u32, u64, UserId, ClientId, AdminId, CredentialId, KeyId, ItemId);

impl Column for bool {
    fn of(value: &Value) -> Option<Self> {
        i64::of(value).map(|number| number != 0)
    }
}

impl Column for Timestamp {
    fn of(value: &Value) -> Option<Self> {
        i64::of(value).map(Timestamp::from_millis)
    }
}

impl Column for Vec<u8> {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }
}

impl Column for String {
    fn of(value: &Value) -> Option<Self> {
        String::from_utf8(Vec::of(value)?).ok()
    }
}

impl<const N: usize> Column for [u8; N] {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => bytes.as_slice().try_into().ok(),
            _ => None,
        }
    }
}

impl Column for TimedKey {
    fn of(value: &Value) -> Option<Self> {
        TimedKey::from_slice(&Vec::of(value)?)
    }
}

impl Column for RedemptionId {
    fn of(value: &Value) -> Option<Self> {
        RedemptionId::from_slice(&Vec::of(value)?)
    }
}

impl Column for Confirm {
    fn of(value: &Value) -> Option<Self> {
        Confirm::parse(&String::of(value)?)
    }
}

macro_rules! ids {
    ($($name:ident),*) => { $(
        impl From<$name> for Value {
            fn from(id: $name) -> Value {
                id.get().into()
            }
        }
    )* };
}

ids!(UserId, ClientId, AdminId, CredentialId, KeyId, ItemId);

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Value {
        at.as_millis().into()
    }
}

impl From<TimedKey> for Value {
    fn from(key: TimedKey) -> Value {
        key.as_slice().into()
    }
}

impl From<RedemptionId> for Value {
    fn from(id: RedemptionId) -> Value {
        id.as_slice().into()
    }
}

impl From<Confirm> for Value {
    fn from(confirm: Confirm) -> Value {
        confirm.as_str().into()
    }
}

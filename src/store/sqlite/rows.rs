//! How domain values stand in columns.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

use crate::clock::Timestamp;
use crate::id::{AdminId, ClientId, CredentialId, ItemId, KeyId, UserId};
use crate::secret::TimedKey;
use crate::session::RedemptionId;
use crate::settings::Confirm;

macro_rules! ids {
    ($($name:ident),*) => { $(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.get().into())
            }
        }
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                $name::new(value.as_i64()?).map_err(|_| FromSqlError::InvalidType)
            }
        }
    )* };
}

ids!(UserId, ClientId, AdminId, CredentialId, KeyId, ItemId);

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_millis().into())
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Timestamp::from_millis)
    }
}

macro_rules! blobs {
    ($($name:ident),*) => { $(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_slice().into())
            }
        }
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                $name::from_slice(value.as_blob()?).ok_or(FromSqlError::InvalidType)
            }
        }
    )* };
}

blobs!(TimedKey, RedemptionId);

impl ToSql for Confirm {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

impl FromSql for Confirm {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Confirm::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

pub(crate) mod sqlite;

pub(crate) type StoreResult<T> = Result<T, crate::error::StoreError>;

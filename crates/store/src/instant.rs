//! Times as the tables hold them: integer milliseconds since 1970-01-01 UTC.

use jiff::Timestamp;

use crate::StoreError;

pub(crate) fn to_millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

pub(crate) fn from_millis(table: &'static str, millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|error| StoreError::Record {
        table,
        reason: error.to_string(),
    })
}

pub(crate) fn from_optional_millis(
    table: &'static str,
    millis: Option<i64>,
) -> Result<Option<Timestamp>, StoreError> {
    millis.map(|millis| from_millis(table, millis)).transpose()
}

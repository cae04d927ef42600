//! Times as the store keeps them, so that what is told at once and what is read later are the same.

use jiff::Timestamp;

pub(crate) fn now() -> Timestamp {
    whole_millis(Timestamp::now())
}

/// The time without what is finer than a millisecond.
pub(crate) fn whole_millis(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

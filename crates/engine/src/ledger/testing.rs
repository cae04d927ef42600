//! Quotas and times that the tests of the ledger have in common.

use guichet_catalogue::model::{CalendarUnit, Dimension, Quota, Scope, Window};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A quota of requests of one key.
pub(super) fn quota(limit: f64, window: Window) -> Quota {
    Quota {
        limit,
        window,
        scope: Scope::Key,
        group: None,
        dimension: Dimension::Requests,
        cost: None,
        each_model: false,
        models: Vec::new(),
        guessed: false,
        cap: false,
    }
}

/// A day from midnight to midnight in UTC.
pub(super) fn day() -> Window {
    Window::Calendar {
        unit: CalendarUnit::Day,
        zone: TimeZone::UTC,
    }
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

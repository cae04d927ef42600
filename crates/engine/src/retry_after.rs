//! When a provider says that it may be asked again, in the forms that are in use.

use std::time::Duration;

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

/// Nobody means to be left alone for longer; a number beyond it is a mistaken unit.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 32);

/// The time that the headers give, if they give one that can be meant.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = text("retry-after-ms").or_else(|| text("x-ms-retry-after-ms"));
    let at = milliseconds
        .and_then(|text| seconds(text).map(|value| value / 1_000.0))
        .and_then(|value| after(now, value))
        .or_else(|| text("retry-after").and_then(|text| moment(text, now)))
        .or_else(|| text("x-rate-limit-retry-after-seconds").and_then(|text| moment(text, now)))?;
    (at.duration_since(now) <= LONGEST).then(|| at.max(now))
}

/// Seconds from now, or a date of HTTP.
fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some(value) = seconds(text) {
        return after(now, value);
    }
    jiff::fmt::rfc2822::parse(text)
        .ok()
        .map(|zoned| zoned.timestamp())
}

fn seconds(text: &str) -> Option<f64> {
    text.trim_end_matches('s')
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite() && *value >= 0.0)
}

fn after(now: Timestamp, seconds: f64) -> Option<Timestamp> {
    let wait = Duration::try_from_secs_f64(seconds).ok()?;
    now.checked_add(wait).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &'static str, value: &str) -> Option<i64> {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let headers =
            HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())]);
        retry_after(&headers, now).map(|at| at.duration_since(now).as_secs())
    }

    #[test]
    fn each_form_in_use_is_read() {
        assert_eq!(given("retry-after", "120"), Some(120));
        assert_eq!(given("retry-after", "1.5"), Some(1));
        assert_eq!(given("retry-after", "36s"), Some(36));
        assert_eq!(
            given("retry-after", "Sun, 22 Nov 2026 10:01:00 GMT"),
            Some(60)
        );
        assert_eq!(given("retry-after-ms", "2500"), Some(2));
        assert_eq!(given("x-rate-limit-retry-after-seconds", "7"), Some(7));
    }

    #[test]
    fn what_cannot_be_meant_is_not_believed() {
        assert_eq!(given("retry-after", "1795345200000"), None);
        assert_eq!(given("retry-after", "soon"), None);
        assert_eq!(given("retry-after", "-5"), None);
        assert_eq!(
            given("retry-after", "Sun, 22 Nov 2026 09:00:00 GMT"),
            Some(0)
        );
    }
}

//! The headers in which providers tell what is left of their quotas, and how they write times. What they say when a
//! quota is spent is in [`super::spent`].

use std::time::Duration;

use guichet_catalogue::model::{Place, Provider, ResetFormat, ToldLimit, Within};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};

use crate::quota::models::Reading;

/// Adds the headers in which a provider tells what is left.
pub(crate) fn tell(
    provider: &Provider,
    model: &str,
    readings: &[Reading],
    now: Timestamp,
    headers: &mut HeaderMap,
) {
    let told = provider.http().map_or(&[][..], |http| &http.limits);
    let told = told.iter().filter(|told| told.within == Within::Answers);
    for header in told.filter(|told| told.covers(model)) {
        let reading = readings.iter().find(|reading| {
            reading.dimension == header.dimension
                && reading.window.period() == header.window.period()
        });
        let Some(reading) = reading else { continue };
        let texts = [
            (&header.limit, whole(reading.limit)),
            (&header.remaining, whole(reading.remaining().floor())),
            (&header.used, whole(reading.used.ceil())),
            (&header.reset, reset(header, reading, now)),
        ];
        for (name, text) in texts {
            let Some(name) = name.as_ref().and_then(Place::header) else {
                continue;
            };
            put(headers, name, &text);
        }
    }
}

pub(super) fn put(headers: &mut HeaderMap, name: &str, text: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(text)) {
        headers.insert(name, value);
    }
}

fn reset(header: &ToldLimit, reading: &Reading, now: Timestamp) -> String {
    // Of a bucket this is when it is full; of a calendar window when it ends, which is when it is full too.
    let seconds = reading.until_full;
    let at = later(now, seconds);
    match header.format {
        ResetFormat::GoDuration => go_duration(seconds),
        ResetFormat::Seconds => format!("{}", (seconds * 1e3).round() / 1e3),
        ResetFormat::EpochSeconds => at.as_second().to_string(),
        ResetFormat::EpochMilliseconds => at.as_millisecond().to_string(),
        ResetFormat::Rfc3339 => at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        ResetFormat::HttpDate => at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
    }
}

pub(super) fn later(now: Timestamp, seconds: f64) -> Timestamp {
    let wait = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::ZERO);
    now.saturating_add(wait).unwrap_or(now)
}

/// A duration as Go writes it: `12ms`, `7m12s`, `1h53m56.832s`.
pub(crate) fn go_duration(seconds: f64) -> String {
    let wait = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
    let nanos = wait.as_nanos();
    let fraction = |whole: u128, rest: u128, digits: usize| {
        let rest = format!("{rest:0digits$}");
        let rest = rest.trim_end_matches('0');
        if rest.is_empty() {
            whole.to_string()
        } else {
            format!("{whole}.{rest}")
        }
    };
    if nanos == 0 {
        return "0s".to_owned();
    }
    if nanos < 1_000_000_000 {
        return format!("{}ms", fraction(nanos / 1_000_000, nanos % 1_000_000, 6));
    }
    let (whole, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let (hours, minutes) = (whole / 3_600, whole / 60 % 60);
    let seconds = fraction(whole % 60, rest, 9);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// A whole number, as headers and texts have it.
pub(super) fn whole(number: f64) -> String {
    format!("{number:.0}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Limit, used, requested, seconds of the window, and the wait that a provider stated: captured texts.
    #[test]
    fn waits_are_those_that_providers_state() {
        for (limit, used, requested, period, stated) in [
            (100_000.0, 97_050.0, 3_619.0, 86_400.0, "9m38.016s"),
            (1_000.0, 1_000.0, 1.0, 86_400.0, "1m26.4s"),
            (7_000.0, 0.0, 12_903.0, 60.0, "50.597142857s"),
            (10_000.0, 10_000.0, 1.0, 86_400.0, "8.64s"),
            (200.0, 200.0, 1.0, 86_400.0, "7m12s"),
            (50.0, 50.0, 1.0, 86_400.0, "28m48s"),
        ] {
            let wait = (used + requested - limit) * period / limit;
            assert_eq!(go_duration(wait), stated);
        }
        assert_eq!(go_duration(0.012), "12ms");
        assert_eq!(go_duration(6_836.832), "1h53m56.832s");
        assert_eq!(go_duration(0.0), "0s");
    }
}

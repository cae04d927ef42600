//! Words by which providers name the length of a window.

use std::time::Duration;

pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);
const WEEK: Duration = Duration::from_hours(24 * 7);
const MONTH: Duration = Duration::from_hours(24 * 30);

/// Words for windows, the longest first: of several that are used up the longest decides.
const PERIODS: [(&[&str], Duration); 5] = [
    (
        &["per month", "per-month", "permonth", "monthly", "/ month"],
        MONTH,
    ),
    (&["per week", "perweek", "weekly"], WEEK),
    (
        &[
            "per day", "per-day", "perday", "daily", "(tpd)", "(rpd)", "(asd)",
        ],
        DAY,
    ),
    (
        &["per hour", "per-hour", "perhour", "hourly", "(ash)"],
        HOUR,
    ),
    (
        &[
            "per minute",
            "per-min",
            "per min",
            "perminute",
            "(tpm)",
            "(rpm)",
            "/ minute",
        ],
        MINUTE,
    ),
];

/// Nobody explains a refusal at greater length.
const LONGEST_TEXT: usize = 16 << 10;

/// The one window that a refusal's body names; who lists several of its limits does not say which one it is.
pub(crate) fn in_body(body: &[u8]) -> Option<Duration> {
    let begin = &body[..body.len().min(LONGEST_TEXT)];
    let text = String::from_utf8_lossy(begin).to_ascii_lowercase();
    let names = |(words, _): &&(&[&str], Duration)| words.iter().any(|word| text.contains(word));
    let mut found = PERIODS.iter().filter(names);
    let others = text.contains("per second") || text.contains("per-second");
    match (found.next(), found.next(), others) {
        (Some((_, period)), None, false) => Some(*period),
        _ => None,
    }
}

/// The longest window that a text in lower case names.
pub(crate) fn named(text: &str) -> Option<Duration> {
    let names = |(words, _): &&(&[&str], Duration)| words.iter().any(|word| text.contains(word));
    PERIODS.iter().find(names).map(|(_, period)| *period)
}

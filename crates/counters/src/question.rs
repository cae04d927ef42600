//! What the script is asked, as its keys and arguments. Pure.

use std::time::Duration;

use guichet_catalogue::model::{Quota, Window};
use guichet_engine::ledger::{SharedLevel, Taking, began};
use jiff::Timestamp;

use crate::counters::micros;

/// Before each key: the braces keep all of them on one node of a cluster.
pub(crate) const PREFIX: &str = "{guichet}";
/// Months have 31 days at most.
const MONTH: Duration = Duration::from_hours(24 * 33);
const DAY: Duration = Duration::from_hours(24);

/// The key of a window. No budget and no window has a line break in it.
pub(crate) fn key(taking: &Taking) -> String {
    let name = taking.window.name();
    format!("{PREFIX}:window:{}\n{}", name.budget, name.window)
}

/// The twelve arguments of a window. `ahead` is how much later it is at the server than here, in microseconds.
pub(crate) fn arguments(taking: &Taking, now: Timestamp, ahead: i64) -> [String; 12] {
    let quota = taking.window.quota();
    let begin = began(quota, now);
    let (kind, span) = kind(quota, begin);
    // What begins by the calendar begins for all at the same time.
    let shift = if begin.is_some() { 0 } else { ahead };
    let SharedLevel {
        opened_at,
        used,
        slots,
    } = &taking.seed;
    // Of a window that nobody has used yet only the server knows when it opens.
    let opened_at = if *used > 0.0 {
        *opened_at
    } else {
        begin.unwrap_or(now)
    };
    [
        kind.to_owned(),
        exact(taking.limit),
        exact(taking.units),
        span.to_string(),
        exact(taking.at_least.unwrap_or(-1.0)),
        lasts(&quota.window).as_millis().to_string(),
        (opened_at.as_microsecond() + shift).to_string(),
        exact(*used),
        written(slots, shift),
        exact(taking.most.unwrap_or(-1.0)),
        taking
            .ends_at
            .map_or(-1, |ends_at| ends_at.as_microsecond() + shift)
            .to_string(),
        ends_after(&quota.window).to_string(),
    ]
}

/// Of a window that ends as a whole, about how long it is, in microseconds; -1 for others.
fn ends_after(window: &Window) -> i64 {
    let ends = matches!(
        window,
        Window::Fixed(_) | Window::Calendar { .. } | Window::Anniversary(_)
    );
    let period = window.period().filter(|_| ends);
    period.map_or(-1, micros)
}

/// How the script counts it, and over which time; for windows of the calendar, since when.
fn kind(quota: &Quota, begin: Option<Timestamp>) -> (&'static str, i64) {
    let span = |period: &Duration| micros(*period);
    match &quota.window {
        Window::Concurrency => ("concurrency", 0),
        Window::Bucket(period) => ("bucket", span(period)),
        Window::Fixed(period) => ("fixed", span(period)),
        Window::Rolling(period) => ("rolling", span(period)),
        Window::Credit(lasts) => ("credit", lasts.as_ref().map_or(-1, span)),
        Window::Calendar { .. } | Window::Anniversary(_) => {
            ("calendar", begin.map_or(0, Timestamp::as_microsecond))
        }
    }
}

/// After which time without a use nothing of it needs to be known; zero = never.
fn lasts(window: &Window) -> Duration {
    const LEAST: Duration = Duration::from_secs(1);
    match window {
        Window::Credit(_) => Duration::ZERO,
        Window::Concurrency => DAY,
        Window::Calendar { .. } | Window::Anniversary(_) => MONTH,
        Window::Bucket(period) | Window::Fixed(period) | Window::Rolling(period) => {
            (*period * 2).max(LEAST)
        }
    }
}

fn exact(number: f64) -> String {
    // The shortest text that gives the same number again.
    number.to_string()
}

fn written(slots: &[(Timestamp, f64)], shift: i64) -> String {
    let slots = slots.iter().map(|(until, units)| {
        let until = until.as_microsecond() + shift;
        format!("{until}:{}", exact(*units))
    });
    slots.collect::<Vec<String>>().join(";")
}

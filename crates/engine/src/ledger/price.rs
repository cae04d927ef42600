//! What it costs to use a candidate now: the free capacity that a call takes, in seconds of the time in which it would be
//! lost anyway.
//!
//! Of each window of a day or longer: (time until what is left would be lost) × (need of the call) ÷ (level left). Lost
//! means the bucket is full, or the calendar begins anew. A full bucket costs nothing, since what refills is lost now; a
//! window of which much is left shortly before its end costs little; a credit that never comes back costs most.

use std::time::Duration;

use guichet_catalogue::model::{CalendarUnit, Quota, Window};
use jiff::Timestamp;

use super::window::Fill;
use super::{Claim, Ledger};

const DAY: Duration = Duration::from_hours(24);
/// As good as never, in seconds: what is not lost for ten years.
const NEVER: f64 = 10.0 * 365.0 * 86_400.0;

impl Ledger {
    /// The price of a call that makes these claims, in seconds; the dearest window counts. None where no window is one of
    /// a day or longer: nothing of it can be saved for later.
    #[must_use]
    pub fn price(&self, claims: &[Claim], now: Timestamp) -> Option<f64> {
        let windows = self.windows.lock();
        let long = claims.iter().filter(|claim| is_long(&claim.quota().window));
        long.map(|claim| price(&windows.as_of(&claim.window, now), claim, now))
            .reduce(f64::max)
    }
}

fn price(level: &Fill, claim: &Claim, now: Timestamp) -> f64 {
    let left = level.limit(claim.quota(), now) - level.used;
    if left < claim.units {
        return f64::INFINITY;
    }
    lost_after(level, claim.quota(), now) * claim.units / left.max(f64::MIN_POSITIVE)
}

/// Seconds until what is left would be lost.
fn lost_after(level: &Fill, quota: &Quota, now: Timestamp) -> f64 {
    let until = |end: Option<Timestamp>| {
        end.map_or(NEVER, |end| end.duration_since(now).as_secs_f64().max(0.0))
    };
    let from_opening = |lasts: Duration| until(level.ends_after(lasts));
    match &quota.window {
        // What is used comes back evenly, or as it was used: nothing is lost before all of it is back.
        Window::Bucket(period) | Window::Rolling(period) => {
            (level.used / quota.limit).clamp(0.0, 1.0) * period.as_secs_f64()
        }
        Window::Fixed(period) => from_opening(*period),
        Window::Calendar { .. } | Window::Anniversary(_) => until(level.lasts_until()),
        Window::Credit(Some(lasts)) => from_opening(*lasts),
        Window::Credit(None) => NEVER,
        Window::Concurrency => 0.0,
    }
}

/// Whether a window is one of a day or longer.
fn is_long(window: &Window) -> bool {
    match window {
        Window::Credit(_) => true,
        Window::Concurrency => false,
        Window::Calendar { unit, .. } => matches!(unit, CalendarUnit::Day | CalendarUnit::Month),
        other => other.period().is_some_and(|period| period >= DAY),
    }
}

#[cfg(test)]
mod tests;

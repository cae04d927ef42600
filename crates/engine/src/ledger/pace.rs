//! How fast a window is used lately, and when it will be empty if that goes on. Pure: numbers and times.

use std::time::Duration;

use guichet_catalogue::model::{Quota, Window};
use jiff::Timestamp;

use super::window::elapsed;

/// Recent uses of a window, the older the lighter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    /// Units, as of `at`.
    pub(super) units: f64,
    /// When they were last looked at.
    pub(super) at: Timestamp,
    /// When the first of them was used.
    pub(super) since: Timestamp,
    /// How many uses they are.
    pub(super) uses: u32,
}

/// When a window will be empty, at the pace of its recent use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// It was used too little, or for too short a time, to say.
    Unknown,
    /// Not before it begins anew, or never, as it refills faster than it is used.
    Lasts,
    /// Then.
    EmptyAt(Timestamp),
    /// Nothing is left now.
    Empty,
}

/// Below this there is no pace to speak of.
const LEAST_USES: u32 = 5;
/// No use counts for longer than about a day: today's pace is asked for.
const MEMORY: Duration = Duration::from_hours(24);
/// How long it must have been used to speak of a pace, at most.
const LEAST_SPAN: Duration = Duration::from_mins(10);

impl Pace {
    pub(super) fn begun(now: Timestamp) -> Self {
        Self {
            units: 0.0,
            at: now,
            since: now,
            uses: 0,
        }
    }

    /// Counts a use.
    pub(super) fn count(&mut self, quota: &Quota, units: f64, now: Timestamp) {
        let left = self.recent(quota, now);
        // After a long rest what was once is no pace: it begins anew.
        if left < units * 1e-3 {
            *self = Self::begun(now);
        }
        self.units = left + units;
        self.at = self.at.max(now);
        self.uses = self.uses.saturating_add(1);
    }

    /// Takes back a use that was none, or that was smaller.
    pub(super) fn take_back(&mut self, units: f64) {
        self.units = (self.units - units).max(0.0);
    }

    /// Units of about the last window, or of the last day where that is shorter.
    pub(super) fn recent(&self, quota: &Quota, now: Timestamp) -> f64 {
        let age = elapsed(self.at, now).as_secs_f64();
        self.units * (-age / memory(quota).as_secs_f64()).exp()
    }

    /// Units a second; none where there is too little to tell.
    fn rate(&self, quota: &Quota, now: Timestamp) -> Option<f64> {
        let memory = memory(quota);
        let span = elapsed(self.since, now);
        if self.uses < LEAST_USES || span < (memory / 10).min(LEAST_SPAN) {
            return None;
        }
        let memory = memory.as_secs_f64();
        // What began a short time ago has had no time to be forgotten.
        let weight = memory * (1.0 - (-span.as_secs_f64() / memory).exp());
        Some(self.recent(quota, now) / weight)
    }
}

/// When a window that holds `limit`, of which `left` is left, and which ends at `ends_at`, will be empty.
pub(super) fn outlook(
    pace: Option<&Pace>,
    quota: &Quota,
    limit: f64,
    left: f64,
    ends_at: Option<Timestamp>,
    now: Timestamp,
) -> Outlook {
    if quota.window == Window::Concurrency {
        return Outlook::Lasts;
    }
    if left < 1e-6 {
        return Outlook::Empty;
    }
    let Some(rate) = pace.and_then(|pace| pace.rate(quota, now)) else {
        return Outlook::Unknown;
    };
    let refill = match &quota.window {
        Window::Bucket(period) | Window::Rolling(period) => limit / period.as_secs_f64(),
        _ => 0.0,
    };
    if rate <= refill {
        return Outlook::Lasts;
    }
    let wait = Duration::try_from_secs_f64(left / (rate - refill)).ok();
    let empty = wait.and_then(|wait| now.checked_add(wait).ok());
    match empty {
        Some(empty) if ends_at.is_none_or(|ends| empty < ends) => Outlook::EmptyAt(empty),
        _ => Outlook::Lasts,
    }
}

/// How long uses count.
fn memory(quota: &Quota) -> Duration {
    quota.window.period().unwrap_or(MEMORY).min(MEMORY)
}

#[cfg(test)]
mod tests;

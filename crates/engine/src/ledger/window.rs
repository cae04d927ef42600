//! How one window opens, refills and ends. Pure arithmetic on times.

use std::time::Duration;

use guichet_catalogue::model::{CalendarUnit, Quota, Window};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use super::{Claim, Exhausted};

/// What is used of a window.
#[derive(Debug, Clone)]
pub(super) struct Level {
    /// When the window that is counted was opened; of a bucket, when it was last looked at.
    pub(super) opened_at: Timestamp,
    pub(super) used: f64,
}

impl Level {
    pub(super) fn opened(now: Timestamp) -> Self {
        Self {
            opened_at: now,
            used: 0.0,
        }
    }

    /// Brings the level to the present. A clock that goes backwards refills nothing.
    pub(super) fn advance(&mut self, quota: &Quota, now: Timestamp) {
        match &quota.window {
            Window::Concurrency => {}
            Window::Bucket(period) => {
                let refilled =
                    elapsed(self.opened_at, now).as_secs_f64() / period.as_secs_f64() * quota.limit;
                self.used = (self.used - refilled).max(0.0);
                self.opened_at = self.opened_at.max(now);
            }
            Window::Fixed(period) => {
                if elapsed(self.opened_at, now) >= *period {
                    *self = Self::opened(now);
                }
            }
            Window::Calendar { unit, zone } => {
                let begin = begin(*unit, zone, now);
                if self.opened_at < begin {
                    *self = Self::opened(begin);
                }
            }
        }
    }

    /// Whether the level, brought to the present, has enough left.
    pub(super) fn check(&self, claim: &Claim, now: Timestamp) -> Result<(), Exhausted> {
        /// Sums of fractions are not exact; no provider counts in millionths.
        const ROUNDING: f64 = 1e-6;
        let quota = &claim.quota;
        let missing = self.used + claim.units - quota.limit;
        if missing <= ROUNDING {
            return Ok(());
        }
        let fits_ever = claim.units <= quota.limit + ROUNDING;
        let retry_at = if fits_ever {
            self.enough_at(quota, missing, now)
        } else {
            None
        };
        let busy = quota.window == Window::Concurrency;
        Err(Exhausted {
            budget: claim.budget.clone(),
            window: quota.id(),
            retry_at,
            busy,
        })
    }

    fn enough_at(&self, quota: &Quota, missing: f64, now: Timestamp) -> Option<Timestamp> {
        match &quota.window {
            Window::Concurrency => None,
            // As Groq and OpenAI state it: wait = (used + requested − limit) ÷ limit × window.
            Window::Bucket(period) => {
                let wait =
                    Duration::try_from_secs_f64(missing / quota.limit * period.as_secs_f64())
                        .ok()?;
                now.checked_add(wait).ok()
            }
            Window::Fixed(period) => self.opened_at.checked_add(*period).ok(),
            Window::Calendar { unit, zone } => end(*unit, zone, now),
        }
    }
}

fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(since)
        .try_into()
        .unwrap_or(Duration::ZERO)
}

/// When the window around `now` began.
fn begin(unit: CalendarUnit, zone: &TimeZone, now: Timestamp) -> Timestamp {
    let local = now.to_zoned(zone.clone());
    floor(unit, &local).map_or(now, |begin| begin.timestamp())
}

/// When the next window begins. A day is as long as it is: 23 to 25 hours where clocks change.
fn end(unit: CalendarUnit, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let begin = floor(unit, &now.to_zoned(zone.clone()))?;
    let span = match unit {
        CalendarUnit::Minute => 1.minute(),
        CalendarUnit::Hour => 1.hour(),
        CalendarUnit::Day => 1.day(),
        CalendarUnit::Month => 1.month(),
    };
    begin.checked_add(span).ok().map(|end| end.timestamp())
}

fn floor(unit: CalendarUnit, local: &Zoned) -> Option<Zoned> {
    match unit {
        CalendarUnit::Minute => local.with().second(0).subsec_nanosecond(0).build().ok(),
        CalendarUnit::Hour => local
            .with()
            .minute(0)
            .second(0)
            .subsec_nanosecond(0)
            .build()
            .ok(),
        CalendarUnit::Day => local.start_of_day().ok(),
        CalendarUnit::Month => local.first_of_month().ok()?.start_of_day().ok(),
    }
}

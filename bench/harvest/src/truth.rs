//! What the upstreams count: windows written for this program alone, so that a mistake in the gateway's arithmetic cannot
//! hide here as well.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::tiers::{Kind, Window};

/// How much of a window is used.
#[derive(Debug, Clone)]
pub(crate) struct Count {
    zone: TimeZone,
    used: f64,
    /// The moment of the latest use; the period that is counted, by its number; or the first use.
    mark: f64,
    begun: bool,
}

impl Count {
    /// Unused.
    #[must_use]
    pub(crate) fn new(window: &Window) -> Self {
        let named = window.zone.as_deref().unwrap_or("UTC");
        Self {
            zone: TimeZone::get(named).unwrap_or(TimeZone::UTC),
            used: 0.0,
            mark: 0.0,
            begun: false,
        }
    }

    /// What is used now.
    pub(crate) fn used(&mut self, window: &Window, now: Timestamp) -> f64 {
        let seconds = seconds(now);
        match window.kind {
            Kind::Bucket => {
                let refilled = (seconds - self.mark).max(0.0) * window.limit / window.per;
                self.used = (self.used - refilled).max(0.0);
                self.mark = seconds;
            }
            Kind::Credit if self.begun && seconds >= self.mark + window.per => {
                self.used = window.limit;
            }
            Kind::Credit => {}
            Kind::Minute | Kind::Day | Kind::Month => {
                let period = self.period(window.kind, now);
                if (period - self.mark).abs() > 0.5 {
                    (self.used, self.mark) = (0.0, period);
                }
            }
        }
        self.used
    }

    /// Counts units; what is used was asked for before.
    pub(crate) fn take(&mut self, window: &Window, units: f64, now: Timestamp) {
        if window.kind == Kind::Credit && !self.begun {
            self.mark = seconds(now);
        }
        self.begun = true;
        self.used += units;
    }

    /// Seconds until so many units more are free than the window has room for now.
    #[must_use]
    pub(crate) fn wait(&self, window: &Window, missing: f64, now: Timestamp) -> f64 {
        match window.kind {
            Kind::Bucket => missing * window.per / window.limit,
            Kind::Credit => 365.0 * 86_400.0,
            Kind::Minute => 60.0 - seconds(now).rem_euclid(60.0),
            Kind::Day | Kind::Month => next(window.kind, &self.zone, now),
        }
    }

    fn period(&self, kind: Kind, now: Timestamp) -> f64 {
        let date = now.to_zoned(self.zone.clone()).date();
        match kind {
            Kind::Minute => (seconds(now) / 60.0).floor(),
            Kind::Day => f64::from(date.year()) * 400.0 + f64::from(date.day_of_year()),
            _ => f64::from(date.year()) * 12.0 + f64::from(date.month()),
        }
    }
}

/// Seconds until the next day or month begins.
fn next(kind: Kind, zone: &TimeZone, now: Timestamp) -> f64 {
    let here = now.to_zoned(zone.clone());
    let begin = match kind {
        Kind::Day => here.tomorrow().and_then(|day| day.start_of_day()),
        _ => here
            .last_of_month()
            .and_then(|day| day.tomorrow())
            .and_then(|day| day.start_of_day()),
    };
    begin.map_or(86_400.0, |begin| seconds(begin.timestamp()) - seconds(now))
}

/// Seconds since 1970.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this century")]
pub(crate) fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiers::Counts;

    fn window(kind: Kind, limit: f64, per: f64, zone: &str) -> Window {
        Window {
            kind,
            limit,
            per,
            counts: Counts::Requests,
            zone: Some(zone.into()),
            headers: None,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_bucket_states_the_waits_that_were_captured() {
        let day = window(Kind::Bucket, 100_000.0, 86_400.0, "UTC");
        let mut count = Count::new(&day);
        let now = at("2026-02-28T10:00:00Z");
        assert!(count.used(&day, now) < 1e-9);
        count.take(&day, 97_050.0, now);
        let missing = 97_050.0 + 3_619.0 - 100_000.0;
        assert!((count.wait(&day, missing, now) - 578.016).abs() < 1e-6);
        assert!(count.used(&day, at("2026-03-01T10:00:00Z")) < 1e-9);
    }

    #[test]
    fn a_day_in_california_ends_in_california() {
        let day = window(Kind::Day, 20.0, 86_400.0, "America/Los_Angeles");
        let mut count = Count::new(&day);
        count.used(&day, at("2026-11-22T07:00:00Z"));
        count.take(&day, 20.0, at("2026-11-22T07:00:00Z"));
        assert!(count.used(&day, at("2026-11-22T07:59:59Z")) > 19.0);
        assert!((count.wait(&day, 1.0, at("2026-11-22T07:00:00Z")) - 3_600.0).abs() < 1e-6);
        assert!(count.used(&day, at("2026-11-22T08:00:00Z")) < 1e-9);
    }

    #[test]
    fn a_credit_is_over_after_its_time() {
        let credit = window(Kind::Credit, 5.0, 86_400.0, "UTC");
        let mut count = Count::new(&credit);
        count.take(&credit, 1.0, at("2026-11-22T00:00:00Z"));
        assert!(count.used(&credit, at("2026-11-22T23:00:00Z")) < 1.1);
        assert!(count.used(&credit, at("2026-11-23T00:00:00Z")) > 4.9);
    }
}

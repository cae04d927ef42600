//! How providers count, written a second time and by another rule than the ledger's: from the list of what arrived.
//!
//! A request is reserved a moment before it arrives. What arrives that soon after a window began may be counted in
//! either one, so it is counted in none.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Between reserving and arriving: the time of an attempt.
const MARGIN: Duration = Duration::from_secs(20);

/// One quota as its provider counts it.
#[derive(Debug, Clone)]
pub struct Allowance {
    limit: f64,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Day {
        zone: TimeZone,
        counted: Option<(Date, f64)>,
    },
    Rolling {
        period: Duration,
        arrived: Vec<Timestamp>,
    },
    Bucket {
        period: Duration,
        level: Option<(Timestamp, f64)>,
    },
}

impl Allowance {
    /// So many a day, from midnight to midnight in a zone.
    ///
    /// # Panics
    /// When there is no such zone.
    #[must_use]
    pub fn per_day(limit: f64, zone: &str) -> Self {
        let zone = TimeZone::get(zone).unwrap_or_else(|error| panic!("{error}"));
        let kind = Kind::Day {
            zone,
            counted: None,
        };
        Self { limit, kind }
    }

    /// So many in any span of this length.
    #[must_use]
    pub fn rolling(limit: f64, period: Duration) -> Self {
        let kind = Kind::Rolling {
            period,
            arrived: Vec::new(),
        };
        Self { limit, kind }
    }

    /// A bucket of this size that is refilled within this time.
    #[must_use]
    pub fn bucket(limit: f64, period: Duration) -> Self {
        let kind = Kind::Bucket {
            period,
            level: None,
        };
        Self { limit, kind }
    }

    /// A request arrives; whether it is one too many.
    pub fn arrive(&mut self, now: Timestamp) -> bool {
        match &mut self.kind {
            Kind::Day { zone, counted } => {
                let local = now.to_zoned(zone.clone());
                let (date, before) = (local.date(), (now - MARGIN).to_zoned(zone.clone()).date());
                if before != date {
                    return false;
                }
                let units = counted
                    .filter(|(day, _)| *day == date)
                    .map_or(0.0, |(_, units)| units)
                    + 1.0;
                *counted = Some((date, units));
                units > self.limit
            }
            Kind::Rolling { period, arrived } => {
                let span = period.saturating_sub(MARGIN);
                arrived.retain(|at| now.duration_since(*at).unsigned_abs() < span);
                arrived.push(now);
                as_units(arrived.len()) > self.limit
            }
            Kind::Bucket { period, level } => {
                let rate = self.limit / period.as_secs_f64();
                let before = level.map_or(0.0, |(at, units)| {
                    (units - now.duration_since(at).as_secs_f64() * rate).max(0.0)
                });
                *level = Some((now, before + 1.0));
                before + 1.0 > self.limit + MARGIN.as_secs_f64() * rate + 1.0
            }
        }
    }
}

fn as_units(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

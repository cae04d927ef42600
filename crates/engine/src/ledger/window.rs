//! How one window opens, refills and ends. Pure arithmetic on times.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::{CalendarUnit, Dimension, Quota, Window};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use super::belief::Belief;
use super::pace::Pace;
use super::{Claim, Exhausted, SharedLevel};

/// The longest window that is one of moments.
const SHORT: Duration = Duration::from_hours(1);

/// What is used of a window.
#[derive(Debug, Clone)]
pub(super) struct Fill {
    /// When the window that is counted was opened; of a bucket, when it was last looked at; of a rolling window, when it
    /// was last used.
    pub(super) opened_at: Timestamp,
    pub(super) used: f64,
    /// How many windows were opened before the one that is counted.
    openings: u32,
    /// Of a window of the calendar, how long the one that is counted lasts: so far nothing is to be looked up in it.
    lasts_until: Option<Timestamp>,
    /// Of a rolling window what was used when, oldest first. Not remembered over a restart: then all counts as used at
    /// the last time.
    slots: VecDeque<Slot>,
    /// What is known besides what is counted; it outlasts the window.
    pub(super) belief: Belief,
    pub(super) pace: Option<Pace>,
    /// When the pace was last written down.
    pub(super) pace_saved: Option<Timestamp>,
    /// All that was ever taken, and what of it is under way: what an answer tells may be without it.
    pub(super) taken: f64,
    pub(super) under_way: f64,
}

/// Uses of a rolling window that are counted as one.
#[derive(Debug, Clone)]
struct Slot {
    /// No use of the slot is later.
    until: Timestamp,
    units: f64,
}

/// Sums of fractions are not exact; no provider counts in millionths.
const ROUNDING: f64 = 1e-6;

/// Slots of a rolling window: it may open a sixtieth of its length too late, never too early.
const SLOTS: u32 = 60;

impl Fill {
    pub(super) fn opened(now: Timestamp) -> Self {
        Self::restored(now, 0.0)
    }

    /// A level as it was recorded.
    pub(super) fn restored(opened_at: Timestamp, used: f64) -> Self {
        Self {
            opened_at,
            used,
            openings: 0,
            lasts_until: None,
            slots: VecDeque::new(),
            belief: Belief::default(),
            pace: None,
            pace_saved: None,
            taken: 0.0,
            under_way: 0.0,
        }
    }

    /// Begins a new window: nothing of it is used.
    fn open(&mut self, now: Timestamp) {
        self.opened_at = now;
        self.used = 0.0;
        self.openings = self.openings.wrapping_add(1);
        self.lasts_until = None;
        self.slots.clear();
        self.belief.ends_at = None;
    }

    /// Whether more is used than fits, in the hope that it passes.
    pub(super) fn is_tried(&self, quota: &Quota, now: Timestamp) -> bool {
        self.belief.is_trying() && self.used > self.limit(quota, now) + ROUNDING
    }

    /// How much the window holds.
    pub(super) fn limit(&self, quota: &Quota, now: Timestamp) -> f64 {
        self.belief.limit(quota, now).units
    }

    /// Takes a request's units, each of which weighs so much, of a level that was brought to the present and has enough
    /// left, or may be tried beyond.
    pub(super) fn reserve(&mut self, claim: &mut Claim, now: Timestamp) {
        let units = claim.units;
        let quota = claim.window.quota();
        if self.used + units > self.limit(quota, now) + ROUNDING {
            self.belief.tries(now);
        }
        self.take(quota, units * claim.weight, now);
        self.pace
            .get_or_insert_with(|| Pace::begun(now))
            .count(quota, units, now);
        claim.settled = self.taken + units - self.under_way;
        claim.opening = self.openings;
        self.taken += units;
        self.under_way += units;
    }

    /// Takes back what was reserved just now, as if nobody had asked.
    pub(super) fn undo(&mut self, units: f64, weight: f64) {
        if let Some(pace) = &mut self.pace {
            pace.take_back(units);
        }
        self.taken -= units;
        self.under_way = (self.under_way - units).max(0.0);
        self.lower(units * weight, true);
    }

    /// Counts units of a level that was brought to the present.
    pub(super) fn take(&mut self, quota: &Quota, units: f64, now: Timestamp) {
        self.used += units;
        let Window::Rolling(period) = quota.window else {
            return;
        };
        self.opened_at = self.opened_at.max(now);
        match self.slots.back_mut() {
            Some(slot) if now <= slot.until => slot.units += units,
            _ => self.slots.push_back(Slot {
                until: now.checked_add(period / SLOTS).unwrap_or(now),
                units,
            }),
        }
    }

    /// Takes back units of a claim that were reserved at a time and not spent. What has come back by itself since, or
    /// ended with its window, is not given back again. Says how much was.
    pub(super) fn give_back(&mut self, claim: &Claim, units: f64, reserved: Timestamp) -> f64 {
        let quota = claim.quota();
        if let Some(pace) = &mut self.pace {
            pace.take_back(units);
        }
        let units = match &quota.window {
            Window::Concurrency => units,
            Window::Bucket(period) => {
                let looked = elapsed(reserved, self.opened_at).as_secs_f64();
                let limit = self.limit(quota, self.opened_at);
                (units - looked / period.as_secs_f64() * limit).max(0.0)
            }
            Window::Rolling(period) => self.unroll(*period, units, reserved),
            // Which window it was is not a matter of times: the clock may have been set in between.
            Window::Fixed(_)
            | Window::Calendar { .. }
            | Window::Anniversary(_)
            | Window::Credit(_) => {
                if claim.opening == self.openings {
                    units
                } else {
                    0.0
                }
            }
        };
        self.used = (self.used - units).max(0.0);
        units
    }

    /// Takes units out of the slot of that time; gives how many were still there.
    fn unroll(&mut self, period: Duration, units: f64, reserved: Timestamp) -> f64 {
        let holds = |slot: &&mut Slot| {
            reserved <= slot.until && elapsed(reserved, slot.until) <= period / SLOTS
        };
        let slot = self.slots.iter_mut().find(holds);
        slot.map_or(0.0, |slot| {
            let part = units.min(slot.units);
            slot.units -= part;
            part
        })
    }

    /// Takes over how much is used from one who knows it better.
    pub(super) fn set_used(&mut self, quota: &Quota, used: f64, now: Timestamp) {
        if used >= self.used {
            self.take(quota, used - self.used, now);
            return;
        }
        self.lower(self.used - used, false);
    }

    /// Counts so many units less, of those that were used last or first.
    fn lower(&mut self, units: f64, last: bool) {
        self.used = (self.used - units).max(0.0);
        let mut left = units;
        let mut less = |slot: &mut Slot| {
            let part = left.min(slot.units);
            slot.units -= part;
            left -= part;
        };
        if last {
            self.slots.iter_mut().rev().for_each(&mut less);
        } else {
            self.slots.iter_mut().for_each(&mut less);
        }
    }

    /// Takes over the level that all who share it have, and what they are not told yet.
    pub(super) fn mirror(&mut self, quota: &Quota, level: &SharedLevel, owed: f64) {
        if has_ended(&quota.window, self.opened_at, level.opened_at) {
            self.openings = self.openings.wrapping_add(1);
        }
        self.opened_at = level.opened_at;
        self.used = level.used;
        self.lasts_until = None;
        let slots = level.slots.iter();
        self.slots = slots.map(|&(until, units)| Slot { until, units }).collect();
        if owed > 0.0 {
            self.take(quota, owed, self.opened_at);
        } else {
            self.lower(-owed, true);
        }
    }

    /// The level as others are told of it.
    pub(super) fn to_shared(&self) -> SharedLevel {
        SharedLevel {
            opened_at: self.opened_at,
            used: self.used,
            slots: self
                .slots
                .iter()
                .map(|slot| (slot.until, slot.units))
                .collect(),
        }
    }

    /// Brings the level to the present. A clock that goes backwards refills nothing.
    pub(super) fn advance(&mut self, quota: &Quota, now: Timestamp) {
        match self.belief.ends_at {
            Some(ends_at) if now < ends_at => return self.advance_within(quota, now),
            Some(ends_at) => self.open(ends_at),
            None => {}
        }
        match &quota.window {
            Window::Concurrency => {}
            Window::Bucket(period) => {
                let passed = elapsed(self.opened_at, now).as_secs_f64();
                let refilled = passed / period.as_secs_f64() * self.limit(quota, now);
                self.used = (self.used - refilled).max(0.0);
                self.opened_at = self.opened_at.max(now);
            }
            Window::Fixed(period) => {
                // What was opened and never used has not begun.
                if elapsed(self.opened_at, now) >= *period || self.used <= 0.0 {
                    self.open(now);
                }
            }
            Window::Calendar { .. } | Window::Anniversary(_) if self.lasts_until > Some(now) => {}
            Window::Calendar { unit, zone } => {
                self.begin_at(begin(*unit, zone, now));
                self.lasts_until = end(*unit, zone, now);
            }
            Window::Anniversary(day) => {
                self.begin_at(anniversary(*day, now, 0).unwrap_or(now));
                self.lasts_until = anniversary(*day, now, 1);
            }
            Window::Rolling(period) => self.roll(*period, now),
            Window::Credit(lasts) => {
                // What was not spent in its time is lost.
                if lasts.is_some_and(|lasts| elapsed(self.opened_at, now) >= lasts) {
                    self.used = self.used.max(self.limit(quota, now));
                }
            }
        }
    }

    /// The same within a window whose end was told: no calendar ends it before.
    fn advance_within(&mut self, quota: &Quota, now: Timestamp) {
        if let Window::Rolling(period) = quota.window {
            self.roll(period, now);
        }
    }

    fn begin_at(&mut self, begin: Timestamp) {
        // What was not used may as well have begun with the calendar.
        if self.opened_at < begin || self.used <= 0.0 {
            self.open(begin);
        }
    }

    /// Forgets what was used longer ago than the window reaches.
    fn roll(&mut self, period: Duration, now: Timestamp) {
        if self.slots.is_empty() && self.used > 0.0 {
            self.slots.push_back(Slot {
                until: self.opened_at,
                units: self.used,
            });
        }
        while let Some(slot) = self.slots.front()
            && elapsed(slot.until, now) >= period
        {
            self.slots.pop_front();
        }
        self.used = self.slots.iter().map(|slot| slot.units).sum();
    }

    /// Whether the level, brought to the present, has enough left for a claim that weighs so many units.
    pub(super) fn check(&self, claim: &Claim, units: f64, now: Timestamp) -> Result<(), Exhausted> {
        let quota = claim.quota();
        let limit = self.limit(quota, now);
        let wanted = self.used + units;
        let missing = wanted - limit;
        // What needs nothing passes, also where more was used than there was.
        let needs_nothing = units <= 0.0;
        if needs_nothing || missing <= ROUNDING || self.belief.may_try(quota, wanted, now) {
            return Ok(());
        }
        Err(self.refusal(claim, missing, now))
    }

    /// A refusal of a claim for which so many units are missing.
    pub(super) fn refusal(&self, claim: &Claim, missing: f64, now: Timestamp) -> Exhausted {
        let quota = claim.quota();
        let fits_ever = claim.units <= self.limit(quota, now) + ROUNDING;
        let retry_at = if fits_ever {
            self.enough_at(quota, missing, now)
        } else {
            None
        };
        let busy = quota.window == Window::Concurrency;
        let is_short = busy || quota.window.period().is_some_and(|period| period <= SHORT);
        Exhausted {
            budget: Arc::clone(&claim.window.name().budget),
            window: Arc::clone(&claim.window.name().window),
            is_short,
            retry_at,
            busy,
        }
    }

    /// Of a window of the calendar, when the one that is counted ends.
    pub(super) fn lasts_until(&self) -> Option<Timestamp> {
        self.lasts_until
    }

    /// When so much time has passed since the window was opened.
    pub(super) fn ends_after(&self, period: Duration) -> Option<Timestamp> {
        self.opened_at.checked_add(period).ok()
    }

    /// When all of it is there again, if nothing more is used; none = never, or when something under way ends.
    pub(super) fn whole_at(&self, quota: &Quota, now: Timestamp) -> Option<Timestamp> {
        self.enough_at(quota, self.used, now)
    }

    fn enough_at(&self, quota: &Quota, missing: f64, now: Timestamp) -> Option<Timestamp> {
        match &quota.window {
            Window::Concurrency | Window::Credit(_) => None,
            Window::Fixed(_) | Window::Calendar { .. } | Window::Anniversary(_) => {
                self.ends_at(quota, now)
            }
            // As Groq and OpenAI state it: wait = (used + requested − limit) ÷ limit × window.
            Window::Bucket(period) => {
                let wait = missing / self.limit(quota, now) * period.as_secs_f64();
                now.checked_add(Duration::try_from_secs_f64(wait).ok()?)
                    .ok()
            }
            Window::Rolling(period) => self.rolled(missing)?.checked_add(*period).ok(),
        }
    }

    /// When the window that is counted ends; none where it has no end, or loses its contents without being refilled.
    pub(super) fn ends_at(&self, quota: &Quota, now: Timestamp) -> Option<Timestamp> {
        if self.belief.ends_at.is_some() {
            return self.belief.ends_at;
        }
        match &quota.window {
            Window::Concurrency | Window::Bucket(_) | Window::Rolling(_) => None,
            Window::Fixed(period) => self.opened_at.checked_add(*period).ok(),
            Window::Calendar { unit, zone } => end(*unit, zone, now),
            Window::Anniversary(day) => anniversary(*day, now, 1),
            Window::Credit(lasts) => self.opened_at.checked_add((*lasts)?).ok(),
        }
    }

    /// The time of the latest use that has to leave a rolling window before this many units are free.
    fn rolled(&self, missing: f64) -> Option<Timestamp> {
        let mut freed = 0.0;
        self.slots.iter().find_map(|slot| {
            freed += slot.units;
            (freed + ROUNDING >= missing).then_some(slot.until)
        })
    }
}

/// When the window around `now` began, of those that begin by themselves.
#[must_use]
pub fn began(quota: &Quota, now: Timestamp) -> Option<Timestamp> {
    match &quota.window {
        Window::Calendar { unit, zone } => Some(begin(*unit, zone, now)),
        Window::Anniversary(day) => anniversary(*day, now, 0),
        _ => None,
    }
}

/// Whether a window that was opened at one time has made room for one that was opened at another. Clocks that are
/// compared again and again differ by moments.
pub(super) fn has_ended(window: &Window, before: Timestamp, after: Timestamp) -> bool {
    let ends = matches!(
        window,
        Window::Fixed(_) | Window::Calendar { .. } | Window::Anniversary(_)
    );
    let period = window.period().unwrap_or(Duration::MAX);
    ends && elapsed(before, after) > period / 2
}

/// When a window of which only is known that it is used up has room again, if only for a little.
pub(crate) fn room_again(quota: &Quota, now: Timestamp) -> Option<Timestamp> {
    match &quota.window {
        Window::Concurrency | Window::Credit(_) => None,
        // One request, or a hundredth of all else: what a request takes of it is not known here.
        Window::Bucket(period) => {
            let part = match quota.dimension {
                Dimension::Requests => 1.0 / quota.limit.max(1.0),
                _ => 0.01,
            };
            now.checked_add(period.mul_f64(part)).ok()
        }
        Window::Fixed(period) | Window::Rolling(period) => now.checked_add(*period).ok(),
        Window::Calendar { unit, zone } => end(*unit, zone, now),
        Window::Anniversary(day) => anniversary(*day, now, 1),
    }
}

pub(super) fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
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
        CalendarUnit::Week => 1.week(),
        CalendarUnit::Month => 1.month(),
    };
    begin.checked_add(span).ok().map(|end| end.timestamp())
}

/// When the month around `now` that begins on this day begins, or one some months later.
fn anniversary(day: i8, now: Timestamp, later: i32) -> Option<Timestamp> {
    let local = now.to_zoned(TimeZone::UTC);
    let begin = |months: i32| {
        let first = local.date().first_of_month();
        let month = first.checked_add(months.months()).ok()?;
        let date = month
            .with()
            .day(day.min(month.days_in_month()))
            .build()
            .ok()?;
        let midnight = date.to_zoned(TimeZone::UTC).ok()?;
        Some(midnight.timestamp())
    };
    let current = if begin(0)? <= now { 0 } else { -1 };
    begin(current + later)
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
        CalendarUnit::Week => {
            let since_monday = i32::from(local.weekday().to_monday_zero_offset());
            let monday = local.date().checked_sub(since_monday.days()).ok()?;
            monday.to_zoned(local.time_zone().clone()).ok()
        }
        CalendarUnit::Month => local.first_of_month().ok()?.start_of_day().ok(),
    }
}

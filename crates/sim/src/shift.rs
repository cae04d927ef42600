//! Recorded answers made to look as if they had been given now: their moments and dates move with the clock. Pure.
//!
//! Mappings refuse what is too old, so an answer served as it was recorded would fail a day later. Moments within
//! `MOMENTS` of the recording move by the time since then, whole dates within `DATES` by the days since then; all
//! else (a founder's birthday, a price that looks like a number of seconds from another decade) stays.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use regex::{Captures, Regex};
use serde_json::{Map, Number, Value};

/// How far from the recording a moment may be.
const MOMENTS: SignedDuration = SignedDuration::from_hours(40 * 24);
/// How far from the recording a date may be: calendars reach a year ahead, tables a quarter back.
const DATES: i64 = 400;

/// The way from the time of a recording to now.
#[derive(Debug, Clone, Copy)]
pub struct Shift {
    recorded: Timestamp,
    /// Whole minutes, so that what was written in minutes keeps its distance to what was written in seconds.
    minutes: i64,
    days: i64,
}

impl Shift {
    /// The way from one moment to another, either way in time.
    #[must_use]
    pub fn between(recorded: Timestamp, now: Timestamp) -> Self {
        Self {
            recorded,
            minutes: (now.as_second() - recorded.as_second()).div_euclid(60),
            days: now.as_second().div_euclid(DAY) - recorded.as_second().div_euclid(DAY),
        }
    }

    /// Moves every timestamp of a JSON value: numbers that are epoch seconds or milliseconds, strings and member
    /// names that are a date or a moment from end to end.
    pub fn json(&self, value: &mut Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => {
                if let Some(moved) = self.number(number) {
                    *number = moved;
                }
            }
            Value::String(text) => {
                if let Some(moved) = self.whole(text) {
                    *text = moved;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(members) => {
                *members = std::mem::take(members)
                    .into_iter()
                    .map(|(name, mut value)| {
                        self.json(&mut value);
                        (self.whole(&name).unwrap_or(name), value)
                    })
                    .collect::<Map<_, _>>();
            }
        }
    }

    /// Moves every timestamp in a text that is not JSON (XML, CSV).
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        INSIDE.replace_all(text, |found: &Captures<'_>| {
            self.stamp(found)
                .unwrap_or_else(|| found.get_match().as_str().to_owned())
        })
    }

    /// Moves a header's value when it is a timestamp from end to end.
    #[must_use]
    pub fn header(&self, value: &str) -> Option<String> {
        let number = || self.number(&value.parse::<i64>().ok()?.into());
        number()
            .map(|moved| moved.to_string())
            .or_else(|| self.whole(value))
    }

    fn number(&self, number: &Number) -> Option<Number> {
        let seconds = self.minutes * 60;
        if let Some(whole) = number.as_i64() {
            return if self.near(whole) {
                Some((whole + seconds).into())
            } else if self.near(whole.div_euclid(1_000)) {
                Some((whole + seconds * 1_000).into())
            } else {
                None
            };
        }
        let float = number.as_f64()?;
        if self.near(truncated(float)) {
            Number::from_f64(float + real(seconds))
        } else if self.near(truncated(float / 1_000.0)) {
            Number::from_f64(float + real(seconds * 1_000))
        } else {
            None
        }
    }

    fn near(&self, second: i64) -> bool {
        second.abs_diff(self.recorded.as_second()) <= MOMENTS.as_secs().unsigned_abs()
    }

    fn whole(&self, text: &str) -> Option<String> {
        if let Some(found) = WHOLE.captures(text) {
            return self.stamp(&found);
        }
        self.spelled(text)
    }

    /// `2026-11-22`, `2026-11-22T10:31`, `2026-11-22 10:31:00.5+01:00`: what is written stays as precise as it is, in
    /// the zone in which it is.
    fn stamp(&self, found: &Captures<'_>) -> Option<String> {
        let date: Date = found["date"].parse().ok()?;
        let Some(time) = found.name("time") else {
            return self.date(date).map(|date| date.to_string());
        };
        let at: DateTime = format!("{date}T{}", time.as_str()).parse().ok()?;
        let near = self.near(
            at.to_zoned(jiff::tz::TimeZone::UTC)
                .ok()?
                .timestamp()
                .as_second(),
        );
        let moved = at
            .checked_add(SignedDuration::from_mins(self.minutes))
            .ok()?;
        let precision = if time.len() > 5 { "%H:%M:%S" } else { "%H:%M" };
        near.then(|| {
            format!(
                "{}{}{}{}",
                moved.date(),
                &found["between"],
                moved.strftime(precision),
                &found["rest"]
            )
        })
    }

    fn date(&self, date: Date) -> Option<Date> {
        let recorded = self.recorded.to_zoned(jiff::tz::TimeZone::UTC).date();
        let away = i64::from((date - recorded).get_days()).abs();
        if away > DATES {
            return None;
        }
        date.checked_add(SignedDuration::from_hours(self.days * 24))
            .ok()
    }

    /// `Sun, 22 Nov 2026 10:31:00 GMT` and `… +0000`, as HTTP and mail have it.
    fn spelled(&self, text: &str) -> Option<String> {
        if !(25..=31).contains(&text.len()) || text.get(3..5) != Some(", ") {
            return None;
        }
        let at = jiff::fmt::rfc2822::parse(text).ok()?;
        let moved = at
            .checked_add(SignedDuration::from_mins(self.minutes))
            .ok()?;
        let zone = text.rsplit(' ').next()?;
        self.near(at.timestamp().as_second())
            .then(|| format!("{} {zone}", moved.strftime("%a, %d %b %Y %H:%M:%S")))
    }
}

const DAY: i64 = 86_400;

const STAMP: &str = r"(?<date>\d{4}-\d{2}-\d{2})(?:(?<between>[T ])(?<time>\d{2}:\d{2}(?::\d{2})?)(?<rest>(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?))?";

static WHOLE: LazyLock<Regex> = LazyLock::new(|| compiled(&format!("^{STAMP}$")));
static INSIDE: LazyLock<Regex> = LazyLock::new(|| compiled(&format!(r"\b{STAMP}\b")));

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, which the tests compile"
)]
fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "casts saturate, and the ends are no timestamps"
)]
fn truncated(number: f64) -> i64 {
    number as i64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "times within the range of dates are far below 2^53"
)]
fn real(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
#[path = "shift_tests.rs"]
mod tests;

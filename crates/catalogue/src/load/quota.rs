//! `[[quota]]`.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::reader::Reader;
use crate::model::{CalendarUnit, Quota, Window};
use crate::suggest::did_you_mean;
use crate::units;
use crate::written::{self, QuotaKind, Text};

pub(super) fn read(written: &written::Quota, reader: &mut Reader<'_>) -> Option<Quota> {
    if !written.limit.is_finite() || written.limit < 1.0 {
        reader.wrong(format!(
            "[[quota]] limit = {}: a budget holds at least 1",
            written.limit
        ));
        return None;
    }
    if !written.models.is_empty() && written.group.is_none() && !written.each_model {
        let message = "`models` needs `group` (they share the budget) or `each_model = true`";
        reader.wrong_at(&written.models[0], message);
    }
    if written.guessed && written.cap {
        reader.wrong("[[quota]] `guessed` may prove to be higher, `cap` is never raised: keep one");
    }
    Some(Quota {
        limit: written.limit,
        window: window(&Span::of(written), reader)?,
        scope: written.scope,
        group: written.group.clone(),
        dimension: written.dimension,
        cost: reader.filter_if(written.cost.as_ref()),
        each_model: written.each_model,
        models: texts(&written.models),
        guessed: written.guessed,
        cap: written.cap,
    })
}

/// Texts without their places.
pub(super) fn texts(written: &[Text]) -> Vec<String> {
    written.iter().map(|text| text.get_ref().clone()).collect()
}

/// What a file says of a window, of a quota or of the headers that tell of it.
pub(super) struct Span<'a> {
    pub(super) per: Option<&'a Text>,
    pub(super) kind: Option<QuotaKind>,
    pub(super) resets: Option<&'a Text>,
    pub(super) day: Option<i8>,
    pub(super) lasts: Option<&'a Text>,
}

impl<'a> Span<'a> {
    fn of(written: &'a written::Quota) -> Self {
        Self {
            per: written.per.as_ref(),
            kind: written.kind,
            resets: written.resets.as_ref(),
            day: written.day,
            lasts: written.lasts.as_ref(),
        }
    }
}

/// The length of a period such as `day` or `30s`.
pub(super) fn length(per: &Text, reader: &mut Reader<'_>) -> Option<Duration> {
    period(per, reader).map(|period| period.length)
}

/// Periods that have names.
const PERIODS: [&str; 6] = ["second", "minute", "hour", "day", "week", "month"];

/// A period as written, and what the calendar calls it.
struct Period {
    length: Duration,
    unit: Option<CalendarUnit>,
}

pub(super) fn window(written: &Span<'_>, reader: &mut Reader<'_>) -> Option<Window> {
    match written.kind {
        Some(QuotaKind::Concurrency) => return Some(Window::Concurrency),
        Some(QuotaKind::Credit) => {
            return Some(Window::Credit(reader.duration_if(written.lasts)));
        }
        Some(QuotaKind::Anniversary) => return anniversary(written.day, reader),
        _ => {}
    }
    let Some(per) = written.per else {
        reader.wrong(
            "a window needs `per`: second, minute, hour, day, week, month or a duration such as \"30s\"",
        );
        return None;
    };
    let period = period(per, reader)?;
    let long = matches!(
        period.unit,
        Some(CalendarUnit::Day | CalendarUnit::Week | CalendarUnit::Month)
    );
    match (written.kind, period.unit) {
        (Some(QuotaKind::Fixed), _) => Some(Window::Fixed(period.length)),
        (Some(QuotaKind::Rolling), _) => Some(Window::Rolling(period.length)),
        (None, Some(unit)) if long => calendar(unit, written.resets, reader),
        (Some(QuotaKind::Calendar), Some(unit)) => calendar(unit, written.resets, reader),
        (Some(QuotaKind::Calendar), None) => {
            reader.wrong_at(
                per,
                "a calendar window is a minute, hour, day, week or month",
            );
            None
        }
        _ => Some(Window::Bucket(period.length)),
    }
}

fn calendar(unit: CalendarUnit, resets: Option<&Text>, reader: &mut Reader<'_>) -> Option<Window> {
    let zone = zone(resets, reader)?;
    Some(Window::Calendar { unit, zone })
}

/// The day on which an account was opened differs from one to the next; where the file says none it is the first.
fn anniversary(day: Option<i8>, reader: &mut Reader<'_>) -> Option<Window> {
    let day = day.unwrap_or(1);
    if !(1..=31).contains(&day) {
        reader.wrong(format!("`day = {day}`: a month has days 1 to 31"));
        return None;
    }
    Some(Window::Anniversary(day))
}

fn period(per: &Text, reader: &mut Reader<'_>) -> Option<Period> {
    let named = |seconds, unit| {
        Some(Period {
            length: Duration::from_secs(seconds),
            unit,
        })
    };
    match per.get_ref().as_str() {
        "second" => named(1, None),
        "minute" => named(60, Some(CalendarUnit::Minute)),
        "hour" => named(3_600, Some(CalendarUnit::Hour)),
        "day" => named(86_400, Some(CalendarUnit::Day)),
        "week" => named(7 * 86_400, Some(CalendarUnit::Week)),
        "month" => named(30 * 86_400, Some(CalendarUnit::Month)),
        other => match units::duration(other) {
            Ok(length) if !length.is_zero() => Some(Period { length, unit: None }),
            _ => {
                let hint = did_you_mean(other, PERIODS);
                let message = format!(
                    "`{other}` is no period: second, minute, hour, day, week, month or a duration such as 30s{hint}"
                );
                reader.wrong_at(per, message);
                None
            }
        },
    }
}

fn zone(resets: Option<&Text>, reader: &mut Reader<'_>) -> Option<TimeZone> {
    let Some(text) = resets else {
        return Some(TimeZone::UTC);
    };
    TimeZone::get(text.get_ref())
        .map_err(|_| {
            let known: Vec<String> = jiff::tz::db()
                .available()
                .map(|name| name.as_str().to_owned())
                .collect();
            let hint = did_you_mean(text.get_ref(), known.iter().map(String::as_str));
            let message = format!("`{}` is no zone of the IANA database{hint}", text.get_ref());
            reader.wrong_at(text, message);
        })
        .ok()
}

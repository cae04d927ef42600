//! `[[quota]]`.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::reader::Reader;
use crate::model::{CalendarUnit, Quota, Window};
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
    Some(Quota {
        limit: written.limit,
        window: window(written, reader)?,
        scope: written.scope,
        group: written.group.clone(),
        dimension: written.dimension,
        cost: reader.filter_if(written.cost.as_ref()),
    })
}

/// A period as written, and what the calendar calls it.
struct Period {
    length: Duration,
    unit: Option<CalendarUnit>,
}

fn window(written: &written::Quota, reader: &mut Reader<'_>) -> Option<Window> {
    if written.kind == Some(QuotaKind::Concurrency) {
        return Some(Window::Concurrency);
    }
    let Some(per) = &written.per else {
        reader.wrong(
            "[[quota]] needs `per`: second, minute, hour, day, month or a duration such as \"30s\"",
        );
        return None;
    };
    let period = period(per, reader)?;
    let long = matches!(period.unit, Some(CalendarUnit::Day | CalendarUnit::Month));
    let kind = written.kind.unwrap_or(if long {
        QuotaKind::Calendar
    } else {
        QuotaKind::Bucket
    });
    match (kind, period.unit) {
        (QuotaKind::Bucket, _) => Some(Window::Bucket(period.length)),
        (QuotaKind::Fixed, _) => Some(Window::Fixed(period.length)),
        (QuotaKind::Calendar, Some(unit)) => Some(Window::Calendar {
            unit,
            zone: zone(written.resets.as_ref(), reader)?,
        }),
        (QuotaKind::Calendar, None) => {
            reader.wrong_at(per, "a calendar window is a minute, hour, day or month");
            None
        }
        (QuotaKind::Concurrency, _) => Some(Window::Concurrency),
    }
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
        "month" => named(30 * 86_400, Some(CalendarUnit::Month)),
        other => match units::duration(other) {
            Ok(length) if !length.is_zero() => Some(Period { length, unit: None }),
            _ => {
                let message = format!(
                    "`{other}` is no period: second, minute, hour, day, month or a duration such as 30s"
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
            reader.wrong_at(
                text,
                format!("`{}` is no zone of the IANA database", text.get_ref()),
            );
        })
        .ok()
}

//! An instant on a place's clocks, in the shape of the category (`Moment`).

use jiff::tz::{Dst, Offset};
use jiff::{Zoned, civil::Weekday};
use serde_json::{Value, json};

/// Everything that a clock and a calendar in that zone show, and the next change of the clocks if one is known.
pub(super) fn unified(zoned: &Zoned) -> Value {
    let week = zoned.date().iso_week_date();
    let mut value = json!({
        "tz": zoned.time_zone().iana_name().unwrap_or("UTC"),
        "datetime": format!("{zoned:.0}"),
        "unix": zoned.timestamp().as_second(),
        "utc_offset": offset(zoned.offset()),
        "utc_offset_s": zoned.offset().seconds(),
        "is_dst": is_dst(zoned),
        "abbreviation": abbreviation(zoned),
        "weekday": weekday(zoned.weekday()),
        "week": week.week(),
        "week_year": week.year(),
        "day_of_year": zoned.day_of_year(),
    });
    if let Some(next) = zoned.time_zone().following(zoned.timestamp()).next() {
        value["next_transition"] = json!({
            "at": next.timestamp().to_string(),
            "utc_offset": offset(next.offset()),
            "utc_offset_s": next.offset().seconds(),
            "is_dst": next.dst() == Dst::Yes,
            "abbreviation": next.abbreviation(),
        });
    }
    value
}

/// `+01:00`; seconds are written where history had them (`+00:09:21`).
pub(super) fn offset(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes, rest) = (
        seconds.abs() / 3600,
        seconds.abs() / 60 % 60,
        seconds.abs() % 60,
    );
    let short = format!("{sign}{hours:02}:{minutes:02}");
    if rest == 0 {
        short
    } else {
        format!("{short}:{rest:02}")
    }
}

/// Whether summer time is in force.
pub(super) fn is_dst(zoned: &Zoned) -> bool {
    zoned.time_zone().to_offset_info(zoned.timestamp()).dst() == Dst::Yes
}

/// `CET`, or an offset such as `-03` where people have no letters for it.
pub(super) fn abbreviation(zoned: &Zoned) -> String {
    let info = zoned.time_zone().to_offset_info(zoned.timestamp());
    info.abbreviation().to_owned()
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}

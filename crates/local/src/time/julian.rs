//! Julian days, in which astronomers count, and how far the earth's turning lags behind their even time.

use jiff::Timestamp;
use jiff::civil::Date;
use solar_positioning::delta_t;

use crate::{Failure, params};

/// The Julian day of 1970-01-01T00:00:00Z.
const UNIX_EPOCH: f64 = 2_440_587.5;

const DAY_S: f64 = 86_400.0;

/// Years for which sun and moon are computed: beyond them nobody knows how the earth will have turned.
const YEARS: std::ops::RangeInclusive<i16> = 1000..=2999;

/// The Julian day of an instant (UT).
pub(crate) fn day(instant: Timestamp) -> f64 {
    instant.as_duration().as_secs_f64() / DAY_S + UNIX_EPOCH
}

/// The instant of a Julian day (UT), to the nearest second; none beyond the years -9999 to 9999.
pub(crate) fn instant(day: f64) -> Option<Timestamp> {
    let seconds = ((day - UNIX_EPOCH) * DAY_S).round();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast saturates, and the range is checked next"
    )]
    Timestamp::from_second(seconds as i64).ok()
}

/// TT minus UT in seconds around a date: 69 s in our years.
pub(crate) fn delta_t_s(date: Date) -> f64 {
    let month = u32::from(date.month().unsigned_abs());
    delta_t::estimate_from_date(i32::from(date.year()), month).unwrap_or_default()
}

/// The parameter `date`, if it is given, and one of the years that can be computed.
pub(crate) fn date_param(
    parameters: &serde_json::Map<String, serde_json::Value>,
) -> Result<Option<Date>, Failure> {
    let Some(text) = params::optional_text(parameters, "date")? else {
        return Ok(None);
    };
    let date = text
        .parse::<Date>()
        .ok()
        .filter(|date| YEARS.contains(&date.year()));
    date.map(Some).ok_or_else(|| {
        let reason = format!(
            "expected a day such as 2026-06-21 in the years {} to {}",
            YEARS.start(),
            YEARS.end()
        );
        params::invalid("date", reason)
    })
}

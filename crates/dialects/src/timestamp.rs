//! Times as providers write them (RFC 3339), in seconds since 1970.

/// `2025-07-07T20:32:53.844124Z` or `…-07:00`; fractions of a second are cut off. None = it is no such time.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date = date.splitn(3, '-');
    let year: i64 = number(date.next()?, 4)?;
    let month: i64 = number(date.next()?, 2)?;
    let day: i64 = number(date.next()?, 2)?;
    let clock = time.get(..8)?;
    let mut clock = clock.splitn(3, ':');
    let hour: i64 = number(clock.next()?, 2)?;
    let minute: i64 = number(clock.next()?, 2)?;
    let second: i64 = number(clock.next()?, 2)?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 {
        return None;
    }
    let zone = time
        .get(8..)?
        .trim_start_matches(|sign: char| sign == '.' || sign.is_ascii_digit());
    Some(
        days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second.min(59)
            - offset(zone)?,
    )
}

fn number(text: &str, digits: usize) -> Option<i64> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// Seconds ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    Some(sign * (number(hours, 2)? * 3_600 + number(minutes, 2)? * 60))
}

/// Days since 1970-01-01 in the Gregorian calendar, counted in years that begin in March so that the leap day is last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_every_kind_are_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2025-07-07T20:32:53.844124Z", Some(1_751_920_373)),
            ("2025-05-10T08:06:48.639712648-07:00", Some(1_746_889_608)),
            ("2024-02-29T23:59:60+00:00", Some(1_709_251_199)),
            ("1969-12-31T23:59:59Z", Some(-1)),
            ("2025-13-01T00:00:00Z", None),
            ("2025-07-07", None),
            ("2025-07-07T20:32:5é", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}

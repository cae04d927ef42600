//! The date of Easter, western and orthodox, in the Gregorian calendar.

use jiff::ToSpan;
use jiff::civil::{Date, date};

/// Easter Sunday of the western churches (Meeus, Astronomical Algorithms, chapter 8; Butcher's method of 1876).
pub(super) fn western(year: i16) -> Date {
    let y = i32::from(year);
    let (golden, century, rest) = (y % 19, y / 100, y % 100);
    let moon_correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - moon_correction + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    days_after_march_0(year, epact + weekday - 7 * late + 22)
}

/// Easter Sunday of the orthodox churches: the Julian computation (Meeus, same chapter), moved into our calendar.
pub(super) fn orthodox(year: i16) -> Date {
    let y = i32::from(year);
    let epact = (19 * (y % 19) + 15) % 30;
    let weekday = (2 * (y % 4) + 4 * (y % 7) - epact + 34) % 7;
    days_after_march_0(year, epact + weekday + 22 + julian_lag(y))
}

/// How many days the Julian calendar is behind ours in March of a year.
fn julian_lag(year: i32) -> i32 {
    year / 100 - year / 400 - 2
}

fn days_after_march_0(year: i16, days: i32) -> Date {
    date(year, 3, 1).saturating_add((days - 1).days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::Weekday;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_dates_come_out() {
        // Meeus' own examples and the dates that the churches announce.
        for (expected, year) in [
            (date(1961, 4, 2), 1961),
            (date(2000, 4, 23), 2000),
            (date(2025, 4, 20), 2025),
            (date(2026, 4, 5), 2026),
        ] {
            assert_eq!(western(year), expected);
        }
        for (expected, year) in [
            (date(2010, 4, 4), 2010),
            (date(2024, 5, 5), 2024),
            (date(2025, 4, 20), 2025),
            (date(2026, 4, 12), 2026),
        ] {
            assert_eq!(orthodox(year), expected);
        }
    }

    proptest! {
        #[test]
        fn easter_is_a_sunday_within_its_bounds(year in 1583_i16..4000) {
            let western = western(year);
            prop_assert_eq!(western.weekday(), Weekday::Sunday);
            prop_assert!((date(year, 3, 22)..=date(year, 4, 25)).contains(&western));
            prop_assert_eq!(orthodox(year).weekday(), Weekday::Sunday);
        }

        #[test]
        fn the_orthodox_easter_is_never_the_earlier_one(year in 1900_i16..2100) {
            prop_assert!(orthodox(year) >= western(year));
        }
    }
}

//! One holiday's rule: which day of the year it is, in which years, and what happens when it falls badly.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde::Deserialize;

use super::easter;

/// A line of a rule file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// English name.
    pub(super) name: String,
    /// The name in the country's language, where it differs.
    pub(super) local: Option<String>,
    /// The day, as a rule …
    on: Option<When>,
    /// … or one by one, where a law or a decree lists them.
    #[serde(default)]
    dates: Vec<Date>,
    from: Option<i16>,
    until: Option<i16>,
    /// Only every so many years, counted from `from`.
    every: Option<i16>,
    /// Years left out.
    #[serde(default)]
    except: Vec<i16>,
    /// Weekdays on which it is no holiday.
    #[serde(default)]
    unless: Vec<Day>,
    /// Days by which it moves, by the weekday on which it falls.
    #[serde(default)]
    moved: Shifts,
    /// Days after (before) it on which one more day is off, by the weekday on which it falls.
    #[serde(default)]
    pub(super) observed: Shifts,
    /// Whether that day must be one that is still free, and otherwise goes on to the next that is.
    #[serde(default)]
    pub(super) next_free: bool,
    /// ISO 3166-2 codes of the parts of the country that keep it; none: the whole country.
    #[serde(default)]
    pub(super) regions: Vec<String>,
}

impl Rule {
    /// The rule's own days in a year, moved ones where they have moved to.
    pub(super) fn days(&self, year: i16) -> impl Iterator<Item = Date> {
        let ruled = self
            .on
            .as_ref()
            .filter(|_| self.holds_in(year))
            .and_then(|when| when.day(year));
        let listed = self
            .dates
            .iter()
            .copied()
            .filter(move |date| date.year() == year);
        let allowed = ruled.filter(|date| !self.unless.contains(&Day::of(*date)));
        allowed
            .map(|date| self.moved.apply(date).unwrap_or(date))
            .into_iter()
            .chain(listed)
    }

    fn holds_in(&self, year: i16) -> bool {
        let begun = self.from.is_none_or(|from| from <= year);
        let not_over = self.until.is_none_or(|until| year <= until);
        let in_turn = self
            .every
            .is_none_or(|every| (year - self.from.unwrap_or(0)).rem_euclid(every) == 0);
        begun && not_over && in_turn && !self.except.contains(&year)
    }
}

/// Days to add, by weekday.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Shifts(BTreeMap<Day, i32>);

impl Shifts {
    /// Where a day goes, if it goes.
    pub(super) fn apply(&self, date: Date) -> Option<Date> {
        self.0
            .get(&Day::of(date))
            .map(|days| date.saturating_add(days.days()))
    }
}

/// A weekday as rule files write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    fn of(date: Date) -> Self {
        match date.weekday() {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}

/// A day of any year: `07-14`, `easter+39`, `orthodox-2`, `-1 mon 05` (the last Monday of May) or
/// `sat from 06-20` (the first Saturday on or after 20 June).
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum When {
    Fixed {
        month: i8,
        day: i8,
    },
    Easter(i32),
    OrthodoxEaster(i32),
    Nth {
        nth: i8,
        weekday: Weekday,
        month: i8,
    },
    From {
        weekday: Weekday,
        month: i8,
        day: i8,
    },
}

impl When {
    fn day(&self, year: i16) -> Option<Date> {
        match *self {
            Self::Fixed { month, day } => Date::new(year, month, day).ok(),
            Self::Easter(days) => easter::western(year).checked_add(days.days()).ok(),
            Self::OrthodoxEaster(days) => easter::orthodox(year).checked_add(days.days()).ok(),
            Self::Nth {
                nth,
                weekday,
                month,
            } => Date::new(year, month, 1)
                .ok()?
                .nth_weekday_of_month(nth, weekday)
                .ok(),
            Self::From {
                weekday,
                month,
                day,
            } => Date::new(year, month, day)
                .ok()?
                .yesterday()
                .ok()?
                .nth_weekday(1, weekday)
                .ok(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some(days) = text.strip_prefix("easter") {
            return offset(days).map(Self::Easter);
        }
        if let Some(days) = text.strip_prefix("orthodox") {
            return offset(days).map(Self::OrthodoxEaster);
        }
        match *text.split(' ').collect::<Vec<_>>() {
            [fixed] => month_and_day(fixed).map(|(month, day)| Self::Fixed { month, day }),
            [weekday, "from", fixed] => {
                let (month, day) = month_and_day(fixed)?;
                Some(Self::From {
                    weekday: parse_weekday(weekday)?,
                    month,
                    day,
                })
            }
            [nth, weekday, month] => Some(Self::Nth {
                nth: nth.parse().ok()?,
                weekday: parse_weekday(weekday)?,
                month: month.parse().ok()?,
            }),
            _ => None,
        }
    }
}

impl TryFrom<String> for When {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| {
            format!("`{text}` is no day: try 07-14, easter+39, -1 mon 05 or sat from 06-20")
        })
    }
}

fn offset(text: &str) -> Option<i32> {
    if text.is_empty() {
        Some(0)
    } else {
        text.parse().ok()
    }
}

fn month_and_day(text: &str) -> Option<(i8, i8)> {
    let (month, day) = text.split_once('-')?;
    Some((month.parse().ok()?, day.parse().ok()?))
}

fn parse_weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_is_found_from_its_words() {
        let day = |text: &str| When::parse(text).and_then(|when| when.day(2026));
        assert_eq!(day("07-14"), Some(date(2026, 7, 14)));
        assert_eq!(day("easter"), Some(date(2026, 4, 5)));
        assert_eq!(day("easter+39"), Some(date(2026, 5, 14)));
        assert_eq!(day("orthodox-2"), Some(date(2026, 4, 10)));
        assert_eq!(day("4 thu 11"), Some(date(2026, 11, 26)));
        assert_eq!(day("-1 mon 05"), Some(date(2026, 5, 25)));
        assert_eq!(day("sat from 06-20"), Some(date(2026, 6, 20)));
        assert_eq!(day("fri from 06-20"), Some(date(2026, 6, 26)));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "easterly", "7/14", "mon", "first mon 05", "1 moon 05"] {
            assert_eq!(When::parse(text), None, "{text}");
        }
    }
}

//! A country's calendar of one year: its rules applied, with the days off that stand in for lost ones.

use jiff::civil::Date;

use super::country::Country;
use super::rule::Rule;

/// A day off and the rule that gives it.
#[derive(Debug, Clone)]
pub(super) struct Holiday<'a> {
    pub(super) date: Date,
    pub(super) rule: &'a Rule,
    /// The holiday for which this day stands in.
    pub(super) observed_of: Option<Date>,
}

/// The holidays of a year, in order of date. New Year's Day of the next year may be observed in this one.
pub(super) fn of_year(country: &Country, year: i16) -> Vec<Holiday<'_>> {
    let mut holidays: Vec<_> = [year, year + 1]
        .into_iter()
        .flat_map(|ruled| of_ruled_year(country, ruled))
        .collect();
    holidays.retain(|holiday| holiday.date.year() == year);
    holidays.sort_by_key(|holiday| holiday.date);
    holidays
}

/// What the rules give for a year, wherever it falls.
fn of_ruled_year(country: &Country, year: i16) -> Vec<Holiday<'_>> {
    let own = |rule| {
        Rule::days(rule, year).map(move |date| Holiday {
            date,
            rule,
            observed_of: None,
        })
    };
    let mut holidays: Vec<_> = country.holidays.iter().flat_map(own).collect();
    holidays.sort_by_key(|holiday| holiday.date);
    for index in 0..holidays.len() {
        if let Some(substitute) = substitute(&holidays[index], &holidays) {
            holidays.push(substitute);
        }
    }
    holidays
}

/// The day off that stands in for a holiday on a weekend, as its rule says.
fn substitute<'a>(holiday: &Holiday<'a>, taken: &[Holiday<'a>]) -> Option<Holiday<'a>> {
    let mut date = holiday.rule.observed.apply(holiday.date)?;
    let same_people = |other: &Holiday| {
        other.rule.regions.is_empty() || other.rule.regions == holiday.rule.regions
    };
    while holiday.rule.next_free
        && taken
            .iter()
            .any(|other| other.date == date && same_people(other))
    {
        date = date.tomorrow().ok()?;
    }
    Some(Holiday {
        date,
        rule: holiday.rule,
        observed_of: Some(holiday.date),
    })
}

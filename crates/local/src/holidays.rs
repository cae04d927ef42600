//! Public holidays, computed from rules that are data (`data/holidays/<country>.toml`).
//!
//! Only countries whose calendar a rule can state: where the moon or a yearly decree decides, there is no answer here.

mod calendar;
mod country;
mod easter;
mod rule;

use std::ops::RangeInclusive;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::{Context, Failure, Function, params};
use calendar::Holiday;
use country::Country;

pub(crate) const FUNCTIONS: &[(&str, Function)] =
    &[("holidays.list", list), ("holidays.next", next)];

/// Nobody knows the laws of a later century.
const YEARS: RangeInclusive<u64> = 1900..=2100;

const MAX_NEXT: u64 = 20;

/// How many coming holidays `next` gives when it is not told.
const NEXT_BY_DEFAULT: u64 = 3;

/// The holidays of `country` in `year`, in order of date.
fn list(parameters: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let (code, country) = country_of(parameters)?;
    let year = year_of(parameters)?;
    let holidays = calendar::of_year(&country, covered(code, &country, year)?);
    Ok(holidays
        .iter()
        .map(|holiday| unified(code, holiday))
        .collect())
}

/// The next `limit` holidays of `country`, today's (UTC) included.
fn next(parameters: &Map<String, Value>, context: &Context) -> Result<Value, Failure> {
    let (code, country) = country_of(parameters)?;
    let limit = params::optional_integer(parameters, "limit", 1..=MAX_NEXT)?;
    let today = context.now.to_zoned(TimeZone::UTC).date();
    let coming = coming_from(&country, today, covered(code, &country, today.year())?);
    let limit = usize::try_from(limit.unwrap_or(NEXT_BY_DEFAULT)).unwrap_or(usize::MAX);
    Ok(coming
        .take(limit)
        .map(|holiday| unified(code, &holiday))
        .collect())
}

/// `MAX_NEXT` holidays at most are wanted, and the shortest calendar has four a year: six years are enough.
fn coming_from(country: &Country, today: Date, year: i16) -> impl Iterator<Item = Holiday<'_>> {
    let last = country.until.unwrap_or(i16::MAX).min(year + 6);
    (year..=last)
        .flat_map(|year| calendar::of_year(country, year))
        .filter(move |holiday| holiday.date >= today)
}

fn country_of(parameters: &Map<String, Value>) -> Result<(&str, Country), Failure> {
    let code = params::required_text(parameters, "country")?;
    country::rules(code)
        .map(|country| (code, country))
        .ok_or_else(|| {
            let known: Vec<_> = country::codes().collect();
            Failure::Unsupported(format!(
                "there are no rules here for the holidays of {code}, only for {}",
                known.join(", ")
            ))
        })
}

fn year_of(parameters: &Map<String, Value>) -> Result<i16, Failure> {
    let year = params::optional_integer(parameters, "year", YEARS)?
        .ok_or_else(|| params::invalid("year", "is missing"))?;
    i16::try_from(year).map_err(|error| params::invalid("year", error.to_string()))
}

/// The year, if the country's rules hold in it: laws before `since` differed, and some calendars end.
fn covered(code: &str, country: &Country, year: i16) -> Result<i16, Failure> {
    let until = country.until.unwrap_or(i16::MAX);
    if (country.since..=until).contains(&year) {
        return Ok(year);
    }
    let end = country
        .until
        .map_or_else(String::new, |until| format!(" to {until}"));
    Err(Failure::Unsupported(format!(
        "the rules for {code} hold from {}{end}, not in {year}",
        country.since
    )))
}

fn unified(code: &str, holiday: &Holiday) -> Value {
    let mut value = json!({
        "date": holiday.date.to_string(),
        "name": holiday.rule.name,
        "local_name": holiday.rule.local.as_ref().unwrap_or(&holiday.rule.name),
        "country_code": code,
        "types": ["public"],
        "national": holiday.rule.regions.is_empty(),
    });
    if !holiday.rule.regions.is_empty() {
        value["regions"] = json!(holiday.rule.regions);
    }
    if let Some(original) = holiday.observed_of {
        value["observed_of"] = json!(original.to_string());
    }
    value
}

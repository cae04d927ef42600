//! The computed holidays: every country and year against a reference (see `scripts/holidays_fixture.py`), and the
//! shape against the category's schema.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

use std::collections::{BTreeMap, BTreeSet};

use guichet_local::{Context, Failure, function};
use serde::Deserialize;
use serde_json::{Value, json};

mod schema;

#[derive(Deserialize)]
struct Reference {
    names: Vec<String>,
    years: BTreeMap<String, String>,
}

/// Date, English name, regions.
type Entry = (String, String, Vec<String>);

fn call(name: &str, params: &Value, now: &str) -> Result<Value, Failure> {
    let context = Context {
        now: now.parse().unwrap(),
        peer: None,
    };
    function(name).unwrap()(params.as_object().unwrap(), &context)
}

fn list(country: &str, year: i64) -> Result<Value, Failure> {
    call(
        "holidays.list",
        &json!({ "country": country, "year": year }),
        "2026-11-22T10:00:00Z",
    )
}

fn next(country: &str, limit: u64, now: &str) -> Result<Value, Failure> {
    call(
        "holidays.next",
        &json!({ "country": country, "limit": limit }),
        now,
    )
}

fn computed(country: &str, year: &str) -> BTreeSet<Entry> {
    let holidays = list(country, year.parse().unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let regions = |value: &Value| {
        value
            .as_array()
            .map(|codes| codes.iter().map(text).collect())
            .unwrap_or_default()
    };
    let entry = |holiday: &Value| {
        (
            text(&holiday["date"]),
            text(&holiday["name"]),
            regions(&holiday["regions"]),
        )
    };
    holidays.as_array().unwrap().iter().map(entry).collect()
}

fn expected(country: &str, year: &str, reference: &Reference) -> BTreeSet<Entry> {
    let entry = |written: &str| {
        let (day, rest) = written.split_once(':').unwrap();
        let (name, regions) = rest.split_once('@').unwrap_or((rest, ""));
        let date = format!("{year}-{}-{}", &day[..2], &day[2..]);
        let regions = regions.split('+').filter(|region| !region.is_empty());
        let name: usize = name.parse().unwrap();
        (
            date,
            reference.names[name].clone(),
            regions
                .map(|region| format!("{country}-{region}"))
                .collect(),
        )
    };
    reference.years[year]
        .split_whitespace()
        .map(entry)
        .collect()
}

#[test]
fn every_country_and_year_agrees_with_the_reference() {
    let text = include_str!("data/holidays.json");
    let reference: BTreeMap<String, Reference> = serde_json::from_str(text).unwrap();
    let mut wrong = Vec::new();
    for (country, reference) in &reference {
        for year in reference.years.keys() {
            let (ours, theirs) = (computed(country, year), expected(country, year, reference));
            wrong.extend(
                ours.difference(&theirs)
                    .map(|entry| format!("{country} has {entry:?}")),
            );
            wrong.extend(
                theirs
                    .difference(&ours)
                    .map(|entry| format!("{country} lacks {entry:?}")),
            );
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differences:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        reference.len() >= 40,
        "the reference is too small: {}",
        reference.len()
    );
}

#[test]
fn a_calendar_has_the_categorys_shape() {
    for (country, year) in [
        ("FR", 2026),
        ("GB", 2027),
        ("US", 2021),
        ("NZ", 2052),
        ("CO", 2100),
    ] {
        schema::check("holidays", "Holidays", &list(country, year).unwrap());
    }
    insta::assert_json_snapshot!("france_2026", list("FR", 2026).unwrap());
    insta::assert_json_snapshot!("united_kingdom_2027", list("GB", 2027).unwrap());
}

#[test]
fn the_next_holidays_start_today_and_run_over_the_year() {
    let holidays = next("FR", 4, "2026-11-11T23:00:00Z").unwrap();
    schema::check("holidays", "Holidays", &holidays);
    let dates: Vec<_> = holidays
        .as_array()
        .unwrap()
        .iter()
        .map(|holiday| holiday["date"].as_str().unwrap())
        .collect();
    assert_eq!(
        dates,
        ["2026-11-11", "2026-12-25", "2027-01-01", "2027-03-29"]
    );
    assert_eq!(
        next("CH", 20, "2026-11-22T10:00:00Z")
            .unwrap()
            .as_array()
            .unwrap()
            .len(),
        20
    );
}

#[test]
fn a_holiday_that_became_law_is_not_there_before() {
    let juneteenth = |year| list("US", year).unwrap().to_string().contains("Juneteenth");
    assert!(juneteenth(2021) && !juneteenth(2020));
}

#[test]
fn what_the_rules_do_not_cover_is_left_to_other_providers() {
    for (country, year) in [("JP", 2026), ("FR", 1950), ("NZ", 2053)] {
        assert!(
            matches!(list(country, year), Err(Failure::Unsupported(_))),
            "{country} {year}"
        );
    }
    assert!(matches!(
        list("FR", 100_000),
        Err(Failure::Invalid { param: "year", .. })
    ));
}

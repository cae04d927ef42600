//! Countries: their codes, names, neighbours, money, languages and what else is known of each.
//!
//! The data is `data/countries.jsonl`, made by `scripts/countries.py`; it is read with the first question.

mod fold;
mod lookup;
mod table;

use serde_json::{Map, Value, json};

use crate::{Context, Failure, Function, params, time};
use table::Country;

pub(crate) const FUNCTIONS: &[(&str, Function)] = &[
    ("countries.get", get),
    ("countries.search", search),
    ("countries.list", list),
];

const DEFAULT_LIMIT: u64 = 10;
const MAX_LIMIT: u64 = 50;

/// The country that `country` names: by code of two or three letters, by number or by name.
fn get(parameters: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let wanted = params::required_text(parameters, "country")?;
    lookup::exact(wanted)
        .map(unified)
        .ok_or_else(|| not_found(wanted))
}

/// The countries of which `q` is a code, a name or a part of a name, best first.
fn search(parameters: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let wanted = params::required_text(parameters, "q")?;
    let limit = params::optional_integer(parameters, "limit", 1..=MAX_LIMIT)?;
    let limit = usize::try_from(limit.unwrap_or(DEFAULT_LIMIT)).unwrap_or(usize::MAX);
    let found = lookup::matching(wanted);
    if found.is_empty() {
        return Err(not_found(wanted));
    }
    Ok(found.into_iter().take(limit).map(unified).collect())
}

/// All countries, or those of a `region`, in order of their codes.
fn list(parameters: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let region = params::optional_text(parameters, "region")?;
    let is_wanted = |country: &&Country| region.is_none_or(|region| country.is_in(region));
    let found: Vec<Value> = table::all().iter().filter(is_wanted).map(unified).collect();
    if found.is_empty() {
        let region = region.unwrap_or_default();
        let message = format!("no region or subregion of the UN's M49 is called {region}");
        return Err(Failure::NotFound(message));
    }
    Ok(Value::Array(found))
}

fn not_found(wanted: &str) -> Failure {
    let hint =
        lookup::nearest(wanted).map_or_else(String::new, |name| format!("; did you mean {name}?"));
    Failure::NotFound(format!("no country is called {wanted}{hint}"))
}

/// A country in the shape of the category: what the table holds, and what follows from it.
fn unified(country: &Country) -> Value {
    let mut value = country.facts.clone();
    value.insert(
        "flag".to_owned(),
        json!({ "emoji": flag(country.alpha2()) }),
    );
    value.insert(
        "timezones".to_owned(),
        time::zones_of(country.alpha2()).collect(),
    );
    Value::Object(value)
}

/// The flag's emoji: the two letters as regional indicators.
fn flag(alpha2: &str) -> String {
    let indicator = |letter: char| char::from_u32(0x1F1E6 + u32::from(letter) - u32::from('A'));
    alpha2.chars().filter_map(indicator).collect()
}

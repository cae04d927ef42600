//! The countries as they are bundled.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::fold::fold;

/// A country: what is known of it, in the shape of the category, and what it is found by.
#[derive(Debug)]
pub(super) struct Country {
    pub(super) facts: Map<String, Value>,
    /// Its codes, folded.
    pub(super) codes: Vec<String>,
    /// All its names, folded: English, official, French, native and others.
    pub(super) names: Vec<String>,
}

/// All countries, in order of their codes.
pub(super) fn all() -> &'static [Country] {
    &COUNTRIES
}

static COUNTRIES: LazyLock<Vec<Country>> =
    LazyLock::new(|| TABLE.lines().filter_map(parse).collect());

const TABLE: &str = include_str!("../../data/countries.jsonl");

fn parse(line: &str) -> Option<Country> {
    let mut facts: Map<String, Value> = serde_json::from_str(line).ok()?;
    let aliases = facts.remove("aliases")?;
    let text = |key: &str| facts.get(key).and_then(Value::as_str);
    let codes = ["alpha2", "alpha3", "numeric"]
        .into_iter()
        .filter_map(text)
        .map(fold)
        .collect();
    let own = ["name", "official_name"].into_iter().filter_map(text);
    let translated = ["names", "native_names"]
        .into_iter()
        .filter_map(|key| facts.get(key)?.as_object());
    let translated = translated.flat_map(Map::values).filter_map(Value::as_str);
    let others = aliases.as_array()?.iter().filter_map(Value::as_str);
    let names = own.chain(translated).chain(others).map(fold).collect();
    Some(Country {
        facts,
        codes,
        names,
    })
}

impl Country {
    /// ISO 3166-1 alpha-2.
    pub(super) fn alpha2(&self) -> &str {
        self.text("alpha2")
    }

    /// The English name.
    pub(super) fn name(&self) -> &str {
        self.text("name")
    }

    /// Whether it belongs to a region or a subregion, named in any case of letters.
    pub(super) fn is_in(&self, region: &str) -> bool {
        [self.text("region"), self.text("subregion")]
            .iter()
            .any(|own| own.eq_ignore_ascii_case(region))
    }

    fn text(&self, key: &str) -> &str {
        self.facts
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_country() {
        assert_eq!(all().len(), TABLE.lines().count());
        assert_eq!(all().len(), 250, "249 of ISO 3166-1, and Kosovo");
    }

    #[test]
    fn neighbours_are_mutual() {
        let borders =
            |country: &'static Country| country.facts["borders"].as_array().unwrap().iter();
        for country in all() {
            for other in borders(country) {
                let other = all().iter().find(|known| known.alpha2() == *other).unwrap();
                assert!(
                    borders(other).any(|back| *back == country.alpha2()),
                    "{} {}",
                    country.name(),
                    other.name()
                );
            }
        }
    }
}

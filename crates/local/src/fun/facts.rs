//! Facts of mathematics, physics and geography that anybody can look up and that do not age.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Language, any, built_in};
use crate::{Context, Failure};

static FACTS: LazyLock<Vec<Fact>> =
    LazyLock::new(|| built_in(include_str!("../../data/fun/facts.json")));

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fact {
    category: String,
    en: String,
    fr: String,
}

/// `lang` (default en) → `Fact`, another one each time.
pub(super) fn fact(params: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let language = Language::of(params)?;
    any(&FACTS)
        .map(|fact| rendered(fact, language))
        .ok_or_else(|| Failure::Unsupported("the set that is built in is empty".to_owned()))
}

fn rendered(fact: &Fact, language: Language) -> Value {
    let text = match language {
        Language::English => &fact.en,
        Language::French => &fact.fr,
    };
    json!({ "text": text, "category": fact.category, "lang": language.tag() })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn there_are_at_least_sixty_facts_each_in_both_languages() {
        let english: HashSet<&str> = FACTS.iter().map(|fact| fact.en.as_str()).collect();
        let french: HashSet<&str> = FACTS.iter().map(|fact| fact.fr.as_str()).collect();
        assert!(FACTS.len() >= 60 && english.len() == FACTS.len() && french.len() == FACTS.len());
    }

    /// The few facts that a line of arithmetic can check.
    #[test]
    fn the_arithmetic_in_them_is_right() {
        assert_eq!(111_111_111_u64.pow(2), 12_345_678_987_654_321);
        assert_eq!(
            u128::from(u64::MAX),
            (0..64).map(|square| 1_u128 << square).sum()
        );
        assert_eq!(142_857 * 7, 999_999);
        assert_eq!(
            (1 + 12_i32.pow(3), 9_i32.pow(3) + 10_i32.pow(3)),
            (1729, 1729)
        );
        let nobody_shares: f64 = (0..23)
            .map(|others| 1.0 - f64::from(others) / 365.0)
            .product();
        assert!((0.49..0.50).contains(&nobody_shares));
    }
}

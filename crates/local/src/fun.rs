//! Jokes of our own, quotes in the public domain and facts that stay true: small sets that are always there.
//!
//! A language without a set is no failure of the caller's: another provider may know it.

mod facts;
mod jokes;
mod quotes;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::params::optional_text;
use crate::{Failure, Function};

pub(crate) const FUNCTIONS: &[(&str, Function)] = &[
    ("fun.joke", jokes::joke as Function),
    ("fun.quote", quotes::quote as Function),
    ("fun.fact", facts::fact as Function),
];

/// The languages in which there are sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    English,
    French,
}

impl Language {
    /// The parameter `lang` (BCP 47, default English); a region does not matter.
    fn of(params: &Map<String, Value>) -> Result<Self, Failure> {
        let tag = optional_text(params, "lang")?.unwrap_or("en");
        match tag.split('-').next() {
            Some("en") => Ok(Self::English),
            Some("fr") => Ok(Self::French),
            _ => Err(Failure::Unsupported(format!(
                "the set that is built in knows en and fr, not {tag}"
            ))),
        }
    }

    fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }
}

/// One of these, each as likely as the others.
fn any<T>(set: &[T]) -> Option<&T> {
    fastrand::choice(set)
}

/// A set that is part of the binary.
fn built_in<T: DeserializeOwned>(text: &str) -> Vec<T> {
    #[expect(
        clippy::expect_used,
        reason = "the file is part of the binary, and a test reads it"
    )]
    serde_json::from_str(text).expect("a built-in set fits its type")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn language(tag: &str) -> Result<Language, Failure> {
        Language::of(json!({ "lang": tag }).as_object().unwrap())
    }

    #[test]
    fn a_region_does_not_matter_and_english_is_the_default() {
        assert_eq!(language("fr-CA"), Ok(Language::French));
        assert_eq!(language("en-GB"), Ok(Language::English));
        assert_eq!(Language::of(&Map::new()), Ok(Language::English));
    }

    #[test]
    fn a_language_without_a_set_is_left_to_others() {
        for tag in ["de", "frr", "eng"] {
            assert!(
                matches!(language(tag), Err(Failure::Unsupported(_))),
                "{tag}"
            );
        }
    }
}

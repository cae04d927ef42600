//! Jokes that were written for this project; clean and kind.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Language, any, built_in};
use crate::params::choice;
use crate::{Context, Failure};

static ENGLISH: LazyLock<Vec<Joke>> =
    LazyLock::new(|| built_in(include_str!("../../data/fun/jokes.en.json")));
static FRENCH: LazyLock<Vec<Joke>> =
    LazyLock::new(|| built_in(include_str!("../../data/fun/jokes.fr.json")));

const CATEGORIES: &[(&str, Option<Category>)] = &[
    ("programming", Some(Category::Programming)),
    ("misc", Some(Category::Misc)),
    ("pun", Some(Category::Pun)),
    ("spooky", Some(Category::Spooky)),
    ("christmas", Some(Category::Christmas)),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Category {
    Programming,
    Misc,
    Pun,
    Spooky,
    Christmas,
}

#[derive(Debug, Deserialize)]
struct Joke {
    category: Category,
    #[serde(flatten)]
    words: Words,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    Single { text: String },
    TwoPart { setup: String, delivery: String },
}

/// `lang` (default en), `category` (any by default) → `Joke`, another one each time.
pub(super) fn joke(params: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let language = Language::of(params)?;
    let category = choice(params, "category", CATEGORIES, None)?;
    let fitting: Vec<&Joke> = set(language)
        .iter()
        .filter(|joke| category.is_none_or(|category| category == joke.category))
        .collect();
    any(&fitting)
        .map(|joke| rendered(joke, language))
        .ok_or_else(|| {
            Failure::Unsupported("the set that is built in has no joke of this category".to_owned())
        })
}

fn set(language: Language) -> &'static [Joke] {
    match language {
        Language::English => &ENGLISH,
        Language::French => &FRENCH,
    }
}

fn rendered(joke: &Joke, language: Language) -> Value {
    let known = CATEGORIES
        .iter()
        .find(|(_, category)| *category == Some(joke.category));
    let category = known.map(|(name, _)| *name);
    match &joke.words {
        Words::Single { text } => {
            json!({ "type": "single", "text": text, "category": category, "lang": language.tag() })
        }
        Words::TwoPart { setup, delivery } => json!({
            "type": "twopart",
            "text": format!("{setup}\n{delivery}"),
            "setup": setup,
            "delivery": delivery,
            "category": category,
            "lang": language.tag(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const LANGUAGES: [Language; 2] = [Language::English, Language::French];

    fn told(params: &Value) -> Value {
        let context = Context {
            now: jiff::Timestamp::UNIX_EPOCH,
            peer: None,
        };
        joke(params.as_object().unwrap(), &context).unwrap()
    }

    #[test]
    fn each_language_has_at_least_forty_different_jokes_of_all_categories() {
        for language in LANGUAGES {
            let texts: HashSet<String> = set(language)
                .iter()
                .map(|joke| rendered(joke, language)["text"].to_string())
                .collect();
            assert!(
                texts.len() >= 40 && texts.len() == set(language).len(),
                "{language:?}"
            );
            for (name, category) in CATEGORIES {
                assert!(
                    set(language)
                        .iter()
                        .any(|joke| Some(joke.category) == *category),
                    "{language:?} {name}"
                );
            }
        }
    }

    #[test]
    fn a_category_is_kept_to() {
        for (name, _) in CATEGORIES {
            for lang in ["en", "fr"] {
                assert_eq!(
                    told(&json!({ "category": name, "lang": lang }))["category"],
                    *name
                );
            }
        }
    }

    #[test]
    fn jokes_vary_from_call_to_call() {
        let texts: HashSet<String> = (0..50)
            .map(|_| told(&json!({ "lang": "fr" }))["text"].to_string())
            .collect();
        assert!(texts.len() > 5, "{texts:?}");
    }
}

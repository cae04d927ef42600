//! Quotes in their authors' own words, with the work and the year in which it first appeared in print or on stage.
//! All authors have been dead for more than ninety years; sayings that are merely ascribed to somebody are left out.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Language, any, built_in};
use crate::{Context, Failure};

static QUOTES: LazyLock<Vec<Quote>> =
    LazyLock::new(|| built_in(include_str!("../../data/fun/quotes.json")));

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quote {
    lang: String,
    text: String,
    author: String,
    source: String,
    year: u16,
}

/// `lang` (default en) → `Quote` of an author who wrote in that language, another one each time.
pub(super) fn quote(params: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let language = Language::of(params)?;
    let fitting: Vec<&Quote> = QUOTES
        .iter()
        .filter(|quote| quote.lang == language.tag())
        .collect();
    any(&fitting).map(|quote| rendered(quote)).ok_or_else(|| {
        Failure::Unsupported(format!(
            "the set that is built in has no quotes in {}",
            language.tag()
        ))
    })
}

fn rendered(quote: &Quote) -> Value {
    json!({
        "text": quote.text,
        "author": quote.author,
        "source": quote.source,
        "year": quote.year,
        "lang": quote.lang,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_language_has_at_least_thirty_different_quotes() {
        for lang in ["en", "fr"] {
            let quotes: Vec<&Quote> = QUOTES.iter().filter(|quote| quote.lang == lang).collect();
            let texts: HashSet<&str> = quotes.iter().map(|quote| quote.text.as_str()).collect();
            assert!(texts.len() >= 30 && texts.len() == quotes.len(), "{lang}");
        }
        assert!(
            QUOTES
                .iter()
                .all(|quote| ["en", "fr"].contains(&quote.lang.as_str()))
        );
    }

    #[test]
    fn every_work_is_old_enough_to_be_free() {
        for quote in QUOTES.iter() {
            assert!(
                (1500..1930).contains(&quote.year),
                "{} {}",
                quote.author,
                quote.year
            );
            assert!(
                !quote.author.is_empty() && !quote.source.is_empty(),
                "{}",
                quote.text
            );
        }
    }
}

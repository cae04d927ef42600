//! Filler text in the words that printers have used since the 1960s, taken from Cicero's "De finibus" (45 BC).

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::params::{invalid, optional_integer};
use crate::{Context, Failure, Function};

pub(crate) const FUNCTIONS: &[(&str, Function)] = &[("text.lorem", lorem)];

const MAX_PARAGRAPHS: u64 = 50;
const MAX_WORDS: u64 = 1000;

/// How every text begins.
const OPENING: [&str; 8] = [
    "lorem",
    "ipsum",
    "dolor",
    "sit",
    "amet",
    "consectetur",
    "adipiscing",
    "elit",
];

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "sed", "do", "eiusmod", "tempor", "incididunt", "ut", "labore", "et", "dolore", "magna", "aliqua", "enim", "ad",
    "minim", "veniam", "quis", "nostrud", "exercitation", "ullamco", "laboris", "nisi", "aliquip", "ex", "ea",
    "commodo", "consequat", "duis", "aute", "irure", "in", "reprehenderit", "voluptate", "velit", "esse", "cillum",
    "eu", "fugiat", "nulla", "pariatur", "excepteur", "sint", "occaecat", "cupidatat", "non", "proident", "sunt",
    "culpa", "qui", "officia", "deserunt", "mollit", "anim", "id", "est", "laborum", "perspiciatis", "unde", "omnis",
    "iste", "natus", "error", "accusantium", "doloremque", "laudantium", "totam", "rem", "aperiam", "eaque", "ipsa",
    "quae", "ab", "illo", "inventore", "veritatis", "quasi", "architecto", "beatae", "vitae", "dicta", "explicabo",
    "nemo", "ipsam", "voluptatem", "quia", "voluptas", "aspernatur", "aut", "odit", "fugit", "consequuntur", "magni",
    "dolores", "eos", "ratione", "sequi", "nesciunt",
];

/// `paragraphs` (1 to 50, default 1) or `words` (1 to 1000), `seed` (the same text again) → `Lorem`.
fn lorem(params: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let paragraphs = optional_integer(params, "paragraphs", 1..=MAX_PARAGRAPHS)?;
    let words = optional_integer(params, "words", 1..=MAX_WORDS)?;
    let seed = optional_integer(params, "seed", 0..=u64::MAX)?;
    let mut writer = Writer::new(seed.map_or_else(Rng::new, Rng::with_seed));
    let paragraphs: Vec<String> = match (paragraphs, words) {
        (Some(_), Some(_)) => {
            return Err(invalid(
                "words",
                "give either paragraphs or words, not both",
            ));
        }
        (None, Some(words)) => vec![writer.exactly(words)],
        (paragraphs, None) => (0..paragraphs.unwrap_or(1))
            .map(|_| writer.paragraph())
            .collect(),
    };
    let text = paragraphs.join("\n\n");
    Ok(json!({ "words": text.split_whitespace().count(), "text": text, "paragraphs": paragraphs }))
}

/// Writes sentences, the first of which begins with the famous words.
struct Writer {
    random: Rng,
    opening: std::array::IntoIter<&'static str, 8>,
    last: &'static str,
}

impl Writer {
    fn new(random: Rng) -> Self {
        Self {
            random,
            opening: OPENING.into_iter(),
            last: "",
        }
    }

    fn paragraph(&mut self) -> String {
        let sentences = self.random.usize(4..=7);
        let sentences: Vec<String> = (0..sentences).map(|_| self.sentence(usize::MAX)).collect();
        sentences.join(" ")
    }

    /// Sentences of this many words together; the last may be short.
    fn exactly(&mut self, words: u64) -> String {
        let mut left = usize::try_from(words).unwrap_or(usize::MAX);
        let mut sentences = Vec::new();
        while left > 0 {
            let sentence = self.sentence(left);
            left -= sentence.split(' ').count();
            sentences.push(sentence);
        }
        sentences.join(" ")
    }

    /// A sentence of 6 to 14 words, but at most so many; long ones have a comma in the middle.
    fn sentence(&mut self, at_most: usize) -> String {
        let length = self.random.usize(6..=14).min(at_most);
        let comma = (length >= 9).then(|| self.random.usize(3..length - 3));
        let mut sentence = String::new();
        for index in 0..length {
            let word = self.word();
            match index {
                0 => sentence.push_str(&capitalized(word)),
                _ => sentence.push_str(word),
            }
            if comma == Some(index) {
                sentence.push(',');
            }
            sentence.push(if index + 1 == length { '.' } else { ' ' });
        }
        sentence
    }

    /// The next word, never the same twice in a row.
    fn word(&mut self) -> &'static str {
        let word = self.opening.next().unwrap_or_else(|| {
            let others = WORDS.iter().filter(|word| **word != self.last);
            self.random
                .choice(others.collect::<Vec<_>>())
                .copied()
                .unwrap_or(WORDS[0])
        });
        self.last = word;
        word
    }
}

fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(params: &Value) -> Result<Value, Failure> {
        let context = Context {
            now: jiff::Timestamp::UNIX_EPOCH,
            peer: None,
        };
        lorem(params.as_object().unwrap(), &context)
    }

    #[test]
    fn a_text_begins_with_the_famous_words() {
        let text = answer(&json!({ "words": 4 })).unwrap();
        assert_eq!(text["text"], "Lorem ipsum dolor sit.");
    }

    #[test]
    fn the_same_seed_gives_the_same_text() {
        let params = json!({ "paragraphs": 3, "seed": 7 });
        assert_eq!(answer(&params), answer(&params));
        assert_ne!(
            answer(&params),
            answer(&json!({ "paragraphs": 3, "seed": 8 }))
        );
        assert_ne!(
            answer(&json!({ "paragraphs": 3 })),
            answer(&json!({ "paragraphs": 3 }))
        );
    }

    #[test]
    fn paragraphs_and_words_exclude_each_other() {
        let failure = answer(&json!({ "paragraphs": 1, "words": 5 })).unwrap_err();
        assert!(
            matches!(failure, Failure::Invalid { param: "words", .. }),
            "{failure:?}"
        );
    }

    proptest! {
        #[test]
        fn exactly_the_words_asked_for(words in 1_u64..=1000, seed: u64) {
            let text = answer(&json!({ "words": words, "seed": seed })).unwrap();
            prop_assert_eq!(text["words"].as_u64(), Some(words));
        }

        #[test]
        fn as_many_paragraphs_as_asked_for_each_ending_in_a_full_stop(paragraphs in 1_usize..=50, seed: u64) {
            let text = answer(&json!({ "paragraphs": paragraphs, "seed": seed })).unwrap();
            let written = text["paragraphs"].as_array().unwrap();
            prop_assert_eq!(written.len(), paragraphs);
            prop_assert!(written.iter().all(|paragraph| paragraph.as_str().unwrap().ends_with('.')));
        }
    }
}

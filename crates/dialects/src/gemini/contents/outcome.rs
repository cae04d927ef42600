//! What a tool came to, as the object that Gemini takes.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::calls::as_object;
use crate::chat::Part;

/// Gemini takes an object: any, or one with `output` or `error`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Outcome<'a> {
    Object(&'a RawValue),
    Output { output: Cow<'a, str> },
    Error { error: Cow<'a, str> },
}

fn words(part: &Part) -> Option<&str> {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => Some(text),
        _ => None,
    }
}

/// Whether it is told in the object; the rest of a result stands beside it.
pub(super) fn is_words(part: &Part) -> bool {
    words(part).is_some()
}

/// A result that is the text of a JSON object is that object; another text becomes a member of one.
pub(super) fn outcome(parts: &[Part], failed: bool) -> Outcome<'_> {
    let text = joined(parts.iter().filter_map(words));
    if failed {
        return Outcome::Error { error: text };
    }
    match text {
        Cow::Borrowed(text) => match as_object(text) {
            Some(object) => Outcome::Object(object),
            None => Outcome::Output {
                output: Cow::Borrowed(text),
            },
        },
        output @ Cow::Owned(_) => Outcome::Output { output },
    }
}

/// Texts as one, a line for each.
fn joined<'a>(mut texts: impl Iterator<Item = &'a str>) -> Cow<'a, str> {
    let Some(first) = texts.next() else {
        return Cow::Borrowed("");
    };
    texts.fold(Cow::Borrowed(first), |all, text| {
        Cow::Owned(format!("{all}\n{text}"))
    })
}

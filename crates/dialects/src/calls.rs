//! Tool calls of dialects that write arguments as objects and give calls no ids: Gemini and Ollama.
//!
//! **Invariant:** the same answer gives the same ids, every time it is read: nothing here is random.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::chat::{Message, Part};

/// The ids of one answer's calls.
///
/// A provider's own id is kept when it gives one and does not give it twice. Otherwise the id is `call_` and a hash
/// of what tells the call from all others of the conversation: the answer's id or time, the call's place in it, the
/// tool and the arguments. 21 characters of `a-z0-9_`, which every dialect takes.
#[derive(Debug, Default)]
pub(crate) struct CallIds {
    given: HashSet<String>,
    count: u64,
}

impl CallIds {
    /// The id of the answer's next call. `marks` is what tells it from others.
    pub(crate) fn next(&mut self, own: Option<&str>, marks: &[&str]) -> String {
        let place = self.count.to_string();
        self.count += 1;
        if let Some(own) = own
            && !own.is_empty()
            && self.given.insert(own.to_owned())
        {
            return own.to_owned();
        }
        let id = format!("call_{:016x}", hash(marks.iter().copied().chain([&*place])));
        self.given.insert(id.clone());
        id
    }
}

/// FNV-1a, 64 bits: stable over versions and machines, which the standard library's hash is not.
pub(crate) fn hash<'a>(texts: impl Iterator<Item = &'a str>) -> u64 {
    hash_from(0xcbf2_9ce4_8422_2325, 0xff, texts)
}

/// The same with another beginning, and another byte that ends each text. 0xfe and 0xff are in no UTF-8 text, so `ab`,
/// `c` and `a`, `bc` differ.
pub(crate) fn hash_from<'a>(basis: u64, end: u8, texts: impl Iterator<Item = &'a str>) -> u64 {
    const PRIME: u64 = 0x0100_0000_01b3;
    texts
        .flat_map(|text| text.bytes().chain([end]))
        .fold(basis, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(PRIME)
        })
}

/// Which tool each call of a conversation was for: results must repeat it, and other dialects' results do not.
#[derive(Debug)]
pub(crate) struct CallNames<'a>(HashMap<&'a str, &'a str>);

impl<'a> CallNames<'a> {
    /// Of all calls in these messages.
    pub(crate) fn of(messages: &'a [Message]) -> Self {
        let calls = messages.iter().flat_map(|message| &message.parts);
        Self(
            calls
                .filter_map(|part| match part {
                    Part::ToolCall { id, name, .. } => Some((&**id, &**name)),
                    _ => None,
                })
                .collect(),
        )
    }

    /// The tool of a result: as the result says, else as its call says, else the id, since a name there must be.
    pub(crate) fn name(&self, result: Option<&'a str>, id: &'a str) -> &'a str {
        result
            .filter(|name| !name.is_empty())
            .or_else(|| self.0.get(id).copied())
            .unwrap_or(id)
    }
}

/// A JSON text where an object is required.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Object<'a> {
    /// It is one; it stays as it was written.
    AsWritten(&'a RawValue),
    /// It is empty: no arguments.
    Empty {},
    /// It is something else, such as the broken JSON of a model, and becomes a member.
    Wrapped {
        /// The value, or the text if it is no JSON.
        value: Value,
    },
}

impl<'a> Object<'a> {
    /// Of a call's arguments.
    pub(crate) fn of(arguments: &'a str) -> Self {
        if let Some(object) = as_object(arguments) {
            return Self::AsWritten(object);
        }
        if arguments.trim().is_empty() {
            return Self::Empty {};
        }
        match serde_json::from_str(arguments) {
            Ok(Value::Null) => Self::Empty {},
            Ok(value) => Self::Wrapped { value },
            Err(_) => Self::Wrapped {
                value: Value::String(arguments.to_owned()),
            },
        }
    }
}

/// The text as JSON if it is an object.
pub(crate) fn as_object(text: &str) -> Option<&RawValue> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// JSON without the white space between its tokens, members in their order: Gemini prints answers over many lines.
pub(crate) fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut in_string = false;
    let mut escaped = false;
    for character in json.chars() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if character.is_ascii_whitespace() {
            continue;
        } else {
            in_string = character == '"';
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_without_an_id_gets_the_same_one_each_time_and_another_than_its_neighbour() {
        let read = || {
            let mut ids = CallIds::default();
            [(); 2].map(|()| ids.next(None, &["answer-1", "weather", "{}"]))
        };
        assert_eq!(read(), read());
        assert_ne!(read()[0], read()[1]);
        assert_eq!(read()[0].len(), 21);
    }

    #[test]
    fn an_id_given_twice_in_one_answer_is_kept_once() {
        let mut ids = CallIds::default();
        assert_eq!(ids.next(Some("call_0"), &["a"]), "call_0");
        assert_ne!(ids.next(Some("call_0"), &["a"]), "call_0");
    }

    #[test]
    fn where_one_text_ends_and_the_next_begins_counts() {
        assert_ne!(hash(["ab", "c"].into_iter()), hash(["a", "bc"].into_iter()));
    }

    #[test]
    fn arguments_become_an_object_whatever_the_model_wrote() {
        let written = |text| serde_json::to_string(&Object::of(text)).unwrap();
        assert_eq!(written(r#" {"b":1.0,"a":[]} "#), r#"{"b":1.0,"a":[]}"#);
        assert_eq!(written(""), "{}");
        assert_eq!(written("null"), "{}");
        assert_eq!(written("[1]"), r#"{"value":[1]}"#);
        assert_eq!(
            written(r#"{"city": "Par"#),
            r#"{"value":"{\"city\": \"Par"}"#
        );
    }

    #[test]
    fn white_space_goes_between_tokens_and_stays_within_strings() {
        assert_eq!(
            compact("{\n  \"a\" : \"b \\\" c \\\\\" ,\n \"d\": [ 1, 2 ]}"),
            r#"{"a":"b \" c \\","d":[1,2]}"#
        );
    }
}

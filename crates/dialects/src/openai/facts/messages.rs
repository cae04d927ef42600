//! The messages of a request, counted as they go by.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    Problem, complain,
    value::{Name, Scalar},
};
use crate::{facts::Facts, openai::chat::role};

/// A seed and its visitor: what is visited and where it stands.
macro_rules! seed {
    ($name:ident, $expecting:literal) => {
        impl<'de> DeserializeSeed<'de> for $name<'_> {
            type Value = ();

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.deserialize_any(self)
            }
        }

        impl $name<'_> {
            const EXPECTING: &'static str = $expecting;
        }
    };
}

/// The list of messages.
pub(super) struct Messages<'c> {
    pub(super) problem: &'c Problem,
    pub(super) facts: &'c mut Facts,
}

seed!(Messages, "must be an array of at least one message");

impl<'de> Visitor<'de> for Messages<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Serde asks this only when it has found another type: the one place where that can be told with a path.
        _ = complain::<serde_json::Error>(self.problem, "messages", Self::EXPECTING);
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        // A second list of the name replaces the first, as it does for the provider.
        self.facts.messages = 0;
        while array
            .next_element_seed(Message {
                problem: self.problem,
                index: self.facts.messages,
                facts: self.facts,
            })?
            .is_some()
        {
            self.facts.messages += 1;
        }
        Ok(())
    }
}

struct Message<'c> {
    problem: &'c Problem,
    index: usize,
    facts: &'c mut Facts,
}

seed!(Message, "must be an object with `role` and `content`");

impl<'de> Visitor<'de> for Message<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = format!("messages[{}]", self.index);
        _ = complain::<serde_json::Error>(self.problem, path, Self::EXPECTING);
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut known = false;
        while let Some(name) = map.next_key::<Name<'de>>()? {
            match &*name.0 {
                "role" => {
                    known = matches!(map.next_value::<Scalar<'de>>()?, Scalar::Text(word) if role(&word).is_some());
                }
                "content" => map.next_value_seed(Content {
                    problem: self.problem,
                    index: self.index,
                    facts: self.facts,
                })?,
                "tool_calls" | "function_call" => {
                    let raw = map.next_value::<&RawValue>()?.get();
                    self.facts.text.add(raw);
                }
                "reasoning_content" | "refusal" => {
                    if let Scalar::Text(text) = map.next_value::<Scalar<'de>>()? {
                        self.facts.text.add(&text);
                    }
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        if known {
            return Ok(());
        }
        Err(complain(
            self.problem,
            format!("messages[{}].role", self.index),
            "must be `system`, `developer`, `user`, `assistant` or `tool`",
        ))
    }
}

struct Content<'c> {
    problem: &'c Problem,
    index: usize,
    facts: &'c mut Facts,
}

seed!(Content, "must be a string or an array of parts");

impl<'de> Visitor<'de> for Content<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = format!("messages[{}].content", self.index);
        _ = complain::<serde_json::Error>(self.problem, path, Self::EXPECTING);
        formatter.write_str("a string or an array")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.facts.text.add(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        let mut place = 0;
        while array
            .next_element_seed(Part {
                problem: self.problem,
                index: self.index,
                place,
                facts: self.facts,
            })?
            .is_some()
        {
            place += 1;
        }
        Ok(())
    }
}

struct Part<'c> {
    problem: &'c Problem,
    index: usize,
    place: usize,
    facts: &'c mut Facts,
}

seed!(Part, "must be an object with a `type`");

impl<'de> Visitor<'de> for Part<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = format!("messages[{}].content[{}]", self.index, self.place);
        _ = complain::<serde_json::Error>(self.problem, path, Self::EXPECTING);
        formatter.write_str("an object")
    }

    /// Some clients put bare texts into the list.
    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.facts.text.add(text);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut kind = None;
        while let Some(name) = map.next_key::<Name<'de>>()? {
            match &*name.0 {
                "type" => {
                    if let Scalar::Text(word) = map.next_value::<Scalar<'de>>()? {
                        kind = Some(word);
                    }
                }
                "text" | "thinking" | "refusal" => {
                    if let Scalar::Text(text) = map.next_value::<Scalar<'de>>()? {
                        self.facts.text.add(&text);
                    }
                }
                // The megabytes are here.
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        match kind.as_deref() {
            Some("image_url" | "input_image" | "image") => self.facts.images += 1,
            Some("input_audio") => self.facts.audios += 1,
            Some("file" | "input_file" | "document_url") => self.facts.files += 1,
            Some(_) => {}
            None => {
                let path = format!("messages[{}].content[{}].type", self.index, self.place);
                return Err(complain(
                    self.problem,
                    path,
                    "must be a string: `text`, `image_url`, `input_audio`, `file` …",
                ));
            }
        }
        Ok(())
    }
}

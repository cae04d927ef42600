//! The facts of a chat request, read in one pass over its bytes and without a tree: a picture of a megabyte is skipped,
//! not copied.
//!
//! Only what would mislead the choice of a provider is refused here; the rest is for the provider to judge.

mod messages;
#[cfg(test)]
mod tests;
mod value;

use std::{cell::RefCell, fmt};

use serde::{
    Deserializer as _,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use self::{
    messages::Messages,
    value::{Name, Scalar},
};
use crate::{
    error::Malformed,
    facts::{Facts, FormatKind},
};

/// Reads the facts of a chat completion request.
pub fn read_facts(body: &[u8]) -> Result<Facts, Malformed> {
    let body = std::str::from_utf8(body)
        .map_err(|error| Malformed::new("", format!("the body is not UTF-8: {error}")))?;
    let problem = RefCell::new(None);
    let mut json = serde_json::Deserializer::from_str(body);
    let read = json
        .deserialize_map(Top { problem: &problem })
        .and_then(|facts| json.end().map(|()| facts));
    read.map_err(|error| {
        problem.take().unwrap_or_else(|| {
            let reason = if error.is_data() {
                format!("the body must be a JSON object: {error}")
            } else {
                format!("the body is not valid JSON: {error}")
            };
            Malformed::new("", reason)
        })
    })
}

/// Where a complaint is put while serde unwinds: its own errors know no paths.
type Problem = RefCell<Option<Malformed>>;

/// Puts a complaint there.
fn complain<E: Error>(problem: &Problem, path: impl Into<String>, reason: impl Into<String>) -> E {
    let malformed = Malformed::new(path, reason);
    let error = E::custom(&malformed);
    problem.borrow_mut().get_or_insert(malformed);
    error
}

struct Top<'p> {
    problem: &'p Problem,
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = Facts;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Facts, A::Error> {
        let mut facts = Facts::default();
        let (mut older, mut newer) = (None, None);
        while let Some(name) = map.next_key::<Name<'de>>()? {
            match &*name.0 {
                "max_tokens" => older = self.count("max_tokens", &mut map)?,
                "max_completion_tokens" => newer = self.count("max_completion_tokens", &mut map)?,
                name => self.member(name, &mut map, &mut facts)?,
            }
        }
        facts.max_tokens = newer.or(older);
        if facts.messages == 0 {
            return Err(complain(
                self.problem,
                "messages",
                "must be an array of at least one message",
            ));
        }
        Ok(facts)
    }
}

impl Top<'_> {
    fn member<'de, A: MapAccess<'de>>(
        &self,
        name: &str,
        map: &mut A,
        facts: &mut Facts,
    ) -> Result<(), A::Error> {
        match name {
            "model" => facts.model = self.scalar(name, map, "a string", Scalar::text)?,
            "models" => facts.models = names(map.next_value::<&RawValue>()?.get()),
            "modalities" => {
                let modalities = names(map.next_value::<&RawValue>()?.get());
                facts.speaks = modalities.iter().any(|name| name == "audio");
            }
            "stream" => facts.stream = self.flag(name, map)?.unwrap_or(false),
            "stream_options" => {
                facts.stream_usage = usage_wanted(map.next_value::<&RawValue>()?.get());
            }
            "n" => facts.choices = self.count(name, map)?.unwrap_or(0),
            "temperature" => {
                facts.temperature = self.scalar(name, map, "a number", Scalar::number)?;
            }
            "seed" => facts.seed = self.scalar(name, map, "a whole number", Scalar::integer)?,
            "logprobs" => facts.logprobs = self.flag(name, map)?.unwrap_or(false),
            "parallel_tool_calls" => facts.parallel_tool_calls = self.flag(name, map)?,
            "tools" | "functions" => self.tools(name, map, facts)?,
            "tool_choice" => facts.tool_forced = forced(map.next_value::<&RawValue>()?.get()),
            "response_format" => format(map.next_value::<&RawValue>()?.get(), facts),
            "reasoning_effort" => {
                let word = self.scalar(name, map, "a string", Scalar::text)?;
                facts.reasoning |= word.is_some_and(|word| word != "none");
            }
            "reasoning" => facts.reasoning |= thinks(map.next_value::<&RawValue>()?.get()),
            "messages" => map.next_value_seed(Messages {
                problem: self.problem,
                facts,
            })?,
            _ => _ = map.next_value::<IgnoredAny>()?,
        }
        Ok(())
    }

    fn flag<'de, A: MapAccess<'de>>(
        &self,
        name: &str,
        map: &mut A,
    ) -> Result<Option<bool>, A::Error> {
        self.scalar(name, map, "true or false", Scalar::flag)
    }

    fn count<'de, A: MapAccess<'de>>(
        &self,
        name: &str,
        map: &mut A,
    ) -> Result<Option<u64>, A::Error> {
        self.scalar(name, map, "a whole number, 0 or more", Scalar::count)
    }

    /// A member of one type; null counts as none.
    fn scalar<'de, A: MapAccess<'de>, T>(
        &self,
        name: &str,
        map: &mut A,
        wanted: &str,
        convert: impl FnOnce(Scalar<'de>) -> Option<T>,
    ) -> Result<Option<T>, A::Error> {
        let value = map.next_value::<Scalar<'de>>()?;
        if matches!(value, Scalar::Null) {
            return Ok(None);
        }
        match convert(value) {
            Some(value) => Ok(Some(value)),
            None => Err(complain(self.problem, name, format!("must be {wanted}"))),
        }
    }

    /// Tools are counted, and all their text with them.
    fn tools<'de, A: MapAccess<'de>>(
        &self,
        name: &str,
        map: &mut A,
        facts: &mut Facts,
    ) -> Result<(), A::Error> {
        let raw = map.next_value::<&RawValue>()?.get();
        if raw == "null" {
            return Ok(());
        }
        facts.text.add(raw);
        match crate::members::elements(raw) {
            Ok(tools) => {
                facts.tools += tools.len();
                Ok(())
            }
            Err(_) => Err(complain(self.problem, name, "must be an array of tools")),
        }
    }
}

/// The words of a list.
fn names(raw: &str) -> Vec<String> {
    serde_json::from_str(raw).unwrap_or_default()
}

/// `{"include_usage": true}`
fn usage_wanted(raw: &str) -> bool {
    member(raw, "include_usage") == Some("true")
}

/// A word, or an object that names a tool.
fn forced(raw: &str) -> bool {
    match raw {
        "\"required\"" | "\"any\"" => true,
        object if object.starts_with('{') => match member(object, "allowed_tools") {
            Some(allowed) => member(allowed, "mode") == Some("\"required\""),
            None => true,
        },
        _ => false,
    }
}

/// The form of the text; a schema is text that the model reads.
fn format(raw: &str, facts: &mut Facts) {
    facts.format = match member(raw, "type") {
        Some("\"json_object\"") => FormatKind::Json,
        Some("\"json_schema\"") => {
            facts.text.add(raw);
            FormatKind::Schema
        }
        _ => FormatKind::Free,
    };
}

/// OpenRouter's `reasoning`.
fn thinks(raw: &str) -> bool {
    let says = |name: &str| member(raw, name).filter(|value| *value != "null");
    if says("enabled") == Some("false")
        || says("effort") == Some("\"none\"")
        || says("max_tokens") == Some("0")
    {
        return false;
    }
    ["enabled", "effort", "max_tokens"]
        .iter()
        .any(|name| says(name).is_some())
}

fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    crate::members::Members::of(object).ok()?.get(name)
}

//! The facts of a Messages request, read in one pass over its bytes and without a tree: a picture of a megabyte is
//! skipped, not copied.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::request::read_shape;
use crate::error::Malformed;
use crate::facts::{Facts, FormatKind, TextSize};

/// Reads the facts of a request for a message, or for a count of its tokens.
///
/// What is wrong with it is told with its path; what only the provider can judge is left to it.
pub fn read_facts(body: &[u8]) -> Result<Facts, Malformed> {
    let Ok(body) = serde_json::from_slice::<Body<'_>>(body) else {
        // Who reads exactly knows where it is wrong.
        return read_shape(body).map(|request| Facts::from(&request));
    };
    if body.messages.is_empty() {
        let reason = "must be a list of at least one turn";
        return Err(Malformed::new("messages", reason));
    }
    Ok(body.facts())
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    model: Cow<'a, str>,
    models: Option<Vec<String>>,
    max_tokens: Option<u64>,
    system: Option<Weight>,
    messages: Vec<Turn>,
    #[serde(borrow)]
    tools: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    tool_choice: Option<Choice<'a>>,
    #[serde(borrow)]
    thinking: Option<Kind<'a>>,
    #[serde(borrow)]
    output_config: Option<OutputConfig<'a>>,
    #[serde(borrow)]
    output_format: Option<&'a RawValue>,
    temperature: Option<f64>,
    stream: Option<bool>,
}

#[derive(Deserialize)]
struct Turn {
    #[serde(rename = "role")]
    _role: Role,
    content: Weight,
}

/// Another word, or none, is for whoever reads exactly.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Assistant,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    disable_parallel_tool_use: Option<bool>,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
}

#[derive(Deserialize)]
struct OutputConfig<'a> {
    #[serde(borrow)]
    effort: Option<&'a RawValue>,
    #[serde(borrow)]
    format: Option<&'a RawValue>,
}

impl Body<'_> {
    fn facts(self) -> Facts {
        let mut weight = Weight::default();
        for turn in &self.messages {
            weight.add(&turn.content);
        }
        let mut facts = Facts {
            model: Some(self.model.into_owned()).filter(|model| !model.is_empty()),
            models: self.models.unwrap_or_default(),
            stream: self.stream.unwrap_or(false),
            // Anthropic's streams tell it in any case.
            stream_usage: self.stream.unwrap_or(false),
            max_tokens: self.max_tokens,
            messages: self.messages.len() + usize::from(self.system.is_some()),
            temperature: self.temperature,
            reasoning: self.thinking.is_some_and(|kind| kind.r#type != "disabled"),
            ..Facts::default()
        };
        if let Some(system) = &self.system {
            weight.add(system);
        }
        for tool in self.tools.iter().flatten() {
            facts.tools += 1;
            weight.text.add(tool.get());
        }
        if let Some(choice) = self.tool_choice {
            facts.tool_forced = matches!(&*choice.r#type, "any" | "tool");
            facts.parallel_tool_calls = choice.disable_parallel_tool_use.map(|single| !single);
        }
        let output = self.output_config;
        facts.reasoning |= output
            .as_ref()
            .is_some_and(|output| output.effort.is_some());
        if let Some(schema) = output
            .and_then(|output| output.format)
            .or(self.output_format)
        {
            facts.format = FormatKind::Schema;
            weight.text.add(schema.get());
        }
        facts.images = weight.images;
        facts.files = weight.files;
        facts.text = weight.text;
        facts
    }
}

/// How much there is in a content: a text, or a list of blocks.
#[derive(Debug, Default)]
struct Weight {
    text: TextSize,
    images: usize,
    files: usize,
}

impl Weight {
    fn add(&mut self, other: &Self) {
        self.text.latin += other.text.latin;
        self.text.wide += other.text.wide;
        self.images += other.images;
        self.files += other.files;
    }

    fn take(&mut self, block: &Block<'_>) {
        for text in [&block.text, &block.thinking, &block.title]
            .into_iter()
            .flatten()
        {
            self.add(&text.0);
        }
        if let Some(content) = &block.content {
            self.add(content);
        }
        if let Some(input) = block.input {
            self.text.add(input.get());
        }
        match &*block.r#type {
            "image" => self.images += 1,
            "document" => match block.source.and_then(plain) {
                Some(text) => self.text.add(&text),
                None => self.files += 1,
            },
            _ => {}
        }
    }
}

/// The members of all blocks that say something.
#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    text: Option<Measured>,
    thinking: Option<Measured>,
    title: Option<Measured>,
    content: Option<Weight>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    source: Option<&'a RawValue>,
}

/// The text of a document that is nothing but text: it counts as one.
fn plain(source: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Source<'a> {
        #[serde(borrow)]
        r#type: Cow<'a, str>,
        #[serde(borrow)]
        data: Cow<'a, str>,
    }
    let source: Source<'_> = serde_json::from_str(source.get()).ok()?;
    (source.r#type == "text").then_some(source.data)
}

/// A text, measured and not kept.
struct Measured(Weight);

impl<'de> Deserialize<'de> for Measured {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Measure).map(Self)
    }
}

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Measure)
    }
}

struct Measure;

impl<'de> Visitor<'de> for Measure {
    type Value = Weight;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or a list of content blocks")
    }

    fn visit_str<E>(self, text: &str) -> Result<Weight, E> {
        let mut weight = Weight::default();
        weight.text.add(text);
        Ok(weight)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Weight, A::Error> {
        let mut weight = Weight::default();
        while let Some(block) = list.next_element::<Block<'de>>()? {
            weight.take(&block);
        }
        Ok(weight)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn body() -> Value {
        json!({
            "model": "claude-opus-4-8",
            "max_tokens": 500,
            "temperature": 0.0,
            "stream": true,
            "system": [{"type": "text", "text": "0123456789"}],
            "messages": [
                {"role": "user", "content": "Grüße 漢字"},
                {"role": "user", "content": [
                    {"type": "text", "text": "look"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                    {"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "a", "content": [
                        {"type": "text", "text": "done"},
                        {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}]},
                ]},
            ],
            "tools": [{"name": "a", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": true},
            "thinking": {"type": "adaptive"},
            "output_config": {"format": {"type": "json_schema", "schema": {}}},
        })
    }

    fn facts(body: &Value) -> Facts {
        read_facts(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn everything_that_a_choice_needs_is_seen_in_one_pass() {
        let facts = facts(&body());
        let texts = "0123456789Grüße lookdone".len() as u64;
        let tool = r#"{"input_schema":{"type":"object"},"name":"a"}"#.len() as u64;
        let schema = r#"{"schema":{},"type":"json_schema"}"#.len() as u64;
        let expected = Facts {
            model: Some("claude-opus-4-8".into()),
            stream: true,
            stream_usage: true,
            max_tokens: Some(500),
            messages: 4,
            tools: 1,
            tool_forced: true,
            parallel_tool_calls: Some(false),
            format: FormatKind::Schema,
            images: 2,
            files: 1,
            temperature: Some(0.0),
            reasoning: true,
            text: TextSize {
                latin: texts + tool + schema,
                wide: 2,
            },
            ..Facts::default()
        };
        assert_eq!(facts, expected);
    }

    #[test]
    fn the_exact_reader_sees_the_same() {
        let fast = facts(&body());
        let exact = Facts::from(&read_shape(body().to_string().as_bytes()).unwrap());
        let needs = |facts: Facts| Facts {
            text: TextSize::default(),
            ..facts
        };
        assert_eq!(needs(fast), needs(exact));
    }

    #[test]
    fn a_document_of_plain_text_counts_as_text() {
        let mut body = body();
        body["messages"] = json!([{"role": "user", "content": [
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "漢字"}}]}]);
        let facts = facts(&body);
        assert_eq!((facts.files, facts.text.wide), (0, 2));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_path() {
        let told = |body: Value| {
            let wrong = read_facts(body.to_string().as_bytes()).unwrap_err();
            wrong.path
        };
        assert_eq!(told(json!({"messages": []})), "model");
        assert_eq!(told(json!({"model": "m", "messages": []})), "messages");
        assert_eq!(
            told(json!({"model": "m", "messages": [{"role": "user"}]})),
            "messages[0].content"
        );
        let block =
            json!({"model": "m", "messages": [{"role": "user", "content": [{"text": "x"}]}]});
        assert_eq!(told(block), "messages[0].content[0].type");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(raw in proptest::collection::vec(any::<u8>(), 0..80), at in 0usize..900) {
            let _ = read_facts(&raw);
            let body = body().to_string();
            let _ = read_facts(&body.as_bytes()[..at.min(body.len())]);
        }
    }
}

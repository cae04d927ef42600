//! The events of Anthropic's stream, read into the common form.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::blocks::read_block;
use super::super::error::read_error;
use super::super::fields::{self, Fields};
use super::super::finish;
use super::super::usage::Counts;
use crate::chat::{Event, Part};
use crate::error::{Malformed, ProviderError};
use crate::framing::Frame;

/// Reads a stream, event by event.
#[derive(Debug, Default)]
pub struct StreamReader {
    open: BTreeMap<u64, Open>,
    calls: usize,
    counts: Counts,
}

/// A block that has begun and not ended.
#[derive(Debug)]
enum Open {
    /// Text or thoughts: its pieces go on as they come.
    Plain,
    /// A call. `input` is what its beginning said already: some servers send all of it there and no pieces after.
    Call { call: usize, input: Option<String> },
    /// One that goes on whole: only Anthropic has it.
    Whole { value: Value, input: String },
}

#[derive(Deserialize)]
struct Delta {
    r#type: String,
    text: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    partial_json: Option<String>,
    citation: Option<Value>,
    #[serde(flatten)]
    rest: crate::chat::Extra,
}

impl StreamReader {
    /// Reads one event of the stream.
    pub fn read(&mut self, frame: &Frame<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let mut event = Fields::of_body(frame.data)?;
        let kind = match event.text("type")? {
            Some(kind) => kind,
            None => frame.event.unwrap_or("error").to_owned(),
        };
        match kind.as_str() {
            "message_start" => self.start(event, events),
            "content_block_start" => self.open(event, events),
            "content_block_delta" => self.fill(event, events),
            "content_block_stop" => {
                let index = place(&mut event)?;
                self.close(index, events);
                Ok(())
            }
            "message_delta" => self.end(event, events),
            "message_stop" => {
                events.push(Event::End);
                Ok(())
            }
            "ping" => {
                events.push(Event::KeepAlive);
                Ok(())
            }
            "error" => {
                let error = read_error(frame.data).unwrap_or_else(|| ProviderError {
                    message: "an error event that says nothing".to_owned(),
                    ..ProviderError::default()
                });
                events.push(Event::Failed(error));
                Ok(())
            }
            // "New event types may be added": they are passed over, says Anthropic's documentation.
            _ => Ok(()),
        }
    }

    /// The body has ended. Anthropic's streams end with `message_stop`; one without was cut off, so nothing is added.
    pub fn finish(&mut self, _events: &mut Vec<Event>) {}

    fn start(&mut self, mut event: Fields<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let Some(mut message) = event.fields("message")? else {
            return Err(Malformed::new(
                "message",
                "is missing: the message that begins",
            ));
        };
        let usage = self.take_usage(&mut message);
        events.push(Event::Start {
            id: message.text("id")?.unwrap_or_default(),
            model: message.text("model")?.unwrap_or_default(),
            created: None,
            usage: usage.then(|| self.counts.common()),
        });
        Ok(())
    }

    /// Whether there was a usage. One that cannot be read is not worth an answer that can.
    fn take_usage(&mut self, fields: &mut Fields<'_>) -> bool {
        let counts = fields
            .take("usage")
            .and_then(|raw| serde_json::from_str(raw).ok());
        if let Some(counts) = counts {
            self.counts.update(counts);
        }
        counts.is_some()
    }

    fn open(&mut self, mut event: Fields<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let index = place(&mut event)?;
        let raw = event.need("content_block", "the block that begins")?;
        let path = event.at("content_block");
        let mut block = Fields::of(raw, path.clone())?;
        let kind = block.need_text("type", "the kind of block")?;
        let choice = 0;
        let open = match kind.as_str() {
            "text" => {
                push_text(block.text("text")?, events);
                Open::Plain
            }
            "thinking" => {
                push_thought(block.text("thinking")?, block.text("signature")?, events);
                Open::Plain
            }
            "tool_use" => {
                let call = self.calls;
                self.calls += 1;
                events.push(Event::ToolCall {
                    choice,
                    call,
                    id: block.need_text("id", "the call's id")?,
                    name: block.need_text("name", "the tool's name")?,
                    signature: None,
                });
                let input = block.take("input").map(str::to_owned);
                let input = input.filter(|text| text.len() > 2);
                Open::Call { call, input }
            }
            "redacted_thinking" => {
                let part = read_block(raw, path)?;
                events.push(Event::Whole { choice, part });
                Open::Plain
            }
            _ => Open::Whole {
                value: fields::value(raw, || path)?,
                input: String::new(),
            },
        };
        // A block that was never closed ends where the next of its place begins.
        self.close(index, events);
        self.open.insert(index, open);
        Ok(())
    }

    fn fill(&mut self, mut event: Fields<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let index = place(&mut event)?;
        let delta: Delta = event
            .typed("delta", "an object with a `type`")?
            .ok_or_else(|| Malformed::new("delta", "is missing: the piece of the block"))?;
        let choice = 0;
        match delta.r#type.as_str() {
            "text_delta" => push_text(delta.text, events),
            "thinking_delta" => push_thought(delta.thinking, None, events),
            "signature_delta" => push_thought(None, delta.signature, events),
            "citations_delta" => {
                if let Some(citation) = delta.citation {
                    let value = Value::Array(vec![citation]);
                    events.push(Event::Citations { choice, value });
                }
            }
            "input_json_delta" => {
                let fragment = delta.partial_json.unwrap_or_default();
                match self.open.get_mut(&index) {
                    Some(Open::Call { call, input }) if !fragment.is_empty() => {
                        *input = None;
                        let call = *call;
                        events.push(Event::Arguments {
                            choice,
                            call,
                            fragment,
                        });
                    }
                    Some(Open::Whole { input, .. }) => input.push_str(&fragment),
                    _ => {}
                }
            }
            // Pieces of blocks that only Anthropic has: what the block began with, completed.
            _ => {
                if let Some(Open::Whole {
                    value: Value::Object(members),
                    ..
                }) = self.open.get_mut(&index)
                {
                    members.extend(delta.rest);
                }
            }
        }
        Ok(())
    }

    fn close(&mut self, index: u64, events: &mut Vec<Event>) {
        let choice = 0;
        match self.open.remove(&index) {
            Some(Open::Call {
                call,
                input: Some(fragment),
            }) => events.push(Event::Arguments {
                choice,
                call,
                fragment,
            }),
            Some(Open::Whole { mut value, input }) => {
                if let (Ok(input), Value::Object(members)) =
                    (serde_json::from_str(&input), &mut value)
                {
                    members.insert("input".to_owned(), input);
                }
                let part = Part::Other { value };
                events.push(Event::Whole { choice, part });
            }
            _ => {}
        }
    }

    fn end(&mut self, mut event: Fields<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        if let Some(mut delta) = event.fields("delta")?
            && let Some(reason) = delta.text("stop_reason")?
        {
            events.push(Event::Finish {
                choice: 0,
                reason: finish::read(&reason),
                stop_sequence: delta.text("stop_sequence")?,
            });
        }
        if self.take_usage(&mut event) {
            events.push(Event::Usage(self.counts.common()));
        }
        Ok(())
    }
}

/// The place of the block; servers that have one block only leave it out.
fn place(event: &mut Fields<'_>) -> Result<u64, Malformed> {
    Ok(event.typed("index", "a whole number")?.unwrap_or(0))
}

fn push_text(text: Option<String>, events: &mut Vec<Event>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        events.push(Event::Text { choice: 0, text });
    }
}

fn push_thought(text: Option<String>, signature: Option<String>, events: &mut Vec<Event>) {
    let choice = 0;
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        events.push(Event::Thinking { choice, text });
    }
    if let Some(signature) = signature.filter(|token| !token.is_empty()) {
        events.push(Event::Signature { choice, signature });
    }
}

//! The conversation as Ollama takes it: a text, pictures and calls for each message, a message for each result.

use std::borrow::Cow;

use serde::Serialize;

use crate::calls::{CallNames, Object};
use crate::chat::{Media, Message, Part, Role};

/// One message.
#[derive(Debug, Default, Serialize)]
pub(super) struct WireMessage<'a> {
    role: &'static str,
    content: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    thinking: Cow<'a, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Call<'a> {
    id: &'a str,
    function: Function<'a>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    index: usize,
    name: &'a str,
    arguments: Object<'a>,
}

/// The messages, instructions in their places. What cannot be said is added to `lost` under its place.
pub(super) fn write<'a>(messages: &'a [Message], lost: &mut Vec<String>) -> Vec<WireMessage<'a>> {
    let names = CallNames::of(messages);
    let mut written = Vec::with_capacity(messages.len());
    for (place, message) in messages.iter().enumerate() {
        let mut said = WireMessage {
            role: role(message.role),
            ..WireMessage::default()
        };
        for (part_place, part) in message.parts.iter().enumerate() {
            let at = Place {
                message: place,
                part: part_place,
            };
            if let Part::ToolResult {
                id, name, parts, ..
            } = part
            {
                let mut result = WireMessage {
                    role: "tool",
                    tool_name: Some(names.name(name.as_deref(), id)),
                    tool_call_id: Some(id),
                    ..WireMessage::default()
                };
                for part in parts {
                    result.add(part, at, lost);
                }
                written.push(result);
            } else {
                said.add(part, at, lost);
            }
        }
        if !said.is_empty() {
            written.push(said);
        }
    }
    written
}

fn role(role: Role) -> &'static str {
    match role {
        Role::System | Role::Developer => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    }
}

#[derive(Clone, Copy)]
struct Place {
    message: usize,
    part: usize,
}

impl Place {
    fn lose(self, field: &str, lost: &mut Vec<String>) {
        let Self { message, part } = self;
        lost.push(format!("messages[{message}].content[{part}]{field}"));
    }
}

impl<'a> WireMessage<'a> {
    fn is_empty(&self) -> bool {
        self.content.is_empty()
            && self.thinking.is_empty()
            && self.images.is_empty()
            && self.tool_calls.is_empty()
    }

    fn add(&mut self, part: &'a Part, at: Place, lost: &mut Vec<String>) {
        match part {
            Part::Text { text, .. } | Part::Refusal(text) => append(&mut self.content, text),
            // What stands for hidden thoughts is of use to the provider that hid them only.
            Part::Thinking { text, redacted, .. } if !*redacted => append(&mut self.thinking, text),
            Part::Image { media, detail, .. } => {
                match media {
                    Media::Inline { data, .. } => self.images.push(data),
                    Media::Url(_) | Media::Stored(_) => return at.lose(".image_url", lost),
                }
                if detail.as_deref().is_some_and(|detail| detail != "auto") {
                    at.lose(".detail", lost);
                }
            }
            Part::Audio { .. } => at.lose(".input_audio", lost),
            Part::File { .. } => at.lose(".file", lost),
            Part::ToolCall {
                id,
                name,
                arguments,
                ..
            } => {
                let function = Function {
                    index: self.tool_calls.len(),
                    name,
                    arguments: Object::of(arguments),
                };
                self.tool_calls.push(Call { id, function });
            }
            Part::Other { .. } => at.lose("", lost),
            Part::Thinking { .. } | Part::ToolResult { .. } => {}
        }
    }
}

/// Adds a text on a line of its own.
fn append<'a>(to: &mut Cow<'a, str>, text: &'a str) {
    if to.is_empty() {
        *to = Cow::Borrowed(text);
    } else if !text.is_empty() {
        let to = to.to_mut();
        to.push('\n');
        to.push_str(text);
    }
}

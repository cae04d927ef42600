//! What one delta says.

use serde_json::Value;

use super::{
    super::{
        message::{generated_sound, read_details, read_image, signature},
        part::read_content,
    },
    calls::Fragment,
};
use crate::{
    chat::{Event, Part},
    error::Malformed,
};

/// What a delta says, in the order in which a model says it; the fragments of calls are left to whoever counts them.
pub(super) fn said(
    mut delta: Value,
    choice: usize,
    events: &mut Vec<Event>,
) -> Result<Vec<Fragment>, Malformed> {
    if delta.is_null() {
        return Ok(Vec::new());
    }
    if !delta.is_object() {
        return Err(Malformed::new("", "must be an object"));
    }
    let mut take = |name: &str| {
        delta
            .get_mut(name)
            .map(Value::take)
            .filter(|value| !value.is_null())
    };
    thoughts(&mut take, choice, events);
    match take("content") {
        None => {}
        Some(Value::String(text)) => push_text(text, choice, events),
        Some(Value::Array(parts)) => pieces(parts, choice, events),
        Some(_) => {
            return Err(Malformed::new(
                "content",
                "must be a string or an array of parts",
            ));
        }
    }
    if let Some(Value::String(text)) = take("refusal")
        && !text.is_empty()
    {
        events.push(Event::Refusal { choice, text });
    }
    if let Some(value) =
        take("annotations").filter(|value| value.as_array().is_some_and(|list| !list.is_empty()))
    {
        events.push(Event::Citations { choice, value });
    }
    if let Some(Value::Array(images)) = take("images") {
        let parts = images.into_iter().filter_map(read_image);
        events.extend(parts.map(|part| Event::Whole { choice, part }));
    }
    if let Some(audio) = take("audio") {
        events.push(Event::Whole {
            choice,
            part: generated_sound(audio),
        });
    }
    if let Some(signature) = take("extra_content").as_ref().and_then(signature) {
        events.push(Event::Signature { choice, signature });
    }
    let mut fragments = Vec::new();
    // The call as it was before there could be several.
    if let Some(function) = take("function_call") {
        let mut call = serde_json::Map::new();
        call.insert("function".into(), function);
        fragments.push(Fragment::read(&Value::Object(call)));
    }
    match take("tool_calls") {
        None => {}
        Some(Value::Array(calls)) => fragments.extend(calls.iter().map(Fragment::read)),
        Some(_) => return Err(Malformed::new("tool_calls", "must be an array")),
    }
    Ok(fragments)
}

/// The same thought often comes under two names at once; it is told once.
fn thoughts(take: &mut impl FnMut(&str) -> Option<Value>, choice: usize, events: &mut Vec<Event>) {
    let details: Vec<Part> = take("reasoning_details")
        .iter()
        .flat_map(read_details)
        .collect();
    let content = take("reasoning_content");
    let plain = take("reasoning");
    let told = details
        .iter()
        .any(|part| matches!(part, Part::Thinking { text, .. } if !text.is_empty()));
    if !told {
        let text = [content, plain]
            .into_iter()
            .flatten()
            .find_map(|value| match value {
                Value::String(text) if !text.is_empty() => Some(text),
                _ => None,
            });
        events.extend(text.map(|text| Event::Thinking { choice, text }));
    }
    for part in details {
        match part {
            Part::Thinking {
                text,
                signature,
                redacted: false,
            } => {
                if !text.is_empty() {
                    events.push(Event::Thinking { choice, text });
                }
                events.extend(signature.map(|signature| Event::Signature { choice, signature }));
            }
            part => events.push(Event::Whole { choice, part }),
        }
    }
}

fn push_text(text: String, choice: usize, events: &mut Vec<Event>) {
    if !text.is_empty() {
        events.push(Event::Text { choice, text });
    }
}

/// Content as a list of parts: Mistral's thoughts, text and references.
fn pieces(parts: Vec<Value>, choice: usize, events: &mut Vec<Event>) {
    let Ok(parts) = read_content(Some(Value::Array(parts)), "content") else {
        return;
    };
    for part in parts {
        match part {
            Part::Text { text, .. } => push_text(text, choice, events),
            Part::Thinking { text, .. } => {
                if !text.is_empty() {
                    events.push(Event::Thinking { choice, text });
                }
            }
            part => events.push(Event::Whole { choice, part }),
        }
    }
}

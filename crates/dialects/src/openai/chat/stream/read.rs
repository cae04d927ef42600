//! A provider's chunks, read.

use serde_json::Value;

use super::{
    super::{
        answer::alone,
        error::error_of,
        finish::finish_of,
        message::{generated_sound, read_details, read_image, signature},
        usage::read_usage,
    },
    calls::{Calls, Fragment},
};
use crate::{
    chat::{Event, Part},
    error::Malformed,
    framing::Frame,
};

/// Reads the events of a stream.
#[derive(Debug, Default)]
pub struct StreamReader {
    started: bool,
    ended: bool,
    id: String,
    choices: Vec<Choice>,
}

#[derive(Debug)]
struct Choice {
    index: usize,
    calls: Calls,
    finished: bool,
}

impl StreamReader {
    /// Reads an event's data.
    pub fn read(&mut self, frame: &Frame<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let data = frame.data.trim_ascii();
        if data.is_empty() {
            events.push(Event::KeepAlive);
            return Ok(());
        }
        if data == b"[DONE]" {
            self.end(events);
            return Ok(());
        }
        let chunk: Value = serde_json::from_slice(data)
            .map_err(|error| Malformed::new("", format!("an event is not valid JSON: {error}")))?;
        self.chunk(alone(chunk), events)
    }

    /// The body has ended. Some servers leave `[DONE]` out; a stream in which every answer has come to its end is whole
    /// all the same.
    pub fn finish(&mut self, events: &mut Vec<Event>) {
        if !self.choices.is_empty() && self.choices.iter().all(|choice| choice.finished) {
            self.end(events);
        }
    }

    fn end(&mut self, events: &mut Vec<Event>) {
        if !self.ended {
            self.ended = true;
            events.push(Event::End);
        }
    }

    fn chunk(&mut self, mut chunk: Value, events: &mut Vec<Event>) -> Result<(), Malformed> {
        if !chunk.is_object() {
            return Err(Malformed::new("", "an event must be a JSON object"));
        }
        if let Some(error) = error_of(&chunk) {
            events.push(Event::Failed(error));
            return Ok(());
        }
        self.start(&chunk, events);
        let choices = match chunk.get_mut("choices").map(Value::take) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(choices)) => choices,
            Some(_) => return Err(Malformed::new("choices", "must be an array")),
        };
        for (place, choice) in choices.into_iter().enumerate() {
            self.choice(choice, place, events)?;
        }
        let usage = chunk.get("usage").filter(|usage| !usage.is_null());
        let usage = usage.or_else(|| chunk.pointer("/x_groq/usage"));
        events.extend(usage.and_then(read_usage).map(Event::Usage));
        Ok(())
    }

    fn start(&mut self, chunk: &Value, events: &mut Vec<Event>) {
        if self.started || chunk.get("choices").is_none() {
            return;
        }
        self.started = true;
        let text = |name: &str| {
            chunk
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        self.id = text("id");
        events.push(Event::Start {
            id: self.id.clone(),
            model: text("model"),
            created: chunk.get("created").and_then(Value::as_i64),
            usage: None,
        });
    }

    fn choice(
        &mut self,
        mut value: Value,
        place: usize,
        events: &mut Vec<Event>,
    ) -> Result<(), Malformed> {
        let index = value
            .get("index")
            .and_then(Value::as_u64)
            .and_then(|index| usize::try_from(index).ok())
            .unwrap_or(place);
        let id = self.id.clone();
        let choice = self.at(index);
        if let Some(delta) = value.get_mut("delta").map(Value::take) {
            said(delta, index, events)
                .and_then(|calls| choice.calls(calls, &id, events))
                .map_err(|malformed| Malformed {
                    path: format!("choices[{place}].delta.{}", malformed.path),
                    ..malformed
                })?;
        }
        if let Some(logprobs) = value.get_mut("logprobs").map(Value::take)
            && !logprobs.is_null()
        {
            events.push(Event::Logprobs {
                choice: index,
                value: logprobs,
            });
        }
        // Moonshot's usage stands in the choice.
        let usage = value.get("usage").and_then(read_usage);
        events.extend(usage.map(Event::Usage));
        let word = value.get("finish_reason").and_then(Value::as_str);
        if let Some(word) = word.filter(|word| !word.is_empty())
            && !choice.finished
        {
            choice.finished = true;
            events.push(Event::Finish {
                choice: index,
                reason: finish_of(word, choice.calls.any()),
                stop_sequence: value
                    .get("stop_reason")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            });
        }
        Ok(())
    }

    fn at(&mut self, index: usize) -> &mut Choice {
        let place = self.choices.iter().position(|choice| choice.index == index);
        let place = place.unwrap_or_else(|| {
            self.choices.push(Choice {
                index,
                calls: Calls::default(),
                finished: false,
            });
            self.choices.len() - 1
        });
        &mut self.choices[place]
    }
}

impl Choice {
    fn calls(
        &mut self,
        fragments: Vec<Fragment>,
        answer: &str,
        events: &mut Vec<Event>,
    ) -> Result<(), Malformed> {
        for (place, fragment) in fragments.into_iter().enumerate() {
            if !self.calls.take(fragment, answer, self.index, events) {
                return Err(Malformed::new(
                    format!("tool_calls[{place}].function.name"),
                    "is missing: the arguments belong to no call",
                ));
            }
        }
        Ok(())
    }
}

/// What a delta says, in the order in which a model says it; the fragments of calls are left to whoever counts them.
fn said(
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
    let details = take("reasoning_details");
    let content = take("reasoning_content");
    let plain = take("reasoning");
    let mut told = false;
    let mut tokens = Vec::new();
    for part in details.iter().flat_map(read_details) {
        match part {
            Part::Thinking {
                text,
                signature,
                redacted: false,
            } => {
                if !text.is_empty() {
                    told = true;
                    events.push(Event::Thinking { choice, text });
                }
                tokens.extend(signature);
            }
            part => events.push(Event::Whole { choice, part }),
        }
    }
    if !told {
        let texts = [content, plain].into_iter().flatten();
        let text = texts
            .filter_map(|value| match value {
                Value::String(text) if !text.is_empty() => Some(text),
                _ => None,
            })
            .next();
        events.extend(text.map(|text| Event::Thinking { choice, text }));
    }
    events.extend(
        tokens
            .into_iter()
            .map(|signature| Event::Signature { choice, signature }),
    );
}

fn push_text(text: String, choice: usize, events: &mut Vec<Event>) {
    if !text.is_empty() {
        events.push(Event::Text { choice, text });
    }
}

/// Content as a list of parts: Mistral's thoughts, text and references.
fn pieces(parts: Vec<Value>, choice: usize, events: &mut Vec<Event>) {
    let Ok(parts) = super::super::part::read_content(Some(Value::Array(parts)), "content") else {
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

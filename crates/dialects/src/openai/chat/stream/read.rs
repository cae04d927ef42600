//! A provider's chunks, read.

use serde_json::Value;

use super::{
    super::{answer::alone, error::error_of, finish::finish_of, usage::read_usage},
    calls::{Calls, Fragment},
    said::said,
};
use crate::{chat::Event, error::Malformed, framing::Frame};

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
    /// The thought that is being told.
    thought: String,
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
            let begin = events.len();
            let calls = said(delta, index, events);
            choice.tell_once(events, begin);
            calls
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
                thought: String::new(),
                finished: false,
            });
            self.choices.len() - 1
        });
        &mut self.choices[place]
    }
}

impl Choice {
    /// Takes a thought away that comes a second time, whole and with its token: it has been told in pieces already.
    fn tell_once(&mut self, events: &mut Vec<Event>, begin: usize) {
        let mut at = begin;
        while at < events.len() {
            let signed = matches!(events.get(at + 1), Some(Event::Signature { .. }));
            match &events[at] {
                Event::Thinking { text, .. } if signed && *text == self.thought => {
                    events.remove(at);
                    continue;
                }
                Event::Thinking { text, .. } => self.thought.push_str(text),
                _ => self.thought.clear(),
            }
            at += 1;
        }
    }

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

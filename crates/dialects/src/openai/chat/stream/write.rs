//! Chunks, written for a caller.

use super::super::{
    error::write_stream_error,
    finish::finish_word,
    message::{own_annotations, sound, write_detail, write_image, write_signature},
    usage::write_usage,
};
use crate::{
    chat::{Event, Part, Usage},
    error::{DoorError, ErrorKind},
    framing::write_frame,
    openai::{
        ids,
        json::{Object, object},
    },
};

/// Writes the events of a stream.
#[derive(Debug, Default)]
pub struct StreamWriter {
    /// Whether the caller wants the usage at the end (`stream_options.include_usage`).
    include_usage: bool,
    id: String,
    model: String,
    created: i64,
    choices: Vec<Choice>,
    usage: Option<Usage>,
    chunk: Vec<u8>,
}

#[derive(Debug, Default)]
struct Choice {
    index: usize,
    begun: bool,
    /// How many thoughts have been told with their tokens.
    thoughts: usize,
    /// The calls of which no arguments have come.
    bare: Vec<usize>,
    last: Last,
}

/// What a token that comes now belongs to.
#[derive(Debug, Default)]
enum Last {
    /// Nothing, or text.
    #[default]
    Text,
    /// This thought so far: its token is worth nothing without all of it.
    Thinking(String),
    /// This call.
    Call(usize),
}

impl StreamWriter {
    /// A writer that ends with the usage, if the caller wants it.
    #[must_use]
    pub fn new(include_usage: bool) -> Self {
        Self {
            include_usage,
            ..Self::default()
        }
    }

    /// Appends what a caller is told of this event: whole frames, or nothing.
    pub fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start {
                id,
                model,
                created,
                usage,
            } => {
                self.id.clone_from(id);
                self.model.clone_from(model);
                self.created = created.unwrap_or(0);
                self.usage = usage.or(self.usage);
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::KeepAlive => out.extend_from_slice(b": keep-alive\n\n"),
            Event::Failed(_) => write_stream_error(&failed(), out),
            Event::End => self.end(out),
            Event::Finish {
                choice,
                reason,
                stop_sequence,
            } => {
                self.fill_bare(*choice, out);
                let word = finish_word(reason);
                self.chunk(
                    *choice,
                    Some(word),
                    out,
                    |_| {},
                    |object| {
                        object.some("stop_reason", stop_sequence.as_ref());
                    },
                );
            }
            Event::Logprobs { choice, value } => {
                self.chunk(
                    *choice,
                    None,
                    out,
                    |_| {},
                    |object| object.put("logprobs", value),
                );
            }
            Event::Signature { choice, signature } => self.signature(*choice, signature, out),
            Event::Whole { choice, part } => self.whole(*choice, part, out),
            said => self.said(said, out),
        }
    }

    fn said(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Text { choice, text } => {
                self.at(*choice).last = Last::Text;
                self.delta(*choice, out, |delta| delta.text("content", text));
            }
            Event::Thinking { choice, text } => {
                match &mut self.at(*choice).last {
                    Last::Thinking(thought) => thought.push_str(text),
                    last => *last = Last::Thinking(text.clone()),
                }
                self.delta(*choice, out, |delta| delta.put("reasoning_content", text));
            }
            Event::Refusal { choice, text } => {
                self.delta(*choice, out, |delta| delta.put("refusal", text));
            }
            Event::Citations { choice, value } => {
                let own = own_annotations(value);
                if !own.is_empty() {
                    self.delta(*choice, out, |delta| delta.put("annotations", own));
                }
            }
            Event::ToolCall {
                choice,
                call,
                id,
                name,
                signature,
            } => {
                let state = self.at(*choice);
                state.last = Last::Call(*call);
                state.bare.push(*call);
                self.call(*choice, *call, out, |object| {
                    object.put("id", ids::legal(id));
                    object.put("type", "function");
                    object.object("function", |function| {
                        function.put("name", name);
                        function.put("arguments", "");
                    });
                    if let Some(token) = signature {
                        write_signature(object, token);
                    }
                });
            }
            Event::Arguments {
                choice,
                call,
                fragment,
            } => {
                if !fragment.is_empty() {
                    self.at(*choice).bare.retain(|bare| bare != call);
                }
                self.call(*choice, *call, out, |object| {
                    object.object("function", |function| function.put("arguments", fragment));
                });
            }
            _ => {}
        }
    }

    /// A call without arguments has an empty object of them: clients parse what they have joined.
    fn fill_bare(&mut self, choice: usize, out: &mut Vec<u8>) {
        for call in std::mem::take(&mut self.at(choice).bare) {
            self.call(choice, call, out, |object| {
                object.object("function", |function| function.put("arguments", "{}"));
            });
        }
    }

    fn signature(&mut self, choice: usize, token: &str, out: &mut Vec<u8>) {
        let state = self.at(choice);
        match std::mem::take(&mut state.last) {
            Last::Thinking(text) => {
                let thought = Part::Thinking {
                    text,
                    signature: Some(token.to_owned()),
                    redacted: false,
                };
                self.thought(choice, &thought, out);
            }
            Last::Call(call) => {
                state.last = Last::Call(call);
                self.call(choice, call, out, |object| write_signature(object, token));
            }
            Last::Text => self.delta(choice, out, |delta| write_signature(delta, token)),
        }
    }

    /// A thought with its token, where a client keeps it and gives it back.
    fn thought(&mut self, choice: usize, thought: &Part, out: &mut Vec<u8>) {
        let state = self.at(choice);
        let index = state.thoughts;
        state.thoughts += 1;
        state.last = Last::Text;
        self.delta(choice, out, |delta| {
            delta.list("reasoning_details", [thought], |out, thought| {
                write_detail(out, index, thought);
            });
        });
    }

    fn whole(&mut self, choice: usize, part: &Part, out: &mut Vec<u8>) {
        match part {
            Part::Thinking { text, .. } => {
                if !text.is_empty() {
                    self.delta(choice, out, |delta| delta.put("reasoning_content", text));
                }
                self.thought(choice, part, out);
            }
            Part::Image { media, .. } => {
                self.delta(choice, out, |delta| {
                    delta.list("images", [media], write_image);
                });
            }
            Part::Text { text, .. } => {
                self.delta(choice, out, |delta| delta.text("content", text));
            }
            Part::Refusal(text) => {
                self.delta(choice, out, |delta| delta.put("refusal", text));
            }
            part => {
                if let Some(audio) = sound(part) {
                    self.delta(choice, out, |delta| delta.put("audio", audio));
                }
            }
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if let Some(usage) = self.usage.filter(|_| self.include_usage) {
            let mut chunk = std::mem::take(&mut self.chunk);
            chunk.clear();
            object(&mut chunk, |object| {
                self.head(object);
                object.list("choices", [(); 0], |_, ()| {});
                write_usage(object, &usage);
            });
            write_frame(out, None, &chunk);
            self.chunk = chunk;
        }
        write_frame(out, None, b"[DONE]");
    }

    fn call(
        &mut self,
        choice: usize,
        call: usize,
        out: &mut Vec<u8>,
        fill: impl FnOnce(&mut Object<'_>),
    ) {
        self.delta(choice, out, |delta| {
            delta.only("tool_calls", |object| {
                object.put("index", call);
                fill(object);
            });
        });
    }

    fn delta(&mut self, choice: usize, out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
        self.chunk(choice, None, out, fill, |_| {});
    }

    /// One chunk with one choice. The first of a choice says whose turn it is, as OpenAI's does.
    fn chunk(
        &mut self,
        choice: usize,
        finish: Option<&str>,
        out: &mut Vec<u8>,
        fill: impl FnOnce(&mut Object<'_>),
        beside: impl FnOnce(&mut Object<'_>),
    ) {
        let first = !std::mem::replace(&mut self.at(choice).begun, true);
        let mut chunk = std::mem::take(&mut self.chunk);
        chunk.clear();
        object(&mut chunk, |object| {
            self.head(object);
            object.only("choices", |object| {
                object.put("index", choice);
                object.object("delta", |delta| {
                    if first {
                        delta.put("role", "assistant");
                    }
                    fill(delta);
                });
                beside(object);
                object.put("finish_reason", finish);
            });
        });
        write_frame(out, None, &chunk);
        self.chunk = chunk;
    }

    fn head(&self, object: &mut Object<'_>) {
        object.put("id", &self.id);
        object.put("object", "chat.completion.chunk");
        object.put("created", self.created);
        object.put("model", &self.model);
    }

    fn at(&mut self, index: usize) -> &mut Choice {
        let place = self.choices.iter().position(|choice| choice.index == index);
        let place = place.unwrap_or_else(|| {
            self.choices.push(Choice {
                index,
                ..Choice::default()
            });
            self.choices.len() - 1
        });
        &mut self.choices[place]
    }
}

/// What a provider says of itself midway is not for a caller.
fn failed() -> DoorError {
    DoorError {
        status: 502,
        kind: ErrorKind::Upstream,
        message: "the provider failed in the middle of its answer".into(),
        param: None,
        code: None,
        request_id: None,
    }
}

//! A stream in the common form, written for a client of Anthropic's.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::super::answer::Message;
use super::super::blocks::{Block, Side, are_own, blocks_of};
use super::super::error::write_failure;
use super::super::usage::Counts;
use super::super::{carried, finish, ids};
use super::calls::{Calls, Waiting};
use crate::chat::{Event, Extra, Finish, Part, Usage};
use crate::framing::write_frame;

/// Writes a stream, event by event. Of several answers only the first is written: the dialect has one.
#[derive(Debug, Default)]
pub struct StreamWriter {
    started: bool,
    ended: bool,
    open: Option<Kind>,
    /// The place of the open block, or of the next one.
    index: u64,
    calls: Calls,
    called: bool,
    usage: Usage,
    finish: Option<(Finish, Option<String>)>,
}

/// What kind of block is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    /// A thought that has its signature: another one is another block.
    Signed,
    Call,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Out<'a> {
    MessageStart {
        message: Message<'a>,
    },
    ContentBlockStart {
        index: u64,
        content_block: &'a Block<'a>,
    },
    ContentBlockDelta {
        index: u64,
        delta: Delta<'a>,
    },
    ContentBlockStop {
        index: u64,
    },
    MessageDelta {
        delta: Stop<'a>,
        usage: Counts,
    },
    MessageStop {},
    Ping {},
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Delta<'a> {
    #[serde(rename = "text_delta")]
    Text { text: &'a str },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: &'a str },
    #[serde(rename = "signature_delta")]
    Signature { signature: &'a str },
    #[serde(rename = "input_json_delta")]
    Input { partial_json: &'a str },
    #[serde(rename = "citations_delta")]
    Citation { citation: &'a Value },
}

#[derive(Serialize)]
struct Stop<'a> {
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
}

impl Out<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::MessageDelta { .. } => "message_delta",
            Self::MessageStop {} => "message_stop",
            Self::Ping {} => "ping",
        }
    }
}

fn put(event: &Out<'_>, out: &mut Vec<u8>) {
    if let Ok(data) = serde_json::to_vec(event) {
        write_frame(out, Some(event.name()), &data);
    }
}

impl StreamWriter {
    /// Appends what this event comes to: whole frames.
    pub fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            Event::Start {
                id, model, usage, ..
            } => self.start(id, model, *usage, out),
            Event::Text { choice: 0, text } | Event::Refusal { choice: 0, text } => {
                self.text(text, out);
            }
            Event::Thinking { choice: 0, text } => self.thought(text, out),
            Event::Signature {
                choice: 0,
                signature,
            } => self.sign(signature, out),
            Event::ToolCall {
                choice: 0,
                call,
                id,
                name,
                signature,
            } => {
                let call = Waiting {
                    call: *call,
                    id: id.clone(),
                    name: name.clone(),
                    signature: signature.clone(),
                    arguments: String::new(),
                };
                if let Some(call) = self.calls.begin(call) {
                    self.open_call(&call, out);
                }
            }
            Event::Arguments {
                choice: 0,
                call,
                fragment,
            } => self.arguments(*call, fragment, out),
            Event::Whole { choice: 0, part } => self.whole(part, out),
            Event::Citations { choice: 0, value } => self.cite(value, out),
            Event::Finish {
                choice: 0,
                reason,
                stop_sequence,
            } => self.finish = Some((reason.clone(), stop_sequence.clone())),
            Event::Usage(usage) => self.usage = *usage,
            Event::KeepAlive => put(&Out::Ping {}, out),
            Event::Failed(error) => {
                self.ended = true;
                write_failure(error, out);
            }
            Event::End => self.end(out),
            // Other answers than the first, and likelihoods, have no place here.
            _ => {}
        }
    }

    fn start(&mut self, id: &str, model: &str, usage: Option<Usage>, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        self.usage = usage.unwrap_or_default();
        let message = Message {
            id,
            r#type: "message",
            role: "assistant",
            model,
            content: Vec::new(),
            stop_reason: None,
            stop_sequence: None,
            usage: self.usage.into(),
            extra: Extra::new(),
        };
        put(&Out::MessageStart { message }, out);
    }

    // === blocks ===

    /// Makes sure that a block of this kind is open.
    fn ensure(&mut self, kind: Kind, out: &mut Vec<u8>) {
        if self.open == Some(kind) {
            return;
        }
        self.flush(out);
        let block = match kind {
            Kind::Text => Block::Text {
                text: "",
                citations: None,
                cache_control: None,
            },
            Kind::Thinking | Kind::Signed | Kind::Call => Block::Thinking {
                thinking: "",
                signature: "",
            },
        };
        self.open(&block, kind, out);
    }

    fn open(&mut self, block: &Block<'_>, kind: Kind, out: &mut Vec<u8>) {
        self.begun(out);
        self.open = Some(kind);
        let begins = Out::ContentBlockStart {
            index: self.index,
            content_block: block,
        };
        put(&begins, out);
    }

    /// A stream that does not begin with a beginning gets one.
    fn begun(&mut self, out: &mut Vec<u8>) {
        if !self.started {
            self.start("", "", None, out);
        }
    }

    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        let index = self.index;
        put(&Out::ContentBlockDelta { index, delta }, out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if self.open.take().is_some() {
            put(&Out::ContentBlockStop { index: self.index }, out);
            self.index += 1;
            self.calls.closed();
        }
    }

    /// Closes what is open and writes the calls that wait.
    fn flush(&mut self, out: &mut Vec<u8>) {
        while let Some(call) = self.calls.next_forced() {
            self.open_call(&call, out);
        }
        self.close(out);
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if !text.is_empty() {
            self.ensure(Kind::Text, out);
            self.delta(Delta::Text { text }, out);
        }
    }

    fn thought(&mut self, thinking: &str, out: &mut Vec<u8>) {
        if !thinking.is_empty() {
            self.ensure(Kind::Thinking, out);
            self.delta(Delta::Thinking { thinking }, out);
        }
    }

    /// Writes a block that needs no pieces.
    fn single(&mut self, block: &Block<'_>, out: &mut Vec<u8>) {
        self.open(block, Kind::Signed, out);
        self.close(out);
    }

    /// Writes the token of what came before: in its thought, or for a text or a call in a block of its own.
    fn sign(&mut self, signature: &str, out: &mut Vec<u8>) {
        if matches!(self.open, Some(Kind::Text | Kind::Call)) {
            self.flush(out);
            let data = Cow::Owned(carried::for_previous(signature));
            self.single(&Block::RedactedThinking { data }, out);
            return;
        }
        if self.open != Some(Kind::Thinking) {
            self.ensure(Kind::Thinking, out);
        }
        self.delta(Delta::Signature { signature }, out);
        self.open = Some(Kind::Signed);
    }

    fn whole(&mut self, part: &Part, out: &mut Vec<u8>) {
        if let Part::Text { text, .. } | Part::Refusal(text) = part {
            self.text(text, out);
            return;
        }
        self.flush(out);
        if let Part::ToolCall {
            id,
            name,
            arguments,
            signature,
            ..
        } = part
        {
            let call = Waiting {
                call: usize::MAX,
                id: id.clone(),
                name: name.clone(),
                signature: signature.clone(),
                arguments: arguments.clone(),
            };
            self.open_call(&call, out);
            self.close(out);
            return;
        }
        let parts = std::slice::from_ref(part);
        for block in blocks_of(parts, Side::Client, "content", &mut Vec::new()) {
            self.single(&block, out);
        }
    }

    fn cite(&mut self, value: &Value, out: &mut Vec<u8>) {
        if !are_own(value) {
            return;
        }
        self.ensure(Kind::Text, out);
        for citation in value.as_array().into_iter().flatten() {
            self.delta(Delta::Citation { citation }, out);
        }
    }

    // === calls ===

    fn open_call(&mut self, call: &Waiting, out: &mut Vec<u8>) {
        self.close(out);
        if let Some(token) = &call.signature {
            let data = Cow::Owned(carried::for_next(token));
            self.single(&Block::RedactedThinking { data }, out);
        }
        self.called = true;
        let block = Block::call(ids::legal(&call.id), &call.name);
        self.open(&block, Kind::Call, out);
        self.calls.opened(call);
        if !call.arguments.is_empty() {
            let partial_json = &call.arguments;
            self.delta(Delta::Input { partial_json }, out);
        }
    }

    fn arguments(&mut self, call: usize, fragment: &str, out: &mut Vec<u8>) {
        if fragment.is_empty() || !self.calls.feed(call, fragment) {
            return;
        }
        let partial_json = fragment;
        self.delta(Delta::Input { partial_json }, out);
        while let Some(next) = self.calls.next_ready() {
            self.open_call(&next, out);
        }
    }

    // === the end ===

    /// The end is told once everything is known: other dialects tell the usage after the reason.
    fn end(&mut self, out: &mut Vec<u8>) {
        self.ended = true;
        self.begun(out);
        self.flush(out);
        let (reason, sequence) = self.finish.take().unwrap_or((Finish::Stop, None));
        let stop_reason = finish::write(&reason, sequence.as_deref(), self.called);
        let delta = Stop {
            stop_reason,
            stop_sequence: sequence
                .as_deref()
                .filter(|_| stop_reason == "stop_sequence"),
        };
        let usage = self.usage.into();
        put(&Out::MessageDelta { delta, usage }, out);
        put(&Out::MessageStop {}, out);
    }
}

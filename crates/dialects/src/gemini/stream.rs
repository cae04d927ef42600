//! An answer of `streamGenerateContent?alt=sse`, chunk by chunk.

use std::collections::BTreeMap;

use super::answer::{Candidate, Wire};
use super::error::read_error;
use super::finish::finish;
use super::usage;
use crate::calls::CallIds;
use crate::chat::{Event, Finish, Part, Usage};
use crate::error::Malformed;
use crate::framing::Frame;

/// Reads a stream. It has no end mark: it is whole if every answer in it told why it ended.
#[derive(Debug, Default)]
pub struct StreamReader {
    started: bool,
    failed: bool,
    choices: BTreeMap<usize, Progress>,
    ids: CallIds,
    /// The answer's id, or what stands for it.
    mark: String,
    usage: Option<Usage>,
}

/// How far one of the answers is.
#[derive(Debug, Default)]
struct Progress {
    calls: usize,
    finished: bool,
}

impl StreamReader {
    /// Reads a chunk; what it says is added to `events`.
    pub fn read(&mut self, frame: &Frame<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let wire = match Wire::read(frame.data) {
            Ok(wire) if wire.error.is_none() => wire,
            other => {
                let Some(error) = read_error(frame.data) else {
                    return Err(other.err().unwrap_or_else(|| {
                        Malformed::new("error", "must have a code, a status or a message")
                    }));
                };
                self.failed = true;
                events.push(Event::Failed(error));
                return Ok(());
            }
        };
        self.start(&wire, events);
        if wire.is_blocked() && self.choices.is_empty() {
            self.end_of(0, Finish::ContentFilter, events);
        }
        let usage = wire.usage_metadata.as_ref().map(usage::Wire::usage);
        for (place, candidate) in wire.candidates.into_iter().flatten().enumerate() {
            self.candidate(place, candidate, events);
        }
        if usage.is_some() && usage != self.usage {
            self.usage = usage;
            events.extend(usage.map(Event::Usage));
        }
        Ok(())
    }

    /// The body ended. [`Event::End`] if that is where the answer ended too; nothing if it was cut off.
    pub fn finish(&mut self, events: &mut Vec<Event>) {
        let is_whole = self.choices.values().all(|choice| choice.finished);
        if is_whole && !self.choices.is_empty() && !self.failed {
            events.push(Event::End);
        }
    }

    fn start(&mut self, wire: &Wire<'_>, events: &mut Vec<Event>) {
        if self.started {
            return;
        }
        self.started = true;
        self.mark = wire.mark();
        events.push(Event::Start {
            id: wire.response_id.clone().unwrap_or_default(),
            model: wire.model_version.clone().unwrap_or_default(),
            created: wire.created(),
            usage: None,
        });
    }

    fn candidate(&mut self, place: usize, mut candidate: Candidate<'_>, events: &mut Vec<Event>) {
        let choice = candidate.index.unwrap_or(place);
        let index = choice.to_string();
        for part in candidate.parts(&mut self.ids, &[&self.mark, &index]) {
            self.part(choice, part, events);
        }
        if let Some(value) = candidate.logprobs() {
            events.push(Event::Logprobs { choice, value });
        }
        if let Some(value) = candidate.sources() {
            events.push(Event::Citations { choice, value });
        }
        let progress = self.choices.entry(choice).or_default();
        if let Some(reason) = candidate.finish_reason {
            let reason = finish(&reason, progress.calls > 0);
            self.end_of(choice, reason, events);
        }
    }

    fn part(&mut self, choice: usize, part: Part, events: &mut Vec<Event>) {
        match part {
            Part::Text {
                text, signature, ..
            } => {
                if !text.is_empty() {
                    events.push(Event::Text { choice, text });
                }
                events.extend(signature.map(|signature| Event::Signature { choice, signature }));
            }
            Part::Thinking {
                text, signature, ..
            } => {
                if !text.is_empty() {
                    events.push(Event::Thinking { choice, text });
                }
                events.extend(signature.map(|signature| Event::Signature { choice, signature }));
            }
            Part::ToolCall {
                id,
                name,
                arguments,
                signature,
                ..
            } => {
                let progress = self.choices.entry(choice).or_default();
                let call = progress.calls;
                progress.calls += 1;
                events.push(Event::ToolCall {
                    choice,
                    call,
                    id,
                    name,
                    signature,
                });
                events.push(Event::Arguments {
                    choice,
                    call,
                    fragment: arguments,
                });
            }
            part => events.push(Event::Whole { choice, part }),
        }
    }

    /// Some models tell the reason again in a chunk of its own.
    fn end_of(&mut self, choice: usize, reason: Finish, events: &mut Vec<Event>) {
        let progress = self.choices.entry(choice).or_default();
        if !std::mem::replace(&mut progress.finished, true) {
            events.push(Event::Finish {
                choice,
                reason,
                stop_sequence: None,
            });
        }
    }
}

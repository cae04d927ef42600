//! An answer of `/api/chat`, line by line.

use super::answer::Wire;
use super::error::read_error;
use crate::calls::CallIds;
use crate::chat::{Event, Part};
use crate::error::Malformed;
use crate::framing::Frame;

/// Reads a stream. The line with `done: true` ends it; a body that ends without one was cut off.
#[derive(Debug, Default)]
pub struct StreamReader {
    started: bool,
    ended: bool,
    calls: usize,
    ids: CallIds,
}

impl StreamReader {
    /// Reads a line; what it says is added to `events`.
    pub fn read(&mut self, frame: &Frame<'_>, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let mut wire = match Wire::read(frame.data) {
            Ok(wire) if wire.error.is_none() => wire,
            other => {
                let Some(error) = read_error(frame.data) else {
                    return Err(other
                        .err()
                        .unwrap_or_else(|| Malformed::new("error", "must be a text")));
                };
                events.push(Event::Failed(error));
                return Ok(());
            }
        };
        if !self.started {
            self.started = true;
            events.push(Event::Start {
                id: wire.id(),
                model: wire.model.clone().unwrap_or_default(),
                created: wire.created(),
                usage: None,
            });
        }
        for part in wire.parts(&mut self.ids) {
            self.part(part, events);
        }
        if let Some(value) = wire.logprobs() {
            events.push(Event::Logprobs { choice: 0, value });
        }
        if wire.done == Some(true) && !self.ended {
            self.ended = true;
            events.push(Event::Finish {
                choice: 0,
                reason: wire.finish(self.calls > 0),
                stop_sequence: None,
            });
            events.extend(wire.usage().map(Event::Usage));
            events.push(Event::End);
        }
        Ok(())
    }

    /// The body ended. The end has been told by its line, or it was cut off.
    pub fn finish(&mut self, _events: &mut Vec<Event>) {}

    /// Each call comes whole, so each is a new one, whatever its index says.
    fn part(&mut self, part: Part, events: &mut Vec<Event>) {
        let choice = 0;
        match part {
            Part::Text { text, .. } => events.push(Event::Text { choice, text }),
            Part::Thinking { text, .. } => events.push(Event::Thinking { choice, text }),
            Part::ToolCall {
                id,
                name,
                arguments,
                signature,
                ..
            } => {
                let call = self.calls;
                self.calls += 1;
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
}

//! An answer watched while its bytes are passed on untouched: has it said something, has it ended, what did it take.
//!
//! Until the first semantic token every event is read exactly, for a caller must not see a byte of a candidate that
//! fails. After it a chunk is only searched for the marks of the few events that matter.
//!
//! **Invariant:** no byte is changed, and nothing is decided here.

mod answer;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use memchr::memmem::Finder;

pub use answer::{check_answer, is_error, read_usage};

use super::StreamReader;
use crate::chat::{Event, Finish, Usage};
use crate::error::{Malformed, ProviderError};
use crate::framing::{Frame, Frames, Framing, LONGEST_FRAME};
use crate::openai::watch::{Seen, last_end};

/// Watches a stream of messages.
#[derive(Debug)]
pub struct Watch {
    /// The bytes of an event that is not whole yet.
    rest: Vec<u8>,
    frames: Frames,
    reader: StreamReader,
    events: Vec<Event>,
    semantic: bool,
    done: bool,
    finishes: Vec<(usize, Finish)>,
    usage: Option<Usage>,
    error: Option<ProviderError>,
    /// Events before the first that said something, and said nothing.
    silent: u64,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            rest: Vec::new(),
            frames: Frames::new(Framing::ServerSentEvents),
            reader: StreamReader::default(),
            events: Vec::new(),
            semantic: false,
            done: false,
            finishes: Vec::new(),
            usage: None,
            error: None,
            silent: 0,
        }
    }
}

impl Watch {
    /// Takes the next bytes of the body, as they came. No event of this dialect holds nothing but the usage.
    pub fn see(&mut self, bytes: &[u8]) -> Result<Seen, Malformed> {
        let mut seen = Seen::default();
        if self.rest.is_empty() {
            seen.ready = last_end(bytes, 0);
            self.look(&bytes[..seen.ready])?;
            self.rest.extend_from_slice(&bytes[seen.ready..]);
        } else {
            let before = self.rest.len();
            self.rest.extend_from_slice(bytes);
            // An event's end may be split: three bytes before the new ones belong to the search.
            seen.ready = last_end(&self.rest, before.saturating_sub(3));
            if seen.ready > 0 {
                let mut whole = std::mem::take(&mut self.rest);
                self.rest = whole.split_off(seen.ready);
                self.look(&whole)?;
            }
        }
        if self.rest.len() > LONGEST_FRAME {
            return Err(Malformed::new(
                "",
                format!("an event of the stream is longer than {LONGEST_FRAME} bytes"),
            ));
        }
        Ok(seen)
    }

    /// The body has ended: looks at a last event whose empty line is missing. Whoever passes bytes on in whole events
    /// has [`Self::pending`] bytes left to pass, if this gives no error, and an empty line to add.
    pub fn finish(&mut self) -> Result<(), Malformed> {
        let mut rest = std::mem::take(&mut self.rest);
        if rest.trim_ascii().is_empty() {
            return Ok(());
        }
        rest.extend_from_slice(b"\n\n");
        self.look(&rest)
    }

    /// Whether a caller would have got something of the answer: text, thoughts, a call, a result of a tool.
    #[must_use]
    pub fn semantic(&self) -> bool {
        self.semantic
    }

    /// Whether the stream is whole: only `message_stop` says so.
    #[must_use]
    pub fn whole(&self) -> bool {
        self.done
    }

    /// Whether `message_stop` has come.
    #[must_use]
    pub fn done(&self) -> bool {
        self.done
    }

    /// Why the answer has ended, at place 0, once it has.
    #[must_use]
    pub fn finishes(&self) -> &[(usize, Finish)] {
        &self.finishes
    }

    /// The latest that was told of what it took.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// What the provider said went wrong.
    #[must_use]
    pub fn error(&self) -> Option<&ProviderError> {
        self.error.as_ref()
    }

    /// How many events said nothing before the first that did: comments, pings, beginnings of empty blocks.
    #[must_use]
    pub fn comments(&self) -> u64 {
        self.silent
    }

    /// Whether bytes of an unfinished event have been seen.
    #[must_use]
    pub fn pending(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Looks at whole events.
    fn look(&mut self, whole: &[u8]) -> Result<(), Malformed> {
        if self.semantic && !marked(whole) {
            return Ok(());
        }
        let comments = self.frames.comments();
        self.frames.push(whole);
        while let Some(frame) = self.frames.next()? {
            if self.semantic && !matters(&frame) {
                continue;
            }
            self.reader.read(&frame, &mut self.events)?;
            let said = self.events.iter().any(Event::is_semantic);
            self.semantic |= said;
            self.silent += u64::from(!self.semantic);
            for event in self.events.drain(..) {
                match event {
                    Event::Start { usage, .. } => self.usage = usage.or(self.usage),
                    Event::Usage(usage) => self.usage = Some(usage),
                    Event::Finish { choice, reason, .. } => {
                        self.finishes.clear();
                        self.finishes.push((choice, reason));
                    }
                    Event::Failed(error) => self.error = Some(error),
                    Event::End => self.done = true,
                    _ => {}
                }
            }
        }
        if !self.semantic {
            self.silent += self.frames.comments() - comments;
        }
        Ok(())
    }
}

/// `message_delta` (with usage and reason), `message_stop`, and errors.
static MESSAGE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"message_"));
static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"error\""));
/// The name of an event whose data does not say what it is.
static ERROR_EVENT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("event: error"));

/// Whether something in these bytes may have to be read. A word within a text is not taken for a mark: there its quotes
/// are escaped; where it is taken wrongly, an event is read in vain.
fn marked(bytes: &[u8]) -> bool {
    [&MESSAGE, &ERROR, &ERROR_EVENT]
        .into_iter()
        .any(|mark| mark.find(bytes).is_some())
}

fn matters(frame: &Frame<'_>) -> bool {
    frame.event == Some("error") || marked(frame.data)
}

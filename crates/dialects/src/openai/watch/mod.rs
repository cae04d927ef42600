//! An answer watched while its bytes are passed on untouched: has it said something, has it ended, what did it take.
//!
//! Until the first semantic token each event is parsed, for a caller must not see a byte of a candidate that fails.
//! After it an event is compared with the one before, or searched for four marks, and parsed where one of them may mean
//! something.
//!
//! **Invariant:** no byte is changed, and nothing is decided here.

mod alike;
mod answer;
mod boundary;
mod chunk;
#[cfg(test)]
mod tests;

use std::{ops::Range, sync::LazyLock};

use memchr::memmem::Finder;

pub use answer::{Glance, check_answer, is_error, read_usage};
pub(crate) use boundary::last_end;

use self::{
    alike::Alike,
    boundary::{after_event, data_of},
    chunk::Chunk,
};
use super::chat::{finish_of, read_error};
use crate::{
    chat::{Finish, Usage},
    error::{Malformed, ProviderError},
    framing::LONGEST_FRAME,
};

/// Watches a stream of chat chunks, or of completions.
#[derive(Debug, Default)]
pub struct Watch {
    /// The bytes of an event that is not whole yet.
    rest: Vec<u8>,
    alike: Alike,
    semantic: bool,
    done: bool,
    finishes: Vec<(usize, Finish)>,
    calls: bool,
    usage: Option<Usage>,
    error: Option<ProviderError>,
    comments: u64,
}

/// What a piece of the body completed. Bytes are counted from the first that was not ready before: what the last call
/// left over, then the piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many bytes are whole events. Who passes on only these can end a stream with an event of its own at any time.
    pub ready: usize,
    /// Where among them events are that hold nothing but the usage: to be left out where the caller has not asked for
    /// it.
    pub usage_only: Vec<Range<usize>>,
}

impl Watch {
    /// Takes the next bytes of the body, as they came.
    pub fn see(&mut self, bytes: &[u8]) -> Result<Seen, Malformed> {
        let mut seen = Seen::default();
        if self.rest.is_empty() {
            seen.ready = last_end(bytes, 0);
            let events = &bytes[..seen.ready];
            self.events(events, &mut seen)?;
            self.rest.extend_from_slice(&bytes[seen.ready..]);
        } else {
            let before = self.rest.len();
            self.rest.extend_from_slice(bytes);
            // An event's end may be split: three bytes before the new ones belong to the search.
            seen.ready = last_end(&self.rest, before.saturating_sub(3));
            if seen.ready > 0 {
                let mut events = std::mem::take(&mut self.rest);
                self.rest = events.split_off(seen.ready);
                self.events(&events, &mut seen)?;
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
        let rest = std::mem::take(&mut self.rest);
        if rest.trim_ascii().is_empty() {
            return Ok(());
        }
        self.event(&rest, 0, &mut Seen::default())
    }

    /// Whether a caller would have got something of the answer: text, thoughts, a refusal, a call, sound, a picture.
    #[must_use]
    pub fn semantic(&self) -> bool {
        self.semantic
    }

    /// Whether the stream is whole: it has said so, or an answer has come to its end.
    #[must_use]
    pub fn whole(&self) -> bool {
        self.done || !self.finishes.is_empty()
    }

    /// Whether `[DONE]` has come.
    #[must_use]
    pub fn done(&self) -> bool {
        self.done
    }

    /// The answers that have ended, each with its place, and why.
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

    /// How many events said nothing before the first that did: comments, roles, empty chunks.
    #[must_use]
    pub fn comments(&self) -> u64 {
        self.comments
    }

    /// Whether bytes of an unfinished event have been seen.
    #[must_use]
    pub fn pending(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Looks at whole events.
    fn events(&mut self, events: &[u8], seen: &mut Seen) -> Result<(), Malformed> {
        let mut at = 0;
        let mut searched = false;
        while at < events.len() {
            if self.semantic && !searched && !self.alike.is_hopeful() {
                // All at once first: mostly there is nothing.
                if !marked(&events[at..]) {
                    return Ok(());
                }
                searched = true;
            }
            let end = at + after_event(&events[at..]);
            let event = &events[at..end];
            if !self.semantic {
                self.event(event, at, seen)?;
            } else if !self.alike.is_like(event) {
                if marked(event) {
                    self.event(event, at, seen)?;
                } else {
                    self.alike.learn(event);
                }
            }
            at = end;
        }
        Ok(())
    }

    /// Parses one event, which stands at `at`.
    fn event(&mut self, event: &[u8], at: usize, seen: &mut Seen) -> Result<(), Malformed> {
        let data = data_of(event);
        let data = data.trim_ascii();
        if data.is_empty() {
            self.comments += u64::from(!self.semantic);
            return Ok(());
        }
        if data == b"[DONE]" {
            self.done = true;
            return Ok(());
        }
        let chunk = Chunk::read(data)?;
        if chunk.may_be_error()
            && let Some(error) = read_error(data)
        {
            self.error = Some(error);
            return Ok(());
        }
        self.take(&chunk);
        if chunk.is_usage_only() {
            seen.usage_only.push(at..at + event.len());
        }
        Ok(())
    }

    fn take(&mut self, chunk: &Chunk<'_>) {
        self.calls |= chunk.has_calls();
        if chunk.is_semantic() {
            self.semantic = true;
        } else {
            self.comments += u64::from(!self.semantic);
        }
        self.usage = chunk.usage().or(self.usage);
        for (index, word) in chunk.finishes() {
            if !self.finishes.iter().any(|(before, _)| *before == index) {
                self.finishes.push((index, finish_of(word, self.calls)));
            }
        }
    }
}

/// What may matter in an event once the answer has begun to speak.
static USAGE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"usage\""));
static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"error\""));
static FINISH: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"finish_reason\""));
static DONE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("[DONE]"));

/// Whether something in these bytes may have to be parsed.
///
/// A name within a text cannot be taken for a member: there its quotes are escaped (`\"usage\"`). A text that *is* the
/// word is followed by no colon.
fn marked(bytes: &[u8]) -> bool {
    member_with_value(&FINISH, bytes)
        || member_with_value(&USAGE, bytes)
        // vLLM's `{"object":"error"}` has it as a value.
        || ERROR.find_iter(bytes).any(|at| !matches!(value_after(bytes, at + 7), Some(b"null")))
        || DONE.find(bytes).is_some()
}

/// Whether the member is there and not null.
fn member_with_value(name: &Finder<'_>, bytes: &[u8]) -> bool {
    let length = name.needle().len();
    name.find_iter(bytes)
        .any(|at| value_after(bytes, at + length).is_some_and(|value| value != b"null"))
}

/// The first bytes (at most four) of the value after a name; none where no colon follows.
fn value_after(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let value = bytes.get(at..)?.trim_ascii_start();
    let value = value.strip_prefix(b":")?.trim_ascii_start();
    Some(value.get(..4).unwrap_or(value))
}

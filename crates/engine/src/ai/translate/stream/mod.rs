//! A candidate's stream, as the caller gets it.
//!
//! **Invariant:** whole events only, so that what has begun can be ended by an event of our own at any time.

mod other;
mod same;

use bytes::Bytes;
use guichet_catalogue::model::ai::Dialect;
use guichet_dialects::anthropic;
use guichet_dialects::chat::{Finish, Usage};
use guichet_dialects::error::{DoorError, Malformed, ProviderError};
use guichet_dialects::openai::chat;

use self::other::Other;
use self::same::Same;
use super::answer::{gave_up, may_be_empty};
use super::{Outgoing, Spoken};
use crate::ai::{Door, ModelCall};

/// Why a stream is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The provider said so.
    Error(ProviderError),
    /// It cannot be read, or says nothing. The detail repeats nothing of it.
    Malformed(String),
    /// It ended before its end.
    CutOff,
}

/// One stream of a provider's on its way to the caller.
pub(crate) struct Relay {
    way: Way,
    door: Door,
    /// How many answers must end.
    choices: usize,
    done_mark: bool,
    /// Whether it may end without a word.
    may_be_silent: bool,
}

/// How the events go.
enum Way {
    /// As they are.
    Same(Box<Same>),
    /// Read, and written in the caller's dialect.
    Other(Box<Other>),
}

impl Relay {
    /// Nothing has come yet. `created` is now in seconds since 1970; the request's id stands in where the provider
    /// gives none.
    ///
    /// A stream that another candidate may have to go on with is always read and written, also within one dialect: the
    /// two halves must be of one writer.
    pub(crate) fn new(
        call: &ModelCall,
        spoken: &Spoken<'_>,
        dialect: Dialect,
        outgoing: &Outgoing,
        created: i64,
        request_id: &str,
    ) -> Self {
        let way = if outgoing.verbatim && !call.wish.resume {
            Way::Same(Box::new(Same::new(dialect, outgoing.hide_usage)))
        } else {
            Way::Other(Box::new(Other::new(call, dialect, created, request_id)))
        };
        Self {
            way,
            door: call.door,
            choices: usize::try_from(call.facts.choices).unwrap_or(1).max(1),
            done_mark: outgoing.done_mark,
            may_be_silent: spoken.has_stop(),
        }
    }

    /// Takes the next bytes of the body; what they mean to the caller is added to `out`. At a fault what came with it
    /// may be missing there; what is there can be passed on, and [`Self::fail`] follows.
    pub(crate) fn feed(&mut self, bytes: Bytes, out: &mut Vec<Bytes>) -> Result<(), Fault> {
        match &mut self.way {
            Way::Same(same) => same.feed(bytes, out),
            Way::Other(other) => other.feed(&bytes, out),
        }
    }

    /// The body has ended: a fault if the answer has not, or has said nothing for no reason.
    ///
    /// Where every answer told why it ended, nothing but the mark is missing, which is then added.
    pub(crate) fn finish(&mut self, out: &mut Vec<Bytes>) -> Result<(), Fault> {
        let all = self.choices;
        match &mut self.way {
            Way::Same(same) => same.finish(all, out)?,
            Way::Other(other) => other.finish(all, out)?,
        }
        if self.semantic() || self.may_be_silent {
            return Ok(());
        }
        let finishes: Vec<Finish> = self.finishes().iter().map(|(_, why)| why.clone()).collect();
        if may_be_empty(&finishes) {
            return Ok(());
        }
        Err(Fault::Malformed("the stream says nothing".into()))
    }

    /// Whether the caller would have got something of the answer.
    pub(crate) fn semantic(&self) -> bool {
        match &self.way {
            Way::Same(same) => same.semantic(),
            Way::Other(other) => other.semantic(),
        }
    }

    /// Whether everything has been said: the mark has come, or all answers have ended and no mark is to come.
    pub(crate) fn is_whole(&self) -> bool {
        let done = match &self.way {
            Way::Same(same) => same.done(),
            Way::Other(other) => other.done(),
        };
        done || !self.done_mark && self.finishes().len() >= self.choices
    }

    /// What it took so far, where the provider says so.
    pub(crate) fn usage(&self) -> Option<Usage> {
        match &self.way {
            Way::Same(same) => same.usage(),
            Way::Other(other) => other.usage(),
        }
    }

    /// The answers that have ended, each with its place, and why.
    pub(crate) fn finishes(&self) -> &[(usize, Finish)] {
        match &self.way {
            Way::Same(same) => same.finishes(),
            Way::Other(other) => other.finishes(),
        }
    }

    /// Ends what has begun with the dialect's own words for a failure. Nothing may follow.
    pub(crate) fn fail(&mut self, error: &DoorError, out: &mut Vec<Bytes>) {
        let mut last = Vec::new();
        match (&mut self.way, self.door) {
            (Way::Other(other), _) => other.fail(error, &mut last),
            (Way::Same(_), Door::Messages) => anthropic::write_stream_error(error, &mut last),
            (Way::Same(_), _) => chat::write_stream_error(error, &mut last),
        }
        if !last.is_empty() {
            out.push(last.into());
        }
    }
}

impl Relay {
    /// The assistant's text so far, if the call wishes to be continued by another candidate; else nothing.
    pub(crate) fn said(&self) -> &str {
        match &self.way {
            Way::Same(_) => "",
            Way::Other(other) => other.said(),
        }
    }

    /// Whether another candidate can go on: nothing but text has been said, in one answer.
    pub(crate) fn can_go_on(&self) -> bool {
        match &self.way {
            Way::Same(_) => false,
            Way::Other(other) => self.choices == 1 && other.can_go_on(),
        }
    }

    /// What comes now is of another candidate, that was told what has been said.
    pub(crate) fn go_on(&mut self, dialect: Dialect, outgoing: &Outgoing) {
        self.done_mark = outgoing.done_mark;
        if let Way::Other(other) = &mut self.way {
            other.go_on(dialect);
        }
    }
}

/// What is wrong with an event, without a word of it.
fn unreadable(malformed: &Malformed) -> Fault {
    Fault::Malformed(match malformed.path.as_str() {
        "" => "an event of the stream cannot be read".into(),
        path => format!("`{path}` in an event of the stream is not what it should be"),
    })
}

/// The fault that a reason to end is, if it is one.
fn fault_of(finishes: &[(usize, Finish)]) -> Option<Fault> {
    finishes
        .iter()
        .any(|(_, why)| *why == Finish::Failed)
        .then(|| Fault::Error(gave_up()))
}

#[cfg(test)]
mod tests;

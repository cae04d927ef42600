//! A stream whose bytes are passed on, and watched.
//!
//! **Invariant:** nothing is copied but what the network has cut within an event, and that by the watch alone.

use std::ops::Range;

use bytes::Bytes;
use guichet_catalogue::model::ai::Dialect;
use guichet_dialects::chat::{Finish, Usage};
use guichet_dialects::error::{Malformed, ProviderError};
use guichet_dialects::openai::watch::Seen;
use guichet_dialects::{anthropic, openai};

use super::{Fault, fault_of, unreadable};

/// A stream of the caller's own dialect.
pub(super) struct Same {
    watch: Watch,
    /// Bytes of an event that is not whole yet, as they came.
    rest: Vec<Bytes>,
    hide_usage: bool,
}

enum Watch {
    OpenAi(Box<openai::watch::Watch>),
    Anthropic(Box<anthropic::watch::Watch>),
}

impl Same {
    pub(super) fn new(dialect: Dialect, hide_usage: bool) -> Self {
        Self {
            watch: match dialect {
                Dialect::Anthropic => Watch::Anthropic(Box::default()),
                _ => Watch::OpenAi(Box::default()),
            },
            rest: Vec::new(),
            hide_usage,
        }
    }

    pub(super) fn feed(&mut self, mut bytes: Bytes, out: &mut Vec<Bytes>) -> Result<(), Fault> {
        let seen = self
            .watch
            .see(&bytes)
            .map_err(|malformed| unreadable(&malformed))?;
        self.check()?;
        let before: usize = self.rest.iter().map(Bytes::len).sum();
        let ready = seen.ready.saturating_sub(before);
        if ready == 0 {
            if !bytes.is_empty() {
                self.rest.push(bytes);
            }
            return Ok(());
        }
        let whole = bytes.split_to(ready);
        let hidden: &[Range<usize>] = if self.hide_usage {
            &seen.usage_only
        } else {
            &[]
        };
        if hidden.is_empty() {
            out.append(&mut self.rest);
            out.push(whole);
        } else {
            self.rest.push(whole);
            without(self.rest.drain(..), hidden, out);
        }
        if !bytes.is_empty() {
            self.rest.push(bytes);
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, choices: usize, out: &mut Vec<Bytes>) -> Result<(), Fault> {
        let pending = self.watch.pending();
        // What cannot be read was cut off in its middle.
        self.watch.finish().map_err(|_| Fault::CutOff)?;
        self.check()?;
        if !self.done() && self.finishes().len() < choices {
            return Err(Fault::CutOff);
        }
        if pending {
            out.append(&mut self.rest);
            out.push(Bytes::from_static(b"\n\n"));
        }
        if !self.done() {
            out.push(Bytes::from_static(self.watch.end()));
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Fault> {
        if let Some(error) = self.watch.error() {
            return Err(Fault::Error(error.clone()));
        }
        fault_of(self.finishes()).map_or(Ok(()), Err)
    }

    pub(super) fn semantic(&self) -> bool {
        match &self.watch {
            Watch::OpenAi(watch) => watch.semantic(),
            Watch::Anthropic(watch) => watch.semantic(),
        }
    }

    pub(super) fn done(&self) -> bool {
        match &self.watch {
            Watch::OpenAi(watch) => watch.done(),
            Watch::Anthropic(watch) => watch.done(),
        }
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        match &self.watch {
            Watch::OpenAi(watch) => watch.usage(),
            Watch::Anthropic(watch) => watch.usage(),
        }
    }

    pub(super) fn finishes(&self) -> &[(usize, Finish)] {
        match &self.watch {
            Watch::OpenAi(watch) => watch.finishes(),
            Watch::Anthropic(watch) => watch.finishes(),
        }
    }
}

impl Watch {
    fn see(&mut self, bytes: &[u8]) -> Result<Seen, Malformed> {
        match self {
            Self::OpenAi(watch) => watch.see(bytes),
            Self::Anthropic(watch) => watch.see(bytes),
        }
    }

    fn finish(&mut self) -> Result<(), Malformed> {
        match self {
            Self::OpenAi(watch) => watch.finish(),
            Self::Anthropic(watch) => watch.finish(),
        }
    }

    fn pending(&self) -> bool {
        match self {
            Self::OpenAi(watch) => watch.pending(),
            Self::Anthropic(watch) => watch.pending(),
        }
    }

    fn error(&self) -> Option<&ProviderError> {
        match self {
            Self::OpenAi(watch) => watch.error(),
            Self::Anthropic(watch) => watch.error(),
        }
    }

    /// The dialect's mark at the end.
    fn end(&self) -> &'static [u8] {
        match self {
            Self::OpenAi(_) => b"data: [DONE]\n\n",
            Self::Anthropic(_) => b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        }
    }
}

/// The pieces without these ranges, which count from the first piece's first byte and are in order.
fn without(pieces: impl Iterator<Item = Bytes>, hidden: &[Range<usize>], out: &mut Vec<Bytes>) {
    let mut begin = 0;
    for piece in pieces {
        let end = begin + piece.len();
        let mut at = begin;
        for range in hidden {
            let from = range.start.clamp(at, end);
            if from > at {
                out.push(piece.slice(at - begin..from - begin));
            }
            at = range.end.clamp(from, end);
        }
        if end > at {
            out.push(piece.slice(at - begin..));
        }
        begin = end;
    }
}

//! What the caller said, read once for all candidates.

use std::sync::OnceLock;

use guichet_dialects::anthropic;
use guichet_dialects::chat::Request;
use guichet_dialects::error::Malformed;
use guichet_dialects::members::Members;
use guichet_dialects::openai::{chat, completions, responses};
use parking_lot::{Mutex, MutexGuard};

use crate::ai::{Door, ModelCall};

/// A call's body, and what it was read into so far. Made once for each call; its candidates share it.
pub(crate) struct Spoken<'a> {
    call: &'a ModelCall,
    members: OnceLock<Result<Members<'a>, Malformed>>,
    request: OnceLock<Result<Mutex<Request>, Malformed>>,
}

impl<'a> Spoken<'a> {
    /// Nothing is read yet.
    pub(crate) fn new(call: &'a ModelCall) -> Self {
        Self {
            call,
            members: OnceLock::new(),
            request: OnceLock::new(),
        }
    }

    /// The members of the body, where they are.
    pub(super) fn members(&self) -> Result<&Members<'a>, Malformed> {
        let read = || Members::read(&self.call.body);
        self.members
            .get_or_init(read)
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The conversation in the common form. There is one of it, for it may hold large pictures: whoever writes it for
    /// a candidate puts the candidate's model in, one at a time.
    pub(super) fn request(&self) -> Result<MutexGuard<'_, Request>, Malformed> {
        let body = &self.call.body;
        let read = || match self.call.door {
            Door::Responses => responses::read_request(body),
            Door::Completions => completions::read_request(body),
            Door::Messages => anthropic::read_request(body),
            _ => chat::read_request(body),
        };
        let request = self.request.get_or_init(|| read().map(Mutex::new));
        request.as_ref().map(Mutex::lock).map_err(Clone::clone)
    }

    /// Whether the caller named texts before which the answer ends: then it may end before it began.
    pub(super) fn has_stop(&self) -> bool {
        self.members().is_ok_and(|members| {
            let stop = ["stop", "stop_sequences"].map(|name| members.get(name));
            stop.into_iter()
                .flatten()
                .any(|stop| !matches!(stop, "null" | "[]" | "\"\""))
        })
    }
}

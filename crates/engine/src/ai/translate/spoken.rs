//! What the caller said, read once for all candidates.

use std::sync::OnceLock;

use guichet_dialects::anthropic;
use guichet_dialects::chat::{Extra, Message, Part, Request, Role};
use guichet_dialects::error::Malformed;
use guichet_dialects::members::Members;
use guichet_dialects::openai::{chat, completions, responses};
use parking_lot::{Mutex, MutexGuard};

use crate::ai::{Door, ModelCall};

/// A call's body, and what it was read into so far. Made once for each call; its candidates share it.
pub(crate) struct Spoken<'a> {
    call: &'a ModelCall,
    /// What another candidate has said in answer already.
    said: Option<String>,
    members: OnceLock<Result<Members<'a>, Malformed>>,
    request: OnceLock<Result<Mutex<Request>, Malformed>>,
}

impl<'a> Spoken<'a> {
    /// Nothing is read yet.
    pub(crate) fn new(call: &'a ModelCall) -> Self {
        Self {
            call,
            said: None,
            members: OnceLock::new(),
            request: OnceLock::new(),
        }
    }

    /// The same with what has been said in answer, and the wish that it goes on.
    pub(crate) fn continuing(call: &'a ModelCall, said: String) -> Self {
        Self {
            said: Some(said),
            ..Self::new(call)
        }
    }

    /// Whether more is asked than the body says.
    pub(super) fn continues(&self) -> bool {
        self.said.is_some()
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
        let read = || {
            let mut request = read()?;
            if let Some(said) = &self.said {
                go_on(&mut request, said);
            }
            Ok(Mutex::new(request))
        };
        let request = self.request.get_or_init(read);
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

/// Adds what has been said as the model's own last words, and the wish that it goes on; of the tokens that the answer
/// may take, about those are gone.
fn go_on(request: &mut Request, said: &str) {
    const WISH: &str = "Your answer broke off. Go on exactly where it ended, in the middle of a word if need be, and repeat nothing.";
    const TOKEN: u64 = 4;
    for (role, text) in [(Role::Assistant, said), (Role::User, WISH)] {
        request.messages.push(Message {
            role,
            name: None,
            parts: vec![Part::text(text)],
            extra: Extra::new(),
        });
    }
    if let Some(most) = &mut request.sampling.max_tokens {
        *most = most
            .saturating_sub((said.len() as u64).div_ceil(TOKEN))
            .max(1);
    }
}

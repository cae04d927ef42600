//! The models: every AI provider of the catalogue, in its own dialect, with its own refusals and quotas. Answers are not
//! recorded but made, from the request alone.
//!
//! **Invariant:** pure but for the windows of the quotas; nothing here knows about sockets.

mod chunks;
mod events;
mod gemini;
mod limits;
mod lists;
mod mind;
mod ollama;
mod refusal;
mod request;
mod route;
mod rules;
mod schema;
mod serve;
mod spent;
mod tasks;
mod voice;

pub use events::stream;
pub(crate) use serve::{Visit, serve};
pub use voice::Voice;

use std::time::Duration;

use guichet_catalogue::model::Dialect;
use guichet_catalogue::model::ai::Abilities;
use guichet_dialects::chat::{Answer, Message, Part, Request, Role};

use crate::alphabet::{Fault, LATENCY, Stream, Streamed, streamed};
use crate::pacing::Pacing;

/// What a provider of this dialect does under a fault with a conversation whose right answer is [`greeting`]: what
/// sockets play, for transports in memory.
#[must_use]
pub fn script(dialect: Dialect, fault: Fault) -> Streamed {
    streamed(fault, &greeting(Voice::plain(dialect)), None)
}

/// A right stream of a few words in this voice: `You said: How are you?`
#[must_use]
pub fn greeting(voice: Voice) -> Stream {
    let pacing = Pacing {
        first: LATENCY,
        between: Duration::from_millis(1),
        chunks: None,
    };
    stream(voice, &answer_to("How are you?", voice), true, pacing)
}

/// What the model answers to a text, where it may do everything.
#[must_use]
pub fn answer_to(text: &str, voice: Voice) -> Answer {
    let message = Message {
        role: Role::User,
        name: None,
        parts: vec![Part::text(text)],
        extra: serde_json::Map::new(),
    };
    let request = Request {
        messages: vec![message],
        ..Request::default()
    };
    let around = mind::Surroundings {
        model: "simulated".to_owned(),
        abilities: Abilities::ALL,
        id: "chatcmpl-sim".to_owned(),
        created: 0,
        accent: voice.accent(),
    };
    mind::answer(&request, &around)
}

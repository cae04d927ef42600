//! The door of `/v1/responses`: its requests, its answers and its streams over the common form of a conversation.
//!
//! There is no provider side: a provider that speaks Responses itself gets the caller's bytes. Quirks of the dialect:
//! a conversation is a flat list of items, so one turn of the model (thoughts, text, calls) is several of them; an
//! answer repeats the request ([`Echo`]); and each event of a stream says once more in full what its deltas said.
//!
//! This server keeps no responses. `store` has no effect and is answered with `false`; what needs a response kept
//! (`previous_response_id`, `conversation`, `item_reference`, `background`) is refused with the way out.
//!
//! Places for what other dialects need back: the token of a thought is the `encrypted_content` of its `reasoning`
//! item (given without `include` asking for it, as nobody else keeps it); the token of a call or of a text stands in
//! `extra_content.google.thought_signature` of its item, as at the chat door.

mod answer;
mod carried;
mod echo;
mod item;
mod request;
mod response;
mod sources;
mod stream;

pub use super::chat::write_error;
pub use answer::write_answer;
pub use echo::Echo;
pub use request::read_request;
pub use stream::StreamWriter;

//! The door of the older `/v1/completions`: a text to go on with, as a conversation of one message.
//!
//! The prompt becomes what the user says, so that models which only know conversations answer too. What cannot be said
//! in one is refused: text behind the gap (`suffix`), tokens instead of text, several prompts at once, and the best of
//! several answers.

mod answer;
mod echo;
mod likelihoods;
mod request;
mod stream;

pub use super::chat::{write_error, write_stream_error};
pub use answer::write_answer;
pub use echo::Echo;
pub use request::read_request;
pub use stream::StreamWriter;

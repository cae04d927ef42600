//! Chat completions: `POST /chat/completions`.
//!
//! Many servers speak it with an accent. Read here are: thoughts as `reasoning_content`, `reasoning` or
//! `reasoning_details`; usage in `x_groq.usage` or in a choice; Gemini's bodies that are an array of one, and its token
//! in `extra_content.google.thought_signature`; content as a list of parts in answers (Mistral); calls without index,
//! with an index that is always 0, whole in one chunk, without id; finish reasons with words of their own; a dozen
//! shapes of errors. Written is what OpenAI itself would write, and thoughts where most look for them.

mod answer;
mod error;
mod finish;
mod message;
mod part;
mod request;
mod stream;
#[cfg(test)]
mod tests;
mod usage;

pub use answer::{read_answer, write_answer};
pub use error::{read_error, write_error, write_stream_error};
pub(crate) use finish::finish_of;
pub(crate) use request::role;
pub use request::{Accepts, read_request, write_request, write_request_for};
pub use stream::{StreamReader, StreamWriter};
pub(crate) use usage::{Tokens, read_usage, write_usage};

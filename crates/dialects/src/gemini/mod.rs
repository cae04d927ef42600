//! Gemini's own dialect (`generateContent`, `streamGenerateContent?alt=sse`), as it is spoken to the provider.
//!
//! What is special about it: the model is in the URL, not in the body. Roles are `user` and `model`; instructions
//! stand apart in `systemInstruction`; results of tools are parts of a user turn and must name their tool. Arguments
//! are objects and come whole, calls of older models have no ids. Any part may carry a `thoughtSignature` that must
//! come back with it: since Gemini 3 a call without one is refused. A stream ends without a mark, its usage is
//! cumulative, and `candidatesTokenCount` does not count the thoughts. A prompt that is blocked is a 200 without
//! candidates. Errors may be an array of one.
//!
//! Nobody asks the gateway in this dialect, so requests are written and answers are read, not the reverse.
//!
//! Shapes: <https://ai.google.dev/api/generate-content> and `types.py` of <https://github.com/googleapis/python-genai>
//! (2026-08-21).

mod answer;
mod contents;
pub mod embeddings;
mod error;
mod family;
mod finish;
mod models;
mod part;
mod request;
mod settings;
mod stream;
mod tools;
mod usage;

pub use answer::read_answer;
pub use error::read_error;
pub use models::read_models;
pub(crate) use part::OWN_SIGNATURE;
pub use request::write_request;
pub use stream::StreamReader;

#[cfg(test)]
mod tests;

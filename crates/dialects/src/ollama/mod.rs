//! Ollama's own dialect (`/api/chat`, `/api/embed`, `/api/tags`, `/api/show`), as it is spoken to the server.
//!
//! It is spoken instead of Ollama's OpenAI-like one because only here the context can be made as large as the request
//! needs (`num_ctx`), and a prompt that does not fit be refused (`truncate: false`) rather than silently cut.
//!
//! What is special about it: a stream is a line of JSON for each piece, and the last has `done: true` with the usage.
//! Content is one text, pictures stand beside it and are base64 only. Arguments are objects and come whole; ids are
//! missing on older servers and the index is missing or always 0, so each entry of `tool_calls` is a call of its own.
//! There is no tool choice. Errors are `{"error": "text"}`, also in the middle of a stream.
//!
//! Shapes: `docs/api.md`, `docs/api/errors.mdx` and `api/types.go` of <https://github.com/ollama/ollama> (2026-08-21).

mod answer;
pub mod embeddings;
mod error;
mod messages;
mod models;
mod options;
mod request;
mod stream;

pub use answer::read_answer;
pub use error::read_error;
pub use models::{read_model, read_models};
pub use request::write_request;
pub use stream::StreamReader;

#[cfg(test)]
mod tests;

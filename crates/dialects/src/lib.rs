//! What AI clients and providers speak: four dialects, and one common form between them.
//!
//! [`chat`] is the common form: a conversation, an answer, the events of a stream. Each dialect's module reads and
//! writes it; nothing is translated from one dialect to another directly, so a new dialect is one module. Where both
//! sides speak the same dialect nothing is translated at all: [`members`] changes single members of a body and leaves
//! every other byte as it is.
//!
//! **Invariant:** pure. Bytes in, bytes out; no clock, no network, no catalogue.

pub mod anthropic;
mod base64;
mod calls;
pub mod chat;
pub mod cohere;
pub mod embeddings;
pub mod error;
pub mod facts;
pub mod framing;
pub mod gemini;
pub mod images;
mod lost;
pub mod members;
pub mod models;
pub mod moderations;
pub mod ollama;
pub mod openai;
pub mod rerank;
mod scan;
pub mod speech;
mod timestamp;
pub mod transcription;
pub mod written;

//! The dialect of OpenAI, and of the many who speak it with an accent.

pub mod chat;
pub mod completions;
pub mod embeddings;
pub mod facts;
pub(crate) mod fields;
pub(crate) mod ids;
pub mod images;
pub(crate) mod json;
pub mod moderations;
pub mod responses;
pub mod speech;
pub mod watch;

//! The doors under `/v1`, for clients made for OpenAI and for Anthropic.
//!
//! A door reads what choosing must know of a request and how it may be served, asks the engine, and tells what came of
//! it. What is in a request beyond that, and what an answer says, is the engine's matter.
//!
//! **Invariant:** every error under `/v1` is the error object of the caller's own dialect, with a status for which the
//! official clients raise the right exception.

mod absent;
mod answer;
mod ask;
mod count;
mod dialect;
mod error;
mod extensions;
mod facts;
pub(crate) mod headers;
mod models;
mod refusal;

pub(crate) use absent::unknown_route;
pub(crate) use ask::ask;
pub(crate) use count::count_tokens;
pub(crate) use dialect::{Dialect, is_here};
pub(crate) use error::refuse;
pub(crate) use models::{list, one};

//! Anthropic's dialect, the Messages API: what its clients ask and are answered, and what api.anthropic.com is asked and
//! answers.
//!
//! Its quirks: the instructions stand outside the conversation, turns of one role are one turn, results of tools are the
//! user's and come first in a turn, the most tokens must be named, temperature ends at 1, and cached tokens are not
//! counted as input. A thought is taken back only with the signature that Anthropic gave it. A stream ends with
//! `message_stop` and may break with an `error` event after a 200.

mod answer;
mod blocks;
mod carried;
mod count;
mod error;
mod facts;
mod fields;
mod finish;
mod ids;
mod media;
mod request;
mod stream;
mod thinking;
mod tools;
mod usage;
pub mod watch;

pub use answer::{read_answer, write_answer};
pub use carried::may_hold_foreign_tokens;
pub use count::{read_count, read_count_request, write_count};
pub use error::{read_error, status_of, write_error, write_stream_error};
pub use facts::read_facts;
pub use request::{read_request, write_request};
pub use stream::{StreamReader, StreamWriter};

#[cfg(test)]
mod crossing;
#[cfg(test)]
mod tests;

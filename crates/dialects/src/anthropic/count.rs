//! `POST /v1/messages/count_tokens`: how long a request is, without an answer.

use super::fields::Fields;
use super::request::read_shape;
use crate::chat::Request;
use crate::error::Malformed;

/// Reads what is to be counted: a request for a message, but for `max_tokens`.
pub fn read_count_request(body: &[u8]) -> Result<Request, Malformed> {
    read_shape(body)
}

/// Reads a provider's count.
pub fn read_count(body: &[u8]) -> Result<u64, Malformed> {
    let mut fields = Fields::of_body(body)?;
    let what = "a whole number of tokens";
    fields
        .typed("input_tokens", what)?
        .ok_or_else(|| Malformed::new("input_tokens", format!("is missing: {what}")))
}

/// Writes a count for a client.
#[must_use]
pub fn write_count(input_tokens: u64) -> Vec<u8> {
    format!("{{\"input_tokens\":{input_tokens}}}").into_bytes()
}

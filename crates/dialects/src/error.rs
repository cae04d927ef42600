//! What goes wrong: with a text that cannot be read, and what a provider says went wrong.

use std::fmt;

/// A body that is not what its dialect says it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Where: `messages[2].content[0].type`; empty = the body as a whole.
    pub path: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl Malformed {
    /// Something wrong at this place.
    pub fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            formatter.write_str(&self.reason)
        } else {
            write!(formatter, "`{}` {}", self.path, self.reason)
        }
    }
}

impl std::error::Error for Malformed {}

/// What a provider says of its own failure, read from whatever shape it uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderError {
    /// The status in the body, where there is one (errors inside a stream or a 200).
    pub status: Option<u16>,
    /// The provider's word for the kind: `rate_limit_error`, `RESOURCE_EXHAUSTED`, `insufficient_quota` …
    pub kind: Option<String>,
    /// A second, finer word: `rate_limit_exceeded`, `context_length_exceeded`, `3036` …
    pub code: Option<String>,
    /// The field that it complains of.
    pub param: Option<String>,
    /// Its sentence. It may repeat what the caller sent; it is passed on for `bad_request` only.
    pub message: String,
}

/// What the gateway tells a caller of a failure; each dialect writes it as its own error object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorError {
    /// The HTTP status.
    pub status: u16,
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What is wrong, and the way out.
    pub message: String,
    /// The caller's field that is wrong.
    pub param: Option<String>,
    /// A finer word than the kind: `context_length_exceeded`, `model_not_found` …
    pub code: Option<String>,
    /// The id under which the gateway remembers the request.
    pub request_id: Option<String>,
}

/// The kinds of failure that the dialects have words for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request is wrong.
    InvalidRequest,
    /// No key, or not a valid one.
    Authentication,
    /// The key may not do this.
    Permission,
    /// No such model, no such thing.
    NotFound,
    /// The body is too large.
    TooLarge,
    /// Too fast; later it works.
    RateLimited,
    /// Spent: waiting a little does not help.
    QuotaExceeded,
    /// Nobody has capacity now.
    Overloaded,
    /// The providers failed.
    Upstream,
    /// The providers were too slow.
    Timeout,
    /// The gateway failed.
    Internal,
}

/// The error as a body of OpenAI's shape: what came within a stream is judged like what comes with a status.
#[must_use]
pub fn as_body(error: &ProviderError) -> Vec<u8> {
    let body = serde_json::json!({"error": {
        "message": error.message,
        "type": error.kind,
        "code": error.code,
        "param": error.param,
    }});
    body.to_string().into_bytes()
}

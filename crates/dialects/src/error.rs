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

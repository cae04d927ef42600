//! What can come of an attempt: the one closed list for classifier, breaker, ledger, answers, metrics and logs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The outcome of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Mapped and valid.
    Ok,
    /// "No such thing", said properly.
    Empty,
    /// The caller's input, or our mapping of it, is wrong.
    BadRequest,
    /// The key is missing, wrong or expired.
    Auth,
    /// The credential's plan lacks this operation.
    Plan,
    /// A short window is used up.
    RateLimited,
    /// A day's or month's window is used up.
    QuotaExhausted,
    /// A captcha, a firewall's page, HTML where data is declared.
    Blocked,
    /// A server error, a timeout, a broken connection.
    Upstream,
    /// A good status, but an answer that fails its predicate, its mapping or its schema.
    BadPayload,
    /// Gone for good.
    Gone,
}

impl Class {
    /// All classes, in the order of the list.
    pub const ALL: [Self; 11] = [
        Self::Ok,
        Self::Empty,
        Self::BadRequest,
        Self::Auth,
        Self::Plan,
        Self::RateLimited,
        Self::QuotaExhausted,
        Self::Blocked,
        Self::Upstream,
        Self::BadPayload,
        Self::Gone,
    ];

    /// Its name everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Empty => "empty",
            Self::BadRequest => "bad_request",
            Self::Auth => "auth",
            Self::Plan => "plan",
            Self::RateLimited => "rate_limited",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Blocked => "blocked",
            Self::Upstream => "upstream",
            Self::BadPayload => "bad_payload",
            Self::Gone => "gone",
        }
    }

    /// The class of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

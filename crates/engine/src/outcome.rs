//! What came of an attempt.

use std::sync::Arc;
use std::time::Duration;

pub use guichet_catalogue::model::Class;
use jiff::Timestamp;
use serde::Serialize;

/// The outcome of one attempt that gave no data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it means.
    pub class: Class,
    /// The status, where there was an answer.
    pub status: Option<u16>,
    /// When the provider said that it may be asked again.
    pub retry_at: Option<Timestamp>,
    /// What happened, for logs and for the author of a mapping. It holds nothing of an answer's body and no secret.
    pub detail: String,
    /// Whether the request certainly did not reach the provider's application: nothing was spent, nothing was done.
    pub never_sent: bool,
}

impl Failure {
    /// A failure of this class.
    pub fn new(class: Class, detail: impl Into<String>) -> Self {
        Self {
            class,
            status: None,
            retry_at: None,
            detail: detail.into(),
            never_sent: false,
        }
    }

    /// The same with the answer's status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }
}

/// One attempt as callers, logs and metrics see it.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// The provider.
    pub provider: Arc<str>,
    /// What came of it.
    pub class: Class,
    /// The status, where there was an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it took.
    #[serde(rename = "ms", serialize_with = "milliseconds")]
    pub took: Duration,
    /// When the provider may be asked again.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "whole_seconds"
    )]
    pub retry_at: Option<Timestamp>,
}

/// Times for people and schedulers need no fractions; the second is rounded up, so that nobody comes too early.
#[expect(clippy::ref_option, reason = "the signature is serde's")]
pub(crate) fn whole_seconds<S: serde::Serializer>(
    at: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let up = jiff::TimestampRound::new()
        .smallest(jiff::Unit::Second)
        .mode(jiff::RoundMode::Ceil);
    at.map(|at| at.round(up).unwrap_or(at))
        .serialize(serializer)
}

fn milliseconds<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}

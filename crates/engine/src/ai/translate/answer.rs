//! A candidate's whole answer, as the caller gets it.

use bytes::Bytes;
use guichet_catalogue::model::ai::Dialect;
use guichet_dialects::chat::{Finish, Usage};
use guichet_dialects::error::ProviderError;

use super::{Outgoing, Spoken};
use crate::ai::ModelCall;

/// An answer in the caller's dialect.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    /// For the caller.
    pub(crate) body: Bytes,
    /// Of the body.
    pub(crate) content_type: String,
    /// What it took, where the provider says so.
    pub(crate) usage: Option<Usage>,
    /// Why each answer ended; empty where the task knows no reasons.
    pub(crate) finishes: Vec<Finish>,
    /// Whether it says nothing, for a reason that it gives.
    pub(crate) empty: bool,
}

/// Why a body with a good status is no answer.
#[derive(Debug, Clone)]
pub(crate) enum NotAnAnswer {
    /// It is an error of the provider's.
    Error(ProviderError),
    /// It is not what it should be. The detail repeats nothing of the body.
    Malformed(String),
}

/// Reads a body that came with a good status. `content_type` is the answer's own, `created` is now in seconds since
/// 1970; the request's id stands in where the provider gives none.
#[expect(clippy::too_many_arguments, reason = "what is known of an answer")]
pub(crate) fn incoming(
    call: &ModelCall,
    spoken: &Spoken<'_>,
    dialect: Dialect,
    outgoing: &Outgoing,
    body: Bytes,
    content_type: Option<&str>,
    created: i64,
    request_id: &str,
) -> Result<Incoming, NotAnAnswer> {
    let _ = (
        call,
        spoken,
        dialect,
        outgoing,
        body,
        content_type,
        created,
        request_id,
    );
    unimplemented!()
}

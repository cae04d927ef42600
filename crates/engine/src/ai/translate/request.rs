//! What a candidate is sent.

use std::borrow::Cow;

use bytes::Bytes;
use guichet_catalogue::model::ai::{Model, ModelServer, Route};
use guichet_dialects::error::Malformed;

use super::Spoken;
use crate::ai::ModelCall;

/// A request for one candidate.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    /// The body, in pieces that share the caller's bytes where they are as they were.
    pub(crate) body: Vec<Bytes>,
    /// Below the base URL, query included.
    pub(crate) path: String,
    /// Of the body.
    pub(crate) content_type: Cow<'static, str>,
    /// What the caller said and the candidate is not told.
    pub(crate) dropped: Vec<String>,
    /// Whether both sides speak the same dialect: the answer is passed on byte for byte.
    pub(crate) verbatim: bool,
    /// Whether the usage at a stream's end is for the gateway alone.
    pub(crate) hide_usage: bool,
    /// Whether a good stream ends with `[DONE]`.
    pub(crate) done_mark: bool,
}

/// Writes the call for a candidate. What is wrong is the caller's fault.
pub(crate) fn outgoing(
    call: &ModelCall,
    spoken: &Spoken<'_>,
    server: &ModelServer,
    route: &Route,
    model: &str,
    known: Option<&Model>,
) -> Result<Outgoing, Malformed> {
    let _ = (call, spoken, server, route, model, known);
    unimplemented!()
}

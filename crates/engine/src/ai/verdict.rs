//! What a provider's failure means for a call to a model: its class, what is left alone because of it and until when,
//! and what the caller is told.
//!
//! The provider's file speaks first; the table here holds only what is common to a dialect.

use std::time::Duration;

use guichet_catalogue::filter::Program;
use guichet_catalogue::model::ai::Dialect;
use guichet_catalogue::model::{Class, Provider, Suspends};
use http::HeaderMap;
use jiff::Timestamp;

use crate::answer::Rejection;
use crate::outcome::Failure;

/// What a failure means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    /// Its class, and when the provider may be asked again. It holds nothing of the body.
    pub(crate) failure: Failure,
    /// What is left alone because of it.
    pub(crate) suspends: Suspends,
    /// The length of the window that is used up, where the provider tells.
    pub(crate) window: Option<Duration>,
    /// What the provider told of that window in words.
    pub(crate) tally: Option<Tally>,
    /// What the provider says is wrong with the request, for the caller; of `bad_request` only.
    pub(crate) rejection: Option<Rejection>,
    /// What is particular about it.
    pub(crate) kind: Kind,
}

/// What is particular about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The request is longer than the model can hold: a larger one may take it.
    ContextLength,
    /// The provider will not answer such a request; another may.
    ContentPolicy,
    /// Nothing.
    Other,
}

/// "Limit 8000, Used 7000, Requested 3619".
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tally {
    /// What the window holds.
    pub(crate) limit: f64,
    /// What is used of it.
    pub(crate) used: f64,
    /// What the request would have taken.
    pub(crate) requested: f64,
}

/// An answer that is a failure, or an error within an answer that began well.
pub(crate) struct Complaint<'a> {
    pub(crate) program: &'a Program,
    pub(crate) provider: &'a Provider,
    /// The provider's name for the model.
    pub(crate) model: &'a str,
    pub(crate) dialect: Dialect,
    /// The answer's status: 200 for an error event within a stream.
    pub(crate) status: u16,
    pub(crate) headers: &'a HeaderMap,
    /// The answer's body, or the error event's data.
    pub(crate) body: &'a [u8],
    pub(crate) now: Timestamp,
}

impl Complaint<'_> {
    /// What it means.
    pub(crate) fn verdict(&self) -> Verdict {
        Verdict {
            failure: Failure::new(Class::Upstream, "the status says so").with_status(self.status),
            suspends: Suspends::Model,
            window: None,
            tally: None,
            rejection: None,
            kind: Kind::Other,
        }
    }
}

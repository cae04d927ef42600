//! What a call to a model comes to.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use guichet_catalogue::model::ai::{Model, Task};
use guichet_dialects::chat::Usage;
use jiff::Timestamp;

use crate::answer::Served;
use crate::identity::{KeyId, OrganizationId, ProjectId};
use crate::outcome::{Attempt, Class};

/// An answer in the caller's dialect, and where it is from.
pub struct ModelAnswer {
    /// Who answered.
    pub provider: Arc<str>,
    /// Its name for the model that answered.
    pub model: Arc<str>,
    /// How: fresh or cached.
    pub served: Served,
    /// Whether it is the answer to an equal call that was under way: that one paid for it.
    pub shared: bool,
    /// What was tried, in order.
    pub attempts: Vec<Attempt>,
    /// Members of the request that the provider's dialect cannot say.
    pub dropped: Vec<String>,
    /// US dollars, where the price is known and the answer whole.
    pub cost: Option<f64>,
    /// The answer.
    pub content: ModelContent,
}

/// The answer itself, in the caller's dialect.
pub enum ModelContent {
    /// Whole.
    Whole {
        /// Its bytes.
        body: Bytes,
        /// `application/json`, `audio/mpeg` …
        content_type: String,
    },
    /// Piece by piece, as server-sent events: whole events only. It ends by itself, with the dialect's own words for a
    /// failure where the provider broke off.
    Stream(BoxStream<'static, Bytes>),
}

/// A model that can be asked for.
#[derive(Debug, Clone)]
pub struct KnownModel {
    /// Who serves it.
    pub provider: Arc<str>,
    /// The provider's name for it.
    pub id: Arc<str>,
    /// What its file says of it; none of what was discovered or is passed on.
    pub model: Option<Arc<Model>>,
    /// Whether a candidate for it could be asked now.
    pub ready: bool,
}

/// What a call to a model took: one per call, whatever was tried.
#[derive(Debug, Clone)]
pub struct UsageRecord {
    /// When the call ended.
    pub at: Timestamp,
    /// Follows the call through logs and answers.
    pub request_id: Arc<str>,
    /// The owner.
    pub organization: OrganizationId,
    /// The key's project.
    pub project: ProjectId,
    /// The key's public part.
    pub key: KeyId,
    /// What was asked.
    pub task: Task,
    /// Who answered; none where nobody did.
    pub provider: Option<Arc<str>>,
    /// Its name for the model.
    pub model: Option<Arc<str>>,
    /// How it ended: the class of the attempt that counted.
    pub outcome: Class,
    /// How it was served.
    pub served: Option<Served>,
    /// Tokens, where the provider told or they could be estimated.
    pub usage: Usage,
    /// Whether the tokens are the provider's own count.
    pub counted: bool,
    /// US dollars, where the price is known.
    pub cost: Option<f64>,
    /// Until the first token.
    pub first_token: Option<Duration>,
    /// Until the end.
    pub took: Duration,
    /// Whether the answer came as a stream.
    pub stream: bool,
    /// How many attempts were made.
    pub attempts: u32,
}

impl std::fmt::Debug for ModelAnswer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ModelAnswer")
            .field("provider", &self.provider)
            .field("model", &self.model)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

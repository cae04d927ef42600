//! What is asked of a model, by which door, and how it may be served.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use guichet_catalogue::model::ai::Task;
use guichet_dialects::facts::Facts;

use crate::call::{Caller, Providers};
use crate::identity::{KeyId, ProjectId};
use crate::ledger::Claim;
use crate::policy::Policy;

/// One call to a model: what every AI door makes.
#[derive(Debug, Clone)]
pub struct ModelCall {
    /// Where it came in, which says what the body is and how the answer is written.
    pub door: Door,
    /// What the caller sent, byte for byte.
    pub body: Bytes,
    /// Its `Content-Type`, where that is more than JSON (multipart with its boundary).
    pub content_type: Option<String>,
    /// What choosing must know of the body, which the door has read and found well-formed.
    pub facts: Facts,
    /// How it may be served.
    pub wish: Wish,
    /// Who asks.
    pub caller: Caller,
    /// With which key, for usage records, and at whose expense.
    pub origin: Origin,
}

/// A way in: what the body is, and how the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// OpenAI's `chat/completions`.
    Chat,
    /// OpenAI's `responses`.
    Responses,
    /// OpenAI's older `completions`.
    Completions,
    /// Anthropic's `messages`.
    Messages,
    /// OpenAI's `embeddings`.
    Embeddings,
    /// OpenAI's `audio/speech`.
    Speech,
    /// OpenAI's `audio/transcriptions`.
    Transcription,
    /// OpenAI's `audio/translations`.
    Translation,
    /// OpenAI's `images/generations`.
    Images,
    /// OpenAI's `moderations`.
    Moderations,
    /// `rerank`, as Cohere and Jina have it.
    Rerank,
}

impl Door {
    /// What a model must do for it.
    #[must_use]
    pub fn task(self) -> Task {
        match self {
            Self::Chat | Self::Responses | Self::Completions | Self::Messages => Task::Chat,
            Self::Embeddings => Task::Embeddings,
            Self::Speech => Task::Speech,
            Self::Transcription => Task::Transcription,
            Self::Translation => Task::Translation,
            Self::Images => Task::Images,
            Self::Moderations => Task::Moderation,
            Self::Rerank => Task::Rerank,
        }
    }
}

/// How a call may be served.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a wish of its own, and most callers have none"
)]
pub struct Wish {
    /// Models as the caller names them, in the order in which they are tried: `provider/model`, plain names, aliases,
    /// `auto`, `auto:fast` … Never empty: who names none has asked for `auto`.
    pub models: Vec<String>,
    /// Which providers may answer, and in which order.
    pub providers: Providers,
    /// Who is asked before all others, in this order, whatever the policy: then the list in `providers` says only who may
    /// answer.
    pub first: Option<Vec<String>>,
    /// In which order candidates are asked; none = as the operator decides.
    pub policy: Option<Policy>,
    /// Only models that cost nothing; hard: no route leads to a paid one.
    pub free_only: bool,
    /// Only providers that do not train on what they are sent.
    pub private: bool,
    /// Only providers whose terms allow commercial use.
    pub commercial: bool,
    /// Whether the next candidate is asked when one declines for its content policy.
    pub past_content_policy: bool,
    /// Whether another candidate continues a stream that broke off.
    pub resume: bool,
    /// Whether an answer that was given to the same request before will do, and this one may be kept.
    pub cache: bool,
    /// How long the caller waits for a whole answer, or for the beginning of a stream.
    pub timeout: Option<Duration>,
    /// How much of it may be spent on waiting for a quota window to open, where nobody can be asked now.
    pub max_wait: Option<Duration>,
}

impl Wish {
    /// Who is asked before all others, in this order.
    pub(crate) fn first(&self) -> &[String] {
        self.first.as_deref().unwrap_or(&self.providers.allowed)
    }
}

/// With which key a call was made.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The key's project.
    pub project: ProjectId,
    /// The key's public part.
    pub key: KeyId,
    /// The windows in which tokens and money are counted for it, of which nothing is claimed yet.
    pub budgets: Arc<[Claim]>,
}

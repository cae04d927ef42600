//! What a stream tells, piece by piece.

use serde_json::Value;

use super::{Finish, Part, Usage};
use crate::error::ProviderError;

/// A piece of a stream. `choice` is the answer's place; `call` counts the tool calls of one answer from 0, whatever
/// index the provider gave them.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The answer begins.
    Start {
        /// The provider's id of it.
        id: String,
        /// The model that answers, as the provider names it.
        model: String,
        /// When, in seconds since 1970.
        created: Option<i64>,
        /// What is known of the usage already (Anthropic tells the input first).
        usage: Option<Usage>,
    },
    /// Text.
    Text {
        /// The answer.
        choice: usize,
        /// More of it.
        text: String,
    },
    /// Thoughts.
    Thinking {
        /// The answer.
        choice: usize,
        /// More of them.
        text: String,
    },
    /// The opaque token of the thoughts, of the text or of the call before it.
    Signature {
        /// The answer.
        choice: usize,
        /// The token.
        signature: String,
    },
    /// Words of a refusal.
    Refusal {
        /// The answer.
        choice: usize,
        /// More of them.
        text: String,
    },
    /// A tool call begins.
    ToolCall {
        /// The answer.
        choice: usize,
        /// Its place among the answer's calls.
        call: usize,
        /// Its id.
        id: String,
        /// The tool.
        name: String,
        /// An opaque token that must come back with the call.
        signature: Option<String>,
    },
    /// More of a call's arguments: JSON text.
    Arguments {
        /// The answer.
        choice: usize,
        /// The call.
        call: usize,
        /// The fragment.
        fragment: String,
    },
    /// A whole piece that comes at once: redacted thoughts, a picture, something of one dialect only.
    Whole {
        /// The answer.
        choice: usize,
        /// The piece.
        part: Part,
    },
    /// Sources of the text, as written by the dialect.
    Citations {
        /// The answer.
        choice: usize,
        /// The sources.
        value: Value,
    },
    /// Likelihoods of tokens, as OpenAI writes them.
    Logprobs {
        /// The answer.
        choice: usize,
        /// The likelihoods.
        value: Value,
    },
    /// An answer ends.
    Finish {
        /// The answer.
        choice: usize,
        /// Why.
        reason: Finish,
        /// The text that ended it, where one did and the dialect says which.
        stop_sequence: Option<String>,
    },
    /// What it took so far; a later one replaces it.
    Usage(Usage),
    /// Nothing, said to keep the connection open.
    KeepAlive,
    /// The provider failed midway.
    Failed(ProviderError),
    /// The stream is whole.
    End,
}

impl Event {
    /// Whether a caller has got something of the answer once it has this: from here on no other candidate can begin
    /// anew without being noticed.
    #[must_use]
    pub fn is_semantic(&self) -> bool {
        match self {
            Self::Text { text, .. } | Self::Thinking { text, .. } | Self::Refusal { text, .. } => {
                !text.is_empty()
            }
            Self::ToolCall { .. }
            | Self::Arguments { .. }
            | Self::Whole { .. }
            | Self::Signature { .. } => true,
            Self::Start { .. }
            | Self::Citations { .. }
            | Self::Logprobs { .. }
            | Self::Finish { .. }
            | Self::Usage(_)
            | Self::KeepAlive
            | Self::Failed(_)
            | Self::End => false,
        }
    }
}

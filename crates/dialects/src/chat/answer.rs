//! What is answered.

use serde_json::Value;

use super::{Extra, Part};

/// A whole answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The provider's id of it.
    pub id: String,
    /// The model that answered, as the provider names it.
    pub model: String,
    /// When, in seconds since 1970, where the provider says so.
    pub created: Option<i64>,
    /// One per answer that was asked for.
    pub choices: Vec<Choice>,
    /// What it took, where the provider says so.
    pub usage: Option<Usage>,
    /// What only the provider's dialect has.
    pub extra: Extra,
}

/// One of the answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Its place.
    pub index: usize,
    /// What the model said, in order.
    pub parts: Vec<Part>,
    /// Why it ended.
    pub finish: Finish,
    /// The text that ended it, where one did and the dialect says which.
    pub stop_sequence: Option<String>,
    /// The likelihood of its tokens, as OpenAI writes it.
    pub logprobs: Option<Value>,
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// The model was done, or came to a stop text.
    Stop,
    /// It reached the most tokens, or the end of the context.
    Length,
    /// It wants tools to be called.
    ToolCalls,
    /// The provider cut it off for its content.
    ContentFilter,
    /// The model declined (Anthropic's `refusal`).
    Refusal,
    /// The provider paused a long turn (Anthropic's `pause_turn`).
    Pause,
    /// The provider failed midway.
    Failed,
    /// A word of one dialect that the others have no like of.
    Other(String),
}

/// What an answer took, in tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// All that was read, cached or not.
    pub input: u64,
    /// All that was written, thoughts included.
    pub output: u64,
    /// Of `input`, what came from a cache.
    pub cached: Option<u64>,
    /// Of `input`, what was put into a cache.
    pub cache_written: Option<u64>,
    /// Of `output`, what was thought.
    pub reasoning: Option<u64>,
    /// Of `input`, what was sound.
    pub input_audio: Option<u64>,
    /// Of `output`, what was sound.
    pub output_audio: Option<u64>,
}

impl Usage {
    /// Everything.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.input + self.output
    }
}

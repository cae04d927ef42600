//! One model of one provider: what it can do, what it costs, what may be asked of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Task;
use crate::model::Quota;

/// A model as one provider offers it.
#[derive(Debug)]
pub struct Model {
    /// The provider's name for it.
    pub id: Arc<str>,
    /// Plain names under which it is asked for, whoever serves it.
    pub names: Vec<Arc<str>>,
    /// What it does.
    pub tasks: Vec<Task>,
    /// Tokens of input and output together that it can hold.
    pub context: Option<u64>,
    /// The most tokens that it writes.
    pub output: Option<u64>,
    /// Tokens that it is asked to write at most where the caller says nothing, because the provider's own default cuts
    /// answers short without a word.
    pub default_output: Option<u64>,
    /// What it understands.
    pub abilities: Abilities,
    /// What it costs; none = unknown, which is not free.
    pub price: Option<Price>,
    /// Whether it can be asked without paying, within the provider's free tier.
    pub free: bool,
    /// What it is good at: 1 (hardly) to 100 (the best there is).
    pub strengths: BTreeMap<Strength, u8>,
    /// Every quota that holds for it: those of the provider that cover it, then its own.
    pub quotas: Vec<Arc<Quota>>,
    /// The day on which the provider shuts it down.
    pub retires: Option<Date>,
}

impl Model {
    /// Whether it does this.
    #[must_use]
    pub fn does(&self, task: Task) -> bool {
        self.tasks.contains(&task)
    }

    /// How good it is at something; 0 where its file says nothing.
    #[must_use]
    pub fn strength(&self, strength: Strength) -> u8 {
        self.strengths.get(&strength).copied().unwrap_or(0)
    }
}

/// What a model understands, beyond text.
#[expect(
    clippy::struct_excessive_bools,
    reason = "a list of what is there and what is not"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Abilities {
    /// Functions that it may call.
    pub tools: bool,
    /// Several calls in one turn.
    pub parallel_tools: bool,
    /// Images.
    pub vision: bool,
    /// Audio in a conversation.
    pub audio: bool,
    /// Files, such as PDF, in a conversation.
    pub files: bool,
    /// `response_format: json_object`.
    pub json: bool,
    /// `response_format: json_schema`.
    pub json_schema: bool,
    /// Log-probabilities.
    pub logprobs: bool,
    /// Streams.
    pub stream: bool,
    /// Thinking that can be asked for.
    pub reasoning: bool,
    /// Several answers to one request (`n` > 1).
    pub many_choices: bool,
    /// `seed`.
    pub seed: bool,
}

/// What a model costs, in US dollars.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    /// A million tokens of input.
    pub input: f64,
    /// A million tokens of output.
    pub output: f64,
    /// A million tokens of input that were in the provider's cache; none = as input.
    pub cached_input: Option<f64>,
    /// One image.
    pub image: Option<f64>,
    /// One minute of audio.
    pub minute: Option<f64>,
    /// A million characters.
    pub characters: Option<f64>,
    /// One request; for reranking, one search.
    pub request: Option<f64>,
    /// When a person read it.
    pub as_of: Date,
}

/// What a model is chosen for: the flavours of `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Its first words come soon.
    Fast,
    /// It knows and reasons much.
    Large,
    /// It programs.
    Code,
    /// It understands images.
    Vision,
    /// It keeps its wits over a long context.
    Long,
}

impl Strength {
    /// All, in the order of the list.
    pub const ALL: [Self; 5] = [
        Self::Fast,
        Self::Large,
        Self::Code,
        Self::Vision,
        Self::Long,
    ];

    /// Its name, as in `auto:fast`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Large => "large",
            Self::Code => "code",
            Self::Vision => "vision",
            Self::Long => "long",
        }
    }
}

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

impl Abilities {
    /// Everything: what is taken for granted of a model of which nothing is known.
    pub const ALL: Self = Self {
        tools: true,
        parallel_tools: true,
        vision: true,
        audio: true,
        files: true,
        json: true,
        json_schema: true,
        logprobs: true,
        stream: true,
        reasoning: true,
        many_choices: true,
        seed: true,
    };

    /// Says of one ability whether it is there.
    pub fn set(&mut self, ability: Ability, there: bool) {
        *match ability {
            Ability::Tools => &mut self.tools,
            Ability::ParallelTools => &mut self.parallel_tools,
            Ability::Vision => &mut self.vision,
            Ability::Audio => &mut self.audio,
            Ability::Files => &mut self.files,
            Ability::Json => &mut self.json,
            Ability::JsonSchema => &mut self.json_schema,
            Ability::Logprobs => &mut self.logprobs,
            Ability::Stream => &mut self.stream,
            Ability::Reasoning => &mut self.reasoning,
            Ability::ManyChoices => &mut self.many_choices,
            Ability::Seed => &mut self.seed,
        } = there;
    }

    /// Names of those that are there.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [
            (self.tools, "tools"),
            (self.parallel_tools, "parallel_tools"),
            (self.vision, "vision"),
            (self.audio, "audio"),
            (self.files, "files"),
            (self.json, "json"),
            (self.json_schema, "json_schema"),
            (self.logprobs, "logprobs"),
            (self.stream, "stream"),
            (self.reasoning, "reasoning"),
            (self.many_choices, "many_choices"),
            (self.seed, "seed"),
        ]
        .into_iter()
        .filter_map(|(there, name)| there.then_some(name))
    }
}

/// One of [`Abilities`], as files name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is described at its field of `Abilities`")]
pub enum Ability {
    Tools,
    ParallelTools,
    Vision,
    Audio,
    Files,
    Json,
    JsonSchema,
    Logprobs,
    Stream,
    Reasoning,
    ManyChoices,
    Seed,
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

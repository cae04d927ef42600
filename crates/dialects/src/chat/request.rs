//! What is asked.

use serde_json::Value;

use super::{Extra, Schema};

/// A request for the continuation of a conversation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// The model, as the caller names it.
    pub model: String,
    /// The conversation, instructions included, in order.
    pub messages: Vec<Message>,
    /// What the model may call, in the caller's order: prompt caches of providers depend on it.
    pub tools: Vec<Tool>,
    /// Whether and what it must call.
    pub tool_choice: Option<ToolChoice>,
    /// Whether it may call several tools in one answer.
    pub parallel_tool_calls: Option<bool>,
    /// The form of the text.
    pub format: Option<Format>,
    /// How it thinks before it answers.
    pub reasoning: Option<Reasoning>,
    /// How tokens are drawn, and how many.
    pub sampling: Sampling,
    /// Whether the answer comes as a stream.
    pub stream: bool,
    /// Whether the stream is to end with the usage.
    pub stream_usage: bool,
    /// The caller's name for its own user.
    pub user: Option<String>,
    /// What only the caller's dialect has.
    pub extra: Extra,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Whose turn.
    pub role: Role,
    /// The name of whoever speaks, where the dialect has one.
    pub name: Option<String>,
    /// What is said, in order.
    pub parts: Vec<Part>,
    /// What only the caller's dialect has.
    pub extra: Extra,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Instructions of whoever runs the application.
    System,
    /// The same under its newer name at OpenAI.
    Developer,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// Results of calls: the parts are [`Part::ToolResult`] only.
    Tool,
}

/// A piece of a message, and of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Text.
    Text {
        /// The text.
        text: String,
        /// A cache marker after it (Anthropic's `cache_control`), as it was written.
        cache: Option<Value>,
        /// Where the text has its facts from (annotations, citations), as written by the dialect.
        citations: Option<Value>,
        /// An opaque token that must come back with the part (Gemini's `thoughtSignature`).
        signature: Option<String>,
    },
    /// A picture.
    Image {
        /// Where it is.
        media: Media,
        /// How closely it is to be looked at (`low`, `high`, `auto`).
        detail: Option<String>,
        /// A cache marker after it.
        cache: Option<Value>,
    },
    /// Sound.
    Audio {
        /// Where it is.
        media: Media,
    },
    /// A document.
    File {
        /// Where it is.
        media: Media,
        /// Its name.
        name: Option<String>,
        /// A cache marker after it.
        cache: Option<Value>,
    },
    /// What the model thought before it spoke.
    Thinking {
        /// The thought; empty where only a token of it is given.
        text: String,
        /// An opaque token with which the provider recognises its own thought.
        signature: Option<String>,
        /// Whether `signature` is all there is (Anthropic's `redacted_thinking`: its `data`).
        redacted: bool,
    },
    /// The words with which the model declined.
    Refusal(String),
    /// The model's wish to call a tool.
    ToolCall {
        /// Unique within the conversation.
        id: String,
        /// The tool.
        name: String,
        /// The arguments: JSON text, as the model wrote it.
        arguments: String,
        /// An opaque token that must come back with the call (Gemini's `thoughtSignature`).
        signature: Option<String>,
        /// A cache marker after it.
        cache: Option<Value>,
    },
    /// What a call came to.
    ToolResult {
        /// The call.
        id: String,
        /// The tool, where the dialect repeats it.
        name: Option<String>,
        /// The result.
        parts: Vec<Part>,
        /// Whether the call failed.
        failed: bool,
        /// A cache marker after it.
        cache: Option<Value>,
    },
    /// A piece that only the caller's dialect has (`server_tool_use`, `executableCode` …), as it was written there.
    Other {
        /// The dialect's own JSON.
        value: Value,
    },
}

impl Part {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text {
            text: text.into(),
            cache: None,
            citations: None,
            signature: None,
        }
    }
}

/// Where a picture, a sound or a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// Somewhere on the web.
    Url(String),
    /// In the request itself.
    Inline {
        /// `image/png`, `audio/wav`, `application/pdf` …
        media_type: String,
        /// In base64.
        data: String,
    },
    /// At the provider, under this id.
    Stored(String),
}

/// Something that the model may call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// When and how to call it.
    pub description: Option<String>,
    /// JSON Schema of its arguments; none = it takes none.
    pub parameters: Option<Schema>,
    /// Whether arguments must keep to the schema.
    pub strict: Option<bool>,
    /// A cache marker after it.
    pub cache: Option<Value>,
    /// A tool that the provider itself runs (web search …), as the dialect writes it; the other members are then empty.
    pub built_in: Option<Value>,
}

/// Whether and what the model must call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it likes.
    Auto,
    /// Nothing.
    None,
    /// At least one of the tools.
    Required,
    /// This one.
    Named(String),
    /// Of these only (OpenAI's `allowed_tools`).
    Allowed {
        /// Whether it must call one of them.
        required: bool,
        /// The tools' names.
        names: Vec<String>,
    },
}

/// The form of the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Format {
    /// Free.
    Text,
    /// Any JSON object.
    Json,
    /// JSON within a schema.
    Schema {
        /// The schema's name.
        name: String,
        /// What it is for.
        description: Option<String>,
        /// JSON Schema.
        schema: Schema,
        /// Whether the answer must keep to it.
        strict: Option<bool>,
    },
}

/// How the model thinks before it answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasoning {
    /// How much, in words.
    pub effort: Option<Effort>,
    /// How much, in tokens; 0 = not at all, -1 = as the model likes.
    pub budget_tokens: Option<i64>,
    /// Whether the thoughts are to be shown.
    pub show: Option<bool>,
}

/// How much thinking, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effort {
    /// Not at all.
    None,
    /// `minimal`
    Minimal,
    /// `low`
    Low,
    /// `medium`
    Medium,
    /// `high`
    High,
    /// A word of one dialect or a newer one.
    Other(String),
}

/// How tokens are drawn, and how many. None = the provider's default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sampling {
    /// The most tokens of the answer, thoughts included.
    pub max_tokens: Option<u64>,
    /// 0 to 2; Anthropic's goes to 1.
    pub temperature: Option<f64>,
    /// 0 to 1.
    pub top_p: Option<f64>,
    /// Of how many tokens at most.
    pub top_k: Option<u64>,
    /// 0 to 1.
    pub min_p: Option<f64>,
    /// −2 to 2.
    pub frequency_penalty: Option<f64>,
    /// −2 to 2.
    pub presence_penalty: Option<f64>,
    /// For answers that can be repeated.
    pub seed: Option<i64>,
    /// Texts before which the answer ends.
    pub stop: Vec<String>,
    /// How many answers.
    pub choices: Option<u64>,
    /// OpenAI's, by token.
    pub logit_bias: Option<Value>,
    /// Whether the likelihood of each token is to be told.
    pub logprobs: Option<bool>,
    /// And of how many others in its place.
    pub top_logprobs: Option<u64>,
}

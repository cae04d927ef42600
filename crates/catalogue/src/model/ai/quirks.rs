//! How a provider's requests and answers differ from its dialect, as data.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is done to a request that is written in the provider's dialect before it is sent, in this order: `rename`,
/// `defaults`, `temperature`, `drop`, `accept_only`; and what is to be expected of the answer. All of it is about chats;
/// of other tasks only `drop` and `accept_only` hold.
#[expect(clippy::struct_excessive_bools, reason = "each is a quirk of its own")]
#[derive(Debug, Clone, PartialEq)]
pub struct Quirks {
    /// Members that are renamed, unless the new name is there already.
    pub rename: BTreeMap<String, String>,
    /// Members that are set where they are absent.
    pub defaults: Map<String, Value>,
    /// The range into which the temperature is brought.
    pub temperature: Option<(f64, f64)>,
    /// Members that are removed, because the provider refuses them.
    pub drop: BTreeSet<String>,
    /// The only members that are sent, where the provider refuses all that it does not know.
    pub accept_only: Option<BTreeSet<String>>,
    /// What is done to messages.
    pub messages: Vec<MessageRule>,
    /// What it understands of a translated conversation beyond what every speaker of its dialect does.
    pub understands: BTreeSet<Understood>,
    /// Whether usage at the end of a stream has to be asked for.
    pub stream_usage: StreamUsage,
    /// It refuses a `tool_choice` that names a tool.
    pub no_named_tool_choice: bool,
    /// It makes one call a turn: `parallel_tool_calls` is set to false.
    pub single_tool_call: bool,
    /// Keywords of JSON Schema that it understands in tools and response formats; the others are removed. None = all.
    pub schema_keywords: Option<BTreeSet<String>>,
    /// Whether a good stream ends with `[DONE]`. Where it may be missing, a finish reason is enough.
    pub done_mark: bool,
    /// Whether blank lines may come before an answer that is no stream.
    pub keep_alive_lines: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            rename: BTreeMap::new(),
            defaults: Map::new(),
            temperature: None,
            drop: BTreeSet::new(),
            accept_only: None,
            messages: Vec::new(),
            understands: BTreeSet::new(),
            stream_usage: StreamUsage::OnRequest,
            no_named_tool_choice: false,
            single_tool_call: false,
            schema_keywords: None,
            done_mark: true,
            keep_alive_lines: false,
        }
    }
}

/// What is done to the messages of a conversation, because a provider refuses or misreads them as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageRule {
    /// `name` is removed.
    DropNames,
    /// The role `developer` becomes `system`.
    DeveloperAsSystem,
    /// Content of text parts alone becomes one string.
    TextOnlyAsString,
    /// Content that is null or absent becomes the empty string.
    NullContentAsEmpty,
    /// System messages come first, joined to one.
    SystemFirst,
    /// `reasoning`, `reasoning_content` and the like are removed from earlier answers.
    DropReasoning,
    /// Messages of the same role that follow each other are joined.
    MergeSameRole,
    /// Earlier answers that call tools get an empty `reasoning_content` where they have none.
    ReasoningWithCalls,
}

/// What some servers that speak OpenAI's dialect understand, and others refuse or ignore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Understood {
    /// `cache_control` on parts of content, tools and results.
    CacheMarkers,
    /// `reasoning_content` of earlier answers.
    Thoughts,
    /// `reasoning_details` of earlier answers, with the tokens that thoughts are worth nothing without.
    ThoughtDetails,
}

/// How usage comes with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamUsage {
    /// When `stream_options.include_usage` asks for it.
    #[default]
    OnRequest,
    /// Without being asked; `stream_options` is refused, so it is not sent.
    Always,
    /// Not at all; `stream_options` is refused, so it is not sent.
    Never,
}

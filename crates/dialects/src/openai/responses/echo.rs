//! What an answer repeats of its request.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::Malformed;

type Raw = Option<Box<RawValue>>;

/// The members of a request that its answer repeats, as the caller wrote them.
///
/// It is read from the body and not from the common form, which does not keep all of it (`metadata`, the kind of a
/// summary, the order of a schema's members).
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Echo {
    pub(super) instructions: Raw,
    pub(super) max_output_tokens: Raw,
    pub(super) max_tool_calls: Raw,
    pub(super) metadata: Raw,
    pub(super) parallel_tool_calls: Raw,
    pub(super) prompt_cache_key: Raw,
    pub(super) reasoning: Raw,
    pub(super) safety_identifier: Raw,
    pub(super) temperature: Raw,
    pub(super) text: Raw,
    pub(super) tool_choice: Raw,
    pub(super) tools: Raw,
    pub(super) top_logprobs: Raw,
    pub(super) top_p: Raw,
    pub(super) user: Raw,
}

impl Echo {
    /// From the request's body; `input` is passed over.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        serde_json::from_slice(body)
            .map_err(|error| Malformed::new("", format!("the body is not a JSON object: {error}")))
    }
}

/// What the caller wrote, or else what holds without a word of the caller's.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
pub(super) enum Given<'a, T> {
    /// The caller's.
    Written(&'a RawValue),
    /// The default.
    Default(T),
}

impl<'a, T> Given<'a, T> {
    pub(super) fn or(written: &'a Raw, default: T) -> Self {
        match written {
            Some(written) => Self::Written(written),
            None => Self::Default(default),
        }
    }
}

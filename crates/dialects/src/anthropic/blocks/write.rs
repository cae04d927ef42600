//! Blocks as they are written, to the provider and to clients.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::super::media::{Source, document_source, image_source};
use super::super::{carried, ids};
use crate::calls::Object;
use crate::chat::Part;

/// Who reads what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Side {
    /// Anthropic: it takes back its own signatures only, and every thought needs one.
    Provider,
    /// A client: it gives back what it was given.
    Client,
}

/// A block that borrows its texts.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in super::super) enum Block<'a> {
    Text {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        citations: Option<&'a Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a Value>,
    },
    Image {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a Value>,
    },
    Document {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a Value>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: Cow<'a, str>,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Object<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a Value>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        content: Content<'a>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a Value>,
    },
    #[serde(untagged)]
    Other(&'a Value),
}

impl<'a> Block<'a> {
    /// Nothing but a text.
    pub(in super::super) fn text(text: &'a str) -> Self {
        Self::Text {
            text,
            citations: None,
            cache_control: None,
        }
    }

    /// A call whose arguments follow.
    pub(in super::super) fn call(id: Cow<'a, str>, name: &'a str) -> Self {
        Self::ToolUse {
            id,
            name,
            input: Object::Empty {},
            cache_control: None,
        }
    }

    /// Whether it is a tool's result: these stand first in a turn.
    pub(in super::super) fn is_result(&self) -> bool {
        matches!(self, Self::ToolResult { .. })
    }
}

/// `content`: a text where that is all, blocks otherwise.
#[derive(Serialize)]
#[serde(untagged)]
pub(in super::super) enum Content<'a> {
    Text(&'a str),
    Blocks(Vec<Block<'a>>),
}

impl<'a> From<Vec<Block<'a>>> for Content<'a> {
    fn from(blocks: Vec<Block<'a>>) -> Self {
        match blocks.as_slice() {
            [
                Block::Text {
                    text,
                    citations: None,
                    cache_control: None,
                },
            ] => Self::Text(text),
            _ => Self::Blocks(blocks),
        }
    }
}

/// The blocks of some parts. `dropped` is told the path of what Anthropic cannot say; `path` gives a part's.
pub(in super::super) fn blocks_of<'a>(
    parts: &'a [Part],
    side: Side,
    path: &str,
    dropped: &mut Vec<String>,
) -> Vec<Block<'a>> {
    let mut blocks = Vec::with_capacity(parts.len());
    for (place, part) in parts.iter().enumerate() {
        if side == Side::Client
            && let Some(data) = carried::token_of(part)
        {
            let data = Cow::Owned(data);
            blocks.push(Block::RedactedThinking { data });
        }
        let at = |what: &str| format!("{path}[{place}]{what}");
        match block_of(part, side, &at, dropped) {
            Ok(block) => blocks.extend(block),
            Err(what) => dropped.push(at(what)),
        }
    }
    blocks
}

/// The block of a part; none = it is nothing; the error = what cannot be said.
fn block_of<'a>(
    part: &'a Part,
    side: Side,
    at: &dyn Fn(&str) -> String,
    dropped: &mut Vec<String>,
) -> Result<Option<Block<'a>>, &'static str> {
    let block = match part {
        // Anthropic refuses texts that are empty.
        Part::Text { text, .. } | Part::Refusal(text) if text.is_empty() => return Ok(None),
        Part::Text {
            text,
            cache,
            citations,
            ..
        } => Block::Text {
            text,
            citations: citations.as_ref().filter(|value| are_own(value)),
            cache_control: marker(cache.as_ref()),
        },
        Part::Refusal(text) => Block::text(text),
        Part::Image {
            media,
            detail,
            cache,
        } => {
            if detail.as_deref().is_some_and(|detail| detail != "auto") {
                dropped.push(at(".image_url.detail"));
            }
            Block::Image {
                source: image_source(media).ok_or(".image_url")?,
                cache_control: marker(cache.as_ref()),
            }
        }
        Part::File { media, name, cache } => Block::Document {
            source: document_source(media).ok_or(".file")?,
            title: name.as_deref(),
            cache_control: marker(cache.as_ref()),
        },
        Part::Audio { .. } => return Err(".input_audio"),
        Part::Thinking {
            text,
            signature,
            redacted,
        } => return Ok(thought(text, signature.as_deref(), *redacted, side)),
        Part::ToolCall {
            id,
            name,
            arguments,
            cache,
            ..
        } => Block::ToolUse {
            id: ids::legal(id),
            name,
            input: Object::of(arguments),
            cache_control: marker(cache.as_ref()),
        },
        Part::ToolResult {
            id,
            parts,
            failed,
            cache,
            ..
        } => Block::ToolResult {
            tool_use_id: ids::legal(id),
            content: blocks_of(parts, side, &at(".content"), dropped).into(),
            is_error: *failed,
            cache_control: marker(cache.as_ref()),
        },
        Part::Other { value } => {
            if !super::is_own(value) {
                return Err("");
            }
            Block::Other(value)
        }
    };
    Ok(Some(block))
}

/// A thought. Anthropic refuses one that it did not sign, so without a signature of its own it is not sent back.
fn thought<'a>(
    text: &'a str,
    signature: Option<&'a str>,
    redacted: bool,
    side: Side,
) -> Option<Block<'a>> {
    let is_foreign = |signature: &str| !carried::is_own(signature);
    if side == Side::Provider && signature.is_some_and(is_foreign) {
        return None;
    }
    match (signature, redacted) {
        (Some(data), true) => Some(Block::RedactedThinking { data: data.into() }),
        (None, true) => None,
        (None, false) if side == Side::Provider => None,
        (signature, false) => Some(Block::Thinking {
            thinking: text,
            signature: signature.unwrap_or(""),
        }),
    }
}

/// A cache marker, if it is one of Anthropic's.
fn marker(cache: Option<&Value>) -> Option<&Value> {
    cache.filter(|value| value.get("type").is_some_and(Value::is_string))
}

/// Whether sources are written as Anthropic writes them: `char_location`, `web_search_result_location` …
pub(in super::super) fn are_own(citations: &Value) -> bool {
    citations.as_array().is_some_and(|list| {
        !list.is_empty()
            && list.iter().all(|citation| {
                citation
                    .get("type")
                    .and_then(Value::as_str)
                    .is_some_and(|kind| kind.ends_with("_location"))
            })
    })
}

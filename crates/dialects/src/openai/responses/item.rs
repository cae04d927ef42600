//! The items of an answer's `output`.

use serde::Serialize;
use serde_json::Value;

use super::carried::{encrypted, extra_content};
use super::sources::{annotations, likelihoods};
use crate::chat::{Media, Part};
use crate::openai::ids;

/// One item.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item {
    /// Text and refusals.
    Message {
        id: String,
        status: Progress,
        role: &'static str,
        content: Vec<Content>,
        #[serde(skip_serializing_if = "Option::is_none")]
        extra_content: Option<Value>,
    },
    /// A call.
    FunctionCall {
        id: String,
        status: Progress,
        call_id: String,
        name: String,
        arguments: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        extra_content: Option<Value>,
    },
    /// A thought.
    Reasoning {
        id: String,
        summary: Vec<Summary>,
        encrypted_content: Option<String>,
    },
    /// A picture.
    ImageGenerationCall {
        id: String,
        status: Progress,
        result: String,
        output_format: String,
    },
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Progress {
    #[serde(rename = "in_progress")]
    Open,
    Completed,
    Incomplete,
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Content {
    OutputText {
        text: String,
        annotations: Vec<Value>,
        logprobs: Vec<Value>,
    },
    Refusal {
        refusal: String,
    },
}

/// A piece of a thought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Summary {
    SummaryText { text: String },
}

impl Item {
    pub(super) fn set_progress(&mut self, progress: Progress) {
        match self {
            Self::Message { status, .. }
            | Self::FunctionCall { status, .. }
            | Self::ImageGenerationCall { status, .. } => *status = progress,
            Self::Reasoning { .. } => {}
        }
    }

    /// The opaque token of the piece.
    pub(super) fn sign(&mut self, signature: &str) {
        match self {
            Self::Message {
                extra_content: place,
                ..
            }
            | Self::FunctionCall {
                extra_content: place,
                ..
            } => {
                *place = Some(extra_content(signature));
            }
            Self::Reasoning {
                encrypted_content, ..
            } => *encrypted_content = Some(signature.to_owned()),
            Self::ImageGenerationCall { .. } => {}
        }
    }
}

/// Makes the items of one answer; their ids come from the answer's, so that the same answer gives the same bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct Maker {
    suffix: String,
    made: usize,
}

impl Maker {
    /// For the response of this id.
    pub(super) fn new(response_id: &str) -> Self {
        let suffix = response_id.strip_prefix("resp_").unwrap_or(response_id);
        Self {
            suffix: suffix.to_owned(),
            made: 0,
        }
    }

    fn id(&mut self, kind: &str) -> String {
        let id = format!("{kind}_{}_{}", self.suffix, self.made);
        self.made += 1;
        id
    }

    /// A message without content yet.
    pub(super) fn message(&mut self) -> Item {
        Item::Message {
            id: self.id("msg"),
            status: Progress::Open,
            role: "assistant",
            content: Vec::new(),
            extra_content: None,
        }
    }

    /// A call without arguments yet.
    pub(super) fn call(&mut self, id: &str, name: &str, signature: Option<&str>) -> Item {
        Item::FunctionCall {
            id: self.id("fc"),
            status: Progress::Open,
            call_id: ids::legal(id).into_owned(),
            name: name.to_owned(),
            arguments: String::new(),
            extra_content: signature.map(extra_content),
        }
    }

    /// A thought without words yet.
    pub(super) fn thought(&mut self) -> Item {
        Item::Reasoning {
            id: self.id("rs"),
            summary: Vec::new(),
            encrypted_content: None,
        }
    }

    /// The item of a piece that comes whole; none = Responses has no place for it.
    pub(super) fn whole(&mut self, part: &Part) -> Option<Item> {
        let item = match part {
            Part::Text {
                text,
                citations,
                signature,
                ..
            } => {
                let content = vec![text_with_sources(text, citations.as_ref(), None)];
                self.message_of(content, signature.as_deref())
            }
            Part::Refusal(words) => {
                let refusal = words.clone();
                self.message_of(vec![Content::Refusal { refusal }], None)
            }
            Part::Thinking {
                text,
                signature,
                redacted,
            } => Item::Reasoning {
                id: self.id("rs"),
                summary: summary_of(text),
                encrypted_content: signature
                    .as_deref()
                    .map(|token| encrypted(token, *redacted)),
            },
            Part::ToolCall {
                id,
                name,
                arguments: given,
                signature,
                ..
            } => {
                let mut call = self.call(id, name, signature.as_deref());
                if let Item::FunctionCall { arguments, .. } = &mut call {
                    let none = given.trim().is_empty();
                    arguments.push_str(if none { NO_ARGUMENTS } else { given });
                }
                call.set_progress(Progress::Completed);
                call
            }
            Part::Image {
                media: Media::Inline { media_type, data },
                ..
            } => Item::ImageGenerationCall {
                id: self.id("ig"),
                status: Progress::Completed,
                result: data.clone(),
                output_format: media_type.rsplit('/').next().unwrap_or("png").to_owned(),
            },
            // A picture that is elsewhere is shown by its address: the item for pictures holds bytes only.
            Part::Image {
                media: Media::Url(url),
                ..
            } => self.message_of(vec![text_with_sources(url, None, None)], None),
            Part::Image { .. }
            | Part::Audio { .. }
            | Part::File { .. }
            | Part::ToolResult { .. }
            | Part::Other { .. } => return None,
        };
        Some(item)
    }

    /// A whole message.
    pub(super) fn message_of(&mut self, pieces: Vec<Content>, signature: Option<&str>) -> Item {
        let mut message = self.message();
        message.set_progress(Progress::Completed);
        if let Item::Message { content, .. } = &mut message {
            *content = pieces;
        }
        if let Some(signature) = signature {
            message.sign(signature);
        }
        message
    }
}

/// A text, where it has its facts from, and how likely its tokens were.
pub(super) fn text_with_sources(
    text: &str,
    citations: Option<&Value>,
    logprobs: Option<&Value>,
) -> Content {
    Content::OutputText {
        annotations: citations
            .map_or_else(Vec::new, |value| annotations(value, text.chars().count())),
        logprobs: logprobs.map_or_else(Vec::new, likelihoods),
        text: text.to_owned(),
    }
}

/// What a call without arguments has: clients parse them without looking.
pub(super) const NO_ARGUMENTS: &str = "{}";

fn summary_of(text: &str) -> Vec<Summary> {
    if text.is_empty() {
        return Vec::new();
    }
    vec![Summary::SummaryText {
        text: text.to_owned(),
    }]
}

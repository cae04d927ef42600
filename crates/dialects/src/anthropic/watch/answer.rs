//! A whole answer looked at before it is passed on as it is.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::usage::Counts;
use super::super::{finish, read_error};
use crate::chat::{Finish, Usage};
use crate::error::Malformed;
use crate::openai::watch::Glance;

/// As much of an answer as must be known. Types that do not fit are no error: a provider's oddity in a member that
/// nobody needs is the caller's to see.
#[derive(Deserialize)]
struct Shape<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    stop_reason: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow)]
    r#type: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    thinking: Option<&'a RawValue>,
}

impl Block<'_> {
    /// Whether it says something: texts and thoughts may be empty, all other blocks are whole things.
    fn says_something(&self) -> bool {
        let filled = |text: Option<&RawValue>| text.is_some_and(|raw| raw.get() != "\"\"");
        match self.r#type.map(RawValue::get) {
            Some("\"text\"") => filled(self.text),
            Some("\"thinking\"") => filled(self.thinking),
            kind => kind.is_some(),
        }
    }

    fn is_call(&self) -> bool {
        self.r#type.is_some_and(|kind| kind.get() == "\"tool_use\"")
    }
}

/// Looks at a body that should be a message.
///
/// It is one if it has a list of blocks, and is no error.
pub fn check_answer(body: &[u8]) -> Result<Glance, Malformed> {
    let shape = shape(body)?;
    let blocks: Option<Vec<Block<'_>>> = shape
        .content
        .and_then(|raw| serde_json::from_str(raw.get()).ok());
    let Some(blocks) = blocks else {
        return Err(if read_error(body).is_some() {
            Malformed::new("error", "is there: this is no answer")
        } else {
            Malformed::new("content", "must be a list of content blocks")
        });
    };
    if shape.error.is_some() && read_error(body).is_some() {
        return Err(Malformed::new("error", "is there: this is no answer"));
    }
    let reason = match text(shape.stop_reason) {
        Some(reason) => finish::read(&reason),
        None if blocks.iter().any(Block::is_call) => Finish::ToolCalls,
        None => Finish::Stop,
    };
    Ok(Glance {
        usage: counts(shape.usage),
        finish: vec![reason],
        has_content: blocks.iter().any(Block::says_something),
        model: text(shape.model),
    })
}

/// What an answer took. None where it does not say, and where it is no answer.
#[must_use]
pub fn read_usage(body: &[u8]) -> Option<Usage> {
    counts(shape(body).ok()?.usage)
}

/// Whether a body is an error, in any of the shapes that [`read_error`] knows.
#[must_use]
pub fn is_error(body: &[u8]) -> bool {
    let plain = shape(body).is_ok_and(|shape| shape.content.is_some() && shape.error.is_none());
    !plain && read_error(body).is_some()
}

fn shape(body: &[u8]) -> Result<Shape<'_>, Malformed> {
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let reason = format!("is no message: see line {line}, column {column}");
        Malformed::new("", reason)
    })
}

fn text(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(raw?.get()).ok()
}

fn counts(raw: Option<&RawValue>) -> Option<Usage> {
    let counts: Counts = serde_json::from_str(raw?.get()).ok()?;
    Some(counts.common())
}

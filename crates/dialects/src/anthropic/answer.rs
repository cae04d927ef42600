//! `POST /v1/messages`: what is answered, not as a stream.

use serde::Serialize;
use serde_json::Value;

use super::blocks::{Block, Side, blocks_of, read_content};
use super::fields::Fields;
use super::finish;
use super::usage::Counts;
use crate::chat::{Answer, Choice, Extra, Finish, Part};
use crate::error::Malformed;

/// The members of an answer's `extra` that are Anthropic's.
pub(super) const OWN: [&str; 3] = ["container", "context_management", "stop_details"];

/// A message as it is written, whole or, in `message_start`, before it has begun.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    pub(super) id: &'a str,
    pub(super) r#type: &'static str,
    pub(super) role: &'static str,
    pub(super) model: &'a str,
    pub(super) content: Vec<Block<'a>>,
    pub(super) stop_reason: Option<&'static str>,
    pub(super) stop_sequence: Option<&'a str>,
    pub(super) usage: Counts,
    #[serde(flatten)]
    pub(super) extra: Extra,
}

/// Reads an answer of Anthropic's.
pub fn read_answer(body: &[u8]) -> Result<Answer, Malformed> {
    let mut fields = Fields::of_body(body)?;
    let content = fields.need("content", "the blocks of the message")?;
    let parts = read_content(content, "content")?;
    let called = parts.iter().any(is_call);
    let finish = match fields.text("stop_reason")? {
        Some(reason) => finish::read(&reason),
        None if called => Finish::ToolCalls,
        None => Finish::Stop,
    };
    let choice = Choice {
        index: 0,
        parts,
        finish,
        stop_sequence: fields.text("stop_sequence")?,
        logprobs: None,
    };
    let mut answer = Answer {
        id: fields.text("id")?.unwrap_or_default(),
        model: fields.text("model")?.unwrap_or_default(),
        created: None,
        choices: vec![choice],
        // A count that cannot be read is not worth an answer that can.
        usage: fields
            .take("usage")
            .and_then(|raw| serde_json::from_str::<Counts>(raw).ok())
            .map(Counts::common),
        extra: fields.rest()?,
    };
    answer
        .extra
        .retain(|name, value| !matches!(name.as_str(), "type" | "role") && !value.is_null());
    Ok(answer)
}

/// Writes an answer for a client of Anthropic's. It has one answer only: the first.
#[must_use]
pub fn write_answer(answer: &Answer) -> Vec<u8> {
    let choice = answer.choices.first();
    let parts = choice.map_or(&[][..], |choice| &choice.parts);
    let stop_sequence = choice.and_then(|choice| choice.stop_sequence.as_deref());
    let finish = choice.map_or(&Finish::Stop, |choice| &choice.finish);
    let stop_reason = finish::write(finish, stop_sequence, parts.iter().any(is_call));
    let message = Message {
        id: &answer.id,
        r#type: "message",
        role: "assistant",
        model: &answer.model,
        // What cannot be said to a client of this dialect is left out: there is nobody to tell.
        content: blocks_of(parts, Side::Client, "content", &mut Vec::new()),
        stop_reason: Some(stop_reason),
        stop_sequence: stop_sequence.filter(|_| stop_reason == "stop_sequence"),
        usage: answer.usage.unwrap_or_default().into(),
        extra: own_extra(&answer.extra),
    };
    serde_json::to_vec(&message).unwrap_or_default()
}

fn is_call(part: &Part) -> bool {
    matches!(part, Part::ToolCall { .. })
}

fn own_extra(extra: &Extra) -> Extra {
    let own = |(name, value): (&String, &Value)| {
        OWN.contains(&name.as_str())
            .then(|| (name.clone(), value.clone()))
    };
    extra.iter().filter_map(own).collect()
}

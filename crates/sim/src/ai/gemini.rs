//! Gemini's side of its own dialect: requests read, answers and streams written. Source: <https://ai.google.dev/api>.
//!
//! Fields that it does not know are refused, as Google's JSON does.

mod read;

pub(crate) use read::read_request;

use guichet_dialects::chat::{Answer, Choice, Event, Finish, Part, Usage};
use serde_json::{Map, Value, json};

use super::events::Pieces;
use crate::alphabet::Piece;

/// The token that Gemini 3 wants back.
const SIGNATURE: &str = "c2ltdWxhdGVkIHRob3VnaHQgc2lnbmF0dXJl";

/// Whether a model signs its calls, and refuses them without.
pub(crate) fn signs(model: &str) -> bool {
    model.starts_with("gemini-3")
}

/// A whole answer.
pub(crate) fn whole(answer: &Answer) -> Vec<u8> {
    let candidates: Vec<Value> = answer
        .choices
        .iter()
        .map(|choice| candidate(choice, &answer.model))
        .collect();
    let usage = answer.usage.unwrap_or_default();
    let body = around(answer, &candidates, usage);
    body.to_string().into_bytes()
}

fn around(answer: &Answer, candidates: &[Value], usage: Usage) -> Value {
    json!({
        "candidates": candidates,
        "usageMetadata": counted(usage),
        "modelVersion": answer.model,
        "responseId": answer.id,
    })
}

fn counted(usage: Usage) -> Value {
    let thoughts = usage.reasoning.unwrap_or(0);
    let mut counts = json!({
        "promptTokenCount": usage.input,
        "candidatesTokenCount": usage.output.saturating_sub(thoughts),
        "totalTokenCount": usage.total(),
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.input}],
    });
    if thoughts > 0 {
        counts["thoughtsTokenCount"] = json!(thoughts);
    }
    counts
}

fn candidate(choice: &Choice, model: &str) -> Value {
    let mut signed = !signs(model);
    let parts: Vec<Value> = choice
        .parts
        .iter()
        .filter_map(|part| wire(part, &mut signed))
        .collect();
    json!({
        "content": {"parts": parts, "role": "model"},
        "finishReason": reason(&choice.finish),
        "index": choice.index,
    })
}

/// A part; the first call of a turn has the signature.
fn wire(part: &Part, signed: &mut bool) -> Option<Value> {
    Some(match part {
        Part::Text { text, .. } => json!({ "text": text }),
        Part::Thinking { text, .. } => json!({"text": text, "thought": true}),
        Part::ToolCall {
            name, arguments, ..
        } => call(name, arguments, signed),
        _ => return None,
    })
}

/// Older models give their calls no ids, and so does this one.
fn call(name: &str, arguments: &str, signed: &mut bool) -> Value {
    let arguments: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
    let mut part = json!({"functionCall": {"name": name, "args": arguments}});
    if !std::mem::replace(signed, true) {
        part["thoughtSignature"] = json!(SIGNATURE);
    }
    part
}

fn reason(finish: &Finish) -> &'static str {
    match finish {
        Finish::Length => "MAX_TOKENS",
        Finish::ContentFilter | Finish::Refusal => "SAFETY",
        Finish::Failed => "MALFORMED_FUNCTION_CALL",
        Finish::Stop | Finish::ToolCalls | Finish::Pause | Finish::Other(_) => "STOP",
    }
}

/// The chunks of a stream: calls come whole, the usage grows from chunk to chunk, and there is no end mark.
pub(crate) fn pieces(answer: &Answer, events: &[Event]) -> Vec<Piece> {
    let mut pieces = Pieces::default();
    let mut so_far = Usage {
        output: 0,
        reasoning: None,
        ..answer.usage.unwrap_or_default()
    };
    let mut signed = Vec::new();
    let mut chunk = |event: &Event, candidate: Value, usage: Usage| {
        let body = around(answer, &[candidate], usage);
        pieces.add(event, format!("data: {body}\r\n\r\n").into_bytes());
    };
    for event in events {
        match event {
            Event::Text { choice, text } => {
                so_far.output += super::mind::words(text);
                chunk(event, said(*choice, &json!({ "text": text })), so_far);
            }
            Event::Thinking { choice, text } => {
                let words = super::mind::words(text);
                so_far.output += words;
                so_far.reasoning = Some(so_far.reasoning.unwrap_or(0) + words);
                let part = json!({"text": text, "thought": true});
                chunk(event, said(*choice, &part), so_far);
            }
            Event::ToolCall {
                choice,
                call: place,
                ..
            } => {
                let mut is_signed = !signs(&answer.model) || signed.contains(choice);
                signed.push(*choice);
                if let Some(part) = nth_call(answer, *choice, *place, &mut is_signed) {
                    chunk(event, said(*choice, &part), so_far);
                }
            }
            Event::Finish { choice, reason, .. } => {
                let mut last = said(*choice, &json!({"text": ""}));
                last["finishReason"] = json!(self::reason(reason));
                chunk(event, last, answer.usage.unwrap_or_default());
            }
            _ => {}
        }
    }
    pieces.done()
}

fn nth_call(answer: &Answer, choice: usize, place: usize, signed: &mut bool) -> Option<Value> {
    let calls = answer
        .choices
        .get(choice)?
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolCall {
                name, arguments, ..
            } => Some((name, arguments)),
            _ => None,
        });
    let (name, arguments) = calls.into_iter().nth(place)?;
    Some(call(name, arguments, signed))
}

fn said(choice: usize, part: &Value) -> Value {
    json!({"content": {"parts": [part], "role": "model"}, "index": choice})
}

/// An error, in Google's shape.
pub(crate) fn error(code: u16, status: &str, message: &str, details: Vec<Value>) -> Value {
    let mut error = Map::new();
    error.insert("code".into(), json!(code));
    error.insert("message".into(), json!(message));
    error.insert("status".into(), json!(status));
    if !details.is_empty() {
        error.insert("details".into(), Value::Array(details));
    }
    json!({ "error": error })
}

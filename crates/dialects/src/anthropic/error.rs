//! Anthropic's errors: `{"type":"error","error":{"type","message"},"request_id"}`, alone or as an event of a stream.
//!
//! Source: <https://platform.claude.com/docs/en/api/errors>, read 2026-11.

use serde::Serialize;
use serde_json::Value;

use crate::error::{DoorError, ErrorKind, ProviderError};
use crate::framing::write_frame;

/// The words for kinds of errors and the statuses that they come with.
const STATUSES: [(&str, u16); 11] = [
    ("invalid_request_error", 400),
    ("authentication_error", 401),
    ("billing_error", 402),
    ("permission_error", 403),
    ("not_found_error", 404),
    ("conflict_error", 409),
    ("request_too_large", 413),
    ("rate_limit_error", 429),
    ("api_error", 500),
    ("timeout_error", 504),
    ("overloaded_error", 529),
];

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    error: Inner<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Inner<'a> {
    r#type: &'static str,
    message: &'a str,
}

/// The status that Anthropic answers with for a kind of failure: its clients raise their typed errors by the status.
#[must_use]
pub fn status_of(kind: ErrorKind) -> u16 {
    let word = word_of(kind, 0);
    STATUSES
        .iter()
        .find(|(name, _)| *name == word)
        .map_or(500, |(_, status)| *status)
}

/// Reads an error in any shape that Anthropic and those that speak like it have; none = it is no error.
#[must_use]
pub fn read_error(body: &[u8]) -> Option<ProviderError> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let text = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_owned);
    let flat = value.get("type").and_then(Value::as_str) == Some("error");
    let (kind, code, param, message) = match value.get("error") {
        Some(error @ Value::Object(_)) => (
            text(error, "type"),
            error
                .get("code")
                .or(error.pointer("/details/error_code"))
                .and_then(word),
            text(error, "param"),
            text(error, "message").unwrap_or_default(),
        ),
        // Ollama's answer to what it does not understand, whichever door.
        Some(Value::String(message)) => (None, None, None, message.clone()),
        Some(Value::Null) | None if flat => (
            None,
            None,
            None,
            text(&value, "message").unwrap_or_default(),
        ),
        // Bedrock and gateways before the API: a message and nothing that an answer has.
        None if value.get("content").is_none() && value.get("type").is_none() => {
            let message = text(&value, "message").or_else(|| text(&value, "detail"))?;
            (None, None, None, message)
        }
        _ => return None,
    };
    let status = kind.as_deref().and_then(|kind| {
        let row = STATUSES.iter().find(|(name, _)| *name == kind);
        row.map(|(_, status)| *status)
    });
    Some(ProviderError {
        status,
        kind,
        code,
        param,
        message,
    })
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(word) => Some(word.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Writes an error for a client.
#[must_use]
pub fn write_error(error: &DoorError) -> Vec<u8> {
    body(
        word_of(error.kind, error.status),
        &error.message,
        error.request_id.as_deref(),
    )
}

/// Writes an error into a stream that has begun. Nothing may follow it.
pub fn write_stream_error(error: &DoorError, out: &mut Vec<u8>) {
    write_frame(out, Some("error"), &write_error(error));
}

/// Writes a provider's failure into a stream that has begun: what kind it was, in words of our own.
pub(super) fn write_failure(error: &ProviderError, out: &mut Vec<u8>) {
    let word = error
        .kind
        .as_deref()
        .and_then(|kind| STATUSES.iter().find(|(name, _)| *name == kind))
        .or_else(|| {
            let status = error.status?;
            STATUSES.iter().find(|(_, known)| *known == status)
        })
        .map(|(name, _)| *name)
        // What the provider holds against the gateway is no fault of the client's.
        .filter(|name| {
            matches!(
                *name,
                "rate_limit_error" | "overloaded_error" | "timeout_error"
            )
        })
        .unwrap_or("api_error");
    let message = "The provider failed in the middle of its answer; ask again.";
    write_frame(out, Some("error"), &body(word, message, None));
}

fn body(word: &'static str, message: &str, request_id: Option<&str>) -> Vec<u8> {
    let body = Body {
        r#type: "error",
        error: Inner {
            r#type: word,
            message,
        },
        request_id,
    };
    serde_json::to_vec(&body).unwrap_or_default()
}

fn word_of(kind: ErrorKind, status: u16) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest => "invalid_request_error",
        ErrorKind::Authentication => "authentication_error",
        ErrorKind::Permission => "permission_error",
        ErrorKind::NotFound => "not_found_error",
        ErrorKind::TooLarge => "request_too_large",
        ErrorKind::QuotaExceeded if status == 402 => "billing_error",
        ErrorKind::RateLimited | ErrorKind::QuotaExceeded => "rate_limit_error",
        ErrorKind::Overloaded => "overloaded_error",
        ErrorKind::Timeout => "timeout_error",
        ErrorKind::Upstream | ErrorKind::Internal => "api_error",
    }
}

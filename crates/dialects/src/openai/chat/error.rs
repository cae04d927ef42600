//! What went wrong: a dozen shapes read, one written.

use serde_json::Value;

use crate::{
    error::{DoorError, ErrorKind, ProviderError},
    framing::write_frame,
    openai::json::object,
};

/// Reads an error: a whole body, or the data of an event. None = this is none.
#[must_use]
pub fn read_error(body: &[u8]) -> Option<ProviderError> {
    error_of(&serde_json::from_slice(body).ok()?)
}

/// Reads an error that has been parsed already.
pub(crate) fn error_of(value: &Value) -> Option<ProviderError> {
    match value {
        // Gemini's OpenAI door wraps its body in an array of one.
        Value::Array(list) => match list.as_slice() {
            [only @ Value::Object(_)] => error_of(only),
            _ => None,
        },
        Value::Object(members) => {
            let has_choices = members.get("choices").is_some_and(|choices| {
                choices
                    .as_array()
                    .is_some_and(|choices| !choices.is_empty())
            });
            in_member(value)
                .or_else(|| in_choice(value))
                .or_else(|| (!has_choices).then(|| at_top(value)).flatten())
        }
        _ => None,
    }
}

/// `{"error": {…}}` (OpenAI, Groq, Gemini, OpenRouter, Anthropic), `{"error": "…"}` (Ollama, Hugging Face), Groq's
/// `x_groq.error` within a stream.
fn in_member(value: &Value) -> Option<ProviderError> {
    let error = value
        .get("error")
        .filter(|error| !matches!(error, Value::Null | Value::Bool(false)))
        .or_else(|| {
            value
                .pointer("/x_groq/error")
                .filter(|error| !error.is_null())
        })?;
    match error {
        Value::Object(_) => Some(object_error(error)),
        Value::String(text) if text.is_empty() => None,
        _ => Some(ProviderError {
            status: status(value.get("status")).or_else(|| status(value.get("code"))),
            kind: word(value.get("error_type")).or_else(|| word(value.get("type"))),
            code: word(value.get("code")),
            param: None,
            message: text(error),
        }),
    }
}

fn object_error(error: &Value) -> ProviderError {
    let message = error
        .get("message")
        .or_else(|| error.get("detail"))
        .or_else(|| error.get("msg"))
        .map(text)
        .unwrap_or_default();
    // OpenRouter says "Provider returned error" and tucks what the provider said into `metadata.raw`.
    let message = match error.pointer("/metadata/raw").map(text) {
        Some(raw) if !raw.is_empty() => format!("{message}: {raw}"),
        _ => message,
    };
    ProviderError {
        status: status(error.get("code"))
            .or_else(|| status(error.get("status")))
            .or_else(|| status(error.get("status_code"))),
        kind: word(error.get("status"))
            .filter(|word| status_of(word).is_none())
            .or_else(|| word(error.get("type"))),
        code: word(error.get("code")),
        param: word(error.get("param")),
        message,
    }
}

/// OpenRouter's for one choice of an answer.
fn in_choice(value: &Value) -> Option<ProviderError> {
    let choices = value.get("choices")?.as_array()?;
    let error = choices
        .iter()
        .find_map(|choice| choice.get("error").filter(|error| error.is_object()))?;
    Some(object_error(error))
}

/// Errors that are the whole body.
fn at_top(value: &Value) -> Option<ProviderError> {
    let is = |name: &str, wanted: &str| value.get(name).and_then(Value::as_str) == Some(wanted);
    // Cloudflare: {"success": false, "errors": [{"code": 3036, "message": …}]}
    if let Some(first) = value.pointer("/errors/0")
        && value.get("success").and_then(Value::as_bool) != Some(true)
    {
        return Some(ProviderError {
            status: status(first.get("code")),
            code: word(first.get("code")),
            message: first.get("message").map_or_else(|| text(first), text),
            ..ProviderError::default()
        });
    }
    // Mistral, vLLM, SGLang: {"object": "error", "message", "type", "param", "code"}
    let declared = is("object", "error") || is("type", "error");
    // NVIDIA NIM: {"status": 429, "title": "Too Many Requests"} and {"detail": …}; FastAPI: {"detail": [{"loc", "msg"}]}
    // Cohere, SiliconFlow and others: {"message": "…"}
    let said = ["message", "detail", "title", "msg"]
        .iter()
        .find_map(|name| {
            value
                .get(*name)
                .filter(|value| declared || !value.is_object())
        })
        .filter(|said| !said.is_null());
    if !declared
        && (said.is_none()
            || value.get("usage").is_some()
            || value
                .get("id")
                .is_some_and(|_| value.get("object").is_some()))
    {
        return None;
    }
    Some(ProviderError {
        status: status(value.get("status"))
            .or_else(|| status(value.get("code")))
            .or_else(|| status(value.get("raw_status_code"))),
        kind: word(value.get("type")).filter(|word| word != "error"),
        code: word(value.get("code")),
        param: word(value.get("param")).or_else(|| said.and_then(first_place)),
        message: said.map(text).unwrap_or_default(),
    })
}

/// What a text, a list of complaints or an object says.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join("; "),
        Value::Object(_) => ["msg", "message", "detail"]
            .iter()
            .find_map(|name| value.get(*name))
            .map_or_else(|| value.to_string(), text),
        other => other.to_string(),
    }
}

/// The field of the first complaint of a `FastAPI` server: `{"loc": ["body", "messages", 0]}`.
fn first_place(said: &Value) -> Option<String> {
    let list = said.get("detail").unwrap_or(said);
    let place = list.get(0)?.get("loc")?.as_array()?;
    let names: Vec<String> = place
        .iter()
        .skip_while(|name| *name == "body")
        .map(text)
        .collect();
    Some(names.join("."))
}

/// A word, or a number as one.
fn word(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(word) if !word.is_empty() => Some(word.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An HTTP status, where a code is one.
fn status(value: Option<&Value>) -> Option<u16> {
    match value? {
        Value::Number(number) => u16::try_from(number.as_u64()?)
            .ok()
            .filter(|code| (400..600).contains(code)),
        Value::String(word) => status_of(word),
        _ => None,
    }
}

fn status_of(word: &str) -> Option<u16> {
    word.parse().ok().filter(|code| (400..600).contains(code))
}

/// Writes an error as OpenAI's clients know it. They choose the exception by the HTTP status.
#[must_use]
pub fn write_error(error: &DoorError) -> Vec<u8> {
    let mut out = Vec::with_capacity(160 + error.message.len());
    object(&mut out, |body| {
        body.object("error", |inner| {
            inner.put("message", &error.message);
            inner.put("type", kind(error.kind));
            inner.put("param", error.param.as_ref());
            inner.put("code", error.code.as_deref().or_else(|| code(error.kind)));
        });
        body.some("request_id", error.request_id.as_ref());
    });
    out
}

/// Writes the same as an event of a stream that has begun: OpenAI's clients raise it where they read it.
pub fn write_stream_error(error: &DoorError, out: &mut Vec<u8>) {
    write_frame(out, None, &write_error(error));
}

fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::NotFound | ErrorKind::TooLarge => {
            "invalid_request_error"
        }
        ErrorKind::Authentication => "authentication_error",
        ErrorKind::Permission => "permission_error",
        ErrorKind::RateLimited => "rate_limit_error",
        ErrorKind::QuotaExceeded => "insufficient_quota",
        ErrorKind::Overloaded | ErrorKind::Upstream | ErrorKind::Timeout | ErrorKind::Internal => {
            "server_error"
        }
    }
}

/// OpenAI's code, where nobody knows a finer one.
fn code(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::Authentication => "invalid_api_key",
        ErrorKind::RateLimited => "rate_limit_exceeded",
        ErrorKind::QuotaExceeded => "insufficient_quota",
        ErrorKind::Overloaded => "overloaded",
        ErrorKind::Upstream => "upstream_error",
        ErrorKind::Timeout => "timeout",
        ErrorKind::InvalidRequest
        | ErrorKind::Permission
        | ErrorKind::NotFound
        | ErrorKind::TooLarge
        | ErrorKind::Internal => return None,
    })
}

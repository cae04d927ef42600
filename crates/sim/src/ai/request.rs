//! Conversations as they come in, read into the common form, with what only one dialect asks.

use guichet_catalogue::model::{Dialect, Task};
use guichet_dialects::chat::Request;
use guichet_dialects::{anthropic, openai};
use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::route::Asked;
use super::{gemini, ollama, rules};

/// A conversation.
pub(crate) struct Conversation {
    pub(crate) request: Request,
    /// Tokens that the request itself says fit, and whether more are cut (Ollama).
    pub(crate) context: Option<(u64, bool)>,
}

/// Reads a conversation.
pub(crate) fn read(provider: &str, asked: &Asked, body: &[u8]) -> Result<Conversation, Refusal> {
    let wrong =
        |malformed: guichet_dialects::error::Malformed| Refusal::Wrong(malformed.to_string());
    let mut conversation = Conversation {
        request: Request::default(),
        context: None,
    };
    match asked.dialect {
        Dialect::OpenAi => {
            rules::check(provider, asked.task, &members(body)?)?;
            conversation.request = openai::chat::read_request(body).map_err(wrong)?;
        }
        Dialect::Anthropic => {
            let members = members(body)?;
            if members.get("max_tokens").and_then(Value::as_u64).is_none() {
                return Err(Refusal::Wrong("max_tokens: Field required".into()));
            }
            let temperature = members.get("temperature").and_then(Value::as_f64);
            if temperature.is_some_and(|temperature| temperature > 1.0) {
                return Err(Refusal::Wrong("temperature: range: 0..1".into()));
            }
            conversation.request = anthropic::read_request(body).map_err(wrong)?;
        }
        Dialect::Gemini => {
            let model = asked.model.as_deref().unwrap_or_default();
            conversation.request = gemini::read_request(model, body).map_err(wrong)?;
            conversation.request.stream = asked.stream;
        }
        Dialect::Ollama => {
            let read = ollama::read_request(body).map_err(wrong)?;
            conversation.request = read.request;
            conversation.context = Some((read.context, read.truncate));
        }
    }
    Ok(conversation)
}

/// The members of a body.
pub(crate) fn members(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::Wrong(format!("the body is no JSON object: {error}")))
}

/// The model that a request names.
pub(crate) fn model(asked: &Asked, content_type: &str, body: &[u8]) -> Option<String> {
    if let Some(model) = &asked.model {
        return Some(model.clone());
    }
    if matches!(asked.task, Task::Transcription | Task::Translation) {
        let body = bytes::Bytes::copy_from_slice(body);
        let form = guichet_dialects::transcription::Form::read(content_type, body).ok()?;
        return form.text("model").ok()?.map(str::to_owned);
    }
    let members: Map<String, Value> = serde_json::from_slice(body).ok()?;
    members.get("model")?.as_str().map(str::to_owned)
}

//! A candidate's whole answer, as the caller gets it.

use bytes::Bytes;
use guichet_catalogue::model::ai::{Dialect, Task};
use guichet_dialects::chat::{Answer, Finish, Part, Usage};
use guichet_dialects::error::{Malformed, ProviderError};
use guichet_dialects::openai::{self, chat, completions, responses};
use guichet_dialects::{anthropic, gemini, ollama};

use super::{Outgoing, Spoken, small};
use crate::ai::{Door, ModelCall};

/// An answer in the caller's dialect.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    /// For the caller.
    pub(crate) body: Bytes,
    /// Of the body.
    pub(crate) content_type: String,
    /// What it took, where the provider says so.
    pub(crate) usage: Option<Usage>,
    /// Why each answer ended; empty where the task knows no reasons.
    pub(crate) finishes: Vec<Finish>,
    /// Whether it says nothing, for a reason that it gives.
    pub(crate) empty: bool,
}

impl Incoming {
    /// An answer of a task without reasons to end.
    pub(super) fn json(body: impl Into<Bytes>, usage: Option<Usage>) -> Self {
        Self {
            body: body.into(),
            content_type: JSON.to_owned(),
            usage,
            finishes: Vec::new(),
            empty: false,
        }
    }
}

const JSON: &str = "application/json";

/// Why a body with a good status is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotAnAnswer {
    /// It is an error of the provider's.
    Error(ProviderError),
    /// It is not what it should be. The detail repeats nothing of the body.
    Malformed(String),
}

/// A body that came with a good status, and when.
#[derive(Debug, Clone)]
pub(crate) struct Received<'a> {
    /// The whole of it.
    pub(crate) body: Bytes,
    /// Its `Content-Type`.
    pub(crate) content_type: Option<&'a str>,
    /// Now, in seconds since 1970, for providers that do not tell.
    pub(crate) created: i64,
    /// Stands in for the answer's id where the provider gives none.
    pub(crate) request_id: &'a str,
}

/// Reads a body that came with a good status.
pub(crate) fn incoming(
    call: &ModelCall,
    spoken: &Spoken<'_>,
    dialect: Dialect,
    outgoing: &Outgoing,
    received: Received<'_>,
) -> Result<Incoming, NotAnAnswer> {
    if call.door.task() != Task::Chat {
        return small::answer(call, dialect, outgoing, received);
    }
    let incoming = if outgoing.verbatim {
        same(dialect, &received)?
    } else {
        other(call, dialect, &received)?
    };
    if incoming.empty && !may_be_empty(&incoming.finishes) && !spoken.has_stop() {
        return Err(NotAnAnswer::Malformed("the answer says nothing".into()));
    }
    Ok(incoming)
}

/// Whether an answer that says nothing tells what kept it from speaking. Otherwise it is a fault, unless the caller
/// named texts that end it: what providers send when a model has broken down looks just so.
pub(super) fn may_be_empty(finishes: &[Finish]) -> bool {
    let told = |finish: &Finish| {
        matches!(
            finish,
            Finish::Length | Finish::ContentFilter | Finish::Refusal | Finish::Pause
        )
    };
    finishes.iter().any(told)
}

/// Passed on as it is, blank lines before it aside.
fn same(dialect: Dialect, received: &Received<'_>) -> Result<Incoming, NotAnAnswer> {
    let body = unpadded(&received.body);
    let glance = match dialect {
        Dialect::Anthropic => anthropic::watch::check_answer(&body),
        _ => openai::watch::check_answer(&body),
    }
    .map_err(|malformed| not_an_answer(dialect, &body, &malformed))?;
    let finishes = ended(glance.finish)?;
    Ok(Incoming {
        body,
        content_type: received.content_type.unwrap_or(JSON).to_owned(),
        usage: glance.usage,
        finishes,
        empty: !glance.has_content,
    })
}

/// Providers that take long send empty lines first.
fn unpadded(body: &Bytes) -> Bytes {
    let padding = body.len() - body.trim_ascii_start().len();
    body.slice(padding..)
}

/// Read into the common form, and written for the caller.
fn other(
    call: &ModelCall,
    dialect: Dialect,
    received: &Received<'_>,
) -> Result<Incoming, NotAnAnswer> {
    let body = received.body.trim_ascii();
    let not = |malformed: Malformed| not_an_answer(dialect, body, &malformed);
    if let Some(error) = error_in(dialect, body) {
        return Err(NotAnAnswer::Error(error));
    }
    let mut answer = match dialect {
        Dialect::OpenAi => chat::read_answer(body),
        Dialect::Anthropic => anthropic::read_answer(body),
        Dialect::Gemini => gemini::read_answer(body),
        Dialect::Ollama => ollama::read_answer(body),
    }
    .map_err(not)?;
    if answer.choices.is_empty() {
        return Err(NotAnAnswer::Malformed("the answer has no choices".into()));
    }
    answer.created.get_or_insert(received.created);
    if answer.id.is_empty() {
        answer.id = id_of(call.door, received.request_id);
    }
    let finishes = ended(
        answer
            .choices
            .iter()
            .map(|choice| choice.finish.clone())
            .collect(),
    )?;
    let body =
        write(call, &answer).map_err(|malformed| NotAnAnswer::Malformed(malformed.to_string()))?;
    Ok(Incoming {
        body: body.into(),
        content_type: JSON.to_owned(),
        usage: answer.usage,
        finishes,
        empty: says_nothing(call.door, &answer),
    })
}

fn write(call: &ModelCall, answer: &Answer) -> Result<Vec<u8>, Malformed> {
    Ok(match call.door {
        Door::Responses => responses::write_answer(answer, &responses::Echo::read(&call.body)?),
        Door::Completions => {
            completions::write_answer(answer, &completions::Echo::read(&call.body)?)
        }
        Door::Messages => anthropic::write_answer(answer),
        _ => chat::write_answer(answer),
    })
}

/// An id where the provider gives none, with the beginning that clients of the dialect know.
pub(super) fn id_of(door: Door, request_id: &str) -> String {
    let begin = match door {
        Door::Responses => "resp_",
        Door::Completions => "cmpl-",
        Door::Messages => "msg_",
        _ => "chatcmpl-",
    };
    format!("{begin}{request_id}")
}

/// Reasons to end that are none are faults.
fn ended(finishes: Vec<Finish>) -> Result<Vec<Finish>, NotAnAnswer> {
    if finishes.contains(&Finish::Failed) {
        return Err(NotAnAnswer::Error(gave_up()));
    }
    Ok(finishes)
}

/// An answer that ended with the word for a failure, and no others.
pub(super) fn gave_up() -> ProviderError {
    ProviderError {
        message: "the provider ended the answer with an error".into(),
        ..ProviderError::default()
    }
}

/// Completions are text: thoughts and calls have no place there.
fn says_nothing(door: Door, answer: &Answer) -> bool {
    let mut parts = answer.choices.iter().flat_map(|choice| &choice.parts);
    parts.all(|part| match part {
        Part::Text { text, .. } | Part::Refusal(text) => text.is_empty(),
        _ if door == Door::Completions => true,
        Part::Thinking {
            text, signature, ..
        } => text.is_empty() && signature.is_none(),
        _ => false,
    })
}

/// The error that a body is, if it is one and no answer beside.
fn error_in(dialect: Dialect, body: &[u8]) -> Option<ProviderError> {
    match dialect {
        Dialect::OpenAi if openai::watch::is_error(body) => chat::read_error(body),
        Dialect::Anthropic if anthropic::watch::is_error(body) => anthropic::read_error(body),
        Dialect::OpenAi | Dialect::Anthropic => None,
        Dialect::Gemini => gemini::read_error(body),
        Dialect::Ollama => ollama::read_error(body),
    }
}

/// What a body is that could not be read: an error in any shape, or nothing at all.
pub(super) fn not_an_answer(dialect: Dialect, body: &[u8], malformed: &Malformed) -> NotAnAnswer {
    let error = match dialect {
        Dialect::OpenAi => chat::read_error(body),
        Dialect::Anthropic => anthropic::read_error(body),
        Dialect::Gemini => gemini::read_error(body),
        Dialect::Ollama => ollama::read_error(body),
    };
    error.map_or_else(
        || NotAnAnswer::Malformed(detail(body, malformed)),
        NotAnAnswer::Error,
    )
}

/// What is wrong with a body, without a word of it.
pub(super) fn detail(body: &[u8], malformed: &Malformed) -> String {
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    match (body.trim_ascii().first(), malformed.path.as_str()) {
        (None, _) => "the body is empty".into(),
        (Some(b'<'), _) => "the body is HTML or XML, not JSON".into(),
        _ if !is_json => "the body is not whole JSON".into(),
        (_, "") => "the body is JSON, but no answer".into(),
        (_, path) => format!("`{path}` is missing or not what it should be"),
    }
}

#[cfg(test)]
mod tests;

//! What a candidate is sent.

use std::borrow::Cow;

use bytes::Bytes;
use guichet_catalogue::model::ai::{Dialect, Model, ModelServer, Quirks, Route, Task, Understood};
use guichet_dialects::error::Malformed;
use guichet_dialects::members::Members;
use guichet_dialects::openai::chat;
use guichet_dialects::written::Written;
use guichet_dialects::{anthropic, gemini, ollama};

use super::{Spoken, quirks, small};
use crate::ai::{Door, ModelCall};

/// A request for one candidate.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    /// The body, in pieces that share the caller's bytes where they are large and as they were.
    pub(crate) body: Vec<Bytes>,
    /// Below the base URL, query included.
    pub(crate) path: String,
    /// Of the body.
    pub(crate) content_type: Cow<'static, str>,
    /// What the caller said and the candidate is not told.
    pub(crate) dropped: Vec<String>,
    /// Whether both sides speak the same dialect: the answer is passed on byte for byte.
    pub(crate) verbatim: bool,
    /// Whether the usage at a stream's end is for the gateway alone.
    pub(crate) hide_usage: bool,
    /// Whether a good stream ends with `[DONE]`.
    pub(crate) done_mark: bool,
    /// Whose answers are to be expected.
    pub(super) shape: Shape,
}

/// Whose bodies are spoken on a route, where those are not of its dialect: a path tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The dialect's.
    Usual,
    /// Cohere's own (`/v2/embed`, `/v2/rerank`).
    Cohere,
    /// Cloudflare's, with the model in the path (`/ai/run/{model}`).
    Cloudflare,
}

/// Why a candidate is sent nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotSent {
    /// The caller's body is wrong; no other candidate helps.
    Wrong(Malformed),
    /// What this candidate cannot be told, though an answer without it would be wrong: the caller's field. Another
    /// candidate may know how.
    Unsayable(String),
}

impl From<Malformed> for NotSent {
    fn from(malformed: Malformed) -> Self {
        Self::Wrong(malformed)
    }
}

/// A candidate, and the call that is to be written for it.
pub(super) struct Writing<'w, 's> {
    pub(super) call: &'w ModelCall,
    pub(super) spoken: &'w Spoken<'s>,
    pub(super) server: &'w ModelServer,
    pub(super) route: &'w Route,
    pub(super) model: &'w str,
    pub(super) known: Option<&'w Model>,
    pub(super) context: Option<u64>,
    /// The most tokens of an answer that it may be asked for, where the caller asks for more.
    pub(super) cut_to: Option<u64>,
}

/// The model that a call is written for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addressee<'a> {
    /// The provider's name for it.
    pub(crate) model: &'a str,
    /// What its file says of it.
    pub(crate) known: Option<&'a Model>,
    /// Tokens that it holds, as its server or its file says.
    pub(crate) context: Option<u64>,
    /// The most tokens of an answer that it may be asked for, where the caller asks for more.
    pub(crate) cut_to: Option<u64>,
}

/// A body in the candidate's dialect.
pub(super) struct Said {
    pub(super) body: Vec<Bytes>,
    pub(super) content_type: Cow<'static, str>,
    pub(super) dropped: Vec<String>,
    pub(super) verbatim: bool,
}

impl Said {
    /// JSON.
    pub(super) fn json(body: Vec<Bytes>, dropped: Vec<String>, verbatim: bool) -> Self {
        Self {
            body,
            content_type: Cow::Borrowed("application/json"),
            dropped,
            verbatim,
        }
    }
}

/// Writes the call for a candidate.
pub(crate) fn outgoing(
    call: &ModelCall,
    spoken: &Spoken<'_>,
    server: &ModelServer,
    route: &Route,
    addressee: Addressee<'_>,
) -> Result<Outgoing, NotSent> {
    let Addressee {
        model,
        known,
        context,
        cut_to,
    } = addressee;
    let writing = Writing {
        call,
        spoken,
        server,
        route,
        model,
        known,
        context,
        cut_to,
    };
    let path = path(route, model, call.facts.stream)?;
    let said = match call.door.task() {
        Task::Chat => conversation(&writing)?,
        _ => small::request(&writing)?,
    };
    Ok(Outgoing {
        body: said.body,
        path,
        content_type: said.content_type,
        dropped: said.dropped,
        verbatim: said.verbatim,
        hide_usage: call.facts.stream && !call.facts.stream_usage,
        done_mark: server.quirks.done_mark && route.dialect == Dialect::OpenAi,
        shape: Shape::of(route),
    })
}

impl Shape {
    pub(super) fn of(route: &Route) -> Self {
        let path = route.path.as_str();
        if path.ends_with("/v2/embed") || path.ends_with("/v2/rerank") {
            Self::Cohere
        } else if route.dialect == Dialect::OpenAi && path.ends_with("/{model}") {
            Self::Cloudflare
        } else {
            Self::Usual
        }
    }
}

/// The route's path with the model in it. A name may come from the caller, and must not lead elsewhere.
fn path(route: &Route, model: &str, stream: bool) -> Result<String, NotSent> {
    let path = match &route.stream_path {
        Some(path) if stream => path,
        _ => &route.path,
    };
    if !path.contains('{') {
        return Ok(path.clone());
    }
    if model.split('/').any(|step| matches!(step, "" | "." | "..")) {
        return Err(Malformed::new(
            "model",
            "must be a name whose parts between slashes are neither empty nor dots",
        )
        .into());
    }
    Ok(path.replace("{model}", &escaped(model)))
}

/// A model's name within a path: slashes stay, for they part the names of publishers and models.
fn escaped(model: &str) -> String {
    let mut out = String::with_capacity(model.len());
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@/:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Members that mean something to the gateway alone.
const EXTENSIONS: [&str; 2] = ["models", "provider"];

fn conversation(writing: &Writing<'_, '_>) -> Result<Said, NotSent> {
    let mut said = match (writing.call.door, writing.route.dialect) {
        _ if writing.spoken.continues() => other(writing)?,
        (Door::Messages, Dialect::Anthropic)
            if anthropic::may_hold_foreign_tokens(&writing.call.body) =>
        {
            other(writing)?
        }
        (Door::Chat, Dialect::OpenAi) | (Door::Messages, Dialect::Anthropic) => same(writing)?,
        _ => other(writing)?,
    };
    said.dropped
        .retain(|name| !EXTENSIONS.contains(&name.as_str()) && name != "stream_options");
    let unsayable = said.dropped.iter().position(|name| is_material(name));
    if let Some(place) = unsayable {
        return Err(NotSent::Unsayable(said.dropped.swap_remove(place)));
    }
    Ok(said)
}

/// Whether an answer would be to another question without this: a picture, a sound, a document.
fn is_material(dropped: &str) -> bool {
    dropped.starts_with("messages[")
        && [".image_url", ".input_audio", ".file"]
            .iter()
            .any(|member| dropped.ends_with(member))
}

/// The caller's own bytes, with the few members changed that must be.
fn same(writing: &Writing<'_, '_>) -> Result<Said, NotSent> {
    let members = writing.spoken.members()?;
    let mut editor = members.edit();
    editor.set("model", quoted(writing.model));
    for name in EXTENSIONS {
        editor.remove(name);
    }
    if let Some(most) = writing.cut_to {
        for name in ["max_tokens", "max_completion_tokens"] {
            editor.replace(name, most.to_string());
        }
    }
    let mut dropped = Vec::new();
    quirks::apply(writing, members, &mut editor, &mut dropped)?;
    let body = editor.finish_sharing(&writing.call.body);
    Ok(Said::json(body, dropped, true))
}

/// The conversation, written in another dialect.
fn other(writing: &Writing<'_, '_>) -> Result<Said, NotSent> {
    let Written { body, mut dropped } = written(writing)?;
    let members = Members::read(&body)?;
    let mut editor = members.edit();
    if writing.route.dialect == Dialect::OpenAi {
        for name in EXTENSIONS {
            editor.remove(name);
        }
    }
    quirks::apply(writing, &members, &mut editor, &mut dropped)?;
    let body = if editor.is_changed() {
        editor.finish()
    } else {
        drop((editor, members));
        body
    };
    Ok(Said::json(vec![body.into()], dropped, false))
}

/// The common form, addressed to the candidate's model for as long as it takes to write it.
fn written(writing: &Writing<'_, '_>) -> Result<Written, Malformed> {
    let mut request = writing.spoken.request()?;
    writing.model.clone_into(&mut request.model);
    let asked = request.sampling.max_tokens;
    request.sampling.max_tokens = writing.cut_to.or(asked).or_else(|| default_output(writing));
    let written = match writing.route.dialect {
        Dialect::OpenAi => chat::write_request_for(&request, accepts(&writing.server.quirks)),
        Dialect::Anthropic => anthropic::write_request(&request, most_tokens(writing)),
        Dialect::Gemini => gemini::write_request(&request),
        Dialect::Ollama => ollama::write_request(&request, Some(context(writing))),
    };
    request.sampling.max_tokens = asked;
    Ok(written)
}

/// What of a conversation is kept for a provider that understands more than others.
fn accepts(quirks: &Quirks) -> chat::Accepts {
    let understands = |what| quirks.understands.contains(&what);
    chat::Accepts {
        cache_markers: understands(Understood::CacheMarkers),
        thoughts: understands(Understood::Thoughts),
        thought_details: understands(Understood::ThoughtDetails),
        ..chat::Accepts::default()
    }
}

/// What to ask for where the caller says nothing and the provider would cut answers short.
pub(super) fn default_output(writing: &Writing<'_, '_>) -> Option<u64> {
    writing.known.and_then(|known| known.default_output)
}

/// What every model of Anthropic's writes that is still served.
const ANTHROPIC_OUTPUT: u64 = 8192;

/// Anthropic wants a number: all that the model writes, if that fits beside the request.
fn most_tokens(writing: &Writing<'_, '_>) -> u64 {
    let Some(known) = writing.known else {
        return ANTHROPIC_OUTPUT;
    };
    let most = known.output.unwrap_or(ANTHROPIC_OUTPUT);
    let input = writing.call.facts.estimate_input_tokens();
    let room = writing
        .context
        .map_or(u64::MAX, |context| context.saturating_sub(input));
    most.min(room).max(1)
}

/// The least context that Ollama is asked for.
const LEAST_CONTEXT: u64 = 4096;

/// Room for an answer of which nobody said how long it may be.
const ROOM: u64 = 2048;

/// How much context the request needs at Ollama: one of a few sizes, because each other one loads the model anew.
fn context(writing: &Writing<'_, '_>) -> u64 {
    let facts = &writing.call.facts;
    let output = facts.max_tokens.or_else(|| default_output(writing));
    let need = facts
        .estimate_input_tokens()
        .saturating_add(output.unwrap_or(ROOM));
    let size = LEAST_CONTEXT.saturating_mul(
        need.div_ceil(LEAST_CONTEXT)
            .checked_next_power_of_two()
            .unwrap_or(u64::MAX),
    );
    writing.context.map_or(size, |most| size.min(most))
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests;

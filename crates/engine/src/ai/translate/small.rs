//! The tasks that are no conversation: vectors, ranks, judgements, pictures, speech and what is said in it.
//!
//! They are asked as OpenAI's clients ask, and few providers differ. What cannot be told is refused rather than left
//! out where the answer would then be another.

use std::borrow::Cow;

use bytes::Bytes;
use guichet_catalogue::model::ai::{Dialect, Task};
use guichet_dialects::chat::Usage;
use guichet_dialects::embeddings::Encoding;
use guichet_dialects::error::Malformed;
use guichet_dialects::images as pictures;
use guichet_dialects::moderations::CATEGORIES;
use guichet_dialects::openai::{chat, embeddings, images, moderations, speech};
use guichet_dialects::transcription::{TranscriptFormat, TranscriptionRequest};
use guichet_dialects::written::Written;
use guichet_dialects::{cohere, gemini, ollama, rerank};

use super::answer::{Incoming, NotAnAnswer, Received, not_an_answer};
use super::request::{NotSent, Said, Shape, Writing, quoted};
use super::{Outgoing, quirks};
use crate::ai::ModelCall;

/// Writes a request.
pub(super) fn request(writing: &Writing<'_, '_>) -> Result<Said, NotSent> {
    match writing.call.door.task() {
        Task::Chat | Task::Speech => edited(writing, true, &[]),
        Task::Embeddings => vectors(writing),
        Task::Transcription | Task::Translation => transcription(writing),
        Task::Images => painting(writing),
        Task::Moderation => edited(writing, false, &[]),
        Task::Rerank => ranks(writing),
    }
}

/// The caller's own bytes, with the candidate's model and without these members.
fn edited(writing: &Writing<'_, '_>, verbatim: bool, without: &[&str]) -> Result<Said, NotSent> {
    let members = writing.spoken.members()?;
    let mut editor = members.edit();
    editor.set("model", quoted(writing.model));
    for name in without {
        editor.remove(name);
    }
    let mut dropped = Vec::new();
    quirks::apply_to_small(writing, members, &mut editor, &mut dropped);
    dropped.retain(|name| !without.contains(&name.as_str()));
    let body = editor.finish_sharing(&writing.call.body);
    Ok(Said::json(body, dropped, verbatim))
}

/// A body that was written anew. Inputs that it cannot hold are not left out.
fn anew(written: Written) -> Result<Said, NotSent> {
    let Written { body, mut dropped } = written;
    if let Some(place) = dropped.iter().position(|name| name.starts_with("input[")) {
        return Err(NotSent::Unsayable(dropped.swap_remove(place)));
    }
    Ok(Said::json(vec![body.into()], dropped, false))
}

/// Base64, which the official clients ask for, is written here: not all providers know it. So they are asked for
/// numbers.
fn vectors(writing: &Writing<'_, '_>) -> Result<Said, NotSent> {
    let mut asked = embeddings::read_request(&writing.call.body)?;
    writing.model.clone_into(&mut asked.model);
    match (writing.route.dialect, Shape::of(writing.route)) {
        (_, Shape::Cohere) => anew(cohere::embeddings::write_request(&asked)),
        (Dialect::Gemini, _) => anew(gemini::embeddings::write_request(&asked)),
        (Dialect::Ollama, _) => anew(ollama::embeddings::write_request(&asked)),
        (Dialect::OpenAi | Dialect::Anthropic, _) => match asked.encoding {
            Encoding::Float => edited(writing, true, &[]),
            Encoding::Base64 => edited(writing, false, &["encoding_format"]),
        },
    }
}

fn ranks(writing: &Writing<'_, '_>) -> Result<Said, NotSent> {
    let mut asked = rerank::read_request(&writing.call.body)?;
    writing.model.clone_into(&mut asked.model);
    anew(match Shape::of(writing.route) {
        Shape::Cohere => cohere::rerank::write_request(&asked),
        Shape::Usual | Shape::Cloudflare => rerank::write_request(&asked),
    })
}

/// Who refuses `size` is told width and height, as Together is; Cloudflare has bodies of its own.
fn painting(writing: &Writing<'_, '_>) -> Result<Said, NotSent> {
    let mut asked = images::read_request(&writing.call.body)?;
    writing.model.clone_into(&mut asked.model);
    let said = match Shape::of(writing.route) {
        Shape::Cloudflare => anew(pictures::cloudflare::write_request(&asked))?,
        _ if writing.server.quirks.drop.contains("size") => {
            anew(pictures::together::write_request(&asked))?
        }
        _ => edited(writing, true, &[])?,
    };
    if said.dropped.iter().any(|name| name == "n") && asked.count.is_some_and(|count| count > 1) {
        return Err(NotSent::Unsayable("n".into()));
    }
    Ok(said)
}

fn transcription(writing: &Writing<'_, '_>) -> Result<Said, NotSent> {
    let asked = transcript(writing.call)?;
    if asked.stream {
        return Err(Malformed::new("stream", "must be false: transcripts come whole here").into());
    }
    Ok(Said {
        body: asked.with_model(writing.model),
        content_type: Cow::Owned(writing.call.content_type.clone().unwrap_or_default()),
        dropped: Vec::new(),
        verbatim: true,
    })
}

fn transcript(call: &ModelCall) -> Result<TranscriptionRequest, Malformed> {
    let content_type = call.content_type.as_deref().unwrap_or_default();
    TranscriptionRequest::read(content_type, call.body.clone())
}

/// Reads an answer.
pub(super) fn answer(
    call: &ModelCall,
    dialect: Dialect,
    outgoing: &Outgoing,
    received: Received<'_>,
) -> Result<Incoming, NotAnAnswer> {
    let body = received.body.clone();
    let read = match call.door.task() {
        Task::Embeddings => vectors_answered(call, dialect, outgoing, &body),
        Task::Rerank => ranked(call, &body),
        Task::Moderation => judged(call, &body),
        Task::Images => painted(call, outgoing, received),
        Task::Transcription | Task::Translation => return transcribed(call, received),
        Task::Chat | Task::Speech => return spoken(call, received),
    };
    read.map_err(|malformed| not_an_answer(dialect, &body, &malformed))
}

fn vectors_answered(
    call: &ModelCall,
    dialect: Dialect,
    outgoing: &Outgoing,
    body: &Bytes,
) -> Result<Incoming, Malformed> {
    let asked = embeddings::read_request(&call.body)?;
    let mut answer = match (dialect, outgoing.shape) {
        (_, Shape::Cohere) => cohere::embeddings::read_answer(body),
        (Dialect::Gemini, _) => gemini::embeddings::read_answer(body),
        (Dialect::Ollama, _) => ollama::embeddings::read_answer(body),
        (Dialect::OpenAi | Dialect::Anthropic, _) => embeddings::read_answer(body),
    }?;
    if answer.vectors.len() != asked.input.len() || answer.vectors.iter().any(Vec::is_empty) {
        return Err(Malformed::new("data", "must have a vector for each input"));
    }
    let written =
        if outgoing.verbatim && !body.windows(13).any(|bytes| bytes == b"\"embedding\":\"") {
            body.clone()
        } else {
            if answer.model.is_empty() {
                answer.model = asked.model;
            }
            embeddings::write_answer(&answer, asked.encoding).into()
        };
    Ok(Incoming::json(written, answer.usage))
}

fn ranked(call: &ModelCall, body: &[u8]) -> Result<Incoming, Malformed> {
    let asked = rerank::read_request(&call.body)?;
    let mut answer = rerank::read_answer(body)?;
    let is_of_asked = |place: usize| place < asked.documents.len();
    let is_empty = answer.results.is_empty() && !asked.documents.is_empty();
    if is_empty || !answer.results.iter().all(|one| is_of_asked(one.index)) {
        return Err(Malformed::new("results", "must rank the documents"));
    }
    if answer.model.is_empty() {
        answer.model.clone_from(&asked.model);
    }
    Ok(Incoming::json(
        rerank::write_answer(&answer, &asked),
        answer.usage,
    ))
}

/// Passed on as it is where every category is there that clients expect.
fn judged(call: &ModelCall, body: &Bytes) -> Result<Incoming, Malformed> {
    let asked = moderations::read_request(&call.body)?;
    let mut answer = moderations::read_answer(body)?;
    if answer.results.len() != asked.input.len() {
        return Err(Malformed::new("results", "must judge each input"));
    }
    let is_complete = answer.results.iter().all(|result| {
        CATEGORIES
            .iter()
            .all(|category| result.categories.contains_key(*category))
    });
    if is_complete {
        return Ok(Incoming::json(body.clone(), None));
    }
    if answer.model.is_empty() {
        answer.model = asked.model.unwrap_or_default();
    }
    Ok(Incoming::json(moderations::write_answer(&answer), None))
}

fn painted(
    call: &ModelCall,
    outgoing: &Outgoing,
    received: Received<'_>,
) -> Result<Incoming, Malformed> {
    let asked = images::read_request(&call.body)?;
    let mut answer = match outgoing.shape {
        Shape::Cloudflare => pictures::cloudflare::read_answer(&received.body),
        Shape::Usual | Shape::Cohere => images::read_answer(&received.body),
    }?;
    if answer.images.is_empty() {
        return Err(Malformed::new("data", "must have a picture"));
    }
    if outgoing.verbatim {
        return Ok(Incoming::json(received.body, None));
    }
    answer.created.get_or_insert(received.created);
    Ok(Incoming::json(
        images::write_answer(&answer, asked.delivery),
        None,
    ))
}

/// Sound, in whatever format: only what is plainly something else is refused.
fn spoken(call: &ModelCall, received: Received<'_>) -> Result<Incoming, NotAnAnswer> {
    let kind = received.content_type.unwrap_or_default();
    let is_words = kind.starts_with("text/") || kind.contains("json") || kind.contains("xml");
    let words = not_words(&received.body);
    if is_words || words.is_err() {
        return Err(words
            .err()
            .unwrap_or_else(|| malformed("the body is no sound")));
    }
    let content_type = if kind.starts_with("audio/") {
        kind.to_owned()
    } else {
        speech::read_request(&call.body)
            .map_or("audio/mpeg", |asked| asked.media_type())
            .to_owned()
    };
    Ok(Incoming {
        content_type,
        ..Incoming::json(received.body, None)
    })
}

/// A fault where bytes are JSON, HTML or nothing.
fn not_words(body: &[u8]) -> Result<(), NotAnAnswer> {
    match body.trim_ascii().first() {
        None => Err(malformed("the body is empty")),
        Some(b'{' | b'[') if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() => {
            Err(chat::read_error(body)
                .map_or_else(|| malformed("the body is JSON"), NotAnAnswer::Error))
        }
        Some(b'<') => Err(malformed("the body is HTML or XML")),
        Some(_) => Ok(()),
    }
}

fn transcribed(call: &ModelCall, received: Received<'_>) -> Result<Incoming, NotAnAnswer> {
    let format =
        transcript(call).map_or_else(|_| TranscriptFormat::default(), |asked| asked.format);
    let media_type = format.media_type();
    let body = &received.body;
    let mut usage = None;
    if media_type == "application/json" {
        let no_text = || {
            let wrong = Malformed::new("text", "is missing; it must be a string");
            not_an_answer(Dialect::OpenAi, body, &wrong)
        };
        let read: serde_json::Value = serde_json::from_slice(body).map_err(|_| no_text())?;
        let has_text = ["text", "segments"]
            .iter()
            .any(|name| read.get(name).is_some());
        if !has_text {
            return Err(no_text());
        }
        usage = tokens(&read);
    } else if body.trim_ascii().is_empty() {
        // Silence has no words.
    } else {
        not_words(body)?;
    }
    Ok(Incoming {
        content_type: received.content_type.unwrap_or(media_type).to_owned(),
        ..Incoming::json(received.body, usage)
    })
}

/// The newer models' count; the older ones are paid by the minute.
fn tokens(answer: &serde_json::Value) -> Option<Usage> {
    let count = |name: &str| answer.pointer(&format!("/usage/{name}"))?.as_u64();
    Some(Usage {
        input: count("input_tokens")?,
        output: count("output_tokens").unwrap_or(0),
        ..Usage::default()
    })
}

fn malformed(detail: &str) -> NotAnAnswer {
    NotAnAnswer::Malformed(detail.to_owned())
}

#[cfg(test)]
mod tests;

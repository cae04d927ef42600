//! What is answered to tasks other than conversations, in OpenAI's dialect and in those that have the task too. All
//! of it follows from the request: what is read aloud can be written down again.

use bytes::Bytes;
use guichet_catalogue::model::{Dialect, Task};
use guichet_dialects::chat::{Media, Part, Usage};
use guichet_dialects::embeddings::{EmbeddingInput, EmbeddingsAnswer};
use guichet_dialects::error::Malformed;
use guichet_dialects::images::{Delivery, Image, ImagesAnswer};
use guichet_dialects::moderations::{Judgement, ModerationAnswer, ModerationInput};
use guichet_dialects::openai::{embeddings, images, moderations, speech};
use guichet_dialects::rerank::{self, Ranked, RerankAnswer};
use guichet_dialects::transcription::{Form, TranscriptFormat, TranscriptionRequest};
use guichet_engine::transport::UpstreamResponse;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::mind::words;
use crate::alphabet::made;
use crate::quota::models::Demand;

/// Stands before the text in what is read aloud.
const SPOKEN: &str = "sound of: ";
/// How many numbers a vector has where nobody asks for fewer.
const NUMBERS: usize = 16;
/// Bytes of a second of sound, as an MP3 of a usual rate has.
const BYTES_A_SECOND: usize = 16_000;
/// A picture of one point.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// An answer, and what it takes.
pub(crate) struct Done {
    pub(crate) response: UpstreamResponse,
    pub(crate) demand: Demand,
}

/// Answers a task. `content_type` is that of the request.
pub(crate) fn answer(
    task: Task,
    dialect: Dialect,
    model: &str,
    content_type: &str,
    body: &[u8],
) -> Result<Done, Malformed> {
    match (task, dialect) {
        (Task::Embeddings, Dialect::Gemini) => gemini_vectors(body),
        (Task::Embeddings, Dialect::Ollama) => ollama_vectors(model, body),
        (Task::Embeddings, _) => openai_vectors(body),
        (Task::Speech, _) => say(body),
        (Task::Transcription | Task::Translation, _) => listen(task, content_type, body),
        (Task::Images, _) => paint(body),
        (Task::Moderation, _) => judge(body),
        (Task::Rerank, _) => rank(body),
        (Task::Chat, _) => Err(Malformed::new("", "a conversation is answered elsewhere")),
    }
}

fn done(body: Vec<u8>, tokens: u64) -> Done {
    let response = UpstreamResponse {
        body: body.into(),
        ..made(200, "application/json", "")
    };
    Done {
        response,
        demand: Demand {
            input: as_units(tokens),
            ..Demand::default()
        },
    }
}

fn as_units(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

/// A vector of length 1 that follows from the text: how often its letters fall on each place.
fn vector(text: &str, numbers: usize) -> Vec<f32> {
    let mut counts = vec![1_u16; numbers.max(1)];
    for (at, byte) in text.bytes().enumerate() {
        let place = (usize::from(byte) + at % 7) % counts.len();
        counts[place] = counts[place].saturating_add(1);
    }
    let length = counts
        .iter()
        .map(|count| f32::from(*count).powi(2))
        .sum::<f32>()
        .sqrt();
    counts
        .into_iter()
        .map(|count| f32::from(count) / length)
        .collect()
}

fn openai_vectors(body: &[u8]) -> Result<Done, Malformed> {
    let request = embeddings::read_request(body)?;
    let numbers = request
        .dimensions
        .and_then(|numbers| usize::try_from(numbers).ok());
    let texts: Vec<String> = request
        .input
        .iter()
        .map(|input| match input {
            EmbeddingInput::Text(text) => text.clone(),
            EmbeddingInput::Tokens(tokens) => format!("{tokens:?}"),
        })
        .collect();
    let took = texts.iter().map(|text| words(text)).sum();
    let answer = EmbeddingsAnswer {
        model: request.model.clone(),
        vectors: texts
            .iter()
            .map(|text| vector(text, numbers.unwrap_or(NUMBERS)))
            .collect(),
        usage: Some(input_of(took)),
        extra: serde_json::Map::new(),
    };
    Ok(done(
        embeddings::write_answer(&answer, request.encoding),
        took,
    ))
}

fn input_of(tokens: u64) -> Usage {
    Usage {
        input: tokens,
        ..Usage::default()
    }
}

fn json_of(body: &[u8]) -> Result<Value, Malformed> {
    serde_json::from_slice(body)
        .map_err(|error| Malformed::new("", format!("the body is not valid JSON: {error}")))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn gemini_vectors(body: &[u8]) -> Result<Done, Malformed> {
    let body = json_of(body)?;
    let mut took = 0;
    let vectors: Vec<Value> = list(&body["requests"])
        .iter()
        .map(|one| {
            let texts = list(&one["content"]["parts"])
                .iter()
                .filter_map(|part| part["text"].as_str());
            let text = texts.collect::<Vec<_>>().join("\n");
            took += words(&text);
            let numbers = one["outputDimensionality"]
                .as_u64()
                .and_then(|it| usize::try_from(it).ok());
            json!({"values": vector(&text, numbers.unwrap_or(NUMBERS))})
        })
        .collect();
    let body = json!({"embeddings": vectors, "usageMetadata": {"promptTokenCount": took}});
    Ok(done(body.to_string().into_bytes(), took))
}

fn ollama_vectors(model: &str, body: &[u8]) -> Result<Done, Malformed> {
    let body = json_of(body)?;
    let texts: Vec<&str> = match &body["input"] {
        Value::String(text) => vec![text],
        input => list(input).iter().filter_map(Value::as_str).collect(),
    };
    let numbers = body["dimensions"]
        .as_u64()
        .and_then(|it| usize::try_from(it).ok());
    let took = texts.iter().map(|text| words(text)).sum();
    let vectors: Vec<Vec<f32>> = texts
        .iter()
        .map(|text| vector(text, numbers.unwrap_or(NUMBERS)))
        .collect();
    let body = json!({"model": model, "embeddings": vectors, "prompt_eval_count": took});
    Ok(done(body.to_string().into_bytes(), took))
}

fn say(body: &[u8]) -> Result<Done, Malformed> {
    let request = speech::read_request(body)?;
    let mut done = done(
        format!("ID3{SPOKEN}{}", request.input).into_bytes(),
        words(&request.input),
    );
    let kind = HeaderValue::from_static(request.media_type());
    done.response.headers.insert(CONTENT_TYPE, kind);
    done.demand.characters = as_units(request.input.chars().count() as u64);
    Ok(done)
}

fn listen(task: Task, content_type: &str, body: &[u8]) -> Result<Done, Malformed> {
    let body = Bytes::copy_from_slice(body);
    let request = TranscriptionRequest::read(content_type, body.clone())?;
    let form = Form::read(content_type, body)?;
    let sound = form
        .part("file")
        .map(|part| form.content(part))
        .unwrap_or_default();
    let heard = String::from_utf8_lossy(&sound);
    let heard = heard.split_once(SPOKEN).map_or_else(
        || format!("I heard {} bytes.", sound.len()),
        |(_, text)| text.to_owned(),
    );
    let text = if task == Task::Translation {
        format!("In English: {heard}")
    } else {
        heard
    };
    let seconds = u32::try_from(sound.len().div_ceil(BYTES_A_SECOND).max(1)).unwrap_or(u32::MAX);
    let end = format!("00:{:02}:{:02}", seconds / 60 % 60, seconds % 60);
    let written = match request.format {
        TranscriptFormat::Json => json!({"text": text, "usage": {"type": "duration", "seconds": seconds}}).to_string(),
        TranscriptFormat::Text => format!("{text}\n"),
        TranscriptFormat::Srt => format!("1\n00:00:00,000 --> {end},000\n{text}\n\n"),
        TranscriptFormat::Vtt => format!("WEBVTT\n\n00:00:00.000 --> {end}.000\n{text}\n"),
        TranscriptFormat::VerboseJson | TranscriptFormat::DiarizedJson => json!({
            "task": if task == Task::Translation { "translate" } else { "transcribe" },
            "language": request.language.as_deref().unwrap_or("english"), "duration": seconds, "text": text,
            "segments": [{"id": 0, "start": 0.0, "end": seconds, "text": text}],
        })
        .to_string(),
    };
    let mut done = done(written.into_bytes(), words(&text));
    let kind = HeaderValue::from_static(request.format.media_type());
    done.response.headers.insert(CONTENT_TYPE, kind);
    done.demand.seconds = f64::from(seconds);
    Ok(done)
}

fn paint(body: &[u8]) -> Result<Done, Malformed> {
    let request = images::read_request(body)?;
    let count = request.count.unwrap_or(1).clamp(1, 10);
    let media = |place: u64| match request.delivery {
        Some(Delivery::Url) => Media::Url(format!("https://images.example/{place}.png")),
        _ => Media::Inline {
            media_type: "image/png".to_owned(),
            data: PICTURE.to_owned(),
        },
    };
    let painted = (0..count).map(|place| Image {
        media: media(place),
        revised_prompt: None,
    });
    let answer = ImagesAnswer {
        created: Some(0),
        images: painted.collect(),
        extra: serde_json::Map::new(),
    };
    let body = images::write_answer(&answer, request.delivery);
    Ok(done(body, words(&request.prompt)))
}

/// Whatever speaks of violence is violent.
fn judge(body: &[u8]) -> Result<Done, Malformed> {
    let request = moderations::read_request(body)?;
    let mut took = 0;
    let results = request
        .input
        .iter()
        .map(|input| {
            let text = match input {
                ModerationInput::Text(text) => text.clone(),
                ModerationInput::Parts(parts) => {
                    parts.iter().filter_map(said).collect::<Vec<_>>().join("\n")
                }
            };
            took += words(&text);
            let flagged = ["violence", "kill"].iter().any(|word| text.contains(word));
            let score = if flagged { 0.98 } else { 0.01 };
            Judgement {
                flagged,
                categories: [("violence".to_owned(), flagged)].into(),
                scores: [("violence".to_owned(), score)].into(),
            }
        })
        .collect();
    let answer = ModerationAnswer {
        id: "modr-sim".to_owned(),
        model: request.model.unwrap_or_default(),
        results,
    };
    Ok(done(moderations::write_answer(&answer), took))
}

fn said(part: &Part) -> Option<&str> {
    match part {
        Part::Text { text, .. } => Some(text),
        _ => None,
    }
}

/// A text answers a question as well as it has words of it.
fn rank(body: &[u8]) -> Result<Done, Malformed> {
    let request = rerank::read_request(body)?;
    let asked: Vec<String> = request
        .query
        .split_whitespace()
        .map(str::to_lowercase)
        .collect();
    let score = |document: &String| {
        let document = document.to_lowercase();
        let shared = asked
            .iter()
            .filter(|word| document.contains(&***word))
            .count();
        as_units(shared as u64) / as_units(asked.len().max(1) as u64)
    };
    let took = request
        .documents
        .iter()
        .map(|text| words(text))
        .sum::<u64>()
        + words(&request.query);
    let answer = RerankAnswer {
        id: "rank-sim".to_owned(),
        model: request.model.clone(),
        results: request
            .documents
            .iter()
            .enumerate()
            .map(|(index, document)| Ranked {
                index,
                score: score(document),
            })
            .collect(),
        usage: Some(input_of(took)),
    };
    Ok(done(rerank::write_answer(&answer, &request), took))
}

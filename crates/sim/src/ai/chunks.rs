//! Streams of OpenAI's dialect, in the accent of each provider.

use guichet_dialects::chat::{Event, Usage};
use guichet_dialects::framing::write_frame;
use guichet_dialects::openai::chat::{StreamWriter, write_answer};
use serde_json::{Map, Value, json};

use super::events::Pieces;
use super::voice::{Accent, UsagePlace, Voice};
use crate::alphabet::{Part, Piece};
use guichet_dialects::chat::Answer;

/// The pieces of a stream. `usage` says whether the caller asked for it.
pub(crate) fn pieces(voice: Voice, events: &[Event], usage: bool) -> Vec<Piece> {
    let accent = voice.accent();
    let mut writer = StreamWriter::new(usage && accent.usage != UsagePlace::WithFinish);
    let mut pieces = Pieces::default();
    for _ in 0..accent.comments {
        pieces.put(Part::Opening, voice.comment().to_vec());
    }
    let took = events.iter().find_map(|event| match event {
        Event::Usage(usage) => Some(*usage),
        _ => None,
    });
    let last_finish = events
        .iter()
        .rposition(|event| matches!(event, Event::Finish { .. }));
    for (at, event) in events.iter().enumerate() {
        let mut out = Vec::new();
        writer.write(event, &mut out);
        if !matches!(event, Event::Start { .. }) && has_role(&out) {
            // The first chunk has said whose turn it is; clients that add up what comes would read it twice.
            out = edited(&out, without_role);
        }
        match event {
            Event::Start {
                id, model, created, ..
            } => {
                first_chunk(id, model, created.unwrap_or(0), &mut out);
            }
            Event::End if !accent.done => out = without_mark(out),
            Event::Finish { .. } if Some(at) == last_finish => {
                out = edited(&out, |chunk| finish(chunk, accent, took));
            }
            Event::Thinking { .. } => out = edited(&out, |chunk| rename_thoughts(chunk, accent)),
            _ => {}
        }
        pieces.add(event, out);
    }
    pieces.done()
}

/// The chunk that says whose turn it is, and no more.
fn first_chunk(id: &str, model: &str, created: i64, out: &mut Vec<u8>) {
    let chunk = json!({
        "id": id, "object": "chat.completion.chunk", "created": created, "model": model,
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": null}],
    });
    write_frame(out, None, chunk.to_string().as_bytes());
}

fn has_role(out: &[u8]) -> bool {
    const ROLE: &[u8] = b"\"role\":";
    out.windows(ROLE.len()).any(|window| window == ROLE)
}

fn without_role(chunk: &mut Map<String, Value>) {
    let choices = chunk.get_mut("choices").and_then(Value::as_array_mut);
    let first = choices
        .into_iter()
        .flatten()
        .filter(|choice| choice["index"] == 0);
    for choice in first {
        if let Some(delta) = choice["delta"].as_object_mut() {
            delta.remove("role");
        }
    }
}

fn without_mark(out: Vec<u8>) -> Vec<u8> {
    const MARK: &[u8] = b"data: [DONE]\n\n";
    match out.strip_suffix(MARK) {
        Some(rest) => rest.to_vec(),
        None => out,
    }
}

/// The same frames with each chunk changed.
fn edited(frames: &[u8], mut edit: impl FnMut(&mut Map<String, Value>)) -> Vec<u8> {
    let text = String::from_utf8_lossy(frames);
    let mut out = Vec::new();
    for frame in text.split_terminator("\n\n") {
        let data = frame.strip_prefix("data: ").unwrap_or(frame);
        match serde_json::from_str(data) {
            Ok(Value::Object(mut chunk)) => {
                edit(&mut chunk);
                write_frame(&mut out, None, Value::Object(chunk).to_string().as_bytes());
            }
            _ => write_frame(&mut out, None, data.as_bytes()),
        }
    }
    out
}

fn finish(chunk: &mut Map<String, Value>, accent: &Accent, took: Option<Usage>) {
    let Some(took) = took else { return };
    match accent.usage {
        UsagePlace::OnRequest => {}
        UsagePlace::WithFinish => {
            chunk.insert("usage".into(), usage(took));
        }
        UsagePlace::Groq => {
            chunk.insert(
                "x_groq".into(),
                json!({"id": "req_sim", "usage": usage(took)}),
            );
        }
    }
}

fn usage(took: Usage) -> Value {
    json!({
        "prompt_tokens": took.input, "completion_tokens": took.output, "total_tokens": took.total(),
    })
}

fn rename_thoughts(object: &mut Map<String, Value>, accent: &Accent) {
    for choice in object
        .get_mut("choices")
        .into_iter()
        .filter_map(Value::as_array_mut)
        .flatten()
    {
        for name in ["delta", "message"] {
            let Some(said) = choice.get_mut(name).and_then(Value::as_object_mut) else {
                continue;
            };
            if let Some(thoughts) = said.remove("reasoning_content") {
                said.insert(accent.thoughts.into(), thoughts);
            }
        }
    }
}

/// A whole answer.
pub(crate) fn whole(voice: Voice, answer: &Answer) -> Vec<u8> {
    let accent = voice.accent();
    let written = write_answer(answer);
    let Ok(Value::Object(mut body)) = serde_json::from_slice(&written) else {
        return written;
    };
    rename_thoughts(&mut body, accent);
    if accent.usage == UsagePlace::Groq {
        body.insert("x_groq".into(), json!({"id": "req_sim"}));
    }
    let body = Value::Object(body).to_string();
    let blank = if accent.blank_lines { "\n\n" } else { "" };
    format!("{blank}{body}").into_bytes()
}

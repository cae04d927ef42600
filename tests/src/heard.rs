//! What a caller hears of a stream, by whatever door it comes.

use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt};
use guichet_dialects::chat::{Event, Finish};
use guichet_dialects::framing::{Frame, Frames, Framing};
use guichet_dialects::{anthropic, openai};
use guichet_engine::ai::Door;
use serde_json::Value;

/// What has been heard when a stream is over.
#[derive(Debug, Default)]
pub struct Heard {
    /// The answer's text.
    pub text: String,
    /// Why the answer ended, if that was said.
    pub finish: Option<Finish>,
    /// What it took, tokens in and out, if that was said.
    pub usage: Option<(u64, u64)>,
    /// Whether the stream said that it is whole.
    pub ended: bool,
    /// Whether the stream said that it failed.
    pub failed: bool,
}

impl Heard {
    /// Hears a stream to its end.
    ///
    /// # Panics
    /// When the caller could not read it.
    pub async fn of(door: Door, mut pieces: BoxStream<'static, Bytes>) -> Self {
        let mut heard = Self::default();
        let mut frames = Frames::new(Framing::ServerSentEvents);
        let mut ear = Ear::of(door);
        while let Some(piece) = pieces.next().await {
            frames.push(&piece);
            while let Some(frame) = frames.next().unwrap_or_else(|error| panic!("{error}")) {
                ear.hear(&frame, &mut heard);
            }
        }
        assert!(!frames.pending(), "only whole events reach the caller");
        heard
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Text { text, .. } => self.text.push_str(text),
            Event::Finish { reason, .. } => self.finish = Some(reason.clone()),
            Event::Usage(usage) => self.usage = Some((usage.input, usage.output)),
            Event::End => self.ended = true,
            Event::Failed(_) => self.failed = true,
            _ => {}
        }
    }
}

/// A reader of one door's streams.
enum Ear {
    Chat(openai::chat::StreamReader),
    Messages(anthropic::StreamReader),
    Responses,
    Completions,
}

impl Ear {
    fn of(door: Door) -> Self {
        match door {
            Door::Messages => Self::Messages(anthropic::StreamReader::default()),
            Door::Responses => Self::Responses,
            Door::Completions => Self::Completions,
            _ => Self::Chat(openai::chat::StreamReader::default()),
        }
    }

    fn hear(&mut self, frame: &Frame<'_>, heard: &mut Heard) {
        let mut events = Vec::new();
        let read = match self {
            Self::Chat(reader) => reader.read(frame, &mut events),
            Self::Messages(reader) => reader.read(frame, &mut events),
            Self::Responses => return hear_response(frame.data, heard),
            Self::Completions => return hear_completion(frame.data, heard),
        };
        read.unwrap_or_else(|error| panic!("the caller cannot read it: {error}"));
        for event in &events {
            heard.take(event);
        }
    }
}

fn hear_response(data: &[u8], heard: &mut Heard) {
    let event: Value = serde_json::from_slice(data).unwrap_or_else(|error| panic!("{error}"));
    assert!(
        !heard.ended && (!heard.failed || event["type"] == "response.failed"),
        "nothing follows an end: {event}"
    );
    match event["type"].as_str() {
        Some("response.output_text.delta") => {
            heard.text += event["delta"].as_str().unwrap_or_default();
        }
        Some(end @ ("response.completed" | "response.incomplete")) => {
            let usage = &event["response"]["usage"];
            heard.finish = Some(match end {
                "response.completed" => Finish::Stop,
                _ => Finish::Length,
            });
            heard.usage = tokens(usage, "input_tokens", "output_tokens");
            heard.ended = true;
        }
        Some("error" | "response.failed") => heard.failed = true,
        _ => {}
    }
}

fn hear_completion(data: &[u8], heard: &mut Heard) {
    assert!(!heard.ended && !heard.failed, "nothing follows an end");
    if data == b"[DONE]" {
        heard.ended = true;
        return;
    }
    let chunk: Value = serde_json::from_slice(data).unwrap_or_else(|error| panic!("{error}"));
    heard.failed |= chunk.get("error").is_some();
    let choice = &chunk["choices"][0];
    heard.text += choice["text"].as_str().unwrap_or_default();
    match choice["finish_reason"].as_str() {
        Some("stop") => heard.finish = Some(Finish::Stop),
        Some(other) => heard.finish = Some(Finish::Other(other.to_owned())),
        None => {}
    }
    let usage = tokens(&chunk["usage"], "prompt_tokens", "completion_tokens");
    heard.usage = usage.or(heard.usage);
}

fn tokens(usage: &Value, input: &str, output: &str) -> Option<(u64, u64)> {
    Some((usage[input].as_u64()?, usage[output].as_u64()?))
}

//! Streams: Anthropic's read, others' written as Anthropic's, and both ways without loss.

mod properties;
mod read;
mod write;

use serde_json::{Value, json};

use super::*;
use crate::chat::{Event, Finish};
use crate::framing::{Frames, Framing};

/// Shapes: <https://platform.claude.com/docs/en/build-with-claude/streaming> and
/// <https://github.com/anthropics/anthropic-sdk-python/tree/main/tests/lib/streaming/fixtures>.
const STREAM: &str = include_str!("../fixtures/thinking_search_and_tools.txt");

fn read(body: &str) -> Vec<Event> {
    let mut frames = Frames::new(Framing::ServerSentEvents);
    frames.push(body.as_bytes());
    let mut reader = StreamReader::default();
    let mut events = Vec::new();
    while let Some(frame) = frames.next().unwrap() {
        reader.read(&frame, &mut events).unwrap();
    }
    reader.finish(&mut events);
    events
}

fn write(events: &[Event]) -> String {
    let mut writer = StreamWriter::default();
    let mut out = Vec::new();
    for event in events {
        writer.write(event, &mut out);
    }
    String::from_utf8(out).unwrap()
}

/// The names and the data of a written stream.
fn frames_of(body: &str) -> Vec<(String, Value)> {
    let mut frames = Frames::new(Framing::ServerSentEvents);
    frames.push(body.as_bytes());
    let mut seen = Vec::new();
    while let Some(frame) = frames.next().unwrap() {
        let data: Value = serde_json::from_slice(frame.data).unwrap();
        assert_eq!(data["type"], frame.event.unwrap(), "SDKs go by either");
        seen.push((frame.event.unwrap().to_owned(), data));
    }
    seen
}

/// The message that a client puts together, as the official SDK does: by index, deltas onto the block that began.
fn assembled(body: &str) -> Value {
    let mut message = Value::Null;
    let mut open: Option<u64> = None;
    let mut input = String::new();
    for (name, data) in frames_of(body) {
        let index = data["index"].as_u64();
        match name.as_str() {
            "message_start" => message = data["message"].clone(),
            "content_block_start" => {
                assert_eq!(open, None, "a block begins after the one before has ended");
                let content = message["content"].as_array_mut().unwrap();
                assert_eq!(index, Some(content.len() as u64));
                content.push(data["content_block"].clone());
                open = index;
                input.clear();
            }
            "content_block_delta" => {
                assert_eq!(index, open);
                let block = message["content"]
                    .as_array_mut()
                    .unwrap()
                    .last_mut()
                    .unwrap();
                let delta = &data["delta"];
                let kind = delta["type"].as_str().unwrap();
                let append = |block: &mut Value, name: &str| {
                    let text = block[name].as_str().unwrap().to_owned();
                    block[name] = json!(text + delta[name].as_str().unwrap());
                };
                match kind {
                    "text_delta" => append(block, "text"),
                    "thinking_delta" => append(block, "thinking"),
                    "signature_delta" => block["signature"] = delta["signature"].clone(),
                    "citations_delta" => {
                        if block["citations"].is_null() {
                            block["citations"] = json!([]);
                        }
                        let list = block["citations"].as_array_mut().unwrap();
                        list.push(delta["citation"].clone());
                    }
                    "input_json_delta" => {
                        input.push_str(delta["partial_json"].as_str().unwrap());
                        if let Ok(value) = serde_json::from_str(&input) {
                            block["input"] = value;
                        }
                    }
                    other => panic!("{other}"),
                }
            }
            "content_block_stop" => assert_eq!(open.take(), index),
            "message_delta" => {
                for (name, value) in data["delta"].as_object().unwrap() {
                    message[name] = value.clone();
                }
                for (name, value) in data["usage"].as_object().unwrap() {
                    message["usage"][name] = value.clone();
                }
            }
            "message_stop" | "ping" => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(open, None);
    message
}

fn start() -> Event {
    Event::Start {
        id: "chatcmpl-1".into(),
        model: "llama".into(),
        created: Some(1),
        usage: None,
    }
}

fn text(text: &str) -> Event {
    Event::Text {
        choice: 0,
        text: text.into(),
    }
}

fn call(call: usize, id: &str) -> Event {
    Event::ToolCall {
        choice: 0,
        call,
        id: id.into(),
        name: "weather".into(),
        signature: None,
    }
}

fn arguments(call: usize, fragment: &str) -> Event {
    Event::Arguments {
        choice: 0,
        call,
        fragment: fragment.into(),
    }
}

fn finish(reason: Finish) -> Event {
    Event::Finish {
        choice: 0,
        reason,
        stop_sequence: None,
    }
}

//! Streams: Anthropic's read, others' written as Anthropic's, and both ways without loss.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat::{Event, Finish, Part, Usage};
use crate::error::ProviderError;
use crate::framing::{Frames, Framing};

/// Shapes: <https://platform.claude.com/docs/en/build-with-claude/streaming> and
/// <https://github.com/anthropics/anthropic-sdk-python/tree/main/tests/lib/streaming/fixtures>.
const STREAM: &str = include_str!("fixtures/thinking_search_and_tools.txt");

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

#[test]
fn a_stream_with_all_kinds_of_blocks_is_read() {
    insta::assert_debug_snapshot!(read(STREAM));
}

#[test]
fn what_was_read_is_written_again_to_the_same_message() {
    let written = write(&read(STREAM));
    assert_eq!(assembled(&written)["content"], assembled(STREAM)["content"]);
    insta::assert_snapshot!(written);
}

#[test]
fn usage_is_cumulative_and_cached_tokens_are_counted_as_input() {
    let usage: Vec<_> = read(STREAM)
        .into_iter()
        .filter_map(|event| match event {
            Event::Start { usage, .. } => usage,
            Event::Usage(usage) => Some(usage),
            _ => None,
        })
        .collect();
    let first = usage.first().unwrap();
    let last = usage.last().unwrap();
    assert_eq!((first.input, first.output), (1110, 1));
    assert_eq!(
        (last.input, last.cached, last.cache_written),
        (3110, Some(1000), Some(100))
    );
    assert_eq!((last.output, last.reasoning), (89, Some(30)));
}

#[test]
fn a_stream_of_another_dialect_gets_blocks_in_order() {
    let body = write(&[
        start(),
        text("Let me "),
        text("see."),
        call(0, "call_a"),
        arguments(0, "{\"city\":"),
        arguments(0, "\"Bern\"}"),
        call(1, "call_b"),
        arguments(1, "{}"),
        finish(Finish::ToolCalls),
        Event::Usage(Usage {
            input: 12,
            output: 9,
            cached: Some(2),
            ..Usage::default()
        }),
        Event::End,
    ]);
    insta::assert_snapshot!(body);
    let message = assembled(&body);
    assert_eq!(message["stop_reason"], "tool_use");
    assert_eq!(
        message["usage"]["input_tokens"], 10,
        "without what came from a cache"
    );
}

#[test]
fn fragments_of_parallel_calls_that_come_in_turns_are_put_in_order() {
    let body = write(&[
        start(),
        call(0, "a"),
        call(1, "b"),
        call(2, "c"),
        arguments(1, "{\"n\":"),
        arguments(0, "{\"t\":\"}\\\"{"),
        arguments(2, "{}"),
        arguments(1, "2}"),
        arguments(0, "\"}"),
        finish(Finish::Stop),
        Event::End,
    ]);
    let message = assembled(&body);
    let inputs: Vec<_> = message["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| (block["id"].clone(), block["input"].clone()))
        .collect();
    assert_eq!(
        inputs,
        [
            (json!("a"), json!({"t": "}\"{"})),
            (json!("b"), json!({"n": 2})),
            (json!("c"), json!({})),
        ]
    );
    assert_eq!(
        message["stop_reason"], "tool_use",
        "even where the provider says that it merely stopped"
    );
}

#[test]
fn a_call_without_arguments_has_an_empty_object() {
    let message = assembled(&write(&[
        start(),
        call(0, "a"),
        call(1, "b"),
        finish(Finish::ToolCalls),
        Event::End,
    ]));
    let content = message["content"].as_array().unwrap();
    assert_eq!(content.len(), 2);
    assert!(content.iter().all(|block| block["input"] == json!({})));
}

#[test]
fn only_the_first_of_several_answers_is_written() {
    let other = Event::Text {
        choice: 1,
        text: "other".into(),
    };
    let message = assembled(&write(&[
        start(),
        text("one"),
        other,
        finish(Finish::Stop),
        Event::End,
    ]));
    assert_eq!(message["content"], json!([{"type": "text", "text": "one"}]));
}

#[test]
fn a_cut_by_length_is_one_and_a_stop_text_is_told() {
    let ended = |reason: Finish, sequence: Option<&str>| {
        let finish = Event::Finish {
            choice: 0,
            reason,
            stop_sequence: sequence.map(Into::into),
        };
        let message = assembled(&write(&[start(), text("x"), finish, Event::End]));
        (
            message["stop_reason"].clone(),
            message["stop_sequence"].clone(),
        )
    };
    assert_eq!(
        ended(Finish::Length, None),
        (json!("max_tokens"), Value::Null)
    );
    assert_eq!(
        ended(Finish::Stop, Some("END")),
        (json!("stop_sequence"), json!("END"))
    );
    assert_eq!(
        ended(Finish::ContentFilter, None),
        (json!("refusal"), Value::Null)
    );
    assert_eq!(
        ended(Finish::Pause, None),
        (json!("pause_turn"), Value::Null)
    );
}

#[test]
fn thoughts_with_signatures_are_blocks_of_their_own() {
    let thought = |text: &str| Event::Thinking {
        choice: 0,
        text: text.into(),
    };
    let signed = |signature: &str| Event::Signature {
        choice: 0,
        signature: signature.into(),
    };
    let body = write(&[
        start(),
        thought("a"),
        signed("S1"),
        signed("S2"),
        thought("b"),
        signed("S3"),
        text("c"),
        signed("T"),
        finish(Finish::Stop),
        Event::End,
    ]);
    assert_eq!(
        assembled(&body)["content"],
        json!([
            {"type": "thinking", "thinking": "a", "signature": "S1"},
            {"type": "thinking", "thinking": "", "signature": "S2"},
            {"type": "thinking", "thinking": "b", "signature": "S3"},
            {"type": "text", "text": "c"},
            {"type": "redacted_thinking", "data": "guichet.signature.previous.T"},
        ])
    );
}

#[test]
fn the_token_of_a_call_is_carried_before_it() {
    let signed = Event::ToolCall {
        choice: 0,
        call: 0,
        id: "a".into(),
        name: "n".into(),
        signature: Some("T".into()),
    };
    let message = assembled(&write(&[
        start(),
        signed,
        arguments(0, "{}"),
        finish(Finish::Stop),
        Event::End,
    ]));
    assert_eq!(message["content"][0]["data"], "guichet.signature.next.T");
    assert_eq!(message["content"][1]["type"], "tool_use");
}

#[test]
fn an_error_event_is_a_failure_and_nothing_follows_it() {
    let body = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    let error = ProviderError {
        status: Some(529),
        kind: Some("overloaded_error".into()),
        message: "Overloaded".into(),
        ..ProviderError::default()
    };
    assert_eq!(read(body), [Event::Failed(error.clone())]);
    let written = write(&[start(), text("x"), Event::Failed(error), Event::End]);
    let frames = frames_of(&written);
    let (name, data) = frames.last().unwrap();
    assert_eq!(name, "error");
    assert_eq!(data["error"]["type"], "overloaded_error");
}

#[test]
fn a_stream_that_is_cut_off_has_no_end() {
    let cut = STREAM.split("event: message_stop").next().unwrap();
    assert!(!read(cut).contains(&Event::End));
    assert_eq!(read(STREAM).last(), Some(&Event::End));
}

#[test]
fn a_server_that_sends_all_arguments_at_once_is_understood() {
    let body = "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"weather\",\"input\":{\"city\":\"Bern\"}}}\n\n\
        data: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
    assert_eq!(
        read(body),
        [call(0, "a"), arguments(0, "{\"city\":\"Bern\"}")]
    );
}

#[test]
fn unknown_events_and_pings_disturb_nothing() {
    let body =
        "event: ping\ndata: {\"type\": \"ping\"}\n\nevent: new\ndata: {\"type\": \"new\"}\n\n";
    assert_eq!(read(body), [Event::KeepAlive]);
    assert_eq!(
        write(&[Event::KeepAlive]),
        "event: ping\ndata: {\"type\":\"ping\"}\n\n"
    );
}

#[test]
fn a_picture_in_an_answer_is_left_out_and_breaks_nothing() {
    let picture = Event::Whole {
        choice: 0,
        part: Part::Other {
            value: json!({"executableCode": {}}),
        },
    };
    let message = assembled(&write(&[
        start(),
        text("a"),
        picture,
        text("b"),
        finish(Finish::Stop),
        Event::End,
    ]));
    assert_eq!(message["content"].as_array().unwrap().len(), 2);
}

fn any_event() -> impl Strategy<Value = Event> {
    let words = "[a-z{}\":\\\\]{0,4}";
    prop_oneof![
        words.prop_map(|word| text(&word)),
        words.prop_map(|text| Event::Thinking { choice: 0, text }),
        words.prop_map(|signature| Event::Signature {
            choice: 0,
            signature
        }),
        (0usize..3, words).prop_map(|(place, id)| call(place, &id)),
        (0usize..3, words).prop_map(|(place, fragment)| arguments(place, &fragment)),
        Just(Event::KeepAlive),
        words.prop_map(|data| Event::Whole {
            choice: 0,
            part: Part::Thinking {
                text: String::new(),
                signature: Some(data),
                redacted: true
            },
        }),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_the_blocks_are_well_formed_and_no_text_is_lost(
        events in proptest::collection::vec(any_event(), 0..20),
    ) {
        let mut all = vec![start()];
        all.extend(events.iter().cloned());
        all.extend([finish(Finish::Stop), Event::End]);
        let message = assembled(&write(&all));
        let texts: String = message["content"].as_array().unwrap().iter()
            .filter_map(|block| block["text"].as_str()).collect();
        let expected: String = events.iter().filter_map(|event| match event {
            Event::Text { text, .. } => Some(text.as_str()),
            _ => None,
        }).collect();
        prop_assert_eq!(texts, expected);
    }

    #[test]
    fn no_bytes_make_it_panic(
        data in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..100),
            (0usize..STREAM.len(), "[\\[\\]{}\",:0-9]{0,3}").prop_map(|(at, with)| {
                let line = STREAM.lines().filter(|line| line.starts_with("data")).nth(at % 20).unwrap_or("");
                let cut = at % line.len().max(1);
                let cut = (0..=cut).rev().find(|cut| line.is_char_boundary(*cut)).unwrap_or(0);
                format!("{}{with}{}", &line[..cut], &line[cut..]).into_bytes()
            }),
        ],
    ) {
        let mut reader = StreamReader::default();
        let frame = crate::framing::Frame { event: None, data: data.strip_prefix(b"data: ").unwrap_or(&data) };
        let _ = reader.read(&frame, &mut Vec::new());
    }
}

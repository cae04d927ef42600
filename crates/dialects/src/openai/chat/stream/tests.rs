//! Shapes: <https://github.com/openai/openai-python> `src/openai/types/chat/chat_completion_chunk.py`; Mistral's
//! thoughts: <https://docs.mistral.ai/capabilities/reasoning>; OpenRouter's errors:
//! <https://openrouter.ai/docs/api-reference/errors>. The values are our own.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    chat::{Event, Finish, Media, Part, Usage},
    framing::{Frame, Frames, Framing},
};

pub(super) fn read(chunks: &[Value]) -> Vec<Event> {
    let mut reader = StreamReader::default();
    let mut events = Vec::new();
    for chunk in chunks {
        let data = chunk.to_string();
        let frame = Frame {
            event: None,
            data: data.as_bytes(),
        };
        reader.read(&frame, &mut events).unwrap();
    }
    reader.finish(&mut events);
    events
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "so that a chunk reads as one expression"
)]
pub(super) fn delta(delta: Value) -> Value {
    json!({"id": "c1", "model": "m", "created": 7, "choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "so that a chunk reads as one expression"
)]
pub(super) fn calls(calls: Value) -> Value {
    delta(json!({"tool_calls": calls}))
}

#[test]
fn a_stream_is_read_in_order() {
    let events = read(&[
        delta(json!({"role": "assistant", "content": ""})),
        delta(json!({"reasoning_content": "Hm"})),
        delta(json!({"content": "Hel"})),
        delta(json!({"content": "lo", "refusal": "no"})),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}),
        json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8,
            "prompt_tokens_details": {"cached_tokens": 2}, "completion_tokens_details": {"reasoning_tokens": 1}}}),
    ]);
    insta::assert_debug_snapshot!(events);
}

#[test]
fn a_stream_without_its_mark_is_whole_only_if_every_answer_ended() {
    let finish = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    let other =
        json!({"choices": [{"index": 1, "delta": {"content": "x"}, "finish_reason": null}]});
    assert_eq!(
        read(std::slice::from_ref(&finish)).last(),
        Some(&Event::End)
    );
    assert_ne!(
        read(&[delta(json!({"content": "x"}))]).last(),
        Some(&Event::End)
    );
    assert_ne!(read(&[finish, other]).last(), Some(&Event::End));
    assert_eq!(read(&[]), []);
}

#[test]
fn stop_after_a_call_means_that_tools_are_wanted() {
    let events = read(&[
        calls(json!([{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}])),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    ]);
    assert!(events.iter().any(|event| matches!(
        event,
        Event::Finish {
            reason: Finish::ToolCalls,
            ..
        }
    )));
}

#[test]
fn thoughts_come_under_three_names_and_once() {
    let texts = |chunk: Value| {
        let events = read(&[delta(chunk)]);
        let thoughts = events
            .into_iter()
            .filter(|event| !matches!(event, Event::Start { .. }));
        thoughts.collect::<Vec<_>>()
    };
    let thought = Event::Thinking {
        choice: 0,
        text: "Hm".into(),
    };
    for chunk in [
        json!({"reasoning_content": "Hm"}),
        json!({"reasoning": "Hm"}),
        json!({"reasoning": "Hm", "reasoning_content": "Hm"}),
        json!({"reasoning": "Hm", "reasoning_details": [{"type": "reasoning.text", "text": "Hm"}]}),
        json!({"reasoning": "Hm", "reasoning_details": [{"type": "reasoning.summary", "summary": "Hm"}]}),
        json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]}),
    ] {
        assert_eq!(
            texts(chunk.clone()),
            std::slice::from_ref(&thought),
            "{chunk}"
        );
    }
    assert_eq!(
        texts(json!({"reasoning_details": [{"type": "reasoning.text", "signature": "c2ln"}]})),
        [Event::Signature {
            choice: 0,
            signature: "c2ln".into()
        }]
    );
}

#[test]
fn usage_is_found_wherever_it_stands() {
    let usage = Usage {
        input: 3,
        output: 5,
        ..Usage::default()
    };
    let told = json!({"prompt_tokens": 3, "completion_tokens": 5});
    for chunk in [
        json!({"choices": [], "usage": told}),
        json!({"choices": [], "x_groq": {"usage": told}}),
        json!({"choices": [{"index": 0, "delta": {}, "usage": told}]}),
        json!([{"choices": [], "usage": told}]),
    ] {
        assert!(
            read(std::slice::from_ref(&chunk)).contains(&Event::Usage(usage)),
            "{chunk}"
        );
    }
    let hidden = json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 18}});
    let thought = Usage {
        output: 15,
        reasoning: Some(10),
        ..usage
    };
    assert!(
        read(&[hidden]).contains(&Event::Usage(thought)),
        "xAI and Gemini count thoughts in the total only"
    );
}

#[test]
fn errors_within_a_stream_are_failures() {
    for chunk in [
        json!({"id": "g", "error": {"code": 502, "message": "Provider disconnected"}, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]}),
        json!({"object": "error", "message": "bad", "type": "BAD_REQUEST", "code": 400}),
        json!([{"error": {"code": 503, "status": "UNAVAILABLE", "message": "overloaded"}}]),
        json!({"choices": [{"index": 0, "error": {"code": 502, "message": "x"}}]}),
    ] {
        let events = read(std::slice::from_ref(&chunk));
        assert!(
            matches!(&events[..], [Event::Failed(_)]),
            "{chunk}: {events:?}"
        );
    }
    let failed = read(&[json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "error"}]})]);
    assert!(failed.iter().any(|event| matches!(
        event,
        Event::Finish {
            reason: Finish::Failed,
            ..
        }
    )));
}

/// One of every kind.
fn every_event() -> Vec<Event> {
    let choice = 0;
    vec![
        Event::Start {
            id: "c1".into(),
            model: "m".into(),
            created: Some(7),
            usage: None,
        },
        Event::KeepAlive,
        Event::Thinking {
            choice,
            text: "Let me ".into(),
        },
        Event::Thinking {
            choice,
            text: "look.".into(),
        },
        Event::Signature {
            choice,
            signature: "c2ln".into(),
        },
        Event::Whole {
            choice,
            part: Part::Thinking {
                text: String::new(),
                signature: Some("ZW5j".into()),
                redacted: true,
            },
        },
        Event::Text {
            choice,
            text: "A \"cat\"\n".into(),
        },
        Event::Signature {
            choice,
            signature: "dGV4dA==".into(),
        },
        Event::Citations {
            choice,
            value: json!([{"type": "url_citation", "url_citation": {"url": "https://example.org"}}]),
        },
        Event::Refusal {
            choice,
            text: "no".into(),
        },
        Event::ToolCall {
            choice,
            call: 0,
            id: "call_1".into(),
            name: "f".into(),
            signature: Some("Y2FsbA==".into()),
        },
        Event::Arguments {
            choice,
            call: 0,
            fragment: "{\"x\":".into(),
        },
        Event::Arguments {
            choice,
            call: 0,
            fragment: "1}".into(),
        },
        Event::ToolCall {
            choice,
            call: 1,
            id: "call_2".into(),
            name: "g".into(),
            signature: None,
        },
        Event::Whole {
            choice,
            part: Part::Image {
                media: Media::Inline {
                    media_type: "image/png".into(),
                    data: "aGk=".into(),
                },
                detail: None,
                cache: None,
            },
        },
        Event::Logprobs {
            choice,
            value: json!({"content": []}),
        },
        Event::Finish {
            choice,
            reason: Finish::ToolCalls,
            stop_sequence: None,
        },
        Event::Usage(Usage {
            input: 3,
            output: 5,
            cached: Some(1),
            ..Usage::default()
        }),
        Event::End,
    ]
}

fn write(events: &[Event], include_usage: bool) -> Vec<u8> {
    let mut writer = StreamWriter::new(include_usage);
    let mut out = Vec::new();
    for event in events {
        writer.write(event, &mut out);
    }
    out
}

fn read_back(body: &[u8]) -> Vec<Event> {
    let mut frames = Frames::new(Framing::ServerSentEvents);
    frames.push(body);
    let mut reader = StreamReader::default();
    let mut events = Vec::new();
    while let Some(frame) = frames.next().unwrap() {
        reader.read(&frame, &mut events).unwrap();
    }
    events
}

#[test]
fn a_stream_is_written_as_openai_writes_it() {
    insta::assert_snapshot!(String::from_utf8(write(&every_event(), true)).unwrap());
}

#[test]
fn what_is_written_is_read_again() {
    let mut expected = every_event();
    expected.remove(1);
    let finish = expected
        .iter()
        .position(|event| matches!(event, Event::Finish { .. }))
        .unwrap();
    // A call without arguments has an empty object of them.
    expected.insert(
        finish,
        Event::Arguments {
            choice: 0,
            call: 1,
            fragment: "{}".into(),
        },
    );
    assert_eq!(read_back(&write(&every_event(), true)), expected);
}

#[test]
fn usage_is_told_only_to_those_who_asked() {
    let out = String::from_utf8(write(&every_event(), false)).unwrap();
    assert!(!out.contains("usage"));
    assert!(out.ends_with("data: [DONE]\n\n"));
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(body in proptest::collection::vec(any::<u8>(), 0..80), cut in 0usize..4000) {
        let mut reader = StreamReader::default();
        _ = reader.read(&Frame { event: None, data: &body }, &mut Vec::new());
        let whole = write(&every_event(), true);
        let mut frames = Frames::new(Framing::ServerSentEvents);
        frames.push(&whole[..cut.min(whole.len())]);
        while let Some(frame) = frames.next().unwrap() {
            _ = reader.read(&frame, &mut Vec::new());
        }
        if let Some(frame) = frames.last().unwrap() {
            _ = reader.read(&frame, &mut Vec::new());
        }
    }
}

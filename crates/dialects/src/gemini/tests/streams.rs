//! Streams.

use crate::chat::{Event, Finish, Part, Usage};
use crate::framing::{Frame, Frames, Framing};
use crate::gemini::StreamReader;

/// Shape: <https://ai.google.dev/gemini-api/docs/thought-signatures>: thoughts, then calls, then an empty text.
pub(super) const CALLS: &str = concat!(
    r#"data: {"candidates":[{"content":{"parts":[{"text":"Two cities.","thought":true}],"role":"model"},"index":0}],"#,
    r#""usageMetadata":{"promptTokenCount":61,"totalTokenCount":80,"thoughtsTokenCount":19},"#,
    r#""modelVersion":"gemini-3-flash-preview","responseId":"r1"}"#,
    "\r\n\r\n",
    r#"data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"weather","args":{"city":"Lyon"}},"thoughtSignature":"c2ln"},"#,
    r#"{"functionCall":{"name":"weather","args":{"city":"Nice"}}}],"role":"model"},"index":0}],"responseId":"r1"}"#,
    "\r\n\r\n",
    r#"data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"#,
    r#""usageMetadata":{"promptTokenCount":61,"candidatesTokenCount":20,"totalTokenCount":100,"thoughtsTokenCount":19},"responseId":"r1"}"#,
    "\r\n\r\n",
);

pub(super) const TEXT: &str = concat!(
    r#"data: {"candidates":[{"content":{"parts":[{"text":"Bl"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r2"}"#,
    "\n\n",
    r#"data: {"candidates":[{"content":{"parts":[{"text":"ue","thoughtSignature":"c2ln"}],"role":"model"},"finishReason":"MAX_TOKENS","index":0}]}"#,
    "\n\n",
);

fn events(stream: &str) -> Vec<Event> {
    let mut frames = Frames::new(Framing::ServerSentEvents);
    let mut reader = StreamReader::default();
    let mut events = Vec::new();
    frames.push(stream.as_bytes());
    while let Some(frame) = frames.next().unwrap() {
        reader.read(&frame, &mut events).unwrap();
    }
    reader.finish(&mut events);
    events
}

#[test]
fn thoughts_and_parallel_calls_come_in_order_and_usage_replaces_usage() {
    let events = events(CALLS);
    let ids: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            Event::ToolCall { id, .. } => Some(&**id),
            _ => None,
        })
        .collect();
    assert_ne!(ids[0], ids[1]);
    let call = |call, signature: Option<&str>| Event::ToolCall {
        choice: 0,
        call,
        id: ids[call].to_owned(),
        name: "weather".to_owned(),
        signature: signature.map(str::to_owned),
    };
    let arguments = |call, fragment: &str| Event::Arguments {
        choice: 0,
        call,
        fragment: fragment.to_owned(),
    };
    let usage = |output| {
        Event::Usage(Usage {
            input: 61,
            output,
            reasoning: Some(19),
            ..Usage::default()
        })
    };
    assert_eq!(
        events,
        [
            Event::Start {
                id: "r1".to_owned(),
                model: "gemini-3-flash-preview".to_owned(),
                created: None,
                usage: None,
            },
            Event::Thinking {
                choice: 0,
                text: "Two cities.".to_owned(),
            },
            usage(19),
            call(0, Some("c2ln")),
            arguments(0, r#"{"city":"Lyon"}"#),
            call(1, None),
            arguments(1, r#"{"city":"Nice"}"#),
            Event::Finish {
                choice: 0,
                reason: Finish::ToolCalls,
                stop_sequence: None,
            },
            usage(39),
            Event::End,
        ]
    );
}

#[test]
fn a_signature_follows_the_text_that_it_belongs_to() {
    let events = events(TEXT);
    assert_eq!(
        events[2..],
        [
            Event::Text {
                choice: 0,
                text: "ue".to_owned(),
            },
            Event::Signature {
                choice: 0,
                signature: "c2ln".to_owned(),
            },
            Event::Finish {
                choice: 0,
                reason: Finish::Length,
                stop_sequence: None,
            },
            Event::End,
        ]
    );
}

#[test]
fn a_stream_that_stops_before_its_reason_has_no_end() {
    let (before, _) = TEXT.split_once("\n\n").unwrap();
    let cut = events(&format!("{before}\n\n"));
    assert!(!cut.contains(&Event::End), "{cut:?}");
    assert!(!events("").contains(&Event::End));
}

#[test]
fn one_answer_of_two_that_is_unfinished_means_no_end() {
    let both = concat!(
        r#"data: {"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP","index":0},"#,
        r#"{"content":{"parts":[{"text":"b"}]},"index":1}]}"#,
        "\n\n"
    );
    assert!(!events(both).contains(&Event::End));
    let second = "data: {\"candidates\":[{\"finishReason\":\"STOP\",\"index\":1}]}\n\n";
    assert!(events(&format!("{both}{second}")).ends_with(&[Event::End]));
}

#[test]
fn a_reason_told_twice_is_told_once() {
    let stop = "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n";
    let events = events(&format!("{stop}{stop}"));
    let finishes = events
        .iter()
        .filter(|event| matches!(event, Event::Finish { .. }));
    assert_eq!(finishes.count(), 1);
}

#[test]
fn an_error_in_the_stream_is_a_failure_and_not_an_end() {
    let error = "data: {\"error\":{\"code\":503,\"message\":\"The model is overloaded.\",\"status\":\"UNAVAILABLE\"}}\n\n";
    for stream in [
        error.to_owned(),
        format!("{TEXT}{error}"),
        error.replace("{\"error", "[{\"error").replace("}}", "}}]"),
    ] {
        let events = events(&stream);
        let failed = events.iter().find_map(|event| match event {
            Event::Failed(error) => Some(error.status),
            _ => None,
        });
        assert_eq!(failed, Some(Some(503)), "{stream}");
        assert!(!events.contains(&Event::End));
    }
}

#[test]
fn a_blocked_prompt_ends_the_stream_as_filtered() {
    let events =
        events("data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"},\"responseId\":\"r\"}\n\n");
    assert!(events.iter().any(|event| matches!(
        event,
        Event::Finish {
            reason: Finish::ContentFilter,
            ..
        }
    )));
    assert!(events.ends_with(&[Event::End]));
}

#[test]
fn a_picture_comes_whole() {
    let events = events(
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AA==\"}}]},\"finishReason\":\"STOP\"}]}\n\n",
    );
    assert!(matches!(
        &events[1],
        Event::Whole {
            part: Part::Image { .. },
            ..
        }
    ));
}

#[test]
fn a_frame_that_is_no_chunk_is_malformed() {
    for data in [
        "",
        "{",
        "[]",
        "hello",
        r#"{"error":{}}"#,
        r#"{"candidates":7}"#,
    ] {
        let frame = Frame {
            event: None,
            data: data.as_bytes(),
        };
        let result = StreamReader::default().read(&frame, &mut Vec::new());
        assert!(result.is_err(), "{data}");
    }
}

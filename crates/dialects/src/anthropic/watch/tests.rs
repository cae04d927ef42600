//! Bytes passed on, and what is seen of them on the way.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::openai::watch::Glance;

const STREAM: &str = include_str!("../stream/fixtures/thinking_search_and_tools.txt");

fn watched(body: &[u8], sizes: &[usize]) -> (Watch, usize) {
    let mut watch = Watch::default();
    let (mut rest, mut ready) = (body, 0);
    let mut sizes = sizes.iter().copied().cycle();
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(1).clamp(1, rest.len());
        ready += watch.see(&rest[..size]).unwrap().ready;
        rest = &rest[size..];
    }
    watch.finish().unwrap();
    (watch, ready)
}

fn until(mark: &str) -> Watch {
    let at = STREAM.find(mark).unwrap();
    watched(&STREAM.as_bytes()[..at], &[STREAM.len()]).0
}

#[test]
fn all_is_seen_wherever_the_network_splits_the_bytes() {
    for size in [1, 2, 3, 7, 100, 1000, STREAM.len()] {
        let (watch, ready) = watched(STREAM.as_bytes(), &[size]);
        assert_eq!(ready, STREAM.len());
        assert!(watch.semantic() && watch.whole() && watch.done());
        assert_eq!(watch.finishes(), [(0, Finish::ToolCalls)]);
        let usage = watch.usage().unwrap();
        assert_eq!(
            (usage.input, usage.output, usage.cached),
            (3110, 89, Some(1000))
        );
        assert_eq!((watch.error(), watch.pending()), (None, false));
        assert_eq!(watch.comments(), 3, "the beginning, an empty block, a ping");
    }
}

#[test]
fn nothing_is_said_before_the_first_thought_and_nothing_is_whole_before_the_end() {
    let beginning = until("event: content_block_delta");
    assert!(!beginning.semantic());
    assert_eq!(beginning.usage().map(|usage| usage.input), Some(1110));
    let end = until("event: message_stop");
    assert!(end.semantic() && !end.whole());
    assert_eq!(end.finishes().len(), 1);
}

#[test]
fn a_call_is_something_said_and_empty_pieces_are_not() {
    let event = |data: serde_json::Value| format!("data: {data}\n\n");
    let start = |block: serde_json::Value| {
        event(json!({"type": "content_block_start", "index": 0, "content_block": block}))
    };
    let delta = |delta: serde_json::Value| {
        event(json!({"type": "content_block_delta", "index": 0, "delta": delta}))
    };
    for (body, said) in [
        (
            start(json!({"type": "tool_use", "id": "a", "name": "n", "input": {}})),
            true,
        ),
        (
            start(json!({"type": "redacted_thinking", "data": "x"})),
            true,
        ),
        (start(json!({"type": "text", "text": ""})), false),
        (delta(json!({"type": "text_delta", "text": ""})), false),
        (delta(json!({"type": "text_delta", "text": "a"})), true),
        (
            delta(json!({"type": "thinking_delta", "thinking": ""})),
            false,
        ),
        (
            delta(json!({"type": "thinking_delta", "thinking": "a"})),
            true,
        ),
        (
            delta(json!({"type": "input_json_delta", "partial_json": ""})),
            false,
        ),
        (event(json!({"type": "ping"})), false),
        (": OPENROUTER PROCESSING\n\n".to_owned(), false),
    ] {
        let (watch, _) = watched(body.as_bytes(), &[body.len()]);
        assert_eq!(watch.semantic(), said, "{body}");
    }
}

#[test]
fn an_error_is_seen_before_and_after_the_first_token() {
    let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n";
    let text = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n";
    for body in [error.to_owned(), format!("{text}{text}{error}")] {
        let (watch, _) = watched(body.as_bytes(), &[40]);
        assert_eq!(watch.error().and_then(|error| error.status), Some(529));
    }
    let unnamed = format!("{text}event: error\ndata: {{\"error\":\"out of memory\"}}\n\n");
    let (watch, _) = watched(unnamed.as_bytes(), &[unnamed.len()]);
    assert_eq!(
        watch.error().map(|error| error.message.as_str()),
        Some("out of memory")
    );
}

#[test]
fn marks_within_a_text_are_text() {
    let text = json!({"type": "content_block_delta", "index": 0, "delta":
        {"type": "text_delta", "text": "event: error {\"type\":\"message_stop\"} \"error\""}});
    let same = json!({"type": "content_block_delta", "index": 0, "delta":
        {"type": "text_delta", "text": "error"}});
    let body = format!("data: {text}\n\ndata: {text}\n\ndata: {same}\n\n");
    let (watch, _) = watched(body.as_bytes(), &[body.len()]);
    assert!(watch.semantic() && !watch.done() && watch.error().is_none());
}

#[test]
fn a_last_event_without_its_empty_line_counts() {
    let (watch, ready) = watched(STREAM.trim_end().as_bytes(), &[50]);
    assert!(watch.done());
    assert!(ready < STREAM.len());
}

#[test]
fn what_is_no_stream_is_malformed_before_the_first_token() {
    let mut watch = Watch::default();
    assert!(watch.see(b"data: <html>\n\n").is_err());
}

#[test]
fn an_answer_is_looked_at_without_being_read() {
    let body = json!({
        "type": "message", "id": "m", "model": "claude", "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "max_tokens", "usage": {"input_tokens": 3, "output_tokens": 2},
    });
    let glance = check_answer(body.to_string().as_bytes()).unwrap();
    let usage = Usage {
        input: 3,
        output: 2,
        ..Usage::default()
    };
    assert_eq!(
        glance,
        Glance {
            usage: Some(usage),
            finish: vec![Finish::Length],
            has_content: true,
            model: Some("claude".into()),
        }
    );
    assert_eq!(read_usage(body.to_string().as_bytes()), Some(usage));
    assert!(!is_error(body.to_string().as_bytes()));
}

#[test]
fn an_empty_answer_has_no_content_and_an_error_is_no_answer() {
    let empty = br#"{"content":[{"type":"text","text":""}],"stop_reason":"end_turn"}"#;
    assert!(!check_answer(empty).unwrap().has_content);
    let error = br#"{"type":"error","error":{"type":"api_error","message":"x"}}"#;
    assert_eq!(check_answer(error).unwrap_err().path, "error");
    assert!(is_error(error));
    assert_eq!(check_answer(b"{}").unwrap_err().path, "content");
    assert!(check_answer(b"<html>").is_err());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        raw in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'{'), Just(b'"'), any::<u8>()], 0..80),
        at in 0usize..4000,
        sizes in proptest::collection::vec(1usize..200, 1..4),
    ) {
        let _ = check_answer(&raw);
        let mut watch = Watch::default();
        let mut rest = &[&STREAM.as_bytes()[..at.min(STREAM.len())], &raw, b"\n\n"].concat()[..];
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let size = (*size).min(rest.len());
            if watch.see(&rest[..size]).is_err() {
                break;
            }
            rest = &rest[size..];
        }
        let _ = watch.finish();
    }
}

//! Captured shapes are named in `chat/stream/tests.rs`; the values are our own.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

fn delta(delta: &Value) -> String {
    event(
        &json!({"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": null}], "usage": null}),
    )
}

fn text(text: &str) -> String {
    delta(&json!({"content": text}))
}

fn watched(pieces: &[&str]) -> Watch {
    let mut watch = Watch::default();
    for piece in pieces {
        watch.see(piece.as_bytes()).unwrap();
    }
    watch
}

const USAGE_CHUNK: &str =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":5}}\n\n";
const FINISH: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

#[test]
fn comments_roles_and_empty_texts_say_nothing() {
    let role = delta(&json!({"role": "assistant", "content": ""}));
    let watch = watched(&[
        ": OPENROUTER PROCESSING\n\n",
        &role,
        "data:\n\n",
        &delta(&json!({"content": null, "tool_calls": []})),
    ]);
    assert!(!watch.semantic());
    assert_eq!(watch.comments(), 4);
    assert!(!watch.whole());
}

#[test]
fn anything_that_a_caller_would_notice_says_something() {
    for said in [
        json!({"content": "x"}),
        json!({"content": [{"type": "thinking", "thinking": []}]}),
        json!({"reasoning_content": "x"}),
        json!({"reasoning": "x"}),
        json!({"refusal": "x"}),
        json!({"tool_calls": [{"index": 0}]}),
        json!({"audio": {"data": "aGk="}}),
        json!({"images": [{}]}),
    ] {
        assert!(watched(&[&delta(&said)]).semantic(), "{said}");
    }
    assert!(
        watched(&["data: {\"choices\":[{\"text\":\"x\",\"index\":0}]}\n\n"]).semantic(),
        "completions too"
    );
}

#[test]
fn an_error_before_the_first_token_is_read_whatever_its_shape() {
    for error in [
        json!({"error": {"code": 429, "message": "slow down"}}),
        json!({"object": "error", "message": "bad", "code": 400}),
        json!({"status": 429, "title": "Too Many Requests"}),
        json!([{"error": {"code": 503, "status": "UNAVAILABLE"}}]),
        json!({"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error", "error": {"code": 502, "message": "x"}}]}),
    ] {
        let watch = watched(&[": keep-alive\n\n", &event(&error)]);
        assert!(watch.error().is_some(), "{error}");
        assert!(!watch.semantic());
    }
    assert!(Watch::default().see(b"data: {oops\n\n").is_err());
    assert!(Watch::default().see(b"data: 7\n\n").is_err());
}

#[test]
fn after_the_first_token_usage_errors_and_ends_are_still_seen() {
    let watch = watched(&[
        &text("a"),
        &text("b"),
        FINISH,
        USAGE_CHUNK,
        "data: [DONE]\n\n",
    ]);
    assert!(watch.semantic() && watch.done() && watch.whole());
    assert_eq!(watch.finishes(), [(0, Finish::Stop)]);
    assert_eq!(watch.usage().map(|usage| usage.total()), Some(8));
    assert_eq!(watch.error(), None);

    let watch = watched(&[
        &text("a"),
        "data: {\"error\" : {\"message\":\"gone\",\"code\":502}}\n\n",
    ]);
    assert_eq!(watch.error().map(|error| error.status), Some(Some(502)));
    let watch = watched(&[
        &text("a"),
        "data: {\"object\":\"error\",\"message\":\"gone\"}\n\n",
    ]);
    assert!(watch.error().is_some());
    let groq = event(
        &json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}], "x_groq": {"usage": {"prompt_tokens": 1, "completion_tokens": 2}}}),
    );
    let watch = watched(&[&text("a"), &groq]);
    assert_eq!(watch.finishes(), [(0, Finish::Length)]);
    assert_eq!(watch.usage().map(|usage| usage.total()), Some(3));
}

#[test]
fn marks_within_a_text_fool_nobody() {
    let marks = "\"usage\":{\"prompt_tokens\":9} \"error\":{\"message\":1} \"finish_reason\":\"stop\" data: [DONE]\n\n[DONE]";
    let watch = watched(&[
        &text("a"),
        &text(marks),
        &text("usage"),
        &text("error"),
        &text("finish_reason"),
        &text("[DONE]"),
    ]);
    assert_eq!(watch.usage(), None);
    assert_eq!(watch.error(), None);
    assert!(!watch.whole());
    let arguments = delta(&json!({"tool_calls": [{"index": 0, "function": {"arguments": marks}}]}));
    assert!(!watched(&[&text("a"), &arguments]).whole());
}

#[test]
fn events_that_come_together_are_each_looked_at() {
    let burst = [
        &text("a"),
        &text("b"),
        FINISH,
        &text("late"),
        USAGE_CHUNK,
        "data: [DONE]\n\n",
    ]
    .concat();
    let watch = watched(&[&burst]);
    assert!(watch.done());
    assert_eq!(watch.finishes().len(), 1);
    assert!(watch.usage().is_some());
}

#[test]
fn the_usage_nobody_asked_for_is_pointed_out_wherever_it_is_split() {
    let body = [
        text("a"),
        FINISH.into(),
        USAGE_CHUNK.into(),
        "data: [DONE]\n\n".into(),
    ]
    .concat();
    let without = body.replace(USAGE_CHUNK, "");
    for size in 1..body.len() {
        let mut watch = Watch::default();
        let (mut held, mut out) = (Vec::new(), Vec::new());
        for piece in body.as_bytes().chunks(size) {
            held.extend_from_slice(piece);
            let seen = watch.see(piece).unwrap();
            let mut ready: Vec<u8> = held.drain(..seen.ready).collect();
            for range in seen.usage_only.into_iter().rev() {
                ready.drain(range);
            }
            out.extend(ready);
            assert_eq!(watch.pending(), !held.is_empty());
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            without,
            "in pieces of {size}"
        );
        assert!(watch.usage().is_some());
    }
}

#[test]
fn a_last_event_without_its_empty_line_counts_once_the_body_has_ended() {
    let mut watch = watched(&[&text("a"), FINISH.trim_end()]);
    assert!(watch.pending() && !watch.whole());
    watch.finish().unwrap();
    assert!(watch.whole() && !watch.pending());
    let mut cut = watched(&[&text("a"), "data: {\"choices\":[{\"del"]);
    assert!(cut.finish().is_err());
}

#[test]
fn carriage_returns_end_lines_too() {
    let body = [text("a"), FINISH.into(), USAGE_CHUNK.into()]
        .concat()
        .replace('\n', "\r\n");
    for size in [1, 2, 3, 7, body.len()] {
        let mut watch = Watch::default();
        for piece in body.as_bytes().chunks(size) {
            watch.see(piece).unwrap();
        }
        assert!(
            watch.whole() && watch.usage().is_some() && !watch.pending(),
            "{size}"
        );
    }
}

#[test]
fn an_event_without_end_is_refused() {
    let mut watch = Watch::default();
    let piece = vec![b'x'; 1 << 20];
    assert!((0..9).any(|_| watch.see(&piece).is_err()));
}

#[test]
fn a_whole_answer_is_known_at_a_glance() {
    let body = json!({
        "id": "c", "object": "chat.completion", "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": null, "tool_calls": [{"id": "a"}]}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 5.0, "total_tokens": 8, "prompt_tokens_details": null},
    });
    let body = format!("\n\n{body}");
    let glance = check_answer(body.as_bytes()).unwrap();
    assert_eq!(glance.finish, [Finish::ToolCalls]);
    assert!(glance.has_content);
    assert_eq!(glance.model.as_deref(), Some("m"));
    assert_eq!(glance.usage, read_usage(body.as_bytes()));
    assert_eq!(glance.usage.map(|usage| usage.output), Some(5));
    assert!(!is_error(body.as_bytes()));
    assert!(
        check_answer(format!("[{}]", body.trim()).as_bytes()).is_ok(),
        "Gemini's array of one"
    );
}

#[test]
fn what_is_no_answer_is_refused() {
    for (body, path) in [
        (json!({}), "choices"),
        (json!({"choices": []}), "choices"),
        (json!({"choices": [{"index": 0}]}), "choices[0].message"),
        (
            json!({"error": {"message": "x"}, "choices": [{"message": {}}]}),
            "error",
        ),
        (json!({"message": "unauthorised"}), "error"),
        (json!("text"), ""),
    ] {
        assert_eq!(
            check_answer(body.to_string().as_bytes()).unwrap_err().path,
            path,
            "{body}"
        );
    }
    assert!(is_error(
        b"{\"detail\":\"Function id 'x': DEGRADED function cannot be invoked\"}"
    ));
    assert!(!is_error(b"<html>"));
    let empty = check_answer(
        b"{\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"stop\"}]}",
    )
    .unwrap();
    assert!(!empty.has_content);
}

proptest! {
    #[test]
    fn pieces_do_not_matter(sizes in proptest::collection::vec(1usize..60, 1..6), texts in proptest::collection::vec("[a-z\"{}:\\[\\]\\\\]{0,12}|usage|error|\\[DONE\\]", 0..6)) {
        let mut body: String = texts.iter().map(|said| text(said)).collect();
        body.push_str(FINISH);
        body.push_str(USAGE_CHUNK);
        let mut watch = Watch::default();
        let mut rest = body.as_bytes();
        for size in sizes.iter().cycle() {
            if rest.is_empty() { break; }
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            watch.see(piece).unwrap();
            rest = after;
        }
        let whole = watched(&[&body]);
        prop_assert_eq!(watch.semantic(), whole.semantic());
        prop_assert_eq!(watch.semantic(), texts.iter().any(|said| !said.is_empty()));
        prop_assert_eq!(watch.finishes(), whole.finishes());
        prop_assert_eq!(watch.usage(), whole.usage());
        prop_assert!(!watch.done());
        prop_assert!(watch.error().is_none());
    }

    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), any::<u8>()], 0..120), semantic: bool, cut in 0usize..60) {
        let mut watch = Watch::default();
        if semantic {
            watch.see(text("a").as_bytes()).unwrap();
        }
        _ = watch.see(&body[..cut.min(body.len())]);
        _ = watch.see(&body[cut.min(body.len())..]);
        _ = watch.finish();
        _ = check_answer(&body);
        _ = is_error(&body);
        _ = read_usage(&body);
    }
}

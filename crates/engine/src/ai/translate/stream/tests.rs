use guichet_dialects::error::ErrorKind;

use super::super::fixtures::{World, call, joined, words};
use super::*;

const ROLE: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n";
const BLUE: &str = "data: {\"id\":\"c\", \"odd\":1.0, \"choices\":[{\"index\":0,\"delta\":{\"content\":\"Blue\"},\"finish_reason\":null}]}\n\n";
const STOP: &str =
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1,\"total_tokens\":4}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn chat(more: &str) -> ModelCall {
    call(
        Door::Chat,
        format!(
            r#"{{"model":"auto","stream":true,"messages":[{{"role":"user","content":"hi"}}]{more}}}"#
        ),
    )
}

fn openai() -> World {
    World::chat("openai", "")
}

/// Feeds a stream in pieces of this size, and ends it.
fn fed(relay: &mut Relay, stream: &str, size: usize) -> (String, Result<(), Fault>) {
    let mut out = Vec::new();
    let body = Bytes::copy_from_slice(stream.as_bytes());
    for begin in (0..body.len()).step_by(size) {
        let piece = body.slice(begin..body.len().min(begin + size));
        if let Err(fault) = relay.feed(piece, &mut out) {
            return (joined(&out), Err(fault));
        }
    }
    let ended = relay.finish(&mut out);
    (joined(&out), ended)
}

fn door_error() -> DoorError {
    DoorError {
        status: 502,
        kind: ErrorKind::Upstream,
        message: "it broke off".into(),
        param: None,
        code: None,
        request_id: None,
    }
}

#[test]
fn the_same_dialect_is_passed_on_byte_for_byte_wherever_the_network_cuts_it() {
    let stream = [ROLE, ": ping\n\n", BLUE, STOP, USAGE, DONE].concat();
    for size in 1..stream.len() {
        let call = chat(r#","stream_options":{"include_usage":true}"#);
        let mut relay = openai().relay(&call);
        let (out, ended) = fed(&mut relay, &stream, size);
        assert_eq!(
            (out, ended),
            (stream.clone(), Ok(())),
            "in pieces of {size}"
        );
        assert!(relay.is_whole() && relay.semantic());
        assert_eq!(relay.usage().map(|usage| usage.total()), Some(4));
        if size > 60 {
            break;
        }
    }
}

#[test]
fn an_event_that_came_whole_is_not_copied() {
    let mut relay = openai().relay(&chat(""));
    let body = Bytes::from([ROLE, BLUE].concat());
    let mut out = Vec::new();
    relay.feed(body.clone(), &mut out).unwrap();
    assert_eq!(out.len(), 1, "what is ready together goes together");
    assert_eq!(out[0].as_ptr(), body.as_ptr());
}

#[test]
fn nothing_is_passed_on_of_an_event_that_is_not_whole() {
    let mut relay = openai().relay(&chat(""));
    let mut out = Vec::new();
    let (begin, end) = BLUE.split_at(20);
    relay
        .feed(Bytes::from([ROLE, begin].concat()), &mut out)
        .unwrap();
    assert_eq!(joined(&out), ROLE);
    assert!(!relay.semantic());
    relay.feed(Bytes::from(end), &mut out).unwrap();
    assert_eq!(joined(&out), [ROLE, BLUE].concat());
    assert!(relay.semantic() && !relay.is_whole());
}

#[test]
fn usage_that_the_caller_did_not_ask_for_is_cut_out_wherever_the_network_cuts_it() {
    let stream = [ROLE, BLUE, STOP, USAGE, DONE].concat();
    for size in [1, 7, 64, 150, 1000] {
        let mut relay = openai().relay(&chat(""));
        let (out, ended) = fed(&mut relay, &stream, size);
        assert_eq!(ended, Ok(()));
        assert_eq!(
            out,
            [ROLE, BLUE, STOP, DONE].concat(),
            "in pieces of {size}"
        );
        assert_eq!(relay.usage().map(|usage| usage.total()), Some(4));
    }
}

#[test]
fn an_end_without_a_reason_is_a_fault() {
    let mut relay = openai().relay(&chat(""));
    assert_eq!(
        fed(&mut relay, &[ROLE, BLUE].concat(), 999).1,
        Err(Fault::CutOff)
    );
    let mut relay = openai().relay(&chat(""));
    let in_its_middle = [ROLE, BLUE, &STOP[..30]].concat();
    let (out, ended) = fed(&mut relay, &in_its_middle, 999);
    assert_eq!((out, ended), ([ROLE, BLUE].concat(), Err(Fault::CutOff)));
    for dialect in ["anthropic", "gemini", "ollama"] {
        let mut relay = World::chat(dialect, "").relay(&chat(""));
        assert_eq!(fed(&mut relay, "", 1).1, Err(Fault::CutOff), "{dialect}");
    }
}

#[test]
fn a_mark_that_is_missing_after_the_reason_is_added() {
    let mut relay = openai().relay(&chat(""));
    let (out, ended) = fed(&mut relay, &[ROLE, BLUE, STOP.trim_end()].concat(), 999);
    assert_eq!(ended, Ok(()));
    assert_eq!(out, [ROLE, BLUE, STOP, DONE].concat());
}

#[test]
fn every_answer_must_end_where_several_were_asked_for() {
    let call = chat(r#","n":2"#);
    let mut relay = openai().relay(&call);
    assert_eq!(
        fed(&mut relay, &[ROLE, BLUE, STOP].concat(), 999).1,
        Err(Fault::CutOff)
    );
    let world = World::chat("openai", "[quirks]\ndone_mark = false\n");
    let mut relay = world.relay(&call);
    let mut out = Vec::new();
    relay
        .feed(Bytes::from([ROLE, BLUE, STOP].concat()), &mut out)
        .unwrap();
    assert!(!relay.is_whole());
    relay
        .feed(
            Bytes::from(STOP.replace("\"index\":0", "\"index\":1")),
            &mut out,
        )
        .unwrap();
    assert!(relay.is_whole());
}

#[test]
fn an_error_in_the_stream_is_the_providers() {
    let error = "data: {\"error\":{\"message\":\"busy\",\"code\":503}}\n\n";
    for world in [openai(), World::chat("openai", "")] {
        let mut relay = world.relay(&chat(""));
        let (out, fault) = fed(&mut relay, &[ROLE, error].concat(), ROLE.len());
        assert!(matches!(fault, Err(Fault::Error(error)) if error.message == "busy"));
        assert_eq!(out, ROLE);
        assert!(!relay.semantic());
    }
    let mut relay = openai().relay(&chat(""));
    let gave_up = STOP.replace("\"stop\"", "\"error\"");
    assert!(matches!(
        fed(&mut relay, &[BLUE, &gave_up].concat(), 999).1,
        Err(Fault::Error(_))
    ));
    let mut relay = openai().relay(&chat(""));
    let (_, fault) = fed(&mut relay, "data: <html>secret</html>\n\n", 999);
    assert!(matches!(fault, Err(Fault::Malformed(detail)) if !detail.contains("secret")));
}

#[test]
fn a_stream_that_says_nothing_is_a_fault_unless_it_tells_why() {
    let silent = |call: &ModelCall, why: &str| {
        let stop = STOP.replace("\"stop\"", &format!("\"{why}\""));
        fed(
            &mut openai().relay(call),
            &[ROLE, &stop, DONE].concat(),
            999,
        )
        .1
    };
    assert_eq!(
        silent(&chat(""), "stop"),
        Err(Fault::Malformed("the stream says nothing".into()))
    );
    assert_eq!(silent(&chat(""), "length"), Ok(()));
    assert_eq!(silent(&chat(""), "content_filter"), Ok(()));
    assert_eq!(silent(&chat(r#","stop":["x"]"#), "stop"), Ok(()));
}

#[test]
fn a_failure_after_the_beginning_is_told_in_the_callers_dialect() {
    let doors = [
        (
            Door::Chat,
            r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}"#,
            "data: {\"error\":",
        ),
        (
            Door::Completions,
            r#"{"model":"m","stream":true,"prompt":"x"}"#,
            "data: {\"error\":",
        ),
        (
            Door::Messages,
            r#"{"model":"m","stream":true,"max_tokens":5,"messages":[{"role":"user","content":"x"}]}"#,
            "event: error\ndata: {\"type\":\"error\"",
        ),
        (
            Door::Responses,
            r#"{"model":"m","stream":true,"input":"x"}"#,
            "event: error\ndata: {\"type\":\"error\"",
        ),
    ];
    for (door, body, begin) in doors {
        let call = call(door, body);
        let mut relay = openai().relay(&call);
        let mut out = Vec::new();
        relay
            .feed(Bytes::from([ROLE, BLUE].concat()), &mut out)
            .unwrap();
        out.clear();
        relay.fail(&door_error(), &mut out);
        let said = joined(&out);
        assert!(said.starts_with(begin), "{door:?}: {said}");
        assert!(
            said.contains("it broke off") && said.ends_with("\n\n"),
            "{said}"
        );
        assert!(!said.contains("[DONE]"), "{said}");
        assert_eq!(
            door == Door::Responses,
            said.contains("response.failed"),
            "{said}"
        );
    }
}

#[test]
fn another_candidate_goes_on_with_the_text_in_the_same_answer() {
    let mut call = chat("");
    call.wish.resume = true;
    let first = openai();
    let mut relay = first.relay(&call);
    let mut out = Vec::new();
    relay
        .feed(Bytes::from([ROLE, BLUE].concat()), &mut out)
        .unwrap();
    assert!(relay.can_go_on());
    assert_eq!(relay.said(), "Blue");

    let second = World::chat("ollama", "");
    let outgoing = second.send(&call, "m").unwrap();
    relay.go_on(Dialect::Ollama, &outgoing);
    let rest = concat!(
        r#"{"model":"m","message":{"role":"assistant","content":" sky"},"done":false}"#,
        "\n",
        r#"{"model":"m","message":{"role":"assistant","content":"."},"done":true,"done_reason":"stop"}"#,
        "\n"
    );
    relay.feed(Bytes::from(rest), &mut out).unwrap();
    relay.finish(&mut out).unwrap();
    let said = joined(&out);
    assert_eq!(
        (words(&said).as_str(), relay.said()),
        ("Blue sky.", "Blue sky.")
    );
    assert_eq!(
        said.matches("\"role\"").count(),
        1,
        "it begins once: {said}"
    );
    assert!(said.ends_with(DONE));
    assert!(!relay.can_go_on());
}

#[test]
fn signs_of_life_are_passed_on_once_the_answer_has_begun() {
    let call = call(
        Door::Messages,
        r#"{"model":"m","stream":true,"max_tokens":5,"messages":[{"role":"user","content":"x"}]}"#,
    );
    let mut relay = openai().relay(&call);
    let mut out = Vec::new();
    relay.feed(Bytes::from(": alive\n\n"), &mut out).unwrap();
    assert!(out.is_empty());
    relay.feed(Bytes::from(BLUE), &mut out).unwrap();
    out.clear();
    relay.feed(Bytes::from(": alive\n\n"), &mut out).unwrap();
    assert!(!out.is_empty(), "{}", joined(&out));
}

#[test]
fn completions_are_text_and_thoughts_alone_say_nothing_there() {
    let call = call(
        Door::Completions,
        r#"{"model":"m","stream":true,"prompt":"x"}"#,
    );
    let thought = BLUE.replace("content", "reasoning_content");
    let mut relay = openai().relay(&call);
    let (_, ended) = fed(&mut relay, &[ROLE, &thought, STOP, DONE].concat(), 999);
    assert_eq!(
        ended,
        Err(Fault::Malformed("the stream says nothing".into()))
    );
}

use super::super::fixtures::{World, call};
use super::*;

const HELLO: &str = r#"{"model":"auto","messages":[{"role":"user","content":"hi"}]}"#;

fn answered(world: &World, call: &ModelCall, body: &'static str) -> Result<Incoming, NotAnAnswer> {
    let outgoing = world.send(call, "m").unwrap();
    let received = Received {
        body: Bytes::from(body),
        content_type: Some("application/json; charset=utf-8"),
        created: 7,
        request_id: "r-1",
    };
    incoming(
        call,
        &Spoken::new(call),
        world.dialect(call),
        &outgoing,
        received,
    )
}

fn same(body: &'static str) -> Result<Incoming, NotAnAnswer> {
    answered(&World::chat("openai", ""), &call(Door::Chat, HELLO), body)
}

fn other(dialect: &str, body: &'static str) -> Result<Incoming, NotAnAnswer> {
    answered(&World::chat(dialect, ""), &call(Door::Chat, HELLO), body)
}

#[test]
fn the_same_dialect_is_passed_on_byte_for_byte() {
    let body = "\n\n {\"choices\" : [{\"message\":{\"content\":\"h\\u0069\"},\"finish_reason\":\"length\"}],\"odd\":1.0,\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":1}}";
    let incoming = same(body).unwrap();
    assert_eq!(incoming.body, body.trim_start());
    assert_eq!(incoming.content_type, "application/json; charset=utf-8");
    assert_eq!(incoming.finishes, [Finish::Length]);
    assert_eq!(incoming.usage.map(|usage| usage.total()), Some(3));
    assert!(!incoming.empty);
}

#[test]
fn a_good_status_does_not_make_an_answer() {
    let malformed = |body| match same(body) {
        Err(NotAnAnswer::Malformed(detail)) => detail,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        malformed("<html>secret</html>"),
        "the body is HTML or XML, not JSON"
    );
    assert_eq!(malformed(""), "the body is empty");
    assert_eq!(
        malformed(r#"{"choices":[{"message":{"content":"secr"#),
        "the body is not whole JSON"
    );
    assert!(malformed(r#"{"choices":[]}"#).contains("`choices`"));
    assert!(malformed(r#"{"choices":[{"index":0}]}"#).contains("`choices[0].message`"));
    for error in [
        r#"{"error":{"message":"busy","code":503}}"#,
        r#"[{"error":{"message":"busy","status":"UNAVAILABLE"}}]"#,
        r#"{"success":false,"errors":[{"code":3036,"message":"busy"}]}"#,
    ] {
        assert!(
            matches!(same(error), Err(NotAnAnswer::Error(error)) if error.message == "busy"),
            "{error}"
        );
    }
    let gave_up = r#"{"choices":[{"message":{"content":"a"},"finish_reason":"error"}]}"#;
    assert!(matches!(same(gave_up), Err(NotAnAnswer::Error(_))));
}

#[test]
fn errors_and_rubbish_are_found_in_every_dialect() {
    for (dialect, error) in [
        (
            "anthropic",
            r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#,
        ),
        (
            "gemini",
            r#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#,
        ),
        ("ollama", r#"{"error":"busy"}"#),
    ] {
        let not = other(dialect, error);
        assert!(
            matches!(&not, Err(NotAnAnswer::Error(error)) if error.message == "busy"),
            "{dialect}: {not:?}"
        );
        for rubbish in ["<html>", "{", "{}", "[]", "", "null"] {
            let not = other(dialect, rubbish);
            assert!(
                matches!(not, Err(NotAnAnswer::Malformed(_))),
                "{dialect} {rubbish}: {not:?}"
            );
        }
    }
}

#[test]
fn an_answer_that_says_nothing_is_a_fault_unless_it_tells_why() {
    let filtered = r#"{"choices":[{"message":{"content":null},"finish_reason":"content_filter"}]}"#;
    assert!(same(filtered).unwrap().empty);
    let silent = r#"{"choices":[{"message":{"content":""},"finish_reason":"stop"}]}"#;
    assert_eq!(
        same(silent).err(),
        Some(NotAnAnswer::Malformed("the answer says nothing".into()))
    );
    let with_stop = call(
        Door::Chat,
        r#"{"model":"auto","stop":"x","messages":[{"role":"user","content":"hi"}]}"#,
    );
    assert!(
        answered(&World::chat("openai", ""), &with_stop, silent)
            .unwrap()
            .empty
    );
    let silent = r#"{"content":[],"stop_reason":"end_turn"}"#;
    assert!(matches!(
        other("anthropic", silent),
        Err(NotAnAnswer::Malformed(_))
    ));
}

#[test]
fn what_the_provider_does_not_tell_is_filled_in() {
    let incoming = other(
        "ollama",
        r#"{"model":"m","message":{"role":"assistant","content":"hi"},"done":true,"done_reason":"stop"}"#,
    );
    let body: serde_json::Value = serde_json::from_slice(&incoming.unwrap().body).unwrap();
    assert_eq!(body["created"], 7);
    assert!(
        body["id"].as_str().is_some_and(|id| !id.is_empty()),
        "{body}"
    );
}

//! What clients send.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat::{Media, Part};

#[test]
fn all_that_an_anthropic_client_can_say_comes_back_out() {
    let (body, dropped) = written(&read(&full()));
    assert_eq!(body, full());
    assert!(dropped.is_empty(), "{dropped:?}");
}

#[test]
fn the_same_request_gives_the_same_bytes_in_the_order_of_the_api() {
    let body = full().to_string();
    let write = || write_request(&read_request(body.as_bytes()).unwrap(), 1).body;
    assert_eq!(write(), write());
    let simple = asked(
        "claude-sonnet-4-5",
        vec![
            message(Role::System, vec![Part::text("Be kind.")]),
            user("Hi"),
        ],
    );
    insta::assert_snapshot!(
        String::from_utf8(write_request(&simple, 4096).body).unwrap(),
        @r#"{"model":"claude-sonnet-4-5","max_tokens":4096,"system":"Be kind.","messages":[{"role":"user","content":"Hi"}]}"#
    );
}

#[test]
fn each_member_has_its_place_in_the_common_form() {
    insta::assert_debug_snapshot!(read(&full()));
}

#[test]
fn arguments_of_calls_keep_the_bytes_of_the_model() {
    let body = r#"{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[
        {"type":"tool_use","id":"a","name":"n","input":{"z": 1.0, "a":[ ]}}]}]}"#;
    let request = read_request(body.as_bytes()).unwrap();
    assert_eq!(
        request.messages[0].parts,
        [Part::ToolCall {
            id: "a".into(),
            name: "n".into(),
            arguments: r#"{"z": 1.0, "a":[ ]}"#.into(),
            signature: None,
            cache: None,
        }]
    );
    let text = String::from_utf8(write_request(&request, 1).body).unwrap();
    assert!(text.contains(r#""input":{"z": 1.0, "a":[ ]}"#), "{text}");
}

#[test]
fn what_is_wrong_is_named_by_its_path() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = full();
        change(&mut body);
        refusal(&body)
    };
    type Change<'a> = &'a dyn Fn(&mut Value);
    let cases: [(Change<'_>, &str); 10] = [
        (
            &|body| body["max_tokens"] = Value::Null,
            "`max_tokens` is missing",
        ),
        (
            &|body| body["max_tokens"] = json!(-1),
            "`max_tokens` must be a whole number",
        ),
        (&|body| body["model"] = json!(4), "`model` must be a text"),
        (
            &|body| body["messages"] = json!({}),
            "`messages` must be a list",
        ),
        (
            &|body| body["messages"][0]["role"] = json!("bot"),
            "`messages[0].role` must be",
        ),
        (
            &|body| body["messages"][1]["content"][3] = json!({"type": "tool_use"}),
            "`messages[1].content[3].id` is missing",
        ),
        (
            &|body| body["messages"][2]["content"][1]["content"][1]["source"] = json!(7),
            "`messages[2].content[1].content[1].source` must be an object",
        ),
        (
            &|body| body["system"] = json!(1),
            "`system` must be a text or a list",
        ),
        (
            &|body| body["tools"][0]["name"] = Value::Null,
            "`tools[0].name` is missing",
        ),
        (
            &|body| body["thinking"]["type"] = json!("much"),
            "`thinking.type` must be",
        ),
    ];
    for (change, expected) in cases {
        let told = with(change);
        assert!(told.starts_with(expected), "{told}");
    }
    assert_eq!(
        read_request(b"[1]").unwrap_err().to_string(),
        "the body must be a JSON object"
    );
    assert!(
        read_request(b"{")
            .unwrap_err()
            .to_string()
            .contains("not valid JSON")
    );
}

#[test]
fn no_value_of_the_caller_is_repeated_in_a_refusal() {
    let mut body = full();
    body["temperature"] = json!("sk-secret");
    assert!(!refusal(&body).contains("secret"));
}

#[test]
fn tokens_of_other_providers_come_back_where_they_belong() {
    let carried = |data: &str| json!({"type": "redacted_thinking", "data": data});
    let body = json!({"model": "m", "max_tokens": 1, "messages": [{"role": "assistant", "content": [
        {"type": "text", "text": "Ho"},
        carried("guichet.signature.previous.T1"),
        carried("guichet.signature.next.T2"),
        {"type": "tool_use", "id": "a", "name": "n", "input": {}},
    ]}]});
    let request = read(&body);
    let tokens: Vec<_> = request.messages[0]
        .parts
        .iter()
        .map(|part| match part {
            Part::Text { signature, .. } | Part::ToolCall { signature, .. } => signature.as_deref(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(tokens, [Some("T1"), Some("T2")]);
    let (body, _) = written(&request);
    assert!(
        !body.to_string().contains("T1"),
        "Anthropic is not told of another's tokens"
    );
}

#[test]
fn a_picture_in_a_data_address_is_an_inline_one() {
    let body = json!({"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": [
        {"type": "image", "source": {"type": "url", "url": "data:image/png;base64,AAAA"}}]}]});
    let media = Media::Inline {
        media_type: "image/png".into(),
        data: "AAAA".into(),
    };
    assert_eq!(
        read(&body).messages[0].parts,
        [Part::Image {
            media,
            detail: None,
            cache: None
        }]
    );
}

#[test]
fn a_count_is_asked_for_without_the_most_tokens() {
    let mut body = full();
    body.as_object_mut().unwrap().remove("max_tokens");
    let request = crate::anthropic::read_count_request(body.to_string().as_bytes()).unwrap();
    assert_eq!(request.messages.len(), 5);
    let written = crate::anthropic::write_count(42);
    assert_eq!(written, b"{\"input_tokens\":42}");
    assert_eq!(crate::anthropic::read_count(&written), Ok(42));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_request(&body);
    }

    #[test]
    fn no_cut_or_changed_request_makes_it_panic(at in 0usize..4000, with in "[\\[\\]{}\",:0-9a-z]{0,3}") {
        let body = full().to_string();
        let at = at.min(body.len());
        let mut bytes = body.as_bytes()[..at].to_vec();
        bytes.extend_from_slice(with.as_bytes());
        let _ = read_request(&bytes);
        bytes.extend_from_slice(&body.as_bytes()[at..]);
        if let Ok(request) = read_request(&bytes) {
            let _ = write_request(&request, 1);
        }
    }
}

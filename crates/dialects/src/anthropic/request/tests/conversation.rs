//! Turns and tools, as Anthropic wants them.

use serde_json::{Value, json};

use super::*;
use crate::chat::{Part, Role, Tool, ToolChoice};

#[test]
fn leading_instructions_are_hoisted_and_later_ones_keep_their_place_as_a_turn() {
    let request = asked(
        "claude-opus-4-5",
        vec![
            message(Role::System, vec![Part::text("One.")]),
            message(Role::Developer, vec![Part::text("Two.")]),
            user("Hi"),
            message(Role::Assistant, vec![Part::text("Hello")]),
            message(Role::Developer, vec![Part::text("Be brief.")]),
            user("Go on"),
        ],
    );
    let (body, dropped) = written(&request);
    assert_eq!(
        body["system"],
        json!([{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}])
    );
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
            {"role": "user", "content": [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Go on"}]},
        ])
    );
    assert!(dropped.is_empty());
}

#[test]
fn instructions_alone_become_the_turn_that_anthropic_needs() {
    let request = asked(
        "claude-opus-4-5",
        vec![message(Role::System, vec![Part::text("Say hi.")])],
    );
    let (body, _) = written(&request);
    assert_eq!(
        body["messages"],
        json!([{"role": "user", "content": "Say hi."}])
    );
    assert_eq!(body.get("system"), None);
}

#[test]
fn results_of_parallel_calls_are_one_turn_and_stand_first_in_it() {
    let request = asked(
        "claude-opus-4-5",
        vec![
            user("Weather?"),
            message(
                Role::Assistant,
                vec![call("call|1.a", ""), call("call|1:a", "{\"city\":")],
            ),
            user("Quick!"),
            message(Role::Tool, vec![result("call|1.a", "sun")]),
            message(Role::Tool, vec![result("call|1:a", "rain")]),
        ],
    );
    let (body, _) = written(&request);
    let calls = body["messages"][1]["content"].as_array().unwrap();
    let turn = body["messages"][2]["content"].as_array().unwrap();
    assert_eq!(turn.len(), 3);
    assert_eq!(turn[2], json!({"type": "text", "text": "Quick!"}));
    for place in 0..2 {
        let id = calls[place]["id"].as_str().unwrap();
        assert_eq!(
            turn[place]["tool_use_id"], id,
            "a call and its result still belong together"
        );
        assert!(
            id.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        );
    }
    assert_ne!(calls[0]["id"], calls[1]["id"]);
    assert_eq!(calls[0]["input"], json!({}));
    assert_eq!(
        calls[1]["input"].as_object().map(serde_json::Map::len),
        Some(1),
        "broken arguments are kept as a text"
    );
}

#[test]
fn a_list_of_allowed_tools_leaves_only_these() {
    let tool = |name: &str| Tool {
        name: name.into(),
        ..Tool::default()
    };
    let mut request = asked("claude-opus-4-5", vec![user("Hi")]);
    request.tools = vec![tool("b"), tool("a"), tool("c")];
    request.tool_choice = Some(ToolChoice::Allowed {
        required: true,
        names: vec!["a".into(), "b".into()],
    });
    let (body, _) = written(&request);
    assert_eq!(
        body["tools"],
        json!([
            {"name": "b", "input_schema": {"type": "object"}},
            {"name": "a", "input_schema": {"type": "object"}},
        ])
    );
    assert_eq!(body["tool_choice"], json!({"type": "any"}));
}

#[test]
fn every_choice_of_tools_has_its_word() {
    let mut request = asked("claude-opus-4-5", vec![user("Hi")]);
    request.tools = vec![Tool {
        name: "a".into(),
        ..Tool::default()
    }];
    for (choice, parallel, expected) in [
        (None, None, Value::Null),
        (None, Some(true), Value::Null),
        (
            None,
            Some(false),
            json!({"type": "auto", "disable_parallel_tool_use": true}),
        ),
        (Some(ToolChoice::Auto), None, json!({"type": "auto"})),
        (
            Some(ToolChoice::Required),
            Some(false),
            json!({"type": "any", "disable_parallel_tool_use": true}),
        ),
        (
            Some(ToolChoice::Named("a".into())),
            None,
            json!({"type": "tool", "name": "a"}),
        ),
        (Some(ToolChoice::None), Some(false), json!({"type": "none"})),
    ] {
        request.tool_choice = choice;
        request.parallel_tool_calls = parallel;
        let (body, _) = written(&request);
        assert_eq!(body["tool_choice"], expected);
    }
    request.tools.clear();
    assert_eq!(
        written(&request).0.get("tool_choice"),
        None,
        "no choice without tools"
    );
}

#[test]
fn a_thought_goes_back_only_with_its_signature() {
    let thought = |signature: Option<&str>| Part::Thinking {
        text: "Hm.".into(),
        signature: signature.map(Into::into),
        redacted: false,
    };
    let request = asked(
        "claude-opus-4-5",
        vec![
            user("Hi"),
            message(
                Role::Assistant,
                vec![thought(None), thought(Some("sig")), Part::text("Ho")],
            ),
            user("Go on"),
        ],
    );
    let (body, _) = written(&request);
    assert_eq!(
        body["messages"][1]["content"],
        json!([
            {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
            {"type": "text", "text": "Ho"},
        ])
    );
}

#[test]
fn a_thought_of_another_provider_does_not_go_to_anthropic() {
    let thought = |signature: &str, redacted| Part::Thinking {
        text: if redacted { "" } else { "Hm." }.into(),
        signature: Some(signature.into()),
        redacted,
    };
    let foreign = vec![
        thought("google:sig", false),
        thought("google:sig", true),
        Part::text("Ho"),
    ];
    let request = asked(
        "claude-opus-4-5",
        vec![user("Hi"), message(Role::Assistant, foreign), user("Go on")],
    );
    let (body, _) = written(&request);
    assert_eq!(body["messages"][1]["content"], "Ho");
}

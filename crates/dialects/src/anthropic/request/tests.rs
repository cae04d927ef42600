//! Requests: what an Anthropic client says comes through whole, and what others say is put as Anthropic wants it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat::{
    Effort, Format, Media, Message, Part, Reasoning, Request, Role, Tool, ToolChoice,
};

/// Shapes: <https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/types/message_create_params.py>
/// and the params of blocks beside it.
fn full() -> Value {
    json!({
        "model": "claude-sonnet-4-5",
        "max_tokens": 4096,
        "system": [
            {"type": "text", "text": "You are terse."},
            {"type": "text", "text": "The manual.", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        ],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "What is in these?"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0K"}},
                {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
                {"type": "image", "source": {"type": "file", "file_id": "file_011"}},
                {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0"},
                 "title": "Report", "cache_control": {"type": "ephemeral"}},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Grüße"}},
                {"type": "search_result", "source": "wiki", "title": "T", "content": [{"type": "text", "text": "x"}]},
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Two tools.", "signature": "EqQBsig"},
                {"type": "redacted_thinking", "data": "EmwKAhgB"},
                {"type": "text", "text": "Looking.", "citations": [
                    {"type": "char_location", "cited_text": "x", "document_index": 0, "document_title": null,
                     "start_char_index": 0, "end_char_index": 1}]},
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Bern", "days": 1.0}},
                {"type": "tool_use", "id": "toolu_2", "name": "time", "input": {}, "cache_control": {"type": "ephemeral"}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "21 °C"},
                {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": true, "content": [
                    {"type": "text", "text": "no clock"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j/"}}]},
                {"type": "text", "text": "And now?"},
            ]},
        ],
        "tools": [
            {"name": "weather", "description": "Weather of a city", "strict": true,
             "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
            {"name": "time", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
        ],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": true},
        "thinking": {"type": "enabled", "budget_tokens": 2048},
        "output_config": {"format": {"type": "json_schema", "schema":
            {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}}},
        "stop_sequences": ["END"],
        "metadata": {"user_id": "u-1"},
        "service_tier": "auto",
        "cache_control": {"type": "ephemeral"},
        "stream": true,
    })
}

fn read(body: &Value) -> Request {
    read_request(body.to_string().as_bytes()).unwrap()
}

fn refusal(body: &Value) -> String {
    read_request(body.to_string().as_bytes())
        .unwrap_err()
        .to_string()
}

fn written(request: &Request) -> (Value, Vec<String>) {
    let written = write_request(request, 4096);
    (
        serde_json::from_slice(&written.body).unwrap(),
        written.dropped,
    )
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message {
        role,
        name: None,
        parts,
        extra: serde_json::Map::new(),
    }
}

fn call(id: &str, arguments: &str) -> Part {
    Part::ToolCall {
        id: id.into(),
        name: "weather".into(),
        arguments: arguments.into(),
        signature: None,
        cache: None,
    }
}

fn result(id: &str, text: &str) -> Part {
    Part::ToolResult {
        id: id.into(),
        name: None,
        parts: vec![Part::text(text)],
        failed: false,
        cache: None,
    }
}

fn asked(model: &str, messages: Vec<Message>) -> Request {
    Request {
        model: model.into(),
        messages,
        ..Request::default()
    }
}

fn user(text: &str) -> Message {
    message(Role::User, vec![Part::text(text)])
}

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
    let cases: [(&dyn Fn(&mut Value), &str); 10] = [
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
fn what_anthropic_has_no_word_for_is_told_and_what_makes_no_difference_is_not() {
    let mut request = asked("claude-opus-4-5", vec![user("Hi")]);
    request.sampling.seed = Some(7);
    request.sampling.choices = Some(2);
    request.sampling.temperature = Some(1.7);
    request.sampling.frequency_penalty = Some(0.0);
    request.sampling.presence_penalty = Some(0.5);
    request.sampling.logprobs = Some(false);
    request.sampling.logit_bias = Some(json!({"50256": -100}));
    request.sampling.stop = vec!["\n".into(), "END".into()];
    request.format = Some(Format::Json);
    request.messages[0].name = Some("ann".into());
    request.messages[0].parts.push(Part::Audio {
        media: Media::Inline {
            media_type: "audio/wav".into(),
            data: "UklG".into(),
        },
    });
    request.messages[0].parts.push(Part::Image {
        media: Media::Stored("file-openai".into()),
        detail: None,
        cache: None,
    });
    request.tools.push(Tool {
        built_in: Some(json!({"type": "web_search"})),
        ..Tool::default()
    });
    request.extra.insert("service_tier".into(), json!("flex"));
    request.extra.insert("store".into(), json!(true));
    let (body, dropped) = written(&request);
    assert_eq!(
        dropped,
        [
            "messages[0].name",
            "messages[0].content[1].input_audio",
            "messages[0].content[2].image_url",
            "tools[0]",
            "temperature",
            "presence_penalty",
            "seed",
            "n",
            "logit_bias",
            "response_format",
            "stop",
            "service_tier",
            "store",
        ]
    );
    assert_eq!(
        body,
        json!({
            "model": "claude-opus-4-5",
            "max_tokens": 4096,
            "messages": [{"role": "user", "content": "Hi"}],
            "temperature": 1.0,
            "stop_sequences": ["END"],
        })
    );
}

#[test]
fn the_callers_most_tokens_are_kept_and_the_default_stands_in_for_them() {
    let mut request = asked("claude-opus-4-5", vec![user("Hi")]);
    assert_eq!(written(&request).0["max_tokens"], 4096);
    request.sampling.max_tokens = Some(9);
    assert_eq!(written(&request).0["max_tokens"], 9);
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
fn no_thinking_where_anthropic_would_refuse_it() {
    let mut request = asked(
        "claude-sonnet-4-5",
        vec![
            user("Weather?"),
            message(Role::Assistant, vec![call("a", "{}")]),
            message(Role::Tool, vec![result("a", "sun")]),
        ],
    );
    request.sampling.max_tokens = Some(32_000);
    request.reasoning = Some(Reasoning {
        effort: Some(Effort::Low),
        ..Reasoning::default()
    });
    let (body, dropped) = written(&request);
    assert_eq!(
        (body.get("thinking"), dropped),
        (None, vec!["reasoning".to_owned()])
    );

    request.model = "claude-opus-4-6".into();
    let (body, dropped) = written(&request);
    assert_eq!(body["thinking"], json!({"type": "adaptive"}));
    assert_eq!(body["output_config"], json!({"effort": "low"}));
    assert!(dropped.is_empty());

    request.tools = vec![Tool {
        name: "weather".into(),
        ..Tool::default()
    }];
    request.tool_choice = Some(ToolChoice::Required);
    let (body, dropped) = written(&request);
    assert_eq!(
        (body.get("thinking"), dropped),
        (None, vec!["reasoning".to_owned()])
    );
}

#[test]
fn tokens_are_drawn_only_as_the_model_allows() {
    let mut request = asked("claude-3-5-haiku-20241022", vec![user("Hi")]);
    request.sampling.temperature = Some(0.5);
    request.sampling.top_p = Some(0.9);
    request.sampling.top_k = Some(40);
    let mut drawn = |model: &str, thinks: bool| {
        request.model = model.into();
        request.reasoning = thinks.then(|| Reasoning {
            budget_tokens: Some(1024),
            ..Reasoning::default()
        });
        let (body, dropped) = written(&request);
        (
            body["temperature"].clone(),
            body["top_p"].clone(),
            body["top_k"].clone(),
            dropped.join(" "),
        )
    };
    let null = Value::Null;
    assert_eq!(
        drawn("claude-3-5-haiku-20241022", false),
        (json!(0.5), json!(0.9), json!(40), String::new())
    );
    assert_eq!(
        drawn("claude-sonnet-4-5", false),
        (json!(0.5), null.clone(), json!(40), "top_p".into())
    );
    assert_eq!(
        drawn("claude-sonnet-4-5", true),
        (
            null.clone(),
            null.clone(),
            null.clone(),
            "temperature top_p top_k".into()
        )
    );
    assert_eq!(
        drawn("claude-opus-4-7", false),
        (
            null.clone(),
            null.clone(),
            null,
            "temperature top_p top_k".into()
        )
    );
}

#[test]
fn a_schema_is_closed_as_anthropic_demands() {
    let mut request = asked("claude-opus-4-5", vec![user("Hi")]);
    request.format = Some(Format::Schema {
        name: "city".into(),
        description: None,
        schema: json!({"type": "object", "properties": {"places": {"type": "array", "items": {"type": "object"}}}}),
        strict: Some(false),
    });
    let (body, _) = written(&request);
    assert_eq!(
        body["output_config"]["format"],
        json!({"type": "json_schema", "schema": {
            "type": "object",
            "additionalProperties": false,
            "properties": {"places": {"type": "array", "items": {"type": "object", "additionalProperties": false}}},
        }})
    );
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

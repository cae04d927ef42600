//! Requests.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::chat::{
    Effort, Format, Media, Message, Part, Reasoning, Request, Role, Sampling, Tool, ToolChoice,
};
use crate::ollama::write_request;

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message {
        role,
        name: None,
        parts,
        extra: serde_json::Map::new(),
    }
}

fn image(media: Media) -> Part {
    Part::Image {
        media,
        detail: None,
        cache: None,
    }
}

fn tool(name: &str) -> Tool {
    Tool {
        name: name.to_owned(),
        ..Tool::default()
    }
}

fn asking(messages: Vec<Message>) -> Request {
    Request {
        model: "qwen3:8b".to_owned(),
        messages,
        ..Request::default()
    }
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&write_request(request, None).body).unwrap()
}

#[test]
fn a_conversation_with_everything_in_it() {
    let call = |id: &str, arguments: &str| Part::ToolCall {
        id: id.to_owned(),
        name: "weather".to_owned(),
        arguments: arguments.to_owned(),
        signature: Some("c2ln".to_owned()),
        cache: None,
    };
    let result = |id: &str, text: &str| Part::ToolResult {
        id: id.to_owned(),
        name: None,
        parts: vec![Part::text(text)],
        failed: false,
        cache: None,
    };
    let mut request = Request {
        tools: vec![
            Tool {
                description: Some("The weather of a city".to_owned()),
                parameters: Some(
                    json!({"type": "object", "properties": {"city": {"type": "string"}}}).into(),
                ),
                ..tool("weather")
            },
            tool("now"),
        ],
        format: Some(Format::Schema {
            name: "answer".to_owned(),
            description: None,
            schema: json!({"type": "object"}).into(),
            strict: None,
        }),
        reasoning: Some(Reasoning {
            effort: Some(Effort::Medium),
            ..Reasoning::default()
        }),
        stream: true,
        sampling: Sampling {
            max_tokens: Some(100),
            temperature: Some(0.0),
            top_p: Some(0.5),
            top_k: Some(20),
            min_p: Some(0.05),
            presence_penalty: Some(1.5),
            frequency_penalty: Some(1.0),
            seed: Some(42),
            stop: vec!["END".to_owned()],
            logprobs: Some(true),
            top_logprobs: Some(2),
            ..Sampling::default()
        },
        ..asking(vec![
            message(Role::Developer, vec![Part::text("Be brief.")]),
            message(
                Role::User,
                vec![
                    Part::text("What is this?"),
                    image(Media::Inline {
                        media_type: "image/png".to_owned(),
                        data: "iVBORw0KGgo=".to_owned(),
                    }),
                    Part::text("And its weather?"),
                ],
            ),
            message(
                Role::Assistant,
                vec![
                    Part::Thinking {
                        text: "Two calls.".to_owned(),
                        signature: Some("EqQB".to_owned()),
                        redacted: false,
                    },
                    call("call_1", r#"{"city":"Lyon","days":1.0}"#),
                    call("call_2", ""),
                ],
            ),
            message(
                Role::Tool,
                vec![result("call_1", "21"), result("call_2", "?")],
            ),
            message(Role::System, vec![Part::text("Answer in French.")]),
        ])
    };
    request.extra.insert("keep_alive".to_owned(), json!("10m"));
    request
        .extra
        .insert("repetition_penalty".to_owned(), json!(1.1));
    request
        .extra
        .insert("options".to_owned(), json!({"num_gpu": 1, "top_k": 5}));
    let written = write_request(&request, Some(16_384));
    let body: Value = serde_json::from_slice(&written.body).unwrap();
    assert_json_snapshot!(json!({ "body": body, "dropped": written.dropped }));
}

#[test]
fn what_cannot_be_said_is_named() {
    let mut request = Request {
        tools: vec![Tool {
            built_in: Some(json!({"type": "web_search"})),
            ..Tool::default()
        }],
        tool_choice: Some(ToolChoice::Required),
        reasoning: Some(Reasoning {
            effort: Some(Effort::Other("some".to_owned())),
            ..Reasoning::default()
        }),
        user: Some("u1".to_owned()),
        ..asking(vec![message(
            Role::User,
            vec![
                Part::text("Look."),
                image(Media::Url("https://example.org/map.png".to_owned())),
                Part::Audio {
                    media: Media::Url("https://example.org/a.wav".to_owned()),
                },
                Part::File {
                    media: Media::Stored("file-1".to_owned()),
                    name: None,
                    cache: None,
                },
            ],
        )])
    };
    request.sampling.choices = Some(2);
    request.sampling.logit_bias = Some(json!({}));
    request.extra.insert("store".to_owned(), json!(true));
    assert_eq!(
        write_request(&request, None).dropped,
        [
            "messages[0].content[1].image_url",
            "messages[0].content[2].input_audio",
            "messages[0].content[3].file",
            "tool_choice",
            "tools[0]",
            "reasoning_effort",
            "n",
            "logit_bias",
            "user",
            "store",
        ]
    );
}

#[test]
fn a_prompt_that_does_not_fit_is_refused_and_not_cut() {
    let mut request = asking(vec![message(Role::User, vec![Part::text("Hi")])]);
    assert_eq!(body(&request)["truncate"], json!(false));
    request.extra.insert("truncate".to_owned(), json!(true));
    assert_eq!(body(&request)["truncate"], json!(true));
}

#[test]
fn the_context_is_what_is_needed_and_never_less_than_the_caller_says() {
    let mut request = asking(vec![]);
    let num_ctx = |request: &Request, needed| -> Value {
        let body: Value = serde_json::from_slice(&write_request(request, needed).body).unwrap();
        body["options"]["num_ctx"].clone()
    };
    assert_eq!(num_ctx(&request, None), Value::Null);
    assert_eq!(num_ctx(&request, Some(8_192)), json!(8_192));
    request
        .extra
        .insert("options".to_owned(), json!({"num_ctx": 32_768}));
    assert_eq!(num_ctx(&request, Some(8_192)), json!(32_768));
    assert_eq!(num_ctx(&request, Some(65_536)), json!(65_536));
}

#[test]
fn a_choice_of_tools_is_said_by_what_is_offered() {
    let offered = |choice| {
        let request = Request {
            tools: vec![tool("a"), tool("b")],
            tool_choice: Some(choice),
            ..asking(vec![])
        };
        let written = write_request(&request, None);
        let body: Value = serde_json::from_slice(&written.body).unwrap();
        let tools = body["tools"].as_array().cloned().unwrap_or_default();
        let names: Vec<String> = tools
            .iter()
            .map(|tool| tool["function"]["name"].as_str().unwrap().to_owned())
            .collect();
        (names.concat(), written.dropped.concat())
    };
    let allowed = |required| ToolChoice::Allowed {
        required,
        names: vec!["b".to_owned()],
    };
    let said = |names: &str, dropped: &str| (names.to_owned(), dropped.to_owned());
    assert_eq!(offered(ToolChoice::Auto), said("ab", ""));
    assert_eq!(offered(ToolChoice::None), said("", ""));
    assert_eq!(offered(allowed(false)), said("b", ""));
    assert_eq!(offered(allowed(true)), said("b", "tool_choice"));
    assert_eq!(
        offered(ToolChoice::Named("a".to_owned())),
        said("a", "tool_choice")
    );
    assert_eq!(offered(ToolChoice::Required), said("ab", "tool_choice"));
}

#[test]
fn thinking_is_a_word_and_a_budget_becomes_one() {
    let think = |effort, budget_tokens| {
        let mut request = asking(vec![]);
        request.reasoning = Some(Reasoning {
            effort,
            budget_tokens,
            show: None,
        });
        body(&request)["think"].clone()
    };
    assert_eq!(think(Some(Effort::None), None), json!(false));
    assert_eq!(think(Some(Effort::Minimal), None), json!("low"));
    assert_eq!(think(Some(Effort::High), Some(1)), json!("high"));
    assert_eq!(
        think(Some(Effort::Other("xhigh".into())), None),
        json!("max")
    );
    assert_eq!(think(None, Some(0)), json!(false));
    assert_eq!(think(None, Some(-1)), json!(true));
    assert_eq!(think(None, Some(2_000)), json!("low"));
    assert_eq!(think(None, Some(50_000)), json!("high"));
    assert_eq!(think(None, None), Value::Null);
}

#[test]
fn json_without_a_schema_is_a_word() {
    let mut request = asking(vec![]);
    request.format = Some(Format::Json);
    assert_eq!(body(&request)["format"], json!("json"));
}

#[test]
fn the_same_request_is_the_same_bytes() {
    let request = asking(vec![message(Role::User, vec![Part::text("Hi")])]);
    assert_eq!(
        String::from_utf8(write_request(&request, Some(4_096)).body).unwrap(),
        concat!(
            r#"{"model":"qwen3:8b","messages":[{"role":"user","content":"Hi"}],"stream":false,"#,
            r#""options":{"num_ctx":4096},"truncate":false}"#
        )
    );
}

//! Requests.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::chat::{
    Effort, Format, Media, Message, Part, Reasoning, Request, Role, Sampling, Tool, ToolChoice,
};
use crate::gemini::write_request;

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message {
        role,
        name: None,
        parts,
        extra: serde_json::Map::new(),
    }
}

fn call(id: &str, city: &str, signature: Option<&str>) -> Part {
    Part::ToolCall {
        id: id.to_owned(),
        name: "weather".to_owned(),
        arguments: format!(r#"{{"city":"{city}"}}"#),
        signature: signature.map(str::to_owned),
        cache: None,
    }
}

fn result(id: &str, parts: Vec<Part>, failed: bool) -> Part {
    Part::ToolResult {
        id: id.to_owned(),
        name: None,
        parts,
        failed,
        cache: None,
    }
}

fn weather() -> Tool {
    Tool {
        name: "weather".to_owned(),
        description: Some("The weather of a city".to_owned()),
        parameters: Some(json!({
            "$defs": {"unit": {"type": "string", "enum": ["c", "f"]}},
            "type": "object",
            "properties": {"city": {"type": ["string", "null"]}, "unit": {"$ref": "#/$defs/unit"}},
            "required": ["city"],
            "additionalProperties": false
        }).into()),
        ..Tool::default()
    }
}

fn asking(model: &str, messages: Vec<Message>) -> Request {
    Request {
        model: model.to_owned(),
        messages,
        ..Request::default()
    }
}

/// What is written, and what is lost.
fn written(request: &Request) -> Value {
    let written = write_request(request);
    let body: Value = serde_json::from_slice(&written.body).unwrap();
    json!({ "body": body, "dropped": written.dropped })
}

fn contents(request: &Request) -> Value {
    written(request)["body"]["contents"].take()
}

#[test]
fn a_conversation_with_everything_in_it() {
    let png = Media::Inline {
        media_type: "image/png".to_owned(),
        data: "iVBORw0KGgo=".to_owned(),
    };
    let request = Request {
        tools: vec![
            weather(),
            Tool {
                name: "now".to_owned(),
                ..Tool::default()
            },
        ],
        tool_choice: Some(ToolChoice::Named("weather".to_owned())),
        format: Some(Format::Schema {
            name: "answer".to_owned(),
            description: None,
            schema: json!({"type": "object", "properties": {"degrees": {"type": "number"}}}).into(),
            strict: Some(true),
        }),
        reasoning: Some(Reasoning {
            effort: Some(Effort::Low),
            budget_tokens: None,
            show: Some(true),
        }),
        sampling: Sampling {
            max_tokens: Some(500),
            temperature: Some(0.5),
            top_p: Some(0.9),
            top_k: Some(40),
            presence_penalty: Some(0.1),
            frequency_penalty: Some(-0.1),
            seed: Some(7),
            stop: vec!["END".to_owned()],
            choices: Some(2),
            logprobs: Some(true),
            top_logprobs: Some(3),
            ..Sampling::default()
        },
        ..asking(
            "gemini-3-flash-preview",
            vec![
                message(Role::System, vec![Part::text("Be brief.")]),
                message(Role::Developer, vec![Part::text("Use degrees.")]),
                message(
                    Role::User,
                    vec![
                        Part::text("How warm is it here?"),
                        Part::Image {
                            media: png.clone(),
                            detail: Some("auto".to_owned()),
                            cache: None,
                        },
                        Part::Image {
                            media: Media::Url("https://example.org/a/map.jpg?size=2".to_owned()),
                            detail: None,
                            cache: None,
                        },
                    ],
                ),
                message(
                    Role::Assistant,
                    vec![
                        Part::Thinking {
                            text: "Two cities.".to_owned(),
                            signature: None,
                            redacted: false,
                        },
                        call("call_1", "Lyon", Some("c2lnbmVk")),
                        call("call_2", "Nice", None),
                    ],
                ),
                message(
                    Role::Tool,
                    vec![result(
                        "call_1",
                        vec![Part::text(r#"{"degrees": 21.0}"#)],
                        false,
                    )],
                ),
                message(
                    Role::Tool,
                    vec![result("call_2", vec![Part::text("no such city")], true)],
                ),
                message(Role::User, vec![Part::text("And there?")]),
                message(Role::System, vec![Part::text("Answer in French.")]),
            ],
        )
    };
    assert_json_snapshot!(written(&request));
}

#[test]
fn what_cannot_be_said_is_named() {
    let mut request = Request {
        tools: vec![
            Tool {
                strict: Some(true),
                cache: Some(json!({"type": "ephemeral"})),
                ..weather()
            },
            Tool {
                built_in: Some(json!({"type": "web_search_20250305", "name": "web_search"})),
                ..Tool::default()
            },
            Tool {
                built_in: Some(json!({"googleSearch": {}})),
                ..Tool::default()
            },
        ],
        parallel_tool_calls: Some(false),
        format: Some(Format::Json),
        reasoning: Some(Reasoning {
            effort: Some(Effort::High),
            ..Reasoning::default()
        }),
        user: Some("u1".to_owned()),
        sampling: Sampling {
            min_p: Some(0.1),
            logit_bias: Some(json!({"50256": -100})),
            stop: (0..6).map(|stop| stop.to_string()).collect(),
            ..Sampling::default()
        },
        ..asking(
            "gemini-2.0-flash",
            vec![message(
                Role::User,
                vec![
                    Part::text("Look."),
                    Part::Image {
                        media: Media::Stored("file-abc".to_owned()),
                        detail: None,
                        cache: None,
                    },
                    Part::Image {
                        media: Media::Stored(
                            "https://generativelanguage.googleapis.com/v1beta/files/x1".to_owned(),
                        ),
                        detail: Some("low".to_owned()),
                        cache: None,
                    },
                    Part::Other {
                        value: json!({"type": "server_tool_use"}),
                    },
                ],
            )],
        )
    };
    request.messages[0].name = Some("ada".to_owned());
    request.extra.insert("store".to_owned(), json!(true));
    request.extra.insert(
        "safetySettings".to_owned(),
        json!([{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]),
    );
    assert_json_snapshot!(written(&request));
}

#[test]
fn a_call_of_another_providers_model_is_signed_for_models_that_want_it() {
    let messages = vec![
        message(Role::User, vec![Part::text("Weather?")]),
        message(
            Role::Assistant,
            vec![call("toolu_1", "Lyon", None), call("toolu_2", "Nice", None)],
        ),
        message(
            Role::Tool,
            vec![result("toolu_1", vec![Part::text("21")], false)],
        ),
    ];
    let signatures = |model| {
        let contents = contents(&asking(model, messages.clone()));
        [0, 1].map(|part| contents[1]["parts"][part]["thoughtSignature"].clone())
    };
    assert_eq!(
        signatures("gemini-3-pro-preview"),
        [json!("skip_thought_signature_validator"), Value::Null]
    );
    assert_eq!(signatures("gemini-2.5-pro"), [Value::Null, Value::Null]);
}

#[test]
fn thoughts_of_other_providers_lose_their_signatures_and_hidden_ones_go() {
    let thought = |text: &str, signature: &str, redacted| Part::Thinking {
        text: text.to_owned(),
        signature: Some(signature.to_owned()),
        redacted,
    };
    let request = asking(
        "gemini-3-pro",
        vec![
            message(Role::User, vec![Part::text("Hi")]),
            message(
                Role::Assistant,
                vec![
                    thought("Claude's", "EqQBCgIYAh", false),
                    thought("", "hidden", true),
                    thought("Gemini's", "google:b3du", false),
                    Part::text("Hello"),
                ],
            ),
        ],
    );
    assert_eq!(
        contents(&request)[1]["parts"],
        json!([
            {"text": "Claude's", "thought": true},
            {"text": "Gemini's", "thought": true, "thoughtSignature": "b3du"},
            {"text": "Hello"}
        ])
    );
}

#[test]
fn instructions_alone_are_what_the_person_says() {
    let request = asking(
        "gemini-2.5-flash",
        vec![message(Role::System, vec![Part::text("Tell a joke.")])],
    );
    assert_eq!(
        written(&request)["body"],
        json!({"contents": [{"role": "user", "parts": [{"text": "Tell a joke."}]}]})
    );
}

#[test]
fn a_result_names_its_tool_even_if_nobody_said_it() {
    let request = asking(
        "gemini-2.5-flash",
        vec![message(Role::Tool, vec![result("call_9", vec![], false)])],
    );
    assert_eq!(
        contents(&request)[0]["parts"][0]["functionResponse"],
        json!({"id": "call_9", "name": "call_9", "response": {"output": ""}})
    );
}

#[test]
fn a_picture_in_a_result_is_where_the_model_takes_it() {
    let picture = Part::Image {
        media: Media::Inline {
            media_type: "image/png".to_owned(),
            data: "AAAA".to_owned(),
        },
        detail: None,
        cache: None,
    };
    let parts = |model| {
        let parts = vec![Part::text("here"), picture.clone()];
        contents(&asking(
            model,
            vec![message(Role::Tool, vec![result("c", parts, false)])],
        ))
    };
    let inline = json!({"inlineData": {"mimeType": "image/png", "data": "AAAA"}});
    let newer = parts("gemini-3-flash");
    assert_eq!(
        newer[0]["parts"][0]["functionResponse"]["parts"],
        json!([inline])
    );
    let older = parts("gemini-2.5-flash");
    assert_eq!(older[0]["parts"][1], inline);
}

#[test]
fn what_may_be_called_is_said_in_geminis_words() {
    let config = |choice| {
        let request = Request {
            tools: vec![weather()],
            tool_choice: Some(choice),
            ..asking("gemini-3-pro", vec![])
        };
        written(&request)["body"]["toolConfig"]["functionCallingConfig"].take()
    };
    let names = vec!["weather".to_owned()];
    let allowed = |required| ToolChoice::Allowed {
        required,
        names: names.clone(),
    };
    assert_eq!(config(ToolChoice::Auto), json!({"mode": "AUTO"}));
    assert_eq!(config(ToolChoice::None), json!({"mode": "NONE"}));
    assert_eq!(config(ToolChoice::Required), json!({"mode": "ANY"}));
    assert_eq!(
        config(allowed(true)),
        json!({"mode": "ANY", "allowedFunctionNames": ["weather"]})
    );
    assert_eq!(
        config(allowed(false)),
        json!({"mode": "VALIDATED", "allowedFunctionNames": ["weather"]})
    );
}

#[test]
fn a_long_seed_is_cut_the_same_way_each_time() {
    let mut request = asking("gemini-3-pro", vec![]);
    request.sampling.seed = Some((1 << 40) + 5);
    assert_eq!(
        written(&request)["body"]["generationConfig"]["seed"],
        json!(5)
    );
}

#[test]
fn the_same_request_is_the_same_bytes() {
    let request = Request {
        tools: vec![weather()],
        ..asking(
            "gemini-3-pro",
            vec![message(Role::User, vec![Part::text("Hi")])],
        )
    };
    assert_eq!(write_request(&request), write_request(&request.clone()));
    let body = String::from_utf8(write_request(&request).body).unwrap();
    assert!(body.starts_with(r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"tools":[{"functionDeclarations":[{"name":"weather""#));
}

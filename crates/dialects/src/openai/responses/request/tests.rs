use serde_json::json;

use super::*;
use crate::chat::{Media, ToolChoice};

fn read(body: &Value) -> Result<Request, Malformed> {
    read_request(body.to_string().as_bytes())
}

fn complaint(body: &Value) -> String {
    read(body).map_or_else(|error| error.to_string(), |request| format!("{request:?}"))
}

#[test]
fn a_text_is_what_the_user_says() {
    let request =
        read(&json!({"model": "auto", "input": "Hi", "instructions": "Be brief.", "stream": true}))
            .unwrap();
    let said: Vec<_> = request
        .messages
        .iter()
        .map(|turn| (turn.role, turn.parts.clone()))
        .collect();
    assert_eq!(
        said,
        [
            (Role::System, vec![Part::text("Be brief.")]),
            (Role::User, vec![Part::text("Hi")]),
        ]
    );
    assert!(request.stream && request.stream_usage);
}

/// The shape is that of the guide "Function calling" with `input += response.output`, and of
/// `types/responses/response_input_item_param.py`.
#[test]
fn what_the_model_said_in_several_items_is_one_turn() {
    let request = read(&json!({"model": "m", "input": [
        {"role": "developer", "content": "Use tools."},
        {"role": "user", "content": [{"type": "input_text", "text": "Weather in Rome and Oslo?"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Two calls."}],
         "encrypted_content": "gAAA", "status": null},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
         "content": [{"type": "output_text", "text": "I look.", "annotations": [], "logprobs": []}]},
        {"type": "function_call", "id": "fc_1", "call_id": "call_a", "name": "weather", "arguments": "{\"in\":\"Rome\"}",
         "status": "completed", "extra_content": {"google": {"thought_signature": "c2ln"}}},
        {"type": "function_call", "id": "fc_2", "call_id": "call_b", "name": "weather", "arguments": "{\"in\":\"Oslo\"}"},
        {"type": "function_call_output", "call_id": "call_a", "output": "sun"},
        {"type": "function_call_output", "call_id": "call_b",
         "output": [{"type": "input_text", "text": "snow"}, {"type": "input_image", "image_url": "https://a.example/s.png"}]},
    ]}))
    .unwrap();
    insta::assert_debug_snapshot!(request.messages);
}

#[test]
fn pictures_documents_and_sounds_are_known_by_url_by_id_and_by_their_bytes() {
    let request = read(&json!({"model": "m", "input": [{"role": "user", "content": [
        {"type": "input_image", "image_url": "data:image/png;base64,iVBO", "detail": "low"},
        {"type": "input_image", "file_id": "file-1"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"},
        {"type": "input_file", "file_url": "https://a.example/b.pdf",
         "prompt_cache_breakpoint": {"mode": "explicit"}},
        {"type": "input_audio", "input_audio": {"data": "SUQz", "format": "mp3"}},
    ]}]}))
    .unwrap();
    let inline = |media_type: &str, data: &str| Media::Inline {
        media_type: media_type.to_owned(),
        data: data.to_owned(),
    };
    assert_eq!(
        request.messages[0].parts,
        [
            Part::Image {
                media: inline("image/png", "iVBO"),
                detail: Some("low".to_owned()),
                cache: None
            },
            Part::Image {
                media: Media::Stored("file-1".to_owned()),
                detail: None,
                cache: None
            },
            Part::File {
                media: inline("application/pdf", "JVBE"),
                name: Some("a.pdf".to_owned()),
                cache: None
            },
            Part::File {
                media: Media::Url("https://a.example/b.pdf".to_owned()),
                name: None,
                cache: Some(json!({"type": "ephemeral"})),
            },
            Part::Audio {
                media: inline("audio/mpeg", "SUQz")
            },
        ]
    );
}

#[test]
fn settings_are_read_and_what_chat_has_under_the_same_name_rides_along() {
    let request = read(&json!({
        "model": "m", "input": "x",
        "tools": [
            {"type": "function", "name": "b", "description": "B", "parameters": {"type": "object"}, "strict": true},
            {"type": "function", "name": "a", "parameters": null},
            {"type": "web_search", "search_context_size": "low"},
            {"type": "custom", "name": "patch", "description": "P", "format": {"type": "text"}},
        ],
        "tool_choice": {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "a"}]},
        "parallel_tool_calls": false,
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": true}, "verbosity": "low"},
        "reasoning": {"effort": "xhigh", "summary": "auto"},
        "max_output_tokens": 9, "temperature": 0.5, "top_p": 1, "top_logprobs": 2,
        "include": ["reasoning.encrypted_content"], "store": true, "truncation": "auto", "metadata": {"a": "b"},
        "user": "u", "prompt_cache_key": "k", "service_tier": "flex", "background": false, "previous_response_id": null,
    }))
    .unwrap();
    insta::assert_debug_snapshot!(request);
}

#[test]
fn what_needs_something_kept_is_refused_with_the_way_out() {
    let with = |name: &str, value: Value| {
        let mut body = json!({"model": "m", "input": "x"});
        body[name] = value;
        complaint(&body)
    };
    for (name, value) in [
        ("previous_response_id", json!("resp_1")),
        ("conversation", json!({"id": "conv_1"})),
        ("prompt", json!({"id": "pmpt_1"})),
        ("background", json!(true)),
    ] {
        let complaint = with(name, value);
        assert!(complaint.starts_with(&format!("`{name}` ")), "{complaint}");
        assert!(complaint.contains("this server keeps no"), "{complaint}");
    }
    assert_eq!(
        with("input", json!([{"type": "item_reference", "id": "msg_1"}])),
        "`input[0].type` cannot be `item_reference`: this server keeps no responses; send the item itself"
    );
}

#[test]
fn a_wrong_field_is_named_by_its_path() {
    let with = |input: Value| complaint(&json!({"model": "m", "input": input}));
    assert_eq!(
        with(json!([{"role": "user", "content": [{"type": "image_url"}]}])),
        "`input[0].content[0].type` must be `input_text`, `input_image`, `input_file`, `input_audio`, `output_text` or `refusal`, not `image_url`"
    );
    assert_eq!(
        with(json!([{"type": "function_call", "name": "f", "arguments": "{}"}])),
        "`input[0].call_id` is missing; it must be a string"
    );
    assert_eq!(
        with(json!(7)),
        "`input` must be a string or an array of items, not a number"
    );
    assert_eq!(
        complaint(&json!({"model": "m", "input": "x", "tool_choice": {"type": "web_search"}})),
        "`tool_choice.type` must be `function` or `allowed_tools`, not `web_search`: only functions can be demanded here"
    );
    assert_eq!(
        complaint(&json!({"input": "x"})),
        "`model` is missing; it must be a string"
    );
}

#[test]
fn choices_of_tools_are_told_apart() {
    let of = |choice: Value| {
        read(&json!({"model": "m", "input": "x", "tool_choice": choice}))
            .unwrap()
            .tool_choice
    };
    assert_eq!(of(json!("required")), Some(ToolChoice::Required));
    assert_eq!(
        of(json!({"type": "function", "name": "f"})),
        Some(ToolChoice::Named("f".to_owned()))
    );
    assert_eq!(of(Value::Null), None);
}

/// A thought that is nothing but its token comes back as one.
#[test]
fn tokens_of_thoughts_survive_the_caller() {
    for (encrypted, redacted) in [("redacted:EroB", true), ("EroB", false)] {
        let request = read(&json!({"model": "m", "input": [
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": encrypted},
        ]}))
        .unwrap();
        assert_eq!(
            request.messages[0].parts,
            [Part::Thinking {
                text: String::new(),
                signature: Some("EroB".to_owned()),
                redacted
            }]
        );
    }
}

#[test]
fn no_body_makes_the_reader_panic() {
    let whole = json!({"model": "m", "instructions": "i", "input": [
        {"role": "user", "content": [{"type": "input_file", "file_data": "data:,"}, {"type": "input_image", "image_url": "data:"}]},
        {"type": "reasoning", "summary": [{"text": "é"}]},
        {"type": "function_call_output", "call_id": "c", "output": []},
    ], "tools": [{"type": "custom", "name": "n"}], "text": {"format": {"type": "text"}}})
    .to_string();
    assert!(read_request(whole.as_bytes()).is_ok());
    for end in 0..whole.len() {
        assert!(read_request(&whole.as_bytes()[..end]).is_err());
    }
}

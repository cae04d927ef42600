//! What providers of each dialect answer: the same four answers, whole and as a stream.

use serde_json::{Value, json};

/// Name, whole body, stream.
type Case = (&'static str, String, String);

pub(super) fn of(dialect: &str) -> Vec<Case> {
    match dialect {
        "openai" => openai(),
        "anthropic" => anthropic(),
        "gemini" => gemini(),
        _ => ollama(),
    }
}

fn events(events: &[Value]) -> String {
    let list: Vec<String> = events
        .iter()
        .map(|event| format!("data: {event}\n\n"))
        .collect();
    list.concat()
}

fn openai() -> Vec<Case> {
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 6, "total_tokens": 16,
        "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 2}});
    let case = |name, message: Value, deltas: &[Value], finish: &str| {
        let whole = json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 5, "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage});
        let chunk = |delta: &Value, finish: Value| {
            json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 5, "model": "m",
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
        };
        let mut stream = events(&[chunk(&json!({"role": "assistant"}), Value::Null)]);
        for delta in deltas {
            stream += &events(&[chunk(delta, Value::Null)]);
        }
        stream += &events(&[
            chunk(&json!({}), finish.into()),
            json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 5, "model": "m", "choices": [], "usage": usage}),
        ]);
        stream += "data: [DONE]\n\n";
        (name, whole.to_string(), stream)
    };
    let said = |name, finish| {
        case(
            name,
            json!({"role": "assistant", "content": "Blue sky"}),
            &[json!({"content": "Blue"}), json!({"content": " sky"})],
            finish,
        )
    };
    let called = |id: &str, city: &str| json!({"id": id, "type": "function", "function": {"name": "weather", "arguments": format!("{{\"city\":\"{city}\"}}")}});
    let begun = |index: u64, id: &str| json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": {"name": "weather", "arguments": ""}}]});
    let more = |index: u64, text: &str| json!({"tool_calls": [{"index": index, "function": {"arguments": text}}]});
    vec![
        said("text", "stop"),
        said("length", "length"),
        case(
            "calls",
            json!({"role": "assistant", "content": null, "reasoning_content": "Two.", "tool_calls": [called("call_1", "Lyon"), called("call_2", "Nice")]}),
            &[
                json!({"reasoning_content": "Two."}),
                begun(0, "call_1"),
                more(0, "{\"city\":"),
                begun(1, "call_2"),
                more(0, "\"Lyon\"}"),
                more(1, "{\"city\":\"Nice\"}"),
            ],
            "tool_calls",
        ),
        case(
            "filtered",
            json!({"role": "assistant", "content": "Bl"}),
            &[json!({"content": "Bl"})],
            "content_filter",
        ),
    ]
}

fn anthropic() -> Vec<Case> {
    let case = |name, content: Value, stop: &str| {
        let usage = json!({"input_tokens": 6, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 0, "output_tokens": 6});
        let whole = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content,
            "stop_reason": stop, "stop_sequence": null, "usage": usage});
        let mut list = vec![
            json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": [], "stop_reason": null, "stop_sequence": null,
            "usage": {"input_tokens": 6, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 0, "output_tokens": 1}}}),
        ];
        for (index, block) in content.as_array().unwrap().iter().enumerate() {
            let (begin, deltas) = pieces(block);
            list.push(
                json!({"type": "content_block_start", "index": index, "content_block": begin}),
            );
            for delta in deltas {
                list.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
            }
            list.push(json!({"type": "content_block_stop", "index": index}));
        }
        list.push(json!({"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": null}, "usage": {"output_tokens": 6}}));
        list.push(json!({"type": "message_stop"}));
        let stream: Vec<String> = list
            .iter()
            .map(|event| {
                format!(
                    "event: {}\ndata: {event}\n\n",
                    event["type"].as_str().unwrap()
                )
            })
            .collect();
        (name, whole.to_string(), stream.concat())
    };
    let said = |text: &str| json!([{"type": "text", "text": text}]);
    let called = |id: &str, city: &str| json!({"type": "tool_use", "id": id, "name": "weather", "input": {"city": city}});
    vec![
        case("text", said("Blue sky"), "end_turn"),
        case("length", said("Blue sky"), "max_tokens"),
        case(
            "calls",
            json!([{"type": "thinking", "thinking": "Two.", "signature": "c2ln"}, called("toolu_1", "Lyon"), called("toolu_2", "Nice")]),
            "tool_use",
        ),
        case("filtered", said("Bl"), "refusal"),
    ]
}

/// How a block of Anthropic's begins in a stream, and its deltas.
fn pieces(block: &Value) -> (Value, Vec<Value>) {
    match block["type"].as_str().unwrap() {
        "text" => {
            let (one, other) = block["text"].as_str().unwrap().split_at(2);
            let deltas = [one, other].into_iter().filter(|text| !text.is_empty());
            (
                json!({"type": "text", "text": ""}),
                deltas
                    .map(|text| json!({"type": "text_delta", "text": text}))
                    .collect(),
            )
        }
        "thinking" => (
            json!({"type": "thinking", "thinking": "", "signature": ""}),
            vec![
                json!({"type": "thinking_delta", "thinking": block["thinking"]}),
                json!({"type": "signature_delta", "signature": block["signature"]}),
            ],
        ),
        _ => {
            let mut begin = block.clone();
            begin["input"] = json!({});
            let text = block["input"].to_string();
            let (one, other) = text.split_at(5);
            (
                begin,
                vec![
                    json!({"type": "input_json_delta", "partial_json": one}),
                    json!({"type": "input_json_delta", "partial_json": other}),
                ],
            )
        }
    }
}

fn gemini() -> Vec<Case> {
    let case = |name, parts: &[Value], finish: &str| {
        let usage = json!({"promptTokenCount": 10, "cachedContentTokenCount": 4, "candidatesTokenCount": 4, "thoughtsTokenCount": 2, "totalTokenCount": 16});
        let chunk = |parts: &[Value]| json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": parts}}], "modelVersion": "m", "responseId": "g1"});
        let ended = |mut chunk: Value| {
            chunk["candidates"][0]["finishReason"] = finish.into();
            chunk["usageMetadata"] = usage.clone();
            chunk
        };
        let mut list: Vec<Value> = parts
            .iter()
            .map(|part| chunk(std::slice::from_ref(part)))
            .collect();
        let end = list.pop().unwrap();
        list.push(ended(end));
        (name, ended(chunk(parts)).to_string(), events(&list))
    };
    let text = |text: &str| json!({"text": text});
    let said = |name, finish| case(name, &[text("Blue"), text(" sky")], finish);
    let called = |city: &str| json!({"functionCall": {"name": "weather", "args": {"city": city}}});
    let mut signed = called("Lyon");
    signed["thoughtSignature"] = "c2ln".into();
    vec![
        said("text", "STOP"),
        said("length", "MAX_TOKENS"),
        case(
            "calls",
            &[
                json!({"text": "Two.", "thought": true}),
                signed,
                called("Nice"),
            ],
            "STOP",
        ),
        case("filtered", &[text("Bl")], "SAFETY"),
    ]
}

fn ollama() -> Vec<Case> {
    let case = |name, messages: &[Value], whole: Value, finish: &str| {
        let line = |message: &Value| json!({"model": "m", "created_at": "2025-07-07T20:22:19Z", "message": message, "done": false});
        let ended = |message: &Value| {
            let mut line = line(message);
            let last = json!({"done": true, "done_reason": finish, "prompt_eval_count": 10, "eval_count": 6});
            line.as_object_mut()
                .unwrap()
                .extend(last.as_object().unwrap().clone());
            line
        };
        let lines: Vec<String> = messages
            .iter()
            .map(|message| format!("{}\n", line(message)))
            .collect();
        let mut stream = lines.concat();
        stream += &format!("{}\n", ended(&json!({"role": "assistant", "content": ""})));
        (name, ended(&whole).to_string(), stream)
    };
    let text = |text: &str| json!({"role": "assistant", "content": text});
    let said = |name, finish| {
        case(
            name,
            &[text("Blue"), text(" sky")],
            text("Blue sky"),
            finish,
        )
    };
    let called = |city: &str| json!({"function": {"index": 0, "name": "weather", "arguments": {"city": city}}});
    vec![
        said("text", "stop"),
        said("length", "length"),
        case(
            "calls",
            &[
                json!({"role": "assistant", "content": "", "thinking": "Two."}),
                json!({"role": "assistant", "content": "", "tool_calls": [called("Lyon")]}),
                json!({"role": "assistant", "content": "", "tool_calls": [called("Nice")]}),
            ],
            json!({"role": "assistant", "content": "", "thinking": "Two.", "tool_calls": [called("Lyon"), called("Nice")]}),
            "stop",
        ),
    ]
}

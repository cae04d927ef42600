use bytes::Bytes;
use serde_json::{Value, json};

use super::super::fixtures::{World, call, text};
use super::*;

fn chat(body: &Value) -> ModelCall {
    call(Door::Chat, body.to_string())
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn hello() -> Value {
    json!({"model": "auto", "messages": [{"role": "user", "content": "hi"}]})
}

fn hello_with(name: &str, value: Value) -> ModelCall {
    let mut body = hello();
    body[name] = value;
    chat(&body)
}

#[test]
fn the_same_dialect_keeps_every_byte_but_the_model_and_the_extensions() {
    let body = " {\"model\":\"auto\", \"models\":[\"a\",\"b\"],\"messages\" : [ {\"role\":\"user\",\"content\":\"h\\u0069\",\"odd\":1.0} ],\n\"provider\":{},\"future\":{\"b\":1,\"a\":2} }";
    let call = call(Door::Chat, body.to_owned());
    let sent = World::chat("openai", "").send(&call, "x/y\"z").unwrap();
    assert_eq!(
        text(&sent),
        " {\"model\":\"x/y\\\"z\",\"messages\" : [ {\"role\":\"user\",\"content\":\"h\\u0069\",\"odd\":1.0} ],\"future\":{\"b\":1,\"a\":2} }"
    );
    assert!(sent.verbatim && sent.dropped.is_empty());
    assert_eq!(sent.path, "/chat/completions");
}

#[test]
fn a_large_picture_is_not_copied() {
    let picture = "A".repeat(1 << 20);
    let body = Bytes::from(format!(
        r#"{{"model":"auto","messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{picture}"}}}}]}}],"logit_bias":{{}}}}"#
    ));
    let call = call(Door::Chat, body.clone());
    let world = World::chat(
        "openai",
        "[quirks]\ndrop = ['logit_bias']\nmessages = ['drop_names', 'developer_as_system', 'drop_reasoning']\n",
    );
    let sent = world.send(&call, "m").unwrap();
    let shared = |piece: &&Bytes| body.as_ptr_range().contains(&piece.as_ptr());
    let copied: usize = sent
        .body
        .iter()
        .filter(|piece| !shared(piece))
        .map(Bytes::len)
        .sum();
    assert!(copied < 200, "{copied} bytes are copied");
}

#[test]
fn usage_is_asked_for_in_every_stream_and_hidden_from_who_did_not_ask() {
    let world = World::chat("openai", "");
    let call = hello_with("stream", json!(true));
    let sent = world.send(&call, "m").unwrap();
    assert_eq!(
        read(&text(&sent))["stream_options"],
        json!({"include_usage": true})
    );
    assert!(sent.hide_usage);

    let mut body = hello();
    body["stream"] = json!(true);
    body["stream_options"] = json!({"include_usage": false, "include_obfuscation": false});
    assert_eq!(
        read(&world.sent(&chat(&body), "m"))["stream_options"],
        json!({"include_usage": true, "include_obfuscation": false})
    );
    body["stream_options"] = json!({"include_usage": true});
    let sent = world.send(&chat(&body), "m").unwrap();
    assert!(!sent.hide_usage);

    let always = World::chat("openai", "[quirks]\nstream_usage = 'always'\n");
    let sent = always.send(&chat(&body), "m").unwrap();
    assert_eq!(read(&text(&sent)).get("stream_options"), None);
    assert!(sent.dropped.is_empty(), "it comes all the same");
}

#[test]
fn members_are_renamed_set_brought_into_range_and_taken_away() {
    let quirks = "[quirks]\nrename = { max_completion_tokens = 'max_tokens', seed = 'random_seed' }\n\
        defaults = { max_tokens = 4096, usage = { include = true } }\ntemperature = [0, 1]\ndrop = ['logit_bias']\n\
        accept_only = ['model', 'messages', 'max_tokens', 'random_seed', 'temperature', 'usage']\n";
    let world = World::chat("openai", quirks);
    let mut body = hello();
    body["temperature"] = json!(1.7);
    body["seed"] = json!(5);
    body["max_completion_tokens"] = json!(9);
    body["logit_bias"] = json!({"1": 2});
    body["odd"] = json!(true);
    body["user"] = Value::Null;
    let sent = world.send(&chat(&body), "m").unwrap();
    let mut expected = hello();
    expected["model"] = json!("m");
    expected["temperature"] = json!(1.0);
    expected["random_seed"] = json!(5);
    expected["max_tokens"] = json!(9);
    expected["usage"] = json!({"include": true});
    assert_eq!(read(&text(&sent)), expected);
    assert_eq!(sent.dropped, ["logit_bias", "odd"]);

    let sent = read(&world.sent(&chat(&hello()), "m"));
    assert_eq!(sent["max_tokens"], 4096, "nothing is cut off silently");
    let sent = read(&world.sent(&hello_with("max_tokens", Value::Null), "m"));
    assert_eq!(sent["max_tokens"], 4096);
}

#[test]
fn a_model_that_cuts_answers_short_is_asked_for_more() {
    let world = World::chat(
        "openai",
        "[quirks]\nrename = { max_tokens = 'max_completion_tokens' }\n[model.short]\nnames = ['short']\ndefault_output = 8000\n",
    );
    assert_eq!(
        read(&world.sent(&chat(&hello()), "short"))["max_completion_tokens"],
        8000
    );
    let sent = read(&world.sent(&hello_with("max_tokens", json!(5)), "short"));
    assert_eq!(
        (&sent["max_completion_tokens"], sent.get("max_tokens")),
        (&json!(5), None)
    );
}

#[test]
fn a_named_tool_is_the_only_one_offered_where_it_cannot_be_named() {
    let tool = |name: &str| json!({"type": "function", "function": {"name": name}});
    let mut body = hello();
    body["tools"] = json!([tool("a"), tool("b"), tool("c")]);
    body["tool_choice"] = json!({"type": "function", "function": {"name": "b"}});
    let world = World::chat("openai", "[quirks]\nno_named_tool_choice = true\n");
    let sent = read(&world.sent(&chat(&body), "m"));
    assert_eq!(
        (&sent["tool_choice"], &sent["tools"]),
        (&json!("required"), &json!([tool("b")]))
    );

    body["tool_choice"] = json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [tool("c"), tool("a")]}});
    let sent = read(&world.sent(&chat(&body), "m"));
    assert_eq!(
        (&sent["tool_choice"], &sent["tools"]),
        (&json!("auto"), &json!([tool("a"), tool("c")]))
    );

    body["tool_choice"] = json!("none");
    assert_eq!(
        read(&world.sent(&chat(&body), "m"))["tools"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[test]
fn a_model_of_single_calls_is_told_so_even_where_the_callers_word_is_refused() {
    let world = World::chat(
        "openai",
        "[quirks]\nsingle_tool_call = true\ndrop = ['parallel_tool_calls']\n",
    );
    let mut body = hello();
    body["parallel_tool_calls"] = json!(true);
    assert_eq!(
        read(&world.sent(&chat(&body), "m")).get("parallel_tool_calls"),
        None
    );
    body["tools"] = json!([{"type": "function", "function": {"name": "a"}}]);
    assert_eq!(
        read(&world.sent(&chat(&body), "m"))["parallel_tool_calls"],
        false
    );
}

#[test]
fn quirks_hold_for_what_was_translated_too() {
    let body = json!({"model": "auto", "max_tokens": 5, "system": "be brief", "top_k": 3, "stream": true,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}, {"role": "user", "content": "b"}]});
    let call = call(Door::Messages, body.to_string());
    let world = World::chat(
        "openai",
        "[quirks]\nrename = { max_tokens = 'max_completion_tokens' }\ndrop = ['top_k']\nmessages = ['merge_same_role']\n",
    );
    let sent = world.send(&call, "m").unwrap();
    assert_eq!(
        read(&text(&sent)),
        json!({"model": "m", "max_completion_tokens": 5, "stream": true, "stream_options": {"include_usage": true},
            "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "a\n\nb"}]})
    );
    assert_eq!(sent.dropped, ["top_k"]);
    assert!(!sent.verbatim && !sent.hide_usage);
}

#[test]
fn candidates_share_what_was_read_and_each_gets_its_own_model() {
    let call = chat(&hello());
    let world = World::chat(
        "anthropic",
        "[model.deep]\nnames = ['deep']\ncontext = 200000\noutput = 64000\n",
    );
    let spoken = Spoken::new(&call);
    let server = world.server();
    let route = &server.routes[&Task::Chat];
    let sent = |model: &str| {
        let known = server.model(model).map(|known| &**known);
        read(&text(
            &outgoing(
                &call,
                &spoken,
                server,
                route,
                Addressee {
                    model,
                    known,
                    context: known.and_then(|known| known.context),
                    cut_to: None,
                },
            )
            .unwrap(),
        ))
    };
    let (deep, other) = (sent("deep"), sent("other"));
    assert_eq!(
        (&deep["model"], &deep["max_tokens"]),
        (&json!("deep"), &json!(64000))
    );
    assert_eq!(
        (&other["model"], &other["max_tokens"]),
        (&json!("other"), &json!(8192))
    );
}

#[test]
fn what_anthropic_is_asked_to_write_fits_beside_the_request() {
    let mut body = hello();
    body["messages"][0]["content"] = json!("word ".repeat(640_000 / 5));
    let world = World::chat(
        "anthropic",
        "[model.deep]\nnames = ['deep']\ncontext = 200000\noutput = 64000\n",
    );
    let most = read(&world.sent(&chat(&body), "deep"))["max_tokens"]
        .as_u64()
        .unwrap();
    assert!((30_000..40_001).contains(&most), "{most}");
}

#[test]
fn ollama_is_given_a_context_of_one_of_a_few_sizes() {
    let world = World::chat(
        "ollama",
        "[model.small]\nnames = ['small']\ncontext = 8192\n",
    );
    let size = |characters: usize, model: &str| {
        let mut body = hello();
        body["messages"][0]["content"] = json!("x".repeat(characters));
        read(&world.sent(&chat(&body), model))["options"]["num_ctx"].as_u64()
    };
    assert_eq!(size(100, "m"), Some(4096));
    assert_eq!(size(4 * 3000, "m"), Some(8192));
    assert_eq!(size(4 * 7000, "m"), Some(16384));
    assert_eq!(size(4 * 60_000, "m"), Some(65_536));
    assert_eq!(size(4 * 7000, "small"), Some(8192));
}

#[test]
fn a_models_name_cannot_lead_to_another_path() {
    let world = World::chat("gemini", "");
    let path = |model: &str| world.send(&chat(&hello()), model).map(|sent| sent.path);
    assert_eq!(
        path("gemini-2.5-flash").unwrap(),
        "/models/gemini-2.5-flash:generateContent"
    );
    assert_eq!(
        path("a b?key=1#x").unwrap(),
        "/models/a%20b%3Fkey%3D1%23x:generateContent"
    );
    for model in ["../../v2/secrets", "a//b", "./a", ""] {
        assert!(
            matches!(path(model), Err(NotSent::Wrong(wrong)) if wrong.path == "model"),
            "{model}"
        );
    }
    let stream = world.send(&hello_with("stream", json!(true)), "g").unwrap();
    assert_eq!(stream.path, "/models/g:streamGenerateContent?alt=sse");
}

#[test]
fn a_candidate_that_cannot_be_shown_a_picture_is_not_asked_without_it() {
    let mut body = hello();
    body["messages"][0]["content"] = json!([{"type": "text", "text": "what is it?"},
        {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}}]);
    let sent = World::chat("ollama", "").send(&chat(&body), "m");
    assert_eq!(
        sent.err(),
        Some(NotSent::Unsayable(
            "messages[0].content[1].image_url".into()
        ))
    );
    assert!(World::chat("anthropic", "").send(&chat(&body), "m").is_ok());
}

#[test]
fn schemas_are_pruned_for_who_knows_few_keywords_but_not_for_gemini() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string", "format": "uri"}}, "additionalProperties": false});
    let body = json!({"model": "auto", "messages": hello()["messages"],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}});
    let quirks = "[quirks]\nschema_keywords = ['type', 'properties']\n";
    let pruned = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let sent = read(&World::chat("openai", quirks).sent(&chat(&body), "m"));
    assert_eq!(sent["tools"][0]["function"]["parameters"], pruned);
    assert_eq!(sent["response_format"]["json_schema"]["schema"], pruned);
    let sent = World::chat("gemini", quirks).sent(&chat(&body), "gemini-2.5-flash");
    assert!(sent.contains("additionalProperties"), "{sent}");
}

#[test]
fn tokens_of_other_providers_are_taken_out_of_what_anthropic_gets_and_nothing_else_is_touched() {
    let said = |block: &str| {
        let body = format!(
            r#"{{"model":"auto","max_tokens":9,"messages":[{{"role":"user","content":"hi"}},{{"role":"assistant","content":[{block},{{"type":"text","text":"Ho"}}]}},{{"role":"user","content":"on"}}]}}"#
        );
        let call = call(Door::Messages, body);
        let sent = World::chat("anthropic", "").send(&call, "m").unwrap();
        (sent.verbatim, text(&sent))
    };
    let (verbatim, own) = said(r#"{"type":"thinking","thinking":"Hm.","signature":"sig"}"#);
    assert!(verbatim && own.contains(r#""signature":"sig""#), "{own}");
    for foreign in [
        r#"{"type":"thinking","thinking":"Hm.","signature":"google:sig"}"#,
        r#"{"type":"redacted_thinking","data":"guichet.signature.next.sig"}"#,
    ] {
        let (_, sent) = said(foreign);
        assert!(!sent.contains("sig") && sent.contains("Ho"), "{sent}");
    }
}

//! Every door for conversations × every dialect of providers × what is said and answered, whole and in streams.
//!
//! Snapshots show what is sent and what comes back, one for each pair; what must hold everywhere is asserted.

mod asked;
mod told;

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::Value;

use super::fixtures::{World, call, joined, text};
use super::{NotSent, Received, Relay, Spoken, incoming};
use crate::ai::{Door, ModelCall};

const DOORS: [(Door, &str); 4] = [
    (Door::Chat, "chat"),
    (Door::Responses, "responses"),
    (Door::Messages, "messages"),
    (Door::Completions, "completions"),
];
const DIALECTS: [&str; 4] = ["openai", "anthropic", "gemini", "ollama"];

/// Gemini's dialect differs by the model.
fn model(dialect: &str) -> &'static str {
    match dialect {
        "gemini" => "gemini-3-flash",
        "anthropic" => "claude-opus-4-5",
        _ => "m",
    }
}

fn pairs(mut show: impl FnMut(Door, &str, &World) -> String, what: &str) {
    for (door, name) in DOORS {
        for dialect in DIALECTS {
            let shown = show(door, dialect, &World::chat(dialect, ""));
            insta::assert_snapshot!(format!("{what}_{name}_{dialect}"), shown);
        }
    }
}

// === what is sent ===

#[test]
fn each_request_reaches_each_dialect() {
    pairs(
        |door, dialect, world| {
            let mut shown = String::new();
            for (feature, body) in asked::of(door) {
                let _ = writeln!(shown, "== {feature}");
                match world.send(&call(door, body.to_string()), model(dialect)) {
                    Ok(sent) => {
                        let _ = writeln!(shown, "{}", text(&sent));
                        if !sent.dropped.is_empty() {
                            let _ = writeln!(shown, "dropped: {}", sent.dropped.join(", "));
                        }
                    }
                    Err(NotSent::Unsayable(what)) => {
                        let _ = writeln!(shown, "not sent: {what}");
                    }
                    Err(wrong) => panic!("{door:?} {dialect} {feature}: {wrong:?}"),
                }
            }
            shown
        },
        "sent",
    );
}

#[test]
fn results_name_the_calls_that_they_are_of() {
    for door in [Door::Chat, Door::Responses, Door::Messages] {
        for dialect in DIALECTS {
            let tools = asked::of(door)
                .into_iter()
                .find(|(name, _)| *name == "tools");
            let (feature, body) = tools.unwrap();
            {
                let sent =
                    World::chat(dialect, "").sent(&call(door, body.to_string()), model(dialect));
                let sent: Value = serde_json::from_str(&sent).unwrap();
                let (mut calls, mut results) = (Vec::new(), Vec::new());
                ids(&sent, dialect, &mut calls, &mut results);
                assert_eq!(calls.len(), 2, "{door:?} {dialect} {feature}: {sent}");
                assert_eq!(calls, results, "{door:?} {dialect} {feature}");
                assert_ne!(calls[0], calls[1]);
            }
        }
    }
}

/// Models write the members of an answer in the order of its schema.
#[test]
fn schemas_reach_each_dialect_with_their_members_in_order() {
    for (door, name) in DOORS.into_iter().filter(|(_, name)| *name != "completions") {
        for dialect in DIALECTS {
            let sent = World::chat(dialect, "").sent(&asked::ordered(door), model(dialect));
            let names = sent.split('"').filter(|name| asked::ORDER.contains(name));
            let twice = [asked::ORDER, asked::ORDER].concat();
            assert_eq!(names.collect::<Vec<_>>(), twice, "{name} {dialect}: {sent}");
        }
    }
}

/// Gathers the ids of calls and of results, wherever the dialect has them.
fn ids(value: &Value, dialect: &str, calls: &mut Vec<String>, results: &mut Vec<String>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if let Value::Object(members) = value {
        match dialect {
            "openai" | "ollama" => {
                let list = members.get("tool_calls").and_then(Value::as_array);
                calls.extend(list.into_iter().flatten().map(|call| text(&call["id"])));
                results.extend(members.get("tool_call_id").map(text));
            }
            "anthropic" if members.get("type") == Some(&"tool_use".into()) => {
                calls.push(text(&members["id"]));
            }
            "anthropic" => results.extend(members.get("tool_use_id").map(text)),
            _ => {
                calls.extend(members.get("functionCall").map(|call| text(&call["id"])));
                results.extend(
                    members
                        .get("functionResponse")
                        .map(|result| text(&result["id"])),
                );
            }
        }
        for value in members.values() {
            ids(value, dialect, calls, results);
        }
    } else if let Value::Array(list) = value {
        for value in list {
            ids(value, dialect, calls, results);
        }
    }
}

// === what comes back ===

/// What a client of a door has got of an answer.
#[derive(Debug, Default, PartialEq)]
struct Got {
    text: String,
    thoughts: String,
    calls: Vec<(String, String)>,
    finish: String,
    usage: Vec<u64>,
}

#[test]
fn each_answer_comes_back_to_each_door_whole_and_as_a_stream() {
    pairs(
        |door, dialect, world| {
            let mut shown = String::new();
            for (case, whole, stream) in told::of(dialect) {
                if (door, case) == (Door::Completions, "calls") {
                    continue; // No tools are offered there.
                }
                let what = format!("{door:?} {dialect} {case}");
                let got_whole = answered(world, &asked::plain(door, false), whole);
                let got_stream = streamed(world, &asked::plain(door, true), &stream, 9999);
                let _ = write!(shown, "== {case}\n{got_whole}\n-- stream\n{got_stream}");
                let in_bits = streamed(world, &asked::plain(door, true), &stream, 11);
                assert_eq!(without_ids(&in_bits), without_ids(&got_stream), "{what}");
                let (one, other) = (read_whole(door, &got_whole), read_stream(door, &got_stream));
                assert_eq!(
                    one, other,
                    "{what}: whole and stream differ\n{got_whole}\n{got_stream}"
                );
                check(door, case, &one, &what);
            }
            shown
        },
        "answered",
    );
}

/// What holds in every cell.
fn check(door: Door, case: &str, got: &Got, what: &str) {
    let words = match (door, case) {
        (Door::Messages, "length") => "max_tokens",
        (Door::Responses, "length") => "incomplete: max_output_tokens",
        (_, "length") => "length",
        (Door::Messages, "filtered") => "refusal",
        (Door::Responses, "filtered") => "incomplete: content_filter",
        (_, "filtered") => "content_filter",
        (Door::Messages, "calls") => "tool_use",
        (Door::Messages, _) => "end_turn",
        (Door::Responses, _) => "completed",
        (_, "calls") => "tool_calls",
        _ => "stop",
    };
    assert_eq!(got.finish, words, "{what}");
    match case {
        "text" | "length" => assert_eq!(got.text, "Blue sky", "{what}"),
        "calls" => assert_eq!(
            got.calls,
            [
                ("weather", r#"{"city":"Lyon"}"#),
                ("weather", r#"{"city":"Nice"}"#)
            ]
            .map(|(name, arguments)| (name.to_owned(), arguments.to_owned())),
            "{what}"
        ),
        _ => {}
    }
}

fn answered(world: &World, call: &ModelCall, body: String) -> String {
    let outgoing = world.send(call, "m").unwrap();
    let received = Received {
        body: body.into(),
        content_type: None,
        created: 7,
        request_id: "r-1",
    };
    let incoming = incoming(
        call,
        &Spoken::new(call),
        world.dialect(call),
        &outgoing,
        received,
    );
    let body = incoming.unwrap().body;
    String::from_utf8(body.to_vec()).unwrap()
}

fn streamed(world: &World, call: &ModelCall, stream: &str, size: usize) -> String {
    let mut relay: Relay = world.relay(call);
    let mut out = Vec::new();
    let body = Bytes::copy_from_slice(stream.as_bytes());
    for begin in (0..body.len()).step_by(size) {
        let piece = body.slice(begin..body.len().min(begin + size));
        relay.feed(piece, &mut out).unwrap();
    }
    relay.finish(&mut out).unwrap();
    assert!(relay.is_whole());
    joined(&out)
}

/// Ids that are made up differ from one time to the next in nothing but themselves; sequence and text must not.
fn without_ids(stream: &str) -> Vec<String> {
    stream
        .lines()
        .filter(|line| line.starts_with("event:") || line.contains("delta"))
        .map(|line| line.len().to_string())
        .collect()
}

fn number(value: &Value, path: &str) -> u64 {
    value.pointer(path).and_then(Value::as_u64).unwrap_or(0)
}

fn string(value: &Value, path: &str) -> String {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// Arguments however they are spaced.
fn arguments(text: &str) -> String {
    serde_json::from_str::<Value>(text).unwrap().to_string()
}

fn read_whole(door: Door, body: &str) -> Got {
    let body: Value = serde_json::from_str(body).unwrap();
    match door {
        Door::Responses => read_response(&body),
        Door::Messages => {
            let mut got = Got {
                finish: string(&body, "/stop_reason"),
                ..Got::default()
            };
            for block in body["content"].as_array().unwrap() {
                match block["type"].as_str() {
                    Some("text") => got.text += block["text"].as_str().unwrap(),
                    Some("thinking") => got.thoughts += block["thinking"].as_str().unwrap(),
                    Some("tool_use") => got
                        .calls
                        .push((string(block, "/name"), block["input"].to_string())),
                    _ => {}
                }
            }
            got.usage = [
                "/usage/input_tokens",
                "/usage/output_tokens",
                "/usage/cache_read_input_tokens",
            ]
            .map(|path| number(&body, path))
            .to_vec();
            got
        }
        _ => {
            let message = &body["choices"][0]["message"];
            let calls = message["tool_calls"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            Got {
                text: string(&body, "/choices/0/message/content")
                    + &string(&body, "/choices/0/text"),
                thoughts: string(message, "/reasoning_content"),
                calls: calls
                    .iter()
                    .map(|call| {
                        (
                            string(call, "/function/name"),
                            arguments(&string(call, "/function/arguments")),
                        )
                    })
                    .collect(),
                finish: string(&body, "/choices/0/finish_reason"),
                usage: openai_usage(&body),
            }
        }
    }
}

fn openai_usage(body: &Value) -> Vec<u64> {
    [
        "/usage/prompt_tokens",
        "/usage/completion_tokens",
        "/usage/prompt_tokens_details/cached_tokens",
        "/usage/completion_tokens_details/reasoning_tokens",
    ]
    .map(|path| number(body, path))
    .to_vec()
}

fn read_response(body: &Value) -> Got {
    let mut got = Got {
        finish: string(body, "/status"),
        ..Got::default()
    };
    let why = string(body, "/incomplete_details/reason");
    if !why.is_empty() {
        got.finish = format!("{}: {why}", got.finish);
    }
    for item in body["output"].as_array().unwrap() {
        match item["type"].as_str() {
            Some("message") => {
                for part in item["content"].as_array().unwrap() {
                    got.text += &string(part, "/text");
                }
            }
            Some("reasoning") => {
                for part in item["summary"].as_array().into_iter().flatten() {
                    got.thoughts += &string(part, "/text");
                }
            }
            Some("function_call") => {
                got.calls.push((
                    string(item, "/name"),
                    arguments(&string(item, "/arguments")),
                ));
            }
            _ => {}
        }
    }
    got.usage = [
        "/usage/input_tokens",
        "/usage/output_tokens",
        "/usage/input_tokens_details/cached_tokens",
        "/usage/output_tokens_details/reasoning_tokens",
    ]
    .map(|path| number(body, path))
    .to_vec();
    got
}

/// As a client gathers it.
fn read_stream(door: Door, stream: &str) -> Got {
    let events = stream
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
    let mut got = Got::default();
    let mut calls: Vec<(String, String)> = Vec::new();
    let mut blocks: Vec<Option<usize>> = Vec::new();
    for event in events {
        match door {
            Door::Responses => {
                if event["type"].as_str().is_some_and(|kind| {
                    matches!(kind, "response.completed" | "response.incomplete")
                }) {
                    got = read_response(&event["response"]);
                }
            }
            Door::Messages => {
                match event["type"].as_str().unwrap() {
                    "message_start" => got.usage = vec![0; 3],
                    "content_block_start" => {
                        let block = &event["content_block"];
                        let is_call = block["type"] == "tool_use";
                        blocks.push(is_call.then_some(calls.len()));
                        if is_call {
                            calls.push((string(block, "/name"), String::new()));
                        }
                    }
                    "content_block_delta" => {
                        got.text += &string(&event, "/delta/text");
                        got.thoughts += &string(&event, "/delta/thinking");
                        let index = usize::try_from(number(&event, "/index")).unwrap();
                        if let Some(call) = blocks[index] {
                            calls[call].1 += &string(&event, "/delta/partial_json");
                        }
                    }
                    "message_delta" => got.finish = string(&event, "/delta/stop_reason"),
                    _ => {}
                }
                for (place, path) in ["input_tokens", "output_tokens", "cache_read_input_tokens"]
                    .into_iter()
                    .enumerate()
                {
                    for at in ["/usage/", "/message/usage/"] {
                        if let Some(count) = event
                            .pointer(&format!("{at}{path}"))
                            .and_then(Value::as_u64)
                        {
                            got.usage[place] = count;
                        }
                    }
                }
            }
            _ => {
                got.text += &(string(&event, "/choices/0/delta/content")
                    + &string(&event, "/choices/0/text"));
                got.thoughts += &string(&event, "/choices/0/delta/reasoning_content");
                got.finish += &string(&event, "/choices/0/finish_reason");
                for call in event
                    .pointer("/choices/0/delta/tool_calls")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                {
                    let index = usize::try_from(number(call, "/index")).unwrap();
                    if index == calls.len() {
                        calls.push(Default::default());
                    }
                    calls[index].0 += &string(call, "/function/name");
                    calls[index].1 += &string(call, "/function/arguments");
                }
                if event.get("usage").is_some_and(Value::is_object) {
                    got.usage = openai_usage(&event);
                }
            }
        }
    }
    if door != Door::Responses {
        got.calls = calls
            .into_iter()
            .map(|(name, text)| (name, arguments(&text)))
            .collect();
    }
    got
}

//! Calls in a stream, however they are numbered.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    tests::{calls, delta, read},
    *,
};
use crate::{chat::Event, framing::Frame};

/// The calls that were begun, each with its arguments joined.
fn begun(chunks: &[Value]) -> Vec<(String, String, String)> {
    let mut list: Vec<(String, String, String)> = Vec::new();
    for event in read(chunks) {
        match event {
            Event::ToolCall { call, id, name, .. } => {
                assert_eq!(call, list.len(), "calls count from 0");
                list.push((id, name, String::new()));
            }
            Event::Arguments { call, fragment, .. } => list[call].2.push_str(&fragment),
            _ => {}
        }
    }
    list
}

fn named(list: &[(String, String, String)]) -> Vec<(&str, &str)> {
    list.iter()
        .map(|(_, name, arguments)| (name.as_str(), arguments.as_str()))
        .collect()
}

#[test]
fn fragments_of_calls_are_joined_by_index() {
    let list = begun(&[
        calls(
            json!([{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]),
        ),
        calls(
            json!([{"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": "{"}}]),
        ),
        calls(
            json!([{"index": 0, "function": {"arguments": "{\"x\""}}, {"index": 1, "function": {"arguments": "}"}}]),
        ),
        calls(json!([{"index": 0, "function": {"arguments": ":1}"}}])),
    ]);
    assert_eq!(named(&list), [("f", "{\"x\":1}"), ("g", "{}")]);
    assert_eq!(list[0].0, "a");
}

#[test]
fn an_index_that_is_always_zero_does_not_merge_calls() {
    // Ollama and Gemini: ollama/ollama#7881, #15457.
    let list = begun(&[
        calls(
            json!([{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"x\":1}"}}]),
        ),
        calls(
            json!([{"index": 0, "id": "b", "function": {"name": "f", "arguments": "{\"x\":2}"}}]),
        ),
        calls(json!([{"index": 0, "id": "", "function": {"name": "f", "arguments": "{\"x\":3}"}}])),
        calls(json!([{"index": 0, "function": {"name": "g", "arguments": "{}"}}])),
    ]);
    assert_eq!(
        named(&list),
        [
            ("f", "{\"x\":1}"),
            ("f", "{\"x\":2}"),
            ("f", "{\"x\":3}"),
            ("g", "{}")
        ]
    );
    let mut ids: Vec<_> = list.iter().map(|(id, ..)| id.clone()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 4, "ids are unique: {ids:?}");
}

#[test]
fn calls_without_index_come_whole_or_in_fragments() {
    let list = begun(&[
        calls(json!([
            {"id": "a", "function": {"name": "f", "arguments": {"x": 1}}},
            {"index": null, "id": "b", "function": {"name": "g", "arguments": "{\"y\""}},
        ])),
        calls(json!([{"index": null, "function": {"arguments": ":2}"}}])),
        calls(json!([{"function": {"name": "h"}}])),
    ]);
    assert_eq!(
        named(&list),
        [("f", "{\"x\":1}"), ("g", "{\"y\":2}"), ("h", "")]
    );
}

#[test]
fn ids_names_and_calls_that_are_repeated_begin_nothing_new() {
    let repeated = |arguments: &str| {
        calls(json!([{"index": 0, "id": "a", "function": {"name": "f", "arguments": arguments}}]))
    };
    assert_eq!(
        named(&begun(&[repeated("{\"x\""), repeated(":1"), repeated("}")])),
        [("f", "{\"x\":1}")]
    );
    let nameless = begun(&[
        calls(json!([{"index": 0, "id": "a", "function": {"arguments": "{"}}])),
        calls(json!([{"index": 0, "function": {"name": "f", "arguments": "}"}}])),
    ]);
    assert_eq!(named(&nameless), [("f", "{}")], "a name may come late");
    let same_id = begun(&[
        calls(json!([{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}])),
        calls(json!([{"index": 1, "id": "a", "function": {"name": "f", "arguments": "{}"}}])),
    ]);
    assert_eq!(same_id.len(), 2);
    assert_ne!(
        same_id[0].0, same_id[1].0,
        "an id given twice is made unique"
    );
    let old = begun(&[
        delta(json!({"function_call": {"name": "f", "arguments": "{"}})),
        delta(json!({"function_call": {"arguments": "}"}})),
    ]);
    assert_eq!(named(&old), [("f", "{}")]);
}

#[test]
fn arguments_of_no_call_are_refused() {
    let chunk = calls(json!([{"index": 0, "function": {"arguments": "{}"}}])).to_string();
    let frame = Frame {
        event: None,
        data: chunk.as_bytes(),
    };
    let malformed = StreamReader::default()
        .read(&frame, &mut Vec::new())
        .unwrap_err();
    assert_eq!(
        malformed.path,
        "choices[0].delta.tool_calls[0].function.name"
    );
}

#[test]
fn made_ids_are_the_same_for_the_same_bytes() {
    let chunk = [calls(
        json!([{"function": {"name": "f", "arguments": "{}"}}]),
    )];
    assert_eq!(begun(&chunk), begun(&chunk));
}

proptest! {
    #[test]
    fn fragments_in_any_order_lose_nothing(parts in proptest::collection::vec((0u64..3, "[a-z]{0,3}"), 1..12)) {
        let mut chunks: Vec<Value> = (0..3).map(|index| calls(json!([{"index": index, "id": format!("id{index}"), "function": {"name": "f", "arguments": ""}}]))).collect();
        let mut expected = vec![String::new(); 3];
        for (index, fragment) in &parts {
            expected[usize::try_from(*index).unwrap()].push_str(fragment);
            chunks.push(calls(json!([{"index": index, "function": {"arguments": fragment}}])));
        }
        let joined: Vec<String> = begun(&chunks).into_iter().map(|(.., arguments)| arguments).collect();
        prop_assert_eq!(joined, expected);
    }
}

//! A client of another dialect gets an answer of Gemini, calls the tools, and comes back with what it was given.

use serde_json::{Value, json};

use super::answers::CALLS;
use crate::chat::{Part, Request};
use crate::gemini::{read_answer, write_request};
use crate::{anthropic, openai};

/// The calls as they go back to Gemini, with their signatures, and the results behind them.
fn calls_and_results(request: &Request) -> (Vec<Value>, Vec<Value>) {
    let body: Value = serde_json::from_slice(&write_request(request).body).unwrap();
    let turns = body["contents"].as_array().unwrap();
    let parts = turns
        .iter()
        .flat_map(|turn| turn["parts"].as_array().unwrap());
    let (mut calls, mut results) = (Vec::new(), Vec::new());
    for part in parts {
        if part["functionCall"].is_object() {
            calls.push(part.clone());
        }
        if part["functionResponse"].is_object() {
            results.push(part["functionResponse"].clone());
        }
    }
    (calls, results)
}

fn assert_whole(request: &Request) {
    let (calls, results) = calls_and_results(request);
    assert_eq!(calls.len(), 3, "{calls:?}");
    assert_eq!(calls[0]["thoughtSignature"], "Ci4B0e2Kb3k=");
    assert_eq!(
        calls[0]["functionCall"]["args"],
        json!({"unit": "c", "city": "Lyon \"centre\""})
    );
    assert_eq!(calls[1]["thoughtSignature"], Value::Null);
    assert_eq!(calls[1]["functionCall"]["args"], json!({}));
    for (call, result) in calls.iter().zip(&results) {
        assert_eq!(call["functionCall"]["id"], result["id"]);
        assert_eq!(call["functionCall"]["name"], result["name"]);
    }
    assert_eq!(results.len(), 3);
}

fn ids() -> Vec<String> {
    let answer = read_answer(CALLS.as_bytes()).unwrap();
    let parts = answer.choices.into_iter().flat_map(|choice| choice.parts);
    parts
        .filter_map(|part| match part {
            Part::ToolCall { id, .. } => Some(id),
            _ => None,
        })
        .collect()
}

#[test]
fn an_openai_client_brings_calls_and_signatures_back() {
    let answer = openai::chat::write_answer(&read_answer(CALLS.as_bytes()).unwrap());
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
    let mut messages = vec![
        json!({"role": "user", "content": "Weather?"}),
        answer["choices"][0]["message"].clone(),
    ];
    messages.extend(
        ids()
            .iter()
            .map(|id| json!({"role": "tool", "tool_call_id": id, "content": "21"})),
    );
    let body = json!({"model": "gemini-3-flash-preview", "messages": messages});
    assert_whole(&openai::chat::read_request(body.to_string().as_bytes()).unwrap());
}

#[test]
fn an_anthropic_client_brings_calls_and_signatures_back() {
    let answer = anthropic::write_answer(&read_answer(CALLS.as_bytes()).unwrap());
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["stop_reason"], "tool_use");
    let results: Vec<Value> = ids()
        .iter()
        .map(|id| json!({"type": "tool_result", "tool_use_id": id, "content": "21"}))
        .collect();
    let body = json!({"model": "gemini-3-flash-preview", "max_tokens": 100, "messages": [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": answer["content"]},
        {"role": "user", "content": results},
    ]});
    assert_whole(&anthropic::read_request(body.to_string().as_bytes()).unwrap());
}

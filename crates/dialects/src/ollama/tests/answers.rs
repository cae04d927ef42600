//! Whole answers.

use serde_json::json;

use crate::chat::{Finish, Media, Part};
use crate::ollama::read_answer;

/// Two calls of one tool, without ids and with the same index: complaints litellm#33678 and ollama#7881.
pub(super) const CALLS: &str = r#"{"model":"qwen3:8b","created_at":"2025-07-07T20:32:53.844124Z",
  "message":{"role":"assistant","content":"","thinking":"Two cities.","tool_calls":[
    {"function":{"index":0,"name":"weather","arguments":{"unit":"c","city":"Lyon"}}},
    {"function":{"name":"weather","arguments":{"unit":"c","city":"Nice"}}},
    {"id":"call_x1","function":{"index":0,"name":"now","arguments":null}}]},
  "done_reason":"stop","done":true,"total_duration":3244883583,"load_duration":2969184542,
  "prompt_eval_count":169,"prompt_eval_duration":141656333,"eval_count":18,"eval_duration":133293625}"#;

fn finish(reason: &str) -> Finish {
    let body = format!(r#"{{"model":"m","message":{{"content":"a"}},"done":true{reason}}}"#);
    read_answer(body.as_bytes()).unwrap().choices[0]
        .finish
        .clone()
}

#[test]
fn parallel_calls_stay_apart_though_their_index_is_the_same() {
    let answer = read_answer(CALLS.as_bytes()).unwrap();
    let choice = &answer.choices[0];
    assert_eq!(choice.finish, Finish::ToolCalls);
    assert!(matches!(&choice.parts[0], Part::Thinking { text, .. } if text == "Two cities."));
    let calls: Vec<(&str, &str)> = choice
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolCall { id, arguments, .. } => Some((&**id, &**arguments)),
            _ => None,
        })
        .collect();
    assert_eq!(
        calls
            .iter()
            .map(|(_, arguments)| *arguments)
            .collect::<Vec<_>>(),
        [
            r#"{"unit":"c","city":"Lyon"}"#,
            r#"{"unit":"c","city":"Nice"}"#,
            "{}"
        ]
    );
    assert_ne!(calls[0].0, calls[1].0);
    assert_eq!(calls[2].0, "call_x1");
    assert_eq!(read_answer(CALLS.as_bytes()).unwrap(), answer);
}

#[test]
fn an_answer_tells_when_it_was_made_and_what_it_took() {
    let answer = read_answer(CALLS.as_bytes()).unwrap();
    assert_eq!(
        (&*answer.model, answer.created),
        ("qwen3:8b", Some(1_751_920_373))
    );
    assert!(answer.id.starts_with("chatcmpl-"), "{}", answer.id);
    let usage = answer.usage.unwrap();
    assert_eq!((usage.input, usage.output, usage.total()), (169, 18, 187));
}

#[test]
fn reasons_are_the_same_in_every_dialect() {
    assert_eq!(finish(r#","done_reason":"stop""#), Finish::Stop);
    assert_eq!(finish(r#","done_reason":"length""#), Finish::Length);
    assert_eq!(
        finish(r#","done_reason":"load""#),
        Finish::Other("load".to_owned())
    );
    assert_eq!(finish(""), Finish::Stop);
}

#[test]
fn an_answer_that_is_not_done_is_malformed() {
    let error =
        read_answer(br#"{"model":"m","message":{"content":"a"},"done":false}"#).unwrap_err();
    assert_eq!(error.path, "done");
    assert!(read_answer(br#"{"error":"my secret"}"#).is_err());
    let error = read_answer(br#"{"message":"my secret"}"#).unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn arguments_in_a_text_are_the_text() {
    let body = br#"{"done":true,"message":{"tool_calls":[{"function":{"name":"f","arguments":"{\"a\": 1}"}}]}}"#;
    let answer = read_answer(body).unwrap();
    assert!(
        matches!(&answer.choices[0].parts[0], Part::ToolCall { arguments, .. } if arguments == r#"{"a": 1}"#)
    );
}

#[test]
fn pictures_and_likelihoods_are_read() {
    let body = br#"{"done":true,"message":{"content":"Hi","images":["/9j/4AAQ"]},
        "logprobs":[{"token":"Hi","logprob":-0.2,"bytes":[72,105],"top_logprobs":[{"token":"Hi","logprob":-0.2}]},
        {"token":"!","logprob":-1.5}]}"#;
    let choice = read_answer(body).unwrap().choices.remove(0);
    assert!(
        matches!(&choice.parts[1], Part::Image { media: Media::Inline { media_type, .. }, .. } if media_type == "image/jpeg")
    );
    assert_eq!(
        choice.logprobs,
        Some(json!({"content": [
            {"token": "Hi", "logprob": -0.2, "bytes": [72, 105], "top_logprobs": [{"token": "Hi", "logprob": -0.2}]},
            {"token": "!", "logprob": -1.5, "bytes": null, "top_logprobs": []}], "refusal": null}))
    );
}

//! What other providers send, for a client of Anthropic's.

use serde_json::{Value, json};

use super::*;
use crate::chat::{Event, Finish, Part, Usage};

#[test]
fn a_stream_of_another_dialect_gets_blocks_in_order() {
    let body = write(&[
        start(),
        text("Let me "),
        text("see."),
        call(0, "call_a"),
        arguments(0, "{\"city\":"),
        arguments(0, "\"Bern\"}"),
        call(1, "call_b"),
        arguments(1, "{}"),
        finish(Finish::ToolCalls),
        Event::Usage(Usage {
            input: 12,
            output: 9,
            cached: Some(2),
            ..Usage::default()
        }),
        Event::End,
    ]);
    insta::assert_snapshot!(body);
    let message = assembled(&body);
    assert_eq!(message["stop_reason"], "tool_use");
    assert_eq!(
        message["usage"]["input_tokens"], 10,
        "without what came from a cache"
    );
}

#[test]
fn fragments_of_parallel_calls_that_come_in_turns_are_put_in_order() {
    let body = write(&[
        start(),
        call(0, "a"),
        call(1, "b"),
        call(2, "c"),
        arguments(1, "{\"n\":"),
        arguments(0, "{\"t\":\"}\\\"{"),
        arguments(2, "{}"),
        arguments(1, "2}"),
        arguments(0, "\"}"),
        finish(Finish::Stop),
        Event::End,
    ]);
    let message = assembled(&body);
    let inputs: Vec<_> = message["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| (block["id"].clone(), block["input"].clone()))
        .collect();
    assert_eq!(
        inputs,
        [
            (json!("a"), json!({"t": "}\"{"})),
            (json!("b"), json!({"n": 2})),
            (json!("c"), json!({})),
        ]
    );
    assert_eq!(
        message["stop_reason"], "tool_use",
        "even where the provider says that it merely stopped"
    );
}

#[test]
fn a_call_without_arguments_has_an_empty_object() {
    let message = assembled(&write(&[
        start(),
        call(0, "a"),
        call(1, "b"),
        finish(Finish::ToolCalls),
        Event::End,
    ]));
    let content = message["content"].as_array().unwrap();
    assert_eq!(content.len(), 2);
    assert!(content.iter().all(|block| block["input"] == json!({})));
}

#[test]
fn only_the_first_of_several_answers_is_written() {
    let other = Event::Text {
        choice: 1,
        text: "other".into(),
    };
    let message = assembled(&write(&[
        start(),
        text("one"),
        other,
        finish(Finish::Stop),
        Event::End,
    ]));
    assert_eq!(message["content"], json!([{"type": "text", "text": "one"}]));
}

#[test]
fn a_cut_by_length_is_one_and_a_stop_text_is_told() {
    let ended = |reason: Finish, sequence: Option<&str>| {
        let finish = Event::Finish {
            choice: 0,
            reason,
            stop_sequence: sequence.map(Into::into),
        };
        let message = assembled(&write(&[start(), text("x"), finish, Event::End]));
        (
            message["stop_reason"].clone(),
            message["stop_sequence"].clone(),
        )
    };
    assert_eq!(
        ended(Finish::Length, None),
        (json!("max_tokens"), Value::Null)
    );
    assert_eq!(
        ended(Finish::Stop, Some("END")),
        (json!("stop_sequence"), json!("END"))
    );
    assert_eq!(
        ended(Finish::ContentFilter, None),
        (json!("refusal"), Value::Null)
    );
    assert_eq!(
        ended(Finish::Pause, None),
        (json!("pause_turn"), Value::Null)
    );
}

#[test]
fn thoughts_with_signatures_are_blocks_of_their_own() {
    let thought = |text: &str| Event::Thinking {
        choice: 0,
        text: text.into(),
    };
    let signed = |signature: &str| Event::Signature {
        choice: 0,
        signature: signature.into(),
    };
    let body = write(&[
        start(),
        thought("a"),
        signed("S1"),
        signed("S2"),
        thought("b"),
        signed("S3"),
        text("c"),
        signed("T"),
        finish(Finish::Stop),
        Event::End,
    ]);
    assert_eq!(
        assembled(&body)["content"],
        json!([
            {"type": "thinking", "thinking": "a", "signature": "S1"},
            {"type": "thinking", "thinking": "", "signature": "S2"},
            {"type": "thinking", "thinking": "b", "signature": "S3"},
            {"type": "text", "text": "c"},
            {"type": "redacted_thinking", "data": "guichet.signature.previous.T"},
        ])
    );
}

#[test]
fn the_token_of_a_call_is_carried_before_it() {
    let signed = Event::ToolCall {
        choice: 0,
        call: 0,
        id: "a".into(),
        name: "n".into(),
        signature: Some("T".into()),
    };
    let message = assembled(&write(&[
        start(),
        signed,
        arguments(0, "{}"),
        finish(Finish::Stop),
        Event::End,
    ]));
    assert_eq!(message["content"][0]["data"], "guichet.signature.next.T");
    assert_eq!(message["content"][1]["type"], "tool_use");
}

#[test]
fn a_picture_in_an_answer_is_left_out_and_breaks_nothing() {
    let picture = Event::Whole {
        choice: 0,
        part: Part::Other {
            value: json!({"executableCode": {}}),
        },
    };
    let message = assembled(&write(&[
        start(),
        text("a"),
        picture,
        text("b"),
        finish(Finish::Stop),
        Event::End,
    ]));
    assert_eq!(message["content"].as_array().unwrap().len(), 2);
}

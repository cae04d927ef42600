use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat::{Media, Part};
use crate::error::{ErrorKind, ProviderError};

fn echo() -> Echo {
    Echo::read(br#"{"model":"m","input":"x","tools":[{"type":"function","name":"weather","parameters":null,"strict":null}],"temperature":0.5}"#)
        .unwrap()
}

fn start() -> Event {
    Event::Start {
        id: "chatcmpl-1".to_owned(),
        model: "m-1".to_owned(),
        created: Some(1_700_000_000),
        usage: None,
    }
}

fn text(text: &str) -> Event {
    Event::Text {
        choice: 0,
        text: text.to_owned(),
    }
}

fn finish(reason: Finish) -> Event {
    Event::Finish {
        choice: 0,
        reason,
        stop_sequence: None,
    }
}

fn call(call: usize, id: &str) -> Event {
    Event::ToolCall {
        choice: 0,
        call,
        id: id.to_owned(),
        name: "weather".to_owned(),
        signature: None,
    }
}

fn arguments(call: usize, fragment: &str) -> Event {
    Event::Arguments {
        choice: 0,
        call,
        fragment: fragment.to_owned(),
    }
}

fn written(events: &[Event]) -> String {
    let mut writer = StreamWriter::new(echo());
    let mut out = Vec::new();
    for event in events {
        writer.write(event, &mut out);
    }
    String::from_utf8(out).unwrap()
}

/// The events' data.
fn told(stream: &str) -> Vec<Value> {
    stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

fn kinds(stream: &str) -> Vec<String> {
    told(stream)
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn thoughts_text_and_its_sources_are_told_in_order() {
    let stream = written(&[
        start(),
        Event::Thinking {
            choice: 0,
            text: "Hm".to_owned(),
        },
        Event::Thinking {
            choice: 0,
            text: "m.".to_owned(),
        },
        Event::Signature {
            choice: 0,
            signature: "c2ln".to_owned(),
        },
        Event::KeepAlive,
        text("Grüße"),
        text("!"),
        Event::Logprobs {
            choice: 0,
            value: json!({"content": [{"token": "!", "logprob": -0.25, "bytes": null}]}),
        },
        Event::Citations {
            choice: 0,
            value: json!([{"url": "https://a.example", "title": "A"}]),
        },
        finish(Finish::Stop),
        Event::Usage(Usage {
            input: 7,
            output: 5,
            cached: Some(2),
            reasoning: Some(3),
            ..Usage::default()
        }),
        Event::End,
    ]);
    insta::assert_snapshot!(stream);
}

#[test]
fn parallel_calls_whose_fragments_are_mixed_stay_apart() {
    let stream = written(&[
        start(),
        text("I look."),
        call(0, "call_a"),
        arguments(0, "{\"in\":"),
        call(1, "call_b"),
        arguments(0, "\"Rome\"}"),
        call(2, "call_c"),
        arguments(1, "{\"in\":\"Oslo\"}"),
        finish(Finish::ToolCalls),
        Event::End,
    ]);
    insta::assert_snapshot!(stream);
    let last = told(&stream).pop().unwrap();
    let calls: Vec<_> = last["response"]["output"].as_array().unwrap()[1..]
        .iter()
        .map(|item| {
            (
                item["call_id"].as_str().unwrap(),
                item["arguments"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        calls,
        [
            ("call_a", "{\"in\":\"Rome\"}"),
            ("call_b", "{\"in\":\"Oslo\"}"),
            ("call_c", "{}")
        ]
    );
}

#[test]
fn numbers_rise_by_one_and_deltas_add_up() {
    let stream = written(&[
        start(),
        text("a"),
        text("b"),
        Event::Refusal {
            choice: 0,
            text: "no".to_owned(),
        },
        finish(Finish::Refusal),
        Event::End,
    ]);
    insta::assert_snapshot!(stream);
    let events = told(&stream);
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number);
    }
    let deltas: String = events
        .iter()
        .filter(|event| event["type"] == "response.output_text.delta")
        .map(|event| event["delta"].as_str().unwrap())
        .collect();
    let last = &events.last().unwrap()["response"];
    assert_eq!(
        last["status"], "completed",
        "a refusal in words is a whole answer"
    );
    assert_eq!(last["output"][0]["content"][0]["text"], deltas);
    assert_eq!(
        last["output"][0]["content"][1],
        json!({"type": "refusal", "refusal": "no"})
    );
}

#[test]
fn an_answer_that_was_cut_off_is_incomplete_and_says_why() {
    for (reason, told_reason) in [
        (Finish::Length, "max_output_tokens"),
        (Finish::ContentFilter, "content_filter"),
        (Finish::Refusal, "content_filter"),
    ] {
        let stream = written(&[start(), text("So"), finish(reason), Event::End]);
        let last = told(&stream).pop().unwrap();
        assert_eq!(last["type"], "response.incomplete");
        assert_eq!(
            last["response"]["incomplete_details"],
            json!({"reason": told_reason})
        );
        assert_eq!(last["response"]["output"][0]["status"], "incomplete");
    }
}

#[test]
fn a_failure_midway_is_an_error_and_a_failed_response_and_nothing_after_it() {
    let error = DoorError {
        status: 429,
        kind: ErrorKind::RateLimited,
        message: "every candidate is spent".to_owned(),
        param: None,
        code: None,
        request_id: None,
    };
    let mut writer = StreamWriter::new(echo());
    let mut out = Vec::new();
    writer.write(&start(), &mut out);
    writer.write(&text("So"), &mut out);
    writer.write_error(&error, &mut out);
    writer.write(&text("more"), &mut out);
    writer.write(&Event::End, &mut out);
    let stream = String::from_utf8(out).unwrap();
    insta::assert_snapshot!(stream);

    let failed = written(&[start(), Event::Failed(ProviderError::default()), Event::End]);
    assert_eq!(kinds(&failed)[2..], ["error", "response.failed"]);
}

#[test]
fn pieces_that_come_whole_are_begun_and_ended_at_once() {
    let stream = written(&[
        start(),
        Event::Whole {
            choice: 0,
            part: Part::Thinking {
                text: String::new(),
                signature: Some("EroB".to_owned()),
                redacted: true,
            },
        },
        Event::Whole {
            choice: 0,
            part: Part::Image {
                media: Media::Inline {
                    media_type: "image/webp".to_owned(),
                    data: "UklG".to_owned(),
                },
                detail: None,
                cache: None,
            },
        },
        Event::Whole {
            choice: 0,
            part: Part::text("done"),
        },
        finish(Finish::Stop),
        Event::End,
    ]);
    insta::assert_snapshot!(stream);
}

#[test]
fn a_token_comes_to_what_it_belongs_to() {
    let sign = || Event::Signature {
        choice: 0,
        signature: "c2ln".to_owned(),
    };
    let of = |events: &[Event]| told(&written(events)).pop().unwrap()["response"]["output"].clone();
    let after_call = of(&[start(), call(0, "a"), sign(), Event::End]);
    assert_eq!(
        after_call[0]["extra_content"]["google"]["thought_signature"],
        "c2ln"
    );
    let before_all = of(&[start(), sign(), text("x"), Event::End]);
    assert_eq!(before_all[0]["encrypted_content"], "c2ln");
    assert_eq!(before_all[1]["content"][0]["text"], "x");
    let two_thoughts = of(&[
        start(),
        Event::Thinking {
            choice: 0,
            text: "one".to_owned(),
        },
        sign(),
        Event::Thinking {
            choice: 0,
            text: "two".to_owned(),
        },
        Event::End,
    ]);
    assert_eq!(two_thoughts[0]["summary"][0]["text"], "one");
    assert_eq!(two_thoughts[1]["encrypted_content"], Value::Null);
}

#[test]
fn other_choices_are_not_told() {
    let stream = written(&[
        start(),
        Event::Text {
            choice: 1,
            text: "b".to_owned(),
        },
        text("a"),
        Event::End,
    ]);
    assert!(!stream.contains("\"b\""));
}

#[test]
fn what_is_asked_is_repeated_as_it_was_written() {
    let created = told(&written(&[start()])).remove(0);
    let response = &created["response"];
    assert_eq!(response["temperature"], 0.5);
    assert_eq!(response["tools"][0]["name"], "weather");
    assert_eq!(response["store"], false);
    assert_eq!(response["id"], "resp_chatcmpl-1");
}

/// Any piece of an answer, in any order.
fn pieces() -> impl Strategy<Value = Vec<Event>> {
    let words = || "[a-z\"\\\\é]{0,3}";
    let whole = prop_oneof![
        words().prop_map(Part::text),
        words().prop_map(Part::Refusal),
        words().prop_map(|text| Part::Thinking {
            signature: Some(text.clone()),
            text,
            redacted: true
        }),
    ];
    let piece = prop_oneof![
        words().prop_map(|text| Event::Text { choice: 0, text }),
        words().prop_map(|text| Event::Thinking { choice: 0, text }),
        words().prop_map(|text| Event::Refusal { choice: 0, text }),
        words().prop_map(|signature| Event::Signature {
            choice: 0,
            signature
        }),
        (0..3_usize, words()).prop_map(|(call, id)| Event::ToolCall {
            choice: 0,
            call,
            id,
            name: "weather".to_owned(),
            signature: None
        }),
        (0..4_usize, words()).prop_map(|(call, fragment)| Event::Arguments {
            choice: 0,
            call,
            fragment
        }),
        whole.prop_map(|part| Event::Whole { choice: 0, part }),
        words().prop_map(|url| Event::Citations {
            choice: 0,
            value: json!([{"url": url}])
        }),
        Just(Event::Logprobs {
            choice: 0,
            value: json!({"content": [{"token": "a", "logprob": -1}]})
        }),
        Just(Event::Finish {
            choice: 0,
            reason: Finish::Length,
            stop_sequence: None
        }),
    ];
    proptest::collection::vec(piece, 0..16)
}

proptest! {
    #[test]
    fn what_begins_ends_once_whatever_comes_in_whatever_order(pieces in pieces()) {
        let events: Vec<_> = std::iter::once(start()).chain(pieces).chain([Event::End]).collect();
        let told = told(&written(&events));
        let mut open = Vec::new();
        for (number, event) in told.iter().enumerate() {
            prop_assert_eq!(&event["sequence_number"], number);
            match event["type"].as_str() {
                Some("response.output_item.added") => {
                    prop_assert_eq!(event["output_index"].as_u64(), Some(open.len() as u64));
                    open.push(event["item"]["id"].clone());
                }
                Some("response.output_item.done") => {
                    let place = usize::try_from(event["output_index"].as_u64().unwrap()).unwrap();
                    prop_assert_eq!(&open[place], &event["item"]["id"]);
                    open[place] = Value::Null;
                }
                Some(kind) if event.get("item_id").is_some() => {
                    prop_assert!(open.contains(&event["item_id"]), "{kind} of an item that is not open");
                }
                _ => {}
            }
        }
        prop_assert!(open.iter().all(Value::is_null), "every item is ended");
        let output = told.last().unwrap()["response"]["output"].as_array().unwrap();
        prop_assert_eq!(output.len(), open.len());
    }
}

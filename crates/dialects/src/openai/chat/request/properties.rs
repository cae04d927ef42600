//! What holds for every request.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{tests::full, *};
use crate::chat::{
    Effort, Format, Media, Message, Part, Reasoning, Request, Role, Sampling, Tool, ToolChoice,
};

fn text() -> impl Strategy<Value = String> {
    "[a-z \"\\\\é漢]{1,8}"
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        (
            text(),
            proptest::option::of(Just(json!({"type": "ephemeral"})))
        )
            .prop_map(|(text, cache)| Part::Text {
                text,
                cache,
                citations: None,
                signature: None
            }),
        text().prop_map(|data| Part::Image {
            media: Media::Inline {
                media_type: "image/png".into(),
                data
            },
            detail: None,
            cache: None
        }),
        Just(Part::Audio {
            media: Media::Inline {
                media_type: "audio/wav".into(),
                data: "aGk=".into()
            }
        }),
        text().prop_map(|id| Part::File {
            media: Media::Stored(id),
            name: Some("n".into()),
            cache: None
        }),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let message = |role, parts| Message {
        role,
        name: None,
        parts,
        extra: crate::chat::Extra::new(),
    };
    prop_oneof![
        proptest::collection::vec(part(), 1..4).prop_map(move |parts| message(Role::User, parts)),
        text().prop_map(move |text| message(Role::Developer, vec![Part::text(text)])),
        (text(), text(), proptest::option::of(text())).prop_map(move |(id, result, name)| message(
            Role::Tool,
            vec![Part::ToolResult {
                id,
                name,
                parts: vec![Part::text(result)],
                failed: false,
                cache: None
            }]
        )),
        (
            proptest::option::of(text()),
            text(),
            text(),
            proptest::option::of(text())
        )
            .prop_map(move |(thought, said, name, signature)| {
                let thought = thought.map(|text| Part::Thinking {
                    text,
                    signature: signature.clone(),
                    redacted: false,
                });
                let call = Part::ToolCall {
                    id: "call_1".into(),
                    name,
                    arguments: "{\"a\":1.50}".into(),
                    signature,
                    cache: None,
                };
                message(
                    Role::Assistant,
                    thought
                        .into_iter()
                        .chain([Part::text(said), call])
                        .collect(),
                )
            }),
    ]
}

proptest! {
    #[test]
    fn a_request_that_is_written_is_read_as_it_was(
        messages in proptest::collection::vec(message(), 1..5),
        temperature in proptest::option::of((0u8..20).prop_map(|tenths| f64::from(tenths) / 10.0)),
        max_tokens in proptest::option::of(any::<u64>()),
        seed in proptest::option::of(any::<i64>()),
        stop in proptest::collection::vec(text(), 0..3),
        format in prop_oneof![Just(None), Just(Some(Format::Json)), Just(Some(Format::Schema {
            name: "s".into(), description: None, schema: json!({"type": "object"}).into(), strict: None
        }))],
        choice in prop_oneof![Just(None), Just(Some(ToolChoice::Required)), Just(Some(ToolChoice::Named("look".into())))],
        effort in prop_oneof![Just(None), Just(Some(Effort::Low)), Just(Some(Effort::Other("xhigh".into())))],
        stream: bool,
    ) {
        let request = Request {
            model: "m".into(),
            messages,
            tools: vec![Tool { name: "look".into(), parameters: Some(json!({"type": "object"}).into()), ..Tool::default() }],
            tool_choice: choice,
            format,
            reasoning: effort.map(|effort| Reasoning { effort: Some(effort), ..Reasoning::default() }),
            sampling: Sampling { max_tokens, temperature, seed, stop, ..Sampling::default() },
            stream,
            ..Request::default()
        };
        let written = write_request_for(&request, Accepts::ALL);
        prop_assert_eq!(&written.dropped, &[""; 0]);
        prop_assert_eq!(read_request(&written.body).unwrap(), request);
    }

    #[test]
    fn no_bytes_make_reading_panic(body in proptest::collection::vec(any::<u8>(), 0..80), cut in 0usize..2000) {
        _ = read_request(&body);
        let full = full().to_string();
        let mut end = cut.min(full.len());
        while !full.is_char_boundary(end) { end -= 1; }
        _ = read_request(&full.as_bytes()[..end]);
    }

    #[test]
    fn a_member_of_any_type_is_read_or_refused(name in "[a-z_]{1,4}|messages|tools|stop|tool_choice|response_format|reasoning|stream_options|n", value in prop_oneof![
        Just(json!(null)), Just(json!(1.5)), Just(json!("x")), Just(json!([])), Just(json!([{}])), Just(json!([null])), Just(json!({})), Just(json!({"type": []})),
    ]) {
        let mut body = full();
        body[name] = value;
        if let Ok(request) = read_request(body.to_string().as_bytes()) {
            prop_assert!(serde_json::from_slice::<Value>(&write_request(&request).body).is_ok());
        }
    }
}

//! How the model is to answer, as Anthropic wants it said.

use serde_json::{Value, json};

use super::*;
use crate::chat::{Effort, Format, Media, Part, Reasoning, Role, Tool, ToolChoice};

#[test]
fn what_anthropic_has_no_word_for_is_told_and_what_makes_no_difference_is_not() {
    let mut request = asked("claude-opus-4-5", vec![user("Hi")]);
    request.sampling.seed = Some(7);
    request.sampling.choices = Some(2);
    request.sampling.temperature = Some(1.7);
    request.sampling.frequency_penalty = Some(0.0);
    request.sampling.presence_penalty = Some(0.5);
    request.sampling.logprobs = Some(false);
    request.sampling.logit_bias = Some(json!({"50256": -100}));
    request.sampling.stop = vec!["\n".into(), "END".into()];
    request.format = Some(Format::Json);
    request.messages[0].name = Some("ann".into());
    request.messages[0].parts.push(Part::Audio {
        media: Media::Inline {
            media_type: "audio/wav".into(),
            data: "UklG".into(),
        },
    });
    request.messages[0].parts.push(Part::Image {
        media: Media::Stored("file-openai".into()),
        detail: None,
        cache: None,
    });
    request.tools.push(Tool {
        built_in: Some(json!({"type": "web_search"})),
        ..Tool::default()
    });
    request.extra.insert("service_tier".into(), json!("flex"));
    request.extra.insert("store".into(), json!(true));
    let (mut body, dropped) = written(&request);
    let system = body.as_object_mut().unwrap().remove("system");
    assert!(system.is_some(), "any JSON is asked for in words");
    assert_eq!(
        dropped,
        [
            "messages[0].name",
            "messages[0].content[1].input_audio",
            "messages[0].content[2].image_url",
            "tools[0]",
            "temperature",
            "presence_penalty",
            "seed",
            "n",
            "logit_bias",
            "stop",
            "service_tier",
            "store",
        ]
    );
    assert_eq!(
        body,
        json!({
            "model": "claude-opus-4-5",
            "max_tokens": 4096,
            "messages": [{"role": "user", "content": "Hi"}],
            "temperature": 1.0,
            "stop_sequences": ["END"],
        })
    );
}

#[test]
fn any_json_is_asked_for_in_words_after_the_callers_own() {
    let system = Message {
        role: Role::System,
        ..user("Be brief.")
    };
    let mut request = asked("claude-opus-4-5", vec![system, user("Hi")]);
    request.format = Some(Format::Json);
    let (body, dropped) = written(&request);
    assert!(dropped.is_empty(), "{dropped:?}");
    assert_eq!(body["system"][0]["text"], "Be brief.");
    let words = body["system"][1]["text"].as_str().unwrap();
    assert!(
        words.contains("one JSON object and nothing else"),
        "{words}"
    );
}

#[test]
fn the_callers_most_tokens_are_kept_and_the_default_stands_in_for_them() {
    let mut request = asked("claude-opus-4-5", vec![user("Hi")]);
    assert_eq!(written(&request).0["max_tokens"], 4096);
    request.sampling.max_tokens = Some(9);
    assert_eq!(written(&request).0["max_tokens"], 9);
}

#[test]
fn no_thinking_where_anthropic_would_refuse_it() {
    let mut request = asked(
        "claude-sonnet-4-5",
        vec![
            user("Weather?"),
            message(Role::Assistant, vec![call("a", "{}")]),
            message(Role::Tool, vec![result("a", "sun")]),
        ],
    );
    request.sampling.max_tokens = Some(32_000);
    request.reasoning = Some(Reasoning {
        effort: Some(Effort::Low),
        ..Reasoning::default()
    });
    let (body, dropped) = written(&request);
    assert_eq!(
        (body.get("thinking"), dropped),
        (None, vec!["reasoning".to_owned()])
    );

    request.model = "claude-opus-4-6".into();
    let (body, dropped) = written(&request);
    assert_eq!(body["thinking"], json!({"type": "adaptive"}));
    assert_eq!(body["output_config"], json!({"effort": "low"}));
    assert!(dropped.is_empty());

    request.tools = vec![Tool {
        name: "weather".into(),
        ..Tool::default()
    }];
    request.tool_choice = Some(ToolChoice::Required);
    let (body, dropped) = written(&request);
    assert_eq!(
        (body.get("thinking"), dropped),
        (None, vec!["reasoning".to_owned()])
    );
}

#[test]
fn tokens_are_drawn_only_as_the_model_allows() {
    let mut request = asked("claude-3-5-haiku-20241022", vec![user("Hi")]);
    request.sampling.temperature = Some(0.5);
    request.sampling.top_p = Some(0.9);
    request.sampling.top_k = Some(40);
    let mut drawn = |model: &str, thinks: bool| {
        request.model = model.into();
        request.reasoning = thinks.then(|| Reasoning {
            budget_tokens: Some(1024),
            ..Reasoning::default()
        });
        let (body, dropped) = written(&request);
        (
            body["temperature"].clone(),
            body["top_p"].clone(),
            body["top_k"].clone(),
            dropped.join(" "),
        )
    };
    let null = Value::Null;
    assert_eq!(
        drawn("claude-3-5-haiku-20241022", false),
        (json!(0.5), json!(0.9), json!(40), String::new())
    );
    assert_eq!(
        drawn("claude-sonnet-4-5", false),
        (json!(0.5), null.clone(), json!(40), "top_p".into())
    );
    assert_eq!(
        drawn("claude-sonnet-4-5", true),
        (
            null.clone(),
            null.clone(),
            null.clone(),
            "temperature top_p top_k".into()
        )
    );
    assert_eq!(
        drawn("claude-opus-4-7", false),
        (
            null.clone(),
            null.clone(),
            null,
            "temperature top_p top_k".into()
        )
    );
}

#[test]
fn a_schema_is_closed_as_anthropic_demands() {
    let mut request = asked("claude-opus-4-5", vec![user("Hi")]);
    request.format = Some(Format::Schema {
        name: "city".into(),
        description: None,
        schema: json!({"type": "object", "properties": {"places": {"type": "array", "items": {"type": "object"}}}}).into(),
        strict: Some(false),
    });
    let (body, _) = written(&request);
    assert_eq!(
        body["output_config"]["format"],
        json!({"type": "json_schema", "schema": {
            "type": "object",
            "additionalProperties": false,
            "properties": {"places": {"type": "array", "items": {"type": "object", "additionalProperties": false}}},
        }})
    );
}

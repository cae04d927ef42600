//! Whole answers.

use serde_json::json;

use crate::chat::{Finish, Media, Message, Part, Request, Role};
use crate::gemini::{read_answer, write_request};

/// Printed over many lines, as Gemini does. Shape: <https://ai.google.dev/gemini-api/docs/function-calling>.
pub(super) const CALLS: &str = r#"{
  "candidates": [
    {
      "content": {
        "parts": [
          {
            "text": "**Planning**\n\nTwo cities.",
            "thought": true
          },
          {
            "functionCall": {
              "name": "weather",
              "args": {
                "unit": "c",
                "city": "Lyon \"centre\""
              }
            },
            "thoughtSignature": "Ci4B0e2Kb3k="
          },
          {
            "functionCall": {
              "name": "weather",
              "args": {}
            }
          },
          {
            "functionCall": {
              "id": "x7k2p9",
              "name": "now"
            }
          }
        ],
        "role": "model"
      },
      "finishReason": "STOP",
      "index": 0
    }
  ],
  "usageMetadata": {
    "promptTokenCount": 61,
    "candidatesTokenCount": 17,
    "totalTokenCount": 158,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 61}],
    "thoughtsTokenCount": 80
  },
  "modelVersion": "gemini-3-flash-preview",
  "responseId": "nFhPaZ2nEcWB1MkPs"
}"#;

/// Shapes: `Candidate`, `LogprobsResult` and `GroundingMetadata` of <https://ai.google.dev/api/generate-content>.
pub(super) const TWO_CHOICES: &str = r#"{
  "candidates": [
    {"content": {"role": "model", "parts": [{"text": "Blue"}, {"text": "", "thoughtSignature": "c2ln"}]},
     "finishReason": "STOP", "index": 0, "avgLogprobs": -0.1,
     "citationMetadata": {"citationSources": [{"startIndex": 0, "endIndex": 4, "uri": "https://example.org"}]},
     "logprobsResult": {"chosenCandidates": [{"token": "Blue", "tokenId": 5, "logProbability": -0.1}],
       "topCandidates": [{"candidates": [{"token": "Blue", "logProbability": -0.1}, {"token": "Grey", "logProbability": -2.5}]}]}},
    {"content": {"role": "model", "parts": [
       {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
       {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
       {"text": "cut o"}]},
     "finishReason": "MAX_TOKENS", "index": 1}
  ],
  "modelVersion": "gemini-2.5-flash", "responseId": "r-2"
}"#;

#[test]
fn thoughts_calls_and_their_signatures_are_read() {
    let answer = read_answer(CALLS.as_bytes()).unwrap();
    assert_eq!(
        (&*answer.id, &*answer.model),
        ("nFhPaZ2nEcWB1MkPs", "gemini-3-flash-preview")
    );
    let choice = &answer.choices[0];
    assert_eq!(choice.finish, Finish::ToolCalls);
    let Part::ToolCall {
        id,
        name,
        arguments,
        signature,
        ..
    } = &choice.parts[1]
    else {
        panic!("{:?}", choice.parts)
    };
    assert!(id.starts_with("call_") && id.len() == 21, "{id}");
    assert_eq!(name, "weather");
    assert_eq!(arguments, r#"{"unit":"c","city":"Lyon \"centre\""}"#);
    assert_eq!(signature.as_deref(), Some("Ci4B0e2Kb3k="));
    assert!(
        matches!(&choice.parts[3], Part::ToolCall { id, arguments, .. } if id == "x7k2p9" && arguments == "{}")
    );
    let usage = answer.usage.unwrap();
    assert_eq!(
        (usage.input, usage.output, usage.reasoning),
        (61, 97, Some(80))
    );
}

#[test]
fn calls_without_ids_get_the_same_ids_whenever_they_are_read() {
    let ids = || -> Vec<String> {
        let answer = read_answer(CALLS.as_bytes()).unwrap();
        let parts = answer.choices.into_iter().flat_map(|choice| choice.parts);
        parts
            .filter_map(|part| match part {
                Part::ToolCall { id, .. } => Some(id),
                _ => None,
            })
            .collect()
    };
    assert_eq!(ids(), ids());
    assert_ne!(ids()[0], ids()[1]);
    let other = CALLS.replace("nFhPaZ2nEcWB1MkPs", "another");
    let other = read_answer(other.as_bytes()).unwrap();
    assert!(
        !other.choices[0]
            .parts
            .iter()
            .any(|part| matches!(part, Part::ToolCall { id, .. } if *id == ids()[0]))
    );
}

#[test]
fn an_answer_goes_back_as_it_came_and_its_results_find_their_calls() {
    let answer = read_answer(CALLS.as_bytes()).unwrap();
    let parts = answer.choices.into_iter().next().unwrap().parts;
    let Part::ToolCall { id, .. } = parts[1].clone() else {
        panic!("{parts:?}")
    };
    let message = |role, parts| Message {
        role,
        name: None,
        parts,
        extra: serde_json::Map::new(),
    };
    let request = Request {
        model: "gemini-3-flash-preview".to_owned(),
        messages: vec![
            message(Role::User, vec![Part::text("Weather?")]),
            message(Role::Assistant, parts),
            message(
                Role::Tool,
                vec![Part::ToolResult {
                    id: id.clone(),
                    name: None,
                    parts: vec![Part::text("21 degrees")],
                    failed: false,
                    cache: None,
                }],
            ),
        ],
        ..Request::default()
    };
    let body: serde_json::Value = serde_json::from_slice(&write_request(&request).body).unwrap();
    let turn = &body["contents"][1];
    assert_eq!(turn["role"], "model");
    assert_eq!(
        turn["parts"][1],
        json!({
            "functionCall": {"id": id, "name": "weather", "args": {"unit": "c", "city": "Lyon \"centre\""}},
            "thoughtSignature": "Ci4B0e2Kb3k="
        })
    );
    assert_eq!(
        body["contents"][2]["parts"][0]["functionResponse"],
        json!({"id": id, "name": "weather", "response": {"output": "21 degrees"}})
    );
}

#[test]
fn several_answers_with_likelihoods_sources_and_pictures_are_read() {
    let answer = read_answer(TWO_CHOICES.as_bytes()).unwrap();
    let [first, second] = &*answer.choices else {
        panic!("{answer:?}")
    };
    assert_eq!((first.index, second.index), (0, 1));
    assert_eq!(
        first.logprobs,
        Some(
            json!({"content": [{"token": "Blue", "logprob": -0.1, "bytes": [66, 108, 117, 101], "top_logprobs": [
            {"token": "Blue", "logprob": -0.1, "bytes": [66, 108, 117, 101]},
            {"token": "Grey", "logprob": -2.5, "bytes": [71, 114, 101, 121]}]}], "refusal": null})
        )
    );
    let Part::Text {
        text,
        signature,
        citations,
        ..
    } = &first.parts[1]
    else {
        panic!("{first:?}")
    };
    assert_eq!((&**text, signature.as_deref()), ("", Some("c2ln")));
    assert!(citations.as_ref().unwrap()["citationMetadata"].is_object());
    assert_eq!(second.finish, Finish::Length);
    assert!(
        matches!(&second.parts[0], Part::Other { value } if value["executableCode"]["code"] == "print(1)")
    );
    assert!(
        matches!(&second.parts[1], Part::Image { media: Media::Inline { media_type, .. }, .. } if media_type == "image/png")
    );
}

#[test]
fn a_blocked_prompt_is_an_answer_that_was_filtered() {
    let answer = read_answer(
        br#"{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
            "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9}, "modelVersion": "gemini-2.5-flash"}"#,
    )
    .unwrap();
    assert_eq!(answer.choices[0].finish, Finish::ContentFilter);
    assert_eq!(
        answer.extra["promptFeedback"]["blockReason"],
        "PROHIBITED_CONTENT"
    );
    assert_eq!(
        answer.usage.map(|usage| (usage.input, usage.output)),
        Some((9, 0))
    );
}

#[test]
fn an_answer_without_content_is_empty_and_one_without_candidates_is_malformed() {
    let empty =
        read_answer(br#"{"candidates":[{"content":{"role":"model"},"finishReason":"SAFETY"}]}"#)
            .unwrap();
    assert_eq!(empty.choices[0].parts, []);
    assert_eq!(empty.choices[0].finish, Finish::ContentFilter);
    let missing = read_answer(br#"{"usageMetadata":{"promptTokenCount":4}}"#).unwrap_err();
    assert_eq!(missing.path, "candidates");
}

#[test]
fn what_is_malformed_is_not_repeated() {
    let error = read_answer(br#"{"candidates":"my secret"}"#).unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
}

//! A whole answer as a Response.

use super::echo::Echo;
use super::item::{Content, Item, Maker, text_with_sources};
use super::response::{Outcome, Response, State, refuses};
use crate::chat::{Answer, Choice, Finish, Part};

/// The body of the answer to the request that `echo` repeats. Of several choices it has the first: the dialect knows
/// no others. An answer without a time is one of 1970: whoever calls fills it in.
#[must_use]
pub fn write_answer(answer: &Answer, echo: &Echo) -> Vec<u8> {
    let id = response_id(&answer.id);
    let choice = answer.choices.first();
    let mut items = choice.map_or_else(Vec::new, |choice| items(&mut Maker::new(&id), choice));
    let finish = choice.map_or(&Finish::Stop, |choice| &choice.finish);
    let outcome = Outcome::of(finish, items.iter().any(refuses));
    if let Some(last) = items.last_mut() {
        last.set_progress(outcome.of_last_item());
    }
    let state = State {
        id: &id,
        created: answer.created.unwrap_or(0),
        model: &answer.model,
        outcome,
        output: items.iter().collect(),
        usage: answer.usage,
    };
    // Serializing what is made of strings, numbers and lists cannot fail.
    serde_json::to_vec(&Response::new(state, echo)).unwrap_or_default()
}

/// The id that clients know a response by.
pub(super) fn response_id(id: &str) -> String {
    if id.starts_with("resp_") {
        return id.to_owned();
    }
    format!("resp_{id}")
}

/// Texts and refusals in a row are one message.
fn items(maker: &mut Maker, choice: &Choice) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut logprobs = choice.logprobs.as_ref();
    for part in &choice.parts {
        let piece = match part {
            Part::Text {
                text,
                citations,
                signature: None,
                ..
            } => text_with_sources(text, citations.as_ref(), logprobs.take()),
            Part::Refusal(refusal) => Content::Refusal {
                refusal: refusal.clone(),
            },
            _ => {
                items.extend(maker.whole(part));
                continue;
            }
        };
        match items.last_mut() {
            Some(Item::Message {
                content,
                extra_content: None,
                ..
            }) => content.push(piece),
            _ => items.push(maker.message_of(vec![piece], None)),
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::chat::{Extra, Media, Usage};

    fn answer(parts: Vec<Part>, finish: Finish) -> Answer {
        Answer {
            id: "msg_01".to_owned(),
            model: "m-1".to_owned(),
            created: Some(1_700_000_000),
            choices: vec![Choice {
                index: 0,
                parts,
                finish,
                stop_sequence: None,
                logprobs: None,
            }],
            usage: Some(Usage {
                input: 10,
                output: 4,
                cached: Some(8),
                ..Usage::default()
            }),
            extra: Extra::new(),
        }
    }

    fn written(answer: &Answer, request: &Value) -> String {
        let echo = Echo::read(request.to_string().as_bytes()).unwrap();
        String::from_utf8(write_answer(answer, &echo)).unwrap()
    }

    #[test]
    fn each_thing_that_the_model_said_is_an_item() {
        let parts = vec![
            Part::Thinking {
                text: "Hm.".to_owned(),
                signature: Some("c2ln".to_owned()),
                redacted: false,
            },
            Part::text("I look."),
            Part::Refusal("Not that.".to_owned()),
            Part::ToolCall {
                id: "toolu_1".to_owned(),
                name: "weather".to_owned(),
                arguments: String::new(),
                signature: Some("Z29vZ2xl".to_owned()),
                cache: None,
            },
            Part::Image {
                media: Media::Inline {
                    media_type: "image/png".to_owned(),
                    data: "iVBO".to_owned(),
                },
                detail: None,
                cache: None,
            },
        ];
        let request = json!({"model": "m", "input": "x", "instructions": "Be brief.", "metadata": {"a": "b"},
            "tools": [{"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}, "strict": true}],
            "tool_choice": {"type": "function", "name": "weather"}, "max_output_tokens": 99, "top_p": 0.9,
            "text": {"format": {"type": "json_object"}}, "reasoning": {"effort": "low"}, "parallel_tool_calls": false});
        insta::assert_snapshot!(written(&answer(parts, Finish::ToolCalls), &request));
    }

    #[test]
    fn an_answer_that_was_cut_off_says_so() {
        let request = json!({"model": "m", "input": "x", "tools": null});
        insta::assert_snapshot!(written(
            &answer(vec![Part::text("So")], Finish::Length),
            &request
        ));
    }

    /// What a client sends back of an answer is read as what was answered.
    #[test]
    fn an_answer_comes_back_in_the_next_request_unchanged() {
        let parts = vec![
            Part::Thinking {
                text: String::new(),
                signature: Some("EroB".to_owned()),
                redacted: true,
            },
            Part::Text {
                text: "See.".to_owned(),
                cache: None,
                citations: None,
                signature: Some("dGV4dA==".to_owned()),
            },
            Part::ToolCall {
                id: "call_1".to_owned(),
                name: "weather".to_owned(),
                arguments: "{\"in\": \"Rome\"}".to_owned(),
                signature: Some("Z29vZ2xl".to_owned()),
                cache: None,
            },
        ];
        let first = written(&answer(parts.clone(), Finish::ToolCalls), &json!({}));
        let first: Value = serde_json::from_str(&first).unwrap();
        let next = json!({"model": "m", "input": first["output"]});
        let request = super::super::read_request(next.to_string().as_bytes()).unwrap();
        assert_eq!(request.messages[0].parts, parts);
    }
}

//! A whole answer as a text.

use super::echo::Echo;
use super::likelihoods::Likelihoods;
use crate::chat::{Answer, Choice, Finish, Part};
use crate::openai::chat::write_usage;
use crate::openai::json::{Object, object};

/// The body of the answer. Thoughts and calls have no place in it.
#[must_use]
pub fn write_answer(answer: &Answer, echo: &Echo) -> Vec<u8> {
    let mut out = Vec::new();
    object(&mut out, |body| {
        write_head(body, &answer.id, answer.created.unwrap_or(0), &answer.model);
        body.list("choices", &answer.choices, |out, choice| {
            object(out, |body| write_choice(body, choice, echo));
        });
        if let Some(usage) = &answer.usage {
            write_usage(body, usage);
        }
    });
    out
}

/// What an answer and each event of a stream begin with.
pub(super) fn write_head(body: &mut Object<'_>, id: &str, created: i64, model: &str) {
    if id.starts_with("cmpl-") {
        body.put("id", id);
    } else {
        body.put("id", format!("cmpl-{id}"));
    }
    body.put("object", "text_completion");
    body.put("created", created);
    body.put("model", model);
}

fn write_choice(body: &mut Object<'_>, choice: &Choice, echo: &Echo) {
    let mut text = echo.prompt.clone().unwrap_or_default();
    let offset = text.chars().count();
    for part in &choice.parts {
        if let Part::Text { text: more, .. } | Part::Refusal(more) = part {
            text.push_str(more);
        }
    }
    body.put("text", text);
    body.put("index", choice.index);
    let likelihoods = choice
        .logprobs
        .as_ref()
        .and_then(|value| Likelihoods::of(value, offset));
    body.put("logprobs", likelihoods);
    body.put("finish_reason", finish_word(&choice.finish));
}

/// The dialect knows three words; OpenRouter made the fourth known.
pub(super) fn finish_word(finish: &Finish) -> &'static str {
    match finish {
        Finish::Length => "length",
        Finish::ContentFilter | Finish::Refusal => "content_filter",
        Finish::Failed => "error",
        Finish::Stop | Finish::ToolCalls | Finish::Pause | Finish::Other(_) => "stop",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::chat::{Extra, Usage};

    #[test]
    fn an_answer_is_a_text_after_its_prompt_if_that_is_wanted() {
        let answer = Answer {
            id: "chatcmpl-1".to_owned(),
            model: "m-1".to_owned(),
            created: Some(1_700_000_000),
            choices: vec![Choice {
                index: 0,
                parts: vec![
                    Part::Thinking {
                        text: "Hm.".to_owned(),
                        signature: None,
                        redacted: false,
                    },
                    Part::text(" upon"),
                ],
                finish: Finish::Length,
                stop_sequence: None,
                logprobs: Some(json!({"content": [{"token": " upon", "logprob": -0.5}]})),
            }],
            usage: Some(Usage {
                input: 1,
                output: 1,
                ..Usage::default()
            }),
            extra: Extra::new(),
        };
        let echo = Echo {
            prompt: Some("Once".to_owned()),
            usage: false,
        };
        insta::assert_snapshot!(String::from_utf8(write_answer(&answer, &echo)).unwrap());
    }
}

//! `/v1/moderations`, both sides; Mistral's is the same with categories of its own and no summary.
//!
//! Source: openai-python 3.54, `types/moderation_create_params.py` and `types/moderation.py`.

use serde_json::{Map, Value, json};

use super::fields::{Fields, wrong};
use super::json::object;
use crate::chat::{Extra, Media, Part};
use crate::error::Malformed;
use crate::moderations::{
    CATEGORIES, Judgement, ModerationAnswer, ModerationInput, ModerationRequest, category,
};
use crate::written::Written;

/// What a caller asks for.
pub fn read_request(body: &[u8]) -> Result<ModerationRequest, Malformed> {
    let mut fields = Fields::read(body)?;
    let mut request = ModerationRequest {
        model: fields.text("model")?,
        input: read_input(fields.take("input"))?,
        extra: Extra::new(),
    };
    request.extra = fields.rest();
    request.extra.retain(|_, value| !value.is_null());
    Ok(request)
}

/// A list of objects is one thing to judge, a list of texts is as many as there are.
fn read_input(input: Option<Value>) -> Result<Vec<ModerationInput>, Malformed> {
    const RIGHT: &str = "a string, an array of strings or an array of parts";
    match input {
        None => Err(Malformed::new(
            "input",
            format!("is missing; it must be {RIGHT}"),
        )),
        Some(Value::String(text)) => Ok(vec![ModerationInput::Text(text)]),
        Some(Value::Array(list)) if list.first().is_some_and(Value::is_object) => {
            let parts = list
                .into_iter()
                .enumerate()
                .map(|(place, part)| read_part(Fields::of(part, format!("input[{place}]"))?))
                .collect::<Result<_, _>>()?;
            Ok(vec![ModerationInput::Parts(parts)])
        }
        Some(Value::Array(list)) => list
            .into_iter()
            .enumerate()
            .map(|(place, text)| match text {
                Value::String(text) => Ok(ModerationInput::Text(text)),
                other => Err(wrong(format!("input[{place}]"), "a string", &other)),
            })
            .collect(),
        Some(other) => Err(wrong("input", RIGHT, &other)),
    }
}

fn read_part(mut part: Fields) -> Result<Part, Malformed> {
    match part.needed_text("type")?.as_str() {
        "text" => Ok(Part::text(part.needed_text("text")?)),
        "image_url" => {
            let Some(mut image) = part.object("image_url")? else {
                return Err(Malformed::new(
                    part.at("image_url"),
                    "is missing; it must be an object with a `url`",
                ));
            };
            Ok(Part::Image {
                // A `data:` URL is passed on as it is: nobody needs its bytes here.
                media: Media::Url(image.needed_text("url")?),
                detail: None,
                cache: None,
            })
        }
        other => Err(Malformed::new(
            part.at("type"),
            format!("must be `text` or `image_url`, not `{other}`"),
        )),
    }
}

/// The request for a provider.
#[must_use]
pub fn write_request(request: &ModerationRequest) -> Written {
    let mut dropped = Vec::new();
    let input: Vec<Value> = match request.input.as_slice() {
        [ModerationInput::Parts(parts)] => parts.iter().filter_map(part).collect(),
        inputs => {
            let mut texts = Vec::new();
            for (place, input) in inputs.iter().enumerate() {
                match input {
                    ModerationInput::Text(text) => texts.push(json!(text)),
                    ModerationInput::Parts(_) => dropped.push(format!("input[{place}]")),
                }
            }
            texts
        }
    };
    let mut body = Vec::new();
    object(&mut body, |body| {
        body.some("model", request.model.as_ref());
        body.put("input", input);
        for (name, value) in &request.extra {
            body.put(name, value);
        }
    });
    Written { body, dropped }
}

fn part(part: &Part) -> Option<Value> {
    match part {
        Part::Text { text, .. } => Some(json!({"type": "text", "text": text})),
        Part::Image {
            media: Media::Url(url),
            ..
        } => Some(json!({"type": "image_url", "image_url": {"url": url}})),
        Part::Image {
            media: Media::Inline { media_type, data },
            ..
        } => Some(
            json!({"type": "image_url", "image_url": {"url": format!("data:{media_type};base64,{data}")}}),
        ),
        _ => None,
    }
}

/// What a provider answered.
pub fn read_answer(body: &[u8]) -> Result<ModerationAnswer, Malformed> {
    let mut fields = Fields::read(body)?;
    let results = fields.list("results")?.ok_or_else(|| {
        Malformed::new("results", "is missing; it must be an array of judgements")
    })?;
    Ok(ModerationAnswer {
        id: fields.text("id")?.unwrap_or_default(),
        model: fields.text("model")?.unwrap_or_default(),
        results: results
            .into_iter()
            .enumerate()
            .map(|(place, result)| read_judgement(Fields::of(result, format!("results[{place}]"))?))
            .collect::<Result<_, _>>()?,
    })
}

fn read_judgement(mut result: Fields) -> Result<Judgement, Malformed> {
    let path = result.at("categories");
    let Some(Value::Object(categories)) = result.take("categories") else {
        return Err(Malformed::new(path, "must be an object of categories"));
    };
    let mut judgement = Judgement::default();
    for (word, flagged) in categories {
        let flagged = flagged.as_bool().unwrap_or(false);
        *judgement
            .categories
            .entry(category(&word).to_owned())
            .or_default() |= flagged;
    }
    if let Some(Value::Object(scores)) = result.take("category_scores") {
        for (word, score) in scores {
            let score = score.as_f64().unwrap_or(0.0);
            let known = judgement
                .scores
                .entry(category(&word).to_owned())
                .or_default();
            *known = known.max(score);
        }
    }
    let any = judgement.categories.values().any(|flagged| *flagged);
    judgement.flagged = result.flag("flagged")?.unwrap_or(any);
    Ok(judgement)
}

/// The answer for a caller: every category that clients expect, and what the provider has besides.
#[must_use]
pub fn write_answer(answer: &ModerationAnswer) -> Vec<u8> {
    let mut out = Vec::new();
    object(&mut out, |body| {
        body.put("id", &answer.id);
        body.put("model", &answer.model);
        body.list("results", &answer.results, |out, judgement| {
            object(out, |result| {
                result.put("flagged", judgement.flagged);
                let names = names(judgement);
                result.object("categories", |categories| {
                    for name in &names {
                        categories.put(
                            name,
                            judgement.categories.get(*name).copied().unwrap_or(false),
                        );
                    }
                });
                result.object("category_scores", |scores| {
                    for name in &names {
                        scores.put(name, judgement.scores.get(*name).copied().unwrap_or(0.0));
                    }
                });
                let applied: Map<String, Value> = names
                    .iter()
                    .map(|name| ((*name).to_owned(), json!(["text"])))
                    .collect();
                result.put("category_applied_input_types", applied);
            });
        });
    });
    out
}

fn names(judgement: &Judgement) -> Vec<&str> {
    let others = judgement.categories.keys().map(String::as_str);
    CATEGORIES
        .into_iter()
        .chain(others.filter(|name| !CATEGORIES.contains(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_judged_each_and_parts_together() {
        let of = |input: Value| {
            read_request(json!({"input": input}).to_string().as_bytes())
                .unwrap()
                .input
        };
        let text = |text: &str| ModerationInput::Text(text.to_owned());
        assert_eq!(of(json!("a")), [text("a")]);
        assert_eq!(of(json!(["a", "b"])), [text("a"), text("b")]);
        let parts = json!([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "https://a.example/i.png"}}]);
        let request = ModerationRequest {
            input: of(parts.clone()),
            ..ModerationRequest::default()
        };
        assert!(
            matches!(request.input.as_slice(), [ModerationInput::Parts(parts)] if parts.len() == 2)
        );
        let written: Value = serde_json::from_slice(&write_request(&request).body).unwrap();
        assert_eq!(written, json!({"input": parts}));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let complaint = |input: Value| {
            read_request(json!({"input": input}).to_string().as_bytes())
                .map_err(|error| error.to_string())
        };
        assert_eq!(
            complaint(json!([{"type": "video"}])),
            Err("`input[0].type` must be `text` or `image_url`, not `video`".to_owned())
        );
        assert_eq!(
            complaint(json!(["a", 1])),
            Err("`input[1]` must be a string, not a number".to_owned())
        );
    }

    /// The shape is that of docs.mistral.ai, "Moderation".
    #[test]
    fn judgements_of_mistral_become_those_that_clients_expect() {
        let mistral = br#"{"id":"1","model":"mistral-moderation-latest","results":[{"categories":
            {"sexual":false,"hate_and_discrimination":false,"violence_and_threats":true,"dangerous_and_criminal_content":false,
             "selfharm":false,"health":false,"financial":false,"law":false,"pii":true},
            "category_scores":{"sexual":0.01,"violence_and_threats":0.98,"selfharm":0.02,"pii":0.75}}]}"#;
        let answer = read_answer(mistral).unwrap();
        assert!(
            answer.results[0].flagged,
            "no summary: one category is enough"
        );
        insta::assert_snapshot!(String::from_utf8(write_answer(&answer)).unwrap());
        assert!(read_answer(br#"{"results":[{}]}"#).is_err());
        assert!(read_answer(br#"{"results":7}"#).is_err());
    }
}

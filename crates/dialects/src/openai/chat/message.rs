//! What a model says, as a message: thoughts, text, refusal, calls. Answers and assistant turns have the same members.

use serde_json::Value;

use super::{
    super::{
        fields::{Fields, wrong},
        ids,
        json::{Object, list, object},
    },
    part::{media, read_content, url},
};
use crate::{
    chat::{Media, Part},
    error::Malformed,
};

/// Takes what was said out of a message, thoughts first. `of` tells the message apart from others: ids of calls that
/// have none are made from it.
pub(super) fn read_said(fields: &mut Fields, of: &str) -> Result<Vec<Part>, Malformed> {
    let mut parts = read_thoughts(fields)?;
    let path = fields.at("content");
    let mut content = read_content(fields.take("content"), &path)?;
    content.retain(|part| !matches!(part, Part::Text { text, cache: None, .. } if text.is_empty()));
    parts.append(&mut content);
    read_sources(fields, &mut parts);
    if let Some(refusal) = fields.text("refusal")?.filter(|text| !text.is_empty()) {
        parts.push(Part::Refusal(refusal));
    }
    for image in fields.list("images")?.unwrap_or_default() {
        parts.extend(read_image(image));
    }
    parts.extend(fields.take("audio").map(generated_sound));
    read_calls(fields, of, &mut parts)?;
    Ok(parts)
}

/// A generated sound has an id, a transcript and an end that no other dialect knows: it stays as it was written.
pub(super) fn generated_sound(audio: Value) -> Part {
    let mut value = serde_json::Map::new();
    value.insert("type".into(), "audio".into());
    value.insert("audio".into(), audio);
    Part::Other {
        value: Value::Object(value),
    }
}

/// The `audio` in such a piece.
pub(super) fn sound(part: &Part) -> Option<&Value> {
    match part {
        Part::Other { value } if value.get("type").is_some_and(|kind| kind == "audio") => {
            value.get("audio")
        }
        _ => None,
    }
}

/// Thoughts have three names: `reasoning_details` (OpenRouter, with signatures), `reasoning_content` (DeepSeek, vLLM,
/// Z.ai …), `reasoning` (Groq, Cerebras, OpenRouter). The first that says something counts.
fn read_thoughts(fields: &mut Fields) -> Result<Vec<Part>, Malformed> {
    let details = fields.take("reasoning_details");
    let content = fields.text("reasoning_content")?;
    // OpenRouter's and Groq's is a text; an object of somebody else's is no thought.
    let plain = match fields.take("reasoning") {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let text = content
        .filter(|text| !text.is_empty())
        .or(plain)
        .unwrap_or_default();
    let mut thoughts: Vec<Part> = details.iter().flat_map(read_details).collect();
    let told = thoughts
        .iter()
        .any(|part| matches!(part, Part::Thinking { text, .. } if !text.is_empty()));
    if told || text.is_empty() {
        return Ok(thoughts);
    }
    // Only tokens in the details: the text belongs to the first that is not redacted.
    for thought in &mut thoughts {
        if let Part::Thinking {
            text: empty,
            redacted: false,
            ..
        } = thought
        {
            *empty = text;
            return Ok(thoughts);
        }
    }
    thoughts.insert(
        0,
        Part::Thinking {
            text,
            signature: None,
            redacted: false,
        },
    );
    Ok(thoughts)
}

/// The thoughts in `reasoning_details`.
pub(super) fn read_details(details: &Value) -> impl Iterator<Item = Part> {
    details
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|detail| {
            let text = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default();
            let signature = Some(text("signature")).filter(|token| !token.is_empty());
            Some(match text("type") {
                "reasoning.text" => Part::Thinking {
                    text: text("text").to_owned(),
                    signature: signature.map(str::to_owned),
                    redacted: false,
                },
                "reasoning.summary" => Part::Thinking {
                    text: text("summary").to_owned(),
                    signature: None,
                    redacted: false,
                },
                "reasoning.encrypted" => Part::Thinking {
                    text: String::new(),
                    signature: Some(text("data").to_owned()),
                    redacted: true,
                },
                _ => return None,
            })
        })
}

/// Sources and the token of the text: they stand beside the text, and belong to the last one.
fn read_sources(fields: &mut Fields, parts: &mut Vec<Part>) {
    let annotations = fields
        .take("annotations")
        .filter(|value| value.as_array().is_some_and(|list| !list.is_empty()));
    let token = fields.take("extra_content").as_ref().and_then(signature);
    if annotations.is_none() && token.is_none() {
        return;
    }
    if !parts.iter().any(|part| matches!(part, Part::Text { .. })) {
        parts.push(Part::text(""));
    }
    for part in parts.iter_mut().rev() {
        if let Part::Text {
            citations,
            signature,
            ..
        } = part
        {
            *citations = annotations;
            *signature = token;
            return;
        }
    }
}

/// Gemini's token, as its OpenAI door writes it.
pub(super) fn signature(extra_content: &Value) -> Option<String> {
    extra_content
        .pointer("/google/thought_signature")?
        .as_str()
        .map(str::to_owned)
}

/// A generated picture, as OpenRouter gives it: `{"type":"image_url","image_url":{"url":…}}`.
pub(super) fn read_image(mut value: Value) -> Option<Part> {
    match value.pointer_mut("/image_url/url")?.take() {
        Value::String(url) => Some(Part::Image {
            media: media(url),
            detail: None,
            cache: None,
        }),
        _ => None,
    }
}

fn read_calls(fields: &mut Fields, of: &str, parts: &mut Vec<Part>) -> Result<(), Malformed> {
    let path = fields.at("tool_calls");
    let mut seen: Vec<String> = Vec::new();
    for (index, call) in fields
        .list("tool_calls")?
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        if call.get("custom").is_some() {
            parts.push(Part::Other { value: call });
            continue;
        }
        let mut call = Fields::of(call, format!("{path}[{index}]"))?;
        let Some(mut function) = call.object("function")? else {
            return Err(Malformed::new(
                call.at("function"),
                "is missing; it must be an object with `name` and `arguments`",
            ));
        };
        let name = function.needed_text("name")?;
        let id = call
            .text("id")?
            .filter(|id| !id.is_empty() && !seen.contains(id))
            .unwrap_or_else(|| ids::made(&[of, &index.to_string(), &name]));
        seen.push(id.clone());
        parts.push(Part::ToolCall {
            id,
            name,
            arguments: read_arguments(&mut function)?,
            signature: call.take("extra_content").as_ref().and_then(signature),
            cache: call.take("cache_control"),
        });
    }
    Ok(())
}

/// JSON text; some servers give the object itself.
pub(super) fn read_arguments(function: &mut Fields) -> Result<String, Malformed> {
    match function.take("arguments") {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text),
        Some(value @ Value::Object(_)) => Ok(value.to_string()),
        Some(other) => Err(wrong(function.at("arguments"), "a string of JSON", &other)),
    }
}

/// What goes along with a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Along {
    pub(super) signatures: bool,
    pub(super) cache_markers: bool,
}

/// Writes thoughts, and `with_details` in `reasoning_details` those that are worth nothing without their token.
pub(super) fn write_thoughts(message: &mut Object<'_>, parts: &[Part], with_details: bool) {
    let thoughts = || {
        parts
            .iter()
            .filter(|part| matches!(part, Part::Thinking { .. }))
    };
    let shown: String = thoughts()
        .filter_map(|part| match part {
            Part::Thinking { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    if !shown.is_empty() {
        message.put("reasoning_content", shown);
    }
    let signed = |part: &Part| {
        matches!(
            part,
            Part::Thinking {
                signature: Some(_),
                ..
            }
        )
    };
    if with_details && (thoughts().any(signed) || thoughts().count() > 1) {
        message.list(
            "reasoning_details",
            thoughts().enumerate(),
            |out, (index, part)| {
                write_detail(out, index, part);
            },
        );
    }
}

/// One thought of `reasoning_details`.
pub(super) fn write_detail(out: &mut Vec<u8>, index: usize, part: &Part) {
    let Part::Thinking {
        text,
        signature,
        redacted,
    } = part
    else {
        return;
    };
    object(out, |detail| {
        if *redacted {
            detail.put("type", "reasoning.encrypted");
            detail.some("data", signature.as_ref());
        } else {
            detail.put("type", "reasoning.text");
            detail.put("text", text);
            detail.some("signature", signature.as_ref());
        }
        detail.put("index", index);
    });
}

/// Writes the calls, if there are any.
pub(super) fn write_calls(message: &mut Object<'_>, parts: &[Part], along: Along) {
    let calls = || {
        parts.iter().filter(|part| match part {
            Part::ToolCall { .. } => true,
            Part::Other { value } => value.get("custom").is_some(),
            _ => false,
        })
    };
    if calls().next().is_none() {
        return;
    }
    list(message.key("tool_calls"), calls(), |out, part| match part {
        Part::ToolCall {
            id,
            name,
            arguments,
            signature,
            cache,
        } => object(out, |call| {
            call.put("id", ids::legal(id));
            call.put("type", "function");
            call.object("function", |function| {
                function.put("name", name);
                function.put("arguments", whole_arguments(arguments));
            });
            if let Some(token) = signature.as_ref().filter(|_| along.signatures) {
                write_signature(call, token);
            }
            call.some(
                "cache_control",
                cache.as_ref().filter(|_| along.cache_markers),
            );
        }),
        Part::Other { value } => super::super::json::value(out, value),
        _ => {}
    });
}

/// A call without arguments has an empty object of them: some servers parse what they get back.
pub(super) fn whole_arguments(arguments: &str) -> &str {
    if arguments.trim().is_empty() {
        "{}"
    } else {
        arguments
    }
}

/// Gemini's token, where its OpenAI door looks for it.
pub(super) fn write_signature(object: &mut Object<'_>, token: &str) {
    object.object("extra_content", |extra| {
        extra.object("google", |google| google.put("thought_signature", token));
    });
}

/// The token of the last text that has one.
pub(super) fn text_signature(parts: &[Part]) -> Option<&str> {
    parts.iter().rev().find_map(|part| match part {
        Part::Text { signature, .. } => signature.as_deref(),
        _ => None,
    })
}

/// Sources that this dialect can say: its own.
pub(super) fn own_annotations(citations: &Value) -> Vec<&Value> {
    let own = |value: &&Value| value.get("type").and_then(Value::as_str) == Some("url_citation");
    citations
        .as_array()
        .into_iter()
        .flatten()
        .filter(own)
        .collect()
}

/// A generated picture, as OpenRouter gives it.
pub(super) fn write_image(out: &mut Vec<u8>, media: &Media) {
    object(out, |image| {
        image.put("type", "image_url");
        image.object("image_url", |inner| inner.some("url", url(media)));
    });
}

//! A whole answer.

use serde_json::Value;

use super::{
    finish::{finish_of, finish_word},
    message::{
        Along, own_annotations, read_said, sound, text_signature, write_calls, write_image,
        write_signature, write_thoughts,
    },
    usage::{read_usage, write_usage},
};
use crate::{
    chat::{Answer, Choice, Part},
    error::Malformed,
    openai::{
        fields::{Fields, wrong},
        json::{Object, object},
    },
};

/// Members that stand beside the choices and mean something to clients of this dialect only.
const OWN: &[&str] = &[
    "citations",
    "provider",
    "search_results",
    "service_tier",
    "system_fingerprint",
];

/// Reads an answer.
pub fn read_answer(body: &[u8]) -> Result<Answer, Malformed> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Malformed::new("", format!("the answer is not valid JSON: {error}")))?;
    let mut fields = Fields::of(alone(value), "")?;
    if fields.has("error") {
        return Err(Malformed::new("error", "is there: this is no answer"));
    }
    let id = loose_text(&mut fields, "id");
    let model = loose_text(&mut fields, "model");
    let created = fields.take("created").as_ref().and_then(Value::as_i64);
    let usage = fields.take("usage");
    let x_groq = fields.take("x_groq");
    let usage = usage
        .as_ref()
        .or_else(|| x_groq.as_ref()?.get("usage"))
        .and_then(read_usage);
    let choices = fields
        .list("choices")?
        .filter(|choices| !choices.is_empty())
        .ok_or_else(|| Malformed::new("choices", "must be an array of at least one answer"))?
        .into_iter()
        .enumerate()
        .map(|(place, choice)| read_choice(choice, place, &id))
        .collect::<Result<_, _>>()?;
    fields.take("object");
    Ok(Answer {
        id,
        model,
        created,
        choices,
        usage,
        extra: fields.rest(),
    })
}

/// The object in an array of one, which is how Gemini's OpenAI door sometimes answers.
pub(super) fn alone(value: Value) -> Value {
    match value {
        Value::Array(mut list) if list.len() == 1 => list.remove(0),
        other => other,
    }
}

fn loose_text(fields: &mut Fields, name: &str) -> String {
    match fields.take(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

fn read_choice(choice: Value, place: usize, id: &str) -> Result<Choice, Malformed> {
    let mut fields = Fields::of(choice, format!("choices[{place}]"))?;
    let index = fields
        .take("index")
        .and_then(|index| usize::try_from(index.as_u64()?).ok())
        .unwrap_or(place);
    let Some(mut message) = fields.object("message")? else {
        return Err(Malformed::new(
            fields.at("message"),
            "is missing; it must be an object",
        ));
    };
    let parts = read_said(&mut message, &format!("{id}/{index}"))?;
    let calls = parts
        .iter()
        .any(|part| matches!(part, Part::ToolCall { .. }));
    let finish = match fields.take("finish_reason") {
        None => finish_of("", calls),
        Some(Value::String(word)) => finish_of(&word, calls),
        Some(other) => return Err(wrong(fields.at("finish_reason"), "a string", &other)),
    };
    Ok(Choice {
        index,
        parts,
        finish,
        // vLLM's name for the text that ended it; for an end token it gives a number.
        stop_sequence: match fields.take("stop_reason") {
            Some(Value::String(text)) => Some(text),
            _ => None,
        },
        logprobs: fields.take("logprobs"),
    })
}

/// Writes an answer. Without a time of its own it is of 1970: clients need a number, and this crate has no clock.
#[must_use]
pub fn write_answer(answer: &Answer) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    object(&mut out, |body| {
        body.put("id", &answer.id);
        body.put("object", "chat.completion");
        body.put("created", answer.created.unwrap_or(0));
        body.put("model", &answer.model);
        body.list("choices", &answer.choices, write_choice);
        if let Some(usage) = &answer.usage {
            write_usage(body, usage);
        }
        for (name, extra) in &answer.extra {
            if OWN.contains(&name.as_str()) {
                body.put(name, extra);
            }
        }
    });
    out
}

fn write_choice(out: &mut Vec<u8>, choice: &Choice) {
    object(out, |object| {
        object.put("index", choice.index);
        object.object("message", |message| write_message(message, &choice.parts));
        object.put("logprobs", choice.logprobs.as_ref());
        object.put("finish_reason", finish_word(&choice.finish));
        object.some("stop_reason", choice.stop_sequence.as_ref());
    });
}

fn write_message(message: &mut Object<'_>, parts: &[Part]) {
    let join = |pick: fn(&Part) -> Option<&str>| {
        let texts: Vec<&str> = parts.iter().filter_map(pick).collect();
        (!texts.is_empty()).then(|| texts.concat())
    };
    message.put("role", "assistant");
    let text = join(|part| match part {
        Part::Text { text, .. } => Some(text),
        _ => None,
    });
    match text.filter(|text| !text.is_empty()) {
        Some(text) => message.text("content", &text),
        None => message.put("content", ()),
    }
    message.put(
        "refusal",
        join(|part| match part {
            Part::Refusal(text) => Some(text),
            _ => None,
        }),
    );
    write_thoughts(message, parts, true);
    write_beside(message, parts);
    write_calls(
        message,
        parts,
        Along {
            signatures: true,
            cache_markers: false,
        },
    );
    if let Some(token) = text_signature(parts) {
        write_signature(message, token);
    }
}

/// Sources, pictures and sound.
fn write_beside(message: &mut Object<'_>, parts: &[Part]) {
    let sources: Vec<&Value> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Text { citations, .. } => citations.as_ref(),
            _ => None,
        })
        .flat_map(own_annotations)
        .collect();
    if !sources.is_empty() {
        message.put("annotations", sources);
    }
    let images: Vec<_> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Image { media, .. } => Some(media),
            _ => None,
        })
        .collect();
    if !images.is_empty() {
        message.list("images", images, write_image);
    }
    if let Some(audio) = parts.iter().find_map(sound) {
        message.put("audio", audio);
    }
}

//! The items of `input`, gathered into turns: what the model said in several items is one turn.

use serde_json::Value;

use super::super::carried::{decrypted, signature_in};
use super::content;
use crate::chat::{Extra, Media, Message, Part, Role};
use crate::error::Malformed;
use crate::openai::fields::{Fields, wrong};

/// Appends the turns that `input` tells.
pub(super) fn read(input: Value, messages: &mut Vec<Message>) -> Result<(), Malformed> {
    match input {
        Value::String(text) => messages.push(turn(Role::User, vec![Part::text(text)])),
        Value::Array(items) => {
            for (place, item) in items.into_iter().enumerate() {
                read_item(Fields::of(item, format!("input[{place}]"))?, messages)?;
            }
        }
        other => return Err(wrong("input", "a string or an array of items", &other)),
    }
    Ok(())
}

fn read_item(mut item: Fields, messages: &mut Vec<Message>) -> Result<(), Malformed> {
    // A message may go without a type.
    let kind = item.text("type")?.unwrap_or_else(|| "message".to_owned());
    match kind.as_str() {
        "message" => read_message(&mut item, messages)?,
        "function_call" => add(messages, Role::Assistant, vec![read_call(&mut item)?]),
        "function_call_output" => add(messages, Role::Tool, vec![read_result(&mut item)?]),
        "reasoning" => add(messages, Role::Assistant, vec![read_thought(&mut item)?]),
        "image_generation_call" => add(messages, Role::Assistant, vec![read_picture(&mut item)?]),
        "item_reference" => {
            return Err(Malformed::new(
                item.at("type"),
                "cannot be `item_reference`: this server keeps no responses; send the item itself",
            ));
        }
        other => {
            return Err(Malformed::new(
                item.at("type"),
                format!(
                    "must be `message`, `function_call`, `function_call_output`, `reasoning` or `image_generation_call`, not `{other}`"
                ),
            ));
        }
    }
    Ok(())
}

fn read_message(item: &mut Fields, messages: &mut Vec<Message>) -> Result<(), Malformed> {
    let word = item.needed_text("role")?;
    let role = match word.as_str() {
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        other => {
            return Err(Malformed::new(
                item.at("role"),
                format!("must be `user`, `assistant`, `system` or `developer`, not `{other}`"),
            ));
        }
    };
    let path = item.at("content");
    let content = item.take("content").ok_or_else(|| {
        Malformed::new(
            path.as_str(),
            "is missing; it must be a string or an array of parts",
        )
    })?;
    let mut parts = content::read(content, &path)?;
    let signed = item.take("extra_content").as_ref().and_then(signature_in);
    if let (Some(token), Some(Part::Text { signature, .. })) = (signed, parts.last_mut()) {
        *signature = Some(token);
    }
    if role == Role::Assistant {
        add(messages, role, parts);
    } else {
        messages.push(turn(role, parts));
    }
    Ok(())
}

fn read_call(item: &mut Fields) -> Result<Part, Malformed> {
    Ok(Part::ToolCall {
        id: item.needed_text("call_id")?,
        name: item.needed_text("name")?,
        arguments: item.needed_text("arguments")?,
        signature: item.take("extra_content").as_ref().and_then(signature_in),
        cache: None,
    })
}

fn read_result(item: &mut Fields) -> Result<Part, Malformed> {
    let id = item.needed_text("call_id")?;
    let path = item.at("output");
    let output = item.take("output").ok_or_else(|| {
        Malformed::new(
            path.as_str(),
            "is missing; it must be a string or an array of parts",
        )
    })?;
    Ok(Part::ToolResult {
        id,
        name: item.text("name")?,
        parts: content::read(output, &path)?,
        failed: false,
        cache: None,
    })
}

/// The summary is what this door gives as a thought's text; `content` is what servers of open models give.
fn read_thought(item: &mut Fields) -> Result<Part, Malformed> {
    let mut texts = Vec::new();
    for name in ["summary", "content"] {
        let path = item.at(name);
        let pieces = item.list(name)?.unwrap_or_default();
        for (place, piece) in pieces.into_iter().enumerate() {
            texts.push(Fields::of(piece, format!("{path}[{place}]"))?.needed_text("text")?);
        }
        if !texts.is_empty() {
            break;
        }
    }
    let (signature, redacted) = match item.text("encrypted_content")? {
        Some(encrypted) => {
            let (token, redacted) = decrypted(encrypted);
            (Some(token), redacted)
        }
        None => (None, false),
    };
    Ok(Part::Thinking {
        text: texts.join("\n\n"),
        signature,
        redacted,
    })
}

fn read_picture(item: &mut Fields) -> Result<Part, Malformed> {
    let format = item
        .text("output_format")?
        .unwrap_or_else(|| "png".to_owned());
    Ok(Part::Image {
        media: Media::Inline {
            media_type: format!("image/{format}"),
            data: item.needed_text("result")?,
        },
        detail: None,
        cache: None,
    })
}

/// Goes on with the turn, if it is this role's, or else begins one.
fn add(messages: &mut Vec<Message>, role: Role, parts: Vec<Part>) {
    match messages.last_mut() {
        Some(last) if last.role == role => last.parts.extend(parts),
        _ => messages.push(turn(role, parts)),
    }
}

fn turn(role: Role, parts: Vec<Part>) -> Message {
    Message {
        role,
        name: None,
        parts,
        extra: Extra::new(),
    }
}

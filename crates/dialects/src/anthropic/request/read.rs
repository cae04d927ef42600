//! A request of an Anthropic client, read into the common form.

use super::super::blocks::read_content;
use super::super::fields::{self, Fields};
use super::super::{thinking, tools};
use crate::chat::{Format, Message, Part, Reasoning, Request, Role, Sampling};
use crate::error::Malformed;

/// Reads the body of `POST /v1/messages`.
pub fn read_request(body: &[u8]) -> Result<Request, Malformed> {
    let request = read_shape(body)?;
    if request.sampling.max_tokens.is_none() {
        let reason = "is missing: the most tokens that the answer may have";
        return Err(Malformed::new("max_tokens", reason));
    }
    Ok(request)
}

/// Reads the shape that `messages` and `count_tokens` share.
pub(in super::super) fn read_shape(body: &[u8]) -> Result<Request, Malformed> {
    let mut fields = Fields::of_body(body)?;
    let mut request = Request {
        model: fields.need_text("model", "the model's name")?,
        sampling: read_sampling(&mut fields)?,
        ..Request::default()
    };
    if let Some(system) = fields.take("system") {
        let parts = read_content(system, "system")?;
        if !parts.is_empty() {
            request.messages.push(message(Role::System, parts));
        }
    }
    let conversation = fields.need("messages", "the turns of the conversation")?;
    for (turn, path) in fields::list(conversation, "messages")? {
        read_turn(turn, path, &mut request.messages)?;
    }
    for (tool, path) in fields.list("tools")?.unwrap_or_default() {
        request.tools.push(tools::read_tool(tool, path)?);
    }
    if let Some(choice) = fields.fields("tool_choice")? {
        let (choice, parallel) = tools::read_choice(choice)?;
        request.tool_choice = Some(choice);
        request.parallel_tool_calls = parallel;
    }
    request.stream = fields.typed("stream", "true or false")?.unwrap_or(false);
    request.stream_usage = request.stream;
    let kept = read_configuration(&mut fields, &mut request)?;
    request.extra = fields.rest()?;
    request.extra.extend(kept);
    Ok(request)
}

fn read_sampling(fields: &mut Fields<'_>) -> Result<Sampling, Malformed> {
    Ok(Sampling {
        max_tokens: fields.count("max_tokens")?,
        temperature: fields.typed("temperature", "a number from 0 to 1")?,
        top_p: fields.typed("top_p", "a number from 0 to 1")?,
        top_k: fields.count("top_k")?,
        stop: fields
            .typed("stop_sequences", "a list of texts")?
            .unwrap_or_default(),
        ..Sampling::default()
    })
}

/// Reads what is told in objects of their own; what the common form does not know of them is given back for `extra`.
fn read_configuration(
    fields: &mut Fields<'_>,
    request: &mut Request,
) -> Result<crate::chat::Extra, Malformed> {
    let mut kept = crate::chat::Extra::new();
    let mut keep = |name: &str, rest: Fields<'_>| -> Result<(), Malformed> {
        let rest = rest.rest()?;
        if !rest.is_empty() {
            kept.insert(name.to_owned(), rest.into());
        }
        Ok(())
    };
    if let Some(mut metadata) = fields.fields("metadata")? {
        request.user = metadata.text("user_id")?;
        keep("metadata", metadata)?;
    }
    let mut reasoning = Reasoning::default();
    if let Some(mut output) = fields.fields("output_config")? {
        reasoning.effort = output.text("effort")?.map(thinking::read_effort);
        if let Some(format) = output.fields("format")? {
            request.format = Some(read_format(format)?);
        }
        keep("output_config", output)?;
    }
    // The name of the beta, still taken.
    if let Some(format) = fields.fields("output_format")? {
        request.format = Some(read_format(format)?);
    }
    if let Some(raw) = fields.take("thinking") {
        thinking::read(raw, "thinking", &mut reasoning)?;
    }
    request.reasoning = (reasoning != Reasoning::default()).then_some(reasoning);
    Ok(kept)
}

fn read_format(mut format: Fields<'_>) -> Result<Format, Malformed> {
    let kind = format.need_text("type", "`json_schema`")?;
    if kind != "json_schema" {
        return Err(Malformed::new(format.at("type"), "must be `json_schema`"));
    }
    let missing = Malformed::new(format.at("schema"), "is missing: a JSON Schema");
    Ok(Format::Schema {
        // Anthropic's have no names, OpenAI's must have one.
        name: "answer".to_owned(),
        description: None,
        schema: format.typed("schema", "a JSON Schema")?.ok_or(missing)?,
        strict: None,
    })
}

/// Reads a turn. A turn of the user that has results of tools among other things becomes several, in their order.
fn read_turn(raw: &str, path: String, messages: &mut Vec<Message>) -> Result<(), Malformed> {
    let mut turn = Fields::of(raw, path)?;
    let role = match turn.need_text("role", "`user` or `assistant`")?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => {
            let reason = "must be `user`, `assistant` or `system`";
            return Err(Malformed::new(turn.at("role"), reason));
        }
    };
    let content = turn.need("content", "a text or a list of content blocks")?;
    let parts = read_content(content, &turn.at("content"))?;
    let mut extra = turn.rest()?;
    let is_result = |part: &Part| matches!(part, Part::ToolResult { .. });
    if role != Role::User || !parts.iter().any(is_result) {
        messages.push(Message {
            extra,
            ..message(role, parts)
        });
        return Ok(());
    }
    let mut last = None;
    for part in parts {
        let role = if is_result(&part) {
            Role::Tool
        } else {
            Role::User
        };
        if last != Some(role) {
            messages.push(Message {
                extra: std::mem::take(&mut extra),
                ..message(role, Vec::new())
            });
            last = Some(role);
        }
        if let Some(turn) = messages.last_mut() {
            turn.parts.push(part);
        }
    }
    Ok(())
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message {
        role,
        name: None,
        parts,
        extra: crate::chat::Extra::new(),
    }
}

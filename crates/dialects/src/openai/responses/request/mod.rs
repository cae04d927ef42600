//! A Responses request read into the common form.
//!
//! Source: openai-python 3.54, `types/responses/response_create_params.py`.

mod content;
mod input;
#[cfg(test)]
mod tests;
mod tools;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::chat::{
    Effort, Extra, Format, Message, Part, Reasoning, Request, Role, Sampling, Schema,
};
use crate::error::Malformed;
use crate::openai::fields::Fields;

/// What needs something kept from one request to the next, or somebody to keep it: why not, and what to do instead.
const REFUSED: &[(&str, &str)] = &[
    (
        "previous_response_id",
        "cannot be used: this server keeps no responses; send the whole conversation in `input`",
    ),
    (
        "conversation",
        "cannot be used: this server keeps no conversations; send the whole conversation in `input`",
    ),
    (
        "prompt",
        "cannot be used: this server keeps no prompt templates; send the text in `instructions` and `input`",
    ),
    (
        "moderation",
        "cannot be used: answers are not moderated here; ask `/v1/moderations`",
    ),
];

/// What changes nothing here, and has no like in a conversation: an answer repeats some of it.
const WITHOUT_EFFECT: &[&str] = &[
    "background_options",
    "context_management",
    "max_tool_calls",
    "metadata",
    "store",
    "stream_options",
    "truncation",
];

/// What a caller asks of `/v1/responses`.
pub fn read_request(body: &[u8]) -> Result<Request, Malformed> {
    let (mut fields, kept) = Fields::read_but(body, &["tools", "text"])?;
    refuse(&mut fields)?;
    for name in WITHOUT_EFFECT {
        fields.take(name);
    }
    let mut request = Request {
        model: fields.needed_text("model")?,
        messages: read_messages(&mut fields)?,
        parallel_tool_calls: fields.flag("parallel_tool_calls")?,
        reasoning: read_reasoning(&mut fields)?,
        sampling: read_sampling(&mut fields)?,
        stream: fields.flag("stream")?.unwrap_or(false),
        stream_usage: true,
        user: fields.text("user")?,
        ..Request::default()
    };
    request.tools = tools::read_tools(&kept)?;
    request.tool_choice = tools::read_choice(&mut fields)?;
    let (format, verbosity) = read_text(kept.get("text"))?;
    request.format = format;
    request.extra = without_nulls(fields.rest());
    if let Some(verbosity) = verbosity {
        // Chat has the same member one floor up.
        request
            .extra
            .insert("verbosity".to_owned(), Value::String(verbosity));
    }
    Ok(request)
}

fn refuse(fields: &mut Fields) -> Result<(), Malformed> {
    for (name, reason) in REFUSED {
        if fields.has(name) {
            return Err(Malformed::new(*name, *reason));
        }
    }
    if fields.flag("background")? == Some(true) {
        return Err(Malformed::new(
            "background",
            "must be false: this server keeps no responses to ask for later; use `stream`",
        ));
    }
    Ok(())
}

fn read_messages(fields: &mut Fields) -> Result<Vec<Message>, Malformed> {
    let mut messages = Vec::new();
    if let Some(instructions) = fields.text("instructions")? {
        messages.push(Message {
            role: Role::System,
            name: None,
            parts: vec![Part::text(instructions)],
            extra: Extra::new(),
        });
    }
    match fields.take("input") {
        Some(input) => input::read(input, &mut messages)?,
        None => {
            return Err(Malformed::new(
                "input",
                "is missing; it must be a string or an array of items",
            ));
        }
    }
    Ok(messages)
}

fn read_reasoning(fields: &mut Fields) -> Result<Option<Reasoning>, Malformed> {
    let Some(mut reasoning) = fields.object("reasoning")? else {
        return Ok(None);
    };
    let effort = reasoning.text("effort")?.map(|word| match word.as_str() {
        "none" => Effort::None,
        "minimal" => Effort::Minimal,
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        _ => Effort::Other(word),
    });
    let summary = reasoning.text("summary")?;
    // The older name of `summary`.
    let generated = reasoning.text("generate_summary")?;
    Ok(Some(Reasoning {
        effort,
        budget_tokens: None,
        show: summary.or(generated).map(|_| true),
    }))
}

fn read_sampling(fields: &mut Fields) -> Result<Sampling, Malformed> {
    let top_logprobs = fields.count("top_logprobs")?.filter(|count| *count > 0);
    let included = fields.list("include")?.unwrap_or_default();
    let wanted = included
        .iter()
        .any(|name| name == "message.output_text.logprobs");
    Ok(Sampling {
        max_tokens: fields.count("max_output_tokens")?,
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        logprobs: (wanted || top_logprobs.is_some()).then_some(true),
        top_logprobs,
        ..Sampling::default()
    })
}

/// The form of the text, and how wordy it is to be.
fn read_text(text: Option<&RawValue>) -> Result<(Option<Format>, Option<String>), Malformed> {
    let Some(text) = text else {
        return Ok((None, None));
    };
    let (mut text, kept) = Fields::of_text(text, "text", &["format"])?;
    let verbosity = text.text("verbosity")?;
    let Some(format) = kept.get("format") else {
        return Ok((None, verbosity));
    };
    let (mut format, kept) = Fields::of_text(format, text.at("format"), &["schema"])?;
    let kind = format.needed_text("type")?;
    let format = match kind.as_str() {
        "text" => Format::Text,
        "json_object" => Format::Json,
        "json_schema" => Format::Schema {
            name: format.needed_text("name")?,
            description: format.text("description")?,
            schema: kept.get("schema").map(Schema::from).ok_or_else(|| {
                Malformed::new(format.at("schema"), "is missing; it must be a JSON Schema")
            })?,
            strict: format.flag("strict")?,
        },
        other => {
            return Err(Malformed::new(
                format.at("type"),
                format!("must be `text`, `json_object` or `json_schema`, not `{other}`"),
            ));
        }
    };
    Ok((Some(format), verbosity))
}

fn without_nulls(mut members: Extra) -> Extra {
    members.retain(|_, value| !value.is_null());
    members
}

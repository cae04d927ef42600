//! A caller's request, read. Paths in errors are the caller's.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::{message::read_said, part::read_content};
use crate::{
    chat::{
        Effort, Format, Message, Part, Reasoning, Request, Role, Sampling, Schema, Tool, ToolChoice,
    },
    error::Malformed,
    openai::fields::{Fields, tree, wrong},
};

/// Reads a request.
pub fn read_request(body: &[u8]) -> Result<Request, Malformed> {
    let (mut fields, kept) = Fields::read_but(body, &["tools", "response_format"])?;
    let model = fields.needed_text("model")?;
    let messages = read_messages(&mut fields)?;
    let mut tools = Vec::new();
    for (index, tool) in kept.list("tools", "tools")?.into_iter().enumerate() {
        tools.push(read_tool(tool, &format!("tools[{index}]"))?);
    }
    let stream_usage = match fields.object("stream_options")? {
        Some(mut options) => options.flag("include_usage")?.unwrap_or(false),
        None => false,
    };
    let (format, foreign_format) = read_format(kept.get("response_format"))?;
    let mut request = Request {
        model,
        messages,
        tools,
        tool_choice: read_tool_choice(&mut fields)?,
        parallel_tool_calls: fields.flag("parallel_tool_calls")?,
        format,
        reasoning: read_reasoning(&mut fields)?,
        sampling: read_sampling(&mut fields)?,
        stream: fields.flag("stream")?.unwrap_or(false),
        stream_usage,
        user: fields.text("user")?,
        extra: fields.rest(),
    };
    if let Some(format) = foreign_format {
        request.extra.insert("response_format".into(), format);
    }
    Ok(request)
}

fn read_messages(fields: &mut Fields) -> Result<Vec<Message>, Malformed> {
    let list = fields
        .list("messages")?
        .filter(|list| !list.is_empty())
        .ok_or_else(|| Malformed::new("messages", "must be an array of at least one message"))?;
    list.into_iter()
        .enumerate()
        .map(|(index, message)| read_message(message, index))
        .collect()
}

fn read_message(value: Value, index: usize) -> Result<Message, Malformed> {
    let path = format!("messages[{index}]");
    let mut fields = Fields::of(value, path.as_str())?;
    let word = fields.needed_text("role")?;
    let Some(role) = role(&word) else {
        return Err(Malformed::new(
            fields.at("role"),
            "must be `system`, `developer`, `user`, `assistant` or `tool`",
        ));
    };
    let name = fields.text("name")?;
    let (name, parts) = match role {
        Role::Assistant => (name, read_said(&mut fields, &path)?),
        Role::Tool => (None, vec![read_result(&mut fields, name)?]),
        _ => {
            let content = fields.take("content");
            if content.is_none() {
                return Err(Malformed::new(
                    fields.at("content"),
                    "is missing; it must be a string or an array of parts",
                ));
            }
            (name, read_content(content, &fields.at("content"))?)
        }
    };
    Ok(Message {
        role,
        name,
        parts,
        extra: fields.rest(),
    })
}

/// The role behind a word. `function` is what `tool` was called once.
pub(crate) fn role(word: &str) -> Option<Role> {
    Some(match word {
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" | "function" => Role::Tool,
        _ => return None,
    })
}

fn read_result(fields: &mut Fields, name: Option<String>) -> Result<Part, Malformed> {
    let id = match fields.text("tool_call_id")? {
        Some(id) => id,
        // A `function` message of old knows its call by the function's name only.
        None => name.clone().ok_or_else(|| {
            Malformed::new(
                fields.at("tool_call_id"),
                "is missing; it must be the id of the call that this is the result of",
            )
        })?,
    };
    let path = fields.at("content");
    Ok(Part::ToolResult {
        id,
        name,
        parts: read_content(fields.take("content"), &path)?,
        failed: false,
        cache: fields.take("cache_control"),
    })
}

fn read_tool(text: &RawValue, path: &str) -> Result<Tool, Malformed> {
    let (mut fields, kept) = Fields::of_text(text, path, &["function"])?;
    let Some(function) = kept.get_or_null("function") else {
        return Ok(Tool {
            built_in: Some(tree(text, path)?),
            ..Tool::default()
        });
    };
    let cache = fields.take("cache_control");
    let (mut function, kept) = Fields::of_text(function, fields.at("function"), &["parameters"])?;
    Ok(Tool {
        name: function.needed_text("name")?,
        description: function.text("description")?,
        parameters: kept.get("parameters").map(Schema::from),
        strict: function.flag("strict")?,
        cache,
        built_in: None,
    })
}

fn read_tool_choice(fields: &mut Fields) -> Result<Option<ToolChoice>, Malformed> {
    const WANTED: &str = "`auto`, `none`, `required` or an object that names a function";
    let path = fields.at("tool_choice");
    let Some(value) = fields.take("tool_choice") else {
        return Ok(None);
    };
    if let Value::String(word) = &value {
        return Ok(Some(match word.as_str() {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            // Mistral's word.
            "required" | "any" => ToolChoice::Required,
            _ => return Err(Malformed::new(path, format!("must be {WANTED}"))),
        }));
    }
    let name = |value: &Value| {
        let function = value.get("function").or_else(|| value.get("custom"))?;
        function.get("name")?.as_str().map(str::to_owned)
    };
    if let Some(allowed) = value.get("allowed_tools") {
        let tools = allowed.get("tools").and_then(Value::as_array);
        return Ok(Some(ToolChoice::Allowed {
            required: allowed.get("mode").and_then(Value::as_str) == Some("required"),
            names: tools.into_iter().flatten().filter_map(name).collect(),
        }));
    }
    name(&value)
        .map(|name| Some(ToolChoice::Named(name)))
        .ok_or_else(|| Malformed::new(path, format!("must be {WANTED}")))
}

/// The form of the text, or one that is of one server's only (`grammar` …), as it was written.
fn read_format(text: Option<&RawValue>) -> Result<(Option<Format>, Option<Value>), Malformed> {
    const PATH: &str = "response_format";
    let Some(text) = text else {
        return Ok((None, None));
    };
    let (mut format, kept) = Fields::of_text(text, PATH, &["json_schema"])?;
    let format = match format.needed_text("type")?.as_str() {
        "text" => Format::Text,
        "json_object" => Format::Json,
        "json_schema" => {
            let Some(schema) = kept.get("json_schema") else {
                return Err(Malformed::new(
                    format.at("json_schema"),
                    "is missing; it must be an object with `name` and `schema`",
                ));
            };
            let path = format.at("json_schema");
            let (mut schema, kept) = Fields::of_text(schema, path, &["schema"])?;
            Format::Schema {
                name: schema.text("name")?.unwrap_or_else(|| "answer".into()),
                description: schema.text("description")?,
                strict: schema.flag("strict")?,
                schema: kept
                    .get("schema")
                    .map_or_else(|| json!({}).into(), Schema::from),
            }
        }
        _ => return Ok((None, Some(tree(text, PATH)?))),
    };
    Ok((Some(format), None))
}

/// `reasoning_effort` (OpenAI, Groq, Gemini …), or OpenRouter's `reasoning`.
fn read_reasoning(fields: &mut Fields) -> Result<Option<Reasoning>, Malformed> {
    let mut reasoning = Reasoning {
        effort: fields.text("reasoning_effort")?.map(|word| effort(&word)),
        ..Reasoning::default()
    };
    if let Some(mut wanted) = fields.object("reasoning")? {
        let word = wanted.text("effort")?;
        reasoning.effort = reasoning.effort.or_else(|| word.map(|word| effort(&word)));
        reasoning.budget_tokens = wanted.integer("max_tokens")?;
        reasoning.show = wanted.flag("exclude")?.map(|hidden| !hidden);
        if wanted.flag("enabled")? == Some(false) {
            reasoning.effort = Some(Effort::None);
        }
    }
    Ok(Some(reasoning).filter(|reasoning| *reasoning != Reasoning::default()))
}

fn effort(word: &str) -> Effort {
    match word {
        "none" => Effort::None,
        "minimal" => Effort::Minimal,
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        other => Effort::Other(other.to_owned()),
    }
}

fn read_sampling(fields: &mut Fields) -> Result<Sampling, Malformed> {
    let newer = fields.count("max_completion_tokens")?;
    let older = fields.count("max_tokens")?;
    Ok(Sampling {
        max_tokens: newer.or(older),
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        top_k: fields.count("top_k")?,
        min_p: fields.number("min_p")?,
        frequency_penalty: fields.number("frequency_penalty")?,
        presence_penalty: fields.number("presence_penalty")?,
        // Mistral's name for it is `random_seed`.
        seed: match fields.integer("seed")? {
            Some(seed) => Some(seed),
            None => fields.integer("random_seed")?,
        },
        stop: read_stop(fields)?,
        choices: fields.count("n")?,
        logit_bias: fields.take("logit_bias"),
        logprobs: fields.flag("logprobs")?,
        top_logprobs: fields.count("top_logprobs")?,
    })
}

fn read_stop(fields: &mut Fields) -> Result<Vec<String>, Malformed> {
    let path = fields.at("stop");
    match fields.take("stop") {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text]),
        Some(Value::Array(list)) => list
            .into_iter()
            .enumerate()
            .map(|(index, text)| match text {
                Value::String(text) => Ok(text),
                other => Err(wrong(format!("{path}[{index}]"), "a string", &other)),
            })
            .collect(),
        Some(other) => Err(wrong(path, "a string or an array of strings", &other)),
    }
}

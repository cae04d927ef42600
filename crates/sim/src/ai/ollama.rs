//! Ollama's side of its own dialect: requests read, answers and lines written. Source: `docs/api.md` of
//! <https://github.com/ollama/ollama>.

use guichet_dialects::chat::{
    Answer, Choice, Event, Finish, Format, Media, Message, Part, Reasoning, Request, Role,
    Sampling, Tool, Usage,
};
use guichet_dialects::error::Malformed;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::events::Pieces;
use crate::alphabet::Piece;

/// Tokens of context where nobody asks for more.
pub(crate) const USUAL_CONTEXT: u64 = 4_096;

/// A request, and what only this dialect asks.
pub(crate) struct Asked {
    pub(crate) request: Request,
    /// Tokens of context.
    pub(crate) context: u64,
    /// Whether a prompt that does not fit is cut rather than refused.
    pub(crate) truncate: bool,
}

/// Reads a request. Without `stream` it streams.
pub(crate) fn read_request(body: &[u8]) -> Result<Asked, Malformed> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| Malformed::new("", format!("invalid request: {error}")))?;
    let options = &body["options"];
    let messages = list(&body["messages"])
        .iter()
        .map(message)
        .collect::<Result<_, _>>()?;
    let request = Request {
        model: text(&body["model"]),
        messages,
        tools: list(&body["tools"]).iter().map(tool).collect(),
        format: format(&body["format"]),
        reasoning: reasoning(&body["think"]),
        sampling: Sampling {
            max_tokens: options["num_predict"].as_u64(),
            temperature: options["temperature"].as_f64(),
            seed: options["seed"].as_i64(),
            stop: list(&options["stop"]).iter().map(text).collect(),
            logprobs: body["logprobs"].as_bool(),
            ..Sampling::default()
        },
        stream: body["stream"].as_bool().unwrap_or(true),
        ..Request::default()
    };
    Ok(Asked {
        request,
        context: options["num_ctx"].as_u64().unwrap_or(USUAL_CONTEXT),
        truncate: body["truncate"].as_bool().unwrap_or(true),
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn message(value: &Value) -> Result<Message, Malformed> {
    let role = match value["role"].as_str() {
        Some("system") => Role::System,
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("tool") => Role::Tool,
        _ => return Err(Malformed::new("", "invalid role in message")),
    };
    let content = text(&value["content"]);
    if role == Role::Tool {
        let result = Part::ToolResult {
            id: text(&value["tool_call_id"]),
            name: value["tool_name"].as_str().map(str::to_owned),
            parts: vec![Part::text(content)],
            failed: false,
            cache: None,
        };
        return Ok(said(role, vec![result]));
    }
    let mut parts = vec![Part::text(content)];
    parts.extend(list(&value["images"]).iter().map(|data| Part::Image {
        media: Media::Inline {
            media_type: "image/png".to_owned(),
            data: text(data),
        },
        detail: None,
        cache: None,
    }));
    for call in list(&value["tool_calls"]) {
        let function = &call["function"];
        if !function["arguments"].is_object() {
            return Err(Malformed::new(
                "",
                "json: cannot unmarshal string into Go struct field ChatRequest.messages.tool_calls.function.arguments of type api.ToolCallFunctionArguments",
            ));
        }
        parts.push(Part::ToolCall {
            id: text(&call["id"]),
            name: text(&function["name"]),
            arguments: function["arguments"].to_string(),
            signature: None,
            cache: None,
        });
    }
    Ok(said(role, parts))
}

fn said(role: Role, parts: Vec<Part>) -> Message {
    Message {
        role,
        name: None,
        parts,
        extra: Map::new(),
    }
}

fn tool(value: &Value) -> Tool {
    let function = &value["function"];
    Tool {
        name: text(&function["name"]),
        description: function["description"].as_str().map(str::to_owned),
        parameters: function
            .get("parameters")
            .map(|schema| schema.clone().into()),
        ..Tool::default()
    }
}

fn format(value: &Value) -> Option<Format> {
    match value {
        Value::String(word) if word == "json" => Some(Format::Json),
        Value::Object(_) => Some(Format::Schema {
            name: "answer".to_owned(),
            description: None,
            schema: value.clone().into(),
            strict: None,
        }),
        _ => None,
    }
}

fn reasoning(think: &Value) -> Option<Reasoning> {
    let show = match think {
        Value::Bool(show) => *show,
        Value::String(_) => true,
        _ => return None,
    };
    Some(Reasoning {
        show: Some(show),
        ..Reasoning::default()
    })
}

/// A whole answer.
pub(crate) fn whole(answer: &Answer) -> Vec<u8> {
    let Some(choice) = answer.choices.first() else {
        return b"{}".to_vec();
    };
    let mut line = last_line(answer, &choice.finish);
    line["message"] = message_of(choice);
    line.to_string().into_bytes()
}

fn message_of(choice: &Choice) -> Value {
    let mut content = String::new();
    let mut thinking = String::new();
    let mut calls = Vec::new();
    for part in &choice.parts {
        match part {
            Part::Text { text, .. } => content.push_str(text),
            Part::Thinking { text, .. } => thinking.push_str(text),
            Part::ToolCall {
                name, arguments, ..
            } => calls.push(call(name, arguments)),
            _ => {}
        }
    }
    let mut message = json!({"role": "assistant", "content": content});
    if !thinking.is_empty() {
        message["thinking"] = json!(thinking);
    }
    if !calls.is_empty() {
        message["tool_calls"] = Value::Array(calls);
    }
    message
}

/// A call as it comes: the index is always 0, and there is no id.
fn call(name: &str, arguments: &str) -> Value {
    let arguments: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
    json!({"function": {"index": 0, "name": name, "arguments": arguments}})
}

fn line(answer: &Answer, message: &Value) -> Value {
    let at = Timestamp::from_second(answer.created.unwrap_or(0)).unwrap_or_default();
    json!({
        "model": answer.model, "created_at": at.to_string(), "message": message, "done": false,
    })
}

fn last_line(answer: &Answer, finish: &Finish) -> Value {
    let Usage { input, output, .. } = answer.usage.unwrap_or_default();
    let mut last = line(answer, &json!({"role": "assistant", "content": ""}));
    last["done"] = json!(true);
    last["done_reason"] = json!(if *finish == Finish::Length {
        "length"
    } else {
        "stop"
    });
    last["total_duration"] = json!(5_000_000_u64);
    last["load_duration"] = json!(1_000_000_u64);
    last["prompt_eval_count"] = json!(input);
    last["prompt_eval_duration"] = json!(1_000_000_u64);
    last["eval_count"] = json!(output);
    last["eval_duration"] = json!(3_000_000_u64);
    last
}

/// The lines of a stream; each call is a line.
pub(crate) fn pieces(answer: &Answer, events: &[Event]) -> Vec<Piece> {
    let mut pieces = Pieces::default();
    let calls = answer
        .choices
        .first()
        .map_or(&[][..], |choice| &choice.parts);
    let mut calls = calls.iter().filter_map(|part| match part {
        Part::ToolCall {
            name, arguments, ..
        } => Some(call(name, arguments)),
        _ => None,
    });
    for event in events {
        let value = match event {
            Event::Text { choice: 0, text } => {
                line(answer, &json!({"role": "assistant", "content": text}))
            }
            Event::Thinking { choice: 0, text } => {
                let said = json!({"role": "assistant", "content": "", "thinking": text});
                line(answer, &said)
            }
            Event::ToolCall { choice: 0, .. } => {
                let called: Vec<Value> = calls.next().into_iter().collect();
                let said = json!({"role": "assistant", "content": "", "tool_calls": called});
                line(answer, &said)
            }
            Event::Finish {
                choice: 0, reason, ..
            } => last_line(answer, reason),
            _ => continue,
        };
        pieces.add(event, format!("{value}\n").into_bytes());
    }
    pieces.done()
}

//! A request for `/api/chat`.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::messages::{self, WireMessage};
use super::options;
use crate::chat::{Effort, Format, Reasoning, Request, Schema, Tool, ToolChoice};
use crate::lost;
use crate::written::Written;

/// Members of Ollama's own, and of servers like it, that no other dialect has: a caller who writes these means them.
const OWN_MEMBERS: [&str; 7] = [
    "keep_alive",
    "options",
    "repeat_penalty",
    "repetition_penalty",
    "shift",
    "think",
    "truncate",
];

/// Budgets of thinking in tokens up to which an effort is enough; above them it is `high`.
const EFFORTS: [(i64, &str); 2] = [(2_048, "low"), (8_192, "medium")];

#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WireTool<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<WireFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    options: Map<String, Value>,
    truncate: Cow<'a, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shift: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_alive: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<u64>,
}

#[derive(Debug, Serialize)]
struct WireTool<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: Cow<'a, Schema>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum WireFormat<'a> {
    Any(&'static str),
    Within(&'a Schema),
}

/// Writes a request. `num_ctx` is the context that it needs, in tokens, answer included; none = the server's default.
/// A server loads the model anew for each other value, so the caller rounds it up to one of a few.
#[must_use]
pub fn write_request(request: &Request, num_ctx: Option<u64>) -> Written {
    let mut dropped = Vec::new();
    let messages = messages::write(&request.messages, &mut dropped);
    let tools = tools(request, &mut dropped);
    let think = think(request, &mut dropped);
    let sampling = &request.sampling;
    if sampling.choices.is_some_and(|choices| choices != 1) {
        dropped.push("n".to_owned());
    }
    dropped.extend(lost::fields(request, &OWN_MEMBERS));
    let logprobs = sampling.logprobs.filter(|told| *told);
    let body = Body {
        model: &request.model,
        messages,
        tools,
        stream: request.stream,
        format: format(request.format.as_ref()),
        think,
        options: options::write(request, num_ctx),
        // What does not fit is refused rather than cut, unless the caller wants it cut.
        truncate: match request.extra.get("truncate") {
            Some(truncate) => Cow::Borrowed(truncate),
            None => Cow::Owned(Value::Bool(false)),
        },
        shift: request.extra.get("shift"),
        keep_alive: request.extra.get("keep_alive"),
        logprobs,
        top_logprobs: sampling.top_logprobs.filter(|_| logprobs.is_some()),
    };
    Written {
        // Texts, numbers and JSON values: none of them can fail to be written.
        body: serde_json::to_vec(&body).unwrap_or_default(),
        dropped,
    }
}

fn format(format: Option<&Format>) -> Option<WireFormat<'_>> {
    match format? {
        Format::Text => None,
        Format::Json => Some(WireFormat::Any("json")),
        Format::Schema { schema, .. } => Some(WireFormat::Within(schema)),
    }
}

/// The tools that may be called. Ollama has no tool choice: "nothing" and "of these only" are said by what is offered,
/// "at least one" cannot be said.
fn tools<'a>(request: &'a Request, dropped: &mut Vec<String>) -> Vec<WireTool<'a>> {
    let choice = request.tool_choice.as_ref();
    match choice {
        Some(ToolChoice::None) => return Vec::new(),
        Some(
            ToolChoice::Required
            | ToolChoice::Named(_)
            | ToolChoice::Allowed { required: true, .. },
        ) => dropped.push("tool_choice".to_owned()),
        Some(ToolChoice::Auto | ToolChoice::Allowed { .. }) | None => {}
    }
    let is_offered = |tool: &Tool| match choice {
        Some(ToolChoice::Named(name)) => tool.name == *name,
        Some(ToolChoice::Allowed { names, .. }) => names.contains(&tool.name),
        _ => true,
    };
    let mut tools = Vec::new();
    for (place, tool) in request.tools.iter().enumerate() {
        if tool.built_in.is_some() {
            dropped.push(format!("tools[{place}]"));
        } else if is_offered(tool) {
            tools.push(WireTool {
                r#type: "function",
                function: Function {
                    name: &tool.name,
                    description: tool.description.as_deref(),
                    parameters: match &tool.parameters {
                        Some(parameters) => Cow::Borrowed(parameters),
                        None => Cow::Owned(json!({"type": "object", "properties": {}}).into()),
                    },
                },
            });
        }
    }
    tools
}

/// `think`: the caller's own, or what its effort or budget comes to.
fn think(request: &Request, dropped: &mut Vec<String>) -> Option<Value> {
    if let Some(think) = request.extra.get("think") {
        return Some(think.clone());
    }
    let Reasoning {
        effort,
        budget_tokens,
        ..
    } = request.reasoning.as_ref()?;
    match (effort, budget_tokens) {
        (Some(Effort::None), _) | (None, Some(0)) => Some(json!(false)),
        (Some(Effort::Minimal | Effort::Low), _) => Some(json!("low")),
        (Some(Effort::Medium), _) => Some(json!("medium")),
        (Some(Effort::High), _) => Some(json!("high")),
        (Some(Effort::Other(word)), _) if matches!(&**word, "xhigh" | "max") => Some(json!("max")),
        (Some(Effort::Other(_)), None) => {
            dropped.push("reasoning_effort".to_owned());
            None
        }
        (_, Some(tokens)) if *tokens < 0 => Some(json!(true)),
        (_, Some(tokens)) => {
            let enough = EFFORTS.iter().find(|(most, _)| tokens <= most);
            Some(json!(enough.map_or("high", |(_, word)| word)))
        }
        (None, None) => None,
    }
}

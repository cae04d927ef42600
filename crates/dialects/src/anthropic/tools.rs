//! Tools and the choice among them.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use super::fields::Fields;
use crate::chat::{Request, Schema, Tool, ToolChoice};
use crate::error::Malformed;
use crate::members::Members;

/// A tool as it is written.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ToolBody<'a> {
    Custom {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        input_schema: Cow<'a, Schema>,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a Value>,
    },
    BuiltIn(&'a Value),
}

/// `tool_choice` as it is written.
#[derive(Serialize)]
pub(super) struct Choice<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disable_parallel_tool_use: bool,
}

impl Choice<'_> {
    /// Whether a tool must be called: Anthropic does not think before such a call.
    pub(super) fn is_forced(&self) -> bool {
        matches!(self.r#type, "any" | "tool")
    }
}

/// Reads one of `tools`.
pub(super) fn read_tool(raw: &str, path: String) -> Result<Tool, Malformed> {
    let mut tool = Fields::of(raw, path.clone())?;
    let kind = tool.text("type")?;
    if kind.is_some_and(|kind| kind != "custom") {
        return Ok(Tool {
            built_in: Some(super::fields::value(raw, || path)?),
            ..Tool::default()
        });
    }
    Ok(Tool {
        name: tool.need_text("name", "the tool's name")?,
        description: tool.text("description")?,
        parameters: tool.typed("input_schema", "a JSON Schema")?,
        strict: tool.typed("strict", "true or false")?,
        cache: tool.value("cache_control")?,
        built_in: None,
    })
}

/// Reads `tool_choice`: what must be called, and whether several calls in one answer are allowed.
pub(super) fn read_choice(mut choice: Fields<'_>) -> Result<(ToolChoice, Option<bool>), Malformed> {
    let kind = choice.need_text("type", "`auto`, `any`, `tool` or `none`")?;
    let single: Option<bool> = choice.typed("disable_parallel_tool_use", "true or false")?;
    let chosen = match kind.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "tool" => ToolChoice::Named(choice.need_text("name", "the tool's name")?),
        "none" => ToolChoice::None,
        _ => {
            let reason = "must be `auto`, `any`, `tool` or `none`";
            return Err(Malformed::new(choice.at("type"), reason));
        }
    };
    Ok((chosen, single.map(|single| !single)))
}

/// The tools to offer, in the caller's order: of a list of allowed ones only these, for Anthropic has no such list.
pub(super) fn tools_of<'a>(request: &'a Request, dropped: &mut Vec<String>) -> Vec<ToolBody<'a>> {
    let mut bodies = Vec::with_capacity(request.tools.len());
    for (place, tool) in request.tools.iter().enumerate() {
        match &tool.built_in {
            Some(value) if is_own(value) => bodies.push(ToolBody::BuiltIn(value)),
            Some(_) => dropped.push(format!("tools[{place}]")),
            None if !is_allowed(request, &tool.name) => {}
            None => bodies.push(ToolBody::Custom {
                name: &tool.name,
                description: tool.description.as_deref(),
                input_schema: schema_of(tool.parameters.as_ref()),
                strict: tool.strict.filter(|strict| *strict),
                cache_control: tool.cache.as_ref(),
            }),
        }
    }
    bodies
}

/// The schema; Anthropic wants one that says `object`, even of a tool that takes nothing.
fn schema_of(parameters: Option<&Schema>) -> Cow<'_, Schema> {
    let members = parameters.and_then(|schema| Members::of(schema.text()).ok());
    match (parameters, members) {
        (Some(schema), Some(members)) if members.get("type").is_some() => Cow::Borrowed(schema),
        (Some(_), Some(members)) => {
            let mut editor = members.edit();
            editor.set("type", "\"object\"");
            let text = String::from_utf8(editor.finish()).unwrap_or_default();
            Cow::Owned(Schema::of(text))
        }
        _ => Cow::Owned(json!({"type": "object"}).into()),
    }
}

fn is_allowed(request: &Request, tool: &str) -> bool {
    match &request.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) => names.iter().any(|name| name == tool),
        _ => true,
    }
}

/// Whether a built-in tool is Anthropic's: their types end with the day of their making (`web_search_20250305`).
fn is_own(tool: &Value) -> bool {
    let kind = tool.get("type").and_then(Value::as_str).unwrap_or_default();
    let dated = kind
        .rsplit_once('_')
        .is_some_and(|(_, day)| day.len() == 8 && day.bytes().all(|digit| digit.is_ascii_digit()));
    dated || kind == "mcp_toolset"
}

/// The choice to write beside tools; none = Anthropic's default, as it likes.
pub(super) fn choice_of(request: &Request) -> Option<Choice<'_>> {
    let (kind, name) = match request.tool_choice.as_ref() {
        None => ("auto", None),
        Some(
            ToolChoice::Auto
            | ToolChoice::Allowed {
                required: false, ..
            },
        ) => ("auto", None),
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => ("any", None),
        Some(ToolChoice::Named(name)) => ("tool", Some(name.as_str())),
        Some(ToolChoice::None) => ("none", None),
    };
    let single = request.parallel_tool_calls == Some(false) && kind != "none";
    (request.tool_choice.is_some() || single).then_some(Choice {
        r#type: kind,
        name,
        disable_parallel_tool_use: single,
    })
}

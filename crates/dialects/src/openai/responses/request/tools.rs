//! What the model may call, and whether it must.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::chat::{Schema, Tool, ToolChoice};
use crate::error::Malformed;
use crate::openai::fields::{Fields, Kept, tree, wrong};

/// The tools, in the caller's order.
pub(super) fn read_tools(kept: &Kept<'_>) -> Result<Vec<Tool>, Malformed> {
    kept.list("tools", "tools")?
        .into_iter()
        .enumerate()
        .map(|(place, tool)| read_tool(tool, &format!("tools[{place}]")))
        .collect()
}

fn read_tool(text: &RawValue, path: &str) -> Result<Tool, Malformed> {
    let (mut tool, kept) = Fields::of_text(text, path, &["parameters"])?;
    let kind = tool.needed_text("type")?;
    match kind.as_str() {
        "function" => Ok(Tool {
            name: tool.needed_text("name")?,
            description: tool.text("description")?,
            parameters: kept.get("parameters").map(Schema::from),
            strict: tool.flag("strict")?,
            cache: tool.take("cache_control"),
            built_in: None,
        }),
        "custom" => Ok(built_in(custom(&mut tool)?)),
        _ => Ok(built_in(tree(text, path)?)),
    }
}

/// Chat nests what Responses has flat.
fn custom(tool: &mut Fields) -> Result<Value, Malformed> {
    let mut custom = json!({"name": tool.needed_text("name")?});
    for name in ["description", "format"] {
        if let Some(value) = tool.take(name) {
            custom[name] = value;
        }
    }
    Ok(json!({"type": "custom", "custom": custom}))
}

fn built_in(value: Value) -> Tool {
    Tool {
        built_in: Some(value),
        ..Tool::default()
    }
}

/// Whether and what the model must call.
pub(super) fn read_choice(fields: &mut Fields) -> Result<Option<ToolChoice>, Malformed> {
    let path = fields.at("tool_choice");
    let choice = match fields.take("tool_choice") {
        None => return Ok(None),
        Some(Value::String(word)) => match word.as_str() {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "required" => ToolChoice::Required,
            other => {
                return Err(Malformed::new(
                    path,
                    format!("must be `auto`, `none`, `required` or an object, not `{other}`"),
                ));
            }
        },
        Some(value @ Value::Object(_)) => read_named(Fields::of(value, path)?)?,
        Some(other) => return Err(wrong(path, "a string or an object", &other)),
    };
    Ok(Some(choice))
}

fn read_named(mut choice: Fields) -> Result<ToolChoice, Malformed> {
    let kind = choice.needed_text("type")?;
    match kind.as_str() {
        "function" => Ok(ToolChoice::Named(choice.needed_text("name")?)),
        "allowed_tools" => read_allowed(choice),
        other => Err(Malformed::new(
            choice.at("type"),
            format!(
                "must be `function` or `allowed_tools`, not `{other}`: only functions can be demanded here"
            ),
        )),
    }
}

fn read_allowed(mut choice: Fields) -> Result<ToolChoice, Malformed> {
    let required = match choice.text("mode")?.as_deref() {
        None | Some("auto") => false,
        Some("required") => true,
        Some(other) => {
            return Err(Malformed::new(
                choice.at("mode"),
                format!("must be `auto` or `required`, not `{other}`"),
            ));
        }
    };
    let path = choice.at("tools");
    let tools = choice.list("tools")?.unwrap_or_default();
    let names = tools
        .into_iter()
        .enumerate()
        .map(|(place, tool)| Fields::of(tool, format!("{path}[{place}]"))?.needed_text("name"))
        .collect::<Result<_, _>>()?;
    Ok(ToolChoice::Allowed { required, names })
}

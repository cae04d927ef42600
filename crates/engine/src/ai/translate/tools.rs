//! Tools, where a provider knows fewer ways to choose among them.

use guichet_dialects::error::Malformed;
use guichet_dialects::members::{Editor, Members, elements};

use super::quirks::within;

/// Says `required` where the caller names a tool that must be called, and offers that tool alone: what is called is
/// then the same. Of `allowed_tools` the mode is said, and those tools are offered.
pub(super) fn require_instead(
    members: &Members<'_>,
    editor: &mut Editor<'_>,
) -> Result<(), Malformed> {
    let Some(choice) = members
        .get("tool_choice")
        .filter(|choice| choice.starts_with('{'))
    else {
        return Ok(());
    };
    let choice: serde_json::Value = serde_json::from_str(choice)
        .map_err(|error| Malformed::new("tool_choice", error.to_string()))?;
    let name_of = |tool: &serde_json::Value| {
        let name = tool.pointer("/function/name").or_else(|| tool.get("name"));
        name.and_then(|name| name.as_str()).map(str::to_owned)
    };
    let allowed = choice.get("allowed_tools").unwrap_or(&choice);
    let list = allowed.get("tools").and_then(|tools| tools.as_array());
    let (names, mode) = match list {
        Some(list) => (
            list.iter().filter_map(name_of).collect::<Vec<_>>(),
            allowed.get("mode").and_then(|mode| mode.as_str()),
        ),
        None => (name_of(&choice).into_iter().collect(), Some("required")),
    };
    editor.set(
        "tool_choice",
        if mode == Some("required") {
            "\"required\""
        } else {
            "\"auto\""
        },
    );
    let Some(tools) = members.get("tools") else {
        return Ok(());
    };
    let mut offered = Vec::new();
    for tool in elements(tools).map_err(|wrong| within("tools", wrong))? {
        let read: serde_json::Value = serde_json::from_str(tool)
            .map_err(|error| Malformed::new("tools", error.to_string()))?;
        if name_of(&read).is_some_and(|name| names.contains(&name)) {
            offered.push(tool);
        }
    }
    if !offered.is_empty() {
        editor.replace("tools", format!("[{}]", offered.join(",")));
    }
    Ok(())
}

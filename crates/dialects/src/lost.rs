//! What a caller may ask and neither Gemini nor Ollama has a word for.

use crate::chat::{Part, Request, Role};

/// The names of these fields, and of the caller's own that are not among `known`, in a fixed order.
pub(crate) fn fields(request: &Request, known: &[&str]) -> Vec<String> {
    let mut lost = Vec::new();
    for (place, message) in request.messages.iter().enumerate() {
        if message.name.is_some() && message.role != Role::Tool {
            lost.push(format!("messages[{place}].name"));
        }
    }
    for (place, tool) in request.tools.iter().enumerate() {
        if tool.strict == Some(true) {
            lost.push(format!("tools[{place}].strict"));
        }
    }
    let single = [
        (has_cache_markers(request), "cache_control"),
        (
            request.parallel_tool_calls == Some(false),
            "parallel_tool_calls",
        ),
        (request.sampling.logit_bias.is_some(), "logit_bias"),
        (request.user.is_some(), "user"),
    ];
    lost.extend(
        single
            .into_iter()
            .filter(|(is_lost, _)| *is_lost)
            .map(|(_, name)| name.to_owned()),
    );
    let extra = request.extra.keys();
    lost.extend(
        extra
            .filter(|name| !known.contains(&name.as_str()))
            .cloned(),
    );
    lost
}

fn has_cache_markers(request: &Request) -> bool {
    let mut parts = request.messages.iter().flat_map(|message| &message.parts);
    request.tools.iter().any(|tool| tool.cache.is_some())
        || parts.any(|part| match part {
            Part::Text { cache, .. }
            | Part::Image { cache, .. }
            | Part::File { cache, .. }
            | Part::ToolCall { cache, .. }
            | Part::ToolResult { cache, .. } => cache.is_some(),
            Part::Audio { .. } | Part::Thinking { .. } | Part::Refusal(_) | Part::Other { .. } => {
                false
            }
        })
}

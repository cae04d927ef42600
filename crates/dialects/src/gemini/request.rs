//! A request for `generateContent` or `streamGenerateContent`.

use serde::Serialize;
use serde_json::Value;

use super::contents::{self, Content};
use super::family::Family;
use super::settings::{self, Settings};
use super::tools::{self, ToolConfig, WireTool};
use crate::chat::Request;
use crate::lost;
use crate::written::Written;

/// Members of Gemini's own that no other dialect has: a caller who writes these means them.
const OWN_MEMBERS: [&str; 2] = ["cachedContent", "safetySettings"];

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content<'a>>,
    contents: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WireTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation_config: Option<Settings<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_settings: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_content: Option<&'a Value>,
}

/// Writes a request. The model, which is also what decides between budgets and levels of thinking, and whether the
/// answer comes as a stream, are said in the URL.
#[must_use]
pub fn write_request(request: &Request) -> Written {
    let family = Family::of(&request.model);
    let mut dropped = Vec::new();
    let (system_instruction, contents) = contents::write(request, family, &mut dropped);
    let tools = tools::write(&request.tools, &mut dropped);
    let generation_config = settings::write(request, family, &mut dropped);
    dropped.extend(lost::fields(request, &OWN_MEMBERS));
    let body = Body {
        system_instruction,
        contents,
        tools,
        tool_config: tools::config(request),
        generation_config,
        safety_settings: request.extra.get("safetySettings"),
        cached_content: request.extra.get("cachedContent"),
    };
    Written {
        // Texts, numbers and JSON values: none of them can fail to be written.
        body: serde_json::to_vec(&body).unwrap_or_default(),
        dropped,
    }
}

//! Tools as Gemini takes them.
//!
//! Schemas go into `parametersJsonSchema`, which takes JSON Schema with `$ref`, `additionalProperties` and types in
//! lists, rather than into `parameters`, which takes a subset of OpenAPI's schemas and refuses what it does not know:
//! nothing has to be cleaned away, and what the model is told is what the caller wrote.

use serde::Serialize;
use serde_json::Value;

use crate::chat::{Request, Schema, Tool, ToolChoice};

/// Tools that Gemini runs itself, under its own names; a caller who writes these means them.
const OWN_TOOLS: [&str; 7] = [
    "googleSearch",
    "google_search",
    "googleMaps",
    "codeExecution",
    "code_execution",
    "urlContext",
    "url_context",
];

/// One entry of `tools`: all functions, or one tool of its own.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum WireTool<'a> {
    Functions {
        #[serde(rename = "functionDeclarations")]
        declarations: Vec<Declaration<'a>>,
    },
    AsWritten(&'a Value),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Declaration<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_json_schema: Option<&'a Schema>,
}

/// `toolConfig`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolConfig<'a> {
    function_calling_config: FunctionCalling<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FunctionCalling<'a> {
    mode: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed_function_names: Vec<&'a str>,
}

/// The tools, in the caller's order. Those that another provider runs are added to `lost`.
pub(super) fn write<'a>(tools: &'a [Tool], lost: &mut Vec<String>) -> Vec<WireTool<'a>> {
    let mut declarations = Vec::new();
    let mut own = Vec::new();
    for (place, tool) in tools.iter().enumerate() {
        match &tool.built_in {
            None => declarations.push(Declaration {
                name: &tool.name,
                description: tool.description.as_deref(),
                parameters_json_schema: tool.parameters.as_ref(),
            }),
            Some(value) if OWN_TOOLS.iter().any(|name| value.get(name).is_some()) => {
                own.push(WireTool::AsWritten(value));
            }
            Some(_) => lost.push(format!("tools[{place}]")),
        }
    }
    let functions = (!declarations.is_empty()).then_some(WireTool::Functions { declarations });
    functions.into_iter().chain(own).collect()
}

/// Whether and what is to be called. Without functions it is refused, and means nothing.
pub(super) fn config(request: &Request) -> Option<ToolConfig<'_>> {
    let has_functions = request.tools.iter().any(|tool| tool.built_in.is_none());
    let choice = request.tool_choice.as_ref().filter(|_| has_functions)?;
    let (mode, allowed_function_names) = match choice {
        ToolChoice::Auto => ("AUTO", Vec::new()),
        ToolChoice::None => ("NONE", Vec::new()),
        ToolChoice::Required => ("ANY", Vec::new()),
        ToolChoice::Named(name) => ("ANY", vec![&**name]),
        ToolChoice::Allowed { required, names } => (
            // `VALIDATED`: a call of one of these, or words. `AUTO` takes no names.
            if *required { "ANY" } else { "VALIDATED" },
            names.iter().map(|name| &**name).collect(),
        ),
    };
    Some(ToolConfig {
        function_calling_config: FunctionCalling {
            mode,
            allowed_function_names,
        },
    })
}

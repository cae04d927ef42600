//! A request, written for a provider.

use serde_json::Value;

use super::{super::message::Along, OWN};
use crate::{
    chat::{Effort, Format, Reasoning, Request, Tool, ToolChoice},
    openai::json::{self, Object, object},
    written::Written,
};

/// What a provider understands beyond what all speakers of this dialect do. Nothing by default: many refuse a request
/// for one member that they do not know.
///
/// Members of the request itself (`top_k`, `seed` …) are not here; taking those away needs no dialect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact about a provider, and independent of the others"
)]
pub struct Accepts {
    /// The role `developer`; otherwise it is written as `system`.
    pub developer: bool,
    /// A list of texts where there is nothing but text; otherwise they are joined by line feeds.
    pub text_parts: bool,
    /// `cache_control` on parts, tools and results (OpenRouter).
    pub cache_markers: bool,
    /// `reasoning_content` of earlier turns (OpenRouter, DeepSeek, vLLM).
    pub thoughts: bool,
    /// `reasoning_details` of earlier turns (OpenRouter).
    pub thought_details: bool,
    /// `extra_content.google.thought_signature` (Gemini's OpenAI door).
    pub signatures: bool,
}

impl Accepts {
    /// All of it.
    pub const ALL: Self = Self {
        developer: true,
        text_parts: true,
        cache_markers: true,
        thoughts: true,
        thought_details: true,
        signatures: true,
    };

    pub(super) fn along(self) -> Along {
        Along {
            signatures: self.signatures,
            cache_markers: self.cache_markers,
        }
    }
}

/// Writes a request so that every speaker of the dialect takes it.
#[must_use]
pub fn write_request(request: &Request) -> Written {
    write_request_for(request, Accepts::default())
}

/// Writes a request for a provider that understands more.
#[must_use]
pub fn write_request_for(request: &Request, accepts: Accepts) -> Written {
    let mut body = Vec::with_capacity(1024);
    let mut writer = Writer {
        accepts,
        dropped: Vec::new(),
    };
    object(&mut body, |object| writer.request(object, request));
    Written {
        body,
        dropped: writer.dropped,
    }
}

pub(super) struct Writer {
    pub(super) accepts: Accepts,
    dropped: Vec<String>,
}

impl Writer {
    fn request(&mut self, object: &mut Object<'_>, request: &Request) {
        object.put("model", &request.model);
        self.messages(object.key("messages"), &request.messages);
        if !request.tools.is_empty() {
            let tools = request.tools.iter().enumerate();
            object.list(
                "tools",
                tools.filter(|(_, tool)| says(tool)),
                |out, (_, tool)| {
                    self.tool(out, tool);
                },
            );
            for (index, tool) in request.tools.iter().enumerate() {
                if !says(tool) {
                    self.drop(format!("tools[{index}]"));
                }
            }
        }
        if let Some(choice) = &request.tool_choice {
            write_tool_choice(object.key("tool_choice"), choice);
        }
        object.some("parallel_tool_calls", request.parallel_tool_calls);
        if let Some(format) = &request.format {
            write_format(object.key("response_format"), format);
        }
        if let Some(reasoning) = &request.reasoning {
            self.reasoning(object, reasoning);
        }
        write_sampling(object, request);
        if request.stream {
            object.put("stream", true);
            if request.stream_usage {
                object.object("stream_options", |options| {
                    options.put("include_usage", true);
                });
            }
        }
        object.some("user", request.user.as_ref());
        for (name, value) in &request.extra {
            if OWN.contains(&name.as_str()) {
                object.put(name, value);
            } else {
                self.drop(name.clone());
            }
        }
    }

    pub(super) fn drop(&mut self, name: impl Into<String>) {
        let name = name.into();
        if !self.dropped.contains(&name) {
            self.dropped.push(name);
        }
    }

    fn tool(&mut self, out: &mut Vec<u8>, tool: &Tool) {
        if let Some(built_in) = &tool.built_in {
            return json::value(out, built_in);
        }
        object(out, |object| {
            object.put("type", "function");
            object.object("function", |function| {
                function.put("name", &tool.name);
                function.some("description", tool.description.as_ref());
                function.some("parameters", tool.parameters.as_ref());
                function.some("strict", tool.strict);
            });
            self.marker(object, tool.cache.as_ref());
        });
    }

    /// A cache marker, where the provider knows it.
    pub(super) fn marker(&mut self, object: &mut Object<'_>, cache: Option<&Value>) {
        if self.accepts.cache_markers {
            object.some("cache_control", cache);
        } else if cache.is_some() {
            self.drop("cache_control");
        }
    }

    fn reasoning(&mut self, object: &mut Object<'_>, reasoning: &Reasoning) {
        let effort = reasoning
            .effort
            .as_ref()
            .map(word)
            .or_else(|| reasoning.budget_tokens.and_then(effort_of));
        object.some("reasoning_effort", effort);
        if reasoning.show == Some(false) {
            self.drop("reasoning.exclude");
        }
    }
}

/// Whether this dialect has a way to say the tool: one that a provider itself runs has another name in each dialect,
/// but for those that are typed as OpenAI's are.
fn says(tool: &Tool) -> bool {
    tool.built_in.as_ref().is_none_or(|built_in| {
        matches!(
            built_in.get("type").and_then(Value::as_str),
            Some(
                "custom"
                    | "function"
                    | "openrouter:web_search"
                    | "browser_search"
                    | "code_interpreter"
            )
        )
    })
}

fn write_tool_choice(out: &mut Vec<u8>, choice: &ToolChoice) {
    let named = |out: &mut Vec<u8>, name: &String| {
        object(out, |choice| {
            choice.put("type", "function");
            choice.object("function", |function| function.put("name", name));
        });
    };
    match choice {
        ToolChoice::Auto => json::value(out, "auto"),
        ToolChoice::None => json::value(out, "none"),
        ToolChoice::Required => json::value(out, "required"),
        ToolChoice::Named(name) => named(out, name),
        ToolChoice::Allowed { required, names } => object(out, |choice| {
            choice.put("type", "allowed_tools");
            choice.object("allowed_tools", |allowed| {
                allowed.put("mode", if *required { "required" } else { "auto" });
                allowed.list("tools", names, named);
            });
        }),
    }
}

fn write_format(out: &mut Vec<u8>, format: &Format) {
    object(out, |object| match format {
        Format::Text => object.put("type", "text"),
        Format::Json => object.put("type", "json_object"),
        Format::Schema {
            name,
            description,
            schema,
            strict,
        } => {
            object.put("type", "json_schema");
            object.object("json_schema", |inner| {
                inner.put("name", name);
                inner.some("description", description.as_ref());
                inner.put("schema", schema);
                inner.some("strict", *strict);
            });
        }
    });
}

fn word(effort: &Effort) -> &str {
    match effort {
        Effort::None => "none",
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Other(word) => word,
    }
}

/// A budget in words: Google's table for its OpenAI door, read backwards (`low` 1,024, `medium` 8,192, `high` 24,576;
/// ai.google.dev/gemini-api/docs/openai). None = as the model likes.
fn effort_of(budget: i64) -> Option<&'static str> {
    Some(match budget {
        ..0 => return None,
        0 => "none",
        1..=1024 => "low",
        1025..=8192 => "medium",
        _ => "high",
    })
}

fn write_sampling(object: &mut Object<'_>, request: &Request) {
    let sampling = &request.sampling;
    object.some("max_tokens", sampling.max_tokens);
    object.some("temperature", sampling.temperature.map(number));
    object.some("top_p", sampling.top_p.map(number));
    object.some("top_k", sampling.top_k);
    object.some("min_p", sampling.min_p.map(number));
    object.some("frequency_penalty", sampling.frequency_penalty.map(number));
    object.some("presence_penalty", sampling.presence_penalty.map(number));
    object.some("seed", sampling.seed);
    if !sampling.stop.is_empty() {
        object.put("stop", &sampling.stop);
    }
    object.some("n", sampling.choices);
    object.some("logit_bias", sampling.logit_bias.as_ref());
    object.some("logprobs", sampling.logprobs);
    object.some("top_logprobs", sampling.top_logprobs);
}

/// A whole number is written as one: most callers wrote it so, and some servers take `1.0` for another type.
fn number(number: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and small, as the condition says"
    )]
    if number.fract() == 0.0 && number.abs() < 1e9 {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

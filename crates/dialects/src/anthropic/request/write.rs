//! A request in the common form, written for Anthropic.

use serde::Serialize;

use super::super::blocks::{Block, Content, Side, blocks_of};
use super::super::carried::is_own;
use super::super::thinking::{self, Plan, Thinking};
use super::super::tools::{self, Choice, ToolBody};
use super::closed::closed;
use crate::chat::{Extra, Format, Message, Part, Request, Role, Schema};
use crate::written::Written;

/// The members of `extra` that are Anthropic's; those of other dialects are dropped.
const OWN: [&str; 7] = [
    "cache_control",
    "container",
    "context_management",
    "inference_geo",
    "mcp_servers",
    "service_tier",
    "speed",
];

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<Content<'a>>,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Serialize)]
struct Turn<'a> {
    role: &'static str,
    content: Content<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    user_id: &'a str,
}

#[derive(Serialize)]
struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<OutputFormat>,
}

#[derive(Serialize)]
struct OutputFormat {
    r#type: &'static str,
    schema: Schema,
}

/// Writes the body of `POST /v1/messages`. Anthropic wants the most tokens to be named: where the caller did not,
/// `default_max_tokens` is.
#[must_use]
pub fn write_request(request: &Request, default_max_tokens: u64) -> Written {
    let mut dropped = Vec::new();
    let (system, messages) = conversation(request, &mut dropped);
    let tools = tools::tools_of(request, &mut dropped);
    let tool_choice = tools::choice_of(request).filter(|_| !tools.is_empty());
    let sampling = &request.sampling;
    let max_tokens = sampling.max_tokens.unwrap_or(default_max_tokens);
    let forced = tool_choice.as_ref().is_some_and(Choice::is_forced);
    let plan = thinking_plan(request, forced, max_tokens);
    if plan.cut {
        dropped.push("reasoning".to_owned());
    }
    let draw = Draw::of(request, &plan, &mut dropped);
    unsayable(request, &mut dropped);
    let body = Body {
        model: &request.model,
        max_tokens,
        system,
        messages,
        tools,
        tool_choice,
        thinking: plan.thinking,
        output_config: output_config(request, &plan),
        temperature: draw.temperature,
        top_p: draw.top_p,
        top_k: draw.top_k,
        stop_sequences: stop_sequences(&sampling.stop, &mut dropped),
        metadata: request.user.as_deref().map(|user_id| Metadata { user_id }),
        stream: request.stream,
        extra: own_extra(&request.extra, &mut dropped),
    };
    Written {
        body: serde_json::to_vec(&body).unwrap_or_default(),
        dropped,
    }
}

// === the conversation ===

/// Anthropic has no mode for any JSON object, and its newer models take no begun answer either: what remains is to say it.
const ANY_JSON: &str = "Answer with exactly one JSON object and nothing else: no words before or after it, and no code fence around it.";

/// The leading instructions, and the turns: what follows one another in one role is one turn.
fn conversation<'a>(
    request: &'a Request,
    dropped: &mut Vec<String>,
) -> (Option<Content<'a>>, Vec<Turn<'a>>) {
    let messages = &request.messages;
    let is_instruction = |message: &Message| matches!(message.role, Role::System | Role::Developer);
    let mut leading = messages
        .iter()
        .take_while(|message| is_instruction(message))
        .count();
    if leading == messages.len() {
        // Anthropic wants a turn to answer to.
        leading = leading.saturating_sub(1);
    }
    let mut system = Vec::new();
    let mut turns: Vec<(&'static str, Vec<Block<'a>>)> = Vec::new();
    for (place, message) in messages.iter().enumerate() {
        if message.name.is_some() {
            dropped.push(format!("messages[{place}].name"));
        }
        let path = format!("messages[{place}].content");
        let blocks = blocks_of(&message.parts, Side::Provider, &path, dropped);
        if place < leading {
            keep_texts(blocks, &path, &mut system, dropped);
            continue;
        }
        // Instructions amid the conversation keep their place, as a turn of the user: older models know no other.
        let role = if message.role == Role::Assistant {
            "assistant"
        } else {
            "user"
        };
        match turns.last_mut() {
            Some((last, content)) if *last == role => content.extend(blocks),
            _ => turns.push((role, blocks)),
        }
    }
    if request.format == Some(Format::Json) {
        system.push(Block::text(ANY_JSON));
    }
    let turns = turns
        .into_iter()
        .filter(|(_, blocks)| !blocks.is_empty())
        .map(|(role, mut blocks)| {
            blocks.sort_by_key(|block| !block.is_result());
            let content = blocks.into();
            Turn { role, content }
        })
        .collect();
    ((!system.is_empty()).then(|| system.into()), turns)
}

/// `system` is made of texts.
fn keep_texts<'a>(
    blocks: Vec<Block<'a>>,
    path: &str,
    system: &mut Vec<Block<'a>>,
    dropped: &mut Vec<String>,
) {
    let before = blocks.len();
    let kept = system.len();
    system.extend(
        blocks
            .into_iter()
            .filter(|block| matches!(block, Block::Text { .. })),
    );
    if system.len() - kept < before {
        dropped.push(path.to_owned());
    }
}

// === how it answers ===

/// What to say of thinking. Where a tool must be called Anthropic refuses to think, and with a budget it wants the turn
/// that called tools to begin with a thought of its own: a conversation from elsewhere has none.
fn thinking_plan(request: &Request, forced: bool, max_tokens: u64) -> Plan<'_> {
    let Some(reasoning) = &request.reasoning else {
        return Plan::default();
    };
    let plan = thinking::plan(reasoning, &request.model, max_tokens);
    let budget = matches!(plan.thinking, Some(Thinking::Enabled { .. }));
    if plan.thinks() && (forced || (budget && calls_without_thought(&request.messages))) {
        return Plan {
            thinking: None,
            cut: true,
            ..plan
        };
    }
    plan
}

/// Whether the last turn of the model called tools, has their results, and does not say what it thought before.
fn calls_without_thought(messages: &[Message]) -> bool {
    let mut before = messages
        .iter()
        .rev()
        .skip_while(|message| message.role == Role::Tool)
        .peekable();
    let answered = messages
        .last()
        .is_some_and(|message| message.role == Role::Tool);
    let signed = |part: &Part| match part {
        Part::Thinking {
            signature: Some(token),
            ..
        } => is_own(token),
        _ => false,
    };
    answered
        && before.peek().is_some_and(|message| {
            message.role == Role::Assistant && !message.parts.iter().any(signed)
        })
}

/// How tokens are drawn.
#[derive(Default)]
struct Draw {
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<u64>,
}

impl Draw {
    /// Thinking allows `top_p` from 0.95 only; newer models take one of temperature and `top_p`; from 4.7 on none.
    fn of(request: &Request, plan: &Plan<'_>, dropped: &mut Vec<String>) -> Self {
        let wish = &request.sampling;
        let version = thinking::version(&request.model);
        let free = version < Some((4, 7));
        let hot = wish.temperature.is_some_and(|value| value > 1.0);
        let temperature = wish
            .temperature
            .filter(|value| free && (!plan.thinks() || *value >= 1.0))
            .map(|value| value.clamp(0.0, 1.0));
        let both = temperature.is_some() && version >= Some((4, 1));
        let top_p = wish
            .top_p
            .filter(|value| free && !both && (!plan.thinks() || *value >= 0.95));
        let top_k = wish.top_k.filter(|_| free && !plan.thinks());
        let mut told = |name: &str, lost: bool| {
            if lost {
                dropped.push(name.to_owned());
            }
        };
        let default =
            |value: Option<f64>| value.is_none_or(|value| (value - 1.0).abs() < f64::EPSILON);
        told(
            "temperature",
            hot || (temperature.is_none() && !default(wish.temperature)),
        );
        told("top_p", top_p.is_none() && !default(wish.top_p));
        told("top_k", top_k != wish.top_k);
        Self {
            temperature,
            top_p,
            top_k,
        }
    }
}

fn output_config<'a>(request: &'a Request, plan: &Plan<'a>) -> Option<OutputConfig<'a>> {
    let format = match &request.format {
        Some(Format::Schema { schema, .. }) => Some(OutputFormat {
            r#type: "json_schema",
            schema: closed(schema),
        }),
        // See `ANY_JSON`.
        Some(Format::Json | Format::Text) | None => None,
    };
    (format.is_some() || plan.effort.is_some()).then_some(OutputConfig {
        effort: plan.effort,
        format,
    })
}

/// Anthropic refuses stop texts that are nothing but space.
fn stop_sequences<'a>(stop: &'a [String], dropped: &mut Vec<String>) -> Vec<&'a str> {
    let kept: Vec<&str> = stop
        .iter()
        .map(String::as_str)
        .filter(|text| !text.trim().is_empty())
        .collect();
    if kept.len() < stop.len() {
        dropped.push("stop".to_owned());
    }
    kept
}

/// Tells of what Anthropic has no word for, where it would make a difference.
fn unsayable(request: &Request, dropped: &mut Vec<String>) {
    let wish = &request.sampling;
    let differs = |value: Option<f64>| value.is_some_and(|value| value != 0.0);
    let table = [
        ("min_p", differs(wish.min_p)),
        ("frequency_penalty", differs(wish.frequency_penalty)),
        ("presence_penalty", differs(wish.presence_penalty)),
        ("seed", wish.seed.is_some()),
        ("n", wish.choices.is_some_and(|choices| choices > 1)),
        ("logit_bias", wish.logit_bias.is_some()),
        ("logprobs", wish.logprobs == Some(true)),
        (
            "top_logprobs",
            wish.top_logprobs.is_some_and(|count| count > 0),
        ),
    ];
    let lost = table.into_iter().filter(|(_, lost)| *lost);
    dropped.extend(lost.map(|(name, _)| name.to_owned()));
}

fn own_extra(extra: &Extra, dropped: &mut Vec<String>) -> Extra {
    let mut own = Extra::new();
    for (name, value) in extra {
        // OpenAI has a member of this name too, with other words.
        let foreign =
            name == "service_tier" && !["auto", "standard_only"].iter().any(|tier| value == tier);
        if OWN.contains(&name.as_str()) && !foreign {
            own.insert(name.clone(), value.clone());
        } else {
            dropped.push(name.clone());
        }
    }
    own
}

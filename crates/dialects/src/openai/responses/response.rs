//! The Response object, as the official clients' types have it.
//!
//! Source: openai-python 3.54, `types/responses/response.py`.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::echo::{Echo, Given};
use super::item::{Content, Item, Progress};
use crate::chat::{Finish, Usage};
use crate::error::ErrorKind;

/// What a response tells of itself.
#[derive(Debug)]
pub(super) struct State<'a> {
    pub(super) id: &'a str,
    /// Seconds since 1970.
    pub(super) created: i64,
    pub(super) model: &'a str,
    pub(super) outcome: Outcome,
    pub(super) output: Vec<&'a Item>,
    pub(super) usage: Option<Usage>,
}

/// How far a response is, or how it came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    InProgress,
    Completed,
    /// Cut off, and why: the dialect's word.
    Incomplete(&'static str),
    /// The dialect's word for it.
    Failed(&'static str),
}

impl Outcome {
    /// What the end of an answer means here. A refusal whose words are given is a whole answer.
    pub(super) fn of(finish: &Finish, refused_in_words: bool) -> Self {
        match finish {
            Finish::Length => Self::Incomplete("max_output_tokens"),
            Finish::ContentFilter => Self::Incomplete("content_filter"),
            Finish::Refusal if !refused_in_words => Self::Incomplete("content_filter"),
            Finish::Failed => Self::Failed("server_error"),
            Finish::Stop
            | Finish::ToolCalls
            | Finish::Refusal
            | Finish::Pause
            | Finish::Other(_) => Self::Completed,
        }
    }

    /// What a failure of this kind is called within a response; the official types have few words.
    pub(super) fn of_failure(kind: ErrorKind) -> Self {
        Self::Failed(match kind {
            ErrorKind::RateLimited | ErrorKind::QuotaExceeded => "rate_limit_exceeded",
            ErrorKind::InvalidRequest | ErrorKind::TooLarge => "invalid_prompt",
            _ => "server_error",
        })
    }

    /// The progress of the last item once the response is this far.
    pub(super) fn of_last_item(self) -> Progress {
        match self {
            Self::InProgress => Progress::Open,
            Self::Completed => Progress::Completed,
            Self::Incomplete(_) | Self::Failed(_) => Progress::Incomplete,
        }
    }

    /// The type and the code of the error event that says so.
    pub(super) fn of_error(self) -> (&'static str, &'static str) {
        match self {
            Self::Failed(code @ "rate_limit_exceeded") => ("rate_limit_error", code),
            Self::Failed(code @ "invalid_prompt") => ("invalid_request_error", code),
            _ => ("server_error", "server_error"),
        }
    }

    pub(super) fn status(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
            Self::Failed(_) => "failed",
        }
    }
}

/// Whether an answer's words say that it declines.
pub(super) fn refuses(item: &Item) -> bool {
    let Item::Message { content, .. } = item else {
        return false;
    };
    content
        .iter()
        .any(|piece| matches!(piece, Content::Refusal { .. }))
}

#[derive(Debug, Serialize)]
pub(super) struct Response<'a> {
    id: &'a str,
    object: &'static str,
    created_at: i64,
    status: &'static str,
    background: bool,
    error: Option<Value>,
    incomplete_details: Option<Value>,
    instructions: Given<'a, ()>,
    max_output_tokens: Given<'a, ()>,
    max_tool_calls: Given<'a, ()>,
    metadata: Given<'a, Map<String, Value>>,
    model: &'a str,
    output: Vec<&'a Item>,
    parallel_tool_calls: Given<'a, bool>,
    previous_response_id: Option<&'a str>,
    prompt_cache_key: Given<'a, ()>,
    reasoning: Given<'a, Value>,
    safety_identifier: Given<'a, ()>,
    store: bool,
    temperature: Given<'a, ()>,
    text: Given<'a, Value>,
    tool_choice: Given<'a, &'static str>,
    tools: Given<'a, [Value; 0]>,
    top_logprobs: Given<'a, ()>,
    top_p: Given<'a, ()>,
    truncation: &'static str,
    usage: Option<Value>,
    user: Given<'a, ()>,
}

impl<'a> Response<'a> {
    pub(super) fn new(state: State<'a>, echo: &'a Echo) -> Self {
        Self {
            id: state.id,
            object: "response",
            created_at: state.created,
            status: state.outcome.status(),
            background: false,
            error: error_of(state.outcome),
            incomplete_details: match state.outcome {
                Outcome::Incomplete(reason) => Some(json!({"reason": reason})),
                _ => None,
            },
            instructions: Given::or(&echo.instructions, ()),
            max_output_tokens: Given::or(&echo.max_output_tokens, ()),
            max_tool_calls: Given::or(&echo.max_tool_calls, ()),
            metadata: Given::or(&echo.metadata, Map::new()),
            model: state.model,
            output: state.output,
            parallel_tool_calls: Given::or(&echo.parallel_tool_calls, true),
            previous_response_id: None,
            prompt_cache_key: Given::or(&echo.prompt_cache_key, ()),
            reasoning: Given::or(&echo.reasoning, json!({"effort": null, "summary": null})),
            safety_identifier: Given::or(&echo.safety_identifier, ()),
            store: false,
            temperature: Given::or(&echo.temperature, ()),
            text: Given::or(&echo.text, json!({"format": {"type": "text"}})),
            tool_choice: Given::or(&echo.tool_choice, "auto"),
            tools: Given::or(&echo.tools, []),
            top_logprobs: Given::or(&echo.top_logprobs, ()),
            top_p: Given::or(&echo.top_p, ()),
            truncation: "disabled",
            usage: state.usage.map(usage),
            user: Given::or(&echo.user, ()),
        }
    }
}

fn error_of(outcome: Outcome) -> Option<Value> {
    match outcome {
        Outcome::Failed(code) => Some(json!({"code": code, "message": FAILED})),
        _ => None,
    }
}

/// Said of an answer that broke off; the error event beside it says more where more is known.
pub(super) const FAILED: &str = "the answer broke off; what came of it so far is not whole";

fn usage(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.input,
        "input_tokens_details": {
            "cached_tokens": usage.cached.unwrap_or(0),
            "cache_write_tokens": usage.cache_written.unwrap_or(0),
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning.unwrap_or(0)},
        "total_tokens": usage.total(),
    })
}

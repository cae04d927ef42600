//! `generationConfig`: how tokens are drawn, how many, in which form, after how much thinking.

use serde::Serialize;

use super::family::{Amount, Family};
use crate::chat::{Format, Reasoning, Request, Sampling, Schema};

/// Gemini takes no more texts that end an answer.
const MOST_STOPS: usize = 5;

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settings<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a Schema>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<ThinkingConfig>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ThinkingConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_budget: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_thoughts: Option<bool>,
}

/// The settings; none = the caller sets nothing. What cannot be said is added to `lost`.
pub(super) fn write<'a>(
    request: &'a Request,
    family: Family,
    lost: &mut Vec<String>,
) -> Option<Settings<'a>> {
    let mut settings = drawing(&request.sampling, lost);
    form(request, family, &mut settings, lost);
    if let Some(reasoning) = &request.reasoning {
        settings.thinking_config = thinking(reasoning, family, lost);
    }
    (settings != Settings::default()).then_some(settings)
}

fn drawing<'a>(sampling: &'a Sampling, lost: &mut Vec<String>) -> Settings<'a> {
    if sampling.min_p.is_some() {
        lost.push("min_p".to_owned());
    }
    if sampling.stop.len() > MOST_STOPS {
        lost.push(format!("stop[{MOST_STOPS}]"));
    }
    let told = sampling.logprobs == Some(true);
    Settings {
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        top_k: sampling.top_k,
        max_output_tokens: sampling.max_tokens,
        stop_sequences: &sampling.stop[..sampling.stop.len().min(MOST_STOPS)],
        candidate_count: sampling.choices.filter(|choices| *choices != 1),
        seed: sampling.seed.map(short_seed),
        presence_penalty: sampling.presence_penalty,
        frequency_penalty: sampling.frequency_penalty,
        response_logprobs: told.then_some(true),
        logprobs: sampling.top_logprobs.filter(|_| told),
        ..Settings::default()
    }
}

/// Gemini's seed has 32 bits, those of other dialects 64. The lower half repeats an answer as well as the whole.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
fn short_seed(seed: i64) -> i32 {
    seed as i32
}

/// The form of the text. Models before Gemini 3 refuse a form beside functions.
fn form<'a>(
    request: &'a Request,
    family: Family,
    settings: &mut Settings<'a>,
    lost: &mut Vec<String>,
) {
    let schema = match &request.format {
        None | Some(Format::Text) => return,
        Some(Format::Json) => None,
        Some(Format::Schema { schema, .. }) => Some(schema),
    };
    if !request.tools.is_empty() && !family.formats_with_tools {
        lost.push("response_format".to_owned());
        return;
    }
    settings.response_mime_type = Some("application/json");
    settings.response_json_schema = schema;
}

fn thinking(
    reasoning: &Reasoning,
    family: Family,
    lost: &mut Vec<String>,
) -> Option<ThinkingConfig> {
    let Ok(amount) = family.amount(reasoning) else {
        lost.push("reasoning_effort".to_owned());
        return None;
    };
    // Who says in tokens how much may be thought is a client of a dialect that tells the thoughts, and waits for them.
    let waits = reasoning.budget_tokens.filter(|tokens| *tokens != 0);
    let show = reasoning.show.or(waits.map(|_| true));
    let mut config = ThinkingConfig {
        // A model that does not think refuses even this.
        include_thoughts: show.filter(|_| family.thinks()),
        ..ThinkingConfig::default()
    };
    match amount {
        Some(Amount::Budget(tokens)) => config.thinking_budget = Some(tokens),
        Some(Amount::Level(level)) => config.thinking_level = Some(level),
        None => {}
    }
    (config != ThinkingConfig::default()).then_some(config)
}

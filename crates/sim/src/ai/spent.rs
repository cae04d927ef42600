//! What providers say when a quota is spent. The shapes and texts are those that were captured or documented; numbers
//! and waits follow from the windows.

use guichet_catalogue::model::{CalendarUnit, Dialect, Dimension, Window};
use guichet_engine::transport::UpstreamResponse;
use http::header::RETRY_AFTER;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::gemini;
use super::limits::{go_duration, later, put, whole};
use super::refusal::{json_answer, shaped};
use crate::alphabet::too_many;
use crate::quota::models::Violation;

const DAY: u64 = 86_400;

/// A call that was refused.
pub(crate) struct Refused<'a> {
    pub(crate) provider: &'a str,
    pub(crate) dialect: Dialect,
    pub(crate) model: &'a str,
    pub(crate) violations: &'a [Violation],
    pub(crate) now: Timestamp,
}

/// The refusal, without the headers that [`super::limits::tell`] adds.
pub(crate) fn refusal(refused: &Refused<'_>) -> UpstreamResponse {
    // Where several windows hold, most providers name the one that holds longest.
    let longest = refused
        .violations
        .iter()
        .max_by(|one, other| one.wait.total_cmp(&other.wait));
    let Some(worst) = longest else {
        return too_many();
    };
    match (refused.provider, refused.dialect) {
        ("groq", _) => groq(refused, worst),
        (_, Dialect::Gemini) => google(refused),
        (_, Dialect::Anthropic) => anthropic(worst),
        ("openrouter", _) => openrouter(refused, worst),
        ("cloudflare", _) => cloudflare(refused, worst),
        ("nvidia", _) => json_answer(429, &json!({"status": 429, "title": "Too Many Requests"})),
        ("cerebras", _) => cerebras(refused, worst),
        ("mistral", _) => json_answer(
            429,
            &shaped(
                "mistral",
                refused.dialect,
                429,
                "Rate limit exceeded",
                "rate_limited",
                "1300",
            ),
        ),
        ("cohere", _) => cohere(worst),
        ("zai", _) => json_answer(
            429,
            &json!({"error": {
                "code": "1302", "message": "High concurrency usage of this API, please reduce concurrency or contact customer service to increase limits",
            }}),
        ),
        (_, Dialect::Ollama) => json_answer(429, &json!({"error": "too many requests"})),
        _ => openai(refused, worst),
    }
}

fn with_retry_after(mut response: UpstreamResponse, seconds: f64) -> UpstreamResponse {
    put(
        &mut response.headers,
        RETRY_AFTER.as_str(),
        &whole(seconds.ceil().max(1.0)),
    );
    response
}

/// "tokens per day (TPD)" and the like.
fn measured(violation: &Violation) -> (&'static str, &'static str) {
    let daily = violation.period() >= DAY;
    let hourly = violation.period() >= 3_600;
    match violation.dimension {
        Dimension::Requests if daily => ("requests per day", "RPD"),
        Dimension::Requests => ("requests per minute", "RPM"),
        Dimension::AudioSeconds if daily => ("seconds of audio per day", "ASD"),
        Dimension::AudioSeconds => ("seconds of audio per hour", "ASH"),
        _ if daily => ("tokens per day", "TPD"),
        _ if hourly => ("tokens per hour", "TPH"),
        _ => ("tokens per minute", "TPM"),
    }
}

fn kind(violation: &Violation) -> &'static str {
    match violation.dimension {
        Dimension::Requests => "requests",
        Dimension::AudioSeconds => "audio",
        _ => "tokens",
    }
}

fn groq(refused: &Refused<'_>, worst: &Violation) -> UpstreamResponse {
    let (what, short) = measured(worst);
    let model = refused.model;
    let (limit, used, requested) = counts(worst);
    let wait = go_duration(worst.wait);
    let place = format!(
        "model `{model}` in organization `org_sim` service tier `on_demand` on {what} ({short})"
    );
    let upgrade =
        "Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing";
    let (status, message) = if worst.never_fits() {
        (
            413,
            format!(
                "Request too large for {place}: Limit {limit}, Requested {requested}, please reduce your message size and try again. {upgrade}"
            ),
        )
    } else {
        (
            429,
            format!(
                "Rate limit reached for {place}: Limit {limit}, Used {used}, Requested {requested}. Please try again in {wait}. {upgrade}"
            ),
        )
    };
    let body = shaped(
        "groq",
        refused.dialect,
        status,
        &message,
        kind(worst),
        "rate_limit_exceeded",
    );
    let response = json_answer(status, &body);
    if status == 429 {
        with_retry_after(response, worst.wait)
    } else {
        response
    }
}

fn counts(violation: &Violation) -> (String, String, String) {
    (
        whole(violation.limit),
        whole(violation.used),
        whole(violation.requested),
    )
}

fn openai(refused: &Refused<'_>, worst: &Violation) -> UpstreamResponse {
    let (what, short) = measured(worst);
    // OpenAI says "per min" and Groq "per minute".
    let what = what.replace("minute", "min");
    let model = refused.model;
    let (limit, used, requested) = counts(worst);
    let message = if worst.never_fits() {
        format!(
            "Request too large for {model} in organization org-sim on {what} ({short}): Limit {limit}, Requested {requested}. The input or output tokens must be reduced in order to run successfully. Visit https://platform.openai.com/account/rate-limits to learn more."
        )
    } else {
        let wait = go_duration(worst.wait);
        format!(
            "Rate limit reached for {model} in organization org-sim on {what} ({short}): Limit {limit}, Used {used}, Requested {requested}. Please try again in {wait}. Visit https://platform.openai.com/account/rate-limits to learn more."
        )
    };
    let body = shaped(
        refused.provider,
        refused.dialect,
        429,
        &message,
        kind(worst),
        "rate_limit_exceeded",
    );
    json_answer(429, &body)
}

/// Every window that is spent is named. The delay is one of seconds also where the day is spent: it is that to the next
/// minute, as in an answer of 2026-08-01.
fn google(refused: &Refused<'_>) -> UpstreamResponse {
    const METRIC: &str = "generativelanguage.googleapis.com/generate_content_free_tier";
    let model = refused.model;
    let mut message = "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.".to_owned();
    let mut named = Vec::new();
    for violation in refused.violations {
        let daily = violation.period() >= DAY;
        let (metric, id) = match (violation.dimension, daily) {
            (Dimension::Requests, true) => (
                "requests",
                "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
            ),
            (Dimension::Requests, false) => (
                "requests",
                "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
            ),
            (_, true) => (
                "input_token_count",
                "GenerateContentInputTokensPerModelPerDay-FreeTier",
            ),
            (_, false) => (
                "input_token_count",
                "GenerateContentInputTokensPerModelPerMinute-FreeTier",
            ),
        };
        let limit = whole(violation.limit);
        message.push_str(&format!(
            "\n* Quota exceeded for metric: {METRIC}_{metric}, limit: {limit}, model: {model}"
        ));
        named.push(json!({
            "quotaMetric": format!("{METRIC}_{metric}"), "quotaId": id,
            "quotaDimensions": {"location": "global", "model": model}, "quotaValue": limit,
        }));
    }
    let shortest = refused
        .violations
        .iter()
        .map(|one| one.wait)
        .fold(60.0, f64::min);
    let delay = (shortest * 1e9).round() / 1e9;
    message.push_str(&format!("\nPlease retry in {delay}s."));
    let details: Vec<Value> = vec![
        json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": named}),
        json!({
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [{"description": "Learn more about Gemini API quotas", "url": "https://ai.google.dev/gemini-api/docs/rate-limits"}],
        }),
        json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{}s", whole(delay.floor()))}),
    ];
    json_answer(
        429,
        &gemini::error(429, "RESOURCE_EXHAUSTED", &message, details),
    )
}

fn anthropic(worst: &Violation) -> UpstreamResponse {
    let what = match worst.dimension {
        Dimension::Requests => "requests",
        Dimension::OutputTokens => "output tokens",
        _ => "input tokens",
    };
    let message = format!(
        "This request would exceed your organization's rate limit of {} {what} per minute. For details, refer to: https://docs.claude.com/en/api/rate-limits.",
        whole(worst.limit)
    );
    let body = shaped(
        "anthropic",
        Dialect::Anthropic,
        429,
        &message,
        "rate_limit_error",
        "",
    );
    with_retry_after(json_answer(429, &body), worst.wait)
}

fn openrouter(refused: &Refused<'_>, worst: &Violation) -> UpstreamResponse {
    let daily = worst.period() >= DAY;
    let limit = whole(worst.limit);
    let reset = later(refused.now, worst.wait).as_millisecond().to_string();
    let mut metadata = json!({"headers": {
        "X-RateLimit-Limit": limit, "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset,
    }});
    let message = if daily {
        metadata["limit_source"] = json!("openrouter_free_tier_daily");
        "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day"
    } else {
        "Rate limit exceeded: free-models-per-min. "
    };
    let body = json!({
        "error": {"message": message, "code": 429, "metadata": metadata}, "user_id": "user_sim",
    });
    let mut response = json_answer(429, &body);
    for (name, text) in [
        ("x-ratelimit-limit", &*limit),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", &reset),
    ] {
        put(&mut response.headers, name, text);
    }
    response
}

fn cloudflare(refused: &Refused<'_>, worst: &Violation) -> UpstreamResponse {
    let (code, message) = if worst.dimension == Dimension::Neurons {
        (
            "3036",
            "You have used up your daily free allocation of 10,000 neurons. Please upgrade to Cloudflare Workers Paid plan if you would like to continue usage.",
        )
    } else {
        ("3040", "Capacity temporarily exceeded, please try again.")
    };
    json_answer(
        429,
        &shaped("cloudflare", refused.dialect, 429, message, "", code),
    )
}

fn cerebras(refused: &Refused<'_>, worst: &Violation) -> UpstreamResponse {
    if worst.dimension == Dimension::Money {
        let body = shaped(
            "cerebras",
            refused.dialect,
            402,
            "Payment required to access this resource.",
            "payment_required_error",
            "payment_required",
        );
        return json_answer(402, &body);
    }
    let unit = match worst.window {
        Window::Calendar {
            unit: CalendarUnit::Day,
            ..
        } => "day",
        _ if worst.period() >= DAY => "day",
        _ if worst.period() >= 3_600 => "hour",
        _ => "minute",
    };
    let (message, kind, code) = if worst.dimension == Dimension::Requests {
        (
            format!("Requests per {unit} limit exceeded - too many requests sent."),
            "too_many_requests_error",
            "request_quota_exceeded",
        )
    } else {
        (
            format!("Tokens per {unit} limit exceeded - too many tokens processed."),
            "too_many_tokens_error",
            "token_quota_exceeded",
        )
    };
    let mut body = shaped("cerebras", refused.dialect, 429, &message, kind, code);
    body["param"] = json!("quota");
    json_answer(429, &body)
}

fn cohere(worst: &Violation) -> UpstreamResponse {
    let unit = if worst.period() >= DAY {
        "month"
    } else {
        "minute"
    };
    let message = format!(
        "You are using a Trial key, which is limited to {} API calls / {unit}. You can continue to use the Trial key for free or upgrade to a Production key with higher rate limits at 'https://dashboard.cohere.com/api-keys'.",
        whole(worst.limit)
    );
    json_answer(429, &json!({"id": "sim", "message": message}))
}

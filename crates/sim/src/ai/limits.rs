//! What providers say of their quotas: headers of every answer, and the texts of refusals. The shapes are those that
//! were captured or documented; numbers and waits follow from the windows.

use std::time::Duration;

use guichet_catalogue::model::ai::{LimitHeader, ModelServer, ResetFormat};
use guichet_catalogue::model::{CalendarUnit, Dialect, Dimension, Window};
use guichet_engine::transport::UpstreamResponse;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::gemini;
use super::refusal::{json_answer, shaped};
use crate::alphabet::too_many;
use crate::quota::models::{Reading, Violation};

const DAY: u64 = 86_400;

/// A call that was refused.
pub(crate) struct Refused<'a> {
    pub(crate) provider: &'a str,
    pub(crate) dialect: Dialect,
    pub(crate) model: &'a str,
    pub(crate) violations: &'a [Violation],
    pub(crate) now: Timestamp,
}

/// Adds the headers in which a provider tells what is left.
pub(crate) fn tell(
    server: &ModelServer,
    model: &str,
    readings: &[Reading],
    now: Timestamp,
    headers: &mut HeaderMap,
) {
    for header in server.limits.iter().filter(|header| header.covers(model)) {
        let reading = readings.iter().find(|reading| {
            reading.dimension == header.dimension
                && reading.window.period() == header.window.period()
        });
        let Some(reading) = reading else { continue };
        let texts = [
            (&header.limit, whole(reading.limit)),
            (&header.remaining, whole(reading.remaining().floor())),
            (&header.used, whole(reading.used.ceil())),
            (&header.reset, reset(header, reading, now)),
        ];
        for (name, text) in texts {
            let Some(name) = name else { continue };
            put(headers, name, &text);
        }
    }
}

fn put(headers: &mut HeaderMap, name: &str, text: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(text)) {
        headers.insert(name, value);
    }
}

fn reset(header: &LimitHeader, reading: &Reading, now: Timestamp) -> String {
    // Of a bucket this is when it is full; of a calendar window when it ends, which is when it is full too.
    let seconds = reading.until_full;
    let at = later(now, seconds);
    match header.format {
        ResetFormat::GoDuration => go_duration(seconds),
        ResetFormat::Seconds => format!("{}", (seconds * 1e3).round() / 1e3),
        ResetFormat::EpochSeconds => at.as_second().to_string(),
        ResetFormat::EpochMilliseconds => at.as_millisecond().to_string(),
        ResetFormat::Rfc3339 => at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        ResetFormat::HttpDate => at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
    }
}

fn later(now: Timestamp, seconds: f64) -> Timestamp {
    let wait = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::ZERO);
    now.saturating_add(wait).unwrap_or(now)
}

/// A duration as Go writes it: `12ms`, `7m12s`, `1h53m56.832s`.
pub(crate) fn go_duration(seconds: f64) -> String {
    let wait = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
    let nanos = wait.as_nanos();
    let fraction = |whole: u128, rest: u128, digits: usize| {
        let rest = format!("{rest:0digits$}");
        let rest = rest.trim_end_matches('0');
        if rest.is_empty() {
            whole.to_string()
        } else {
            format!("{whole}.{rest}")
        }
    };
    if nanos == 0 {
        return "0s".to_owned();
    }
    if nanos < 1_000_000_000 {
        return format!("{}ms", fraction(nanos / 1_000_000, nanos % 1_000_000, 6));
    }
    let (whole, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let (hours, minutes) = (whole / 3_600, whole / 60 % 60);
    let seconds = fraction(whole % 60, rest, 9);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// The refusal, without the headers that [`tell`] adds.
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

fn whole(number: f64) -> String {
    format!("{number:.0}")
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Limit, used, requested, seconds of the window, and the wait that a provider stated: captured texts.
    #[test]
    fn waits_are_those_that_providers_state() {
        for (limit, used, requested, period, stated) in [
            (100_000.0, 97_050.0, 3_619.0, 86_400.0, "9m38.016s"),
            (1_000.0, 1_000.0, 1.0, 86_400.0, "1m26.4s"),
            (7_000.0, 0.0, 12_903.0, 60.0, "50.597142857s"),
            (10_000.0, 10_000.0, 1.0, 86_400.0, "8.64s"),
            (200.0, 200.0, 1.0, 86_400.0, "7m12s"),
            (50.0, 50.0, 1.0, 86_400.0, "28m48s"),
        ] {
            let wait = (used + requested - limit) * period / limit;
            assert_eq!(go_duration(wait), stated);
        }
        assert_eq!(go_duration(0.012), "12ms");
        assert_eq!(go_duration(6_836.832), "1h53m56.832s");
        assert_eq!(go_duration(0.0), "0s");
    }
}

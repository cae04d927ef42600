//! What providers answer: the shapes, texts and headers that were captured or are documented, as short as they can be.

use bytes::Bytes;
use guichet_engine::transport::UpstreamResponse;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::demand::Arrival;
use crate::tiers::{Counts, Tier};
use crate::truth::seconds;
use crate::upstream::Reading;

const DAY: f64 = 86_400.0;

/// The answer to a call, with what is left of the windows of which the provider tells.
pub(crate) fn accepted(
    tier: &Tier,
    call: &Arrival,
    readings: &[Reading],
    now: Timestamp,
) -> UpstreamResponse {
    let body = if tier.provider() == "gemini" {
        json!({
            "candidates": [{"content": {"role": "model", "parts": [{"text": "Yes."}]}, "finishReason": "STOP", "index": 0}],
            "usageMetadata": {
                "promptTokenCount": call.input, "candidatesTokenCount": call.output,
                "totalTokenCount": call.input + call.output,
            },
            "modelVersion": tier.own_name(),
        })
    } else {
        json!({
            "id": "1", "object": "chat.completion", "created": now.as_second(), "model": tier.own_name(),
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}],
            "usage": {
                "prompt_tokens": whole(call.input), "completion_tokens": whole(call.output),
                "total_tokens": whole(call.input + call.output),
            },
        })
    };
    let mut response = answer(200, &integers(body));
    tell(readings, now, &mut response.headers);
    response
}

/// A refusal in the provider's own words.
pub(crate) fn refused(tier: &Tier, full: &[Reading], now: Timestamp) -> UpstreamResponse {
    let Some(worst) = full
        .iter()
        .max_by(|one, other| one.wait.total_cmp(&other.wait))
    else {
        return answer(500, &json!({}));
    };
    let mut response = match tier.provider() {
        "groq" => groq(tier, worst),
        "gemini" => gemini(tier, full),
        "openrouter" => openrouter(worst, now),
        "cloudflare" if worst.window.counts == Counts::Neurons => answer(
            429,
            &json!({"success": false, "errors": [{"code": 3036, "message": "You have used up your daily free allocation of 10,000 neurons. Please upgrade to Cloudflare Workers Paid plan if you would like to continue usage."}]}),
        ),
        "cloudflare" => answer(
            429,
            &json!({"success": false, "errors": [{"code": 3040, "message": "Capacity temporarily exceeded, please try again."}]}),
        ),
        "cerebras" => cerebras(worst),
        "mistral" => answer(
            429,
            &json!({"object": "error", "message": "Rate limit exceeded", "type": "rate_limited", "param": null, "code": "1300"}),
        ),
        "cohere" => answer(
            429,
            &json!({"message": format!(
                "You are using a Trial key, which is limited to {} API calls / {}. You can continue to use the Trial key for free or upgrade to a Production key with higher rate limits at 'https://dashboard.cohere.com/api-keys'.",
                worst.window.limit, if worst.window.per > DAY { "month" } else { "minute" },
            )}),
        ),
        _ => answer(
            429,
            &json!({"error": {"message": format!("Rate limit exceeded: {}", measured(worst).0), "type": "rate_limit_error", "code": "rate_limit_exceeded"}}),
        ),
    };
    tell(full, now, &mut response.headers);
    response
}

fn groq(tier: &Tier, worst: &Reading) -> UpstreamResponse {
    let (what, short) = measured(worst);
    let (limit, used, asked) = (worst.window.limit, worst.used.ceil(), worst.asked);
    let place = format!(
        "model `{}` in organization `org_1` service tier `on_demand` on {what} ({short})",
        tier.own_name()
    );
    let kind = if worst.window.counts == Counts::Requests {
        "requests"
    } else {
        "tokens"
    };
    let error = |message: String| json!({"error": {"message": message, "type": kind, "code": "rate_limit_exceeded"}});
    if asked > limit {
        let message = format!(
            "Request too large for {place}: Limit {limit}, Requested {asked}, please reduce your message size and try again."
        );
        return answer(413, &error(message));
    }
    let wait = go(worst.wait);
    let message = format!(
        "Rate limit reached for {place}: Limit {limit}, Used {used}, Requested {asked}. Please try again in {wait}."
    );
    let mut response = answer(429, &error(message));
    put(
        &mut response.headers,
        "retry-after",
        &format!("{}", worst.wait.ceil().max(1.0)),
    );
    response
}

fn gemini(tier: &Tier, full: &[Reading]) -> UpstreamResponse {
    let violations: Vec<Value> = full
        .iter()
        .map(|reading| {
            let metric = if reading.window.counts == Counts::Requests { "requests" } else { "input_token_count" };
            let unit = if reading.window.per >= DAY { "PerDay" } else { "PerMinute" };
            json!({
                "quotaMetric": format!("generativelanguage.googleapis.com/generate_content_free_tier_{metric}"),
                "quotaId": format!("GenerateRequests{unit}PerProjectPerModel-FreeTier"),
                "quotaDimensions": {"location": "global", "model": tier.own_name()},
                "quotaValue": whole(reading.window.limit),
            })
        })
        .collect();
    // The delay is one of seconds also where the day is spent (an answer of 2026-08-01).
    let delay = full
        .iter()
        .map(|reading| reading.wait)
        .fold(60.0, f64::min)
        .floor();
    answer(
        429,
        &json!({"error": {
            "code": 429, "status": "RESOURCE_EXHAUSTED",
            "message": format!("You exceeded your current quota, please check your plan and billing details. Please retry in {delay}s."),
            "details": [
                {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": violations},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{delay}s")},
            ],
        }}),
    )
}

fn openrouter(worst: &Reading, now: Timestamp) -> UpstreamResponse {
    let daily = worst.window.per >= DAY;
    let reset = whole((seconds(now) + worst.wait) * 1e3).to_string();
    let limit = whole(worst.window.limit).to_string();
    let mut metadata = json!({"headers": {
        "X-RateLimit-Limit": limit, "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset,
    }});
    let message = if daily {
        metadata["limit_source"] = json!("openrouter_free_tier_daily");
        "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day"
    } else {
        "Rate limit exceeded: free-models-per-min. "
    };
    let mut response = answer(
        429,
        &json!({"error": {"message": message, "code": 429, "metadata": metadata}, "user_id": "user_1"}),
    );
    for (name, text) in [
        ("x-ratelimit-limit", &*limit),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", &reset),
    ] {
        put(&mut response.headers, name, text);
    }
    response
}

fn cerebras(worst: &Reading) -> UpstreamResponse {
    if worst.window.counts == Counts::Money {
        return answer(
            402,
            &json!({"message": "Payment required to access this resource.", "type": "payment_required_error", "code": "payment_required"}),
        );
    }
    let unit = if worst.window.per >= DAY {
        "day"
    } else {
        "minute"
    };
    let (message, kind, code) = if worst.window.counts == Counts::Requests {
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
    answer(
        429,
        &json!({"message": message, "type": kind, "param": "quota", "code": code}),
    )
}

fn measured(reading: &Reading) -> (&'static str, &'static str) {
    match (reading.window.counts, reading.window.per >= DAY) {
        (Counts::Requests, true) => ("requests per day", "RPD"),
        (Counts::Requests, false) => ("requests per minute", "RPM"),
        (_, true) => ("tokens per day", "TPD"),
        (_, false) => ("tokens per minute", "TPM"),
    }
}

fn tell(readings: &[Reading], now: Timestamp, headers: &mut HeaderMap) {
    for reading in readings {
        let Some([limit, remaining, reset, format]) = &reading.window.headers else {
            continue;
        };
        let left = (reading.window.limit - reading.used).max(0.0);
        put(headers, limit, &whole(reading.window.limit).to_string());
        put(headers, remaining, &whole(left.floor()).to_string());
        let written = match format.as_str() {
            "go" => go(reading.wait),
            "epoch" => whole(seconds(now) + reading.wait).to_string(),
            _ => format!("{:.3}", reading.wait),
        };
        put(headers, reset, &written);
    }
}

fn put(headers: &mut HeaderMap, name: &str, text: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(text)) {
        headers.insert(name, value);
    }
}

/// As Go writes durations: `7m12.5s`.
fn go(seconds: f64) -> String {
    let milliseconds = whole(seconds.max(0.0) * 1e3);
    let (hours, minutes) = (milliseconds / 3_600_000, milliseconds / 60_000 % 60);
    let rest = format!("{}.{:03}s", milliseconds / 1_000 % 60, milliseconds % 1_000);
    match (hours, minutes) {
        (0, 0) => rest,
        (0, _) => format!("{minutes}m{rest}"),
        _ => format!("{hours}h{minutes}m{rest}"),
    }
}

fn answer(status: u16, body: &Value) -> UpstreamResponse {
    let mut headers = HeaderMap::new();
    put(&mut headers, "content-type", "application/json");
    UpstreamResponse {
        status,
        headers,
        body: Bytes::from(body.to_string()),
    }
}

/// Whole numbers are written without a point.
fn integers(mut body: Value) -> Value {
    if let Some(usage) = body.get_mut("usageMetadata").and_then(Value::as_object_mut) {
        for number in usage.values_mut() {
            *number = json!(whole(number.as_f64().unwrap_or(0.0)));
        }
    }
    body
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are small and not negative"
)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

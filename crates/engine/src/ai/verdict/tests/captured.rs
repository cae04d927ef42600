//! Answers that were captured in public issues and code, or that documents show: each has one of five meanings, and no
//! blend of them.

use guichet_catalogue::model::Dimension;

use super::super::*;
use super::{Case, GROQ, wait};
use crate::gauge::Source;

/// Slow down, spent until then, never on this tier (or never so large), a dead key or no money, no capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meant {
    SlowDown,
    SpentUntil,
    Never,
    DeadKeyOrNoMoney,
    NoCapacity,
}

fn meant(verdict: &Verdict) -> Option<Meant> {
    Some(match (verdict.failure.class, verdict.suspends) {
        (Class::RateLimited, _) => Meant::SlowDown,
        (Class::Auth, _) => Meant::DeadKeyOrNoMoney,
        (Class::QuotaExhausted, Suspends::Credential) if verdict.window.is_none() => {
            Meant::DeadKeyOrNoMoney
        }
        (Class::QuotaExhausted, _) => Meant::SpentUntil,
        (Class::Plan, _) => Meant::Never,
        (Class::Upstream, _) => Meant::NoCapacity,
        _ => return None,
    })
}

/// What a Groq-like text says is spent.
fn spent(what: &str, numbers: [u32; 3], again: &str) -> String {
    let [limit, used, requested] = numbers;
    format!(
        r#"{{"error":{{"message":"Rate limit reached for model `m` in organization `org_0` on {what}: Limit {limit}, Used {used}, Requested {requested}. Please try again in {again}. Visit https://console.groq.com/docs/rate-limits","type":"tokens","code":"rate_limit_exceeded"}}}}"#
    )
}

#[test]
fn buckets_are_waited_for_as_long_as_their_texts_say_and_their_numbers_are_learnt() {
    const DAY: &str = "tokens per day (TPD)";
    const CALLS: &str = "requests per day (RPD)";
    // continuedev/continue#10920; Groq; OpenAI (three); bklieger-groq/stockbot#46; a capture of August 2026.
    for (provider, what, numbers, again, seconds) in [
        ("groq", DAY, [100_000, 97_050, 3_619], "9m38.016s", 578),
        ("groq", CALLS, [1_000, 1_000, 1], "1m26.4s", 86),
        ("openai", CALLS, [10_000, 10_000, 1], "8.64s", 8),
        ("openai", CALLS, [200, 200, 1], "7m12s", 432),
        ("openai", CALLS, [50, 50, 1], "28m48s", 1_728),
        ("groq", DAY, [500_000, 500_370, 252], "1m47.5854s", 107),
        ("groq", DAY, [100_000, 97_843, 9_191], "1h53m56.832s", 6_836),
    ] {
        let body = spent(what, numbers, again);
        let verdict = Case {
            provider,
            body: &body,
            ..GROQ
        }
        .verdict();
        assert_eq!(meant(&verdict), Some(Meant::SpentUntil), "{body}");
        assert_eq!(wait(&verdict), Some(seconds), "{body}");
        let [limit, used, _] = numbers.map(f64::from);
        let dimension = if what == DAY {
            Dimension::Tokens
        } else {
            Dimension::Requests
        };
        let told = verdict
            .gauges
            .iter()
            .find(|gauge| gauge.source == Source::Refusal);
        let told = told.unwrap();
        assert_eq!((told.limit, told.used), (Some(limit), Some(used)));
        assert_eq!(told.dimension, Some(dimension));
        assert_eq!(told.period, Some(Duration::from_hours(24)));
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of captured texts")]
fn each_of_the_others_has_its_one_meaning() {
    const GEMINI_NEVER: &str = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"You exceeded your current quota, please check your plan and billing details.\n* Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 0, model: gemini-2.5-pro"}}"#;
    // danielmiessler/Fabric#364
    const TOO_LARGE: &str = r#"{"error":{"message":"Request too large for model `m` on tokens per minute (TPM): Limit 7000, Used 0, Requested ~12903. Please try again in 50.597142857s.","type":"tokens","code":"rate_limit_exceeded"}}"#;
    const PER_MINUTE: &str =
        r#"{"error":{"message":"Rate limit exceeded: free-models-per-min. ","code":429}}"#;
    const BUSY: &str = r#"{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"qwen/qwen3-coder:free is temporarily rate-limited upstream","provider_name":"Chutes"}}}"#;
    const DEGRADED: &str = r#"{"status":400,"title":"Bad Request","detail":"Function id '0': DEGRADED function cannot be invoked"}"#;
    let nothing: &[(&str, &str)] = &[];
    for (provider, model, status, headers, body, expected) in [
        (
            "groq",
            "openai/gpt-oss-20b",
            413,
            nothing,
            TOO_LARGE,
            Meant::Never,
        ),
        (
            "gemini",
            "gemini-2.5-pro",
            429,
            nothing,
            GEMINI_NEVER,
            Meant::Never,
        ),
        (
            "gemini",
            "gemini-3.6-flash",
            400,
            nothing,
            r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#,
            Meant::DeadKeyOrNoMoney,
        ),
        (
            "openrouter",
            "qwen/qwen3-coder:free",
            429,
            nothing,
            PER_MINUTE,
            Meant::SlowDown,
        ),
        (
            "openrouter",
            "qwen/qwen3-coder:free",
            429,
            nothing,
            BUSY,
            Meant::NoCapacity,
        ),
        (
            "openrouter",
            "qwen/qwen3-coder:free",
            402,
            nothing,
            "{}",
            Meant::DeadKeyOrNoMoney,
        ),
        (
            "deepseek",
            "deepseek-chat",
            402,
            nothing,
            "{}",
            Meant::DeadKeyOrNoMoney,
        ),
        (
            "huggingface",
            "any/model",
            402,
            nothing,
            "{}",
            Meant::DeadKeyOrNoMoney,
        ),
        (
            "mistral",
            "mistral-small-latest",
            429,
            &[("x-ratelimit-remaining-tokens-month", "0")][..],
            "{}",
            Meant::SpentUntil,
        ),
        (
            "nvidia",
            "any/model",
            429,
            nothing,
            r#"{"status":429,"title":"Too Many Requests"}"#,
            Meant::SlowDown,
        ),
        (
            "nvidia",
            "any/model",
            400,
            nothing,
            DEGRADED,
            Meant::NoCapacity,
        ),
        (
            "cloudflare",
            "@cf/openai/gpt-oss-120b",
            429,
            nothing,
            r#"{"success":false,"errors":[{"code":3040,"message":"Capacity temporarily exceeded, please try again."}]}"#,
            Meant::NoCapacity,
        ),
        (
            "cloudflare",
            "@cf/openai/gpt-oss-120b",
            429,
            nothing,
            r#"{"success":false,"errors":[{"code":3036,"message":"You have used up your daily free allocation of 10,000 neurons."}]}"#,
            Meant::SpentUntil,
        ),
        (
            "openai",
            "gpt-5",
            429,
            nothing,
            r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","code":"insufficient_quota"}}"#,
            Meant::DeadKeyOrNoMoney,
        ),
        (
            "anthropic",
            "claude-sonnet-5",
            529,
            nothing,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            Meant::NoCapacity,
        ),
    ] {
        let verdict = Case {
            provider,
            model,
            status,
            headers,
            body,
        }
        .verdict();
        assert_eq!(
            meant(&verdict),
            Some(expected),
            "{provider} {status} {body}"
        );
    }
}

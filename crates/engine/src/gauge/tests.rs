use std::sync::LazyLock;

use guichet_catalogue::files::Files;
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::{Surroundings, load};
use http::{HeaderName, HeaderValue};
use serde_json::json;

use super::*;

const NOW: &str = "2026-11-22T10:31:00Z";
const MINUTE: u64 = 60;
const DAY: u64 = 86_400;
const MONTH: u64 = 30 * DAY;

/// Read once: every case needs it.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let surroundings = Surroundings {
        functions: guichet_local::names().collect(),
    };
    load(&Files::built_in(), &surroundings).unwrap_or_else(|problems| panic!("{problems}"))
});

fn told(provider: &str, model: &str, headers: &[(&str, &str)], body: &Value) -> Vec<Gauge> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(
            HeaderName::try_from(*name).unwrap(),
            HeaderValue::try_from(*value).unwrap(),
        );
    }
    Telling {
        program: &CATALOGUE.program,
        http: CATALOGUE.providers[provider].http().unwrap(),
        model: Some(model),
        within: Within::Answers,
        status: 200,
        headers: &map,
        body: Input::from(body),
        now: NOW.parse().unwrap(),
    }
    .gauges()
}

/// What is counted, over how many seconds, how much it holds and is left, and in how many seconds it ends.
type Row = (Dimension, u64, Option<f64>, Option<f64>, Option<i64>);

fn rows(gauges: &[Gauge]) -> Vec<Row> {
    let now: Timestamp = NOW.parse().unwrap();
    let row = |gauge: &Gauge| {
        let ends = gauge.ends_at.map(|at| at.duration_since(now).as_secs());
        let period = gauge.period.unwrap().as_secs();
        let left = gauge.remaining.or(gauge.used);
        (gauge.dimension.unwrap(), period, gauge.limit, left, ends)
    };
    gauges.iter().map(row).collect()
}

#[test]
fn each_providers_headers_are_read_in_its_own_way() {
    use Dimension::{InputTokens, OutputTokens, Requests, Tokens};
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], Vec<Row>);
    let cases: Vec<Case<'_>> = vec![
        (
            // Groq's documented example: requests are told per day, and the reset is when the bucket is full.
            "groq",
            "openai/gpt-oss-20b",
            &[
                ("x-ratelimit-limit-requests", "14400"),
                ("x-ratelimit-remaining-requests", "14370"),
                ("x-ratelimit-reset-requests", "2m59.56s"),
                ("x-ratelimit-limit-tokens", "18000"),
                ("x-ratelimit-remaining-tokens", "17997"),
                ("x-ratelimit-reset-tokens", "7.66s"),
            ],
            vec![
                (Requests, DAY, Some(14_400.0), Some(14_370.0), None),
                (Tokens, MINUTE, Some(18_000.0), Some(17_997.0), None),
            ],
        ),
        (
            "anthropic",
            "claude-sonnet-5",
            &[
                ("anthropic-ratelimit-requests-limit", "50"),
                ("anthropic-ratelimit-requests-remaining", "49"),
                ("anthropic-ratelimit-requests-reset", "2026-11-22T10:31:01Z"),
                ("anthropic-ratelimit-input-tokens-limit", "30000"),
                ("anthropic-ratelimit-input-tokens-remaining", "29000"),
                ("anthropic-ratelimit-output-tokens-limit", "8000"),
                ("anthropic-ratelimit-output-tokens-remaining", "8000"),
            ],
            vec![
                (Requests, MINUTE, Some(50.0), Some(49.0), None),
                (InputTokens, MINUTE, Some(30_000.0), Some(29_000.0), None),
                (OutputTokens, MINUTE, Some(8_000.0), Some(8_000.0), None),
            ],
        ),
        (
            "mistral",
            "mistral-small-latest",
            &[
                ("x-ratelimit-limit-tokens-minute", "50000"),
                ("x-ratelimit-remaining-tokens-minute", "49881"),
                ("x-ratelimit-limit-tokens-month", "4000000"),
                ("x-ratelimit-remaining-tokens-month", "3999881"),
                ("x-ratelimit-tokens-query-cost", "119"),
            ],
            vec![
                (Tokens, MINUTE, Some(50_000.0), Some(49_881.0), None),
                (Tokens, MONTH, Some(4_000_000.0), Some(3_999_881.0), None),
            ],
        ),
        (
            "cerebras",
            "gpt-oss-120b",
            &[
                ("x-ratelimit-limit-requests-day", "14400"),
                ("x-ratelimit-remaining-requests-day", "14399"),
                ("x-ratelimit-reset-requests-day", "33011.38"),
                ("x-ratelimit-limit-tokens-minute", "30000"),
                ("x-ratelimit-remaining-tokens-minute", "29000"),
                ("x-ratelimit-reset-tokens-minute", "11.38"),
            ],
            vec![
                (Requests, DAY, Some(14_400.0), Some(14_399.0), Some(33_011)),
                (Tokens, MINUTE, Some(30_000.0), Some(29_000.0), Some(11)),
            ],
        ),
        (
            "sambanova",
            "any",
            &[
                ("x-ratelimit-limit-requests-day", "20"),
                ("x-ratelimit-remaining-requests-day", "0"),
                ("x-ratelimit-reset-requests-day", "1795392000"),
            ],
            vec![(Requests, DAY, Some(20.0), Some(0.0), Some(48_540))],
        ),
        (
            "cohere",
            "command-a-03-2025",
            &[
                ("x-endpoint-monthly-call-limit", "1000"),
                ("x-trial-endpoint-call-remaining", "999"),
            ],
            vec![(Requests, MONTH, Some(1_000.0), Some(999.0), None)],
        ),
        ("nvidia", "any", &[("x-ratelimit-remaining", "3")], vec![]),
    ];
    for (provider, model, headers, expected) in cases {
        let gauges = told(provider, model, headers, &Value::Null);
        assert_eq!(rows(&gauges), expected, "{provider}");
        assert!(gauges.iter().all(|gauge| gauge.source == Source::Header));
    }
}

#[test]
fn openrouter_tells_within_the_body_and_in_milliseconds() {
    let body = json!({"error": {"code": 429, "metadata": {"headers": {
        "X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795392000000",
    }}}});
    let gauges = told("openrouter", "qwen/qwen3-coder:free", &[], &body);
    assert_eq!(
        rows(&gauges),
        [(
            Dimension::Requests,
            DAY,
            Some(50.0),
            Some(0.0),
            Some(48_540)
        )]
    );
    assert_eq!(gauges[0].source, Source::Body);
    assert!(gauges[0].is_spent());
    let other = told("openrouter", "anthropic/claude-sonnet-5", &[], &body);
    assert_eq!(other, [], "paid models have no such window");
}

#[test]
fn what_cannot_be_meant_is_not_believed() {
    for text in ["-1", "NaN", "inf", "none", "", "1, 1999"] {
        let told = told(
            "groq",
            "openai/gpt-oss-20b",
            &[("x-ratelimit-remaining-tokens", text)],
            &Value::Null,
        );
        assert_eq!(told, [], "{text}");
    }
}

#[test]
fn every_source_has_a_name_of_its_own() {
    for source in Source::ALL {
        assert_eq!(Source::named(source.as_str()), Some(source));
    }
    assert_eq!(Source::named("gossip"), None);
}

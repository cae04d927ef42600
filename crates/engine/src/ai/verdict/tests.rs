mod captured;

use std::sync::LazyLock;

use guichet_catalogue::files::Files;
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::sample::samples_of_models;
use guichet_catalogue::{Surroundings, load};
use http::{HeaderName, HeaderValue};

use super::*;

const NOW: &str = "2026-11-22T10:31:00Z";

/// Read once: every case needs it.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let surroundings = Surroundings {
        functions: guichet_local::names().collect(),
    };
    load(&Files::built_in(), &surroundings).unwrap_or_else(|problems| panic!("{problems}"))
});

/// An answer, and to whom it is given.
struct Case<'a> {
    provider: &'a str,
    model: &'a str,
    status: u16,
    headers: &'a [(&'a str, &'a str)],
    body: &'a str,
}

/// Speaks OpenAI's dialect with a few quotas, and has no filters of its own for most errors.
const GROQ: Case<'static> = Case {
    provider: "groq",
    model: "openai/gpt-oss-20b",
    status: 429,
    headers: &[],
    body: "",
};

impl Case<'_> {
    fn verdict(&self) -> Verdict {
        let provider = &CATALOGUE.providers[self.provider];
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            headers.append(
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::try_from(*value).unwrap(),
            );
        }
        Complaint {
            program: &CATALOGUE.program,
            provider,
            model: self.model,
            dialect: provider.models.as_ref().unwrap().dialect,
            status: self.status,
            headers: &headers,
            body: self.body.as_bytes(),
            now: NOW.parse().unwrap(),
        }
        .verdict()
    }

    fn found(&self) -> (Class, Suspends) {
        let verdict = self.verdict();
        (verdict.failure.class, verdict.suspends)
    }
}

/// Seconds from now, rounded down.
fn wait(verdict: &Verdict) -> Option<i64> {
    let now: Timestamp = NOW.parse().unwrap();
    verdict
        .failure
        .retry_at
        .map(|at| at.duration_since(now).as_secs())
}

fn error(status: u16, body: &str) -> Verdict {
    Case {
        status,
        body,
        ..GROQ
    }
    .verdict()
}

#[test]
fn every_recorded_error_comes_to_its_class() {
    for sample in samples_of_models(&Files::built_in()).unwrap() {
        let provider = &CATALOGUE.providers[sample.provider.as_str()];
        let response = crate::replay::response(&sample.recorded.exchanges[0]);
        let verdict = Complaint {
            program: &CATALOGUE.program,
            provider,
            model: "some-model",
            dialect: provider.models.as_ref().unwrap().dialect,
            status: response.status,
            headers: &response.headers,
            body: &response.body,
            now: sample.recorded.now.unwrap(),
        }
        .verdict();
        // `ok`: no filter says anything, the table here does.
        let expected = sample.expected.as_ref().unwrap().class;
        if expected != Class::Ok {
            assert_eq!(verdict.failure.class, expected, "{}", sample.file);
        }
    }
}

#[test]
fn a_spent_bucket_is_waited_for_exactly_as_long_as_is_said() {
    let verdict = error(
        429,
        r#"{"error":{"message":"Rate limit reached for model `openai/gpt-oss-20b` in organization `org_0` on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619. Please try again in 9m38.016s.","type":"tokens","code":"rate_limit_exceeded"}}"#,
    );
    assert_eq!(verdict.failure.class, Class::QuotaExhausted);
    assert_eq!(verdict.suspends, Suspends::Model);
    assert_eq!(wait(&verdict), Some(578));
    let tally = Tally {
        limit: 100_000.0,
        used: Some(97_050.0),
        requested: 3_619.0,
    };
    assert_eq!(verdict.tally, Some(tally));
    let silent = error(
        429,
        r#"{"error":{"message":"on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619.","code":"rate_limit_exceeded"}}"#,
    );
    assert_eq!(wait(&silent), Some(578), "computed where it is not said");
}

#[test]
fn a_request_larger_than_its_window_suspends_nothing() {
    for status in [413, 429] {
        let verdict = error(
            status,
            r#"{"error":{"message":"on tokens per minute (TPM): Limit 7000, Used 0, Requested ~12903. Please try again in 50.597142857s.","type":"tokens","code":"rate_limit_exceeded"}}"#,
        );
        assert_eq!(
            (verdict.failure.class, verdict.suspends),
            (Class::Plan, Suspends::Nothing)
        );
        assert_eq!(
            verdict.kind,
            Kind::ContextLength,
            "a larger one may take it"
        );
        assert_eq!(wait(&verdict), None);
    }
    let plain = Case {
        provider: "fireworks",
        body: r#"{"error":{"message":"Limit 7000, Used 0, Requested 12903"}}"#,
        ..GROQ
    };
    assert_eq!(
        plain.found(),
        (Class::Plan, Suspends::Nothing),
        "without a filter too"
    );
}

/// Google's answer to a spent quota, with these ids of quotas.
fn gemini(quotas: &[&str]) -> Verdict {
    let violations: Vec<String> = quotas
        .iter()
        .map(|id| format!(r#"{{"quotaId":"{id}"}}"#))
        .collect();
    let body = format!(
        r#"{{"error":{{"code":429,"status":"RESOURCE_EXHAUSTED","message":"You exceeded your current quota, please check your plan and billing details. limit: 20\nPlease retry in 38.2s.","details":[{{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{}]}},{{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"38.2s"}}]}}}}"#,
        violations.join(",")
    );
    Case {
        provider: "gemini",
        model: "gemini-3.6-flash",
        body: &body,
        ..GROQ
    }
    .verdict()
}

#[test]
fn a_spent_day_of_gemini_lasts_to_midnight_in_california_although_seconds_are_said() {
    let day = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";
    let minute = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier";
    let midnight: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
    for quotas in [&[day][..], &[day, minute]] {
        let verdict = gemini(quotas);
        assert_eq!(
            (verdict.failure.class, verdict.suspends),
            (Class::QuotaExhausted, Suspends::Model)
        );
        assert_eq!(verdict.failure.retry_at, Some(midnight));
    }
    let slow = gemini(&[minute]);
    assert_eq!(
        (slow.failure.class, wait(&slow)),
        (Class::RateLimited, Some(38))
    );
}

#[test]
fn openrouters_milliseconds_are_no_years() {
    let body = r#"{"error":{"message":"Rate limit exceeded: free-models-per-day","code":429,"metadata":{"headers":{"X-RateLimit-Limit":"50","X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1795392000000"},"limit_source":"openrouter_free_tier_daily"}}}"#;
    let verdict = Case {
        provider: "openrouter",
        model: "qwen/qwen3-coder:free",
        body,
        ..GROQ
    }
    .verdict();
    assert_eq!(
        (verdict.failure.class, verdict.suspends),
        (Class::QuotaExhausted, Suspends::Group)
    );
    assert_eq!(
        verdict.failure.retry_at,
        Some("2026-11-23T00:00:00Z".parse().unwrap())
    );
    assert_eq!(verdict.window, Some(Duration::from_hours(24)));
}

#[test]
fn a_bare_429_says_nothing_of_when() {
    let verdict = Case {
        provider: "nvidia",
        model: "openai/gpt-oss-120b",
        body: r#"{"status":429,"title":"Too Many Requests"}"#,
        ..GROQ
    }
    .verdict();
    assert_eq!(
        (verdict.failure.class, wait(&verdict)),
        (Class::RateLimited, None)
    );
}

#[test]
fn hours_are_no_short_window() {
    let verdict = Case {
        provider: "together",
        body: r#"{"error":{"message":"Too many requests, try again in 5 hours"}}"#,
        ..GROQ
    }
    .verdict();
    assert_eq!(
        (verdict.failure.class, wait(&verdict)),
        (Class::QuotaExhausted, Some(18_000))
    );
}

#[test]
fn a_header_with_nothing_left_tells_which_window_it_is() {
    let spent = Case {
        headers: &[
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-remaining-tokens", "7000"),
        ],
        body: r#"{"error":{"message":"slow down"}}"#,
        ..GROQ
    };
    let verdict = spent.verdict();
    assert_eq!(verdict.failure.class, Class::QuotaExhausted);
    assert_eq!(verdict.window, Some(Duration::from_hours(24)));
    let wait = wait(&verdict).unwrap();
    assert!(
        (86..=864).contains(&wait),
        "a share of the day, not the day: {wait} s"
    );
}

#[test]
fn cloudflares_spent_day_and_full_house_are_told_apart() {
    let neurons = |code: u16| {
        let body = format!(r#"{{"success":false,"errors":[{{"code":{code},"message":"…"}}]}}"#);
        Case {
            provider: "cloudflare",
            model: "@cf/openai/gpt-oss-120b",
            body: &body,
            ..GROQ
        }
        .verdict()
    };
    let spent = neurons(3036);
    assert_eq!(
        (spent.failure.class, spent.suspends),
        (Class::QuotaExhausted, Suspends::Credential)
    );
    assert_eq!(
        spent.failure.retry_at,
        Some("2026-11-23T00:00:00Z".parse().unwrap())
    );
    let full = neurons(3040);
    assert_eq!(
        (full.failure.class, full.suspends),
        (Class::Upstream, Suspends::Nothing)
    );
}

#[test]
fn no_money_is_looked_at_again_a_day_later() {
    for (status, body) in [
        (402, r#"{"error":{"message":"Payment required"}}"#),
        (
            429,
            r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
        ),
        (429, r#"{"error":{"message":"Insufficient balance"}}"#),
    ] {
        let verdict = error(status, body);
        assert_eq!(
            (verdict.failure.class, verdict.suspends),
            (Class::QuotaExhausted, Suspends::Credential)
        );
        assert_eq!(wait(&verdict), Some(86_400), "{body}");
    }
}

#[test]
fn a_status_without_words_means_what_it_usually_does() {
    for (status, body, class, suspends) in [
        (
            401,
            r#"{"error":{"message":"no"}}"#,
            Class::Auth,
            Suspends::Credential,
        ),
        (
            403,
            r#"{"error":{"message":"no"}}"#,
            Class::Auth,
            Suspends::Credential,
        ),
        (
            403,
            r#"{"error":{"message":"The model is not for your tier"}}"#,
            Class::Plan,
            Suspends::Model,
        ),
        (
            403,
            "<html>Attention required</html>",
            Class::Blocked,
            Suspends::Provider,
        ),
        (
            404,
            r#"{"error":{"message":"The model `x` does not exist"}}"#,
            Class::Gone,
            Suspends::Model,
        ),
        (404, "", Class::Plan, Suspends::Model),
        (410, "", Class::Gone, Suspends::Model),
        (408, "", Class::Upstream, Suspends::Provider),
        (
            500,
            r#"{"error":{"message":"oops"}}"#,
            Class::Upstream,
            Suspends::Model,
        ),
        (
            502,
            "<html>Bad gateway</html>",
            Class::Upstream,
            Suspends::Provider,
        ),
        (
            529,
            r#"{"error":{"message":"Overloaded"}}"#,
            Class::Upstream,
            Suspends::Model,
        ),
        (
            422,
            r#"{"error":{"message":"no"}}"#,
            Class::BadRequest,
            Suspends::Nothing,
        ),
        (
            400,
            r#"{"error":{"message":"Incorrect API key provided"}}"#,
            Class::Auth,
            Suspends::Credential,
        ),
        (
            429,
            r#"{"error":{"message":"The model is overloaded"}}"#,
            Class::Upstream,
            Suspends::Model,
        ),
    ] {
        let case = Case {
            status,
            body,
            ..GROQ
        };
        assert_eq!(case.found(), (class, suspends), "{status} {body}");
    }
}

#[test]
fn a_refused_request_is_explained_to_the_caller_and_to_nobody_else() {
    let body = r#"{"error":{"message":"`temperature` of MY SECRET POEM must be below 2","type":"invalid_request_error","param":"temperature","code":"invalid_value"}}"#;
    let verdict = error(400, body);
    assert_eq!(
        (verdict.failure.class, verdict.kind),
        (Class::BadRequest, Kind::Other)
    );
    let expected = Rejection {
        status: 400,
        message: "`temperature` of MY SECRET POEM must be below 2".into(),
        param: Some("temperature".into()),
        code: Some("invalid_value".into()),
    };
    assert_eq!(verdict.rejection, Some(expected));
    assert!(!verdict.failure.detail.contains("POEM"));
    let secret = error(
        401,
        r#"{"error":{"message":"Incorrect API key provided: sk-1234"}}"#,
    );
    assert_eq!(secret.rejection, None);
}

#[test]
fn requests_are_refused_for_their_length_their_content_or_a_missing_ability() {
    for (status, body, kind) in [
        (
            400,
            r#"{"error":{"message":"…","code":"context_length_exceeded"}}"#,
            Kind::ContextLength,
        ),
        (
            400,
            r#"{"error":{"message":"This model's maximum context length is 8192 tokens"}}"#,
            Kind::ContextLength,
        ),
        (
            413,
            r#"{"error":{"message":"Payload too large"}}"#,
            Kind::ContextLength,
        ),
        (
            400,
            r#"{"error":{"message":"…","code":"content_policy_violation"}}"#,
            Kind::ContentPolicy,
        ),
        (
            403,
            r#"{"error":{"message":"Your input was flagged"}}"#,
            Kind::ContentPolicy,
        ),
        (
            400,
            r#"{"error":{"message":"`tools` is not supported by this model"}}"#,
            Kind::Unsupported,
        ),
        (
            400,
            r#"{"error":{"message":"`messages` must not be empty"}}"#,
            Kind::Other,
        ),
    ] {
        let verdict = error(status, body);
        assert_eq!(verdict.failure.class, Class::BadRequest, "{body}");
        assert_eq!(
            (verdict.kind, verdict.suspends),
            (kind, Suspends::Nothing),
            "{body}"
        );
    }
}

#[test]
fn the_other_dialects_say_it_in_their_words() {
    let claude = |status, body| Case {
        provider: "anthropic",
        model: "claude-sonnet-5",
        status,
        body,
        ..GROQ
    };
    let long = claude(
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
    )
    .verdict();
    assert_eq!(
        (long.failure.class, long.kind),
        (Class::BadRequest, Kind::ContextLength)
    );
    let busy = claude(
        529,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
    );
    assert_eq!(busy.found(), (Class::Upstream, Suspends::Model));
    let slow = Case {
        headers: &[("retry-after", "12")],
        ..claude(
            429,
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"…"}}"#,
        )
    }
    .verdict();
    assert_eq!(
        (slow.failure.class, wait(&slow)),
        (Class::RateLimited, Some(12))
    );
    let weekly = Case {
        provider: "ollama",
        body: r#"{"error":"you have reached your weekly usage limit"}"#,
        ..GROQ
    };
    assert_eq!(
        weekly.found(),
        (Class::QuotaExhausted, Suspends::Credential)
    );
}

#[test]
fn an_error_within_a_good_answer_counts_as_its_own_status() {
    for (body, class) in [
        (
            r#"{"error":{"message":"Provider returned error","code":503}}"#,
            Class::Upstream,
        ),
        (
            r#"{"error":{"message":"…","type":"rate_limit_error"}}"#,
            Class::RateLimited,
        ),
        (
            r#"{"object":"error","message":"too long","type":"BAD_REQUEST","code":400}"#,
            Class::BadRequest,
        ),
        (r#"{"error":{"message":"it broke"}}"#, Class::Upstream),
        ("<html>Sign in</html>", Class::Blocked),
        (r#"{"choices":[]}"#, Class::BadPayload),
    ] {
        let verdict = error(200, body);
        assert_eq!(verdict.failure.class, class, "{body}");
        assert_eq!(verdict.failure.status, Some(200), "as it was answered");
    }
}

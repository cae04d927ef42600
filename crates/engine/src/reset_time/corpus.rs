//! Times as providers were seen to write them, with their meanings.

use http::HeaderName;

use super::*;

/// Half past ten on a Sunday.
fn now() -> Timestamp {
    "2026-11-22T10:31:00Z".parse().unwrap()
}

/// How long from now, in milliseconds.
fn wait(at: Option<Timestamp>) -> Option<i128> {
    at.map(|at| at.duration_since(now()).as_millis())
}

/// Values of headers and members of bodies; who writes so.
const VALUES: [(&str, Option<i128>, &str); 24] = [
    ("120", Some(120_000), "Retry-After of HTTP"),
    ("0", Some(0), "Anthropic, now and then"),
    ("59.5", Some(59_500), "Cerebras: a float without a unit"),
    (
        "Sun, 22 Nov 2026 10:32:00 GMT",
        Some(60_000),
        "an HTTP date",
    ),
    ("1m26.4s", Some(86_400), "Groq, requests of a day"),
    ("2m59.56s", Some(179_560), "Groq's documentation"),
    ("6m0s", Some(360_000), "OpenAI"),
    ("12ms", Some(12), "OpenAI"),
    ("8.64s", Some(8_640), "OpenAI, requests of a day"),
    ("7.66s", Some(7_660), "Groq, tokens of a minute"),
    ("1h53m56.832s", Some(6_836_832), "Groq, tokens of a day"),
    ("36s", Some(36_000), "Gemini's RetryInfo"),
    ("36.429760048s", Some(36_429), "Gemini's RetryInfo"),
    ("1795343520", Some(60_000), "seconds since 1970"),
    (
        "1795343520.5",
        Some(60_500),
        "seconds since 1970 and a half",
    ),
    (
        "1795343520000",
        Some(60_000),
        "OpenRouter: milliseconds since 1970",
    ),
    ("2026-11-22T10:32:00Z", Some(60_000), "Anthropic: RFC 3339"),
    (
        "2026-11-22T11:32:00+01:00",
        Some(60_000),
        "the same elsewhere",
    ),
    ("2026-11-22T10:30:00Z", Some(0), "what is past is now"),
    ("9000000", None, "104 days"),
    ("17953435200000", None, "centuries"),
    ("-5", None, "before now"),
    ("NaN", None, "no number"),
    ("soon", None, "no time"),
];

/// Sentences, most of them from public issues.
const SENTENCES: [(&str, Option<i128>); 16] = [
    (
        "Rate limit reached for model `openai/gpt-oss-120b` in organization `org_0` on tokens per day (TPD): Limit 100000, \
         Used 97050, Requested 3619. Please try again in 9m38.016s. Need more tokens? Upgrade to Dev Tier today",
        Some(578_016),
    ),
    (
        "on requests per day (RPD): Limit 1000, Used 1000, Requested 1. Please try again in 1m26.4s.",
        Some(86_400),
    ),
    (
        "Limit 7000, Used 0, Requested ~12903. Please try again in 50.597142857s.",
        Some(50_597),
    ),
    (
        "Limit 200, Used 200. Please try again in 7m12s. Contact us",
        Some(432_000),
    ),
    ("Please try again in 28m48s.", Some(1_728_000)),
    ("Please try again in 1h53m56.832s.", Some(6_836_832)),
    ("Please try again in 20ms.", Some(20)),
    (
        "Limit 8000, Requested 2900, please try again in 4.2s.",
        Some(4_200),
    ),
    (
        "You exceeded your current quota, please check your plan. * Quota exceeded for metric: \
         generate_content_free_tier_requests, limit: 20\nPlease retry in 36.429760048s.",
        Some(36_429),
    ),
    ("Your quota will reset after 12h34m16s.", Some(45_256_000)),
    (
        "Rate limit exceeded, try again in 5 hours",
        Some(18_000_000),
    ),
    ("Try again in 1 hour and 30 minutes.", Some(5_400_000)),
    ("Too many requests; retry after 30 seconds", Some(30_000)),
    ("Too many requests, retry after 30.", Some(30_000)),
    (
        "you have reached your weekly usage limit, resets at 2026-11-22T12:31:00Z.",
        Some(7_200_000),
    ),
    (
        "Please try again in a moment; 5 hours of 20 minutes were used",
        None,
    ),
];

#[test]
fn each_value_in_use_is_read_without_knowing_its_form() {
    for (text, expected, whose) in VALUES {
        assert_eq!(wait(written(text, now())), expected, "{text} ({whose})");
    }
}

#[test]
fn a_sentence_is_searched_for_its_time() {
    for (sentence, expected) in SENTENCES {
        assert_eq!(wait(in_words(sentence, now())), expected, "{sentence}");
    }
}

#[test]
fn of_several_times_in_a_sentence_the_latest_holds() {
    let sentence =
        "Requests: please retry in 12s. Tokens: please retry in 1m5s. Bursts: try again in 3s.";
    assert_eq!(wait(in_words(sentence, now())), Some(65_000));
}

#[test]
fn each_header_in_use_is_read() {
    for (name, value, expected) in [
        ("retry-after", "120", Some(120_000)),
        ("retry-after", "1.5", Some(1_500)),
        ("retry-after", "36s", Some(36_000)),
        ("retry-after", "Sun, 22 Nov 2026 10:32:00 GMT", Some(60_000)),
        ("retry-after", "Sun, 22 Nov 2026 09:00:00 GMT", Some(0)),
        ("retry-after", "1795343520000", Some(60_000)),
        ("retry-after", "4102444800", None),
        ("retry-after", "-5", None),
        ("retry-after-ms", "2500", Some(2_500)),
        ("x-ms-retry-after-ms", "86400", Some(86_400)),
        ("x-rate-limit-retry-after-seconds", "7", Some(7_000)),
        ("x-ratelimit-reset", "7", None),
    ] {
        let headers =
            HeaderMap::from_iter([(HeaderName::from_static(name), value.parse().unwrap())]);
        assert_eq!(
            wait(retry_after(&headers, now())),
            expected,
            "{name}: {value}"
        );
    }
}

#[test]
fn milliseconds_are_preferred_to_seconds_that_were_rounded() {
    let headers = HeaderMap::from_iter([
        (HeaderName::from_static("retry-after"), "1".parse().unwrap()),
        (
            HeaderName::from_static("retry-after-ms"),
            "250".parse().unwrap(),
        ),
    ]);
    assert_eq!(wait(retry_after(&headers, now())), Some(250));
}

#[test]
fn a_known_form_is_read_as_it_is() {
    use ResetFormat::{EpochMilliseconds, EpochSeconds, GoDuration, HttpDate, Rfc3339, Seconds};
    for (text, format, expected) in [
        ("2m59.56s", GoDuration, Some(179_560)),
        ("120", GoDuration, None),
        ("59.5", Seconds, Some(59_500)),
        ("1795343520", EpochSeconds, Some(60_000)),
        ("1795343520000", EpochSeconds, None),
        ("1795343520000", EpochMilliseconds, Some(60_000)),
        ("2026-11-22T10:32:00Z", Rfc3339, Some(60_000)),
        ("Sun, 22 Nov 2026 10:32:00 GMT", HttpDate, Some(60_000)),
    ] {
        assert_eq!(wait(in_format(text, format, now())), expected, "{text}");
    }
}

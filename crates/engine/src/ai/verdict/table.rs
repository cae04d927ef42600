//! What errors mean where the provider's file does not say: words and statuses that are common to a dialect.

use guichet_catalogue::model::{Class, Suspends};
use guichet_dialects::error::ProviderError;
use jiff::Timestamp;

use super::told::Told;
use super::{Complaint, Kind, Meaning, Reading};
use crate::periods::{DAY, HOUR};

/// Statuses of errors that come within a good answer, by their words.
const STATUSES: [(&str, u16); 21] = [
    ("invalid_request_error", 400),
    ("invalid_argument", 400),
    ("bad_request", 400),
    ("badrequesterror", 400),
    ("context_length_exceeded", 400),
    ("authentication_error", 401),
    ("unauthenticated", 401),
    ("billing_error", 402),
    ("permission_error", 403),
    ("permission_denied", 403),
    ("not_found_error", 404),
    ("not_found", 404),
    ("request_too_large", 413),
    ("rate_limit_error", 429),
    ("rate_limit_exceeded", 429),
    ("resource_exhausted", 429),
    ("insufficient_quota", 429),
    ("api_error", 500),
    ("server_error", 500),
    ("timeout_error", 504),
    ("overloaded_error", 529),
];

/// Words that say more than the status that they come with.
const WORDS: [(&str, Class, Suspends); 13] = [
    (
        "insufficient_quota",
        Class::QuotaExhausted,
        Suspends::Credential,
    ),
    ("billing_error", Class::QuotaExhausted, Suspends::Credential),
    (
        "billing_not_active",
        Class::QuotaExhausted,
        Suspends::Credential,
    ),
    (
        "billing_hard_limit_reached",
        Class::QuotaExhausted,
        Suspends::Credential,
    ),
    ("invalid_api_key", Class::Auth, Suspends::Credential),
    ("api_key_invalid", Class::Auth, Suspends::Credential),
    ("authentication_error", Class::Auth, Suspends::Credential),
    ("unauthenticated", Class::Auth, Suspends::Credential),
    ("account_deactivated", Class::Auth, Suspends::Credential),
    ("model_not_found", Class::Gone, Suspends::Model),
    ("model_decommissioned", Class::Gone, Suspends::Model),
    ("model_not_available", Class::Gone, Suspends::Model),
    ("overloaded_error", Class::Upstream, Suspends::Model),
];

/// Phrases of dead keys that come with a 400 or 403.
const DEAD_KEY: [&str; 4] = [
    "api key not valid",
    "invalid api key",
    "incorrect api key",
    "api key expired",
];

/// Phrases of empty accounts. OpenAI's "check your plan and billing details" is not one: Gemini says it of every limit.
const NO_MONEY: [&str; 5] = [
    "insufficient balance",
    "insufficient credit",
    "insufficient_quota",
    "out of credits",
    "credit balance is too low",
];

/// Phrases of servers that have too much to do.
const NO_CAPACITY: [&str; 6] = [
    "overloaded",
    "at capacity",
    "out of capacity",
    "over capacity",
    "high traffic",
    "high demand",
];

/// Phrases, and codes, by which requests are refused.
const KINDS: [(Kind, &[&str]); 3] = [
    (
        Kind::ContextLength,
        &[
            "context_length_exceeded",
            "exceed_context_size",
            "context length",
            "context window",
            "context size",
            "context limit",
            "prompt is too long",
            "input is too long",
            "prompt exceeds max length",
            "max_model_len",
            "maximum number of tokens",
            "too many tokens",
            "reduce the length",
            "request too large",
            "request_too_large",
        ],
    ),
    (
        Kind::ContentPolicy,
        &[
            "content_policy",
            "content policy",
            "content_filter",
            "content filter",
            "content management policy",
            "prohibited_content",
            "responsible ai",
            "safety system",
            "usage policies",
            "usage policy",
            "moderation",
            "flagged",
        ],
    ),
    (
        Kind::Unsupported,
        &[
            "unsupported",
            "not supported",
            "does not support",
            "doesn't support",
            "not_supported",
        ],
    ),
];

/// What an error means.
pub(super) fn meaning(complaint: &Complaint<'_>, reading: &Reading, told: &Told<'_>) -> Meaning {
    let by_status = |class, suspends| plain(class, suspends, "the status says so");
    if reading.status < 400 {
        return if reading.page {
            plain(Class::Blocked, Suspends::Provider, "a page instead of data")
        } else {
            plain(Class::BadPayload, Suspends::Model, "an answer that is none")
        };
    }
    if told.never_fits() {
        return plain(
            Class::Plan,
            Suspends::Nothing,
            "the request is larger than a window",
        );
    }
    if let Some((_, class, suspends)) = WORDS.iter().find(|(word, ..)| says(&reading.error, word)) {
        return plain(*class, *suspends, "its code says so");
    }
    match reading.status {
        429 => too_much(complaint, reading, told),
        400 | 403 if has(reading, &DEAD_KEY) => {
            plain(Class::Auth, Suspends::Credential, "the key is not valid")
        }
        401 => by_status(Class::Auth, Suspends::Credential),
        402 => by_status(Class::QuotaExhausted, Suspends::Credential),
        403 => forbidden(complaint, reading),
        451 => by_status(Class::Blocked, Suspends::Provider),
        404 if names_model(complaint, reading) => by_status(Class::Gone, Suspends::Model),
        404 => by_status(Class::Plan, Suspends::Model),
        410 => by_status(Class::Gone, Suspends::Model),
        400 if reading.page => plain(Class::Blocked, Suspends::Provider, "a page instead of data"),
        408 | 409 | 425 | 498 | 499 | 500.. => upstream(reading),
        _ => by_status(Class::BadRequest, Suspends::Nothing),
    }
}

/// Too often, too much, spent, or nobody there to answer: a 429 may be each of these.
fn too_much(complaint: &Complaint<'_>, reading: &Reading, told: &Told<'_>) -> Meaning {
    if has(reading, &NO_MONEY) {
        return plain(
            Class::QuotaExhausted,
            Suspends::Credential,
            "there is no money left",
        );
    }
    if has(reading, &["request too large"]) {
        return plain(
            Class::Plan,
            Suspends::Nothing,
            "the request is larger than a window",
        );
    }
    let window = told.period.max(told.spent());
    let is_long = window.is_some_and(|window| window >= DAY)
        || told.at.is_some_and(|at| is_after(at, complaint.now, HOUR));
    let meaning = if is_long {
        plain(
            Class::QuotaExhausted,
            Suspends::Model,
            "a long window is used up",
        )
    } else if window.is_none() && has(reading, &NO_CAPACITY) {
        plain(Class::Upstream, Suspends::Model, "it has no capacity")
    } else {
        plain(Class::RateLimited, Suspends::Model, "the status says so")
    };
    let quotas = complaint.provider.quotas_of(complaint.model);
    let shared = !quotas.is_empty() && !quotas.iter().any(|quota| quota.each_model);
    let suspends = match meaning.class {
        Class::Upstream => Suspends::Model,
        _ if shared => Suspends::Credential,
        _ => Suspends::Model,
    };
    Meaning {
        suspends,
        window,
        ..meaning
    }
}

fn forbidden(complaint: &Complaint<'_>, reading: &Reading) -> Meaning {
    let keyed = complaint
        .provider
        .http()
        .is_some_and(|http| http.auth.takes_credential());
    if reading.page || !keyed {
        plain(Class::Blocked, Suspends::Provider, "the status says so")
    } else if reading.is_error && has(reading, KINDS[1].1) {
        plain(Class::BadRequest, Suspends::Nothing, "its content policy")
    } else if names_model(complaint, reading) {
        plain(
            Class::Plan,
            Suspends::Model,
            "the model is not for this key",
        )
    } else {
        plain(Class::Auth, Suspends::Credential, "the status says so")
    }
}

/// Who answers in its dialect is there, and only this model is in trouble.
fn upstream(reading: &Reading) -> Meaning {
    let suspends = if reading.is_error {
        Suspends::Model
    } else {
        Suspends::Provider
    };
    plain(Class::Upstream, suspends, "the status says so")
}

/// What is particular about a refused request.
pub(super) fn kind(reading: &Reading, told: &Told<'_>) -> Kind {
    if reading.status == 413 || told.never_fits() {
        return Kind::ContextLength;
    }
    let found = KINDS.iter().find(|(_, phrases)| has(reading, phrases));
    found.map_or(Kind::Other, |(kind, _)| *kind)
}

/// How long to wait where nobody says: an account is filled up by people.
pub(super) fn usual_wait(meaning: Meaning, status: u16, now: Timestamp) -> Option<Timestamp> {
    let money = meaning.class == Class::QuotaExhausted
        && meaning.window.is_none()
        && (status == 402 || meaning.suspends == Suspends::Credential);
    money.then(|| now.checked_add(DAY).ok()).flatten()
}

/// What is left alone where the provider's file names only the class.
pub(super) fn usually_suspends(class: Class) -> Suspends {
    match class {
        Class::Ok | Class::Empty | Class::BadRequest => Suspends::Nothing,
        Class::Auth => Suspends::Credential,
        Class::Blocked => Suspends::Provider,
        Class::Plan
        | Class::RateLimited
        | Class::QuotaExhausted
        | Class::Upstream
        | Class::BadPayload
        | Class::Gone => Suspends::Model,
    }
}

/// The status of an error that came with a good one.
pub(super) fn status_within(error: &ProviderError) -> u16 {
    let by_word = || STATUSES.iter().find(|(word, _)| says(error, word));
    error
        .status
        .filter(|status| *status >= 400)
        .or_else(|| by_word().map(|(_, status)| *status))
        .unwrap_or(502)
}

fn plain(class: Class, suspends: Suspends, detail: &'static str) -> Meaning {
    Meaning {
        class,
        suspends,
        window: None,
        retry_at: None,
        detail,
    }
}

fn says(error: &ProviderError, word: &str) -> bool {
    let is = |own: &Option<String>| {
        own.as_deref()
            .is_some_and(|own| own.eq_ignore_ascii_case(word))
    };
    is(&error.code) || is(&error.kind)
}

fn has(reading: &Reading, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| reading.text.contains(phrase))
}

fn names_model(complaint: &Complaint<'_>, reading: &Reading) -> bool {
    let id = complaint.model.to_ascii_lowercase();
    reading.is_error && (reading.text.contains("model") || reading.text.contains(&id))
}

fn is_after(at: Timestamp, now: Timestamp, wait: std::time::Duration) -> bool {
    now.checked_add(wait).is_ok_and(|bound| at > bound)
}

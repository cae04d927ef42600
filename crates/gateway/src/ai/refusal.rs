//! Refusals of the engine, for clients that see one sentence: what they could read in a problem's members is put into
//! words.

use std::fmt::Write;

use guichet_engine::answer::{Reason, Refusal, SkipReason, Skipped};
use guichet_engine::outcome::{Attempt, Class};

use crate::codes::Code;
use crate::problem::Problem;

/// How many providers a sentence names.
const NAMED: usize = 6;

/// The problem that a refusal is.
pub(super) fn problem(refusal: Refusal) -> Problem {
    let failed = matches!(refusal.reason, Reason::AllSuspended | Reason::AllFailed);
    let (code, detail) = match &refusal.reason {
        _ if failed && is_for(&refusal, is_limit) => (
            Code::AtLimit,
            format!(
                "every provider that could answer has used up its quota{}",
                who(&refusal)
            ),
        ),
        _ if failed && is_for(&refusal, |class| class == Class::Gone) => {
            let detail = format!("no provider has a model of this name{}", who(&refusal));
            // Waiting brings no model back.
            let problem = Problem::new(Code::UnknownModel, detail);
            return problem.with_history(refusal.attempts, refusal.skipped, None);
        }
        Reason::AllSuspended => (
            Code::AllSuspended,
            format!(
                "every provider that could answer is suspended or has no quota left{}",
                names(&refusal.skipped, SkipReason::is_temporary)
            ),
        ),
        Reason::AllFailed => (
            Code::AllFailed,
            format!(
                "every provider that was asked failed{}",
                tried(&refusal.attempts)
            ),
        ),
        Reason::Deadline => (
            Code::Deadline,
            format!(
                "time was up before a provider answered{}",
                tried(&refusal.attempts)
            ),
        ),
        Reason::NoCandidate => (Code::NoCandidate, no_candidate(&refusal.skipped)),
        _ => return Problem::from(refusal),
    };
    Problem::new(code, detail).with_history(refusal.attempts, refusal.skipped, refusal.retry_at)
}

/// Whether nothing but failures of these classes is in the way of those who could answer.
fn is_for(refusal: &Refusal, is_such: fn(Class) -> bool) -> bool {
    let tried = refusal.attempts.iter().map(|attempt| attempt.class);
    let skipped = refusal.skipped.iter();
    let waiting = skipped.filter(|skipped| skipped.reason.is_temporary());
    let mut classes = tried.chain(waiting.map(class_of)).peekable();
    classes.peek().is_some() && classes.all(is_such)
}

fn is_limit(class: Class) -> bool {
    matches!(class, Class::RateLimited | Class::QuotaExhausted)
}

/// The class of failure that it would have been.
fn class_of(skipped: &Skipped) -> Class {
    match skipped.reason {
        SkipReason::Quota | SkipReason::Busy => Class::RateLimited,
        _ => skipped.class.unwrap_or(Class::Upstream),
    }
}

/// Who failed, and who was not asked at all for now.
fn who(refusal: &Refusal) -> String {
    if refusal.attempts.is_empty() {
        names(&refusal.skipped, SkipReason::is_temporary)
    } else {
        tried(&refusal.attempts)
    }
}

/// `: groq, mistral`
fn names(skipped: &[Skipped], which: impl Fn(SkipReason) -> bool) -> String {
    let mut names: Vec<&str> = Vec::new();
    for one in skipped.iter().filter(|skipped| which(skipped.reason)) {
        if !names.contains(&&*one.provider) {
            names.push(&one.provider);
        }
    }
    listed(names.iter().map(|name| (*name).to_owned()))
}

/// `: groq (rate_limited, 429), mistral (timeout)`
fn tried(attempts: &[Attempt]) -> String {
    listed(attempts.iter().map(|attempt| match attempt.status {
        Some(status) => format!("{} ({}, {status})", attempt.provider, attempt.class),
        None => format!("{} ({})", attempt.provider, attempt.class),
    }))
}

fn listed(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    let mut text = String::new();
    for (place, item) in items.iter().take(NAMED).enumerate() {
        text.push_str(if place == 0 { ": " } else { ", " });
        text.push_str(item);
    }
    if let Some(more @ 1..) = items.len().checked_sub(NAMED) {
        // A string takes everything.
        let _written = write!(text, " and {more} more");
    }
    text
}

/// What is in the way, and what to do about it: the mendable first.
fn no_candidate(skipped: &[Skipped]) -> String {
    const WAYS: [(SkipReason, &str); 10] = [
        (
            SkipReason::Paid,
            "all who could take it cost, and only what is free was asked for",
        ),
        (
            SkipReason::Unpriced,
            "nobody knows what those who could take it cost, and the caller's money is limited",
        ),
        (
            SkipReason::Trains,
            "all who could take it train on what they are sent, which was not wanted",
        ),
        (
            SkipReason::Licence,
            "the terms of all who could take it do not allow commercial use",
        ),
        (
            SkipReason::NotAllowed,
            "the request leaves out all who could take it",
        ),
        (
            SkipReason::Context,
            "the request is too long for every model that could take it",
        ),
        (
            SkipReason::Ability,
            "no model that may be asked can do what the request needs",
        ),
        (SkipReason::Input, "no provider can take such input"),
        (
            SkipReason::NoCredential,
            "these only lack a credential (`guichet credential set <provider>`)",
        ),
        (
            SkipReason::Disabled,
            "all who could take it are turned off (`providers.<id>.enabled`)",
        ),
    ];
    let way = WAYS
        .iter()
        .find(|(reason, _)| skipped.iter().any(|skipped| skipped.reason == *reason));
    match way {
        Some((reason, way)) => format!(
            "no provider can take this call; {way}{}",
            names(skipped, |other| other == *reason)
        ),
        None => "no provider can take this call: none is set up for it (`guichet credential set <provider>`)"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn skipped(provider: &str, reason: SkipReason) -> Skipped {
        Skipped {
            provider: provider.into(),
            reason,
            retry_at: None,
            class: None,
        }
    }

    fn attempt(class: Class, status: u16) -> Attempt {
        Attempt {
            provider: "groq".into(),
            class,
            status: Some(status),
            took: Duration::ZERO,
            retry_at: None,
        }
    }

    fn said(reason: Reason, skipped: Vec<Skipped>) -> (u16, String) {
        told(reason, Vec::new(), skipped)
    }

    fn told(reason: Reason, attempts: Vec<Attempt>, skipped: Vec<Skipped>) -> (u16, String) {
        let refusal = Refusal {
            reason,
            attempts,
            skipped,
            retry_at: None,
        };
        let problem = problem(refusal);
        (problem.code.status().as_u16(), problem.detail().to_owned())
    }

    #[test]
    fn only_limits_in_the_way_are_a_429_and_anything_else_is_not() {
        use SkipReason::{Busy, NoCredential, Quota, Suspended};
        let status = |reasons: &[SkipReason]| {
            let skipped = reasons.iter().map(|reason| skipped("groq", *reason));
            said(Reason::AllSuspended, skipped.collect()).0
        };
        assert_eq!(status(&[Quota, Busy]), 429);
        assert_eq!(status(&[Quota, NoCredential]), 429);
        assert_eq!(status(&[Quota, Suspended]), 503);
        assert_eq!(status(&[NoCredential]), 503);
        assert_eq!(status(&[]), 503);
    }

    #[test]
    fn the_sentence_says_who_failed_and_how() {
        let attempts = vec![
            attempt(Class::RateLimited, 429),
            attempt(Class::Upstream, 500),
        ];
        assert_eq!(
            told(Reason::AllFailed, attempts, Vec::new()),
            (
                502,
                "every provider that was asked failed: groq (rate_limited, 429), groq (upstream, 500)".to_owned()
            )
        );
    }

    #[test]
    fn limits_that_only_the_answers_told_are_a_429_now_and_while_they_last() {
        let limited = vec![
            attempt(Class::RateLimited, 429),
            attempt(Class::QuotaExhausted, 402),
        ];
        assert_eq!(told(Reason::AllFailed, limited, Vec::new()).0, 429);
        let waiting = Skipped {
            class: Some(Class::RateLimited),
            ..skipped("groq", SkipReason::Suspended)
        };
        assert_eq!(said(Reason::AllSuspended, vec![waiting]).0, 429);
    }

    #[test]
    fn a_model_that_its_providers_do_not_have_is_unknown_now_and_the_next_time() {
        let gone = vec![attempt(Class::Gone, 404)];
        insta::assert_snapshot!(told(Reason::AllFailed, gone, Vec::new()).1, @"no provider has a model of this name: groq (gone, 404)");
        let waiting = Skipped {
            class: Some(Class::Gone),
            ..skipped("groq", SkipReason::Suspended)
        };
        assert_eq!(said(Reason::AllSuspended, vec![waiting.clone()]).0, 404);
        let another = skipped("mistral", SkipReason::Quota);
        assert_eq!(said(Reason::AllSuspended, vec![waiting, another]).0, 503);
    }

    #[test]
    fn nobody_to_ask_comes_with_what_to_do() {
        use SkipReason::{NoCredential, Paid};
        let none = said(
            Reason::NoCandidate,
            vec![skipped("groq", NoCredential), skipped("groq", NoCredential)],
        );
        insta::assert_snapshot!(none.1, @"no provider can take this call; these only lack a credential (`guichet credential set <provider>`): groq");
        let paid = said(
            Reason::NoCandidate,
            vec![skipped("groq", NoCredential), skipped("openai", Paid)],
        );
        insta::assert_snapshot!(paid.1, @"no provider can take this call; all who could take it cost, and only what is free was asked for: openai");
    }

    #[test]
    fn a_long_list_is_cut() {
        let many = (0..9).map(|number| skipped(&format!("p{number}"), SkipReason::Quota));
        let (_, sentence) = said(Reason::AllSuspended, many.collect());
        assert!(
            sentence.ends_with(": p0, p1, p2, p3, p4, p5 and 3 more"),
            "{sentence}"
        );
    }
}

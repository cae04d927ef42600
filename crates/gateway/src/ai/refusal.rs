//! Refusals of the engine, for clients that see one sentence: what they could read in a problem's members is put into
//! words.

use std::fmt::Write;

use guichet_engine::answer::{Reason, Refusal, SkipReason, Skipped};
use guichet_engine::outcome::Attempt;

use crate::codes::Code;
use crate::problem::Problem;

/// How many providers a sentence names.
const NAMED: usize = 6;

/// The problem that a refusal is.
pub(super) fn problem(refusal: Refusal) -> Problem {
    let (code, detail) = match &refusal.reason {
        Reason::AllSuspended if is_at_limit(&refusal.skipped) => (
            Code::AtLimit,
            format!(
                "every provider that could answer has used up its quota{}",
                names(&refusal.skipped, SkipReason::is_temporary)
            ),
        ),
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

/// Whether nothing but limits is in the way of those who could answer.
fn is_at_limit(skipped: &[Skipped]) -> bool {
    let mut temporary = skipped
        .iter()
        .filter(|skipped| skipped.reason.is_temporary());
    let is_limit =
        |skipped: &Skipped| matches!(skipped.reason, SkipReason::Quota | SkipReason::Busy);
    temporary.clone().next().is_some() && temporary.all(is_limit)
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
    const WAYS: [(SkipReason, &str); 9] = [
        (
            SkipReason::Paid,
            "all who could take it cost, and only what is free was asked for",
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

    use guichet_engine::outcome::Class;

    use super::*;

    fn skipped(provider: &str, reason: SkipReason) -> Skipped {
        Skipped {
            provider: provider.into(),
            reason,
            retry_at: None,
        }
    }

    fn said(reason: Reason, skipped: Vec<Skipped>) -> (u16, String) {
        let refusal = Refusal {
            reason,
            attempts: vec![Attempt {
                provider: "groq".into(),
                class: Class::RateLimited,
                status: Some(429),
                took: Duration::ZERO,
                retry_at: None,
            }],
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
        assert_eq!(
            said(Reason::AllFailed, Vec::new()),
            (
                502,
                "every provider that was asked failed: groq (rate_limited, 429)".to_owned()
            )
        );
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

//! Streams of models under every pair of letters over the first two candidates: the real engine, paused time.
//!
//! What must hold in each: one answer or one refusal within the time; no words of two candidates in one stream; a stream
//! without an error at its end is whole; whoever would have answered is reached; nothing stays open upstream; the call is
//! recorded once.

use std::collections::BTreeMap;
use std::time::Duration;

use guichet_catalogue::model::ai::Dialect;
use guichet_engine::ai::{Door, ModelContent};
use guichet_engine::answer::Refusal;
use guichet_engine::{ModelSettings, Settings};
use guichet_sim::Fault;
use guichet_tests::heard::Heard;
use guichet_tests::speakers::{SENTENCE, Studio, asked};

/// How long callers wait for the beginning.
const TIME: Duration = Duration::from_secs(20);

/// A door and the dialect behind it.
const WAYS: [(Door, Dialect); 8] = [
    (Door::Chat, Dialect::OpenAi),
    (Door::Messages, Dialect::Anthropic),
    (Door::Messages, Dialect::OpenAi),
    (Door::Chat, Dialect::Gemini),
    (Door::Chat, Dialect::Ollama),
    (Door::Responses, Dialect::OpenAi),
    (Door::Responses, Dialect::Anthropic),
    (Door::Completions, Dialect::OpenAi),
];

/// What a caller got.
#[derive(Debug)]
enum Got {
    Stream { provider: String, heard: Heard },
    Refused(Refusal),
}

async fn ask(studio: &Studio, door: Door) -> Got {
    let answer = match studio.ask(asked(door, true)).await {
        Ok(answer) => answer,
        Err(refusal) => return Got::Refused(refusal),
    };
    let provider = answer.provider.to_string();
    let ModelContent::Stream(pieces) = answer.content else {
        panic!("a stream was asked for");
    };
    let heard = Heard::of(door, pieces).await;
    Got::Stream { provider, heard }
}

fn letters() -> impl Iterator<Item = Fault> {
    Fault::ALL.into_iter().chain(Fault::STREAMS)
}

/// Whether a candidate under this fault gives a whole answer in time.
fn answers(fault: Fault) -> bool {
    fault == Fault::Ok
}

/// Whether it says something before it fails.
fn begins(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::ResetAfter(1..)
            | Fault::StallAfter(1..)
            | Fault::ErrorEvent(1..)
            | Fault::EofWithoutFinish(1..)
            // Half of the bytes may hold a word.
            | Fault::BodyStall
            | Fault::ResetMidBody
            | Fault::TruncatedJson
    )
}

fn settings() -> Settings {
    Settings {
        models: ModelSettings {
            timeout: TIME,
            ..ModelSettings::default()
        },
        ..Settings::default()
    }
}

async fn pair(door: Door, dialect: Dialect, first: Fault, second: Fault) -> &'static str {
    let providers = [("first", dialect, ""), ("second", dialect, "")];
    let studio = Studio::deciding(&providers, settings()).await;
    studio.speakers.set_fault("first", first);
    studio.speakers.set_fault("second", second);
    let began = tokio::time::Instant::now();
    let got = ask(&studio, door).await;
    let what = format!("{door:?} over {dialect:?}: {first} then {second}: {got:?}");
    let kind = match &got {
        Got::Stream { heard, .. } if heard.finish.is_some() && heard.ended && !heard.failed => {
            assert_eq!(heard.text, SENTENCE, "{what}");
            "whole"
        }
        Got::Stream { provider, heard } => {
            let Heard {
                text,
                ended,
                failed,
                ..
            } = heard;
            assert!(*failed && !ended, "a broken stream says so: {what}");
            assert!(
                !text.is_empty() && SENTENCE.starts_with(text.as_str()),
                "{what}"
            );
            let fault = if provider == "first" { first } else { second };
            assert!(begins(fault), "{what}");
            "broken off"
        }
        Got::Refused(refusal) => {
            assert!(!answers(first) && !answers(second), "{what}");
            assert!(
                began.elapsed() <= TIME + Duration::from_millis(50),
                "{what}"
            );
            let named = refusal.attempts.len() + refusal.skipped.len();
            assert!(named >= 2, "every candidate is named: {what}");
            "refused"
        }
    };
    if first == Fault::Ok || (second == Fault::Ok && !begins(first)) {
        assert_eq!(kind, "whole", "{what}");
    }
    tokio::task::yield_now().await;
    for provider in ["first", "second"] {
        assert_eq!(
            studio.speakers.open(provider),
            0,
            "{provider} is left open: {what}"
        );
        assert!(studio.speakers.requests(provider).len() <= 1, "{what}");
    }
    assert_eq!(studio.records.lock().len(), 1, "{what}");
    kind
}

#[tokio::test(start_paused = true)]
async fn every_pair_of_letters_over_the_first_two_candidates() {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for (door, dialect) in WAYS {
        for first in letters() {
            for second in letters() {
                *counts
                    .entry(pair(door, dialect, first, second).await)
                    .or_default() += 1;
            }
        }
    }
    let all: u32 = counts.values().sum();
    println!("{all} combinations of faults over streams, no violation: {counts:?}");
    assert_eq!(all, 8 * 31 * 31);
}

//! Streams of models under every pair of letters over the first two candidates: the real engine, paused time.
//!
//! What must hold in each: one answer or one refusal within the time; no words of two candidates in one stream; a stream
//! without an error at its end is whole; whoever would have answered is reached; nothing stays open upstream; the call is
//! recorded once.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use guichet_catalogue::model::ai::Dialect;
use guichet_dialects::chat::Event;
use guichet_dialects::framing::{Frames, Framing};
use guichet_dialects::{anthropic, openai};
use guichet_engine::ai::{Door, ModelContent};
use guichet_engine::answer::Refusal;
use guichet_engine::{ModelSettings, Settings};
use guichet_sim::Fault;
use guichet_tests::speakers::{SENTENCE, Studio, asked};

/// How long callers wait for the beginning.
const TIME: Duration = Duration::from_secs(20);

/// A door and the dialect behind it.
const WAYS: [(Door, Dialect); 5] = [
    (Door::Chat, Dialect::OpenAi),
    (Door::Messages, Dialect::Anthropic),
    (Door::Messages, Dialect::OpenAi),
    (Door::Chat, Dialect::Gemini),
    (Door::Chat, Dialect::Ollama),
];

/// What a caller got.
#[derive(Debug)]
enum Got {
    Stream {
        provider: String,
        text: String,
        finished: bool,
        ended: bool,
        failed: bool,
    },
    Refused(Refusal),
}

async fn ask(studio: &Studio, door: Door) -> Got {
    let answer = match studio.ask(asked(door, true)).await {
        Ok(answer) => answer,
        Err(refusal) => return Got::Refused(refusal),
    };
    let provider = answer.provider.to_string();
    let ModelContent::Stream(mut pieces) = answer.content else {
        panic!("a stream was asked for");
    };
    let mut frames = Frames::new(Framing::ServerSentEvents);
    let mut events = Vec::new();
    let mut chat = openai::chat::StreamReader::default();
    let mut messages = anthropic::StreamReader::default();
    while let Some(piece) = pieces.next().await {
        frames.push(&piece);
        while let Some(frame) = frames.next().unwrap_or_else(|error| panic!("{error}")) {
            let read = match door {
                Door::Messages => messages.read(&frame, &mut events),
                _ => chat.read(&frame, &mut events),
            };
            read.unwrap_or_else(|error| panic!("the caller cannot read it: {error}"));
        }
    }
    assert!(!frames.pending(), "only whole events reach the caller");
    let text = events.iter().filter_map(|event| match event {
        Event::Text { text, .. } => Some(text.as_str()),
        _ => None,
    });
    let text = text.collect();
    let any = |wanted: fn(&Event) -> bool| events.iter().any(wanted);
    Got::Stream {
        provider,
        text,
        finished: any(|event| matches!(event, Event::Finish { .. })),
        ended: any(|event| matches!(event, Event::End)),
        failed: any(|event| matches!(event, Event::Failed(_))),
    }
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
        Got::Stream {
            text,
            finished: true,
            ended: true,
            failed: false,
            ..
        } => {
            assert_eq!(text, SENTENCE, "{what}");
            "whole"
        }
        Got::Stream {
            provider,
            text,
            ended,
            failed,
            ..
        } => {
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
    assert_eq!(all, 5 * 31 * 31);
}

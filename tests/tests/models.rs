//! Stories of calls to models: who is asked, who is raced, what is recorded, what is spent.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use guichet_catalogue::model::ai::Dialect::{Anthropic, OpenAi};
use guichet_engine::ai::{Door, ModelCall, ModelContent, Wish};
use guichet_engine::answer::{Reason, Served, SkipReason};
use guichet_engine::outcome::Class;
use guichet_sim::Fault;
use guichet_sim::Pacing;
use guichet_tests::heard::Heard;
use guichet_tests::speakers::{SENTENCE, Studio, asked, whole};
use guichet_tests::stage::credential;
use serde_json::Value;

const TWO: [(&str, guichet_catalogue::model::ai::Dialect, &str); 2] =
    [("first", OpenAi, ""), ("second", OpenAi, "")];

/// The doors at which models speak.
const DOORS: [Door; 4] = [
    Door::Chat,
    Door::Messages,
    Door::Responses,
    Door::Completions,
];

/// Hears the stream that answers a call.
async fn hear(studio: &Studio, call: ModelCall) -> Heard {
    let door = call.door;
    match studio.ask(call).await.map(|answer| answer.content) {
        Ok(ModelContent::Stream(pieces)) => Heard::of(door, pieces).await,
        other => panic!("a stream was asked for: {}", other.is_ok()),
    }
}

/// A call whose answer may be kept and shared.
fn shareable() -> ModelCall {
    let mut call = asked(Door::Chat, false);
    let body = String::from_utf8_lossy(&call.body).replace("\"stream\":false", "\"temperature\":0");
    call.body = Bytes::from(body);
    call.facts.temperature = Some(0.0);
    call.wish.cache = true;
    call
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_is_silent_is_raced_by_the_next_one() {
    let studio = Studio::of(&TWO).await;
    studio.speakers.set_fault("first", Fault::HeaderTimeout);
    let began = tokio::time::Instant::now();
    let answer = studio.ask(asked(Door::Chat, true)).await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(&*answer.provider, "second");
    let classes: Vec<_> = answer
        .attempts
        .iter()
        .map(|attempt| attempt.class)
        .collect();
    assert_eq!(classes, [Class::Upstream, Class::Ok]);
    assert!(whole(answer).await.contains("[DONE]"));
    assert_eq!(studio.speakers.open("first"), 0, "the loser is cancelled");
}

#[tokio::test(start_paused = true)]
async fn five_dead_candidates_cost_less_than_three_seconds() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let providers = names.map(|name| (name, OpenAi, ""));
    let studio = Studio::of(&providers).await;
    let faults = [
        Fault::Refused,
        Fault::BadCert,
        Fault::HeaderTimeout,
        Fault::TooManyBare,
        Fault::ServerError,
    ];
    for (name, fault) in names.iter().zip(faults) {
        studio.speakers.set_fault(name, fault);
    }
    let began = tokio::time::Instant::now();
    let answer = studio.ask(asked(Door::Chat, true)).await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(&*answer.provider, "f");
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_ends_the_exchange_and_is_billed_once() {
    let studio = Studio::of(&TWO).await;
    let pacing = Pacing {
        between: Duration::from_secs(1),
        ..Pacing::AT_ONCE
    };
    studio.speakers.set_pacing("first", pacing);
    let answer = studio.ask(asked(Door::Chat, true)).await.unwrap();
    let ModelContent::Stream(mut pieces) = answer.content else {
        panic!("a stream was asked for");
    };
    assert!(pieces.next().await.is_some());
    assert_eq!(studio.speakers.open("first"), 1);
    drop(pieces);
    assert_eq!(studio.speakers.open("first"), 0, "at once");
    assert_eq!(studio.records.lock().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn tokens_are_estimated_before_and_settled_after() {
    let quota =
        "[[quota]]\nlimit = 1000\nper = \"day\"\ndimension = \"tokens\"\nscope = \"account\"\n";
    let studio = Studio::of(&[("first", OpenAi, quota)]).await;
    let answer = studio.ask(asked(Door::Chat, true)).await.unwrap();
    studio.engine.flush().await;
    let reserved = studio.store.used("first", "tokens/day");
    assert!(
        reserved > 100.0,
        "the answer's bound is reserved: {reserved}"
    );
    whole(answer).await;
    studio.engine.flush().await;
    let used = studio.store.used("first", "tokens/day");
    assert!((used - 14.0).abs() < 1e-9, "{used}");
    let record = studio.records.lock()[0].clone();
    assert!(record.counted);
    assert_eq!((record.usage.input, record.usage.output), (9, 5));
    assert!(record.first_token.is_some());
}

#[tokio::test(start_paused = true)]
async fn another_credential_is_used_from_the_next_call_on_under_the_same_name() {
    let studio = Studio::of(&[("first", OpenAi, "")]).await;
    for secret in ["secret", "another", "another", "a third"] {
        if secret != "secret" {
            let other = credential("first", "own", secret);
            studio.engine.replace_credentials(vec![other]);
        }
        whole(studio.ask(asked(Door::Chat, false)).await.unwrap()).await;
        whole(studio.ask(asked(Door::Chat, true)).await.unwrap()).await;
        for request in studio.speakers.requests("first").iter().rev().take(2) {
            assert_eq!(request.headers["authorization"], format!("Bearer {secret}"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_into_a_quota_is_never_sent() {
    let quota =
        "[[quota]]\nlimit = 50\nper = \"day\"\ndimension = \"tokens\"\nscope = \"account\"\n";
    let studio = Studio::of(&[("first", OpenAi, quota), ("second", OpenAi, "")]).await;
    let answer = studio.ask(asked(Door::Chat, false)).await.unwrap();
    assert_eq!(&*answer.provider, "second");
    assert!(studio.speakers.requests("first").is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_answers_in_place_of_another_pays_from_its_own_quota_and_is_passed_over_when_it_is_spent()
 {
    let quota = "[[quota]]\nlimit = 1\nper = \"day\"\nscope = \"account\"\n";
    let providers = [
        ("first", OpenAi, ""),
        ("second", OpenAi, quota),
        ("third", OpenAi, ""),
    ];
    let studio = Studio::of(&providers).await;
    studio.speakers.set_fault("first", Fault::ServerError);
    for (stream, expected) in [(true, "second"), (false, "third"), (true, "third")] {
        let answer = studio.ask(asked(Door::Chat, stream)).await.unwrap();
        assert_eq!(&*answer.provider, expected);
        whole(answer).await;
    }
    assert_eq!(studio.speakers.requests("second").len(), 1);
    studio.engine.flush().await;
    let used = studio.store.used("second", "requests/day");
    assert!((used - 1.0).abs() < 1e-9, "{used}");
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_is_passed_on_byte_for_byte_in_its_own_dialect() {
    let studio = Studio::of(&[("first", Anthropic, "")]).await;
    let mut call = asked(Door::Messages, false);
    let body = String::from_utf8(call.body.to_vec()).unwrap();
    call.body = Bytes::from(body.replace("\"stream\":false", "\"unheard_of\": [1.50, {\"a\" :2}]"));
    let sent = call.body.clone();
    whole(studio.ask(call).await.unwrap()).await;
    let requests = studio.speakers.requests("first");
    assert_eq!(requests[0].body, sent, "nothing was re-typed");
    assert_eq!(requests[0].url.query(), None, "no key in the URL");
}

#[tokio::test(start_paused = true)]
async fn equal_calls_that_may_share_an_answer_are_asked_once() {
    let studio = Studio::of(&TWO).await;
    let mut call = shareable();
    let (one, other) = tokio::join!(studio.ask(call.clone()), studio.ask(call.clone()));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.served, one.shared), (Served::Fresh, false));
    assert!(whole(one).await.contains(SENTENCE));
    assert_eq!((other.served, other.shared), (Served::Cached, true));
    assert_eq!(other.cost, Some(0.0), "it was paid once");
    assert!(other.attempts.is_empty());
    assert_eq!(studio.speakers.requests("first").len(), 1);
    let records = studio.records.lock().clone();
    let served: Vec<_> = records.iter().map(|record| record.served).collect();
    assert_eq!(served, [Some(Served::Fresh), Some(Served::Cached)]);
    assert_eq!(
        records[1].usage.total(),
        0,
        "each is recorded, one of them with its tokens"
    );
    let third = studio.ask(call.clone()).await.unwrap();
    assert_eq!(third.served, Served::Cached);
    call.wish.cache = false;
    assert_eq!(studio.ask(call).await.unwrap().served, Served::Fresh);
    assert_eq!(studio.speakers.requests("first").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_waits_longer_does_not_fail_with_who_is_in_a_hurry() {
    let studio = Studio::of(&[("first", OpenAi, "")]).await;
    let slow = Pacing {
        first: Duration::from_secs(5),
        ..Pacing::AT_ONCE
    };
    studio.speakers.set_pacing("first", slow);
    let hurried = |time| {
        let mut call = shareable();
        call.wish.timeout = Some(Duration::from_secs(time));
        studio.ask(call)
    };
    let (short, long, same) = tokio::join!(hurried(1), hurried(30), hurried(1));
    for refused in [short, same] {
        assert_eq!(refused.unwrap_err().reason, Reason::Deadline);
    }
    assert_eq!(long.unwrap().served, Served::Fresh);
    assert_eq!(studio.speakers.requests("first").len(), 2);
    assert_eq!(studio.records.lock().len(), 3, "each is recorded");
}

#[tokio::test(start_paused = true)]
async fn free_only_reaches_nothing_that_costs() {
    let studio = Studio::of(&TWO).await;
    let mut call = asked(Door::Chat, true);
    for model in ["m", "first/m", "auto", "auto:fast"] {
        call.wish = Wish {
            models: vec![model.into()],
            free_only: true,
            ..Wish::default()
        };
        let refusal = studio.ask(call.clone()).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::NoCandidate, "{model}");
        assert!(
            refusal
                .skipped
                .iter()
                .all(|skipped| skipped.reason == SkipReason::Paid),
            "{refusal:?}"
        );
    }
    assert!(studio.speakers.requests("first").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_stalls_in_the_middle_is_said_to_have_broken_off() {
    let studio = Studio::of(&TWO).await;
    studio.speakers.set_fault("first", Fault::StallAfter(1));
    let answer = studio.ask(asked(Door::Chat, true)).await.unwrap();
    let began = tokio::time::Instant::now();
    let text = whole(answer).await;
    assert!(
        text.contains("\"error\"") && !text.contains("[DONE]"),
        "{text}"
    );
    assert!(began.elapsed() <= Duration::from_secs(31));
}

#[tokio::test(start_paused = true)]
async fn what_a_provider_says_is_used_is_believed() {
    let quota = "[[quota]]\nlimit = 200000\nper = \"day\"\nkind = \"bucket\"\ndimension = \"tokens\"\nscope = \"account\"\n";
    let studio = Studio::of(&[("first", OpenAi, quota), ("second", OpenAi, "")]).await;
    let message = "Rate limit reached for model `m` on tokens per day (TPD): Limit 200000, Used 199990, Requested 109. \
                   Please try again in 42.768s.";
    studio.speakers.refuse("first", 429, message);
    let answer = studio.ask(asked(Door::Chat, true)).await.unwrap();
    assert_eq!(&*answer.provider, "second");
    studio.engine.flush().await;
    let used = studio.store.used("first", "tokens/bucket-86400s");
    assert!((199_990.0..=200_000.0).contains(&used), "{used}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_broke_off_is_continued_where_the_caller_wishes_it() {
    let ways = DOORS.map(|door| [(door, OpenAi), (door, Anthropic)]);
    for (door, dialect) in ways.into_iter().flatten() {
        let studio = Studio::of(&[("first", OpenAi, ""), ("second", dialect, "")]).await;
        studio.speakers.set_fault("first", Fault::ResetAfter(1));
        let mut call = asked(door, true);
        call.wish.resume = true;
        let heard = hear(&studio, call).await;
        assert!(heard.ended && !heard.failed, "{heard:?}");
        let said = heard.text.strip_suffix(SENTENCE).unwrap();
        assert!(!said.is_empty() && SENTENCE.starts_with(said), "{heard:?}");
        let asked = studio.speakers.requests("second");
        let body: Value = serde_json::from_slice(&asked[0].body).unwrap();
        let messages = body["messages"].as_array().unwrap();
        let [question, answer, wish] = messages.as_slice() else {
            panic!("{body}");
        };
        assert!(question.to_string().contains("Is it open?"), "{body}");
        assert_eq!(answer["role"], "assistant");
        assert!(answer.to_string().contains(said.trim_end()), "{body}");
        assert!(wish.to_string().contains("broke off"), "{body}");
        assert!(body["max_tokens"].as_u64().unwrap() < 100, "{body}");
        assert_eq!(studio.records.lock().len(), 2, "each of both is recorded");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_continues_says_that_it_broke_off() {
    for door in DOORS {
        let studio = Studio::of(&TWO).await;
        studio.speakers.set_fault("first", Fault::ResetAfter(1));
        studio.speakers.set_fault("second", Fault::ServerError);
        let mut call = asked(door, true);
        call.wish.resume = true;
        let heard = hear(&studio, call).await;
        assert!(heard.failed && !heard.ended, "{door:?}: {heard:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_stays_open_after_the_last_word_is_no_failure() {
    for door in [Door::Chat, Door::Messages] {
        let studio = Studio::of(&TWO).await;
        studio.speakers.linger("first");
        let began = tokio::time::Instant::now();
        let text = whole(studio.ask(asked(door, true)).await.unwrap()).await;
        assert!(!text.contains("\"error\""), "{text}");
        assert!(began.elapsed() <= Duration::from_secs(1), "{door:?}");
        assert_eq!(studio.records.lock()[0].outcome, Class::Ok);
        assert_eq!(studio.speakers.open("first"), 0);
    }
}

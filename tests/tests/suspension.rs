//! Who is left alone, for how long, and how they come back: one call at first, and then all.

use std::time::Duration;

use futures_util::future::join_all;
use guichet_engine::answer::{Answer, Reason, Refusal, SkipReason};
use guichet_engine::outcome::Class;
use guichet_engine::transport::TransportError;
use guichet_sim::alphabet::Scripted;
use guichet_tests::small::{Small, thing};
use guichet_tests::stage::{Setup, Stage, skipped, tried};
use guichet_tests::upstream::{after, answers, fails, json};
use serde_json::json as value;

const FIRST: &str = "first.example";
const SECOND: &str = "second.example";
const SECOND_OF_TIME: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

fn of(providers: &[&str]) -> Small {
    providers
        .iter()
        .fold(Small::new(""), |small, id| small.plain(id))
}

fn two() -> Setup {
    Setup::of(of(&["first", "second"]).load())
}

/// The second one is well.
async fn started(setup: Setup, first: Scripted) -> Stage {
    let stage = setup.start().await;
    stage.upstream.always(FIRST, first);
    stage.upstream.always(SECOND, thing(2));
    stage
}

fn limited(seconds: &str) -> Scripted {
    answers(429, &[("retry-after", seconds)], "")
}

/// Another shape than the declared one: a failure that no second try mends.
fn wrong() -> Scripted {
    json(200, &value!({"other": "shape"}))
}

async fn answered(stage: &Stage) -> Answer {
    let answer = stage.get(value!({})).await;
    answer.unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

async fn provider(stage: &Stage) -> String {
    answered(stage).await.provider.to_string()
}

async fn refused(stage: &Stage) -> Refusal {
    match stage.get(value!({})).await {
        Ok(answer) => panic!("{} answered", answer.provider),
        Err(refusal) => refusal,
    }
}

/// Seconds from now on.
fn from_now(stage: &Stage, refusal: &Refusal) -> f64 {
    let at = refusal.retry_at.unwrap_or_else(|| panic!("{refusal:?}"));
    at.duration_since(stage.now()).as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn a_limited_provider_is_left_alone_as_long_as_it_said_and_then_one_call_probes() {
    let stage = started(two(), limited("30")).await;
    assert_eq!(
        tried(&answered(&stage).await.attempts),
        "first:rate_limited second:ok"
    );
    stage.wait(29 * SECOND_OF_TIME).await;
    assert_eq!(tried(&answered(&stage).await.attempts), "second:ok");
    assert_eq!(stage.upstream.asked(FIRST), 1);

    stage.wait(SECOND_OF_TIME).await;
    stage
        .upstream
        .always(FIRST, after(2 * SECOND_OF_TIME, thing(1)));
    let stampede = join_all((0..50).map(|_| provider(&stage))).await;
    let probes = stampede.iter().filter(|who| *who == "first").count();
    assert_eq!((probes, stage.upstream.asked(FIRST)), (1, 2));
    assert!(
        stampede
            .iter()
            .all(|who| ["first", "second"].contains(&who.as_str()))
    );

    let back = join_all((0..50).map(|_| provider(&stage))).await;
    assert!(back.iter().all(|who| who == "first"), "{back:?}");
    assert_eq!(stage.upstream.asked(FIRST), 52);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_means_a_longer_wait_and_again_one_probe() {
    let stage = started(two(), json(429, &value!({}))).await;
    answered(&stage).await;
    for (round, minutes) in [1, 2, 4, 8, 15, 15].into_iter().enumerate() {
        stage.wait(Duration::from_secs(minutes * 60 - 3)).await;
        answered(&stage).await;
        assert_eq!(stage.upstream.asked(FIRST), 1 + round, "too early");
        stage.wait(3 * SECOND_OF_TIME).await;
        join_all((0..20).map(|_| answered(&stage))).await;
        assert_eq!(stage.upstream.asked(FIRST), 2 + round, "no or many probes");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_from_before_that_ends_during_the_probe_lets_no_second_one_in() {
    let slow = 4 * SECOND_OF_TIME;
    let ends = [
        ("answered", thing(9)),
        ("broken", fails(TransportError::Broken)),
        ("limited", limited("1")),
        ("wrong", wrong()),
        ("a bad request", json(400, &value!({}))),
    ];
    for (what, end) in ends {
        let stage = started(two(), after(Duration::from_millis(4_500), thing(1))).await;
        stage.upstream.next(FIRST, after(slow, end));
        stage.upstream.next(FIRST, limited("1"));
        let old = async { stage.get(value!({})).await.is_ok() };
        let story = async {
            stage.wait(SECOND_OF_TIME).await;
            assert_eq!(provider(&stage).await, "second", "{what}");
            stage.wait(2 * SECOND_OF_TIME).await;
            let probe = async { provider(&stage).await };
            let others = async {
                // The old call ends at four seconds, the probe at seven and a half.
                for _ in 0..8 {
                    stage.wait(SECOND_OF_TIME / 2).await;
                    assert_eq!(provider(&stage).await, "second", "{what}");
                    assert_eq!(stage.upstream.asked(FIRST), 3, "{what}: a second probe");
                }
            };
            let (probe, ()) = tokio::join!(probe, others);
            assert_eq!(probe, "first", "{what}");
        };
        let (old, ()) = tokio::join!(old, story);
        assert!(old, "{what}");
        assert_eq!(provider(&stage).await, "first", "{what}: it is back");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_from_before_whose_caller_leaves_lets_no_second_probe_in() {
    let stage = started(two(), after(3 * SECOND_OF_TIME, thing(1))).await;
    stage
        .upstream
        .next(FIRST, after(5 * SECOND_OF_TIME, thing(9)));
    stage.upstream.next(FIRST, limited("1"));
    let (engine, call) = (stage.engine.clone(), stage.written("get", &value!({})));
    let leaving = tokio::spawn(async move { engine.call(call).await });
    stage.wait(SECOND_OF_TIME / 2).await;
    assert_eq!(provider(&stage).await, "second");
    stage.wait(2 * SECOND_OF_TIME).await;
    let probe = async { provider(&stage).await };
    let others = async {
        stage.wait(SECOND_OF_TIME / 2).await;
        leaving.abort();
        stage.wait(SECOND_OF_TIME / 2).await;
        assert_eq!(provider(&stage).await, "second");
    };
    let (probe, ()) = tokio::join!(probe, others);
    assert_eq!(probe, "first");
    assert_eq!(stage.upstream.asked(FIRST), 3);
}

#[tokio::test(start_paused = true)]
async fn a_probe_whose_caller_leaves_is_taken_up_by_the_next_call() {
    let stage = started(two(), thing(1)).await;
    stage.upstream.next(FIRST, limited("1"));
    stage
        .upstream
        .next(FIRST, after(3 * SECOND_OF_TIME, thing(1)));
    answered(&stage).await;
    stage.wait(2 * SECOND_OF_TIME).await;
    let (engine, call) = (stage.engine.clone(), stage.written("get", &value!({})));
    let leaving = tokio::spawn(async move { engine.call(call).await });
    stage.wait(SECOND_OF_TIME).await;
    assert_eq!(provider(&stage).await, "second");
    leaving.abort();
    stage.wait(SECOND_OF_TIME).await;
    assert_eq!(provider(&stage).await, "first");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_does_not_exist_is_asked_for_again_after_two_minutes() {
    let stage = started(two(), fails(TransportError::NoSuchHost)).await;
    assert_eq!(
        tried(&answered(&stage).await.attempts),
        "first:gone second:ok"
    );
    stage.upstream.always(FIRST, thing(1));
    stage.wait(119 * SECOND_OF_TIME).await;
    assert_eq!(provider(&stage).await, "second");
    stage.wait(SECOND_OF_TIME).await;
    assert_eq!(provider(&stage).await, "first");
}

#[tokio::test(start_paused = true)]
async fn another_catalogue_lifts_the_suspension_of_a_host_that_does_not_exist_and_no_other() {
    let small = of(&["first", "second", "third"]);
    let setup = Setup::of(small.load());
    let stage = started(setup, fails(TransportError::NoSuchHost)).await;
    stage.upstream.always(SECOND, limited("600"));
    stage.upstream.always("third.example", thing(3));
    let answer = answered(&stage).await;
    assert_eq!(
        tried(&answer.attempts),
        "first:gone second:rate_limited third:ok"
    );
    stage.engine.replace_catalogue(small.load());
    assert_eq!(
        tried(&answered(&stage).await.attempts),
        "first:gone third:ok"
    );
    stage.engine.replace_catalogue(small.load());
    stage.upstream.always(FIRST, thing(1));
    assert_eq!(provider(&stage).await, "first");
}

#[tokio::test(start_paused = true)]
async fn when_everyone_is_suspended_the_refusal_says_when_the_first_comes_back() {
    let stage = started(two(), limited("120")).await;
    stage.upstream.always(SECOND, limited("60"));
    let failed = refused(&stage).await;
    assert_eq!(failed.reason, Reason::AllFailed);
    assert_eq!(
        tried(&failed.attempts),
        "first:rate_limited second:rate_limited"
    );
    stage.wait(10 * SECOND_OF_TIME).await;
    let refusal = refused(&stage).await;
    assert_eq!(refusal.reason, Reason::AllSuspended);
    assert_eq!(skipped(&refusal), "first:suspended second:suspended");
    let wait = from_now(&stage, &refusal);
    assert!((49.0..=51.0).contains(&wait), "{wait} s");
    assert_eq!(refusal.retry_at, refusal.skipped[1].retry_at);
    assert_eq!(stage.upstream.asked_of_all(), 2, "nobody was asked");

    stage.upstream.always(SECOND, thing(2));
    stage.wait(Duration::from_secs_f64(wait)).await;
    assert_eq!(provider(&stage).await, "second");
}

#[tokio::test(start_paused = true)]
async fn a_suspension_survives_a_restart() {
    let stage = started(two(), limited("600")).await;
    answered(&stage).await;
    stage.engine.flush().await;

    let again = two().remembering(&stage.store).at(stage.now());
    let again = started(again, thing(1)).await;
    again.wait(9 * MINUTE).await;
    assert_eq!(tried(&answered(&again).await.attempts), "second:ok");
    again.wait(MINUTE).await;
    assert_eq!(provider(&again).await, "first");
    again.engine.flush().await;

    let third = two().remembering(&again.store).at(stage.now());
    let third = started(third, thing(1)).await;
    assert_eq!(provider(&third).await, "first", "what is over is forgotten");
}

#[tokio::test(start_paused = true)]
async fn states_of_candidates_say_who_is_left_alone() {
    let stage = started(two(), limited("60")).await;
    answered(&stage).await;
    let catalogue = stage.engine.catalogue();
    let operation = catalogue.operation("things", "get").unwrap();
    let states = stage.engine.candidates(operation);
    let left_alone: Vec<_> = states
        .iter()
        .filter_map(|candidate| candidate.state.as_ref())
        .map(|state| (&*state.provider, state.reason))
        .collect();
    assert_eq!(left_alone, [("first", SkipReason::Suspended)]);
}

#[tokio::test(start_paused = true)]
async fn a_suspended_provider_that_is_passed_over_is_asked_for_nothing_and_costs_no_time() {
    let stage = started(two(), limited("60")).await;
    let first = answered(&stage).await;
    assert!(
        first
            .attempts
            .iter()
            .any(|attempt| attempt.class == Class::RateLimited && attempt.retry_at.is_some())
    );
    // All the time of the call belongs to those who can be asked.
    stage
        .upstream
        .always(SECOND, after(9 * SECOND_OF_TIME, thing(2)));
    assert_eq!(tried(&answered(&stage).await.attempts), "second:ok");
}

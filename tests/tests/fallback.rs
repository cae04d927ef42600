//! Who is asked, in which order, and when anyone is asked a second time.

use std::time::Duration;

use guichet_engine::ProviderSettings;
use guichet_engine::answer::{Answer, Reason, Refusal};
use guichet_engine::transport::TransportError;
use guichet_sim::alphabet::Scripted;
use guichet_tests::small::{Small, thing};
use guichet_tests::stage::{Setup, Stage, skipped, tried};
use guichet_tests::upstream::{fails, json};
use serde_json::{Value, json as value};

const FIRST: &str = "first.example";
const SECOND: &str = "second.example";
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

/// Another shape than the declared one: a failure that no second try mends.
fn wrong() -> Scripted {
    json(200, &value!({"other": "shape"}))
}

async fn answered(stage: &Stage) -> Answer {
    let answer = stage.get(value!({})).await;
    answer.unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

async fn refused(stage: &Stage, parameters: Value) -> Refusal {
    match stage.get(parameters).await {
        Ok(answer) => panic!("{} answered", answer.provider),
        Err(refusal) => refusal,
    }
}

#[tokio::test(start_paused = true)]
async fn everyone_is_asked_in_the_catalogues_order_and_the_first_good_answer_ends_it() {
    let stage = Setup::of(of(&["c", "a", "b"]).load()).start().await;
    for host in ["a.example", "b.example", "c.example"] {
        stage.upstream.always(host, wrong());
    }
    let refusal = refused(&stage, value!({})).await;
    assert_eq!(refusal.reason, Reason::AllFailed);
    assert_eq!(
        tried(&refusal.attempts),
        "c:bad_payload a:bad_payload b:bad_payload"
    );

    stage.upstream.always("a.example", thing(1));
    let answer = answered(&stage).await;
    assert_eq!(tried(&answer.attempts), "c:bad_payload a:ok");
    assert_eq!(stage.upstream.asked("b.example"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_operators_order_comes_before_the_catalogues_and_turned_off_is_off() {
    let placed = |order| ProviderSettings {
        order: Some(order),
        ..ProviderSettings::default()
    };
    let off = ProviderSettings {
        enabled: Some(false),
        order: Some(0),
        ..ProviderSettings::default()
    };
    let stage = Setup::of(of(&["a", "b", "c", "d"]).load())
        .deciding("d", placed(1))
        .deciding("b", placed(2))
        .deciding("a", off)
        .start()
        .await;
    for host in ["b.example", "c.example", "d.example"] {
        stage.upstream.always(host, wrong());
    }
    let refusal = refused(&stage, value!({})).await;
    assert_eq!(
        tried(&refusal.attempts),
        "d:bad_payload b:bad_payload c:bad_payload"
    );
    assert_eq!(skipped(&refusal), "a:disabled");
    assert_eq!(stage.upstream.asked("a.example"), 0);
}

#[tokio::test(start_paused = true)]
async fn the_caller_chooses_and_orders_and_excludes() {
    let choices = [
        (
            "c,a",
            "c:bad_payload a:bad_payload",
            "b:not_allowed d:not_allowed",
        ),
        (
            "!a",
            "b:bad_payload c:bad_payload d:bad_payload",
            "a:not_allowed",
        ),
        (
            "d, b ,!d",
            "b:bad_payload",
            "d:not_allowed a:not_allowed c:not_allowed",
        ),
    ];
    for (choice, asked, left_out) in choices {
        let placed = ProviderSettings {
            order: Some(1),
            ..ProviderSettings::default()
        };
        let setup = Setup::of(of(&["a", "b", "c", "d"]).load());
        let stage = setup.deciding("a", placed).start().await;
        for host in ["a.example", "b.example", "c.example", "d.example"] {
            stage.upstream.always(host, wrong());
        }
        let refusal = refused(&stage, value!({"providers": choice})).await;
        assert_eq!(tried(&refusal.attempts), asked, "{choice}");
        assert_eq!(skipped(&refusal), left_out, "{choice}");
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_choice_leaves_nobody_nobody_is_asked() {
    let stage = started(two(), thing(1)).await;
    let refusal = refused(&stage, value!({"providers": "!first,!second"})).await;
    assert_eq!(refusal.reason, Reason::NoCandidate);
    assert_eq!(skipped(&refusal), "first:not_allowed second:not_allowed");
    assert_eq!(refusal.retry_at, None, "time does not mend it");
    assert_eq!(stage.upstream.asked_of_all(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_cannot_take_such_input_is_not_asked() {
    let small = Small::new("")
        .provider("first", "", "accepts = '.q != \"odd\"'")
        .plain("second");
    let stage = started(Setup::of(small.load()), thing(1)).await;
    let fine = stage.get(value!({"q": "even"})).await.unwrap();
    assert_eq!(tried(&fine.attempts), "first:ok");
    let other = stage.get(value!({"q": "odd"})).await.unwrap();
    assert_eq!(tried(&other.attempts), "second:ok");
    stage.upstream.always(SECOND, wrong());
    let refusal = refused(&stage, value!({"q": "odd"})).await;
    assert_eq!(skipped(&refusal), "first:input");
    assert_eq!(stage.upstream.asked(FIRST), 1);
}

#[tokio::test(start_paused = true)]
async fn when_everyone_fails_for_a_moment_one_second_try_answers() {
    for moment in [TransportError::Broken, TransportError::Connect] {
        let stage = started(two(), thing(1)).await;
        stage.upstream.next(FIRST, fails(moment.clone()));
        stage.upstream.next(SECOND, fails(moment.clone()));
        let answer = answered(&stage).await;
        assert_eq!(
            tried(&answer.attempts),
            "first:upstream second:upstream first:ok",
            "{moment}"
        );
        assert_eq!(stage.upstream.asked_of_all(), 3, "{moment}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_has_one_second_try_however_many_failed() {
    let stage = Setup::of(of(&["a", "b", "c", "d"]).load()).start().await;
    for host in ["a.example", "b.example", "c.example", "d.example"] {
        stage.upstream.always(host, json(503, &value!({})));
    }
    let refusal = refused(&stage, value!({})).await;
    assert_eq!(refusal.reason, Reason::AllFailed);
    assert_eq!(
        tried(&refusal.attempts),
        "a:upstream b:upstream c:upstream d:upstream a:upstream"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_lasts_is_not_tried_a_second_time() {
    let lasting = [
        wrong(),
        json(400, &value!({})),
        json(404, &value!({})),
        json(410, &value!({})),
        json(429, &value!({})),
    ];
    for turn in lasting {
        let stage = Setup::of(of(&["only"]).load()).start().await;
        stage.upstream.always("only.example", turn);
        let refusal = refused(&stage, value!({})).await;
        assert_eq!(refusal.attempts.len(), 1, "{refusal:?}");
        assert_eq!(stage.upstream.asked_of_all(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn second_tries_are_earned_and_run_out() {
    let stage = Setup::of(of(&["only"]).load()).start().await;
    let host = "only.example";
    stage.upstream.always(host, thing(1));
    let (mut calls, mut second_tries) = (0, 0);
    let mut refusals = Vec::new();
    for _ in 0..20 {
        stage.upstream.next(host, fails(TransportError::Broken));
        calls += 1;
        match stage.get(value!({})).await {
            Ok(answer) => {
                assert_eq!(tried(&answer.attempts), "only:upstream only:ok");
                second_tries += 1;
            }
            Err(refusal) => {
                assert_eq!(tried(&refusal.attempts), "only:upstream");
                refusals.push(refusal.reason);
                // A good answer between, so that the breaker stays closed.
                answered(&stage).await;
                calls += 1;
            }
        }
        stage.wait(2 * MINUTE).await;
    }
    assert!(second_tries >= 3, "a few to begin with: {second_tries}");
    assert!(
        f64::from(second_tries) <= 3.0 + 0.2 * f64::from(calls) + 1e-9,
        "{second_tries} second tries in {calls} calls"
    );
    assert!(!refusals.is_empty(), "they never ran out");
    assert!(refusals.iter().all(|reason| *reason == Reason::AllFailed));

    for _ in 0..5 {
        answered(&stage).await;
    }
    stage.upstream.next(host, fails(TransportError::Broken));
    let again = answered(&stage).await;
    assert_eq!(tried(&again.attempts), "only:upstream only:ok");
}

#[tokio::test(start_paused = true)]
async fn an_open_breakers_refusal_is_not_retried() {
    let stage = Setup::of(of(&["only"]).load()).start().await;
    let host = "only.example";
    stage.upstream.always(host, fails(TransportError::Connect));
    let first = refused(&stage, value!({})).await;
    assert_eq!(tried(&first.attempts), "only:upstream only:upstream");

    // The third failure opens the breaker: the second try of this very call meets it and is none.
    let second = refused(&stage, value!({})).await;
    assert_eq!(second.reason, Reason::AllFailed);
    assert_eq!(tried(&second.attempts), "only:upstream");
    assert_eq!(skipped(&second), "only:suspended");
    assert_eq!(stage.upstream.asked(host), 3);

    let began = tokio::time::Instant::now();
    let third = refused(&stage, value!({})).await;
    assert_eq!(third.reason, Reason::AllSuspended);
    assert!(third.attempts.is_empty());
    assert_eq!(skipped(&third), "only:suspended");
    assert!(began.elapsed().is_zero(), "it waited for a second try");
    assert_eq!(stage.upstream.asked(host), 3);
}

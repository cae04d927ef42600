//! Equal calls at the same time: one request for all, whoever of them leaves.

use std::time::Duration;

use futures_util::future::join_all;
use guichet_engine::answer::{Reason, Served};
use guichet_engine::transport::TransportError;
use guichet_tests::small::{Small, thing};
use guichet_tests::stage::{Setup, Stage, data, tried};
use guichet_tests::upstream::{after, hangs};
use serde_json::json as value;

const HOST: &str = "only.example";

async fn slow() -> Stage {
    let stage = Setup::of(Small::new("fresh = \"10m\"").plain("only").load())
        .start()
        .await;
    stage
        .upstream
        .always(HOST, after(Duration::from_secs(2), thing(1)));
    stage
}

#[tokio::test(start_paused = true)]
async fn a_hundred_equal_calls_at_once_make_one_request() {
    let stage = slow().await;
    let answers = join_all((0..100).map(|_| stage.get(value!({"q": "a"})))).await;
    for answer in answers {
        let answer = answer.unwrap();
        assert_eq!(
            (answer.served, data(&answer)),
            (Served::Fresh, value!({"value": 1}))
        );
    }
    assert_eq!(stage.upstream.asked(HOST), 1);
}

#[tokio::test(start_paused = true)]
async fn different_calls_do_not_wait_for_each_other() {
    let stage = slow().await;
    let began = tokio::time::Instant::now();
    let answers = join_all((0..20).map(|many| stage.get(value!({"many": many})))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(stage.upstream.asked(HOST), 20);
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn the_first_caller_leaves_and_the_others_are_answered() {
    let stage = slow().await;
    let first = tokio::spawn({
        let (engine, call) = (stage.engine.clone(), stage.written("get", &value!({})));
        async move { engine.call(call).await }
    });
    stage.wait(Duration::from_millis(500)).await;
    let others = tokio::spawn({
        let (engine, call) = (stage.engine.clone(), stage.written("get", &value!({})));
        async move { join_all((0..10).map(|_| engine.call(call.clone()))).await }
    });
    stage.wait(Duration::from_millis(500)).await;
    first.abort();
    let answers = tokio::time::timeout(Duration::from_secs(3), others)
        .await
        .unwrap()
        .unwrap();
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(stage.upstream.asked(HOST), 1);
}

#[tokio::test(start_paused = true)]
async fn everyone_leaves_and_the_answer_is_there_for_the_next() {
    let stage = slow().await;
    let alone = tokio::time::timeout(Duration::from_secs(1), stage.get(value!({}))).await;
    assert!(alone.is_err(), "the caller left after a second");
    stage.wait(Duration::from_secs(2)).await;
    assert_eq!(stage.get(value!({})).await.unwrap().served, Served::Cached);
}

#[tokio::test(start_paused = true)]
async fn a_caller_in_a_hurry_gives_up_alone() {
    let stage = slow().await;
    let began = tokio::time::Instant::now();
    let hurried = async {
        let refusal = stage.get(value!({"timeout_ms": 1000})).await.unwrap_err();
        (refusal, began.elapsed())
    };
    let ((refusal, took), patient) = tokio::join!(hurried, stage.get(value!({})));
    assert!(took <= Duration::from_millis(1050), "{took:?}");
    assert!(
        matches!(refusal.reason, Reason::AllFailed | Reason::Deadline),
        "{refusal:?}"
    );
    assert_eq!(
        tried(&refusal.attempts),
        "only:upstream",
        "it still says who was too slow"
    );
    assert_eq!(patient.unwrap().served, Served::Fresh);
}

#[tokio::test(start_paused = true)]
async fn a_caller_in_a_hurry_is_still_answered_by_the_second_when_the_first_hangs() {
    let small = Small::new("fresh = \"10m\"").plain("only").plain("second");
    let stage = Setup::of(small.load()).start().await;
    stage.upstream.always(HOST, hangs(TransportError::Timeout));
    stage.upstream.always("second.example", thing(2));
    let answer = stage.get(value!({"timeout_ms": 1000})).await.unwrap();
    assert_eq!(
        (&*answer.provider, answer.served),
        ("second", Served::Fresh)
    );
    assert_eq!(tried(&answer.attempts), "only:upstream second:ok");
}

#[tokio::test(start_paused = true)]
async fn callers_in_the_same_hurry_share_their_request() {
    let stage = slow().await;
    let answers = join_all((0..50).map(|_| stage.get(value!({"timeout_ms": 5000})))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(stage.upstream.asked(HOST), 1);
}

#[tokio::test(start_paused = true)]
async fn a_patient_caller_is_given_the_time_that_it_asked_for() {
    let stage = slow().await;
    stage
        .upstream
        .always(HOST, after(Duration::from_secs(25), thing(3)));
    let (usual, patient) = tokio::join!(
        stage.get(value!({})),
        stage.get(value!({"timeout_ms": 40000}))
    );
    assert!(usual.is_err());
    assert_eq!(data(&patient.unwrap()), value!({"value": 3}));
}

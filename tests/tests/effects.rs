//! Operations that do something in the world: done at most once, whatever becomes of the answer.

use guichet_engine::answer::Reason;
use guichet_engine::transport::TransportError;
use guichet_sim::alphabet::Scripted;
use guichet_tests::small::{Small, thing};
use guichet_tests::stage::{Setup, Stage, tried};
use guichet_tests::upstream::{answers, fails, hangs, json, page, redirects};
use serde_json::json as value;

const FIRST: &str = "first.example";
const SECOND: &str = "second.example";

/// Two providers that send something.
async fn sending(turn: Scripted) -> Stage {
    let post = "post = '/send'\nbody = '{q}'";
    let small = Small::new("effects = true\nmethod = \"post\"\nempty = \"next\"")
        .provider("first", "", post)
        .provider("second", "", post);
    let stage = Setup::of(small.load()).start().await;
    stage.upstream.always(FIRST, turn);
    stage.upstream.always(SECOND, thing(2));
    stage
}

#[tokio::test(start_paused = true)]
async fn the_next_one_sends_when_the_first_certainly_did_not() {
    let untouched = [
        ("refused", fails(TransportError::Connect)),
        ("no such host", fails(TransportError::NoSuchHost)),
        ("no name server", fails(TransportError::Resolve)),
        ("bad certificate", fails(TransportError::Tls)),
        ("a private address", fails(TransportError::Forbidden)),
        (
            "nobody takes the connection",
            hangs(TransportError::ConnectTimeout),
        ),
        ("400", json(400, &value!({}))),
        ("401", json(401, &value!({}))),
        ("402", json(402, &value!({}))),
        ("403", json(403, &value!({}))),
        ("403 with a page", page(403)),
        ("404", json(404, &value!({}))),
        ("422", json(422, &value!({}))),
        ("429", json(429, &value!({}))),
    ];
    for (what, turn) in untouched {
        let stage = sending(turn).await;
        let answer = stage.get(value!({"q": "hello"})).await;
        let answer = answer.unwrap_or_else(|refusal| panic!("{what}: {refusal:?}"));
        assert_eq!(&*answer.provider, "second", "{what}");
        assert_eq!(
            (stage.upstream.asked(FIRST), stage.upstream.asked(SECOND)),
            (1, 1),
            "{what}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_sends_again_when_the_first_may_have() {
    let doubtful = [
        ("no answer in time", hangs(TransportError::Timeout)),
        ("the connection broke", fails(TransportError::Broken)),
        ("an endless body", fails(TransportError::TooLarge)),
        ("500", json(500, &value!({}))),
        ("503", json(503, &value!({}))),
        ("another shape", json(200, &value!({"id": 1}))),
        ("no JSON", answers(200, &[], "accepted")),
        ("no body", answers(202, &[], "")),
        ("no content", answers(204, &[], "")),
        ("a page", page(200)),
        (
            "a redirect after the deed",
            redirects(303, "https://first.example/done"),
        ),
        (
            "a redirect elsewhere",
            redirects(302, "https://elsewhere.example/"),
        ),
    ];
    for (what, turn) in doubtful {
        let stage = sending(turn).await;
        let refusal = stage.get(value!({"q": "hello"})).await;
        let refusal = refusal.err().unwrap_or_else(|| panic!("{what}: answered"));
        assert_eq!(refusal.reason, Reason::OutcomeUnknown, "{what}");
        assert_eq!(
            (stage.upstream.asked(FIRST), stage.upstream.asked(SECOND)),
            (1, 0),
            "{what}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_sending_is_not_tried_a_second_time() {
    let stage = sending(fails(TransportError::Connect)).await;
    stage
        .upstream
        .always(SECOND, fails(TransportError::Connect));
    let refusal = stage.get(value!({"q": "hello"})).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::AllFailed);
    assert_eq!(tried(&refusal.attempts), "first:upstream second:upstream");
    assert_eq!(stage.upstream.asked_of_all(), 2);
}

#[tokio::test(start_paused = true)]
async fn two_equal_sendings_are_two_and_nothing_is_remembered() {
    let stage = sending(thing(1)).await;
    let one = || stage.get(value!({"q": "hello"}));
    let (a, b) = tokio::join!(one(), one());
    assert!(a.is_ok() && b.is_ok());
    assert!(one().await.is_ok());
    assert_eq!(stage.upstream.asked(FIRST), 3);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_could_not_be_written_was_not_sent() {
    let small = Small::new("effects = true\nmethod = \"post\"")
        .provider(
            "first",
            "base_url = 'https://\\(.q).example'\nhosts = [\"first.example\"]",
            "post = '/send'",
        )
        .provider("second", "", "post = '/send'");
    let stage = Setup::of(small.load()).start().await;
    stage.upstream.always(SECOND, thing(2));
    let answer = stage.get(value!({"q": "elsewhere"})).await.unwrap();
    assert_eq!(tried(&answer.attempts), "first:bad_payload second:ok");
    assert_eq!(stage.upstream.asked_of_all(), 1);
}

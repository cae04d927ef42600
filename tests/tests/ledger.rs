//! What the ledger says is what the providers counted, also after a restart.

use guichet_engine::ProxyCall;
use guichet_engine::answer::Reason;
use guichet_engine::transport::TransportError;
use guichet_sim::alphabet::Scripted;
use guichet_tests::small::{Small, thing};
use guichet_tests::stage::{Setup, skipped, tried};
use guichet_tests::upstream::{after, fails, hangs, json, page, redirects};
use serde_json::json as value;

const DAY: &str = "[[quota]]\nlimit = 100000\nper = \"day\"\n";
const WINDOW: &str = "requests/day";

/// A number from a seed; the same ones in every run.
fn roll(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

fn any_turn(seed: &mut u64) -> Scripted {
    match roll(seed) % 9 {
        0 => fails(TransportError::Connect),
        1 => fails(TransportError::Tls),
        2 => fails(TransportError::Broken),
        3 => hangs(TransportError::Timeout),
        4 => hangs(TransportError::ConnectTimeout),
        5 => json(503, &value!({})),
        6 => page(200),
        _ => thing(1),
    }
}

#[tokio::test(start_paused = true)]
async fn windows_saved_equal_requests_counted_whatever_fails_and_over_restarts() {
    let catalogue = Small::new("")
        .provider("first", DAY, "")
        .provider("second", DAY, "")
        .load();
    for seed in 1..=200_u64 {
        let mut dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (store, upstream) = (std::sync::Arc::default(), std::sync::Arc::default());
        for restart in 0..3 {
            let setup = Setup::of(catalogue.clone()).remembering(&store);
            let stage = setup.start_over(std::sync::Arc::clone(&upstream)).await;
            for _ in 0..6 {
                stage.upstream.always("first.example", any_turn(&mut dice));
                stage.upstream.always("second.example", any_turn(&mut dice));
                let _ = stage.get(value!({})).await;
            }
            stage.engine.flush().await;
            for provider in ["first", "second"] {
                let counted = f64::from(stage.upstream.arrived(&format!("{provider}.example")));
                let saved = store.used(provider, WINDOW);
                assert!(
                    (saved - counted).abs() < 1e-9,
                    "{provider}: {saved} saved, {counted} counted: seed {seed}, restart {restart}"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_request_of_an_operation_with_steps_counts_and_none_that_was_not_made() {
    let steps = "[[operation.get.steps]]\nname = \"station\"\nget = '/station'\nresult = '.'";
    let small = Small::new("").provider("first", &format!("{DAY}{steps}"), "");
    let host = "first.example";
    let stories = [
        (vec![thing(1), thing(1)], 2.0),
        (vec![thing(1), fails(TransportError::Connect)], 1.0),
        (vec![page(200)], 1.0),
    ];
    for (turns, counted) in stories {
        let stage = Setup::of(small.load()).start().await;
        for turn in turns {
            stage.upstream.next(host, turn);
        }
        stage.upstream.always(host, page(200));
        let _ = stage.get(value!({"timeout_ms": 200})).await;
        stage.engine.flush().await;
        let saved = stage.store.used("first", WINDOW);
        assert!(
            (saved - counted).abs() < 1e-9,
            "{saved} saved, {counted} counted"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn each_hop_of_a_redirect_counts_and_the_steps_after_it_still_have_theirs() {
    let steps = "[[operation.get.steps]]\nname = \"station\"\nget = '/station'\nresult = '.'";
    let small = Small::new("").provider("first", &format!("{DAY}{steps}"), "");
    let host = "first.example";
    let hop = || redirects(302, "https://first.example/moved");
    let stories = [
        (vec![hop(), thing(1), thing(1)], 3.0),
        (vec![hop(), hop(), thing(1), hop(), thing(1)], 5.0),
        (vec![hop(), fails(TransportError::Connect)], 1.0),
        (vec![hop(), page(200)], 2.0),
        (vec![hop(), hop(), hop(), hop()], 4.0),
    ];
    for (turns, counted) in stories {
        let stage = Setup::of(small.load()).start().await;
        for turn in turns {
            stage.upstream.next(host, turn);
        }
        stage.upstream.always(host, page(200));
        let _ = stage.get(value!({"timeout_ms": 200})).await;
        stage.engine.flush().await;
        let saved = stage.store.used("first", WINDOW);
        assert!(
            (saved - counted).abs() < 1e-9,
            "{saved} saved, {counted} counted"
        );
        let arrived = f64::from(stage.upstream.arrived(host));
        assert!((saved - arrived).abs() < 1e-9, "{saved}, {arrived} arrived");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hop_for_which_a_window_has_no_room_is_not_made() {
    for (per, class, until) in [
        ("day", "quota_exhausted", "2026-11-23T00:00:00Z"),
        ("minute", "rate_limited", "2026-11-22T10:32:00Z"),
    ] {
        let quota = format!("[[quota]]\nlimit = 1\nper = \"{per}\"\nkind = \"calendar\"\n");
        let small = Small::new("").provider("first", &quota, "").plain("second");
        let stage = Setup::of(small.load()).start().await;
        let moved = redirects(302, "https://first.example/moved");
        stage.upstream.always("first.example", moved);
        stage.upstream.always("second.example", thing(2));
        let answer = stage.get(value!({})).await.unwrap();
        let told = format!("first:{class} second:ok");
        assert_eq!(tried(&answer.attempts), told);
        assert_eq!(answer.attempts[0].status, Some(302));
        assert_eq!(answer.attempts[0].retry_at, until.parse().ok(), "{per}");
        assert_eq!(stage.upstream.asked("first.example"), 1, "{per}");
        stage.engine.flush().await;
        let saved = stage.store.used("first", &format!("requests/{per}"));
        assert!((saved - 1.0).abs() < 1e-9, "{saved} in the {per}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_no_quota_left_is_left_out_and_providers_of_a_group_share_theirs() {
    let quota = "[[quota]]\nlimit = 2\nper = \"day\"\ngroup = \"both\"\n";
    let small = Small::new("")
        .provider("first", quota, "")
        .provider("second", quota, "");
    let stage = Setup::of(small.load()).start().await;
    stage.upstream.always("first.example", thing(1));
    stage.upstream.always("second.example", thing(2));
    assert!(stage.get(value!({"providers": "second"})).await.is_ok());
    assert!(stage.get(value!({"providers": "first"})).await.is_ok());
    let refusal = stage.get(value!({})).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::AllSuspended);
    assert_eq!(skipped(&refusal), "first:quota second:quota");
    let midnight = "2026-11-23T00:00:00Z".parse().unwrap();
    assert_eq!(refusal.retry_at, Some(midnight));
    assert_eq!(stage.upstream.asked_of_all(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_takes_no_answer_with_it_and_the_count_goes_on() {
    let quota = "[[quota]]\nlimit = 2\nper = \"day\"\n";
    let small = Small::new("").provider("first", quota, "").plain("second");
    let stage = Setup::of(small.load()).start().await;
    stage.upstream.always("first.example", thing(1));
    stage.upstream.always("second.example", thing(2));
    stage.store.set_broken(true);
    let mut order = Vec::new();
    for _ in 0..3 {
        order.push(tried(&stage.get(value!({})).await.unwrap().attempts));
    }
    assert_eq!(order, ["first:ok", "first:ok", "second:ok"]);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_at_once_against_a_hundred_left_make_a_hundred_requests() {
    let quota = "[[quota]]\nlimit = 100\nper = \"day\"\n";
    let small = Small::new("").provider("first", quota, "");
    let stage = Setup::of(small.load()).start().await;
    let wait = std::time::Duration::from_secs(1);
    stage
        .upstream
        .always("first.example", after(wait, thing(1)));
    let calls = (0..1_000).map(|number| stage.get(value!({ "q": number.to_string() })));
    let answers = futures_util::future::join_all(calls).await;
    println!(
        "{} of 1000 answered",
        answers.iter().filter(|one| one.is_ok()).count()
    );
    assert_eq!(stage.upstream.asked("first.example"), 100);
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_passed_on_as_they_are_take_from_the_same_quota() {
    let quota = "[[quota]]\nlimit = 2\nper = \"day\"\n";
    let small = Small::new("").provider("first", quota, "");
    let stage = Setup::of(small.load()).start().await;
    stage.upstream.always("first.example", thing(1));
    let passed_on = || {
        stage.engine.proxy(ProxyCall {
            provider: "first".into(),
            method: http::Method::GET,
            path_and_query: "/anything".into(),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
            caller: stage.written("get", &value!({})).caller,
        })
    };
    assert_eq!(passed_on().await.unwrap().status, 200);
    assert!(stage.get(value!({})).await.is_ok());
    let refusal = passed_on().await.unwrap_err();
    assert_eq!(skipped(&refusal), "first:quota");
    assert_eq!(stage.upstream.asked_of_all(), 2);
}

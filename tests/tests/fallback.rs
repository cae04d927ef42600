//! Who is asked, in which order, who is left alone and for how long, and how they come back.

use std::time::Duration;

use futures_util::future::join_all;
use guichet_engine::ProviderSettings;
use guichet_engine::answer::{Answer, Reason, Refusal, SkipReason};
use guichet_engine::outcome::Class;
use guichet_engine::transport::TransportError;
use guichet_sim::alphabet::Scripted;
use guichet_tests::small::{Small, thing};
use guichet_tests::stage::{Setup, Stage, credential, skipped, tried};
use guichet_tests::upstream::{after, answers, fails, json};
use serde_json::{Value, json as value};

const FIRST: &str = "first.example";
const SECOND: &str = "second.example";
const SECOND_OF_TIME: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
const KEYED: &str = "[auth]\ntype = \"header\"\nname = \"x-key\"";

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

async fn refused(stage: &Stage, parameters: Value) -> Refusal {
    match stage.get(parameters).await {
        Ok(answer) => panic!("{} answered", answer.provider),
        Err(refusal) => refusal,
    }
}

async fn provider(stage: &Stage) -> String {
    answered(stage).await.provider.to_string()
}

/// Seconds from now on.
fn from_now(stage: &Stage, refusal: &Refusal) -> f64 {
    let at = refusal.retry_at.unwrap_or_else(|| panic!("{refusal:?}"));
    at.duration_since(stage.now()).as_secs_f64()
}

/// The keys that a host was shown, in order.
fn shown(stage: &Stage, host: &str) -> Vec<String> {
    let requests = stage.upstream.requests(host);
    let key = |headers: &http::HeaderMap| headers["x-key"].to_str().unwrap().to_owned();
    requests
        .iter()
        .map(|request| key(&request.headers))
        .collect()
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
        enabled: None,
        order: Some(order),
    };
    let off = ProviderSettings {
        enabled: Some(false),
        order: Some(0),
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
            enabled: None,
            order: Some(1),
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
async fn who_needs_a_key_and_has_none_is_left_out_and_named() {
    let small = Small::new("").provider("first", KEYED, "").plain("second");
    let stage = started(Setup::of(small.load()), thing(1)).await;
    assert_eq!(tried(&answered(&stage).await.attempts), "second:ok");
    stage.upstream.always(SECOND, wrong());
    let refusal = refused(&stage, value!({})).await;
    assert_eq!(skipped(&refusal), "first:no_credential");
    assert_eq!(stage.upstream.asked(FIRST), 0);

    let key = credential("first", "main", "k1");
    stage.engine.replace_credentials(vec![key]);
    assert_eq!(provider(&stage).await, "first");
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
    for (round, wait) in [1, 2, 4, 8, 15, 15].into_iter().enumerate() {
        stage.wait(wait * MINUTE - 3 * SECOND_OF_TIME).await;
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
async fn a_dead_key_rests_until_another_secret_comes() {
    let small = Small::new("").provider("first", KEYED, "").plain("second");
    let setup = Setup::of(small.load()).with_secret("first", "main", "dead");
    let stage = started(setup, json(401, &value!({}))).await;
    assert_eq!(
        tried(&answered(&stage).await.attempts),
        "first:auth second:ok"
    );
    stage.wait(3 * DAY).await;
    assert_eq!(tried(&answered(&stage).await.attempts), "second:ok");

    stage.upstream.always(FIRST, thing(1));
    let replace = |credentials| stage.engine.replace_credentials(credentials);
    replace(vec![
        credential("first", "main", "dead"),
        credential("second", "main", "new"),
    ]);
    assert_eq!(provider(&stage).await, "second", "the secret is the same");
    replace(vec![credential("first", "main", "alive")]);
    assert_eq!(provider(&stage).await, "first");
    assert_eq!(shown(&stage, FIRST), ["dead", "alive"]);
}

#[tokio::test(start_paused = true)]
async fn credentials_of_one_provider_take_turns() {
    let small = Small::new("").provider("first", KEYED, "");
    let setup = ["a", "b", "c"]
        .into_iter()
        .fold(Setup::of(small.load()), |setup, key| {
            setup.with_secret("first", key, key)
        });
    let stage = started(setup, thing(1)).await;
    for _ in 0..9 {
        answered(&stage).await;
    }
    let shown = shown(&stage, FIRST);
    for three in shown.chunks(3) {
        let mut three = three.to_vec();
        three.sort();
        assert_eq!(three, ["a", "b", "c"], "{shown:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_dead_key_leaves_the_others_in_use() {
    let small = Small::new("").provider("first", KEYED, "").plain("second");
    let setup = Setup::of(small.load())
        .with_secret("first", "a", "a")
        .with_secret("first", "b", "b")
        .with_secret("first", "c", "c");
    let stage = started(setup, thing(1)).await;
    stage.upstream.next(FIRST, json(401, &value!({})));
    let answer = answered(&stage).await;
    assert_eq!(tried(&answer.attempts), "first:auth first:ok");
    let dead = shown(&stage, FIRST)[0].clone();
    for _ in 0..9 {
        assert_eq!(provider(&stage).await, "first");
    }
    let later = shown(&stage, FIRST).split_off(1);
    assert!(!later.contains(&dead), "{dead} is dead: {later:?}");
    for alive in ["a", "b", "c"].into_iter().filter(|key| *key != dead) {
        assert!(later.iter().any(|key| key == alive), "{alive}: {later:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_does_not_exist_is_asked_for_again_after_two_minutes() {
    let stage = started(two(), fails(TransportError::NoSuchHost)).await;
    assert_eq!(
        tried(&answered(&stage).await.attempts),
        "first:gone second:ok"
    );
    stage.upstream.always(FIRST, thing(1));
    stage.wait(2 * MINUTE - SECOND_OF_TIME).await;
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

/// `things/other` beside `things/get`, of a provider with two keys and of one with none.
fn two_operations() -> Small {
    let both = |own: &str| {
        format!(
            "get = '/get'\nquery = '{{q}}'\nresult = '{{value: .value}}'\n\
             [operation.other]\nget = '/other'\nresult = '{{value: .value}}'\n{own}"
        )
    };
    Small::new("[operation.other]\nsummary = \"Another\"\nresult = \"Thing\"")
        .provider("first", KEYED, &both(""))
        .provider("second", "", &both(""))
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_lacks_an_operation_closes_it_for_that_key_only() {
    let setup = Setup::of(two_operations().load())
        .with_secret("first", "poor", "poor")
        .with_secret("first", "rich", "rich");
    let stage = started(setup, thing(1)).await;
    stage.upstream.next(FIRST, json(402, &value!({})));
    let answer = answered(&stage).await;
    assert_eq!(tried(&answer.attempts), "first:plan first:ok");
    let poor = shown(&stage, FIRST)[0].clone();

    for _ in 0..6 {
        assert_eq!(tried(&answered(&stage).await.attempts), "first:ok");
    }
    let since = shown(&stage, FIRST).split_off(1);
    assert!(!since.contains(&poor), "that key, that operation");

    for _ in 0..4 {
        let other = stage.call("other", value!({})).await.unwrap();
        assert_eq!(tried(&other.attempts), "first:ok");
    }
    let others = shown(&stage, FIRST).split_off(1 + since.len());
    assert!(others.contains(&poor), "its other operation is open");

    stage.wait(DAY).await;
    for _ in 0..2 {
        answered(&stage).await;
    }
    let after_a_day = shown(&stage, FIRST).split_off(1 + since.len() + others.len());
    assert!(after_a_day.contains(&poor), "plans change");
}

#[tokio::test(start_paused = true)]
async fn when_everyone_is_suspended_the_refusal_says_when_the_first_comes_back() {
    let stage = started(two(), limited("120")).await;
    stage.upstream.always(SECOND, limited("60"));
    let failed = refused(&stage, value!({})).await;
    assert_eq!(failed.reason, Reason::AllFailed);
    assert_eq!(
        tried(&failed.attempts),
        "first:rate_limited second:rate_limited"
    );
    stage.wait(10 * SECOND_OF_TIME).await;
    let refusal = refused(&stage, value!({})).await;
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

/// Whether a key of this name that was refused before a restart is shown again after it.
async fn dead_key_is_shown_after_a_restart(name: &str) -> bool {
    let setup = || {
        let small = Small::new("").provider("first", KEYED, "").plain("second");
        Setup::of(small.load()).with_secret("first", name, "k1")
    };
    let stage = started(setup(), json(401, &value!({}))).await;
    assert_eq!(
        tried(&answered(&stage).await.attempts),
        "first:auth second:ok"
    );
    stage.engine.flush().await;
    let again = setup().remembering(&stage.store).at(stage.now());
    let again = started(again, thing(1)).await;
    answered(&again).await;
    again.upstream.asked(FIRST) > 0
}

#[tokio::test(start_paused = true)]
async fn a_dead_key_of_the_environment_is_tried_again_after_a_restart() {
    assert!(dead_key_is_shown_after_a_restart("env:1f3a").await);
}

#[tokio::test(start_paused = true)]
#[ignore = "the first credentials of an engine count as changed, which lifts what was remembered"]
async fn a_dead_key_of_the_vault_stays_dead_over_a_restart() {
    assert!(!dead_key_is_shown_after_a_restart("main").await);
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

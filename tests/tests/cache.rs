//! When an answer is given again, how old it may be, and to whom it is never given.

use std::sync::Arc;
use std::time::Duration;

use guichet_engine::answer::{Answer, Reason, Served};
use guichet_engine::identity::OrganizationId;
use guichet_engine::transport::TransportError;
use guichet_tests::small::{Small, thing};
use guichet_tests::stage::{Setup, Stage, built_in, data, tried};
use guichet_tests::upstream::{after, fails, json};
use serde_json::{Value, json as value};

const MINUTE: Duration = Duration::from_mins(1);
const HOST: &str = "only.example";

/// Ten minutes fresh, a day stale.
fn remembered() -> Small {
    Small::new("fresh = \"10m\"\nstale = \"24h\"").plain("only")
}

async fn started(small: Small) -> Stage {
    let stage = Setup::of(small.load()).start().await;
    stage.upstream.always(HOST, thing(1));
    stage
}

async fn answered(stage: &Stage, parameters: Value) -> Answer {
    let answer = stage.get(parameters).await;
    answer.unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

async fn served(stage: &Stage, parameters: Value) -> (Served, Duration) {
    let answer = answered(stage, parameters).await;
    (answer.served, answer.age)
}

#[tokio::test(start_paused = true)]
async fn a_fresh_answer_is_given_again_and_says_how_old_it_is() {
    let stage = started(remembered()).await;
    let first = answered(&stage, value!({})).await;
    assert_eq!((first.served, first.age), (Served::Fresh, Duration::ZERO));
    assert_eq!(first.fresh_for, 10 * MINUTE);

    stage.wait(3 * MINUTE).await;
    let second = answered(&stage, value!({})).await;
    assert_eq!((second.served, second.age), (Served::Cached, 3 * MINUTE));
    assert_eq!(second.fresh_for, 7 * MINUTE);
    assert_eq!(second.data, first.data);
    assert!(second.attempts.is_empty(), "nothing was tried for it");
    assert_eq!(stage.upstream.asked(HOST), 1);
}

#[tokio::test(start_paused = true)]
async fn in_the_last_fifth_of_its_freshness_an_answer_is_renewed_once_and_nobody_waits() {
    let stage = started(remembered()).await;
    answered(&stage, value!({})).await;
    stage.wait(Duration::from_secs(8 * 60 - 1)).await;
    answered(&stage, value!({})).await;
    assert_eq!(stage.upstream.asked(HOST), 1, "not due yet");

    stage
        .upstream
        .always(HOST, after(Duration::from_secs(2), thing(2)));
    stage.wait(Duration::from_secs(2)).await;
    for _ in 0..5 {
        let began = tokio::time::Instant::now();
        let (how, age) = served(&stage, value!({})).await;
        assert_eq!(how, Served::Cached);
        assert!(age >= 8 * MINUTE);
        assert!(began.elapsed().is_zero(), "a caller waited for the renewal");
    }
    stage.wait(Duration::from_secs(3)).await;
    assert_eq!(stage.upstream.asked(HOST), 2, "one renewal for all five");
    let renewed = answered(&stage, value!({})).await;
    assert_eq!(data(&renewed), value!({"value": 2}));
    assert!(renewed.age < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_changes_nothing_for_callers_while_the_answer_is_fresh() {
    let stage = started(remembered()).await;
    answered(&stage, value!({})).await;
    stage.upstream.always(HOST, fails(TransportError::Connect));
    stage.wait(9 * MINUTE).await;
    for _ in 0..3 {
        assert_eq!(served(&stage, value!({})).await.0, Served::Cached);
        stage.wait(Duration::from_secs(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_longer_fresh_is_asked_for_again() {
    let stage = started(remembered()).await;
    answered(&stage, value!({})).await;
    stage.wait(10 * MINUTE).await;
    assert_eq!(served(&stage, value!({})).await.0, Served::Fresh);
    assert_eq!(stage.upstream.asked(HOST), 2);
}

#[tokio::test(start_paused = true)]
async fn when_everyone_fails_an_old_answer_is_given_up_to_its_bound_and_refused_beyond() {
    let stage = started(remembered()).await;
    let good = answered(&stage, value!({})).await;
    stage.upstream.always(HOST, fails(TransportError::Connect));
    stage.wait(60 * MINUTE).await;
    let old = answered(&stage, value!({})).await;
    assert_eq!((old.served, &old.data), (Served::Stale, &good.data));
    assert!(
        old.age >= 60 * MINUTE && old.age < 61 * MINUTE,
        "{:?}",
        old.age
    );
    assert_eq!(tried(&old.attempts), "only:upstream only:upstream");
    assert_eq!(old.fresh_for, Duration::ZERO);

    stage.wait(24 * 60 * MINUTE).await;
    let refusal = stage.get(value!({})).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::AllFailed);
}

#[tokio::test(start_paused = true)]
async fn max_age_zero_is_only_answered_fresh() {
    let stage = started(remembered()).await;
    answered(&stage, value!({})).await;
    assert_eq!(
        served(&stage, value!({"max_age": 0})).await.0,
        Served::Fresh
    );
    assert_eq!(stage.upstream.asked(HOST), 2);

    stage.upstream.always(HOST, fails(TransportError::Connect));
    let refusal = stage.get(value!({"max_age": 0})).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::AllFailed);
    assert_eq!(
        served(&stage, value!({})).await.0,
        Served::Cached,
        "others are still served"
    );
}

#[tokio::test(start_paused = true)]
async fn max_age_bounds_cached_and_stale_answers_alike() {
    let stage = started(remembered()).await;
    answered(&stage, value!({})).await;
    stage.wait(5 * MINUTE).await;
    assert_eq!(
        served(&stage, value!({"max_age": 400})).await.0,
        Served::Cached
    );
    assert_eq!(
        served(&stage, value!({"max_age": 200})).await.0,
        Served::Fresh
    );

    stage.wait(30 * MINUTE).await;
    stage.upstream.always(HOST, fails(TransportError::Connect));
    assert_eq!(
        served(&stage, value!({"max_age": 3600})).await.0,
        Served::Stale
    );
    assert!(stage.get(value!({"max_age": 900})).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn failures_are_never_remembered() {
    let stage = started(remembered()).await;
    stage
        .upstream
        .next(HOST, json(200, &value!({"value": "not a number"})));
    assert!(stage.get(value!({})).await.is_err());
    assert_eq!(served(&stage, value!({})).await.0, Served::Fresh);
}

#[tokio::test(start_paused = true)]
async fn no_such_thing_is_never_remembered() {
    let small = Small::new("fresh = \"10m\"\nstale = \"24h\"").provider(
        "only",
        "",
        "empty = '.none == true'",
    );
    let stage = started(small).await;
    stage
        .upstream
        .next(HOST, json(200, &value!({"none": true})));
    assert_eq!(
        stage.get(value!({})).await.unwrap_err().reason,
        Reason::NotFound
    );
    assert_eq!(served(&stage, value!({})).await.0, Served::Fresh);
}

#[tokio::test(start_paused = true)]
async fn no_such_thing_is_not_covered_up_with_an_old_answer() {
    let small = Small::new("fresh = \"10m\"\nstale = \"24h\"").provider(
        "only",
        "",
        "empty = '.none == true'",
    );
    let stage = started(small).await;
    answered(&stage, value!({})).await;
    stage.wait(20 * MINUTE).await;
    stage
        .upstream
        .always(HOST, json(200, &value!({"none": true})));
    assert_eq!(
        stage.get(value!({})).await.unwrap_err().reason,
        Reason::NotFound
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_providers_terms_forbid_to_keep_is_not_kept() {
    let terms = "[terms]\nlicence = \"own\"\nstore = \"never\"";
    let stage = started(
        Small::new("fresh = \"10m\"\nstale = \"24h\"\nkeep = true").provider("only", terms, ""),
    )
    .await;
    answered(&stage, value!({})).await;
    assert_eq!(served(&stage, value!({})).await.0, Served::Fresh);
    stage.upstream.always(HOST, fails(TransportError::Connect));
    assert!(
        stage.get(value!({})).await.is_err(),
        "nor is it served stale"
    );
    assert!(stage.store.kept().is_empty(), "nor written to the store");
}

#[tokio::test(start_paused = true)]
async fn what_may_be_kept_for_a_while_is_kept_no_longer() {
    let terms = "[terms]\nlicence = \"own\"\nstore = \"2m\"";
    let stage =
        started(Small::new("fresh = \"10m\"\nstale = \"24h\"").provider("only", terms, "")).await;
    answered(&stage, value!({})).await;
    stage.wait(MINUTE).await;
    assert_eq!(served(&stage, value!({})).await.0, Served::Cached);
    stage.wait(2 * MINUTE).await;
    stage.upstream.always(HOST, fails(TransportError::Connect));
    assert!(stage.get(value!({})).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_promises_no_freshness_is_made_anew_each_time() {
    let stage = Setup::of(built_in(&["tools"])).start().await;
    let one = stage.call("tools/password", value!({})).await.unwrap();
    let two = stage.call("tools/password", value!({})).await.unwrap();
    assert_eq!((one.served, two.served), (Served::Local, Served::Local));
    assert_ne!(one.data, two.data, "two callers got the same password");
}

#[tokio::test(start_paused = true)]
async fn two_organizations_never_share_an_answer() {
    let stage = started(remembered()).await;
    answered(&stage, value!({"q": "secret plans"})).await;
    stage.upstream.always(HOST, thing(2));
    let mut call = stage.written("get", &value!({"q": "secret plans"}));
    call.caller.organization = OrganizationId::new("other");
    let other = stage.engine.call(call).await.unwrap();
    assert_eq!(
        (other.served, data(&other)),
        (Served::Fresh, value!({"value": 2}))
    );

    stage.upstream.always(HOST, fails(TransportError::Connect));
    let mut call = stage.written("get", &value!({"q": "secret plans"}));
    call.caller.organization = OrganizationId::new("third");
    assert!(stage.engine.call(call).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_same_parameters_in_other_order_and_spelling_are_one_call() {
    let stage = started(remembered()).await;
    answered(&stage, value!({"q": "a", "many": 3})).await;
    for same in [
        value!({"many": 3, "q": "a"}),
        value!({"many": "3", "q": "  a "}),
        value!({"q": "a", "many": "03"}),
    ] {
        let text = same.to_string();
        assert_eq!(served(&stage, same).await.0, Served::Cached, "{text}");
    }
    answered(&stage, value!({"q": "b"})).await;
    let text = "a default that is written out is the default";
    assert_eq!(
        served(&stage, value!({"q": "b", "many": 1})).await.0,
        Served::Cached,
        "{text}"
    );
    assert_eq!(
        served(&stage, value!({"q": "A", "many": 3})).await.0,
        Served::Fresh,
        "capitals may matter"
    );
}

#[tokio::test(start_paused = true)]
async fn spellings_of_codes_and_coordinates_are_one_call() {
    let stage = Setup::of(built_in(&["currency"])).start().await;
    let body = value!([{"base": "EUR", "quote": "USD", "date": "2026-11-20", "rate": 1.15}]);
    stage
        .upstream
        .always("api.frankfurter.dev", json(200, &body));
    let first = stage
        .call("currency/rates", value!({"base": "EUR", "quotes": "USD"}))
        .await
        .unwrap();
    let again = stage
        .call("currency/rates", value!({"quotes": ["usd"], "base": "eur"}))
        .await
        .unwrap();
    assert_eq!(
        (first.served, again.served),
        (Served::Fresh, Served::Cached)
    );
}

#[tokio::test(start_paused = true)]
async fn a_kept_answer_survives_a_restart_and_is_served_dated_as_stale() {
    let catalogue = built_in(&["currency"]);
    let stage = Setup::of(Arc::clone(&catalogue)).start().await;
    let body = value!([{"base": "EUR", "quote": "USD", "date": "2026-11-20", "rate": 1.15}]);
    stage
        .upstream
        .always("api.frankfurter.dev", json(200, &body));
    let wanted = value!({"base": "EUR", "quotes": "USD"});
    let before = stage.call("currency/rates", wanted.clone()).await.unwrap();
    stage.engine.flush().await;

    let two_days = jiff::SignedDuration::from_hours(48);
    let later = Setup::of(catalogue).remembering(&stage.store);
    let now = later.now + two_days;
    let again = later.at(now).start().await;
    let old = again.call("currency/rates", wanted.clone()).await.unwrap();
    assert_eq!((old.served, &old.data), (Served::Stale, &before.data));
    assert_eq!(data(&old)["date"], "2026-11-20");
    assert!(old.age >= Duration::from_hours(48), "{:?}", old.age);
    assert_eq!(old.attribution, before.attribution);
    assert!(!old.attempts.is_empty(), "it says who failed");

    let other = again
        .call("currency/rates", value!({"base": "EUR", "quotes": "GBP"}))
        .await;
    assert!(other.is_err(), "what was never fetched is not made up");
}

#[tokio::test(start_paused = true)]
async fn a_kept_answer_that_the_schema_no_longer_allows_is_no_answer() {
    let store = Arc::default();
    let small = Small::new("fresh = \"10m\"\nstale = \"24h\"\nkeep = true").plain("only");
    let stage = Setup::of(small.load()).remembering(&store).start().await;
    stage.upstream.always(HOST, thing(4));
    answered(&stage, value!({})).await;
    assert_eq!(store.kept().len(), 1);
    store.rewrite_kept(|text| text.replace("\\\"value\\\"", "\\\"old_name\\\""));

    let again = Setup::of(small.load()).remembering(&store).start().await;
    again.upstream.always(HOST, fails(TransportError::Connect));
    assert!(again.get(value!({})).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn another_catalogue_forgets_the_answers_of_the_old_one() {
    let stage = started(remembered()).await;
    answered(&stage, value!({})).await;
    stage.engine.replace_catalogue(remembered().load());
    assert_eq!(served(&stage, value!({})).await.0, Served::Fresh);
    assert_eq!(stage.upstream.asked(HOST), 2);
}

#[tokio::test(start_paused = true)]
async fn the_callers_choice_of_providers_and_licence_has_answers_of_its_own() {
    let open = "[terms]\nlicence = \"MIT\"\ncommercial = true";
    let small = Small::new("fresh = \"10m\"")
        .plain("only")
        .provider("open", open, "");
    let stage = started(small).await;
    stage.upstream.always("open.example", thing(2));
    assert_eq!(&*answered(&stage, value!({})).await.provider, "only");
    for (choice, provider) in [
        (value!({"providers": "open"}), "open"),
        (value!({"providers": "!only"}), "open"),
        (value!({"licence": "commercial"}), "open"),
        (value!({"providers": "only,open"}), "only"),
    ] {
        let first = answered(&stage, choice.clone()).await;
        assert_eq!(
            (first.served, &*first.provider),
            (Served::Fresh, provider),
            "{choice}"
        );
        let second = answered(&stage, choice.clone()).await;
        assert_eq!(
            (second.served, &*second.provider),
            (Served::Cached, provider),
            "{choice}"
        );
    }
}

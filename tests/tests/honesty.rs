//! What an answer says about itself is true: whose it is, how it came about, how old it is, who was tried.

use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::Endpoint;
use guichet_engine::ProviderSettings;
use guichet_engine::answer::{Answer, Reason, Refusal, Served};
use guichet_engine::call::{Options, Providers};
use guichet_engine::transport::TransportError;
use guichet_sim::Fault;
use guichet_sim::alphabet::{LATENCY, Scripted};
use guichet_tests::small::{Small, thing};
use guichet_tests::stage::{Setup, Stage, built_in, data, skipped, tried};
use guichet_tests::upstream::{after, answers, fails, hangs, json, page, redirects};
use guichet_tests::world::{World, call};
use serde_json::{Value, json as value};

const FIRST: &str = "first.example";
const SECOND: &str = "second.example";
const REMEMBERED: &str = "fresh = \"10m\"\nstale = \"24h\"\nkeep = true";

async fn answered(stage: &Stage, parameters: Value) -> Answer {
    let answer = stage.get(parameters).await;
    answer.unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

async fn refused(stage: &Stage, parameters: Value) -> Refusal {
    match stage.get(parameters).await {
        Ok(answer) => panic!("{} answered", answer.provider),
        Err(refusal) => refusal,
    }
}

/// Bodies that decode and map well and are not what the schema promises.
fn outside_the_schema() -> [Value; 6] {
    [
        value!({"value": -1}),
        value!({"value": 1.5}),
        value!({"value": "7"}),
        value!({"value": null}),
        value!({}),
        value!({"value": 1, "secret": "more than promised"}),
    ]
}

/// The first one passes on what it gets.
fn passing_on() -> Small {
    Small::new(REMEMBERED).provider("first", "", "result = '.'")
}

#[tokio::test(start_paused = true)]
async fn a_value_outside_the_schema_is_neither_served_nor_kept_and_the_next_one_is_asked() {
    for body in outside_the_schema() {
        let stage = Setup::of(passing_on().plain("second").load()).start().await;
        stage.upstream.always(FIRST, json(200, &body));
        stage.upstream.always(SECOND, thing(2));
        let answer = answered(&stage, value!({})).await;
        assert_eq!(
            tried(&answer.attempts),
            "first:bad_payload second:ok",
            "{body}"
        );
        assert_eq!(data(&answer), value!({"value": 2}), "{body}");
        let again = answered(&stage, value!({})).await;
        assert_eq!(
            (again.served, &*again.provider),
            (Served::Cached, "second"),
            "{body}"
        );
        assert!(!stage.store.dump().contains("secret"), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_nobody_else_is_there_it_is_no_answer_and_leaves_nothing_behind() {
    for body in outside_the_schema() {
        let stage = Setup::of(passing_on().load()).start().await;
        stage.upstream.next(FIRST, json(200, &body));
        stage.upstream.always(FIRST, thing(1));
        let refusal = refused(&stage, value!({})).await;
        assert_eq!(refusal.reason, Reason::AllFailed, "{body}");
        assert!(stage.store.kept().is_empty(), "{body}");
        let good = answered(&stage, value!({})).await;
        assert_eq!(good.served, Served::Fresh, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_right_before_is_served_in_place_of_what_is_wrong_now() {
    let stage = Setup::of(passing_on().load()).start().await;
    stage.upstream.next(FIRST, thing(5));
    stage
        .upstream
        .always(FIRST, json(200, &value!({"value": -1})));
    answered(&stage, value!({})).await;
    stage.wait(Duration::from_mins(30)).await;
    for _ in 0..5 {
        let old = answered(&stage, value!({})).await;
        assert_eq!(
            (old.served, data(&old)),
            (Served::Stale, value!({"value": 5}))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn everyone_is_named_once_as_tried_in_order_or_as_left_out_with_the_reason() {
    let keyed = "[auth]\ntype = \"bearer\"";
    let small = Small::new("")
        .plain("off")
        .provider("keyless", keyed, "")
        .provider("picky", "", "accepts = '.q != \"odd\"'")
        .provider("stranger", "contact = true", "")
        .provider(
            "plain",
            "base_url = \"http://plain.example\"\nplain_http = true",
            "",
        )
        .plain("unwanted")
        .plain("tired")
        .plain("limited")
        .plain("walled")
        .plain("liar")
        .plain("missing")
        .plain("broken");
    let off = ProviderSettings {
        enabled: Some(false),
        ..ProviderSettings::default()
    };
    let mut setup = Setup::of(small.load()).deciding("off", off);
    setup.settings.contact = None;
    let stage = setup.start().await;
    let host = |id: &str| format!("{id}.example");
    for (id, turn) in [
        ("tired", answers(429, &[("retry-after", "900")], "")),
        ("limited", json(429, &value!({}))),
        ("walled", page(200)),
        ("liar", json(200, &value!({"value": "many"}))),
        ("broken", fails(TransportError::Broken)),
    ] {
        stage.upstream.always(&host(id), turn);
    }
    refused(&stage, value!({"providers": "tired"})).await;

    let refusal = refused(&stage, value!({"q": "odd", "providers": "!unwanted"})).await;
    assert_eq!(refusal.reason, Reason::AllFailed);
    assert_eq!(
        tried(&refusal.attempts),
        "limited:rate_limited walled:blocked liar:bad_payload missing:gone broken:upstream broken:upstream"
    );
    assert_eq!(
        skipped(&refusal),
        "off:disabled keyless:no_credential picky:input stranger:no_contact plain:plain_http \
         unwanted:not_allowed tired:suspended"
    );
    assert!(refusal.retry_at.is_some(), "some of it time mends");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_shows_the_status_that_was_answered() {
    let right = || value!({"value": 1});
    let cases: [(&str, Scripted, Option<u16>); 14] = [
        ("200", json(200, &right()), Some(200)),
        ("201", json(201, &right()), Some(201)),
        ("203", json(203, &right()), Some(203)),
        ("204", answers(204, &[], ""), Some(204)),
        ("400", json(400, &value!({})), Some(400)),
        ("401", json(401, &value!({})), Some(401)),
        ("404", json(404, &value!({})), Some(404)),
        ("429", json(429, &value!({})), Some(429)),
        ("503", json(503, &value!({})), Some(503)),
        ("a page", page(200), Some(200)),
        ("no JSON", answers(200, &[], "{"), Some(200)),
        (
            "a redirect",
            redirects(302, "https://foreign.org/"),
            Some(302),
        ),
        ("no connection", fails(TransportError::Connect), None),
        ("silence", hangs(TransportError::Timeout), None),
    ];
    for (what, turn, status) in cases {
        let small = Small::new("empty = \"next\"")
            .plain("first")
            .plain("second");
        let stage = Setup::of(small.load()).start().await;
        stage.upstream.always(FIRST, turn);
        stage.upstream.always(SECOND, thing(2));
        let answer = answered(&stage, value!({})).await;
        assert_eq!(answer.attempts[0].status, status, "{what}");
        assert_eq!(&*answer.attempts[0].provider, "first", "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_status_is_shown_also_where_the_schema_refuses_what_came_with_it() {
    let small = Small::new("").plain("first").plain("second");
    let stage = Setup::of(small.load()).start().await;
    stage
        .upstream
        .always(FIRST, json(203, &value!({"value": -1})));
    stage.upstream.always(SECOND, thing(2));
    let answer = answered(&stage, value!({})).await;
    assert_eq!(tried(&answer.attempts), "first:bad_payload second:ok");
    assert_eq!(answer.attempts[0].status, Some(203));
}

#[tokio::test(start_paused = true)]
async fn attempts_say_how_long_they_took() {
    let small = Small::new("").plain("first").plain("second");
    let stage = Setup::of(small.load()).start().await;
    let slow = Duration::from_secs(2);
    stage
        .upstream
        .always(FIRST, after(slow, json(404, &value!({}))));
    stage.upstream.always(SECOND, thing(2));
    let answer = answered(&stage, value!({})).await;
    let took: Vec<Duration> = answer.attempts.iter().map(|attempt| attempt.took).collect();
    assert_eq!(took, [slow, LATENCY]);
}

#[tokio::test(start_paused = true)]
async fn an_old_answer_says_so_how_old_it_is_whose_it_is_and_who_failed_now() {
    let terms = "[terms]\nlicence = \"MIT\"\nattribution = \"By the first\"\nurl = \"https://first.example/\"";
    let small = Small::new(REMEMBERED)
        .provider("first", terms, "")
        .plain("second");
    let stage = Setup::of(small.load()).start().await;
    stage.upstream.always(FIRST, thing(1));
    stage
        .upstream
        .always(SECOND, fails(TransportError::Connect));
    let fresh = answered(&stage, value!({})).await;
    let given_at = stage.now();
    stage.upstream.always(FIRST, fails(TransportError::Connect));
    for hours in [1, 5, 12] {
        stage.wait(Duration::from_hours(hours)).await;
        let old = answered(&stage, value!({})).await;
        let age = stage.now().duration_since(given_at).unsigned_abs();
        assert_eq!((old.served, old.age), (Served::Stale, age));
        assert!(age >= Duration::from_hours(hours));
        assert_eq!((&old.data, &*old.provider), (&fresh.data, "first"));
        assert_eq!(old.attribution, fresh.attribution);
        assert_eq!(old.fresh_for, Duration::ZERO);
        assert!(
            tried(&old.attempts).starts_with("first:upstream second:upstream"),
            "{}",
            tried(&old.attempts)
        );
    }
    let named = fresh.attribution.iter().map(|by| (&*by.text, &*by.licence));
    assert_eq!(named.collect::<Vec<_>>(), [("By the first", "MIT")]);
}

/// Every provider of the built-in catalogue with its operations.
fn endpoints(world: &World, local: bool) -> Vec<Arc<Endpoint>> {
    let categories = world.catalogue.categories.values();
    let operations = categories.flat_map(|category| category.operations.values());
    let endpoints = operations.flat_map(|operation| operation.endpoints.iter().cloned());
    endpoints
        .filter(|endpoint| endpoint.provider.is_local() == local)
        .collect()
}

fn only(provider: &str) -> Options {
    let providers = Providers {
        allowed: vec![provider.to_owned()],
        excluded: Vec::new(),
    };
    Options {
        providers,
        ..Options::default()
    }
}

/// That an answer shows what the provider's terms want shown.
fn check_attribution(answer: &Answer, endpoint: &Endpoint) -> bool {
    let wanted = endpoint
        .provider
        .terms
        .as_ref()
        .map_or("", |terms| terms.attribution.as_str());
    let shown = answer.attribution.first();
    let place = format!("{} {}", endpoint.provider.id, endpoint.operation);
    assert_eq!(
        shown.map_or("", |shown| shown.text.as_str()),
        wanted,
        "{place}"
    );
    if let (Some(shown), Some(terms)) = (shown, &endpoint.provider.terms) {
        assert_eq!(
            (&shown.url, &shown.licence),
            (&terms.url, &terms.licence),
            "{place}"
        );
    }
    !wanted.is_empty()
}

#[tokio::test(start_paused = true)]
async fn every_provider_that_wants_to_be_named_is_named() {
    let world = World::new();
    let mut named = 0;
    for endpoint in endpoints(&world, false) {
        let (id, operation) = (&endpoint.provider.id, &endpoint.operation);
        let sample = world.good(id, &operation.name).unwrap();
        let now = sample.recorded.now.unwrap();
        let running = world.start(now, Arc::default()).await;
        let behaviour = world.behaviour(id, &operation.name, Fault::Ok, now);
        running.memory.behave(id, behaviour.unwrap());
        let found = world
            .catalogue
            .operation(&operation.category, &operation.name);
        let call = call(found.unwrap(), &sample.recorded.params, only(id));
        let answer = running.engine.call(call).await;
        let answer = answer.unwrap_or_else(|refusal| panic!("{id} {operation}: {refusal:?}"));
        assert_eq!((answer.served, &answer.provider), (Served::Fresh, id));
        named += usize::from(check_attribution(&answer, &endpoint));
    }
    assert!(named > 20, "{named}");
}

#[tokio::test(start_paused = true)]
async fn what_is_computed_here_says_so() {
    let world = World::new();
    let stage = Setup::of(built_in(&[])).start().await;
    let mut answers = 0;
    for endpoint in endpoints(&world, true) {
        let operation = &endpoint.operation;
        let found = world
            .catalogue
            .operation(&operation.category, &operation.name)
            .unwrap();
        for example in &found.examples {
            let mut wanted = Value::Object(example.clone());
            wanted["providers"] = value!(&*endpoint.provider.id);
            wanted["max_age"] = value!(0);
            let name = operation.to_string();
            let Ok(answer) = stage.call(&name, wanted.clone()).await else {
                continue;
            };
            assert_eq!(answer.served, Served::Local, "{name} {wanted}");
            assert_eq!(answer.provider, endpoint.provider.id, "{name} {wanted}");
            assert_eq!(answer.attempts.last().unwrap().status, None, "{name}");
            check_attribution(&answer, &endpoint);
            answers += 1;
        }
    }
    assert!(answers > 20, "{answers}");
    let geocoders = ["photon.komoot.io", "nominatim.openstreetmap.org"];
    let asked: usize = geocoders
        .map(|host| stage.upstream.asked(host))
        .iter()
        .sum();
    assert!(stage.upstream.asked_of_all() == asked, "someone was asked");
}

#[tokio::test(start_paused = true)]
async fn an_answer_computed_here_because_the_others_failed_names_them() {
    let stage = Setup::of(built_in(&["geocoding"])).start().await;
    let answer = stage.call("geocoding/search", value!({"q": "Paris"})).await;
    let answer = answer.unwrap();
    assert_eq!(
        (answer.served, &*answer.provider),
        (Served::Local, "local-cities")
    );
    assert_eq!(
        tried(&answer.attempts),
        "photon:gone nominatim:gone local-cities:ok"
    );
    let again = stage.call("geocoding/search", value!({"q": "Paris"})).await;
    assert_eq!(again.unwrap().served, Served::Cached);
}

//! Keys of providers: who has none is left out, several take turns, a dead one rests alone.

use std::time::Duration;

use guichet_engine::answer::Answer;
use guichet_sim::alphabet::Scripted;
use guichet_tests::small::{Small, thing};
use guichet_tests::stage::{Setup, Stage, credential, skipped, tried};
use guichet_tests::upstream::json;
use serde_json::json as value;

const FIRST: &str = "first.example";
const SECOND: &str = "second.example";
const DAY: Duration = Duration::from_hours(24);
const KEYED: &str = "[auth]\ntype = \"header\"\nname = \"x-key\"";

/// The second one is well.
async fn started(setup: Setup, first: Scripted) -> Stage {
    let stage = setup.start().await;
    stage.upstream.always(FIRST, first);
    stage.upstream.always(SECOND, thing(2));
    stage
}

async fn answered(stage: &Stage) -> Answer {
    let answer = stage.get(value!({})).await;
    answer.unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

async fn provider(stage: &Stage) -> String {
    answered(stage).await.provider.to_string()
}

/// The keys that a host was shown, in order.
fn shown(stage: &Stage, host: &str) -> Vec<String> {
    let requests = stage.upstream.requests(host);
    let keys = requests.iter().map(|request| &request.headers["x-key"]);
    keys.map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn who_needs_a_key_and_has_none_is_left_out_and_named() {
    let small = Small::new("").provider("first", KEYED, "").plain("second");
    let stage = started(Setup::of(small.load()), thing(1)).await;
    assert_eq!(tried(&answered(&stage).await.attempts), "second:ok");
    stage.upstream.always(SECOND, json(404, &value!({})));
    let refusal = stage.get(value!({})).await.unwrap_err();
    assert_eq!(skipped(&refusal), "first:no_credential");
    assert_eq!(stage.upstream.asked(FIRST), 0);

    let key = credential("first", "main", "k1");
    stage.engine.replace_credentials(vec![key]);
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
async fn a_dead_key_of_the_vault_stays_dead_over_a_restart() {
    assert!(!dead_key_is_shown_after_a_restart("main").await);
}

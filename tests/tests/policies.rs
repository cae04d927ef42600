//! In which order candidates are asked, who waits for a window, and how projects share one quota.

use std::collections::BTreeMap;
use std::time::Duration;

use guichet_catalogue::model::ai::Dialect::OpenAi;
use guichet_engine::ai::Door;
use guichet_engine::answer::{Reason, SkipReason};
use guichet_engine::identity::ProjectId;
use guichet_engine::ledger::{Share, Shares};
use guichet_engine::policy::{Policies, Policy};
use guichet_engine::{ProviderSettings, Settings};
use guichet_sim::Fault;
use guichet_tests::small::{Small, thing};
use guichet_tests::speakers::{Studio, asked};
use guichet_tests::stage::{Setup, Stage, skipped};
use guichet_tests::upstream::after;
use serde_json::json as value;
use tokio::time::Instant;

fn quota(limit: u32, per: &str, kind: &str) -> String {
    format!("[[quota]]\nlimit = {limit}\nper = \"{per}\"\nkind = \"{kind}\"\n")
}

async fn started(small: Small, change: impl FnOnce(&mut Settings)) -> Stage {
    let mut setup = Setup::of(small.load());
    change(&mut setup.settings);
    let stage = setup.start().await;
    for (place, host) in ["a.example", "b.example", "c.example"].iter().enumerate() {
        stage
            .upstream
            .always(host, thing(i64::try_from(place).unwrap_or(0)));
    }
    stage
}

/// Who answers so many calls, in order.
async fn answered(stage: &Stage, calls: usize, parameters: serde_json::Value) -> String {
    let mut names = String::new();
    for _ in 0..calls {
        let answer = stage.get(parameters.clone()).await;
        let answer = answer.unwrap_or_else(|refusal| panic!("{refusal:?}"));
        names.push_str(&answer.provider);
    }
    names
}

#[tokio::test(start_paused = true)]
async fn what_would_be_lost_soonest_is_used_first() {
    // Of a, ten are left for half a day; b is a bucket, which loses what refills while it is full.
    let small = Small::new("")
        .provider("a", &quota(10, "day", "calendar"), "")
        .provider("b", &quota(1000, "day", "bucket"), "");
    let stage = started(small, |_| {}).await;
    let names = answered(&stage, 5, value!({"max_age": 0})).await;
    assert_eq!(names, "bbbbb");
    assert_eq!(
        answered(&stage, 1, value!({"max_age": 0, "policy": "order"})).await,
        "a"
    );
}

#[tokio::test(start_paused = true)]
async fn who_has_no_long_window_keeps_its_place_and_so_does_whoever_was_put_somewhere() {
    let long = quota(10, "day", "calendar");
    let small = || {
        Small::new("").plain("a").provider("b", &long, "").provider(
            "c",
            &quota(1000, "day", "bucket"),
            "",
        )
    };
    let fresh = || value!({"max_age": 0});
    let stage = started(small(), |_| {}).await;
    assert_eq!(answered(&stage, 2, fresh()).await, "aa");
    let named = value!({"max_age": 0, "providers": "b,c"});
    assert_eq!(answered(&stage, 2, named).await, "bb", "the caller's order");
    let only = value!({"max_age": 0, "providers": "b,c", "policy": "harvest"});
    assert_eq!(
        answered(&stage, 2, only).await,
        "cc",
        "who may answer, not in which order"
    );
    let placed = ProviderSettings {
        order: Some(1),
        ..ProviderSettings::default()
    };
    let stage = started(small(), |settings| {
        settings.providers.insert("b".into(), placed);
    })
    .await;
    assert_eq!(
        answered(&stage, 2, fresh()).await,
        "bb",
        "the operator's order"
    );
}

#[tokio::test(start_paused = true)]
async fn an_operation_can_have_a_policy_of_its_own() {
    let small = Small::new("").plain("a").plain("b");
    let stage = started(small, |settings| {
        settings.policies = Policies {
            default: Policy::Order,
            operations: BTreeMap::from([("things/get".into(), Policy::Fastest)]),
        };
    })
    .await;
    stage
        .upstream
        .always("a.example", after(Duration::from_millis(900), thing(1)));
    let names = answered(&stage, 4, value!({"max_age": 0})).await;
    assert_eq!(
        names, "abbb",
        "each is measured once, then the faster one is asked"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_is_answered_when_the_window_opens() {
    let small = Small::new("").provider("a", &quota(1, "minute", "calendar"), "");
    let stage = started(small, |settings| {
        settings.timeout = Duration::from_secs(100);
    })
    .await;
    answered(&stage, 1, value!({"max_age": 0})).await;
    let refused = stage.get(value!({"max_age": 0})).await.unwrap_err();
    assert_eq!(refused.reason, Reason::AllSuspended);
    let began = Instant::now();
    let impatient = value!({"max_age": 0, "max_wait_ms": 5_000});
    let refused = stage.get(impatient).await.unwrap_err();
    assert_eq!(skipped(&refused), "a:quota");
    assert!(
        began.elapsed() < Duration::from_millis(100),
        "it would open too late"
    );
    answered(&stage, 1, value!({"max_age": 0, "max_wait_ms": 60_000})).await;
    let waited = began.elapsed();
    assert!(
        (Duration::from_secs(50)..=Duration::from_secs(61)).contains(&waited),
        "{waited:?}"
    );
    assert_eq!(stage.upstream.asked("a.example"), 2);
}

#[tokio::test(start_paused = true)]
async fn of_many_who_wait_each_is_served_when_there_is_room_and_none_too_often() {
    let small = Small::new("").provider("a", &quota(60, "minute", "bucket"), "");
    let stage = started(small, |settings| {
        settings.timeout = Duration::from_secs(100);
    })
    .await;
    let calls = (0..70).map(|number| {
        let parameters =
            value!({"max_age": 0, "max_wait_ms": 30_000, "timeout_ms": 90_000 + number});
        stage.get(parameters)
    });
    let began = Instant::now();
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(stage.upstream.asked("a.example"), 70);
    let waited = began.elapsed();
    assert!(
        (9..=14).contains(&waited.as_secs()),
        "ten refill in ten seconds: {waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_model_is_waited_for_too() {
    let own = quota(1, "minute", "calendar");
    let studio = Studio::of(&[("first", OpenAi, &own)]).await;
    studio.ask(asked(Door::Chat, false)).await.unwrap();
    let mut call = asked(Door::Chat, false);
    call.wish.max_wait = Some(Duration::from_mins(2));
    let began = Instant::now();
    studio.ask(call.clone()).await.unwrap();
    assert!(began.elapsed() > Duration::from_secs(1));
    call.wish.max_wait = Some(Duration::from_millis(10));
    let refused = studio.ask(call).await.unwrap_err();
    assert_eq!(refused.skipped[0].reason, SkipReason::Quota);
}

#[tokio::test(start_paused = true)]
async fn of_two_models_the_one_whose_quota_would_be_lost_is_asked_and_paid_ones_are_last() {
    let daily = format!("free = true\n{}", quota(50, "day", "calendar"));
    let bucket = format!("free = true\n{}", quota(1_000, "day", "bucket"));
    let providers = [
        ("paid", OpenAi, ""),
        ("daily", OpenAi, &*daily),
        ("bucket", OpenAi, &*bucket),
    ];
    let studio = Studio::of(&providers).await;
    let mut asked_of = Vec::new();
    for policy in [None, Some(Policy::Order)] {
        let mut call = asked(Door::Chat, false);
        call.wish.policy = policy;
        asked_of.push(studio.ask(call).await.unwrap().provider.to_string());
    }
    assert_eq!(asked_of, ["bucket", "paid"]);
}

#[tokio::test(start_paused = true)]
async fn after_whom_the_caller_wants_first_the_others_are_ranked_as_ever() {
    let daily = format!("free = true\n{}", quota(50, "day", "calendar"));
    let bucket = format!("free = true\n{}", quota(1_000, "day", "bucket"));
    let providers = [
        ("daily", OpenAi, &*daily),
        ("paid", OpenAi, ""),
        ("bucket", OpenAi, &*bucket),
    ];
    let order = async |wanted: &str, policy: Option<Policy>| {
        let studio = Studio::of(&providers).await;
        for (provider, ..) in &providers {
            studio.speakers.set_fault(provider, Fault::ServerError);
        }
        let mut call = asked(Door::Chat, false);
        call.wish.first = Some(vec![wanted.into()]);
        call.wish.policy = policy;
        let refusal = studio.ask(call).await.unwrap_err();
        let mut names: Vec<_> = refusal
            .attempts
            .iter()
            .map(|attempt| attempt.provider.to_string())
            .collect();
        names.dedup();
        names
    };
    assert_eq!(order("paid", None).await, ["paid", "bucket", "daily"]);
    assert_eq!(order("daily", None).await, ["daily", "bucket", "paid"]);
    assert_eq!(
        order("bucket", Some(Policy::Order)).await,
        ["bucket", "daily", "paid"],
        "a policy of the call's own is for the others too"
    );
}

#[tokio::test(start_paused = true)]
async fn of_two_projects_one_floods_and_the_other_is_served_and_what_is_idle_is_lent_and_taken_back()
 {
    let own = format!("{}scope = \"account\"\n", quota(96, "day", "bucket"));
    let parts = ["flood", "steady"].map(|project| (ProjectId::new(project), Share::Part(0.5)));
    let settings = Settings {
        shares: Shares(BTreeMap::from([("first".into(), BTreeMap::from(parts))])),
        ..Settings::default()
    };
    let studio = Studio::deciding(&[("first", OpenAi, &own)], settings).await;
    let served = async |project: &str, calls: usize| {
        let mut served = 0;
        for _ in 0..calls {
            let mut call = asked(Door::Chat, false);
            call.origin.project = ProjectId::new(project);
            served += usize::from(studio.ask(call).await.is_ok());
        }
        served
    };
    assert_eq!(served("flood", 200).await, 48, "its own part");
    assert_eq!(served("steady", 10).await, 10, "as if nobody flooded");
    tokio::time::sleep(Duration::from_hours(6)).await;
    assert_eq!(
        served("flood", 200).await,
        12 + 2,
        "its refill, and what ran over"
    );
    assert_eq!(served("steady", 200).await, 48, "all of its part, at once");
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(served("flood", 200).await, 2, "nothing is idle any more");
}

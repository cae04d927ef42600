//! A failure that is rehearsed: the provider is not asked, the answer comes from the next one, and afterwards it is as if
//! nothing had been.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::time::Duration;

use guichet_engine::rehearsal::{Failing, Rehearsal};
use guichet_tests::small::{Small, thing};
use guichet_tests::stage::{Setup, Stage, tried};
use serde_json::json as value;

const FIRST: &str = "first.example";

async fn rehearsing(fault: &str) -> Stage {
    let small = Small::new("").plain("first").plain("second");
    let stage = Setup::of(small.load()).start().await;
    stage.upstream.always(FIRST, thing(1));
    stage.upstream.always("second.example", thing(2));
    stage.engine.rehearse(vec![Rehearsal {
        provider: "first".into(),
        fault: fault.parse::<Failing>().unwrap(),
        until: stage.now() + Duration::from_mins(10),
    }]);
    stage
}

async fn answered(stage: &Stage) -> String {
    tried(&stage.get(value!({})).await.unwrap().attempts)
}

#[tokio::test(start_paused = true)]
async fn a_provider_whose_failure_is_rehearsed_is_not_asked_and_the_next_one_answers() {
    for (fault, class) in [
        ("5xx", "upstream"),
        ("refused", "upstream"),
        ("header-timeout", "upstream"),
        ("401", "blocked"),
        ("429+retry-after", "rate_limited"),
        ("200-wrong-schema:html", "blocked"),
        ("truncated-json", "bad_payload"),
    ] {
        let stage = rehearsing(fault).await;
        let expected = format!("first:{class} second:ok");
        assert_eq!(answered(&stage).await, expected, "{fault}");
        assert_eq!(stage.upstream.asked(FIRST), 0, "{fault}");
        assert_eq!(stage.engine.rehearsed().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn it_ends_by_itself() {
    let stage = rehearsing("refused").await;
    stage.wait(Duration::from_mins(10)).await;
    assert!(stage.engine.rehearsed().is_empty());
    assert_eq!(answered(&stage).await, "first:ok");
}

#[tokio::test(start_paused = true)]
async fn when_it_is_stopped_its_suspensions_end_with_it() {
    let stage = rehearsing("401").await;
    assert_eq!(answered(&stage).await, "first:blocked second:ok");
    assert_eq!(answered(&stage).await, "second:ok", "left alone");
    stage.engine.rehearse(Vec::new());
    assert_eq!(answered(&stage).await, "first:ok");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_behind_the_same_host_is_not_concerned() {
    let own = |id| format!("base_url = \"https://gateway.example/{id}\"");
    let small = Small::new("").provider("first", &own("first"), "");
    let small = small.provider("second", &own("second"), "");
    let stage = Setup::of(small.load()).start().await;
    stage.upstream.always("gateway.example", thing(1));
    stage.engine.rehearse(vec![Rehearsal {
        provider: "first".into(),
        fault: Failing::ServerError,
        until: stage.now() + Duration::from_mins(10),
    }]);
    assert_eq!(answered(&stage).await, "first:upstream second:ok");
}

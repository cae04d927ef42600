//! What is served when nothing is wrong: matching, keys, quotas, counts, switches.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use common::client::{ask, get};
use guichet_engine::clock::Clock;
use guichet_sim::{Fault, Settings, Simulator};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde_json::json;

/// A clock that is set by hand.
struct Hands(Mutex<Timestamp>);

impl Hands {
    fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(text.parse().unwrap())))
    }

    fn forward(&self, seconds: i64) {
        *self.0.lock() += SignedDuration::from_secs(seconds);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }
}

async fn simulator(clock: &Arc<Hands>, quotas: bool) -> Simulator {
    let (catalogue, samples) = common::catalogue();
    let settings = Settings {
        quotas,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        ..Settings::new(catalogue, samples)
    };
    Simulator::start(settings).await.unwrap()
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_a_like_one_a_like_answer() {
    let simulator = simulator(&Hands::at("2026-11-22T10:31:00Z"), false).await;
    for (target, name, ip) in [
        (
            "/open/v1/geo/8.8.8.8.json?fields=all",
            "Mountain View",
            "8.8.8.8",
        ),
        (
            "/open/v1/geo/8.8.8.8.json?lang=fr&fields=all",
            "Vue-sur-Mont",
            "8.8.8.8",
        ),
        (
            "/open/v1/geo/8.8.8.8.json?lang=fr",
            "Vue-sur-Mont",
            "8.8.8.8",
        ),
        ("/open/v1/geo/8.8.8.8.json", "Mountain View", "8.8.8.8"),
        (
            "/open/v1/geo/1.2.3.4.json?fields=all",
            "Mountain View",
            "1.2.3.4",
        ),
        (
            "/open/v1/geo/1.2.3.4.json?fields=all&lang=fr",
            "Vue-sur-Mont",
            "1.2.3.4",
        ),
    ] {
        let answer = get(simulator.address(), target).await;
        assert_eq!(answer.status, 200, "{target}");
        assert_eq!(
            (&answer.json()["name"], &answer.json()["ip"]),
            (&json!(name), &json!(ip)),
            "{target}"
        );
    }
    let nowhere = get(simulator.address(), "/open/v1/geo/9.9.9.9.json?fields=all").await;
    assert_eq!(nowhere.json(), json!({"name": "nowhere"}));
    let step = get(simulator.address(), "/open/v1/stations?near=Lyon").await;
    assert_eq!(step.json(), json!([{"id": 8118}]));
    let last = get(simulator.address(), "/open/v1/stations/8118/latest").await;
    assert_eq!(last.json()["name"], "Montsouris");
    for missing in [
        "/open/v2/other",
        "/open/v1/stations/8118/latest/x",
        "/nobody/v1",
        "/",
    ] {
        assert_eq!(
            get(simulator.address(), missing).await.status,
            404,
            "{missing}"
        );
    }
    assert_eq!(
        ask(
            simulator.address(),
            "POST",
            "/open/v1/stations?near=Lyon",
            ""
        )
        .await
        .status,
        404
    );
}

#[tokio::test]
async fn an_answer_is_as_old_as_it_was_when_recorded() {
    let clock = Hands::at("2027-02-03T04:05:06Z");
    let simulator = simulator(&clock, true).await;
    let answer = get(simulator.address(), "/open/v1/geo/8.8.8.8.json?fields=all").await;
    assert_eq!(answer.header("date"), Some("Wed, 03 Feb 2027 04:05:06 GMT"));
    assert_eq!(answer.head.matches("date: ").count(), 1);
    assert_eq!(answer.json()["seen"], "2027-02-03T04:04:00Z");
}

#[tokio::test]
async fn a_keyed_provider_wants_a_key_any_key_and_refuses_in_its_own_words() {
    let simulator = simulator(&Hands::at("2026-11-22T10:31:00Z"), true).await;
    for without in [
        "/keyed/lookup?ip=8.8.8.8",
        "/keyed/lookup?ip=8.8.8.8&appid=",
    ] {
        let answer = get(simulator.address(), without).await;
        assert_eq!(
            (answer.status, answer.json()),
            (403, json!({"reason": "no key, no view"}))
        );
    }
    let answer = get(
        simulator.address(),
        "/keyed/lookup?appid=planted-secret&ip=8.8.8.8",
    )
    .await;
    assert_eq!(answer.json()["name"], "Keyed View");
    let counts = get(simulator.address(), "/_sim/counts").await;
    assert!(!counts.body.contains("planted-secret"));
    let keyed = &counts.json()["keyed"];
    assert_eq!(keyed["requests"], 3);
    assert_eq!(keyed["statuses"], json!({"200": 1, "403": 2}));
    assert_eq!(keyed["samples"], json!({"lookup": 1}));
    assert_eq!(keyed["quotas"][0]["used"], 1.0);
}

#[tokio::test]
async fn quotas_are_enforced_and_open_again() {
    let clock = Hands::at("2026-11-22T10:31:00Z");
    let simulator = simulator(&clock, true).await;
    let target = "/open/v1/geo/8.8.8.8.json?fields=all";
    for _ in 0..3 {
        assert_eq!(get(simulator.address(), target).await.status, 200);
    }
    // Three a minute as a bucket: one more after twenty seconds.
    let refused = get(simulator.address(), target).await;
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (429, Some("20"))
    );
    clock.forward(19);
    let refused = get(simulator.address(), target).await;
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (429, Some("1"))
    );
    clock.forward(1);
    assert_eq!(get(simulator.address(), target).await.status, 200);
    // What was refused by one window is not taken from the other.
    let quotas = simulator.counts()["open"].quotas.clone();
    let used = quotas.iter().map(|quota| quota.used.round().to_string());
    assert_eq!(used.collect::<Vec<_>>(), ["3", "4"]);
}

#[tokio::test]
async fn a_quota_of_a_key_is_each_keys_own() {
    let clock = Hands::at("2026-11-22T10:31:00Z");
    let simulator = simulator(&clock, true).await;
    let mut statuses = Vec::new();
    for key in ["a", "a", "b", "a", "b", "b"] {
        let target = format!("/keyed/lookup?ip=8.8.8.8&appid={key}");
        statuses.push(get(simulator.address(), &target).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 200, 429]);
    clock.forward(3600);
    assert_eq!(
        get(simulator.address(), "/keyed/lookup?ip=8.8.8.8&appid=a")
            .await
            .status,
        200
    );
    assert_eq!(
        ask(simulator.address(), "POST", "/_sim/reset", "")
            .await
            .status,
        204
    );
    assert_eq!(simulator.counts()["keyed"].requests, 0);
    assert!(simulator.counts()["keyed"].quotas[0].used.abs() < f64::EPSILON);
}

#[tokio::test]
async fn without_quotas_everything_is_served() {
    let simulator = simulator(&Hands::at("2026-11-22T10:31:00Z"), false).await;
    for _ in 0..10 {
        assert_eq!(
            get(simulator.address(), "/open/v1/geo/8.8.8.8.json")
                .await
                .status,
            200
        );
    }
    assert_eq!(simulator.counts()["open"].requests, 10);
}

#[tokio::test]
async fn faults_are_switched_while_it_runs() {
    let simulator = simulator(&Hands::at("2026-11-22T10:31:00Z"), false).await;
    let address = simulator.address();
    let target = "/open/v1/geo/8.8.8.8.json";
    let put = ask(
        address,
        "PUT",
        "/_sim/faults/open",
        r#"{"fault": "429+retry-after", "times": 2}"#,
    )
    .await;
    assert_eq!(put.status, 204);
    let listed = get(address, "/_sim/faults").await.json();
    assert_eq!(
        listed,
        json!({"open": {"fault": "429+retry-after", "times": 2}})
    );
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(get(address, target).await.status);
    }
    assert_eq!(statuses, [429, 429, 200]);
    let put = ask(address, "PUT", "/_sim/faults/*", r#"{"fault": "5xx"}"#).await;
    assert_eq!((put.status, get(address, target).await.status), (204, 500));
    assert_eq!(
        ask(address, "DELETE", "/_sim/faults/%2A", "").await.status,
        204
    );
    assert_eq!(get(address, target).await.status, 200);
    assert_eq!(
        simulator.counts()["open"].faults[&*Fault::ServerError.name()],
        1
    );
    for (path, body, status) in [
        ("/_sim/faults/nobody", r#"{"fault": "5xx"}"#, 404),
        ("/_sim/faults/open", r#"{"fault": "6xx"}"#, 400),
        ("/_sim/faults/open", r#"{"fault": "5xx", "often": 3}"#, 400),
        ("/_sim/faults/open", r#"{"fault": "5xx", "times": 0}"#, 400),
        ("/_sim/unknown", "", 404),
    ] {
        let answer = ask(address, "PUT", path, body).await;
        assert_eq!(answer.status, status, "{path} {body}");
        assert!(answer.json()["error"].is_string());
    }
    assert!(simulator.set_fault("nobody", Fault::Ok, None).is_err());
}

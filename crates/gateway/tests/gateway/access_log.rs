//! What the log tells of a request, and what it never tells.

use std::sync::Arc;

use guichet_gateway::{AccessLog, LineFormat, Settings};
use http_body_util::Full;
use parking_lot::Mutex;
use serde_json::Value;

use crate::world::World;

#[tokio::test]
async fn one_event_per_request_tells_who_and_what_but_nothing_that_was_sent() {
    let lines: Arc<Mutex<Vec<u8>>> = Arc::default();
    let taken = Arc::clone(&lines);
    let log = AccessLog::new(LineFormat::Json, move |line| {
        taken.lock().extend_from_slice(line);
    });
    let world = World::with(Settings {
        access_log: Some(log),
        ..Settings::default()
    })
    .await;
    world
        .providers
        .replay("api.open-meteo.com", "open-meteo", "current");
    let path = "/api/weather/current?lat=48.85341&lon=2.3488";
    world
        .ask(
            world
                .request("GET", path)
                .header("x-request-id", "r-1")
                .body(Full::default())
                .unwrap(),
        )
        .await;
    world
        .post(
            "/api/tools/hash",
            r#"{"text": "planted-secret", "algorithm": "sha256"}"#,
        )
        .await;
    world
        .get("/api/tools/hash?text=planted-secret&algorithm=none")
        .await;
    let text = String::from_utf8(lines.lock().clone()).unwrap();
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let requests: Vec<_> = events
        .iter()
        .filter(|event| event["target"] == "guichet::access")
        .collect();
    assert_eq!(requests.len(), 3, "{text}");
    let first = requests[0];
    for (name, value) in [
        ("method", "GET"),
        ("route", "/api/{category}/{operation}"),
        ("request_id", "r-1"),
        ("category", "weather"),
        ("operation", "current"),
        ("served", "fresh"),
        ("provider", "open-meteo"),
        ("attempts", "open-meteo:ok"),
    ] {
        assert_eq!(first[name], value, "{first}");
    }
    assert_eq!(first["status"], 200);
    assert!(
        world.key.contains(first["key"].as_str().unwrap()),
        "the key's public part"
    );
    assert_eq!(requests[2]["code"], "invalid_parameters");
    for secret in ["planted-secret", "48.85341", &world.key, &world.key[17..49]] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
}

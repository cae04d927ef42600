//! What the log tells of a request, and what it never tells.

use std::io;
use std::sync::Arc;

use http_body_util::Full;
use parking_lot::Mutex;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::world::World;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'writer> MakeWriter<'writer> for Lines {
    type Writer = Self;

    fn make_writer(&'writer self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn one_event_per_request_tells_who_and_what_but_nothing_that_was_sent() {
    let world = World::new().await;
    world
        .providers
        .replay("api.open-meteo.com", "open-meteo", "current");
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .finish();
    {
        let _guard = tracing::subscriber::set_default(subscriber);
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
    }
    let text = String::from_utf8(lines.0.lock().clone()).unwrap();
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

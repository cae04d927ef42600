//! Keys at every door.

use bytes::Bytes;
use guichet_access::default_project;
use http::Request;
use http_body_util::Full;
use jiff::{Timestamp, ToSpan};
use secrecy::ExposeSecret;

use crate::world::World;

fn with(key: &str) -> Request<Full<Bytes>> {
    Request::get("/api/tools/uuid")
        .header("authorization", format!("Bearer {key}"))
        .body(Full::default())
        .unwrap()
}

#[tokio::test]
async fn each_way_to_fail_has_its_code_and_shows_nothing_of_the_key() {
    let world = World::new().await;
    let end = world.key.chars().last().unwrap();
    let typo = format!("{}{}", &world.key[..54], if end == 'x' { 'y' } else { 'x' });
    let stranger = World::new().await.key;
    for (key, code) in [
        ("sk-1234", "malformed_key"),
        (&typo, "mistyped_key"),
        (&stranger, "unknown_key"),
    ] {
        let refused = world.ask(with(key)).await;
        assert_eq!(refused.problem(), (401, code.into()));
        assert_eq!(
            refused.header("www-authenticate"),
            "Bearer realm=\"guichet\""
        );
        assert!(!refused.text().contains(key), "{}", refused.text());
    }
    let none = world
        .ask(
            Request::get("/api/tools/uuid")
                .body(Full::default())
                .unwrap(),
        )
        .await;
    assert_eq!(none.problem(), (401, "missing_key".into()));
}

#[tokio::test]
async fn a_revoked_key_opens_no_more() {
    let world = World::new().await;
    let key = world
        .access
        .create_key(&default_project(), "short", None)
        .await
        .unwrap();
    assert_eq!(world.ask(with(key.text.expose_secret())).await.status, 200);
    world.access.revoke_key(&key.info.id).await.unwrap();
    let refused = world.ask(with(key.text.expose_secret())).await;
    assert_eq!(refused.problem(), (401, "revoked_key".into()));
}

#[tokio::test]
async fn a_key_ends_when_it_was_said_to() {
    let world = World::new().await;
    let soon = Timestamp::now() + 300.milliseconds();
    let key = world
        .access
        .create_key(&default_project(), "short", Some(soon))
        .await
        .unwrap();
    assert_eq!(world.ask(with(key.text.expose_secret())).await.status, 200);
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    assert_eq!(
        world.ask(with(key.text.expose_secret())).await.problem(),
        (401, "expired_key".into())
    );
}

#[tokio::test]
async fn probes_and_pages_need_no_key_and_everything_else_does() {
    let world = World::new().await;
    let status = async |path: &str| {
        world
            .ask(Request::get(path).body(Full::default()).unwrap())
            .await
            .status
            .as_u16()
    };
    for path in ["/health/live", "/health/ready", "/openapi.json", "/docs"] {
        assert_eq!(status(path).await, 200, "{path}");
    }
    for path in [
        "/health",
        "/metrics",
        "/api/catalogue",
        "/api/catalogue/weather",
        "/api/none/such",
        "/proxy/nager/x",
    ] {
        assert_eq!(status(path).await, 401, "{path}");
    }
}

#[tokio::test]
async fn metrics_are_open_to_this_machine_but_not_through_a_proxy() {
    let world = World::new().await;
    let here = "127.0.0.1".parse().unwrap();
    let plain = Request::get("/metrics").body(Full::default()).unwrap();
    assert_eq!(world.ask_from(here, plain).await.status, 200);
    let passed_on = Request::get("/metrics")
        .header("x-forwarded-for", "203.0.113.9")
        .body(Full::default())
        .unwrap();
    assert_eq!(world.ask_from(here, passed_on).await.status, 401);
    let wrong = Request::get("/metrics")
        .header("authorization", "Bearer no")
        .body(Full::default())
        .unwrap();
    assert_eq!(world.ask_from(here, wrong).await.status, 401);
}

//! Calls to a provider as it is.

use http_body_util::Full;

use crate::world::{World, upstream};

const NAGER: &str = "nagerholidays.com";

#[tokio::test]
async fn a_call_is_passed_on_and_its_answer_back() {
    let world = World::new().await;
    let headers = [
        ("content-type", "application/json"),
        ("set-cookie", "a=b"),
        ("server", "x"),
        ("etag", "\"1\""),
    ];
    world.providers.answer(NAGER, upstream(200, &headers, "[]"));
    let request = world
        .request("GET", "/proxy/nager/api/v3/PublicHolidays/2026/FR?x=%20y")
        .header("accept", "application/json")
        .header("cookie", "session=1")
        .header("x-api-key", "other");
    let answer = world.ask(request.body(Full::default()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "[]"));
    assert_eq!(answer.header("x-guichet-provider"), "nager");
    assert_eq!(answer.header("etag"), "\"1\"");
    assert!(!answer.headers.contains_key("set-cookie") && !answer.headers.contains_key("server"));
    let sent = world.providers.requests.lock().pop().unwrap();
    assert_eq!(
        sent.url.as_str(),
        "https://nagerholidays.com/api/v3/PublicHolidays/2026/FR?x=%20y"
    );
    assert_eq!(sent.headers["accept"], "application/json");
    for name in ["authorization", "x-api-key", "cookie", "host"] {
        assert!(!sent.headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn the_providers_own_errors_are_passed_on() {
    let world = World::new().await;
    world.providers.answer(
        NAGER,
        upstream(404, &[("content-type", "text/plain")], "no such year"),
    );
    let answer = world.get("/proxy/nager/api/v3/PublicHolidays/1/FR").await;
    assert_eq!(
        (answer.status.as_u16(), answer.text()),
        (404, "no such year")
    );
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_is_a_problem() {
    let world = World::new().await;
    let refused = world.get("/proxy/nager/api/v3/x").await;
    assert_eq!(refused.problem(), (502, "all_failed".into()));
    assert!(!refused.text().contains(NAGER), "{}", refused.text());
}

#[tokio::test]
async fn what_has_no_server_or_no_key_says_so() {
    let world = World::new().await;
    assert_eq!(
        world.get("/proxy/local-clock/x").await.problem(),
        (404, "unknown_provider".into())
    );
    assert_eq!(
        world.get("/proxy/openweathermap/data").await.problem(),
        (503, "no_candidate".into())
    );
    assert_eq!(
        world.get("/proxy/nager/a/../b").await.problem(),
        (400, "malformed_url".into())
    );
    assert!(world.providers.asked().is_empty());
}

#[tokio::test]
async fn a_body_and_a_method_are_passed_on() {
    let world = World::new().await;
    world.providers.answer(NAGER, upstream(201, &[], ""));
    let request = world
        .request("PUT", "/proxy/nager")
        .header("content-type", "text/plain");
    let answer = world
        .ask(request.body(Full::new("hello".into())).unwrap())
        .await;
    assert_eq!(answer.status, 201);
    let sent = world.providers.requests.lock().pop().unwrap();
    assert_eq!(
        (sent.method.as_str(), &sent.body[..]),
        ("PUT", &b"hello"[..])
    );
}

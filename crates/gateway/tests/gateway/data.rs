//! Data answers: the envelope, the headers, the cache, the fallback.

use http::Request;
use http_body_util::Full;
use serde_json::json;

use crate::world::{World, upstream};

const OPEN_METEO: &str = "api.open-meteo.com";
const CURRENT: &str = "/api/weather/current?lat=48.85341&lon=2.3488";

#[tokio::test]
async fn a_fresh_answer_says_who_gave_it() {
    let world = World::new().await;
    world.providers.replay(OPEN_METEO, "open-meteo", "current");
    let answer = world.get(CURRENT).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["data"]["temperature_c"], 8.4);
    assert_eq!(body["meta"]["provider"], "open-meteo");
    assert_eq!(body["meta"]["served"], "fresh");
    assert_eq!(body["meta"]["attempts"][0]["class"], "ok");
    assert_eq!(body["meta"]["request_id"], answer.header("x-request-id"));
    assert_eq!(
        answer.header("cache-status"),
        "guichet; fwd=miss; stored; ttl=600"
    );
    assert_eq!(answer.header("cache-control"), "private, max-age=600");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("server-timing").contains("open-meteo;dur="));
}

#[tokio::test]
async fn a_second_call_is_served_from_the_cache() {
    let world = World::new().await;
    world.providers.replay(OPEN_METEO, "open-meteo", "current");
    let first = world.get(CURRENT).await;
    let second = world.get(CURRENT).await;
    assert_eq!(second.json()["meta"]["served"], "cached");
    assert_eq!(second.json()["data"], first.json()["data"]);
    assert_eq!(second.header("age"), "0");
    assert!(
        second
            .header("cache-status")
            .starts_with("guichet; hit; ttl=")
    );
    assert_eq!(world.providers.asked().len(), 1);
}

#[tokio::test]
async fn a_known_answer_is_not_sent_again() {
    let world = World::new().await;
    world.providers.replay(OPEN_METEO, "open-meteo", "current");
    let tag = world.get(CURRENT).await.header("etag").to_owned();
    let request = world
        .request("GET", CURRENT)
        .header("if-none-match", &tag)
        .body(Full::default())
        .unwrap();
    let again = world.ask(request).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), tag);
}

#[tokio::test]
async fn the_next_provider_answers_when_the_first_fails() {
    let world = World::new().await;
    world.providers.answer(
        OPEN_METEO,
        upstream(
            200,
            &[("content-type", "text/html")],
            "<!doctype html><p>Busy</p>",
        ),
    );
    let refused = world.get(CURRENT).await;
    // The other keyless one demands a contact, which this installation has not set.
    assert_eq!(refused.problem(), (502, "all_failed".into()));
    let body = refused.json();
    assert_eq!(body["attempts"][0]["provider"], "open-meteo");
    assert_eq!(body["attempts"][0]["class"], "blocked");
    assert!(
        body["skipped"]
            .as_array()
            .unwrap()
            .contains(&json!({"provider": "met-no", "reason": "no_contact"}))
    );
    assert!(
        !refused.text().contains(OPEN_METEO),
        "no upstream URL: {}",
        refused.text()
    );
    assert!(
        !refused.text().contains("Busy"),
        "no upstream body: {}",
        refused.text()
    );

    let suspended = world.get(CURRENT).await;
    assert_eq!(suspended.problem(), (503, "all_suspended".into()));
    assert!(suspended.header("retry-after").parse::<u64>().unwrap() >= 1);
}

#[tokio::test]
async fn a_local_answer_needs_no_network() {
    let world = World::new().await;
    let answer = world.get("/api/tools/hash?text=abc&algorithm=sha256").await;
    let body = answer.json();
    assert_eq!(body["meta"]["served"], "local", "{body}");
    assert!(
        answer
            .text()
            .contains("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    );
    assert!(world.providers.asked().is_empty());
}

#[tokio::test]
async fn get_and_post_mean_the_same() {
    let world = World::new().await;
    let by_get = world.get("/api/tools/hash?text=abc&algorithm=sha256").await;
    let by_post = world
        .post(
            "/api/tools/hash",
            r#"{"text": "abc", "algorithm": "sha256"}"#,
        )
        .await;
    assert_eq!(by_get.json()["data"], by_post.json()["data"]);
    assert!(
        !by_post.headers.contains_key("etag"),
        "a validator is for GET"
    );
}

#[tokio::test]
async fn head_answers_like_get_without_the_body() {
    let world = World::new().await;
    world.providers.replay(OPEN_METEO, "open-meteo", "current");
    // From memory, both name no attempt, whose milliseconds may have more digits the second time.
    world.get(CURRENT).await;
    let request = |method| {
        let request = world
            .request(method, CURRENT)
            .header("x-request-id", "same-length-id");
        request.body(Full::default()).unwrap()
    };
    let get = world.ask(request("GET")).await;
    let head = world.ask(request("HEAD")).await;
    assert_eq!((head.status, head.body.len()), (get.status, 0));
    assert_eq!(head.header("content-length"), get.body.len().to_string());
    assert_eq!(head.header("etag"), get.header("etag"));
}

#[tokio::test]
async fn a_callers_request_id_is_kept_when_it_is_sane() {
    let world = World::new().await;
    let with = |id: &str| {
        world
            .request("GET", "/api/tools/uuid")
            .header("x-request-id", id)
            .body(Full::default())
            .unwrap()
    };
    assert_eq!(
        world.ask(with("order-7")).await.header("x-request-id"),
        "order-7"
    );
    assert_ne!(world.ask(with("a b")).await.header("x-request-id"), "a b");
}

#[tokio::test]
async fn what_must_not_be_kept_says_so() {
    let world = World::new().await;
    assert_eq!(
        world
            .get("/api/tools/password")
            .await
            .header("cache-control"),
        "no-store"
    );
}

#[tokio::test]
async fn the_callers_own_address_is_the_connections() {
    let world = World::new().await;
    let request = Request::get("/api/ip/me")
        .header("x-api-key", &world.key)
        .body(Full::default())
        .unwrap();
    let answer = world
        .ask_from("192.168.1.9".parse().unwrap(), request)
        .await;
    assert_eq!(
        answer.json()["data"]["ip"],
        "192.168.1.9",
        "{}",
        answer.text()
    );
}

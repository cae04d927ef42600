//! `/api/quotas`: what is left where, until when, who says so.

use serde_json::Value;

use crate::world::{World, upstream};

const GROQ: &str = "api.groq.com";
const COMPLETION: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"openai/gpt-oss-20b","choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;
const ASK: &str = r#"{"model":"groq/openai/gpt-oss-20b","max_tokens":100,"messages":[{"role":"user","content":"Hi"}]}"#;

/// The windows in which something was used.
fn used(report: &Value) -> Vec<&Value> {
    let quotas = report["quotas"].as_array().unwrap().iter();
    quotas.filter(|quota| quota["used"] != 0.0).collect()
}

#[tokio::test]
async fn what_a_call_took_and_what_the_answer_told_is_shown_with_its_source() {
    let world = World::new().await;
    world.open_models(&["groq"]);
    let headers = [
        ("content-type", "application/json"),
        ("x-ratelimit-limit-requests", "2000"),
        ("x-ratelimit-remaining-requests", "1500"),
    ];
    world
        .providers
        .answer(GROQ, upstream(200, &headers, COMPLETION));
    let before = world.get("/api/quotas?provider=groq").await.json();
    assert_eq!(used(&before), [&Value::Null; 0]);
    assert_eq!(world.post("/v1/chat/completions", ASK).await.status, 200);
    let after = world.get("/api/quotas?provider=groq").await;
    assert_eq!(after.header("cache-control"), "no-store");
    let after = after.json();
    let shown = serde_json::to_string_pretty(&used(&after)).unwrap();
    insta::assert_snapshot!(shown);
    assert_eq!(after["at"], "2026-11-22T10:31:00Z");
}

#[tokio::test]
async fn only_providers_that_could_be_asked_have_quotas_and_one_can_be_named() {
    let world = World::new().await;
    let all = world.get("/api/quotas").await.json();
    let providers = |report: &Value| -> Vec<String> {
        let quotas = report["quotas"].as_array().unwrap().iter();
        let mut names: Vec<_> = quotas
            .map(|quota| quota["provider"].as_str().unwrap().to_owned())
            .collect();
        names.dedup();
        names
    };
    let names = providers(&all);
    assert!(names.contains(&"open-meteo".into()), "{names:?}");
    assert!(!names.contains(&"groq".into()), "it has no key");
    let one = world.get("/api/quotas?provider=open-meteo").await.json();
    assert_eq!(providers(&one), ["open-meteo"]);
}

#[tokio::test]
async fn a_provider_or_a_parameter_that_does_not_exist_is_told_with_what_does() {
    let world = World::new().await;
    let unknown = world.get("/api/quotas?provider=open-meto").await;
    assert_eq!(unknown.status, 422, "{}", unknown.text());
    let error = &unknown.json()["errors"][0];
    assert_eq!(error["name"], "provider");
    assert_eq!(error["nearest"], "open-meteo");
    let other = world.get("/api/quotas?model=x").await;
    assert_eq!(other.json()["errors"][0]["allowed"], "provider");
}

#[tokio::test]
async fn quotas_need_a_key_and_cost_nothing() {
    let mut world = World::new().await;
    let key = &world.access.list_keys().await.unwrap()[0];
    let holder = guichet_access::Holder::Key(key.id.clone());
    let limit = "1 request each day".parse().unwrap();
    world.access.set_limits(&holder, &[limit]).await.unwrap();
    for _ in 0..3 {
        assert_eq!(world.get("/api/quotas").await.status, 200);
    }
    world.key.clear();
    assert_eq!(world.get("/api/quotas").await.status, 401);
}

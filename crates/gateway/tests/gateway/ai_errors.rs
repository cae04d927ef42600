//! Errors under `/v1`: each dialect's own, so that official clients raise the right exception.

use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::world::World;

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";

/// The status, and the body without the request's id, which the header repeats.
fn shown(answer: &Answer) -> String {
    let mut body = answer.json();
    assert_eq!(answer.header("content-type"), "application/json");
    let id = body.as_object_mut().unwrap().remove("request_id");
    assert_eq!(id, Some(answer.header("x-request-id").into()));
    format!("{} {body}", answer.status.as_u16())
}

fn without_key(method: &str, path: &str) -> Request<Full<bytes::Bytes>> {
    let request = Request::builder().method(method).uri(path);
    request.body(Full::default()).unwrap()
}

#[tokio::test]
async fn a_missing_key_is_told_in_the_words_of_each_dialect() {
    let world = World::new().await;
    let openai = world.ask(without_key("POST", CHAT)).await;
    insta::assert_snapshot!(shown(&openai));
    assert_eq!(
        openai.header("www-authenticate"),
        "Bearer realm=\"guichet\""
    );
    let anthropic = world.ask(without_key("POST", MESSAGES)).await;
    insta::assert_snapshot!(shown(&anthropic));
    assert_eq!(
        anthropic.header("request-id"),
        anthropic.header("x-request-id")
    );
}

#[tokio::test]
async fn a_wrong_key_is_401_in_every_header_that_clients_use() {
    let world = World::new().await;
    for (name, value) in [
        ("authorization", "Bearer sk-proj-123"),
        ("x-api-key", "sk-ant-123"),
        ("x-goog-api-key", "AIza123"),
    ] {
        let request = Request::post(CHAT).header(name, value);
        let answer = world.ask(request.body(Full::default()).unwrap()).await;
        let error = &answer.json()["error"];
        assert_eq!(answer.status, 401, "{name}");
        assert_eq!(error["type"], "authentication_error");
        assert_eq!(error["code"], "invalid_api_key");
        assert!(!answer.text().contains("123"), "{}", answer.text());
    }
}

#[tokio::test]
async fn what_this_server_has_not_is_a_404_that_says_so() {
    let world = World::new().await;
    let files = world.get("/v1/files").await;
    insta::assert_snapshot!(shown(&files));
    for (path, words) in [
        ("/v1/assistants", "has no assistants"),
        ("/v1/threads/t/runs", "keeps no threads"),
        ("/v1/fine_tuning/jobs", "trains no models"),
        ("/v1/batches", "has no batches"),
        ("/v1/responses/resp_1", "keeps no responses"),
        ("/v1/vector_stores", "has no vector stores"),
    ] {
        let answer = world.get(path).await;
        let message = answer.json()["error"]["message"].clone();
        assert_eq!(answer.status, 404, "{path}");
        assert!(
            message.as_str().unwrap().contains(words),
            "{path}: {message}"
        );
    }
    let batches = world.get("/v1/messages/batches").await;
    assert_eq!(batches.json()["error"]["type"], "not_found_error");
    let request = world.request("GET", "/v1/files");
    let request = request.header("anthropic-version", "2023-06-01");
    let files = world.ask(request.body(Full::default()).unwrap()).await;
    assert_eq!(files.json()["error"]["type"], "not_found_error");
}

#[tokio::test]
async fn a_wrong_method_names_the_right_ones() {
    let world = World::new().await;
    let answer = world.get(CHAT).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), "POST, OPTIONS");
    assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_told_with_its_path() {
    let world = World::new().await;
    let openai = world.post(CHAT, r#"{"messages":[{"role":7}]}"#).await;
    insta::assert_snapshot!(shown(&openai));
    let anthropic = world
        .post(MESSAGES, r#"{"max_tokens":8,"messages":[{"role":"user"}]}"#)
        .await;
    insta::assert_snapshot!(shown(&anthropic));
    let no_json = world.post(CHAT, "{\"messages\": [").await;
    assert_eq!(no_json.status, 400);
    let error = no_json.json()["error"].clone();
    assert!(
        error["message"].as_str().unwrap().contains("line 1"),
        "{error}"
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_is_a_413() {
    let settings = guichet_gateway::Settings {
        max_model_body: 1_000,
        ..guichet_gateway::Settings::default()
    };
    let world = World::with(settings).await;
    for (path, kind) in [
        (CHAT, "invalid_request_error"),
        (MESSAGES, "request_too_large"),
    ] {
        let answer = world.post(path, vec![b' '; 1_001]).await;
        assert_eq!(answer.status, 413);
        assert_eq!(answer.json()["error"]["type"], kind);
    }
}

#[tokio::test]
async fn bodies_for_models_may_be_larger_than_others() {
    let world = World::new().await;
    let picture = "A".repeat(3 << 20);
    let url = format!("data:image/png;base64,{picture}");
    let content = json!([{"type": "image_url", "image_url": {"url": url}}]);
    let body =
        json!({"model": "no-such-model-xyz", "messages": [{"role": "user", "content": content}]});
    let answer = world.post(CHAT, body.to_string()).await;
    assert_ne!(answer.status, 413, "{}", answer.text());
}

#[tokio::test]
async fn nobody_to_ask_says_what_to_do_and_that_asking_again_is_in_vain() {
    let world = World::new().await;
    let body = r#"{"model":"auto","messages":[{"role":"user","content":"Hi"}]}"#;
    let answer = world.post(CHAT, body).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!(error["code"], "no_candidate");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("guichet credential set"), "{message}");
    assert_eq!(answer.header("x-should-retry"), "false");
}

#[tokio::test]
async fn a_header_that_cannot_be_used_is_named() {
    let world = World::new().await;
    for (name, value, said) in [
        ("x-guichet-free", "yes", "right is `only`"),
        ("x-guichet-timeout-ms", "-1", "milliseconds from 50"),
        ("x-guichet-providers", "nobody", "no provider of models"),
        (
            "x-guichet-privat",
            "true",
            "did you mean `x-guichet-private`?",
        ),
    ] {
        let body = r#"{"messages":[{"role":"user","content":"Hi"}]}"#;
        let request = world.request("POST", CHAT).header(name, value);
        let answer = world.ask(request.body(Full::from(body)).unwrap()).await;
        let error = answer.json()["error"].clone();
        assert_eq!(
            (answer.status.as_u16(), &error["param"]),
            (400, &name.into())
        );
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
}

#[tokio::test]
async fn other_doors_keep_their_problems() {
    let world = World::new().await;
    assert_eq!(
        world.get("/v10/files").await.problem(),
        (404, "unknown_route".into())
    );
    assert_eq!(
        world.get("/api/no/such").await.problem(),
        (404, "unknown_category".into())
    );
}

#[tokio::test]
async fn tokens_are_counted_without_asking_anybody() {
    let world = World::new().await;
    let body = r#"{"messages":[{"role":"user","content":"Hello, world"}]}"#;
    let answer = world.post("/v1/messages/count_tokens", body).await;
    assert_eq!(answer.json(), json!({"input_tokens": 7}));
    assert!(world.providers.asked().is_empty());
    let wrong = world.post("/v1/messages/count_tokens", "{}").await;
    assert_eq!(wrong.status, 400);
    assert_eq!(wrong.json()["error"]["type"], "invalid_request_error");
}

#[tokio::test]
async fn the_list_of_models_has_the_shape_that_the_client_knows() {
    let world = World::new().await;
    let openai = world.get("/v1/models").await.json();
    assert_eq!(openai["object"], "list");
    let auto = json!({"id": "auto", "object": "model", "created": 0, "owned_by": "guichet"});
    assert_eq!(openai["data"][0], auto);
    let one = world.get("/v1/models/auto").await;
    assert_eq!(one.json(), auto);
    let request = |path: &str| {
        let request = world.request("GET", path);
        let request = request.header("anthropic-version", "2023-06-01");
        request.body(Full::default()).unwrap()
    };
    let anthropic = world.ask(request("/v1/models")).await.json();
    assert_eq!(anthropic["data"][0]["type"], "model");
    assert_eq!(
        (&anthropic["first_id"], &anthropic["has_more"]),
        (&"auto".into(), &false.into())
    );
    let unknown = world.get("/v1/models/groq%2Fno-such-model").await;
    assert_eq!(unknown.json()["error"]["code"], "model_not_found");
    let unknown = world.ask(request("/v1/models/no/such/model")).await;
    assert_eq!(
        unknown.json()["error"]["type"],
        Value::from("not_found_error")
    );
}

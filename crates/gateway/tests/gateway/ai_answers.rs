//! Answers under `/v1`: one good path through each door.

use http_body_util::Full;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::world::{World, upstream};

const OPENAI: &str = "api.openai.com";
const GROQ: &str = "api.groq.com";
const JSON: (&str, &str) = ("content-type", "application/json");

const COMPLETION: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"openai/gpt-oss-20b","choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop","x_kept":true}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;

/// Groq answers a completion, with headers of its own.
async fn with_groq() -> World {
    let world = World::new().await;
    world.open_models(&["groq"]);
    let headers = [JSON, ("x-groq-region", "us"), ("set-cookie", "a=b")];
    world
        .providers
        .answer(GROQ, upstream(200, &headers, COMPLETION));
    world
}

/// OpenAI answers this.
async fn from_openai(path: &str, body: Value, answer: &'static str, kind: &'static str) -> Answer {
    let world = World::new().await;
    world.open_models(&["openai"]);
    let headers = [("content-type", kind)];
    world
        .providers
        .answer(OPENAI, upstream(200, &headers, answer));
    let answer = world.post(path, body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-guichet-provider"), "openai");
    answer
}

#[tokio::test]
async fn a_chat_is_answered_byte_for_byte_and_says_who_did() {
    let world = with_groq().await;
    let body = r#"{"model":"groq/openai/gpt-oss-20b","messages":[{"role":"user","content":"Hi"}]}"#;
    let answer = world.post("/v1/chat/completions", body).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, COMPLETION));
    assert_eq!(answer.header("x-guichet-provider"), "groq");
    assert_eq!(answer.header("x-guichet-model"), "openai/gpt-oss-20b");
    assert_eq!(answer.header("x-guichet-attempts"), "1");
    for leaked in ["x-groq-region", "set-cookie", "server-timing"] {
        assert!(!answer.headers.contains_key(leaked), "{leaked}");
    }
}

#[tokio::test]
async fn a_call_without_a_model_leaves_the_choice() {
    let world = with_groq().await;
    let body = r#"{"messages":[{"role":"user","content":"Hi"}]}"#;
    let answer = world.post("/v1/chat/completions", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-guichet-provider"), "groq");
}

#[tokio::test]
async fn anthropics_clients_are_answered_in_their_own_words() {
    let world = with_groq().await;
    let body = r#"{"model":"auto","max_tokens":64,"messages":[{"role":"user","content":"Hi"}]}"#;
    let answer = world.post("/v1/messages", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let message = answer.json();
    assert_eq!(message["type"], "message");
    assert_eq!(message["content"][0]["text"], "Hello.");
    assert_eq!(message["stop_reason"], "end_turn");
    assert_eq!(message["usage"]["output_tokens"], 2);
    assert_eq!(answer.header("request-id"), answer.header("x-request-id"));
}

#[tokio::test]
async fn responses_and_older_completions_are_answered_from_a_chat() {
    let world = with_groq().await;
    let response = world.post("/v1/responses", r#"{"input":"Hi"}"#).await;
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.json()["object"], "response");
    assert_eq!(response.json()["output"][0]["content"][0]["text"], "Hello.");
    let completion = world
        .post("/v1/completions", r#"{"prompt":"Say hello"}"#)
        .await;
    assert_eq!(completion.status, 200, "{}", completion.text());
    assert_eq!(completion.json()["choices"][0]["text"], "Hello.");
}

#[tokio::test]
async fn vectors() {
    let given = r#"{"object":"list","model":"text-embedding-3-small","data":[{"object":"embedding","index":0,"embedding":[0.5,-1.0]}],"usage":{"prompt_tokens":2,"total_tokens":2}}"#;
    let body = json!({"model": "openai/text-embedding-3-small", "input": "Hi"});
    let answer = from_openai("/v1/embeddings", body, given, "application/json").await;
    assert_eq!(answer.json()["data"][0]["embedding"], json!([0.5, -1.0]));
}

#[tokio::test]
async fn speech() {
    let body = json!({"model": "openai/gpt-4o-mini-tts", "input": "Hi", "voice": "alloy"});
    let answer = from_openai("/v1/audio/speech", body, "ID3", "audio/mpeg").await;
    assert_eq!(
        (answer.header("content-type"), answer.text()),
        ("audio/mpeg", "ID3")
    );
}

#[tokio::test]
async fn pictures() {
    let given = r#"{"created":1,"data":[{"b64_json":"iVBORw0="}]}"#;
    let body = json!({"prompt": "A cat"});
    let answer = from_openai("/v1/images/generations", body, given, "application/json").await;
    assert_eq!(answer.json()["data"][0]["b64_json"], "iVBORw0=");
}

#[tokio::test]
async fn judgements() {
    let given = r#"{"id":"modr-1","model":"omni-moderation-latest","results":[{"flagged":true,"categories":{"violence":true},"category_scores":{"violence":0.9}}]}"#;
    let body = json!({"input": "I will hurt you"});
    let answer = from_openai("/v1/moderations", body, given, "application/json").await;
    assert_eq!(answer.json()["results"][0]["flagged"], true);
}

#[tokio::test]
async fn transcripts() {
    let world = World::new().await;
    world.open_models(&["groq"]);
    world
        .providers
        .answer(GROQ, upstream(200, &[JSON], r#"{"text":"Hello."}"#));
    let form = "--b0\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-large-v3\r\n--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nRIFF\r\n--b0--\r\n";
    for path in ["/v1/audio/transcriptions", "/v1/audio/translations"] {
        let request = world
            .request("POST", path)
            .header("content-type", "multipart/form-data; boundary=b0");
        let answer = world.ask(request.body(Full::from(form)).unwrap()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(answer.json()["text"], "Hello.");
    }
}

#[tokio::test]
async fn ranks() {
    let world = World::new().await;
    world.open_models(&["cohere"]);
    let given = r#"{"id":"r-1","results":[{"index":1,"relevance_score":0.9},{"index":0,"relevance_score":0.1}]}"#;
    world
        .providers
        .answer("api.cohere.ai", upstream(200, &[JSON], given));
    let body = r#"{"query":"Which?","documents":["a","b"]}"#;
    let answer = world.post("/v1/rerank", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["results"][0]["index"], 1);
}

#[tokio::test]
async fn models_of_providers_within_reach_are_listed_and_found() {
    let world = with_groq().await;
    let list = world.get("/v1/models").await.json();
    let ids: Vec<&str> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(&"groq/openai/gpt-oss-20b"), "{ids:?}");
    assert!(!ids.iter().any(|id| id.starts_with("openai/")), "{ids:?}");
    let one = world
        .get("/v1/models/groq/openai%2Fgpt-oss-20b")
        .await
        .json();
    assert_eq!(one["owned_by"], "groq");
    assert!(one["context_length"].as_u64().unwrap() > 100_000, "{one}");
    let plain = world.get("/v1/models/openai/gpt-oss-20b").await.json();
    assert_eq!(plain["id"], "groq/openai/gpt-oss-20b");
}

#[tokio::test]
async fn what_the_caller_did_wrong_is_told_with_the_providers_sentence() {
    let world = World::new().await;
    world.open_models(&["groq"]);
    let refusal = r#"{"error":{"message":"`top_p` must be at most 1","type":"invalid_request_error","param":"top_p"}}"#;
    world
        .providers
        .answer(GROQ, upstream(400, &[JSON], refusal));
    let body = r#"{"model":"groq/openai/gpt-oss-20b","top_p":7,"messages":[{"role":"user","content":"Hi"}]}"#;
    let answer = world.post("/v1/chat/completions", body).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!(error["type"], "invalid_request_error");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("`top_p` must be at most 1")
    );
}

#[tokio::test]
async fn a_provider_that_fails_is_named_and_its_words_are_not_repeated() {
    let world = World::new().await;
    world.open_models(&["groq"]);
    let page = "<html>upstream-secret at https://api.groq.com</html>";
    world
        .providers
        .answer(GROQ, upstream(500, &[("content-type", "text/html")], page));
    let body = r#"{"model":"groq/openai/gpt-oss-20b","messages":[{"role":"user","content":"Hi"}]}"#;
    let answer = world.post("/v1/chat/completions", body).await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "all_failed");
    assert!(answer.text().contains("groq"), "{}", answer.text());
    for leaked in ["upstream-secret", GROQ, "html"] {
        assert!(!answer.text().contains(leaked), "{}", answer.text());
    }
}

#[tokio::test]
async fn an_unknown_model_is_a_404_with_the_name_that_was_meant() {
    let world = with_groq().await;
    let body = r#"{"model":"groq/openai/gpt-oss-20c","messages":[{"role":"user","content":"Hi"}]}"#;
    let answer = world
        .post("/v1/embeddings", body.replace("messages", "input"))
        .await;
    assert!(answer.status.is_client_error());
    let answer = world
        .post(
            "/v1/chat/completions",
            body.replace("groq/openai/gpt-oss-20c", "no-such-model-anywhere"),
        )
        .await;
    assert_eq!(answer.status, 404, "{}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "model_not_found");
}

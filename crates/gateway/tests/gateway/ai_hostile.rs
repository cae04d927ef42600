//! Hostile input under `/v1`: each ends in an error of the dialect, soon, and with nothing repeated at length.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;

use crate::client::Answer;
use crate::world::World;

const CHAT: &str = "/v1/chat/completions";

/// What comes of a body, which must be an error of the caller's that is small and comes at once.
async fn refused(path: &str, media_type: &str, body: impl Into<Bytes>) -> Answer {
    let world = World::new().await;
    let request = world
        .request("POST", path)
        .header("content-type", media_type)
        .body(Full::new(body.into()))
        .unwrap();
    let began = Instant::now();
    let answer = world.ask(request).await;
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    assert!(
        answer.status.is_client_error(),
        "{}: {}",
        answer.status,
        answer.text()
    );
    assert!(answer.body.len() < 4_096, "{} bytes", answer.body.len());
    assert!(answer.json()["error"]["message"].is_string());
    assert!(world.providers.asked().is_empty(), "nobody is asked");
    answer
}

async fn refused_json(path: &str, body: impl Into<Bytes>) -> Answer {
    refused(path, "application/json", body).await
}

#[tokio::test]
async fn an_array_as_deep_as_a_well() {
    let deep = "[".repeat(200_000);
    let body = format!(r#"{{"messages":{deep}"#);
    assert_eq!(refused_json(CHAT, body).await.status, 400);
}

#[tokio::test]
async fn a_model_with_a_name_of_a_megabyte() {
    let name = "m".repeat(1 << 20);
    let body = format!(r#"{{"model":"{name}","messages":[{{"role":"user","content":"Hi"}}]}}"#);
    assert_eq!(refused_json(CHAT, body).await.status, 400);
}

#[tokio::test]
async fn a_thousand_models_at_once() {
    let models: Vec<String> = (0..1_000).map(|number| format!("\"m{number}\"")).collect();
    let models = models.join(",");
    let body = format!(r#"{{"models":[{models}],"messages":[{{"role":"user","content":"Hi"}}]}}"#);
    let answer = refused_json(CHAT, body).await;
    assert_eq!(answer.json()["error"]["param"], "models");
}

#[tokio::test]
async fn bytes_that_are_no_text() {
    let body: &[u8] = b"{\"messages\":[{\"role\":\"user\",\"content\":\"\xff\xfe\"}]}";
    assert_eq!(refused_json(CHAT, body).await.status, 400);
}

#[tokio::test]
async fn numbers_beyond_all_bounds() {
    let body = r#"{"max_tokens":1e999,"messages":[{"role":"user","content":"Hi"}]}"#;
    assert_eq!(refused_json(CHAT, body).await.status, 400);
    let body = r#"{"max_tokens":-1,"messages":[{"role":"user","content":"Hi"}]}"#;
    assert_eq!(refused_json(CHAT, body).await.status, 400);
}

#[tokio::test]
async fn a_body_that_is_no_object() {
    for body in ["", "null", "[]", "7", "\"messages\"", "{} {}"] {
        for path in [
            CHAT,
            "/v1/messages",
            "/v1/responses",
            "/v1/embeddings",
            "/v1/rerank",
        ] {
            assert_eq!(refused_json(path, body).await.status, 400, "{path}: {body}");
        }
    }
}

#[tokio::test]
async fn a_word_of_a_megabyte_where_a_short_one_is_due() {
    let word = "w".repeat(1 << 20);
    let body = format!(r#"{{"input":"Hi","encoding_format":"{word}"}}"#);
    assert_eq!(refused_json("/v1/embeddings", body).await.status, 400);
}

#[tokio::test]
async fn a_form_without_an_end_and_a_form_without_a_boundary() {
    let path = "/v1/audio/transcriptions";
    let begun = "--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nRIFF";
    let form = "multipart/form-data; boundary=b0";
    assert_eq!(refused(path, form, begun).await.status, 400);
    assert_eq!(
        refused(path, "multipart/form-data", begun).await.status,
        400
    );
    assert_eq!(refused(path, "application/json", "{}").await.status, 400);
}

#[tokio::test]
async fn a_form_of_ten_thousand_parts() {
    let part = "--b0\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\ny\r\n";
    let body = part.repeat(10_000) + "--b0--\r\n";
    let form = "multipart/form-data; boundary=b0";
    assert_eq!(
        refused("/v1/audio/translations", form, body).await.status,
        400
    );
}

#[tokio::test]
async fn a_name_that_comes_twice_is_read_as_whoever_answers_reads_it() {
    let body = r#"{"models":["groq/a"],"models":"x","messages":[{"role":"user","content":"Hi"}]}"#;
    let answer = refused_json(CHAT, body).await;
    assert_eq!(answer.json()["error"]["param"], "models");
}

#[tokio::test]
async fn names_of_models_that_climb_and_break_lines() {
    let world = World::new().await;
    for id in [
        "..%2f..%2fetc%2fpasswd",
        "%0d%0aset-cookie:%20a=b",
        "%00",
        "%ff%fe",
        "a/../b",
    ] {
        let answer = world.get(&format!("/v1/models/{id}")).await;
        assert_eq!(answer.status, 404, "{id}");
        assert_eq!(answer.json()["error"]["code"], "model_not_found", "{id}");
        assert!(!answer.headers.contains_key("set-cookie"));
    }
}

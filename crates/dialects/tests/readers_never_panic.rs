//! Every reader of the doors and bodies beside chat: whatever bytes come, it says what is wrong or reads them.

use bytes::Bytes;
use guichet_dialects::openai::{completions, embeddings, images, moderations, responses, speech};
use guichet_dialects::transcription::TranscriptionRequest;
use guichet_dialects::{cohere, images as pictures, rerank};
use proptest::prelude::*;

/// Feeds all of them; whether any of them takes it.
fn any_reads(body: &[u8]) -> bool {
    let form = "multipart/form-data; boundary=b";
    [
        responses::read_request(body).is_ok(),
        responses::Echo::read(body).is_ok(),
        completions::read_request(body).is_ok(),
        completions::Echo::read(body).is_ok(),
        embeddings::read_request(body).is_ok(),
        embeddings::read_answer(body).is_ok(),
        cohere::embeddings::read_answer(body).is_ok(),
        rerank::read_request(body).is_ok(),
        rerank::read_answer(body).is_ok(),
        moderations::read_request(body).is_ok(),
        moderations::read_answer(body).is_ok(),
        images::read_request(body).is_ok(),
        images::read_answer(body).is_ok(),
        speech::read_request(body).is_ok(),
        TranscriptionRequest::read(form, Bytes::copy_from_slice(body)).is_ok(),
    ]
    .contains(&true)
}

/// What the readers look for, so that they get further than the first brace.
const NAMES: [&str; 24] = [
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "type",
    "role",
    "content",
    "text",
    "format",
    "name",
    "prompt",
    "stop",
    "stream",
    "stream_options",
    "data",
    "embedding",
    "embeddings",
    "results",
    "index",
    "documents",
    "query",
    "categories",
    "voice",
];

fn json() -> impl Strategy<Value = serde_json::Value> {
    let name = proptest::sample::select(NAMES.as_slice());
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        name.clone().prop_map(Into::into),
        ".{0,6}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|members| members
                    .into_iter()
                    .collect::<serde_json::Map<_, _>>()
                    .into()),
        ]
    })
}

proptest! {
    #[test]
    fn on_any_bytes(body: Vec<u8>) {
        any_reads(&body);
        let _ = pictures::cloudflare::read_answer(&body);
    }

    #[test]
    fn on_any_json_of_the_members_that_they_know(body in json()) {
        any_reads(body.to_string().as_bytes());
    }
}

/// A body that the network cut off is taken by nobody.
#[test]
fn on_bodies_cut_off_anywhere() {
    for whole in [
        r#"{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"é"}]}],"tools":[{"type":"function","name":"f"}]}"#,
        r#"{"model":"m","prompt":"é","input":"x","voice":"v","query":"q","documents":["a",{"text":"b"}]}"#,
        r#"{"object":"list","data":[{"index":0,"embedding":[0.5,-1e-3]}],"usage":{"prompt_tokens":1}}"#,
        r#"{"results":[{"index":0,"relevance_score":0.5,"categories":{"hate":true},"category_scores":{"hate":0.5}}]}"#,
        r#"{"embeddings":{"float":[[0.5]]},"data":[{"b64_json":"iVBO"}]}"#,
    ] {
        assert!(any_reads(whole.as_bytes()), "{whole}");
        for end in 0..whole.len() {
            assert!(
                !any_reads(&whole.as_bytes()[..end]),
                "{end} bytes of {whole}"
            );
        }
    }
}

//! `POST /v2/embed`, the provider side.
//!
//! It wants to know what vectors are for, always: documents, unless the caller says otherwise.
//!
//! Source: <https://docs.cohere.com/reference/embed>.

use serde_json::Value;

use crate::embeddings::{EmbeddingInput, EmbeddingsAnswer, EmbeddingsRequest, Purpose, usage_of};
use crate::error::Malformed;
use crate::openai::{fields::Fields, json::object};
use crate::written::Written;

/// The request for Cohere. Tokens are no text, and cannot be said.
#[must_use]
pub fn write_request(request: &EmbeddingsRequest) -> Written {
    let mut dropped = Vec::new();
    let mut texts = Vec::new();
    for (place, one) in request.input.iter().enumerate() {
        match one {
            EmbeddingInput::Text(text) => texts.push(text),
            EmbeddingInput::Tokens(_) => dropped.push(format!("input[{place}]")),
        }
    }
    dropped.extend(request.user.iter().map(|_| "user".to_owned()));
    let said = |name: &str, value: &Value| {
        let task = request.task.as_deref().is_some_and(|task| value == task);
        name == "truncate" || task && request.purpose().is_some()
    };
    let unsaid = request
        .extra
        .iter()
        .filter(|(name, value)| !said(name, value));
    dropped.extend(unsaid.map(|(name, _)| name.clone()));
    let mut body = Vec::new();
    object(&mut body, |body| {
        body.put("model", &request.model);
        body.put("input_type", input_type(request.purpose()));
        body.put("texts", texts);
        body.put("embedding_types", ["float"]);
        body.some("output_dimension", request.dimensions);
        body.some("truncate", request.extra.get("truncate"));
    });
    Written { body, dropped }
}

fn input_type(purpose: Option<Purpose>) -> &'static str {
    match purpose {
        Some(Purpose::Query) => "search_query",
        Some(Purpose::Classification) => "classification",
        // The nearest that it has for comparing.
        Some(Purpose::Clustering | Purpose::Similarity) => "clustering",
        Some(Purpose::Document) | None => "search_document",
    }
}

/// What Cohere answered: vectors by their kind (v2), or just vectors (v1).
pub fn read_answer(body: &[u8]) -> Result<EmbeddingsAnswer, Malformed> {
    let mut fields = Fields::read(body)?;
    let (path, vectors) = match fields.take("embeddings") {
        Some(Value::Object(mut kinds)) => ("embeddings.float", kinds.remove("float")),
        other => ("embeddings", other),
    };
    let vectors = vectors
        .ok_or_else(|| Malformed::new(path, "is missing; it must be an array of vectors"))?;
    let vectors: Vec<Vec<f32>> = serde_json::from_value(vectors)
        .map_err(|_| Malformed::new(path, "must be an array of vectors"))?;
    let meta = fields.take("meta").unwrap_or_default();
    Ok(EmbeddingsAnswer {
        vectors,
        usage: usage_of(meta.pointer("/billed_units/input_tokens")),
        ..EmbeddingsAnswer::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai::embeddings::read_request;

    #[test]
    fn the_purpose_is_told_in_its_words_and_what_it_lacks_is_named() {
        let request = read_request(
            br#"{"model":"embed-v4.0","input":["a","b"],"task":"retrieval.query","dimensions":256,"user":"u","late_chunking":true}"#,
        )
        .unwrap();
        let written = write_request(&request);
        assert_eq!(
            String::from_utf8(written.body).unwrap(),
            r#"{"model":"embed-v4.0","input_type":"search_query","texts":["a","b"],"embedding_types":["float"],"output_dimension":256}"#
        );
        assert_eq!(written.dropped, ["user", "late_chunking"]);
    }

    #[test]
    fn tokens_cannot_be_said() {
        let request = read_request(br#"{"model":"m","input":[[1],[2]]}"#).unwrap();
        assert_eq!(write_request(&request).dropped, ["input[0]", "input[1]"]);
    }

    /// The shape is that of the reference's example answer.
    #[test]
    fn vectors_of_both_versions_are_read() {
        let second = br#"{"id":"1","texts":["a"],"embeddings":{"float":[[0.5,-1]]},
            "meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":2}},"response_type":"embeddings_by_type"}"#;
        let answer = read_answer(second).unwrap();
        assert_eq!(answer.vectors, [vec![0.5, -1.0]]);
        assert_eq!(answer.usage.map(|usage| usage.input), Some(2));
        let first = br#"{"id":"1","embeddings":[[0.5,-1]],"response_type":"embeddings_floats"}"#;
        assert_eq!(read_answer(first).unwrap().vectors, answer.vectors);
        assert!(read_answer(br#"{"embeddings":{"int8":[[1]]}}"#).is_err());
        assert!(read_answer(br#"{"message":"invalid api token"}"#).is_err());
    }
}

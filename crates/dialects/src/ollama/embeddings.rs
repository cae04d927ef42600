//! Vectors by `/api/embed`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::chat::Extra;
use crate::embeddings::{EmbeddingInput, EmbeddingsAnswer, EmbeddingsRequest, usage_of};
use crate::error::Malformed;
use crate::written::Written;

const OWN_MEMBERS: [&str; 3] = ["keep_alive", "options", "truncate"];

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u64>,
    truncate: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_alive: Option<&'a Value>,
}

#[derive(Deserialize)]
struct Wire {
    model: Option<String>,
    embeddings: Vec<Vec<f32>>,
    prompt_eval_count: Option<Value>,
}

/// Writes a request. A text that is too long is refused rather than cut, unless the caller wants it cut. Inputs that
/// are tokens cannot be said: they are dropped as `input[0]`, and vectors would then be missing.
#[must_use]
pub fn write_request(request: &EmbeddingsRequest) -> Written {
    let mut dropped = Vec::new();
    let mut input = Vec::with_capacity(request.input.len());
    for (place, item) in request.input.iter().enumerate() {
        match item {
            EmbeddingInput::Text(text) => input.push(&**text),
            EmbeddingInput::Tokens(_) => dropped.push(format!("input[{place}]")),
        }
    }
    for (is_said, name) in [
        (request.task.is_some(), "task"),
        (request.user.is_some(), "user"),
    ] {
        if is_said {
            dropped.push(name.to_owned());
        }
    }
    let extra = request.extra.keys();
    dropped.extend(
        extra
            .filter(|name| !OWN_MEMBERS.contains(&name.as_str()))
            .cloned(),
    );
    let body = Body {
        model: &request.model,
        input,
        dimensions: request.dimensions,
        truncate: request
            .extra
            .get("truncate")
            .cloned()
            .unwrap_or(Value::Bool(false)),
        options: request.extra.get("options"),
        keep_alive: request.extra.get("keep_alive"),
    };
    Written {
        body: serde_json::to_vec(&body).unwrap_or_default(),
        dropped,
    }
}

/// Reads the vectors.
pub fn read_answer(body: &[u8]) -> Result<EmbeddingsAnswer, Malformed> {
    let wire: Wire = serde_json::from_slice(body)
        .map_err(|_| Malformed::new("embeddings", "must be a list of lists of numbers"))?;
    Ok(EmbeddingsAnswer {
        model: wire.model.unwrap_or_default(),
        vectors: wire.embeddings,
        usage: usage_of(wire.prompt_eval_count.as_ref()),
        extra: Extra::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_go_out_whole_and_tokens_are_told_to_be_lost() {
        let request = EmbeddingsRequest {
            model: "all-minilm".to_owned(),
            input: vec![
                EmbeddingInput::Text("sky".to_owned()),
                EmbeddingInput::Tokens(vec![1, 2]),
            ],
            dimensions: Some(256),
            task: Some("search_query".to_owned()),
            ..EmbeddingsRequest::default()
        };
        let written = write_request(&request);
        assert_eq!(
            String::from_utf8(written.body).unwrap(),
            r#"{"model":"all-minilm","input":["sky"],"dimensions":256,"truncate":false}"#
        );
        assert_eq!(written.dropped, ["input[1]", "task"]);
    }

    #[test]
    fn vectors_and_what_they_took_are_read() {
        // https://github.com/ollama/ollama/blob/main/docs/api.md#generate-embeddings
        let answer = read_answer(
            br#"{"model":"all-minilm","embeddings":[[0.01,-0.002],[0.5,1]],"total_duration":14143917,"prompt_eval_count":8}"#,
        )
        .unwrap();
        assert_eq!(answer.vectors, [[0.01, -0.002], [0.5, 1.0]]);
        assert_eq!(answer.usage.map(|usage| usage.input), Some(8));
        assert!(read_answer(br#"{"error":"no"}"#).is_err());
    }
}

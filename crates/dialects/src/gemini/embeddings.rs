//! Vectors by `batchEmbedContents`, which takes one text as well as many; what `embedContent` answers is read too.

use serde::{Deserialize, Serialize};

use crate::chat::{Extra, Usage};
use crate::embeddings::{EmbeddingInput, EmbeddingsAnswer, EmbeddingsRequest, Purpose};
use crate::error::Malformed;
use crate::written::Written;

/// Purposes that only Gemini has words for. Source: <https://ai.google.dev/api/embeddings#tasktype>.
const OWN_TASKS: [&str; 3] = [
    "QUESTION_ANSWERING",
    "FACT_VERIFICATION",
    "CODE_RETRIEVAL_QUERY",
];

#[derive(Serialize)]
struct Body<'a> {
    requests: Vec<One<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct One<'a> {
    model: &'a str,
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimensionality: Option<u64>,
}

#[derive(Serialize)]
struct Content<'a> {
    parts: [Text<'a>; 1],
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    embedding: Option<Vector>,
    embeddings: Option<Vec<Vector>>,
    usage_metadata: Option<Took>,
}

#[derive(Deserialize)]
struct Vector {
    values: Vec<f32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Took {
    prompt_token_count: Option<u64>,
}

/// Writes a request for `batchEmbedContents`; the model stands in each part of it as well as in the URL. Inputs that
/// are tokens cannot be said: they are dropped as `input[0]`, and vectors would then be missing.
#[must_use]
pub fn write_request(request: &EmbeddingsRequest) -> Written {
    let mut dropped = Vec::new();
    let model = if request.model.starts_with("models/") {
        request.model.clone()
    } else {
        format!("models/{}", request.model)
    };
    let task_type = task(request);
    let mut requests = Vec::with_capacity(request.input.len());
    for (place, item) in request.input.iter().enumerate() {
        match item {
            EmbeddingInput::Text(text) => requests.push(One {
                model: &model,
                content: Content {
                    parts: [Text { text }],
                },
                task_type,
                output_dimensionality: request.dimensions,
            }),
            EmbeddingInput::Tokens(_) => dropped.push(format!("input[{place}]")),
        }
    }
    for (is_lost, name) in [
        (request.task.is_some() && task_type.is_none(), "task"),
        (request.user.is_some(), "user"),
    ] {
        if is_lost {
            dropped.push(name.to_owned());
        }
    }
    dropped.extend(request.extra.keys().cloned());
    Written {
        body: serde_json::to_vec(&Body { requests }).unwrap_or_default(),
        dropped,
    }
}

fn task(request: &EmbeddingsRequest) -> Option<&str> {
    if let Some(purpose) = request.purpose() {
        return Some(match purpose {
            Purpose::Query => "RETRIEVAL_QUERY",
            Purpose::Document => "RETRIEVAL_DOCUMENT",
            Purpose::Classification => "CLASSIFICATION",
            Purpose::Clustering => "CLUSTERING",
            Purpose::Similarity => "SEMANTIC_SIMILARITY",
        });
    }
    let task = request.task.as_deref()?;
    OWN_TASKS
        .into_iter()
        .find(|own| own.eq_ignore_ascii_case(task))
}

/// Reads the vectors. They come in the order of the inputs, without saying which model made them.
pub fn read_answer(body: &[u8]) -> Result<EmbeddingsAnswer, Malformed> {
    let wire: Wire = serde_json::from_slice(body)
        .map_err(|_| Malformed::new("embeddings", "must be a list of objects with `values`"))?;
    let Some(vectors) = wire.embeddings.or(wire.embedding.map(|one| vec![one])) else {
        return Err(Malformed::new("embeddings", "is missing"));
    };
    let input = wire.usage_metadata.and_then(|took| took.prompt_token_count);
    Ok(EmbeddingsAnswer {
        model: String::new(),
        vectors: vectors.into_iter().map(|vector| vector.values).collect(),
        usage: input.map(|input| Usage {
            input,
            ..Usage::default()
        }),
        extra: Extra::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(task: &str) -> EmbeddingsRequest {
        EmbeddingsRequest {
            model: "gemini-embedding-001".to_owned(),
            input: vec![EmbeddingInput::Text("sky".to_owned())],
            dimensions: Some(768),
            task: Some(task.to_owned()),
            ..EmbeddingsRequest::default()
        }
    }

    #[test]
    fn each_text_is_a_request_with_its_model() {
        // https://ai.google.dev/api/embeddings#method:-models.batchembedcontents
        let written = write_request(&request("search_query"));
        assert_eq!(
            String::from_utf8(written.body).unwrap(),
            concat!(
                r#"{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"sky"}]},"#,
                r#""taskType":"RETRIEVAL_QUERY","outputDimensionality":768}]}"#
            )
        );
        assert_eq!(written.dropped, Vec::<String>::new());
    }

    #[test]
    fn a_purpose_without_a_word_is_told_to_be_lost() {
        assert_eq!(write_request(&request("poetry")).dropped, ["task"]);
        assert!(
            write_request(&request("code_retrieval_query"))
                .dropped
                .is_empty()
        );
    }

    #[test]
    fn one_vector_and_many_are_read() {
        let many = read_answer(br#"{"embeddings":[{"values":[0.5,1]},{"values":[]}],"usageMetadata":{"promptTokenCount":3}}"#).unwrap();
        assert_eq!(many.vectors, [vec![0.5, 1.0], vec![]]);
        assert_eq!(many.usage.map(|usage| usage.input), Some(3));
        let one = read_answer(br#"{"embedding":{"values":[0.25]}}"#).unwrap();
        assert_eq!(one.vectors, [[0.25]]);
        assert!(read_answer(b"{}").is_err());
    }
}

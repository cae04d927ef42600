//! `/v1/embeddings`, both sides.
//!
//! Official clients ask for base64 unasked, many providers have lists only: numbers are asked for as a list and read in
//! either spelling, and the caller gets the one that it wants.
//!
//! Source: openai-python 3.54, `types/embedding_create_params.py` and `types/create_embedding_response.py`.

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::chat::read_usage;
use super::fields::{Fields, wrong};
use super::json::object;
use crate::embeddings::{
    EmbeddingInput, EmbeddingsAnswer, EmbeddingsRequest, Encoding, in_order, read_base64,
    write_base64,
};
use crate::error::Malformed;
use crate::written::Written;

/// Where providers of this dialect are told what vectors are for: NVIDIA and Voyage, Jina, others.
const TASKS: [&str; 3] = ["input_type", "task", "task_type"];

/// What a caller asks for.
pub fn read_request(body: &[u8]) -> Result<EmbeddingsRequest, Malformed> {
    let mut fields = Fields::read(body)?;
    let encoding = match fields.text("encoding_format")?.as_deref() {
        None | Some("float") => Encoding::Float,
        Some("base64") => Encoding::Base64,
        Some(other) => {
            return Err(Malformed::new(
                "encoding_format",
                format!("must be `float` or `base64`, not `{other}`"),
            ));
        }
    };
    let mut request = EmbeddingsRequest {
        model: fields.needed_text("model")?,
        input: read_input(fields.take("input"))?,
        dimensions: fields.count("dimensions")?,
        encoding,
        user: fields.text("user")?,
        ..EmbeddingsRequest::default()
    };
    request.extra = fields.rest();
    request.extra.retain(|_, value| !value.is_null());
    // The word stays where it was written as well: the same dialect passes it on.
    let told = TASKS
        .iter()
        .find_map(|name| request.extra.get(*name)?.as_str());
    request.task = told.map(str::to_owned);
    Ok(request)
}

fn read_input(input: Option<Value>) -> Result<Vec<EmbeddingInput>, Malformed> {
    const RIGHT: &str = "a string, an array of strings, or arrays of tokens";
    match input {
        None => Err(Malformed::new(
            "input",
            format!("is missing; it must be {RIGHT}"),
        )),
        Some(Value::String(text)) => Ok(vec![EmbeddingInput::Text(text)]),
        Some(Value::Array(list)) if list.is_empty() => Err(Malformed::new(
            "input",
            format!("is empty; it must be {RIGHT}"),
        )),
        Some(Value::Array(list)) if list.iter().all(Value::is_number) => {
            Ok(vec![EmbeddingInput::Tokens(read_tokens(&list, "input")?)])
        }
        Some(Value::Array(list)) => list
            .into_iter()
            .enumerate()
            .map(|(place, one)| match one {
                Value::String(text) => Ok(EmbeddingInput::Text(text)),
                Value::Array(tokens) => {
                    read_tokens(&tokens, &format!("input[{place}]")).map(EmbeddingInput::Tokens)
                }
                other => Err(wrong(
                    format!("input[{place}]"),
                    "a string or an array of tokens",
                    &other,
                )),
            })
            .collect(),
        Some(other) => Err(wrong("input", RIGHT, &other)),
    }
}

fn read_tokens(tokens: &[Value], path: &str) -> Result<Vec<u32>, Malformed> {
    tokens
        .iter()
        .enumerate()
        .map(|(place, token)| {
            let number = token.as_u64().and_then(|token| u32::try_from(token).ok());
            number.ok_or_else(|| wrong(format!("{path}[{place}]"), "the number of a token", token))
        })
        .collect()
}

/// The request for a provider. Its answer is read by [`read_answer`] in whatever spelling it comes.
#[must_use]
pub fn write_request(request: &EmbeddingsRequest) -> Written {
    let mut body = Vec::new();
    object(&mut body, |body| {
        body.put("model", &request.model);
        let input: Vec<Value> = request
            .input
            .iter()
            .map(|one| match one {
                EmbeddingInput::Text(text) => json!(text),
                EmbeddingInput::Tokens(tokens) => json!(tokens),
            })
            .collect();
        body.put("input", input);
        body.some("dimensions", request.dimensions);
        body.some("user", request.user.as_ref());
        for (name, value) in &request.extra {
            body.put(name, value);
        }
    });
    Written {
        body,
        dropped: Vec::new(),
    }
}

#[derive(Deserialize)]
struct Wire {
    data: Vec<Placed>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct Placed {
    index: Option<usize>,
    embedding: Box<RawValue>,
}

/// What a provider answered.
pub fn read_answer(body: &[u8]) -> Result<EmbeddingsAnswer, Malformed> {
    let wire: Wire = serde_json::from_slice(body)
        .map_err(|error| Malformed::new("", format!("the body is no list of vectors: {error}")))?;
    let placed = wire
        .data
        .iter()
        .enumerate()
        .map(|(place, one)| {
            let vector = read_vector(one.embedding.get()).ok_or_else(|| {
                Malformed::new(format!("data[{place}].embedding"), "is no vector")
            })?;
            Ok((one.index.unwrap_or(place), vector))
        })
        .collect::<Result<Vec<_>, Malformed>>()?;
    Ok(EmbeddingsAnswer {
        model: wire.model.unwrap_or_default(),
        vectors: in_order(placed)
            .ok_or_else(|| Malformed::new("data", "has a place twice, or lacks one"))?,
        usage: read_usage(&wire.usage),
        ..EmbeddingsAnswer::default()
    })
}

fn read_vector(json: &str) -> Option<Vec<f32>> {
    if json.starts_with('"') {
        let text: String = serde_json::from_str(json).ok()?;
        read_base64(&text)
    } else {
        serde_json::from_str(json).ok()
    }
}

/// The answer for a caller, in the spelling that it asked for.
#[must_use]
pub fn write_answer(answer: &EmbeddingsAnswer, encoding: Encoding) -> Vec<u8> {
    let mut out = Vec::new();
    object(&mut out, |body| {
        body.put("object", "list");
        body.list(
            "data",
            answer.vectors.iter().enumerate(),
            |out, (place, vector)| {
                object(out, |one| {
                    one.put("object", "embedding");
                    one.put("index", place);
                    match encoding {
                        Encoding::Float => one.put("embedding", vector),
                        Encoding::Base64 => one.put("embedding", write_base64(vector)),
                    }
                });
            },
        );
        body.put("model", &answer.model);
        let input = answer.usage.map_or(0, |usage| usage.input);
        body.object("usage", |usage| {
            usage.put("prompt_tokens", input);
            usage.put("total_tokens", input);
        });
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Usage;

    fn complaint(body: &Value) -> String {
        read_request(body.to_string().as_bytes())
            .map_or_else(|error| error.to_string(), |request| format!("{request:?}"))
    }

    #[test]
    fn texts_and_tokens_are_read_in_each_of_their_forms() {
        let of = |input: Value| {
            let body = json!({"model": "m", "input": input}).to_string();
            read_request(body.as_bytes()).unwrap().input
        };
        let text = |text: &str| EmbeddingInput::Text(text.to_owned());
        assert_eq!(of(json!("a")), [text("a")]);
        assert_eq!(of(json!(["a", "b"])), [text("a"), text("b")]);
        assert_eq!(of(json!([1, 2])), [EmbeddingInput::Tokens(vec![1, 2])]);
        assert_eq!(
            of(json!([[1], [2, 3]])),
            [
                EmbeddingInput::Tokens(vec![1]),
                EmbeddingInput::Tokens(vec![2, 3])
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let with = |input: Value| complaint(&json!({"model": "m", "input": input}));
        assert_eq!(
            with(json!([[1, -2]])),
            "`input[0][1]` must be the number of a token, not a number"
        );
        assert_eq!(
            with(json!(["a", {}])),
            "`input[1]` must be a string or an array of tokens, not an object"
        );
        assert!(with(json!([])).starts_with("`input` is empty"));
        assert_eq!(
            complaint(&json!({"model": "m", "input": "a", "encoding_format": "int8"})),
            "`encoding_format` must be `float` or `base64`, not `int8`"
        );
    }

    /// Clients ask for base64; the provider has lists, or the other way round.
    #[test]
    fn the_caller_gets_its_spelling_whatever_the_provider_has() {
        let list = br#"{"object":"list","data":[{"index":1,"embedding":[0.1]},{"index":0,"embedding":[1.0,-2.5]}],
            "model":"m-1","usage":{"prompt_tokens":4,"total_tokens":4}}"#;
        let answer = read_answer(list).unwrap();
        assert_eq!(answer.vectors, [vec![1.0, -2.5], vec![0.1]]);
        assert_eq!(
            answer.usage,
            Some(Usage {
                input: 4,
                ..Usage::default()
            })
        );
        let base64 = write_answer(&answer, Encoding::Base64);
        insta::assert_snapshot!(String::from_utf8(base64.clone()).unwrap());
        assert_eq!(read_answer(&base64).unwrap(), answer);
        insta::assert_snapshot!(String::from_utf8(write_answer(&answer, Encoding::Float)).unwrap());
    }

    #[test]
    fn a_provider_is_asked_for_a_list_and_told_what_the_caller_said_besides() {
        let body = br#"{"model":"m","input":["a"],"encoding_format":"base64","dimensions":8,"input_type":"query","truncate":"END"}"#;
        let request = read_request(body).unwrap();
        assert_eq!(request.task.as_deref(), Some("query"));
        let written = write_request(&request);
        assert_eq!(
            String::from_utf8(written.body).unwrap(),
            r#"{"model":"m","input":["a"],"dimensions":8,"input_type":"query","truncate":"END"}"#
        );
    }

    #[test]
    fn no_body_makes_the_readers_panic() {
        for body in [
            &br#"{"data":[{"embedding":"????"}]}"#[..],
            br#"{"data":[{"index":3,"embedding":[]}]}"#,
            br#"{"data":[{"index":0,"embedding":null}]}"#,
            b"[]",
            b"",
            br#"{"error":{"message":"no"}}"#,
        ] {
            assert!(read_answer(body).is_err());
            assert!(read_request(body).is_err());
        }
    }
}

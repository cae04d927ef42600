//! Which of some texts answer a question best: the common form, and the body that Jina, Together, vLLM and Cohere's
//! clients share.
//!
//! Texts are not asked back from a provider: the caller's own are put beside the ranks.

use serde_json::Value;

use crate::chat::{Extra, Usage};
use crate::error::Malformed;
use crate::openai::fields::{Fields, whole, wrong};
use crate::openai::json::object;
use crate::written::Written;

/// A request for ranks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RerankRequest {
    /// The model, as the caller names it.
    pub model: String,
    /// The question.
    pub query: String,
    /// The texts.
    pub documents: Vec<String>,
    /// How many of the best are wanted; none = all.
    pub top: Option<usize>,
    /// Whether the texts are to stand in the answer.
    pub return_documents: bool,
    /// What only the caller's dialect has.
    pub extra: Extra,
}

/// The ranks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RerankAnswer {
    /// The provider's id of it; empty = it gives none.
    pub id: String,
    /// The model that answered, as the provider names it; empty = it does not say.
    pub model: String,
    /// As the provider gave them.
    pub results: Vec<Ranked>,
    /// What it took, where the provider says so in tokens.
    pub usage: Option<Usage>,
}

/// How well a text answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// Which of the texts.
    pub index: usize,
    /// Higher is better; what it goes up to is the model's.
    pub score: f64,
}

/// What a caller asks for.
pub fn read_request(body: &[u8]) -> Result<RerankRequest, Malformed> {
    let mut fields = Fields::read(body)?;
    let documents = fields
        .list("documents")?
        .ok_or_else(|| Malformed::new("documents", "is missing; it must be an array of strings"))?;
    let mut request = RerankRequest {
        model: fields.needed_text("model")?,
        query: fields.needed_text("query")?,
        documents: documents
            .into_iter()
            .enumerate()
            .map(|(place, document)| read_document(document, format!("documents[{place}]")))
            .collect::<Result<_, _>>()?,
        top: fields
            .count("top_n")?
            .map(|top| usize::try_from(top).unwrap_or(usize::MAX)),
        return_documents: fields.flag("return_documents")?.unwrap_or(false),
        extra: Extra::new(),
    };
    request.extra = fields.rest();
    request.extra.retain(|_, value| !value.is_null());
    Ok(request)
}

fn read_document(document: Value, path: String) -> Result<String, Malformed> {
    match document {
        Value::String(text) => Ok(text),
        Value::Object(_) => Fields::of(document, path)?.needed_text("text"),
        other => Err(wrong(path, "a string or an object with a `text`", &other)),
    }
}

/// The request for a provider that speaks this dialect.
#[must_use]
pub fn write_request(request: &RerankRequest) -> Written {
    let mut body = Vec::new();
    object(&mut body, |body| {
        body.put("model", &request.model);
        body.put("query", &request.query);
        body.put("documents", &request.documents);
        body.some("top_n", request.top);
        body.put("return_documents", false);
        for (name, value) in &request.extra {
            body.put(name, value);
        }
    });
    Written {
        body,
        dropped: Vec::new(),
    }
}

/// What a provider answered: `results` (Cohere, Jina, Together), `data` (Voyage), or a bare list (Hugging Face).
pub fn read_answer(body: &[u8]) -> Result<RerankAnswer, Malformed> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Malformed::new("", format!("the body is not valid JSON: {error}")))?;
    let (list, mut fields) = match value {
        Value::Array(list) => (Some(list), None),
        other => {
            let mut fields = Fields::of(other, "")?;
            let list = fields.list("results")?;
            (
                if list.is_some() {
                    list
                } else {
                    fields.list("data")?
                },
                Some(fields),
            )
        }
    };
    let list =
        list.ok_or_else(|| Malformed::new("results", "is missing; it must be an array of ranks"))?;
    let results = list
        .into_iter()
        .enumerate()
        .map(|(place, one)| read_rank(one, format!("results[{place}]")))
        .collect::<Result<_, _>>()?;
    let mut member = |name: &str| fields.as_mut().and_then(|fields| fields.take(name));
    let text = |value: Option<Value>| {
        value
            .and_then(|value| value.as_str().map(str::to_owned))
            .unwrap_or_default()
    };
    Ok(RerankAnswer {
        id: text(member("id")),
        model: text(member("model")),
        results,
        usage: read_usage(
            &member("usage").unwrap_or_default(),
            &member("meta").unwrap_or_default(),
        ),
    })
}

fn read_rank(rank: Value, path: String) -> Result<Ranked, Malformed> {
    let mut rank = Fields::of(rank, path)?;
    let index = rank
        .count("index")?
        .and_then(|index| usize::try_from(index).ok());
    let score = match rank.number("relevance_score")? {
        Some(score) => Some(score),
        None => rank.number("score")?,
    };
    match (index, score) {
        (Some(index), Some(score)) => Ok(Ranked { index, score }),
        (None, _) => Err(Malformed::new(
            rank.at("index"),
            "is missing; it must be a whole number",
        )),
        (_, None) => Err(Malformed::new(
            rank.at("relevance_score"),
            "is missing; it must be a number",
        )),
    }
}

fn read_usage(usage: &Value, meta: &Value) -> Option<Usage> {
    let input = usage
        .get("total_tokens")
        .or_else(|| usage.get("prompt_tokens"))
        .or_else(|| meta.pointer("/tokens/input_tokens"))
        .and_then(whole)?;
    Some(Usage {
        input,
        ..Usage::default()
    })
}

/// The answer for a caller: the best first, no more than it wanted, with its own texts if it wants them.
#[must_use]
pub fn write_answer(answer: &RerankAnswer, request: &RerankRequest) -> Vec<u8> {
    let mut results: Vec<Ranked> = answer
        .results
        .iter()
        .copied()
        .filter(|rank| rank.index < request.documents.len())
        .collect();
    results.sort_by(|one, other| other.score.total_cmp(&one.score));
    results.truncate(request.top.unwrap_or(usize::MAX));
    let mut out = Vec::new();
    object(&mut out, |body| {
        body.put("id", &answer.id);
        body.put("model", &answer.model);
        body.list("results", results, |out, rank| {
            object(out, |one| {
                one.put("index", rank.index);
                one.put("relevance_score", rank.score);
                if request.return_documents {
                    one.object("document", |document| {
                        document.put("text", &request.documents[rank.index]);
                    });
                }
            });
        });
        body.object("meta", |meta| {
            if let Some(usage) = &answer.usage {
                meta.object("tokens", |tokens| tokens.put("input_tokens", usage.input));
            }
        });
        if let Some(usage) = &answer.usage {
            body.object("usage", |tokens| {
                tokens.put("prompt_tokens", usage.input);
                tokens.put("total_tokens", usage.input);
            });
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] =
        br#"{"model":"m","query":"q","documents":["a",{"text":"b","id":7},"c"],"top_n":2,
        "return_documents":true,"max_tokens_per_doc":99}"#;

    #[test]
    fn documents_are_texts_or_have_one() {
        let request = read_request(REQUEST).unwrap();
        assert_eq!(request.documents, ["a", "b", "c"]);
        let complaint = |body: &[u8]| read_request(body).map_err(|error| error.to_string());
        assert_eq!(
            complaint(br#"{"model":"m","query":"q","documents":[{"title":"x"}]}"#),
            Err("`documents[0].text` is missing; it must be a string".to_owned())
        );
        assert_eq!(
            complaint(br#"{"model":"m","query":"q","documents":[3]}"#),
            Err(
                "`documents[0]` must be a string or an object with a `text`, not a number"
                    .to_owned()
            )
        );
    }

    #[test]
    fn a_provider_is_not_asked_for_the_texts() {
        let written = write_request(&read_request(REQUEST).unwrap());
        assert_eq!(
            String::from_utf8(written.body).unwrap(),
            r#"{"model":"m","query":"q","documents":["a","b","c"],"top_n":2,"return_documents":false,"max_tokens_per_doc":99}"#
        );
    }

    /// Shapes: docs.cohere.com/reference/rerank, api.jina.ai/redoc, docs.voyageai.com, text-embeddings-inference.
    #[test]
    fn ranks_are_read_from_each_of_the_shapes() {
        let ranks = [
            Ranked {
                index: 1,
                score: 0.25,
            },
            Ranked {
                index: 0,
                score: 0.75,
            },
        ];
        for body in [
            r#"{"id":"1","results":[{"index":1,"relevance_score":0.25},{"index":0,"relevance_score":0.75}],"meta":{"tokens":{"input_tokens":9}}}"#,
            r#"{"model":"m","usage":{"total_tokens":9},"results":[{"index":1,"relevance_score":0.25,"document":{"text":"b"}},{"index":0,"relevance_score":0.75}]}"#,
            r#"{"object":"list","data":[{"index":1,"relevance_score":0.25},{"index":0,"relevance_score":0.75}],"usage":{"total_tokens":9}}"#,
        ] {
            let answer = read_answer(body.as_bytes()).unwrap();
            assert_eq!(answer.results, ranks);
            assert_eq!(answer.usage.map(|usage| usage.input), Some(9));
        }
        let bare = br#"[{"index":1,"score":0.25},{"index":0,"score":0.75}]"#;
        assert_eq!(read_answer(bare).unwrap().results, ranks);
        assert!(read_answer(br#"{"results":[{"index":0}]}"#).is_err());
        assert!(read_answer(br#"{"message":"no"}"#).is_err());
    }

    #[test]
    fn the_best_come_first_with_the_callers_own_texts() {
        let answer = RerankAnswer {
            results: vec![
                Ranked {
                    index: 0,
                    score: 0.1,
                },
                Ranked {
                    index: 2,
                    score: 0.3,
                },
                Ranked {
                    index: 9,
                    score: 0.9,
                },
                Ranked {
                    index: 1,
                    score: 0.2,
                },
            ],
            ..RerankAnswer::default()
        };
        assert_eq!(
            String::from_utf8(write_answer(&answer, &read_request(REQUEST).unwrap())).unwrap(),
            r#"{"id":"","model":"","results":[{"index":2,"relevance_score":0.3,"document":{"text":"c"}},{"index":1,"relevance_score":0.2,"document":{"text":"b"}}],"meta":{}}"#
        );
    }
}

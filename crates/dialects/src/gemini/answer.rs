//! A whole answer of `generateContent`, and the shape that it shares with a chunk of a stream.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::finish::finish;
use super::{part, usage};
use crate::calls::CallIds;
use crate::chat::{Answer, Choice, Extra, Finish, Part};
use crate::error::Malformed;
use crate::timestamp;

/// An answer, or a chunk of one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wire<'a> {
    #[serde(borrow)]
    pub(super) candidates: Option<Vec<Candidate<'a>>>,
    prompt_feedback: Option<Value>,
    pub(super) usage_metadata: Option<usage::Wire>,
    pub(super) model_version: Option<String>,
    pub(super) response_id: Option<String>,
    create_time: Option<String>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate<'a> {
    pub(super) index: Option<usize>,
    #[serde(borrow)]
    content: Option<Content<'a>>,
    pub(super) finish_reason: Option<String>,
    grounding_metadata: Option<Value>,
    citation_metadata: Option<Value>,
    url_context_metadata: Option<Value>,
    logprobs_result: Option<Logprobs>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    parts: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logprobs {
    chosen_candidates: Option<Vec<Token>>,
    top_candidates: Option<Vec<Tokens>>,
}

#[derive(Deserialize)]
struct Tokens {
    candidates: Option<Vec<Token>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    token: Option<String>,
    log_probability: Option<f64>,
}

/// Reads a whole answer. A prompt that was blocked is an answer that was filtered, without parts.
pub fn read_answer(body: &[u8]) -> Result<Answer, Malformed> {
    let wire = Wire::read(body)?;
    let id = wire.response_id.clone().unwrap_or_default();
    let usage = wire.usage_metadata.as_ref().map(usage::Wire::usage);
    let mark = wire.mark();
    let created = wire.created();
    let blocked = wire.is_blocked();
    let candidates = wire.candidates.unwrap_or_default();
    let mut ids = CallIds::default();
    let mut choices: Vec<Choice> = candidates
        .into_iter()
        .enumerate()
        .map(|(place, candidate)| candidate.choice(place, &mut ids, &mark))
        .collect();
    if choices.is_empty() {
        if !blocked {
            return Err(Malformed::new(
                "candidates",
                "is missing: an answer has at least one",
            ));
        }
        choices.push(filtered());
    }
    let mut extra = Extra::new();
    extra.extend(
        wire.prompt_feedback
            .map(|feedback| ("promptFeedback".to_owned(), feedback)),
    );
    Ok(Answer {
        id,
        model: wire.model_version.unwrap_or_default(),
        created,
        choices,
        usage,
        extra,
    })
}

fn filtered() -> Choice {
    Choice {
        index: 0,
        parts: Vec::new(),
        finish: Finish::ContentFilter,
        stop_sequence: None,
        logprobs: None,
    }
}

impl<'a> Wire<'a> {
    /// Reads the shape. The reason does not repeat what was said: it may stand in a log.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        serde_json::from_slice(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Malformed::new(
                "",
                format!("is not an answer of Gemini (line {line}, column {column})"),
            )
        })
    }

    /// What tells this answer's calls from those of others in the conversation: its id, or else how long the
    /// conversation is.
    pub(super) fn mark(&self) -> String {
        match (&self.response_id, &self.usage_metadata) {
            (Some(id), _) if !id.is_empty() => id.clone(),
            (_, Some(usage)) => usage.usage().input.to_string(),
            _ => String::new(),
        }
    }

    pub(super) fn created(&self) -> Option<i64> {
        self.create_time.as_deref().and_then(timestamp::seconds)
    }

    /// Whether the prompt itself was refused.
    pub(super) fn is_blocked(&self) -> bool {
        let feedback = self.prompt_feedback.as_ref();
        feedback.is_some_and(|feedback| feedback["blockReason"].is_string())
    }
}

impl Candidate<'_> {
    fn choice(mut self, place: usize, ids: &mut CallIds, mark: &str) -> Choice {
        let index = self.index.unwrap_or(place);
        let mut parts = self.parts(ids, &[mark, &index.to_string()]);
        if let Some(sources) = self.sources() {
            cite(&mut parts, sources);
        }
        let has_calls = parts
            .iter()
            .any(|part| matches!(part, Part::ToolCall { .. }));
        let reason = self.finish_reason.as_deref().unwrap_or_default();
        Choice {
            index,
            parts,
            finish: finish(reason, has_calls),
            stop_sequence: None,
            logprobs: self.logprobs(),
        }
    }

    pub(super) fn parts(&mut self, ids: &mut CallIds, mark: &[&str]) -> Vec<Part> {
        let raw = self.content.take().and_then(|content| content.parts);
        raw.unwrap_or_default()
            .into_iter()
            .filter_map(|raw| part::read(raw, ids, mark))
            .collect()
    }

    /// Where the text has its facts from, under Gemini's names.
    pub(super) fn sources(&mut self) -> Option<Value> {
        let sources: Map<String, Value> = [
            ("groundingMetadata", self.grounding_metadata.take()),
            ("citationMetadata", self.citation_metadata.take()),
            ("urlContextMetadata", self.url_context_metadata.take()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect();
        (!sources.is_empty()).then_some(Value::Object(sources))
    }

    /// Likelihoods, as OpenAI writes them.
    pub(super) fn logprobs(&self) -> Option<Value> {
        let result = self.logprobs_result.as_ref()?;
        let mut tops = result.top_candidates.iter().flatten();
        let content: Vec<Value> = result
            .chosen_candidates
            .iter()
            .flatten()
            .map(|chosen| {
                let top = tops.next().and_then(|top| top.candidates.as_deref());
                let top: Vec<Value> = top.unwrap_or_default().iter().map(Token::value).collect();
                let mut token = chosen.value();
                token["top_logprobs"] = Value::Array(top);
                token
            })
            .collect();
        Some(json!({ "content": content, "refusal": null }))
    }
}

impl Token {
    fn value(&self) -> Value {
        let token = self.token.as_deref().unwrap_or_default();
        json!({ "token": token, "logprob": self.log_probability, "bytes": token.as_bytes() })
    }
}

/// Sources belong to the text; without one there is nothing that they could be the sources of.
fn cite(parts: &mut [Part], sources: Value) {
    let last = parts.iter_mut().rev().find_map(|part| match part {
        Part::Text { citations, .. } => Some(citations),
        _ => None,
    });
    if let Some(citations) = last {
        *citations = Some(sources);
    }
}

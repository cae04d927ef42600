//! The common form of embeddings: what is asked, and the vectors that come back.
//!
//! **Invariant:** no dialect here, but for the two spellings of a vector, which clients choose and providers may lack.

mod vector;

use serde_json::Value;

use crate::chat::{Extra, Usage};

pub use vector::{read_base64, write_base64};

/// A request for vectors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbeddingsRequest {
    /// The model, as the caller names it.
    pub model: String,
    /// What is to become vectors: one each, in order.
    pub input: Vec<EmbeddingInput>,
    /// How many numbers a vector is to have.
    pub dimensions: Option<u64>,
    /// How the caller wants the numbers spelled.
    pub encoding: Encoding,
    /// The caller's name for its own user.
    pub user: Option<String>,
    /// What the vectors are for, in the caller's word: see [`Self::purpose`].
    pub task: Option<String>,
    /// What only the caller's dialect has.
    pub extra: Extra,
}

/// Something that is to become a vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmbeddingInput {
    /// A text.
    Text(String),
    /// A text that the caller cut into tokens of the model already; only OpenAI and servers like it take them.
    Tokens(Vec<u32>),
}

/// How numbers are spelled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// A JSON list.
    #[default]
    Float,
    /// Four bytes each, little-endian, all of them in base64: what the official clients ask for unasked.
    Base64,
}

/// What vectors are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To find documents with.
    Query,
    /// To be found.
    Document,
    /// To be sorted into classes.
    Classification,
    /// To be grouped.
    Clustering,
    /// To be compared with one another.
    Similarity,
}

/// The words of Cohere (`input_type`), Gemini (`taskType`), Jina (`task`), Voyage and NVIDIA (`input_type`).
const PURPOSES: &[(&str, Purpose)] = &[
    ("search_query", Purpose::Query),
    ("retrieval_query", Purpose::Query),
    ("retrieval.query", Purpose::Query),
    ("query", Purpose::Query),
    ("search_document", Purpose::Document),
    ("retrieval_document", Purpose::Document),
    ("retrieval.passage", Purpose::Document),
    ("document", Purpose::Document),
    ("passage", Purpose::Document),
    ("classification", Purpose::Classification),
    ("clustering", Purpose::Clustering),
    ("separation", Purpose::Clustering),
    ("semantic_similarity", Purpose::Similarity),
    ("text-matching", Purpose::Similarity),
];

impl EmbeddingsRequest {
    /// What the vectors are for, where the caller says so in a word of any provider.
    #[must_use]
    pub fn purpose(&self) -> Option<Purpose> {
        let task = self.task.as_deref()?;
        PURPOSES
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(task))
            .map(|(_, purpose)| *purpose)
    }
}

/// The vectors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbeddingsAnswer {
    /// The model that answered, as the provider names it; empty = it does not say.
    pub model: String,
    /// One for each input, in the order of the inputs.
    pub vectors: Vec<Vec<f32>>,
    /// What it took, where the provider says so; there is no output.
    pub usage: Option<Usage>,
    /// What only the provider's dialect has.
    pub extra: Extra,
}

/// Vectors that came with their places, in the order of their places. None = a place is missing or taken twice.
pub(crate) fn in_order(mut placed: Vec<(usize, Vec<f32>)>) -> Option<Vec<Vec<f32>>> {
    placed.sort_by_key(|(place, _)| *place);
    placed
        .into_iter()
        .enumerate()
        .map(|(expected, (place, vector))| (expected == place).then_some(vector))
        .collect()
}

/// What an embedding took, in the usage that all answers have.
pub(crate) fn usage_of(tokens: Option<&Value>) -> Option<Usage> {
    Some(Usage {
        input: tokens?.as_u64()?,
        ..Usage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_purpose_is_known_by_the_words_of_every_provider() {
        let of = |task: &str| {
            EmbeddingsRequest {
                task: Some(task.to_owned()),
                ..EmbeddingsRequest::default()
            }
            .purpose()
        };
        assert_eq!(of("RETRIEVAL_QUERY"), Some(Purpose::Query));
        assert_eq!(of("search_query"), of("retrieval.query"));
        assert_eq!(of("passage"), Some(Purpose::Document));
        assert_eq!(of("poetry"), None);
    }

    #[test]
    fn vectors_are_put_in_the_order_of_the_inputs() {
        let mixed = vec![(1, vec![2.0]), (0, vec![1.0])];
        assert_eq!(in_order(mixed), Some(vec![vec![1.0], vec![2.0]]));
        assert_eq!(in_order(vec![(0, vec![]), (0, vec![])]), None);
        assert_eq!(in_order(vec![(1, vec![])]), None);
    }
}

//! Whether something should not be said: the common form of moderation, with the categories of all providers in
//! OpenAI's words.

mod categories;

use std::collections::BTreeMap;

use crate::chat::{Extra, Part};

pub use categories::{CATEGORIES, category};

/// A request for judgements.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModerationRequest {
    /// The model, as the caller names it; clients may leave it out.
    pub model: Option<String>,
    /// What is to be judged: one judgement each.
    pub input: Vec<ModerationInput>,
    /// What only the caller's dialect has.
    pub extra: Extra,
}

/// Something to be judged.
#[derive(Debug, Clone, PartialEq)]
pub enum ModerationInput {
    /// A text.
    Text(String),
    /// Texts and pictures that belong together.
    Parts(Vec<Part>),
}

/// The judgements.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModerationAnswer {
    /// The provider's id of it; empty = it gives none.
    pub id: String,
    /// The model that judged; empty = the provider does not say.
    pub model: String,
    /// One for each input, in order.
    pub results: Vec<Judgement>,
}

/// A judgement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// Whether it should not be said.
    pub flagged: bool,
    /// For which reasons.
    pub categories: BTreeMap<String, bool>,
    /// How sure, from 0 to 1.
    pub scores: BTreeMap<String, f64>,
}

//! A whole answer looked at before it is passed on as it is.

use super::chunk::Chunk;
use crate::{
    chat::{Finish, Usage},
    error::Malformed,
    openai::chat::finish_of,
};

/// What is known of an answer that nobody has re-typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// What it took, where the provider says so.
    pub usage: Option<Usage>,
    /// Why each answer ended.
    pub finish: Vec<Finish>,
    /// Whether any of them says something: text, thoughts, a refusal, a call, sound, a picture.
    pub has_content: bool,
    /// The model that answered, as the provider names it.
    pub model: Option<String>,
}

/// Looks at a body that should be a chat completion.
///
/// It is one if it has at least one choice with a message, and is no error.
pub fn check_answer(body: &[u8]) -> Result<Glance, Malformed> {
    let chunk = Chunk::read(body.trim_ascii())?;
    if chunk.may_be_error() && super::read_error(body).is_some() {
        return Err(Malformed::new("error", "is there: this is no answer"));
    }
    let choices = chunk.choices.as_deref().unwrap_or_default();
    if choices.is_empty() {
        return Err(Malformed::new(
            "choices",
            "must be an array of at least one answer",
        ));
    }
    if let Some(place) = choices.iter().position(|choice| choice.message.is_none()) {
        return Err(Malformed::new(
            format!("choices[{place}].message"),
            "is missing; it must be an object",
        ));
    }
    let calls = chunk.has_calls();
    Ok(Glance {
        usage: chunk.usage(),
        finish: chunk
            .finishes()
            .map(|(_, word)| finish_of(word, calls))
            .collect(),
        has_content: chunk.is_semantic(),
        model: chunk.model.map(std::borrow::Cow::into_owned),
    })
}

/// What an answer took. None where it does not say, and where it is no answer.
#[must_use]
pub fn read_usage(body: &[u8]) -> Option<Usage> {
    Chunk::read(body.trim_ascii()).ok()?.usage()
}

/// Whether a body is an error, in any of the shapes that [`super::read_error`] knows.
#[must_use]
pub fn is_error(body: &[u8]) -> bool {
    match Chunk::read(body.trim_ascii()) {
        Ok(chunk) => chunk.may_be_error() && super::read_error(body).is_some(),
        Err(_) => super::read_error(body).is_some(),
    }
}

//! Calls to models: the same way as every other call — plan, guard, attempt, classify, ledger — with streams, tokens
//! and dialects.
//!
//! **Invariant:** nothing reaches a caller before a candidate's first semantic token; from then on no other candidate
//! begins anew.

mod admit;
mod answer;
mod arranged;
mod attempt;
mod bill;
mod call;
pub(crate) mod choose;
mod discover;
mod ending;
mod flow;
pub(crate) mod kept;
mod list;
mod need;
pub(crate) mod prepared;
mod race;
mod resume;
pub(crate) mod silence;
mod translate;
mod verdict;
pub(crate) mod verify;

pub use answer::{KnownModel, ModelAnswer, ModelContent, UsageRecord};
pub(crate) use attempt::target;
pub use call::{Door, ModelCall, Origin, Wish};
pub use discover::keep_discovering;

use crate::answer::Refusal;
use crate::engine::Engine;

impl Engine {
    /// Answers a call to a model, or says why not. A stream has begun when this returns.
    pub async fn ask_model(&self, call: ModelCall) -> Result<ModelAnswer, Refusal> {
        Box::pin(kept::answer(self, call)).await
    }

    /// The operator's own names for models.
    pub fn model_aliases(&self) -> impl Iterator<Item = &str> {
        self.settings().models.aliases.keys().map(String::as_str)
    }

    /// Every model that can be asked for by name, in the catalogue's order.
    #[must_use]
    pub fn models(&self) -> Vec<KnownModel> {
        list::models(self)
    }
}

//! Calls to models: the same way as every other call — plan, guard, attempt, classify, ledger — with streams, tokens
//! and dialects.
//!
//! **Invariant:** nothing reaches a caller before a candidate's first semantic token; from then on no other candidate
//! begins anew.

mod answer;
mod call;
mod choose;
mod silence;
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        unused_imports,
        reason = "the attempts that use it are being written"
    )
)]
mod translate;
mod verdict;

pub use answer::{KnownModel, ModelAnswer, ModelContent, UsageRecord};
pub use call::{Door, ModelCall, Origin, Wish};

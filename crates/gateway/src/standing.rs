//! How the providers of an operation stand: the one view that `/health`, the catalogue and the docs share.

use guichet_engine::CandidateState;
use guichet_engine::answer::{SkipReason, Skipped};
use jiff::Timestamp;
use serde::Serialize;

/// Whether a candidate may be asked now.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Standing {
    pub(crate) state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_at: Option<Timestamp>,
}

/// Ready, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum State {
    Ready(Ready),
    Not(SkipReason),
}

/// The one good word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ready {
    Ready,
}

impl Standing {
    /// Of one candidate.
    pub(crate) fn of(skipped: Option<&Skipped>) -> Self {
        match skipped {
            None => Self {
                state: State::Ready(Ready::Ready),
                retry_at: None,
            },
            Some(skipped) => Self {
                state: State::Not(skipped.reason),
                retry_at: skipped.retry_at,
            },
        }
    }

    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready(_))
    }
}

/// Of one provider: the best among its candidates; `None` when the engine does not know it.
pub(crate) fn of_provider(candidates: &[CandidateState], provider: &str) -> Option<Standing> {
    let own = || {
        candidates
            .iter()
            .filter(|candidate| &*candidate.provider == provider)
    };
    let best = own()
        .find(|candidate| candidate.state.is_none())
        .or_else(|| own().next())?;
    Some(Standing::of(best.state.as_ref()))
}

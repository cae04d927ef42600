//! In which order those who may be asked are asked: one planner for data and models.
//!
//! **Invariant:** a policy orders candidates and never leaves one out. Who may be asked at all is the plan's business, and
//! whether now the guard's.

mod latency;
mod order;
#[cfg(test)]
mod tests;
mod wait;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ledger::{Claim, Ledger};
pub(crate) use latency::Latencies;
pub(crate) use order::{Standing, Tier, arrange};
pub(crate) use wait::Patience;

/// How much dearer each ability is that few have and a call does not need. Little: what is asked for often is used up sooner
/// and grows dear by itself, and what is spared too long is lost.
const SPARE: f64 = 0.125;

/// In which order candidates are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// First whose free capacity would be lost soonest, and of which most is left for what this call needs.
    #[default]
    Harvest,
    /// The operator's order, then the catalogue's.
    Order,
    /// First who answered soonest of late.
    Fastest,
    /// By lot, in proportion to the operator's weights.
    Weighted,
    /// First what costs least money.
    Cheapest,
}

impl Policy {
    /// All, the default first.
    pub const ALL: [Self; 5] = [
        Self::Harvest,
        Self::Order,
        Self::Fastest,
        Self::Weighted,
        Self::Cheapest,
    ];

    /// Its name in requests and in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Harvest => "harvest",
            Self::Order => "order",
            Self::Fastest => "fastest",
            Self::Weighted => "weighted",
            Self::Cheapest => "cheapest",
        }
    }

    /// What a request may say, for error messages.
    #[must_use]
    pub fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Policy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        let named = |policy: &Self| policy.as_str().eq_ignore_ascii_case(text.trim());
        Self::ALL.into_iter().find(named).ok_or(UnknownPolicy)
    }
}

/// No policy has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a policy is one of harvest, order, fastest, weighted, cheapest")]
pub struct UnknownPolicy;

/// The operator's choice of policies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    /// Where nobody says otherwise.
    pub default: Policy,
    /// By operation, as in `weather/current` and `ai/chat`.
    pub operations: BTreeMap<String, Policy>,
}

impl Policies {
    /// The policy of a call: the caller's word, else that of its key, else the operator's for this operation, else the
    /// default.
    pub(crate) fn of(
        &self,
        wished: Option<Policy>,
        of_key: Option<Policy>,
        operation: impl FnOnce() -> String,
    ) -> Chosen {
        let own = || {
            let operations = Some(&self.operations).filter(|all| !all.is_empty())?;
            operations.get(&operation()).copied()
        };
        Chosen {
            policy: wished.or(of_key).or_else(own).unwrap_or(self.default),
            wished: wished.is_some(),
        }
    }
}

/// The policy of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) policy: Policy,
    /// Whether the caller named it: then lists of providers and models say who may answer, and not in which order.
    pub(crate) wished: bool,
}

/// What costs are counted from.
pub(crate) struct Counting<'a> {
    pub(crate) policy: Policy,
    pub(crate) ledger: &'a Ledger,
    pub(crate) latencies: &'a Latencies,
    pub(crate) now: Timestamp,
    /// Moves on by one with each call: what lots are drawn from.
    pub(crate) turn: usize,
}

/// What is known of one candidate when its cost is counted.
pub(crate) struct Known<'a> {
    /// Names it among those that are measured and drawn: provider, credential and model.
    pub(crate) name: &'a dyn Fn() -> String,
    /// What the call would take of its windows.
    pub(crate) claims: &'a dyn Fn() -> Vec<Claim>,
    /// Dollars of the call; infinite where nobody knows.
    pub(crate) money: f64,
    /// Its share among those that are drawn.
    pub(crate) weight: f64,
    /// Abilities of which few have any that this call does not need.
    pub(crate) spare: u32,
}

/// What a candidate costs under a policy: by the first figure, of equals by the second.
pub(crate) type Cost = [f64; 2];

impl Counting<'_> {
    /// None where the policy has nothing to say of the candidate, which then keeps its place.
    pub(crate) fn cost(&self, known: &Known<'_>) -> Option<Cost> {
        match self.policy {
            Policy::Order => None,
            Policy::Harvest => Some([self.price(known)?, 0.0]),
            Policy::Cheapest => Some([known.money, self.price(known).unwrap_or(0.0)]),
            Policy::Fastest => {
                let expected = self.latencies.expected(&(known.name)(), self.now);
                Some([expected.as_secs_f64(), 0.0])
            }
            Policy::Weighted => Some([order::lot(&(known.name)(), self.turn, known.weight), 0.0]),
        }
    }

    /// What can do what few can costs more to those who do not need that, so that some of it is left for those who do.
    fn price(&self, known: &Known<'_>) -> Option<f64> {
        let price = self.ledger.price(&(known.claims)(), self.now)?;
        Some(price * (1.0 + SPARE * f64::from(known.spare)))
    }
}

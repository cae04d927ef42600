//! One world: what is true, what the gateway is told of it, who calls, and how many could be served.

use std::str::FromStr;

use guichet_engine::policy::Policy;
use jiff::Timestamp;

use crate::arguments::Way;
use crate::demand::{self, Arrival};
use crate::gateway;
use crate::naive;
use crate::optimum::{self, Choosing};
use crate::outcome::Outcome;
use crate::tiers::{self, Tier};

/// The first of a month, in the night of which clocks change in California.
const BEGIN: &str = "2026-11-01T00:00:00Z";

/// What the catalogue says of the tiers' limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limits {
    /// What is true.
    Right,
    /// Too much here, too little there, as numbers of which nobody is sure.
    Guessed,
    /// The same as the providers' own word, beyond which no gateway may go before it is told more.
    Wrong,
}

/// One world.
pub(crate) struct World {
    pub(crate) tiers: Vec<Tier>,
    pub(crate) calls: Vec<Arrival>,
    begin: Timestamp,
    limits: Limits,
    /// Calls of anyone who knew everything.
    pub(crate) best: f64,
    /// Calls of anyone who knew everything and serves the same part of every kind.
    pub(crate) best_alike: f64,
}

/// What a policy came to in one world.
pub(crate) struct Result {
    pub(crate) harvest: f64,
    pub(crate) harvest_alike: f64,
    pub(crate) outcome: Outcome,
}

impl World {
    /// The world of a seed: `load` is 1 where as many calls come as the tiers can serve day after day.
    pub(crate) fn new(seed: u64, days: u32, load: f64, limits: Limits) -> Self {
        let mut tiers = tiers::all();
        if limits != Limits::Right {
            tiers::change(&mut tiers, &mut fastrand::Rng::with_seed(seed));
        }
        let begin: Timestamp = BEGIN.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let calls = demand::arrivals(seed, days, load * optimum::capacity(&tiers));
        let most = |choosing| optimum::most_served(&tiers, &calls, begin, days, choosing);
        let (best, best_alike) = (most(Choosing::Anyone), most(Choosing::Alike));
        Self {
            tiers,
            calls,
            begin,
            limits,
            best,
            best_alike,
        }
    }

    /// Lets the calls come.
    pub(crate) fn run(&self, way: Way) -> Result {
        let outcome = match way {
            Way::Policy(policy) => self.ask_engine(policy),
            Way::Benching => naive::replay(&self.tiers, &self.calls, self.begin),
        };
        Result {
            harvest: outcome.count() / self.best.max(1.0),
            harvest_alike: outcome.count() / self.best_alike.max(1.0),
            outcome,
        }
    }

    fn ask_engine(&self, policy: Policy) -> Outcome {
        let guessed = self.limits == Limits::Guessed;
        gateway::replay(policy, &self.tiers, guessed, &self.calls, self.begin)
    }
}

impl Limits {
    const ALL: [Self; 3] = [Self::Right, Self::Guessed, Self::Wrong];

    /// Their name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Guessed => "guessed",
            Self::Wrong => "wrong",
        }
    }
}

impl FromStr for Limits {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let named = |limits: &Self| limits.name() == text;
        let found = Self::ALL.into_iter().find(named);
        found.ok_or("it is one of right, guessed, wrong")
    }
}

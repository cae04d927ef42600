//! What is replayed.

use std::ops::RangeInclusive;
use std::str::FromStr;

use clap::Parser;
use guichet_engine::policy::Policy;

use crate::world::Limits;

/// Replays days of calls over real free tiers and compares policies with the best that was possible.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// A seed of the calls and of what the catalogue has wrong, or several as in 1-5; each is a world of its own.
    #[arg(long, value_delimiter = ',', default_value = "1-3", value_parser = seeds)]
    seed: Vec<RangeInclusive<u64>>,
    /// Days that are replayed.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub(crate) days: u32,
    /// Calls that come, as parts of those that the tiers can serve day after day.
    #[arg(
        long = "load",
        value_delimiter = ',',
        default_value = "0.5,0.8,1.0,1.5"
    )]
    pub(crate) loads: Vec<f64>,
    /// Who is replayed: a policy, or `benching`, a gateway without a ledger.
    #[arg(
        long = "policy",
        value_delimiter = ',',
        default_value = "harvest,order,fastest,weighted,cheapest,benching"
    )]
    pub(crate) policies: Vec<Way>,
    /// What the catalogue says: what is true (right), or half of it here and half as much again there, as numbers that
    /// may be wrong (guessed) or as the providers' own word (wrong).
    #[arg(long, value_delimiter = ',', default_value = "right,guessed,wrong")]
    pub(crate) limits: Vec<Limits>,
    /// What each tier answered and refused with the first seed.
    #[arg(long)]
    pub(crate) by_tier: bool,
}

/// How it is decided who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The engine's, under this policy.
    Policy(Policy),
    /// What gateways do that have no ledger.
    Benching,
}

impl Way {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Policy(policy) => policy.as_str(),
            Self::Benching => "benching",
        }
    }
}

impl FromStr for Way {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == Self::Benching.name() {
            return Ok(Self::Benching);
        }
        let policy = text.parse().map(Self::Policy);
        policy.map_err(|_| format!("it is one of {}, benching", Policy::names()))
    }
}

impl Arguments {
    /// All seeds.
    pub(crate) fn seeds(&self) -> Vec<u64> {
        self.seed.iter().cloned().flatten().collect()
    }
}

fn seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    let number = |text: &str| {
        let parsed = text.trim().parse::<u64>();
        parsed.map_err(|_| format!("`{text}` is not a whole number: write 7, or 1-5"))
    };
    match text.split_once('-') {
        Some((first, last)) => Ok(number(first)?..=number(last)?),
        None => number(text).map(|only| only..=only),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_numbers_or_ranges() {
        let parsed = |text: &str| {
            Arguments::try_parse_from(["harvest", "--seed", text]).map(|parsed| parsed.seeds())
        };
        assert_eq!(parsed("7").unwrap(), [7]);
        assert_eq!(parsed("1-3,9").unwrap(), [1, 2, 3, 9]);
        assert!(parsed("x").unwrap_err().to_string().contains("write 7"));
        let several = ["harvest", "--seed", "4", "--seed", "2"];
        assert_eq!(Arguments::try_parse_from(several).unwrap().seeds(), [4, 2]);
    }
}

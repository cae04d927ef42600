//! The free tiers of `tiers.toml`: what the upstreams count by. The gateway under test never sees them.

use serde::Deserialize;

use crate::demand::{Arrival, KINDS};

/// One model of one provider, and what it gives away.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tier {
    /// For people.
    pub(crate) name: String,
    /// As the gateway is asked for it: the provider, a slash, the provider's name for the model.
    pub(crate) model: String,
    /// Where the figures are from.
    pub(crate) source: String,
    /// Tokens that it can look at.
    pub(crate) context: f64,
    /// Whether it sees pictures.
    #[serde(default)]
    pub(crate) vision: bool,
    /// How long it takes to answer.
    pub(crate) latency_ms: u64,
    /// Its windows.
    #[serde(rename = "window")]
    pub(crate) windows: Vec<Window>,
    /// What a million tokens cost, where a window counts money.
    pub(crate) dollars: Option<Dollars>,
}

/// What a million tokens cost.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dollars {
    /// Of input.
    pub(crate) input: f64,
    /// Of output.
    pub(crate) output: f64,
}

/// One window of a tier.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Window {
    /// How it opens and ends.
    pub(crate) kind: Kind,
    /// Units.
    pub(crate) limit: f64,
    /// Its length in seconds; a month has thirty days.
    pub(crate) per: f64,
    /// What it counts.
    pub(crate) counts: Counts,
    /// Where its midnight is.
    pub(crate) zone: Option<String>,
    /// Names of the headers that tell limit, remaining units and reset, and how the reset is written; empty = not told.
    pub(crate) headers: Option<[String; 4]>,
}

/// How a window opens and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Refills evenly, all the time.
    Bucket,
    /// Full minutes.
    Minute,
    /// From midnight to midnight.
    Day,
    /// From the first of a month.
    Month,
    /// Once, for its length from the first use.
    Credit,
}

/// What a window counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Counts {
    /// Requests.
    Requests,
    /// Tokens of input and output.
    Tokens,
    /// Tokens of input.
    Input,
    /// Cloudflare's neurons, of 0.000011 dollars.
    Neurons,
    /// Dollars.
    Money,
}

impl Tier {
    /// The provider's id.
    #[must_use]
    pub(crate) fn provider(&self) -> &str {
        self.model.split_once('/').map_or("", |(id, _)| id)
    }

    /// The provider's own name for the model.
    #[must_use]
    pub(crate) fn own_name(&self) -> &str {
        self.model.split_once('/').map_or("", |(_, name)| name)
    }

    /// Units that a call takes of a window.
    #[must_use]
    pub(crate) fn units(&self, counts: Counts, input: f64, output: f64) -> f64 {
        let dollars = self.dollars.map_or(0.0, |price| {
            (input * price.input + output * price.output) / 1e6
        });
        match counts {
            Counts::Requests => 1.0,
            Counts::Tokens => input + output,
            Counts::Input => input,
            Counts::Neurons => dollars / 0.000_011,
            Counts::Money => dollars,
        }
    }

    /// Whether it can ever answer this call.
    #[must_use]
    pub(crate) fn takes(&self, call: &Arrival) -> bool {
        let fits =
            |window: &Window| self.units(window.counts, call.input, call.output) <= window.limit;
        let sees = self.vision || !KINDS[call.kind].vision;
        sees && call.input + call.output <= self.context && self.windows.iter().all(fits)
    }
}

#[derive(Deserialize)]
struct File {
    tier: Vec<Tier>,
}

/// All tiers.
///
/// # Panics
/// When the file that this program was built with is wrong.
#[must_use]
pub(crate) fn all() -> Vec<Tier> {
    let file: File = toml::from_str(include_str!("../tiers.toml"))
        .unwrap_or_else(|error| panic!("tiers.toml: {error}"));
    file.tier
}

/// Gives each window half or one and a half times its limit, by lot: the catalogue is as wrong about them then. Not so where
/// money is counted: whoever gives a credit says how much, and a gateway never spends more than it was told it may.
pub(crate) fn change(tiers: &mut [Tier], random: &mut fastrand::Rng) {
    let windows = tiers.iter_mut().flat_map(|tier| &mut tier.windows);
    for window in windows.filter(|window| window.counts != Counts::Money) {
        let factor = if random.bool() { 0.5 } else { 1.5 };
        window.limit *= factor;
        if window.counts == Counts::Requests {
            window.limit = window.limit.floor().max(1.0);
        }
    }
}

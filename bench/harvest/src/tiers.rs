//! The free tiers of `tiers.toml`: what the upstreams count by. The gateway under test never sees them.

use serde::Deserialize;

/// One model of one provider, and what it gives away.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// For people.
    pub name: String,
    /// As the gateway is asked for it: the provider, a slash, the provider's name for the model.
    pub model: String,
    /// Where the figures are from.
    pub source: String,
    /// The kinds of calls that it can answer.
    pub takes: Vec<String>,
    /// How long it takes to answer.
    pub latency_ms: u64,
    /// Its windows.
    #[serde(rename = "window")]
    pub windows: Vec<Window>,
    /// What a million tokens cost, where a window counts money.
    pub dollars: Option<Dollars>,
}

/// What a million tokens cost.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dollars {
    /// Of input.
    pub input: f64,
    /// Of output.
    pub output: f64,
}

/// One window of a tier.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// How it opens and ends.
    pub kind: Kind,
    /// Units.
    pub limit: f64,
    /// Its length in seconds; a month has thirty days.
    pub per: f64,
    /// What it counts.
    pub counts: Counts,
    /// Where its midnight is.
    pub zone: Option<String>,
    /// Names of the headers that tell limit, remaining units and reset, and how the reset is written; empty = not told.
    pub headers: Option<[String; 4]>,
}

/// How a window opens and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
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
pub enum Counts {
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
    pub fn provider(&self) -> &str {
        self.model.split_once('/').map_or("", |(id, _)| id)
    }

    /// The provider's own name for the model.
    #[must_use]
    pub fn own_name(&self) -> &str {
        self.model.split_once('/').map_or("", |(_, name)| name)
    }

    /// Units that a call takes of a window.
    #[must_use]
    pub fn units(&self, counts: Counts, input: f64, output: f64) -> f64 {
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

    /// Whether it can answer calls of this kind.
    #[must_use]
    pub fn takes(&self, kind: &str) -> bool {
        self.takes.iter().any(|taken| taken == kind)
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
pub fn all() -> Vec<Tier> {
    let file: File = toml::from_str(include_str!("../tiers.toml"))
        .unwrap_or_else(|error| panic!("tiers.toml: {error}"));
    file.tier
}

/// The same tiers with other limits: each window half or one and a half times what the file says, by lot. The catalogue
/// then is as wrong about them as a catalogue can be.
#[must_use]
pub fn otherwise(tiers: &[Tier], random: &mut fastrand::Rng) -> Vec<Tier> {
    let mut tiers = tiers.to_vec();
    for window in tiers.iter_mut().flat_map(|tier| &mut tier.windows) {
        let factor = if random.bool() { 0.5 } else { 1.5 };
        window.limit = (window.limit * factor).max(1.0);
        if window.counts == Counts::Requests {
            window.limit = window.limit.floor();
        }
    }
    tiers
}

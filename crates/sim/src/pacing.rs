//! How fast answers of models come: for benchmarks, and for tests of patience.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::switches::EVERY;

/// How fast an answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pacing {
    /// Until the first word, of streams and of whole answers.
    pub first: Duration,
    /// Between two pieces of a stream.
    pub between: Duration,
    /// Into how many pieces a text is cut at most; none = one for each word.
    pub chunks: Option<usize>,
}

impl Pacing {
    /// As fast as it can.
    pub const AT_ONCE: Self = Self {
        first: Duration::ZERO,
        between: Duration::ZERO,
        chunks: None,
    };
}

impl Default for Pacing {
    fn default() -> Self {
        Self::AT_ONCE
    }
}

/// Pacing as it is written: `{"first_ms": 200, "between_ms": 20, "chunks": 50}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    #[serde(default)]
    first_ms: u64,
    #[serde(default)]
    between_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chunks: Option<usize>,
}

impl From<Written> for Pacing {
    fn from(written: Written) -> Self {
        Self {
            first: Duration::from_millis(written.first_ms),
            between: Duration::from_millis(written.between_ms),
            chunks: written.chunks,
        }
    }
}

impl From<Pacing> for Written {
    fn from(pacing: Pacing) -> Self {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            first_ms: milliseconds(pacing.first),
            between_ms: milliseconds(pacing.between),
            chunks: pacing.chunks,
        }
    }
}

/// The pacing of each provider; `*` is that of those without one of their own.
#[derive(Debug, Default)]
pub(crate) struct Paces(BTreeMap<String, Pacing>);

impl Paces {
    pub(crate) fn set(&mut self, provider: &str, pacing: Pacing) {
        self.0.insert(provider.to_owned(), pacing);
    }

    pub(crate) fn clear(&mut self, provider: &str) {
        self.0.remove(provider);
    }

    pub(crate) fn of(&self, provider: &str) -> Pacing {
        let own = self.0.get(provider).or_else(|| self.0.get(EVERY));
        own.copied().unwrap_or_default()
    }

    pub(crate) fn all(&self) -> BTreeMap<String, Written> {
        let written = |(name, pacing): (&String, &Pacing)| (name.clone(), (*pacing).into());
        self.0.iter().map(written).collect()
    }
}

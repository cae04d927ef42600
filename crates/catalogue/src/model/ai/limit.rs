//! Headers in which providers tell what is left of their quotas.

use serde::{Deserialize, Serialize};

use crate::model::quota::{self, Dimension, Quota, Window};

/// The headers of one window. Those that a provider does not send are none.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitHeader {
    /// What is counted.
    pub dimension: Dimension,
    /// Which window.
    pub window: Window,
    /// Which models it is about (`codestral-*`); empty = all.
    pub models: Vec<String>,
    /// How much the window holds.
    pub limit: Option<String>,
    /// How much is left.
    pub remaining: Option<String>,
    /// How much is used.
    pub used: Option<String>,
    /// When it is as `meaning` says.
    pub reset: Option<String>,
    /// How `reset` is written.
    pub format: ResetFormat,
    /// What `reset` is the time of.
    pub meaning: ResetMeaning,
}

impl LimitHeader {
    /// Whether the headers tell of this quota: the same is counted over the same time.
    #[must_use]
    pub fn is_of(&self, quota: &Quota) -> bool {
        self.dimension == quota.dimension && self.window.period() == quota.window.period()
    }

    /// Whether the headers of an answer of this model are to be read so.
    #[must_use]
    pub fn covers(&self, model: &str) -> bool {
        quota::covers(&self.models, model)
    }
}

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetFormat {
    /// `2m59.56s`, `12ms`.
    GoDuration,
    /// `59.5`: seconds from now.
    #[default]
    Seconds,
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMilliseconds,
    /// `2026-11-22T10:31:00Z`.
    Rfc3339,
    /// `Sun, 22 Nov 2026 10:31:00 GMT`.
    HttpDate,
}

/// What a reset is the time of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetMeaning {
    /// The bucket is full again; there is room for a request long before.
    UntilFull,
    /// The next window begins.
    #[default]
    UntilNextWindow,
}

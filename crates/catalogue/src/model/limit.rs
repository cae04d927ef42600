//! Where providers tell what is left of their quotas: in headers, in bodies, or when they are asked.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::quota::{self, Dimension, Quota, Window};
use crate::filter::Filter;

/// Where one window is told of. What a provider does not tell is none.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldLimit {
    /// What is counted.
    pub dimension: Dimension,
    /// Which window.
    pub window: Window,
    /// Which models it is about (`codestral-*`); empty = all.
    pub models: Vec<String>,
    /// In which answers it is told.
    pub within: Within,
    /// How much the window holds.
    pub limit: Option<Place>,
    /// How much is left.
    pub remaining: Option<Place>,
    /// How much is used.
    pub used: Option<Place>,
    /// When it is as `meaning` says.
    pub reset: Option<Place>,
    /// How `reset` is written.
    pub format: ResetFormat,
    /// What `reset` is the time of.
    pub meaning: ResetMeaning,
}

/// Where in an answer one number stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// In the header of this name, in lower case.
    Header(String),
    /// Where a filter over `{status, headers, body}` finds it.
    Filter(Filter),
}

/// In which answers a window is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// In every answer, good or not.
    #[default]
    Answers,
    /// In the answer to `[status]`.
    Status,
}

/// What is asked to learn what is left, where a provider tells it for nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// The path below the base URL, asked with GET and the credential.
    pub path: String,
    /// How often, with each credential.
    pub every: Duration,
}

impl ToldLimit {
    /// Whether it tells of this quota: the same is counted over the same time.
    #[must_use]
    pub fn is_of(&self, quota: &Quota) -> bool {
        self.dimension == quota.dimension && self.window.period() == quota.window.period()
    }

    /// Whether it is about a model of this id.
    #[must_use]
    pub fn covers(&self, model: &str) -> bool {
        quota::covers(&self.models, model)
    }
}

impl Place {
    /// The header's name, where it is one.
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        match self {
            Self::Header(name) => Some(name),
            Self::Filter(_) => None,
        }
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

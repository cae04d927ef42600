//! What is promised, as answers of several doors show it.

use guichet_engine::Promise;
use serde::Serialize;

/// How sure an answer is, why, and what would make it surer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Promised {
    pub(crate) guarantee: &'static str,
    guarantee_reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    guarantee_repair: Option<String>,
}

impl Promised {
    /// In one sentence: `only met-no can answer; set operator.contact for …`.
    pub(crate) fn sentence(&self) -> String {
        match &self.guarantee_repair {
            Some(repair) => format!("{}; {repair}", self.guarantee_reason),
            None => self.guarantee_reason.clone(),
        }
    }
}

impl From<Promise> for Promised {
    fn from(promise: Promise) -> Self {
        Self {
            guarantee: promise.guarantee.as_str(),
            guarantee_reason: promise.reason,
            guarantee_repair: promise.repair,
        }
    }
}

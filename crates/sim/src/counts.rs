//! What came in and went out, by provider.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::quota::QuotaState;

/// What one provider counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ProviderCounts {
    /// Requests that came in, whatever became of them.
    pub requests: u64,
    /// Answers by the sample that they come from (`current`; `current#station` for a step's).
    pub samples: BTreeMap<String, u64>,
    /// Answers by status; requests that got none are not among them.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests by the fault that struck them.
    pub faults: BTreeMap<&'static str, u64>,
    /// What is used of each quota.
    pub quotas: Vec<QuotaState>,
}

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
    pub faults: BTreeMap<String, u64>,
    /// Tokens that models read.
    pub input_tokens: u64,
    /// Tokens that models wrote, or were to write.
    pub output_tokens: u64,
    /// Streams that came to the end of what was to be sent.
    pub streams_ended: u64,
    /// Streams that clients left before.
    pub streams_left: u64,
    /// What is used of each quota.
    pub quotas: Vec<QuotaState>,
}

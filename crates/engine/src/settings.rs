//! What the operator decides about the engine.

use std::collections::BTreeMap;
use std::time::Duration;

/// What the operator decides about the engine.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The operator's contact, for providers that demand one.
    pub contact: Option<String>,
    /// Whether providers without TLS may be used.
    pub plain_http: bool,
    /// How long a call may take where its caller does not say.
    pub timeout: Duration,
    /// Bytes of answers that are kept in memory.
    pub cache_bytes: u64,
    /// By provider.
    pub providers: BTreeMap<String, ProviderSettings>,
}

/// What the operator decides about one provider.
#[derive(Debug, Clone, Default)]
pub struct ProviderSettings {
    /// Whether it is used; none = as its file says.
    pub enabled: Option<bool>,
    /// Its place among the others, smaller first; those without one keep theirs after it.
    pub order: Option<i32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            contact: None,
            plain_http: false,
            timeout: Duration::from_secs(10),
            cache_bytes: 32 << 20,
            providers: BTreeMap::new(),
        }
    }
}

//! What the operator decides about the engine.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ledger::Shares;
use crate::policy::Policies;

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
    /// In which order providers are asked.
    pub policies: Policies,
    /// How projects share quotas.
    pub shares: Shares,
    /// By provider.
    pub providers: BTreeMap<String, ProviderSettings>,
    /// For calls to models.
    pub models: ModelSettings,
}

/// What the operator decides about calls to models.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// How long a caller waits for a whole answer, or for the beginning of a stream.
    pub timeout: Duration,
    /// How long a provider may be silent within a stream; none = 30 seconds.
    pub stall: Option<Duration>,
    /// The operator's own names for models, each with those that it stands for.
    pub aliases: BTreeMap<String, Vec<String>>,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_mins(5),
            stall: None,
            aliases: BTreeMap::new(),
        }
    }
}

/// What the operator decides about one provider.
#[derive(Debug, Clone, Default)]
pub struct ProviderSettings {
    /// Whether it is used; none = as its file says.
    pub enabled: Option<bool>,
    /// Its place among the others, smaller first; those without one keep theirs after it.
    pub order: Option<i32>,
    /// Its share where lots are drawn; none = one.
    pub weight: Option<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            contact: None,
            plain_http: false,
            timeout: Duration::from_secs(10),
            cache_bytes: 32 << 20,
            policies: Policies::default(),
            shares: Shares::default(),
            providers: BTreeMap::new(),
            models: ModelSettings::default(),
        }
    }
}

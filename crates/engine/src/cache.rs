//! Answers that were given before: by organization, operation and everything else that decides them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use guichet_catalogue::model::{Operation, Provider};
use jiff::Timestamp;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Attributions, Served};
use crate::call::Call;

/// Everything that decides an answer, as text.
pub(crate) type Key = Arc<str>;

/// An answer that was given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    #[serde(with = "text")]
    pub(crate) data: Bytes,
    #[serde(skip)]
    pub(crate) digest: u128,
    pub(crate) provider: Arc<str>,
    pub(crate) local: bool,
    pub(crate) observed_at: Option<Arc<str>>,
    #[serde(default)]
    pub(crate) attribution: Attributions,
    pub(crate) next_cursor: Option<String>,
    pub(crate) given_at: Timestamp,
    /// For how long it is served without asking.
    pub(crate) fresh: Duration,
    /// Up to which age it is served when nobody can answer.
    pub(crate) stale: Duration,
}

impl Entry {
    /// Where the clock has been set back since it was given nobody knows how old it is: too old for anything.
    pub(crate) fn age(&self, now: Timestamp) -> Duration {
        now.duration_since(self.given_at)
            .try_into()
            .unwrap_or(Duration::MAX)
    }

    /// The age of one that has just come, whatever was done to the clock meanwhile.
    pub(crate) fn age_on_arrival(&self, now: Timestamp) -> Duration {
        now.duration_since(self.given_at)
            .try_into()
            .unwrap_or_default()
    }

    pub(crate) fn is_fresh(&self, age: Duration) -> bool {
        age < self.fresh
    }

    /// In the last fifth of its freshness an answer is asked for again behind the caller's back, so that one that is
    /// often wanted never makes anyone wait and never is older than promised.
    pub(crate) fn is_due(&self, age: Duration) -> bool {
        age >= self.fresh / 5 * 4
    }

    pub(crate) fn may_be_served_stale(&self, age: Duration) -> bool {
        age <= self.stale
    }

    /// Whether there is any use in keeping it.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        !self.fresh.is_zero() || !self.stale.is_zero()
    }

    /// The answer that it makes at this age.
    pub(crate) fn answer(&self, served: Served, age: Duration) -> Answer {
        Answer {
            data: self.data.clone(),
            digest: self.digest,
            provider: Arc::clone(&self.provider),
            served: if self.local && served == Served::Fresh {
                Served::Local
            } else {
                served
            },
            age,
            fresh_for: self.fresh.saturating_sub(age),
            observed_at: self.observed_at.clone(),
            attribution: self.attribution.clone(),
            attempts: Vec::new(),
            next_cursor: self.next_cursor.clone(),
        }
    }
}

/// For how long a provider's answer to an operation may be used.
pub(crate) fn lifetimes(operation: &Operation, provider: &Provider) -> (Duration, Duration) {
    let most = provider
        .terms
        .as_ref()
        .and_then(|terms| terms.store)
        .unwrap_or(Duration::MAX);
    let bounded = |time: Option<Duration>| time.unwrap_or_default().min(most);
    (bounded(operation.fresh), bounded(operation.stale))
}

/// Whether equal calls of an operation share one answer.
pub(crate) fn is_shared(operation: &Operation) -> bool {
    !operation.effects && (operation.fresh.is_some() || operation.stale.is_some())
}

/// The key of a call's answer.
pub(crate) fn key(call: &Call) -> Key {
    use std::fmt::Write as _;

    let Call {
        operation,
        parameters,
        options,
        caller,
    } = call;
    let parameters = serde_json::to_string(parameters).unwrap_or_default();
    let mut key = String::with_capacity(parameters.len() + 96);
    let _ = write!(key, "{} {} {parameters}", caller.organization, operation.id);
    if !options.providers.allowed.is_empty() || !options.providers.excluded.is_empty() {
        let _ = write!(key, " {:?}", options.providers);
    }
    if options.commercial {
        key.push_str(" commercial");
    }
    if let Some(cursor) = &options.cursor {
        let _ = write!(key, " {cursor:?}");
    }
    if let Some(peer) = caller.peer.filter(|_| {
        operation
            .parameters
            .iter()
            .any(|parameter| parameter.internal)
    }) {
        let _ = write!(key, " {peer}");
    }
    key.into()
}

/// Answers in memory, bounded by their size.
pub(crate) struct Answers(Cache<Key, Arc<Entry>, Bytewise>);

#[derive(Clone)]
struct Bytewise;

impl Weighter<Key, Arc<Entry>> for Bytewise {
    fn weight(&self, key: &Key, entry: &Arc<Entry>) -> u64 {
        const OVERHEAD: usize = 256;
        (key.len() + entry.data.len() + OVERHEAD) as u64
    }
}

impl Answers {
    pub(crate) fn new(bytes: u64) -> Self {
        const TYPICAL: u64 = 2_048;
        let items = usize::try_from(bytes / TYPICAL)
            .unwrap_or(usize::MAX)
            .clamp(64, 1 << 20);
        Self(Cache::with_weighter(items, bytes, Bytewise))
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Entry>> {
        self.0.get(key)
    }

    pub(crate) fn insert(&self, key: Key, entry: Arc<Entry>) {
        self.0.insert(key, entry);
    }

    pub(crate) fn clear(&self) {
        self.0.clear();
    }
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Answers({})", self.0.len())
    }
}

/// JSON text within JSON: kept as it is.
mod text {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serializer, de, ser};

    pub(super) fn serialize<S: Serializer>(data: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(data).map_err(ser::Error::custom)?)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str::<de::IgnoredAny>(&text).map_err(de::Error::custom)?;
        Ok(text.into())
    }
}

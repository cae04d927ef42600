//! The seam to durable state. A call that returned `Ok` survives `kill -9`.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};
use jiff::Timestamp;

/// What the engine remembers over a restart.
pub trait Store: Send + Sync + 'static {
    /// Every quota window as last saved.
    fn windows(&self) -> BoxFuture<'_, Result<Vec<WindowRecord>, StoreError>>;

    /// Inserts or replaces the windows with these keys, all or none.
    fn save_windows(&self, windows: Vec<WindowRecord>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Inserts or replaces the windows of these levels at once, all or none, where that is fast enough for a call to wait
    /// for it on its way; `None`, always, where it is not: then they are for [`Store::save_windows`].
    fn write_ahead(&self, _levels: &[Level]) -> Option<Result<(), StoreError>> {
        None
    }

    /// Moves what was written ahead to where it stays.
    fn checkpoint(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(ready(Ok(())))
    }

    /// What is known of each quota window besides its level, as last saved.
    fn beliefs(&self) -> BoxFuture<'_, Result<Vec<BeliefRecord>, StoreError>>;

    /// Inserts or replaces what is known of the windows with these keys, all or none.
    fn save_beliefs(&self, beliefs: Vec<BeliefRecord>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Every suspension as last saved.
    fn suspensions(&self) -> BoxFuture<'_, Result<Vec<SuspensionRecord>, StoreError>>;

    /// Inserts or replaces suspensions; `lifted` names candidates that have none any more.
    fn save_suspensions(
        &self,
        suspended: Vec<SuspensionRecord>,
        lifted: Vec<String>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The answer kept under this key.
    fn kept_answer(&self, key: String) -> BoxFuture<'_, Result<Option<Bytes>, StoreError>>;

    /// Keeps an answer, in place of an older one under the same key, until `expires`.
    fn keep_answer(
        &self,
        key: String,
        answer: Bytes,
        expires: Timestamp,
    ) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// A quota window of a budget, within one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowName {
    /// Its place among all windows that this process knows, counted from zero.
    pub number: u32,
    /// Whose budget: a group of providers or one credential of a provider.
    pub budget: Arc<str>,
    /// Which of its windows: dimension and period.
    pub window: Arc<str>,
}

/// How full a quota window is.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// Which window.
    pub window: Arc<WindowName>,
    /// When the window that is counted was opened.
    pub opened_at: Timestamp,
    /// Units used since then.
    pub used: f64,
}

impl From<&Level> for WindowRecord {
    fn from(level: &Level) -> Self {
        Self {
            budget: level.window.budget.to_string(),
            window: level.window.window.to_string(),
            opened_at: level.opened_at,
            used: level.used,
        }
    }
}

/// One quota window of one budget.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowRecord {
    /// Whose budget: a group of providers or one credential of a provider.
    pub budget: String,
    /// Which of its windows: dimension and period.
    pub window: String,
    /// When the window that is counted was opened.
    pub opened_at: Timestamp,
    /// Units used since then.
    pub used: f64,
}

/// What is known of a quota window besides its level and its file's word.
#[derive(Debug, Clone, PartialEq)]
pub struct BeliefRecord {
    /// Whose budget.
    pub budget: String,
    /// Which of its windows.
    pub window: String,
    /// A limit that goes before the file's.
    pub limit: Option<LimitRecord>,
    /// When the window that is counted ends, where that was told.
    pub ends_at: Option<Timestamp>,
    /// Who last said how much is used, and when.
    pub corrected: Option<(String, Timestamp)>,
    /// Requests beyond the ceiling that were refused in a row.
    pub doubts: u8,
    /// When it is tried again whether more passes.
    pub next_try: Option<Timestamp>,
    /// How fast it was used.
    pub pace: Option<PaceRecord>,
}

/// A limit that did not come from the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitRecord {
    /// Units per window.
    pub units: f64,
    /// Where it comes from, as [`crate::gauge::Source`] spells it.
    pub source: String,
    /// When.
    pub at: Timestamp,
}

/// Recent uses of a window.
#[derive(Debug, Clone, PartialEq)]
pub struct PaceRecord {
    /// Units, the older the lighter, as of `at`.
    pub units: f64,
    /// When they were last looked at.
    pub at: Timestamp,
    /// When the first of them was used.
    pub since: Timestamp,
    /// How many uses they are.
    pub uses: u32,
}

/// A candidate that is not to be called for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuspensionRecord {
    /// The candidate (provider, credential, perhaps operation), as the engine spells it.
    pub candidate: String,
    /// The outcome class that led to it.
    pub class: String,
    /// Until when; none = until the credential or the catalogue changes.
    pub until: Option<Timestamp>,
    /// Failures in a row, which decide how long the next suspension is.
    pub failures: u32,
}

/// Durable state could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StoreError(pub String);

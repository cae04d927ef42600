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

//! The durable state of an installation that was never started: none. `guichet check` looks at one without making it.

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, ready};
use guichet_engine::store::{BeliefRecord, Store, StoreError, SuspensionRecord, WindowRecord};
use jiff::Timestamp;

/// Holds nothing, and refuses to keep anything.
pub(crate) struct NothingStored;

fn refused<T: Send + 'static>() -> BoxFuture<'static, Result<T, StoreError>> {
    ready(Err(StoreError("there is no data folder yet".into()))).boxed()
}

impl Store for NothingStored {
    fn windows(&self) -> BoxFuture<'_, Result<Vec<WindowRecord>, StoreError>> {
        ready(Ok(Vec::new())).boxed()
    }

    fn save_windows(&self, _windows: Vec<WindowRecord>) -> BoxFuture<'_, Result<(), StoreError>> {
        refused()
    }

    fn beliefs(&self) -> BoxFuture<'_, Result<Vec<BeliefRecord>, StoreError>> {
        ready(Ok(Vec::new())).boxed()
    }

    fn save_beliefs(&self, _beliefs: Vec<BeliefRecord>) -> BoxFuture<'_, Result<(), StoreError>> {
        refused()
    }

    fn suspensions(&self) -> BoxFuture<'_, Result<Vec<SuspensionRecord>, StoreError>> {
        ready(Ok(Vec::new())).boxed()
    }

    fn save_suspensions(
        &self,
        _suspended: Vec<SuspensionRecord>,
        _lifted: Vec<String>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        refused()
    }

    fn kept_answer(&self, _key: String) -> BoxFuture<'_, Result<Option<Bytes>, StoreError>> {
        ready(Ok(None)).boxed()
    }

    fn keep_answer(
        &self,
        _key: String,
        _answer: Bytes,
        _expires: Timestamp,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        refused()
    }
}

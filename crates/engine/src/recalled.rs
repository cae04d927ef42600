//! An answer from memory, looked at where it is kept: nothing of it is copied before somebody wants it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;

use crate::answer::{Answer, Served};
use crate::cache::Entry;

/// A fresh answer that is at hand.
pub struct Recalled {
    entry: Arc<Entry>,
    age: Duration,
}

/// Knows one kept answer again, without keeping it.
pub struct Mark(Weak<Entry>);

impl Recalled {
    pub(crate) fn new(entry: Arc<Entry>, age: Duration) -> Self {
        Self { entry, age }
    }

    /// How long ago the provider gave it.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age
    }

    /// For how much longer it counts as fresh.
    #[must_use]
    pub fn fresh_for(&self) -> Duration {
        self.entry.fresh.saturating_sub(self.age)
    }

    /// The result as JSON text.
    #[must_use]
    pub fn data(&self) -> Bytes {
        self.entry.data.clone()
    }

    /// All of it.
    #[must_use]
    pub fn answer(&self) -> Answer {
        self.entry.answer(Served::Cached, self.age)
    }

    /// What knows it again.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark(Arc::downgrade(&self.entry))
    }

    /// Whether it is the one that the mark was of.
    #[must_use]
    pub fn bears(&self, mark: &Mark) -> bool {
        // The mark holds the place in memory, so that no other answer can stand there.
        std::ptr::eq(Weak::as_ptr(&mark.0), Arc::as_ptr(&self.entry))
    }
}

impl std::fmt::Debug for Mark {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Mark")
    }
}

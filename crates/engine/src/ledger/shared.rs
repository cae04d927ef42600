//! The seam to counters that several processes share: one decision for all of them about all windows of a call.
//!
//! What crosses it is in the clock of the process that asks; whoever implements it knows the difference to the clock
//! that decides.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::CountedWindow;
use crate::store::SuspensionRecord;

/// Counters that several processes share.
pub trait Shared: fmt::Debug + Send + Sync + 'static {
    /// Takes from all of these windows, or from none.
    fn reserve(&self, takings: Vec<Taking>) -> BoxFuture<'_, Result<Told, Away>>;

    /// Counts what was taken or given back without having been asked about.
    fn add(&self, takings: Vec<Taking>) -> BoxFuture<'_, Result<Vec<SharedLevel>, Away>>;

    /// Whether they can be reached, as far as is known: decided in memory.
    fn is_there(&self) -> bool;

    /// How many processes share them, this one included, as last known.
    fn replicas(&self) -> u32;

    /// Whether they have forgotten what was counted since this was last asked.
    fn have_forgotten(&self) -> bool;

    /// Has the others told soon that a candidate is suspended so, or not any more. It returns at once.
    fn tell_suspension(&self, candidate: &str, suspension: Option<&SuspensionRecord>);

    /// Returns when others have told of suspensions, with what is the latest of each candidate.
    fn suspensions(&self) -> BoxFuture<'_, Vec<(String, Option<SuspensionRecord>)>>;
}

/// What is taken from one window.
#[derive(Debug, Clone)]
pub struct Taking {
    /// Which window.
    pub window: Arc<CountedWindow>,
    /// How much; below zero it is given back.
    pub units: f64,
    /// How much the window holds, as far as this process knows.
    pub limit: f64,
    /// Up to how much may be taken; none = whatever is wanted, since somebody else decides about it, or it is tried
    /// whether more passes than is believed.
    pub most: Option<f64>,
    /// When the window ends, where a provider told so.
    pub ends_at: Option<Timestamp>,
    /// What the level certainly is at least, where a provider told so.
    pub at_least: Option<f64>,
    /// The level without these units as this process knows it: it holds where nobody has counted yet.
    pub seed: SharedLevel,
}

/// How full a window is, for all together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SharedLevel {
    /// When the window that is counted was opened, as in a recorded level.
    pub opened_at: Timestamp,
    /// Units used since then.
    pub used: f64,
    /// Of a rolling window what was used until when, oldest first.
    pub slots: Vec<(Timestamp, f64)>,
}

/// What came of asking. The levels are in the order of the question.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// It was taken; the levels are with it.
    Taken(Vec<SharedLevel>),
    /// A window has not enough left, and nothing was taken.
    Refused(Vec<SharedLevel>),
}

/// The counters cannot be reached: nothing was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the shared counters cannot be reached")]
pub struct Away;
